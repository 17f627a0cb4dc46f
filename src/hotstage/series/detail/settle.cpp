// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/settle.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/step_prior.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t most_candidates = 16;
constexpr double unlikely = 0.01;         // a choice below is none
constexpr double first_step_share = 0.4;  // of jump_px: usual step before any was seen

constexpr double open_choice = 0.9;     // the best below: a doubt that nobody had before
constexpr double jump_share = 0.15;     // of jump_px: a step beyond may hide a lattice vector
constexpr double very_unlikely = 1e-3;  // when there was a doubt before

/// Frames without a doubt between them.
struct Stretch {
  std::size_t first = 0;
  std::size_t last = 0;
  double good = 0.0;
  bool final = false;
};

/// Steps from frame to frame, px.
std::vector<std::array<double, 2>> steps_of(std::span<const SettledFrame> frames) {
  std::vector<std::array<double, 2>> out;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    out.push_back({frames[i].place[0] - frames[i - 1].place[0], frames[i].place[1] - frames[i - 1].place[1]});
  }
  return out;
}

/// Frames whose step from the one before is unlike the others.
std::vector<char> unusual(const std::vector<std::array<double, 2>>& steps, double least_px) {
  constexpr double clear = 4.0;
  std::vector<char> out(steps.size() + 1, 0);
  for (const std::size_t axis : {0U, 1U}) {
    std::vector<double> values;
    for (const auto& step : steps) {
      values.push_back(step[axis]);
    }
    const double middle = num::median(values);
    const double spread = num::median_deviation(values);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const double off = std::abs(values[i] - middle);
      out[i + 1] = off > std::max(least_px, clear * spread) ? 1 : out[i + 1];
    }
  }
  return out;
}

/// `jumped`: frames whose step from the one before is unusual. The frame before such a step stands alone: a slip by a
/// vector that nobody saw may end there.
std::vector<Stretch> stretches_of(std::span<const SettledFrame> frames, const std::vector<char>& jumped) {
  const auto cut = [&](std::size_t i) { return i < frames.size() && (frames[i].doubtful || jumped[i] != 0); };
  std::vector<Stretch> out;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i == 0 || cut(i) || cut(i + 1)) {
      out.push_back({i, i, 0.0, false});
    }
    out.back().last = i + 1;
    out.back().good += frames[i].good ? 1.0 : 0.0;
    out.back().final = out.back().final || frames[i].final;
  }
  return out;
}

struct Settling {
  const Band& band;
  const Spectra& spectra;
  std::span<const SettledFrame> frames;
  const SettleOptions& options;
  Habit usual;
  Settled out;
  std::vector<char> decided, jumped;
  Spectrum sum;
  double in_sum = 0.0;

  [[nodiscard]] std::array<double, 2> place(std::size_t i) const {
    return {frames[i].place[0] + out.shift[i][0], frames[i].place[1] + out.shift[i][1]};
  }

  /// Where all windows of the frames chosen are flat.
  [[nodiscard]] Box flat(const Matcher& matcher, const std::function<bool(std::size_t)>& chosen) const {
    Box box{-1e9, 1e9, -1e9, 1e9};
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (chosen(i) && frames[i].good) {
        box = box.intersection(
            matcher.flat().moved(-frames[i].window[0] - out.shift[i][0], -frames[i].window[1] - out.shift[i][1]));
      }
    }
    return box;
  }

  [[nodiscard]] double log_gap(std::size_t before, std::size_t after, std::array<double, 2> by) const {
    double gap = 0.0;
    for (std::size_t i = before + 1; i <= after; ++i) {
      gap += std::max(1.0, frames[i].pause);
    }
    const double y = place(after)[0] - place(before)[0] + by[0] - gap * usual.velocity[0];
    const double x = place(after)[1] - place(before)[1] + by[1] - gap * usual.velocity[1];
    return log_step(y * y + x * x, usual.scale * std::sqrt(gap), options.jump_px);
  }

  /// Of a stretch that stands further by `by`: its steps to the nearest decided frames.
  [[nodiscard]] double log_prior(const Stretch& stretch, std::array<double, 2> by) const {
    double prior = 0.0;
    for (std::size_t i = stretch.first; i-- > 0;) {
      if (decided[i] != 0 && frames[i].good) {
        prior += log_gap(i, stretch.first, by);
        break;
      }
    }
    for (std::size_t i = stretch.last; i < frames.size(); ++i) {
      if (decided[i] != 0 && frames[i].good) {
        prior += log_gap(stretch.last - 1, i, {-by[0], -by[1]});
        break;
      }
    }
    return prior;
  }

  void take(const Stretch& stretch) {
    for (std::size_t i = stretch.first; i < stretch.last; ++i) {
      decided[i] = 1;
      if (frames[i].good) {
        add_moved_back(band, *frames[i].spectrum, out.shift[i], 1.0, sum);
        in_sum += 1.0;
      }
    }
  }

  [[nodiscard]] bool doubted(std::size_t i) const { return frames[i].doubtful || jumped[i] != 0; }

  void decide(const Stretch& stretch);
};

