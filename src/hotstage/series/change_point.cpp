// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/change_point.hpp"

#include "hotstage/core/clones.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr std::array<double, 5> widths{0.3, 0.8, 1.5, 2.5, 4.0};
constexpr std::size_t fewest_before = 5;  // usable frames on each side of a step
constexpr std::size_t fewest_after = 3;
constexpr double ln9 = 2.1972245773362196;           // logistic: 10 % at t₀ − ln 9 · w
constexpr double frame_sigma = 0.28867513459481287;  // of a uniform distribution over one frame
constexpr std::uint64_t threshold_stream = 41;

double logistic(double t) {
  return 1.0 / (1.0 + std::exp(-t));
}

/// Orthonormal 1, t, t² over the usable frames of a window; the rest of a vector after taking them off.
void free_of_parabola(std::vector<double>& v, const std::vector<std::array<double, 3>>& basis) {
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t k = 0; k < 3; ++k) {
      double dot = 0.0;
      for (std::size_t i = 0; i < v.size(); ++i) {
        dot += v[i] * basis[i][k];
      }
      for (std::size_t i = 0; i < v.size(); ++i) {
        v[i] -= dot * basis[i][k];
      }
    }
  }
}

std::vector<std::array<double, 3>> parabola_basis(const std::vector<char>& usable, std::size_t first,
                                                  std::size_t last) {
  std::vector<std::array<double, 3>> basis(last - first);
  const double middle = 0.5 * static_cast<double>(first + last - 1);
  const double half = std::max(1.0, 0.5 * static_cast<double>(last - first));
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = 0; i < basis.size(); ++i) {
      const double t = (static_cast<double>(first + i) - middle) / half;
      basis[i][k] = usable[first + i] != 0 ? std::pow(t, static_cast<double>(k)) : 0.0;
    }
    for (std::size_t j = 0; j <= k; ++j) {
      double dot = 0.0;
      for (const auto& row : basis) {
        dot += row[k] * row[j];
      }
      for (auto& row : basis) {
        row[k] = j < k ? row[k] - dot * row[j] : row[k] / std::sqrt(dot);
      }
    }
  }
  return basis;
}

std::size_t largest(const std::vector<double>& z) {
  return static_cast<std::size_t>(
      std::max_element(z.begin(), z.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }) - z.begin());
}

/// Projections on one shape at `steps` places, one frame apart; each is summed in the order of its frames.
HOTSTAGE_CLONES void project(const float* weights, std::size_t n, const float* values, std::size_t steps,
                             float* __restrict out) {
  constexpr std::size_t lanes = 32;
  std::size_t s = 0;
  for (; s + lanes <= steps; s += lanes) {
    float sum[lanes] = {};
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < lanes; ++k) {
        sum[k] += weights[i] * values[s + i + k];
      }
    }
    for (std::size_t k = 0; k < lanes; ++k) {
      out[s + k] = sum[k];
    }
  }
  for (; s < steps; ++s) {
    float sum = 0.0F;
    for (std::size_t i = 0; i < n; ++i) {
      sum += weights[i] * values[s + i];
    }
    out[s] = sum;
  }
}

}  // namespace

std::vector<char> usable_frames(std::span<const FrameDrift> drift) {
  std::vector<char> out;
  for (const FrameDrift& frame : drift) {
    out.push_back(frame.usable() ? 1 : 0);
  }
  // A specimen that has transformed altogether leaves nothing to register on. Such a tail keeps the last position,
  // which is near enough for blocks of an even field; without it a change just before the loss would be dated far too
  // early.
  constexpr std::uint32_t spoiled = static_cast<std::uint32_t>(frame_focus) | frame_intensity;
  for (std::size_t i = drift.size(); i-- > 0 && (drift[i].flags & frame_lost) != 0;) {
    out[i] = (drift[i].flags & spoiled) == 0 ? 1 : 0;
  }
  return out;
}

std::vector<StepSearch::Shape> StepSearch::shapes_of(std::size_t step, std::size_t first, std::size_t last) const {
  std::vector<Shape> out;
  const auto basis = parabola_basis(usable_, first, last);
  const double at = static_cast<double>(step) - 0.5;
  for (const double width : widths) {
    std::vector<double> shape(last - first, 0.0);
    for (std::size_t i = 0; i < shape.size(); ++i) {
      shape[i] = usable_[first + i] != 0 ? logistic((static_cast<double>(first + i) - at) / width) : 0.0;
    }
    free_of_parabola(shape, basis);
    double norm = 0.0;
    for (const double v : shape) {
      norm += v * v;
    }
    norm = std::sqrt(norm);
    constexpr double least_norm = 0.15;  // below it a step cannot be told from a parabola
    if (norm < least_norm) {
      continue;
    }
    Shape one{.width = width, .weights = {}, .amplitude = 1.0 / norm};
    for (const double v : shape) {
      one.weights.push_back(static_cast<float>(v / norm));
    }
    out.push_back(std::move(one));
  }
  return out;
}

