// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/step_curves.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::series::detail {

namespace {

constexpr double first_width_frames = 0.15;

using Basis = std::vector<std::array<double, 3>>;

/// Orthonormal 1, t, t² over the usable frames of a window; empty when they do not determine a parabola.
Basis parabola(const std::vector<char>& usable, std::size_t first, std::size_t last) {
  Basis basis(last - first);
  const double middle = 0.5 * static_cast<double>(first + last - 1);
  const double half = std::max(1.0, 0.5 * static_cast<double>(last - first));
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = 0; i < basis.size(); ++i) {
      const double t = (static_cast<double>(first + i) - middle) / half;
      basis[i][k] = usable[first + i] != 0 ? std::pow(t, static_cast<double>(k)) : 0.0;
    }
    for (std::size_t j = 0; j < k; ++j) {
      double dot = 0.0;
      for (const auto& row : basis) {
        dot += row[k] * row[j];
      }
      for (auto& row : basis) {
        row[k] -= dot * row[j];
      }
    }
    double norm = 0.0;
    for (const auto& row : basis) {
      norm += row[k] * row[k];
    }
    constexpr double degenerate = 1e-9;
    if (norm < degenerate) {
      return {};
    }
    for (auto& row : basis) {
      row[k] /= std::sqrt(norm);
    }
  }
  return basis;
}

}  // namespace

double StepCurve::at(double time_s, double width_s) const {
  const double u = (time_s - first_s) / step_s;
  if (!(u > 0.0) || u >= static_cast<double>(times - 1)) {
    return 0.0;
  }
  const auto i = static_cast<std::size_t>(u);
  const auto part = static_cast<float>(u - static_cast<double>(i));
  const double most = static_cast<double>(widths) - 1.001;
  static const double scale = 1.0 / std::log(ratio);
  const double v = std::clamp(std::log(width_s / first_width_s) * scale, 0.0, most);
  const auto j = static_cast<std::size_t>(v);
  const auto share = static_cast<float>(v - static_cast<double>(j));
  const float* const low = value.data() + j * times + i;
  const float* const high = low + times;
  const float below = low[0] + part * (low[1] - low[0]);
  const float above = high[0] + part * (high[1] - high[0]);
  return static_cast<double>(below + share * (above - below));
}

StepTemplates::StepTemplates(std::vector<char> usable, std::size_t window, double frame_s)
    : usable_(std::move(usable)), frame_s_(frame_s), nodes_(2 * usable_.size()) {
  templates_.resize(StepCurve::widths * nodes_);
  const std::size_t frames = usable_.size();
  for (std::size_t node = 0; node < nodes_; ++node) {
    const std::size_t frame = node / 2;
    const std::size_t first = frame > window ? frame - window : 0;
    const std::size_t last = std::min(frames, frame + window + 1);
    const Basis basis = parabola(usable_, first, last);
    if (basis.empty()) {
      continue;
    }
    double width = first_width_frames;
    for (std::size_t w = 0; w < StepCurve::widths; ++w, width *= StepCurve::ratio) {
      Template& t = templates_[w * nodes_ + node];
      t.first = first;
      std::vector<double> shape(last - first, 0.0);
      for (std::size_t i = 0; i < shape.size(); ++i) {
        const double from_step = static_cast<double>(first + i) - 0.5 * static_cast<double>(node);
        shape[i] = usable_[first + i] != 0 ? 1.0 / (1.0 + std::exp(-from_step / width)) : 0.0;
      }
      for (std::size_t k = 0; k < 3; ++k) {
        double dot = 0.0;
        for (std::size_t i = 0; i < shape.size(); ++i) {
          dot += shape[i] * basis[i][k];
        }
        for (std::size_t i = 0; i < shape.size(); ++i) {
          shape[i] -= dot * basis[i][k];
        }
      }
      for (const double v : shape) {
        t.norm += v * v;
        t.shape.push_back(static_cast<float>(v));
      }
    }
  }
}

const StepTemplates::Template& StepTemplates::of(std::size_t width, std::size_t half_frame) const {
  return templates_[width * nodes_ + half_frame];
}

StepCurve StepTemplates::curve(std::span<const float> values, double noise, double change, double spread,
                               double offset_s, std::size_t from, std::size_t to) const {
  HOTSTAGE_EXPECTS(values.size() == usable_.size() && from < to && to <= usable_.size());
  StepCurve out{.first_s = offset_s + frame_s_ * static_cast<double>(from),
                .step_s = 0.5 * frame_s_,
                .times = 2 * (to - from),
                .value = std::vector<float>(StepCurve::widths * 2 * (to - from), 0.0F),
                .first_width_s = first_width_frames * frame_s_};
  const double height = change / noise;
  const double loose = spread / noise;
  double any = 0.0;
  std::vector<double> free;
  for (std::size_t w = 0; w < StepCurve::widths; ++w) {
    for (std::size_t i = 0; i < out.times; ++i) {
      const Template& t = of(w, 2 * from + i);
      if (t.shape.empty()) {
        continue;
      }
      const float* const v = values.data() + t.first;
      float sum = 0.0F;
      for (std::size_t k = 0; k < t.shape.size(); ++k) {
        sum += t.shape[k] * v[k];
      }
      const double c = static_cast<double>(sum) / noise;
      // ∫ N(A; height, s²) exp(A c − A² norm/2) dA
      const auto marginal = [&](double mean, double s) {
        const double open = 1.0 + s * s * t.norm;
        return (c * c * s * s + 2.0 * mean * c - mean * mean * t.norm) / (2.0 * open) - 0.5 * std::log(open);
      };
      const double value = marginal(height, loose);
      out.value[w * out.times + i] = static_cast<float>(value);
      out.highest = std::max(out.highest, value);
      free.push_back(marginal(0.0, std::max(std::abs(height), loose)));
      any = std::max(any, free.back());
    }
  }
  double sum = 0.0;
  for (const double f : free) {
    sum += std::exp(f - any);
  }
  constexpr double rare = 0.05;  // share of blocks that change for a reason of their own
  out.elsewhere = std::log(rare) + (free.empty() ? 0.0 : any + std::log(sum / static_cast<double>(free.size())));
  return out;
}

StepCurve curve_of_time(double time_s, double sigma_s) {
  constexpr std::size_t half = 300;
  constexpr double reach = 60.0;  // σ
  constexpr double core = 4.0;    // beyond it the fall is linear, so that a search finds its way from afar
  constexpr double floor = core * reach - 0.5 * core * core;
  StepCurve out{.times = 2 * half + 1};
  out.step_s = reach * sigma_s / static_cast<double>(half);
  out.first_s = time_s - reach * sigma_s;
  for (std::size_t w = 0; w < StepCurve::widths; ++w) {
    for (std::size_t i = 0; i < out.times; ++i) {
      const double pull =
          std::abs(static_cast<double>(i) - static_cast<double>(half)) / static_cast<double>(half) * reach;
      const double loss = pull < core ? 0.5 * pull * pull : core * pull - 0.5 * core * core;
      out.value.push_back(static_cast<float>(floor - loss));
    }
  }
  out.highest = floor;
  constexpr double tail = 7.0;
  out.elsewhere = floor - tail;
  return out;
}

}  // namespace hotstage::series::detail