void Settling::decide(const Stretch& stretch) {
  Spectrum mean(band.size()), reference(band.size());
  for (std::size_t i = stretch.first; i < stretch.last; ++i) {
    if (frames[i].good) {
      std::transform(mean.begin(), mean.end(), frames[i].spectrum->begin(), mean.begin(), std::plus<>{});
    }
  }
  const auto per_run = static_cast<float>(1.0 / stretch.good);
  const auto per_sum = static_cast<float>(1.0 / in_sum);
  std::transform(mean.begin(), mean.end(), mean.begin(), [&](std::complex<float> s) { return per_run * s; });
  std::transform(sum.begin(), sum.end(), reference.begin(), [&](std::complex<float> s) { return per_sum * s; });
  const Matcher matcher(band, spectra, 1.0 / stretch.good, 1.0 / in_sum, options.lowest, options.taper);
  std::vector<Candidate> candidates =
      matcher.candidates(mean, reference, {0.0, 0.0}, {options.search_y_px, options.search_x_px}, most_candidates);
  const Box of_run = flat(matcher, [&](std::size_t i) { return i >= stretch.first && i < stretch.last; });
  const Box of_reference = flat(matcher, [&](std::size_t i) { return decided[i] != 0; });
  matcher.weigh(mean, reference, of_run, of_reference, candidates);
  if (candidates.empty()) {
    return;
  }
  std::vector<double> score;
  for (const Candidate& c : candidates) {
    score.push_back(c.log_likelihood + log_prior(stretch, {c.shift.dy, c.shift.dx}));
  }
  const auto best = static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
  const Alignment& found = candidates[best].shift;
  std::vector<Choice> choices;
  double total = 0.0;
  for (const double s : score) {
    total += std::exp(s - score[best]);
  }
  const bool after = std::any_of(decided.begin(), decided.begin() + static_cast<std::ptrdiff_t>(stretch.first),
                                 [](char d) { return d != 0; });
  // The doubt is in a step between two stretches: it belongs to the later one.
  std::size_t at = stretch.first;
  if (!after && stretch.last < frames.size()) {
    at = stretch.last;
    while (!doubted(at) && at + 1 < frames.size() && decided[at] == 0) {
      ++at;
    }
  }
  for (std::size_t i = 0; i < score.size(); ++i) {
    const double probability = std::exp(score[i] - score[best]) / total;
    // How it usually moves does not take a doubt away so easily: the images must.
    const bool stays = doubted(at) && candidates[i].log_likelihood > std::log(unlikely) && probability > very_unlikely;
    const std::array<double, 2> off{candidates[i].shift.dy - found.dy, candidates[i].shift.dx - found.dx};
    if (i == best || (std::hypot(off[0], off[1]) > options.apart_px && (probability > unlikely || stays))) {
      choices.push_back({off[0], off[1], probability});
    }
  }
  std::stable_sort(choices.begin(), choices.end(),
                   [](const Choice& a, const Choice& b) { return a.probability > b.probability; });
  const bool moved = std::hypot(found.dy, found.dx) > options.apart_px;
  if (moved) {
    for (std::size_t i = stretch.first; i < stretch.last; ++i) {
      out.shift[i] = {found.dy, found.dx};
    }
    out.changed = true;
  }
  if (choices.size() > 1 && (moved || doubted(at) || choices.front().probability < open_choice)) {
    if (at != stretch.first) {
      for (Choice& c : choices) {
        c = {-c.dy, -c.dx, c.probability};
      }
    }
    out.choices[at] = std::move(choices);
  }
}

}  // namespace

Settled settle(const Band& band, const Spectra& spectra, std::span<const SettledFrame> frames,
               const SettleOptions& options) {
  Settling s{band, spectra, frames, options, {}, {}, {}, {}, {}, 0.0};
  s.out.shift.resize(frames.size());
  s.out.choices.resize(frames.size());
  s.decided.assign(frames.size(), 0);
  s.sum.assign(band.size(), {});
  const std::vector<std::array<double, 2>> steps = steps_of(frames);
  s.jumped = unusual(steps, jump_share * options.jump_px);
  std::vector<Stretch> stretches = stretches_of(frames, s.jumped);
  std::vector<std::array<double, 2>> smooth;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (s.jumped[i + 1] == 0) {
      smooth.push_back(steps[i]);
    }
  }
  s.usual = habit(smooth, first_step_share * options.jump_px);
  std::erase_if(stretches, [](const Stretch& stretch) { return stretch.good == 0.0; });
  std::stable_sort(stretches.begin(), stretches.end(),
                   [](const Stretch& a, const Stretch& b) { return a.final != b.final ? a.final : a.good > b.good; });
  for (const Stretch& stretch : stretches) {
    if (s.in_sum > 0.0 && !stretch.final) {
      s.decide(stretch);
    }
    s.take(stretch);
  }
  return std::move(s.out);
}

}  // namespace hotstage::series::detail