StepSearch::StepSearch(std::vector<char> usable, std::size_t series_searched, const ChangeOptions& options,
                       const Run* run)
    : usable_(std::move(usable)), options_(options) {
  const auto frames = usable_.size();
  const auto window = static_cast<std::size_t>(options.window);
  bool whole_before = false;  // the step before had all frames of its window
  for (std::size_t step = 1; step < frames; ++step) {
    const std::size_t first = step > window ? step - window : 0;
    const std::size_t last = std::min(frames, step + window);
    const auto count = [&](std::size_t from, std::size_t to) {
      return static_cast<std::size_t>(std::count(usable_.begin() + static_cast<std::ptrdiff_t>(from),
                                                 usable_.begin() + static_cast<std::ptrdiff_t>(to), 1));
    };
    const std::size_t n_before = count(first, step);
    const std::size_t n_after = count(step, last);
    if (n_before < fewest_before || n_after < fewest_after) {
      whole_before = false;
      continue;
    }
    const bool whole = n_before == window && n_after == window;
    if (whole && whole_before) {
      Stretch& stretch = stretches_.back();
      for (std::size_t k = 0; k < stretch.count; ++k) {
        const Template& one = templates_[stretch.first + k];
        templates_.push_back({static_cast<double>(step) - 0.5, first, one.shape});
      }
      ++stretch.steps;
      continue;
    }
    whole_before = whole;
    std::vector<Shape> found = shapes_of(step, first, last);
    stretches_.push_back({templates_.size(), found.size(), 1});
    for (Shape& shape : found) {
      templates_.push_back({static_cast<double>(step) - 0.5, first, shapes_.size()});
      shapes_.push_back(std::move(shape));
    }
  }
  set_threshold(options.false_alarms / static_cast<double>(std::max<std::size_t>(1, series_searched)),
                run != nullptr ? *run : Run());
}

void StepSearch::set_threshold(double allowed, const Run& run) {
  // The largest score of a smooth normal field over two dimensions (time and width) exceeds a high z with probability
  // c z exp(−z²/2) (Euler characteristic, doi:10.1007/978-0-387-48116-6); c comes from simulation where it is well
  // known, at the 2 % level.
  constexpr std::size_t trials = 10000;
  constexpr double level = 0.02;
  std::vector<double> highest(trials, 0.0);
  constexpr std::size_t chunk = 16;
  parallel_chunks(run, trials, chunk, [&](std::size_t begin, std::size_t end) {
    std::vector<float> values(usable_.size());
    for (std::size_t trial = begin; trial < end; ++trial) {
      Rng rng(1, threshold_stream, trial);
      for (float& v : values) {
        v = static_cast<float>(rng.normal());
      }
      for (const double z : scores(values, 1.0)) {
        highest[trial] = std::max(highest[trial], std::abs(z));
      }
    }
  });
  const auto tail = [](double z) { return z * std::exp(-0.5 * z * z); };
  const double independent = -std::log1p(-level) / std::max(1e-300, tail(num::quantile(highest, 1.0 - level)));
  double low = 1.5;
  double high = 20.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (independent * tail(middle) > allowed ? low : high) = middle;
  }
  threshold_ = high;
}

std::vector<double> StepSearch::scores(std::span<const float> values, double noise) const {
  std::vector<double> out(templates_.size());
  std::vector<float> sums;
  for (const Stretch& stretch : stretches_) {
    sums.resize(stretch.steps);
    for (std::size_t k = 0; k < stretch.count; ++k) {
      const Template& t = templates_[stretch.first + k];
      const std::vector<float>& weights = shapes_[t.shape].weights;
      project(weights.data(), weights.size(), values.data() + t.first, stretch.steps, sums.data());
      for (std::size_t s = 0; s < stretch.steps; ++s) {
        out[stretch.first + k + s * stretch.count] = static_cast<double>(sums[s]) / noise;
      }
    }
  }
  return out;
}

