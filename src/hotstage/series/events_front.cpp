// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/events_front.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr std::size_t fewest_blocks = 12;
constexpr std::size_t replicate_count = 60;
constexpr std::uint64_t bootstrap_stream = 67;
constexpr double tukey = 4.685;  // 95 % efficiency for normal residuals
constexpr long tile_blocks = 3;
constexpr double least_purity = 0.6;
constexpr double outline_px = 1.5;   // error of a boundary of the segmentation
constexpr double least_share = 0.4;  // of a grain's blocks that must have changed

double square(double x) {
  return x * x;
}

struct Datum {
  double y = 0.0;
  double x = 0.0;
  double time = 0.0;
  double sigma = 0.0;
  double side = 8.0;  ///< of the square it averages over, px
  long tile = 0;
};

/// Time at which half of a square is behind the model's front. A cone is later on the average over a square than at its
/// middle: by side²/12/(2 r) far from the tip, by the time for 0.385 sides at the tip.
double half_time(const FrontModel& m, const Datum& d) {
  if (m.shape == FrontShape::plane) {
    return m.at(d.y, d.x);
  }
  const double squared = (d.y - m.y_px) * (d.y - m.y_px) + (d.x - m.x_px) * (d.x - m.x_px);
  const double area = d.side * d.side;
  constexpr double far = 1.0 / 12.0;
  constexpr double tip = 0.385 * 0.385;
  const double blur = area * (far + (tip - far) * std::exp(-2.0 * squared / area));
  const double stretch = squared > 0.0 ? std::sqrt((squared + blur) / squared) : 0.0;
  return squared > 0.0 ? m.at(m.y_px + (d.y - m.y_px) * stretch, m.x_px + (d.x - m.x_px) * stretch)
                       : m.at(m.y_px, m.x_px + std::sqrt(blur));
}

double travel(double r_s, double gain) {
  return std::abs(gain) > 1e-7 ? (std::sqrt(std::max(0.04, 1.0 + 2.0 * gain * r_s)) - 1.0) / gain : r_s;
}

/// Parameters of a fit: plane {t at the centre, s, angle, g}; radial {t₀, n_y, n_x, s, g}; relative to the centre.
FrontModel model_from(std::span<const double> p, FrontShape shape, double cy, double cx) {
  FrontModel m{.shape = shape, .time_s = p[0]};
  if (shape == FrontShape::plane) {
    m.y_px = cy;
    m.x_px = cx;
    m.slowness_s_px = p[1];
    m.angle = p[2];
    m.gain_per_s = p.size() > 3 ? p[3] : 0.0;
  } else {
    m.y_px = cy + p[1];
    m.x_px = cx + p[2];
    m.slowness_s_px = p[3];
    m.gain_per_s = p.size() > 4 ? p[4] : 0.0;
  }
  return m;
}

struct Robust {
  std::vector<double> parameters;
  std::vector<double> weight;  ///< of Tukey, 0 … 1
  double loss = 1e300;         ///< Σ ρ(r/σ) over the scale
  double scale = 1.0;
  FrontModel model;
};

/// The fits that were compared and how likely each is.
struct Choice {
  std::vector<std::pair<Robust, FrontShape>> fits;
  std::vector<double> weight;
  std::size_t best = 0;
};

class GrainFit {
 public:
  GrainFit(std::vector<Datum> data, double extent_px) : data_(std::move(data)), extent_(extent_px) {
    for (const Datum& d : data_) {
      cy_ += d.y / static_cast<double>(data_.size());
      cx_ += d.x / static_cast<double>(data_.size());
    }
  }

  [[nodiscard]] double cy() const { return cy_; }

  [[nodiscard]] double cx() const { return cx_; }

