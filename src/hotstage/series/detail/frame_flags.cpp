// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/frame_flags.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace hotstage::series::detail {

namespace {

constexpr double outlier = 8.0;        // robust σ beyond which a frame is flagged
constexpr std::size_t neighbours = 7;  // frames on each side of a running median

/// Distance of each value from the median of its neighbours, in robust σ of these distances.
std::vector<double> sudden(std::span<const double> values) {
  std::vector<double> distance(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t first = i > neighbours ? i - neighbours : 0;
    const std::size_t last = std::min(values.size(), i + neighbours + 1);
    distance[i] = values[i] - num::median(values.subspan(first, last - first));
  }
  const double scale = num::median_deviation(distance);
  for (double& d : distance) {
    d = scale > 0.0 ? d / scale : 0.0;
  }
  return distance;
}

}  // namespace

void widen_lost(std::vector<FrameDrift>& frames) {
  double sum = 0.0, count = 0.0;
  const auto lost = [&](std::size_t i) { return (frames[i].flags & static_cast<std::uint32_t>(frame_lost)) != 0; };
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (!lost(i) && !lost(i - 1)) {
      const double dy = frames[i].dy_px - frames[i - 1].dy_px;
      const double dx = frames[i].dx_px - frames[i - 1].dx_px;
      sum += 0.5 * (dy * dy + dx * dx);
      count += 1.0;
    }
  }
  const double step = count > 0.0 ? std::sqrt(sum / count) : 0.0;
  std::size_t since = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    since = lost(i) ? since + 1 : 0;
    const double moved = step * static_cast<double>(since);
    frames[i].sigma_y_px = std::hypot(frames[i].sigma_y_px, moved);
    frames[i].sigma_x_px = std::hypot(frames[i].sigma_x_px, moved);
  }
}

void set_flags(std::vector<FrameDrift>& frames) {
  std::vector<double> focus, mean, step_y, step_x;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    focus.push_back(frames[i].focus);
    mean.push_back(frames[i].mean);
    step_y.push_back(i > 0 ? frames[i].dy_px - frames[i - 1].dy_px : 0.0);
    step_x.push_back(i > 0 ? frames[i].dx_px - frames[i - 1].dx_px : 0.0);
  }
  const auto strange_focus = sudden(focus);
  const auto strange_mean = sudden(mean);
  const auto strange_y = sudden(step_y);
  const auto strange_x = sudden(step_x);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool jumped = std::max(std::abs(strange_y[i]), std::abs(strange_x[i])) > outlier;
    frames[i].flags |= jumped ? static_cast<std::uint32_t>(frame_jump) : 0U;
    frames[i].flags |= std::abs(strange_focus[i]) > outlier ? static_cast<std::uint32_t>(frame_focus) : 0U;
  }
  // A beam that flickers spoils a frame or two; what lasts longer is the specimen.
  constexpr std::size_t longest_flicker = 2;
  for (std::size_t i = 0; i < frames.size();) {
    std::size_t end = i;
    while (end < frames.size() && std::abs(strange_mean[end]) > outlier) {
      ++end;
    }
    for (std::size_t k = i; k < end && end - i <= longest_flicker; ++k) {
      frames[k].flags |= static_cast<std::uint32_t>(frame_intensity);
    }
    i = std::max(end, i + 1);
  }
}

std::vector<double> pauses(const signal::Signal& series) {
  const signal::Axis& time = series.navigation.front();
  std::vector<double> out(time.size, 1.0), steps;
  for (std::size_t i = 1; i < time.size; ++i) {
    steps.push_back(std::abs(time.value(static_cast<double>(i)) - time.value(static_cast<double>(i - 1))));
  }
  const double usual = steps.empty() ? 0.0 : num::median(steps);
  for (std::size_t i = 1; i < time.size && usual > 0.0; ++i) {
    out[i] = steps[i - 1] / usual;
  }
  return out;
}

void drop_uncorrelated(const std::vector<FrameDrift>& frames, double share, std::vector<char>& good) {
  std::vector<double> correlations;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (good[i] != 0) {
      correlations.push_back(frames[i].correlation);
    }
  }
  const double least = correlations.empty() ? 0.0 : share * num::median(correlations);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    good[i] = good[i] != 0 && frames[i].correlation > least ? 1 : 0;
  }
}

}  // namespace hotstage::series::detail

namespace hotstage::series {

std::string flags_text(std::uint32_t flags) {
  std::string out;
  const auto add = [&](FrameFlag flag, const char* word) {
    if ((flags & flag) != 0) {
      out += (out.empty() ? "" : ", ") + std::string(word);
    }
  };
  add(frame_jump, "jump");
  add(frame_lost, "lost");
  add(frame_focus, "focus");
  add(frame_clipped, "clipped");
  add(frame_intensity, "intensity");
  add(frame_ambiguous, "ambiguous");
  return out;
}

}  // namespace hotstage::series