void StepSearch::measure(std::span<const float> values, double noise, const std::vector<double>& z,
                         ChangePoint& out) const {
  const auto window = static_cast<double>(options_.window);
  const std::size_t best = largest(z);
  const Template& t = templates_[best];
  out.score = z[best];
  out.width = shapes_[t.shape].width;
  out.change = z[best] * noise * shapes_[t.shape].amplitude;
  // Mean and spread over all steps, weighted by their likelihood (flat prior over time and the list of widths).
  double weight = 0.0;
  std::array<double, 3> first{};
  std::array<double, 3> second{};
  double completed = 0.0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Template& other = templates_[i];
    const double other_width = shapes_[other.shape].width;
    const double loss = z[best] * z[best] - z[i] * z[i];
    constexpr double negligible = 18.0;
    if (z[i] * z[best] <= 0.0 || loss > negligible || std::abs(other.at - t.at) > 0.5 * window) {
      continue;
    }
    const std::array<double, 3> at{other.at - t.at, other.at - ln9 * other_width - t.at, other.at - t.at};
    const double share = std::exp(-0.5 * loss);
    weight += share;
    completed += share * (other.at + ln9 * other_width);
    for (std::size_t d = 0; d < 3; ++d) {
      first[d] += share * at[d];
      second[d] += share * at[d] * at[d];
    }
  }
  for (std::size_t d = 0; d < 3; ++d) {
    const double mean = first[d] / weight;
    out.at[d] = t.at + mean;
    out.sigma[d] = std::sqrt(frame_sigma * frame_sigma + std::max(0.0, second[d] / weight - mean * mean));
  }
  out.completed = completed / weight;
  set_first_deviation(values, noise, out);
}

void StepSearch::set_first_deviation(std::span<const float> values, double noise, ChangePoint& out) const {
  // Baseline: a straight line through the usable frames of the window that end before a tenth is done.
  const auto end = static_cast<std::size_t>(std::clamp(out.at[1], 0.0, static_cast<double>(values.size() - 1)));
  const std::size_t begin =
      end > 2 * static_cast<std::size_t>(options_.window) ? end - 2 * static_cast<std::size_t>(options_.window) : 0;
  double s0 = 0.0, s1 = 0.0, s2 = 0.0, y0 = 0.0, y1 = 0.0;
  for (std::size_t i = begin; i < std::max(end, begin + 2); ++i) {
    if (usable_[i] != 0) {
      const double x = static_cast<double>(i) - static_cast<double>(end);
      s0 += 1.0;
      s1 += x;
      s2 += x * x;
      y0 += static_cast<double>(values[i]);
      y1 += x * static_cast<double>(values[i]);
    }
  }
  const double determinant = s0 * s2 - s1 * s1;
  const double slope = determinant > 0.0 ? (s0 * y1 - s1 * y0) / determinant : 0.0;
  out.before = s0 > 0.0 ? (y0 - slope * s1) / s0 : 0.0;
  // Page's cumulative sum (doi:10.1093/biomet/41.1-2.100) with allowance ½σ.
  const double sign = out.change < 0.0 ? -1.0 : 1.0;
  double sum = 0.0;
  double crossed = out.at[0];
  // A bend contour bends the baseline: deviations long before the step are not its beginning.
  constexpr std::size_t lead_frames = 10;
  for (std::size_t i = std::max(begin, end > lead_frames ? end - lead_frames : 0); i < values.size(); ++i) {
    if (usable_[i] == 0) {
      continue;
    }
    const double expected = out.before + slope * (static_cast<double>(i) - static_cast<double>(end));
    const double deviation = sign * (static_cast<double>(values[i]) - expected) / noise;
    const double last = sum;
    sum = std::max(0.0, sum + deviation - 0.5);
    if (sum > options_.sigma_k) {
      const double part = sum > last ? (options_.sigma_k - last) / (sum - last) : 1.0;
      crossed = static_cast<double>(i) - 1.0 + part;
      break;
    }
  }
  out.at[0] = crossed;
}

ChangePoint StepSearch::find(std::span<const float> values, double noise) const {
  HOTSTAGE_EXPECTS(values.size() == usable_.size());
  ChangePoint out;
  if (!(noise > 0.0) || templates_.empty()) {
    return out;
  }
  const std::vector<double> z = scores(values, noise);
  out.score = z[largest(z)];
  out.found = std::abs(out.score) >= threshold_;
  if (!out.found) {
    return out;
  }
  measure(values, noise, z, out);
  // A smaller step may come before the largest: take that off and look again.
  std::vector<float> rest(values.begin(), values.end());
  const Template& t = templates_[largest(z)];
  const double width = shapes_[t.shape].width;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    // Beyond these the logistic function is 0 or 1 to the last bit.
    constexpr double none = -750.0;
    constexpr double all = 40.0;
    const double x = (static_cast<double>(i) - t.at) / width;
    rest[i] -= static_cast<float>(x < none ? 0.0 : x > all ? out.change : out.change * logistic(x));
  }
  const std::vector<double> z_rest = scores(rest, noise);
  ChangePoint other{.found = true, .score = z_rest[largest(z_rest)]};
  if (std::abs(other.score) >= threshold_) {
    measure(rest, noise, z_rest, other);
    constexpr double smallest_share = 0.3;
    if (other.completed < out.at[1] && std::abs(other.change) > smallest_share * std::abs(out.change)) {
      return other;
    }
  }
  return out;
}

}  // namespace hotstage::series