  /// Iterated weights from a start; `fixed_scale` > 0 keeps the scale, so that losses compare.
  [[nodiscard]] Robust fit(std::vector<double> start, FrontShape shape, const std::vector<double>& times,
                           double fixed_scale) const {
    Robust out{.parameters = std::move(start), .weight = std::vector<double>(data_.size(), 1.0)};
    num::IterationOptions options{.max_iterations = 12, .step_tolerance = 1e-5};
    const std::size_t n = out.parameters.size();
    const double far = 4.0 * extent_;
    constexpr double least_slowness = 1e-3;
    constexpr double most_slowness = 20.0;
    constexpr double most_gain = 0.1;
    if (shape == FrontShape::plane) {
      options.lower = {-1e9, least_slowness, -1e3};
      options.upper = {1e9, most_slowness, 1e3};
      options.scale = {1.0, 0.1, 0.1};
    } else {
      options.lower = {-1e9, -far, -far, least_slowness};
      options.upper = {1e9, far, far, most_slowness};
      options.scale = {1.0, 2.0, 2.0, 0.1};
    }
    if (n > options.lower.size()) {
      options.lower.push_back(-0.5 * most_gain);
      options.upper.push_back(most_gain);
      options.scale.push_back(0.01);
    }
    const num::Model model = [&](std::span<const double> p, std::span<double> values) {
      const FrontModel m = model_from(p, shape, cy_, cx_);
      for (std::size_t i = 0; i < data_.size(); ++i) {
        values[i] = half_time(m, data_[i]);
      }
    };
    std::vector<double> weights(data_.size());
    for (int round = 0; round < 5; ++round) {
      std::vector<double> pulls;
      const FrontModel m = model_from(out.parameters, shape, cy_, cx_);
      for (std::size_t i = 0; i < data_.size(); ++i) {
        pulls.push_back((times[i] - half_time(m, data_[i])) / data_[i].sigma);
      }
      std::vector<double> sizes;
      for (const double p : pulls) {
        sizes.push_back(std::abs(p));
      }
      out.scale = fixed_scale > 0.0 && round > 1 ? fixed_scale : std::max(1.0, 1.4826 * num::median(sizes));
      out.loss = 0.0;
      for (std::size_t i = 0; i < data_.size(); ++i) {
        const double u = pulls[i] / (tukey * out.scale);
        const double inside = std::max(0.0, 1.0 - u * u);
        out.weight[i] = inside * inside;
        weights[i] = out.weight[i] / (data_[i].sigma * data_[i].sigma);
        out.loss += (tukey * tukey / 3.0) * (1.0 - inside * inside * inside);
      }
      if (round == 4) {
        break;
      }
      const num::Fit fitted = num::fit_nonlinear(model, times, weights, out.parameters, options);
      if (fitted.parameters.size() == n) {
        out.parameters = fitted.parameters;
      }
    }
    out.model = model_from(out.parameters, shape, cy_, cx_);
    return out;
  }

  [[nodiscard]] std::vector<double> times() const {
    std::vector<double> out;
    for (const Datum& d : data_) {
      out.push_back(d.time);
    }
    return out;
  }

  [[nodiscard]] const std::vector<Datum>& data() const { return data_; }

