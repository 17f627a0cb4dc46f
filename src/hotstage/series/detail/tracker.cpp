// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/tracker.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/step_prior.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace hotstage::series::detail {

namespace {

constexpr double lost_share = 0.3;        // of the usual correlation
constexpr std::size_t remembered = 64;    // steps and correlations
constexpr double first_step_share = 0.4;  // of jump_px: usual step before any was seen
constexpr double long_pause = 3.0;        // usual times: the specimen may have changed its course
constexpr std::size_t most_candidates = 16;
constexpr double unlikely = 0.01;      // a choice below is none
constexpr double renewed_share = 0.5;  // of the reference by a full block
constexpr double full_block = 8.0;

void forget(auto& values) {
  if (values.size() > remembered) {
    values.erase(values.begin());
  }
}

std::array<double, 2> sum(std::array<double, 2> a, std::array<double, 2> b, double factor = 1.0) {
  return {a[0] + factor * b[0], a[1] + factor * b[1]};
}

}  // namespace

Tracker::Tracker(const Matcher& first, const Matcher& steady, TrackerOptions options)
    : first_(first), steady_(steady), options_(options) {}

void Tracker::begin(std::vector<Spectrum>& block, std::span<const Guess> guess, Run& run) {
  // The frame that fits the others best: the first one may be blank.
  const std::size_t n = block.size();
  std::vector<double> fits(n * n, 0.0);
  parallel_chunks(run, n * n, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      const std::size_t i = p / n, j = p % n;
      if (i < j) {
        const auto found = first_.candidates(block[i], block[j], sum(guess[i].position, guess[j].position, -1.0),
                                             {options_.search_y_px, options_.search_x_px}, 1);
        fits[p] = found.empty() ? 0.0 : found.front().shift.correlation;
      }
    }
  });
  std::size_t seed = 0;
  double best = -1.0;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> with_others;
    for (std::size_t j = 0; j < n; ++j) {
      if (i != j) {
        with_others.push_back(fits[std::min(i, j) * n + std::max(i, j)]);
      }
    }
    const double fit = with_others.empty() ? 0.0 : num::median(with_others);
    constexpr double clearly = 1.05;
    if (fit > clearly * best || best < 0.0) {
      best = fit;
      seed = i;
    }
  }
  reference_.assign(block[seed].size(), {});
  add_moved_back(first_.band(), block[seed], guess[seed].position, 1.0, reference_);
  frames_in_reference_ = 1.0;
  keep_flat({guess[seed].position});
}

/// The reference is flat where the windows of all blocks that count in it are.
void Tracker::keep_flat(const std::vector<std::array<double, 2>>& positions) {
  constexpr std::size_t blocks_that_count = 4;
  Box box = steady_.flat().moved(-positions.front()[0], -positions.front()[1]);
  for (const auto& p : positions) {
    box = box.intersection(steady_.flat().moved(-p[0], -p[1]));
  }
  flat_of_blocks_.push_back(box);
  if (flat_of_blocks_.size() > blocks_that_count) {
    flat_of_blocks_.erase(flat_of_blocks_.begin());
  }
  flat_ = flat_of_blocks_.front();
  for (const Box& b : flat_of_blocks_) {
    flat_ = flat_.intersection(b);
  }
}

std::vector<Candidate> Tracker::look(const Spectrum& frame, std::array<double, 2> expected) const {
  const Matcher& matcher = frames_in_reference_ < 2.0 ? first_ : steady_;
  if (!options_.all_maxima) {
    const Alignment shift = matcher.nearest(frame, reference_, expected, options_.reach_px);
    const double usual = correlations_.empty() ? 0.0 : num::median(correlations_);
    if (shift.converged && shift.correlation > 2.0 * lost_share * usual) {
      return {{shift, 0.0}};
    }
  }
  std::vector<Candidate> out =
      matcher.candidates(frame, reference_, expected, {options_.search_y_px, options_.search_x_px}, most_candidates);
  matcher.weigh(frame, reference_, matcher.flat(), flat_, out);
  return out;
}