  /// The best of plane and radial fronts with and without growing speed.
  [[nodiscard]] Choice choose() const {
    const std::vector<double> t = times();
    const double middle = num::median(t);
    const double guess = std::max(0.02, 2.5 * num::median_deviation(t) / extent_);
    std::vector<Robust> found;
    std::vector<FrontShape> shapes;
    const auto best_of = [&](const std::vector<std::vector<double>>& starts, FrontShape shape, double scale) {
      Robust best;
      for (const auto& s : starts) {
        Robust r = fit(s, shape, t, scale);
        // Losses of different scales do not compare: the smaller scale wins first.
        if (r.scale * r.scale * r.loss < best.scale * best.scale * best.loss) {
          best = std::move(r);
        }
      }
      return best;
    };
    std::vector<std::vector<double>> starts;
    for (int k = 0; k < 8; ++k) {
      starts.push_back({middle, guess, std::numbers::pi / 4.0 * k});
    }
    Robust plane = best_of(starts, FrontShape::plane, 0.0);
    const double angle = plane.parameters[2];
    const double s = plane.parameters[1];
    starts.clear();
    for (const double back : {0.0, 0.35, 0.6, 1.2, 2.5}) {
      const double r = back * extent_;
      starts.push_back({middle - s * r, -r * std::sin(angle), -r * std::cos(angle), s});
    }
    const auto earliest = std::min_element(t.begin(), t.end()) - t.begin();
    const Datum& first = data_[static_cast<std::size_t>(earliest)];
    starts.push_back({first.time, first.y - cy_, first.x - cx_, guess});
    Robust radial = best_of(starts, FrontShape::radial, 0.0);
    std::vector<std::pair<Robust, FrontShape>> candidates;
    // All are compared at the scale of the best of the simple ones.
    const double scale = std::min(plane.scale, radial.scale);
    const auto again = [&](std::vector<double> from, FrontShape shape) {
      candidates.emplace_back(fit(std::move(from), shape, t, scale), shape);
    };
    again(plane.parameters, FrontShape::plane);
    again(radial.parameters, FrontShape::radial);
    std::vector<double> growing = plane.parameters;
    growing.push_back(0.003);
    again(growing, FrontShape::plane);
    growing = radial.parameters;
    growing.push_back(0.003);
    again(growing, FrontShape::radial);
    // Neighbours share what they err by: a parameter must gain more than with independent data.
    constexpr double shared = 3.0;
    Choice out{.fits = std::move(candidates)};
    std::vector<double> bic;
    for (const auto& [r, shape] : out.fits) {
      const auto n = static_cast<double>(data_.size()) / shared;
      bic.push_back(r.loss / shared + 0.5 * static_cast<double>(r.parameters.size()) * std::log(n));
    }
    const auto least = std::min_element(bic.begin(), bic.end());
    out.best = static_cast<std::size_t>(least - bic.begin());
    for (const double b : bic) {
      out.weight.push_back(std::exp(*least - b));
    }
    return out;
  }

 private:
  std::vector<Datum> data_;
  double extent_ = 0.0;
  double cy_ = 0.0;
  double cx_ = 0.0;
};

struct Pixel {
  double y = 0.0;
  double x = 0.0;
};

FrontReading read(const FrontModel& model, const std::vector<Pixel>& pixels) {
  FrontReading out{.start_s = 1e300};
  std::vector<double> slowness, times;
  double sy = 0.0;
  double sx = 0.0;
  for (const Pixel& p : pixels) {
    const double t = model.at(p.y, p.x);
    if (t < out.start_s) {
      out.start_s = t;
      out.y_px = p.y;
      out.x_px = p.x;
    }
    times.push_back(t);
    const auto [gy, gx] = model.gradient(p.y, p.x);
    const double g = std::hypot(gy, gx);
    slowness.push_back(g);
    sy += g > 0.0 ? gy / g : 0.0;
    sx += g > 0.0 ? gx / g : 0.0;
  }
  out.speed_px_s = 1.0 / std::max(1e-9, num::median(slowness));
  out.angle = std::atan2(sy, sx);
  out.directed = std::hypot(sy, sx) / static_cast<double>(pixels.size());
  out.completed_s = num::quantile(times, 0.9);
  return out;
}

/// Half the distance between the 16 and 84 % quantiles.
double spread(std::vector<double> values) {
  return values.size() < 4 ? 0.0 : 0.5 * (num::quantile(values, 0.8413) - num::quantile(values, 0.1587));
}

/// Bootstrap and model in quadrature.
template <class Get>
Estimate estimate(const FrontFit& fit, double value, double model_variance, Get&& get) {
  std::vector<double> values;
  for (const FrontReading& r : fit.readings) {
    values.push_back(get(r));
  }
  return {value, std::hypot(spread(std::move(values)), std::sqrt(model_variance))};
}

FrontFit fit_one(int grain, const GrainFit& fit, const std::vector<Pixel>& pixels, std::uint64_t seed) {
  FrontFit out{.grain = grain};
  const Choice choice = fit.choose();
  const auto& [best, shape] = choice.fits[choice.best];
  out.model = best.model;
  out.best = read(out.model, pixels);
  double sum = 0.0;
  for (std::size_t c = 0; c < choice.fits.size(); ++c) {
    const FrontReading other = read(choice.fits[c].first.model, pixels);
    const double w = choice.weight[c];
    sum += w;
    out.model_variance.start_s += w * square(other.start_s - out.best.start_s);
    out.model_variance.completed_s += w * square(other.completed_s - out.best.completed_s);
    out.model_variance.speed_px_s += w * square(other.speed_px_s - out.best.speed_px_s);
    out.model_variance.angle += w * square(std::remainder(other.angle - out.best.angle, 2.0 * std::numbers::pi));
  }
  // The outline of the grain is as sure as the segmentation.
  const double edge_s = outline_px / out.best.speed_px_s;
  out.model_variance.start_s = out.model_variance.start_s / sum + edge_s * edge_s;
  out.model_variance.completed_s = out.model_variance.completed_s / sum + edge_s * edge_s;
  out.model_variance.speed_px_s /= sum;
  out.model_variance.angle /= sum;
  const std::vector<double> t = fit.times();
  std::vector<double> residual;
  std::vector<double> kept;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const Datum& d = fit.data()[i];
    residual.push_back(t[i] - half_time(best.model, d));
    constexpr double counts = 0.5;
    if (best.weight[i] >= counts) {
      kept.push_back(residual.back() * residual.back());
    } else {
      ++out.outliers;
    }
  }
  out.blocks = kept.size();
  out.rms_s = kept.empty() ? 0.0 : std::sqrt(num::mean(kept));
  out.found = out.blocks >= fewest_blocks && 2 * out.blocks >= t.size();
  std::vector<double> times(t.size());
  for (std::size_t k = 0; k < replicate_count && out.found; ++k) {
    std::map<long, double> turn;
    Rng rng(seed + static_cast<std::uint64_t>(grain), bootstrap_stream, k);
    for (std::size_t i = 0; i < t.size(); ++i) {
      const auto [entry, fresh] = turn.try_emplace(fit.data()[i].tile, 1.0);
      if (fresh) {
        entry->second = rng.uniform() < 0.5 ? -1.0 : 1.0;
      }
      // Leverage makes residuals smaller than errors.
      const double n = static_cast<double>(t.size());
      const double lever = std::sqrt(n / std::max(1.0, n - 3.0 * static_cast<double>(best.parameters.size())));
      times[i] = t[i] - residual[i] + lever * residual[i] * entry->second;
    }
    const Robust again = fit.fit(best.parameters, shape, times, best.scale);
    out.replicates.push_back(again.model);
    out.readings.push_back(read(again.model, pixels));
  }
  return out;
}

/// Middle of the pixels of a grain in the blocks around one, and the side of the square of equal area.
struct Own {
  double y = 0.0;
  double x = 0.0;
  double side = 0.0;
};

Own own_pixels(const BlockGrid& grid, View<const std::int32_t, 2> labels, long row, long column, long reach,
               int grain) {
  const auto px = static_cast<long>(grid.block_px);
  Own out;
  double n = 0.0;
  for (long y = std::max(0L, (row - reach) * px);
       y < std::min<long>(static_cast<long>(grid.rows), row + reach + 1) * px; ++y) {
    for (long x = std::max(0L, (column - reach) * px);
         x < std::min<long>(static_cast<long>(grid.columns), column + reach + 1) * px; ++x) {
      if (labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) == grain) {
        n += 1.0;
        out.y += static_cast<double>(y);
        out.x += static_cast<double>(x);
      }
    }
  }
  out.y /= std::max(1.0, n);
  out.x /= std::max(1.0, n);
  out.side = std::sqrt(n);
  return out;
}

}  // namespace

double FrontModel::at(double y, double x) const {
  if (shape == FrontShape::plane) {
    return time_s + travel(((y - y_px) * std::sin(angle) + (x - x_px) * std::cos(angle)) * slowness_s_px, gain_per_s);
  }
  return time_s + travel(std::hypot(y - y_px, x - x_px) * slowness_s_px, gain_per_s);
}

std::array<double, 2> FrontModel::gradient(double y, double x) const {
  double uy = std::sin(angle);
  double ux = std::cos(angle);
  double r = (y - y_px) * uy + (x - x_px) * ux;
  if (shape == FrontShape::radial) {
    r = std::hypot(y - y_px, x - x_px);
    uy = r > 0.0 ? (y - y_px) / r : 0.0;
    ux = r > 0.0 ? (x - x_px) / r : 0.0;
  }
  const double g = slowness_s_px / std::sqrt(std::max(0.04, 1.0 + 2.0 * gain_per_s * r * slowness_s_px));
  return {uy * g, ux * g};
}