Tracked Tracker::choose(const std::vector<Candidate>& candidates, const Guess& guess_of, double pause) {
  const std::array<double, 2> guess = guess_of.position;
  const Habit usual = habit(steps_, first_step_share * options_.jump_px);
  const bool long_wait = pause > long_pause;
  const std::array<double, 2> expected =
      sum(sum(guess, correction_), usual.velocity, last_ && !long_wait ? pause : 0.0);
  Tracked out{.position = sum(guess, correction_)};
  const double usual_correlation = correlations_.empty() ? 0.0 : num::median(correlations_);
  std::vector<double> score;
  for (const Candidate& c : candidates) {
    const double y = c.shift.dy - expected[0];
    const double x = c.shift.dx - expected[1];
    const double sigma = usual.scale * std::sqrt(std::max(1.0, pause));
    double prior = log_step(y * y + x * x, sigma, options_.jump_px);
    for (const Choice& other : guess_of.others) {
      const double oy = y - (other.dy - guess[0]);
      const double ox = x - (other.dx - guess[1]);
      prior = std::max(prior, std::log(other.probability / guess_of.probability) +
                                  log_step(oy * oy + ox * ox, sigma, options_.jump_px));
    }
    score.push_back(c.log_likelihood + prior);
  }
  if (score.empty()) {
    return out;
  }
  const auto best = static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
  const Alignment& shift = candidates[best].shift;
  out.correlation = shift.correlation;
  out.found = shift.correlation > lost_share * usual_correlation;
  if (!out.found) {
    return out;
  }
  out.position = {shift.dy, shift.dx};
  double total = 0.0;
  for (const double s : score) {
    total += std::exp(s - score[best]);
  }
  for (std::size_t i = 0; i < score.size(); ++i) {
    const Alignment& other = candidates[i].shift;
    const double probability = std::exp(score[i] - score[best]) / total;
    const bool apart = std::hypot(other.dy - shift.dy, other.dx - shift.dx) > options_.apart_px;
    if (i == best || (apart && probability > unlikely)) {
      out.choices.push_back({other.dy, other.dx, probability});
    }
  }
  std::stable_sort(out.choices.begin(), out.choices.end(),
                   [](const Choice& a, const Choice& b) { return a.probability > b.probability; });
  return out;
}

void Tracker::renew(const std::vector<Spectrum>& block, const std::vector<Tracked>& tracked) {
  Spectrum mean(reference_.size());
  std::vector<std::array<double, 2>> positions;
  double n = 0.0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (tracked[i].found) {
      std::transform(mean.begin(), mean.end(), block[i].begin(), mean.begin(), std::plus<>{});
      positions.push_back(tracked[i].position);
      n += 1.0;
    }
  }
  if (n == 0.0) {
    return;
  }
  keep_flat(positions);
  const double share = frames_in_reference_ < 2.0 ? 1.0 : renewed_share * std::min(1.0, n / full_block);
  const auto keep = static_cast<float>(1.0 - share);
  const auto add = static_cast<float>(share / n);
  for (std::size_t i = 0; i < mean.size(); ++i) {
    reference_[i] = keep * reference_[i] + add * mean[i];
  }
  frames_in_reference_ = share == 1.0 ? n : frames_in_reference_ + n;
}

void Tracker::settle(std::array<double, 2> by, Spectrum reference, double frames,
                     const std::vector<std::array<double, 2>>& positions) {
  correction_ = sum(correction_, by);
  if (last_) {
    last_ = sum(*last_, by);
  }
  reference_ = std::move(reference);
  frames_in_reference_ = frames;
  flat_of_blocks_.clear();
  keep_flat(positions);
}

void Tracker::correct(std::array<double, 2> by) {
  correction_ = sum(correction_, by);
  if (last_) {
    last_ = sum(*last_, by);
  }
  if (!reference_.empty()) {
    Spectrum moved(reference_.size());
    add_moved_back(steady_.band(), reference_, by, 1.0, moved);
    reference_ = std::move(moved);
  }
}

std::vector<Tracked> Tracker::track(std::vector<Spectrum>& block, std::span<const Guess> guess,
                                    std::span<const double> pause, Run& run) {
  HOTSTAGE_EXPECTS(block.size() == guess.size() && block.size() == pause.size());
  const bool first = reference_.empty();
  if (first) {
    begin(block, guess, run);
  }
  const Habit usual = habit(steps_, first_step_share * options_.jump_px);
  std::vector<std::vector<Candidate>> candidates(block.size());
  std::vector<std::array<double, 2>> centre(block.size());
  parallel_chunks(run, block.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto ahead = static_cast<double>(first ? 0 : i + 1);
      centre[i] = sum(sum(guess[i].position, correction_), usual.velocity, ahead);
      candidates[i] = look(block[i], centre[i]);
    }
  });
  std::vector<Tracked> out;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::array<double, 2> now =
        sum(sum(guess[i].position, correction_), habit(steps_, first_step_share * options_.jump_px).velocity);
    // Only the maxima near the centre are in a long list: the centre was elsewhere.
    if (candidates[i].size() > most_candidates / 2 &&
        std::hypot(now[0] - centre[i][0], now[1] - centre[i][1]) > 0.5 * options_.jump_px) {
      candidates[i] = look(block[i], now);
    }
    Tracked tracked = choose(candidates[i], guess[i], pause[i]);
    if (tracked.found) {
      const std::array<double, 2> residual = sum(tracked.position, guess[i].position, -1.0);
      if (last_ && pause[i] <= long_pause) {
        const std::array<double, 2> step = sum(residual, correction_, -1.0);
        steps_.push_back({step[0] / std::max(1.0, pause[i]), step[1] / std::max(1.0, pause[i])});
        forget(steps_);
      }
      correction_ = residual;
      last_ = tracked.position;
      correlations_.push_back(tracked.correlation);
      forget(correlations_);
    }
    out.push_back(std::move(tracked));
  }
  parallel_chunks(run, block.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Spectrum moved(block[i].size());
      add_moved_back(steady_.band(), block[i], out[i].position, 1.0, moved);
      block[i] = std::move(moved);
    }
  });
  renew(block, out);
  return out;
}

}  // namespace hotstage::series::detail