Estimate FrontFit::start_s() const {
  return estimate(*this, best.start_s, model_variance.start_s, [](const FrontReading& r) { return r.start_s; });
}

Estimate FrontFit::speed_px_s() const {
  return estimate(*this, best.speed_px_s, model_variance.speed_px_s,
                  [](const FrontReading& r) { return r.speed_px_s; });
}

Estimate FrontFit::completed_s() const {
  return estimate(*this, best.completed_s, model_variance.completed_s,
                  [](const FrontReading& r) { return r.completed_s; });
}

Estimate FrontFit::gain_per_s() const {
  std::vector<double> values;
  for (const FrontModel& m : replicates) {
    values.push_back(m.gain_per_s);
  }
  return {model.gain_per_s, spread(std::move(values))};
}

std::optional<Estimate> FrontFit::direction_deg() const {
  constexpr double least = 0.6;
  if (best.directed < least) {
    return std::nullopt;
  }
  constexpr double degrees = 180.0 / std::numbers::pi;
  const double middle = best.angle;
  Estimate out = estimate(*this, 0.0, model_variance.angle, [&](const FrontReading& r) {
    return std::remainder(r.angle - middle, 2.0 * std::numbers::pi);
  });
  return Estimate{middle * degrees, out.sigma * degrees};
}

std::vector<FrontFit> fit_fronts(const EventInput& input, View<const std::int32_t, 2> labels, Run& run) {
  const BlockGrid& grid = input.grid;
  const auto map = onset_map(grid, input.changes, input.drift, input.thermometry, OnsetDefinition::half);
  const auto& starts = input.thermometry.timeline.frame_start_s;
  const double frame_s = (starts.back() - starts.front()) / static_cast<double>(starts.size() - 1);
  std::map<int, std::vector<Datum>> data;
  std::map<int, std::size_t> searched;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (grid.covered[b] == 0 || grid.grain[b] <= 0 || grid.purity[b] < least_purity) {
      continue;
    }
    ++searched[grid.grain[b]];
    if (map[b].found) {
      const auto row = static_cast<long>(b / grid.columns);
      const auto column = static_cast<long>(b % grid.columns);
      // The change comes from the pixels of the grain: of this block, or of the 3 × 3 that were pooled.
      const Own own = own_pixels(grid, labels, row, column, input.changes.pooled[b] != 0 ? 1 : 0, grid.grain[b]);
      data[grid.grain[b]].push_back({own.y, own.x, map[b].time_s, frame_s * map[b].sigma_frames, own.side,
                                     row / tile_blocks * 100000 + column / tile_blocks});
    }
  }
  // Pixels of each grain where its blocks are covered by all frames.
  std::map<int, std::vector<Pixel>> pixels;
  constexpr std::size_t stride = 2;
  for (std::size_t y = 0; y < grid.rows * grid.block_px; y += stride) {
    for (std::size_t x = 0; x < grid.columns * grid.block_px; x += stride) {
      if (grid.covered[y / grid.block_px * grid.columns + x / grid.block_px] != 0 && labels(y, x) > 0) {
        pixels[labels(y, x)].push_back({static_cast<double>(y), static_cast<double>(x)});
      }
    }
  }
  std::vector<FrontFit> out;
  for (const auto& [grain, places] : pixels) {
    out.push_back({.grain = grain});
  }
  parallel_chunks(run, out.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto found = data.find(out[i].grain);
      if (found == data.end() || found->second.size() < fewest_blocks ||
          static_cast<double>(found->second.size()) < least_share * static_cast<double>(searched[out[i].grain])) {
        continue;
      }
      const std::vector<Pixel>& places = pixels.at(out[i].grain);
      const double extent = std::sqrt(static_cast<double>(places.size() * stride * stride));
      out[i] = fit_one(out[i].grain, GrainFit(found->second, extent), places, input.seed);
    }
  });
  return out;
}

}  // namespace hotstage::series
