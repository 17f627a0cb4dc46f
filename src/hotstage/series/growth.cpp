// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/growth.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

namespace hotstage::series {

namespace {

constexpr std::size_t fewest = 12;
constexpr int steps = 60;  // of each search over a parameter of the law

struct Data {
  std::span<const double> time_s;
  std::span<const double> value;
  double first_s = 0.0;
  double length_s = 0.0;
};

using Shape = std::function<double(double time_s)>;

/// Offset and amplitude ≥ 0 by least squares; Σ of squares.
double fit_shape(const Data& d, const Shape& shape, GrowthLaw& law) {
  const auto n = static_cast<double>(d.value.size());
  std::vector<double> g;
  for (const double t : d.time_s) {
    g.push_back(shape(t));
  }
  const double mean_g = num::mean(g);
  const double mean_v = num::mean(d.value);
  double gg = 0.0;
  double gv = 0.0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    gg += (g[i] - mean_g) * (g[i] - mean_g);
    gv += (g[i] - mean_g) * (d.value[i] - mean_v);
  }
  law.amplitude = gg > 0.0 ? std::max(0.0, gv / gg) : 0.0;
  law.offset = mean_v - law.amplitude * mean_g;
  double squares = 0.0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    const double r = d.value[i] - law.offset - law.amplitude * g[i];
    squares += r * r;
  }
  law.rms = std::sqrt(squares / n);
  return squares;
}

Shape shape_of(const GrowthLaw& law, const Data& d) {
  if (law.name == "constant") {
    return [](double) { return 0.0; };
  }
  if (law.name == "activated") {
    return [rate = law.exponent, end = d.first_s + d.length_s](double t) { return std::exp(rate * (t - end)); };
  }
  return [start = law.start_s, power = 3.0 * law.exponent, length = d.length_s](double t) {
    return t > start ? std::pow((t - start) / length, power) : 0.0;
  };
}

/// Least of all laws of a family on a grid of start × exponent.
GrowthLaw best_of(const Data& d, const std::string& name, std::span<const double> starts,
                  std::span<const double> exponents) {
  GrowthLaw best;
  double least = std::numeric_limits<double>::infinity();
  for (const double start : starts) {
    for (const double exponent : exponents) {
      GrowthLaw law{.name = name, .start_s = start, .exponent = exponent};
      const double squares = fit_shape(d, shape_of(law, d), law);
      if (squares < least) {
        least = squares;
        best = law;
      }
    }
  }
  return best;
}

std::vector<double> spaced(double from, double to) {
  std::vector<double> out;
  for (int i = 0; i <= steps; ++i) {
    out.push_back(from + (to - from) * i / steps);
  }
  return out;
}

double neighbour_correlation(const Data& d, const GrowthLaw& law) {
  const Shape shape = shape_of(law, d);
  double squares = 0.0;
  double product = 0.0;
  double before = 0.0;
  for (std::size_t i = 0; i < d.value.size(); ++i) {
    const double r = d.value[i] - law.offset - law.amplitude * shape(d.time_s[i]);
    squares += r * r;
    product += i > 0 ? r * before : 0.0;
    before = r;
  }
  constexpr double most = 0.9;
  return squares > 0.0 ? std::clamp(product / squares, 0.0, most) : 0.0;
}

double corrected_aic(double n, double rms, double parameters) {
  // A perfect fit has no σ: data are never better than this share of their rms.
  const double few = n - parameters - 1.0;
  constexpr double never_better = 1e-12;
  return n * std::log(std::max(rms * rms, never_better)) + 2.0 * parameters +
         2.0 * parameters * (parameters + 1.0) / std::max(1.0, few);
}

/// How far the last values stand above the first, in units of the scatter between neighbours.
double late_gain(std::span<const double> value) {
  constexpr std::size_t ends = 3;
  std::vector<double> differences;
  for (std::size_t i = 1; i < value.size(); ++i) {
    differences.push_back((value[i] - value[i - 1]) / std::sqrt(2.0));
  }
  const double scatter = num::median_deviation(differences);
  const double gain = num::median(value.last(ends)) - num::median(value.first(ends));
  return scatter > 0.0 ? gain / scatter : 0.0;
}

}  // namespace

GrowthFit fit_growth(std::span<const double> time_s, std::span<const double> brightness) {
  HOTSTAGE_EXPECTS(time_s.size() == brightness.size());
  GrowthFit out;
  if (time_s.size() < fewest) {
    return out;
  }
  out.significance = late_gain(brightness);
  constexpr double clear = 5.0;
  out.seen = out.significance > clear;
  if (!out.seen) {
    return out;
  }
  const Data d{time_s, brightness, time_s.front(), time_s.back() - time_s.front()};
  const std::vector<double> first{d.first_s};
  const std::vector<double> none{0.0};
  std::vector<double> rates = spaced(std::log(0.2 / d.length_s), std::log(60.0 / d.length_s));
  std::transform(rates.begin(), rates.end(), rates.begin(), [](double v) { return std::exp(v); });
  out.laws.push_back(best_of(d, "constant", first, none));
  out.laws.push_back(best_of(d, "power", first, spaced(0.1, 1.0)));
  out.laws.push_back(best_of(d, "activated", first, rates));
  // Three values after t₀ at least: fewer are an outlier, not a law.
  out.laws.push_back(best_of(d, "nucleation", spaced(d.first_s, time_s[time_s.size() - 4]), spaced(0.1, 2.0)));
  const auto best = std::min_element(out.laws.begin(), out.laws.end(),
                                     [](const GrowthLaw& a, const GrowthLaw& b) { return a.rms < b.rms; });
  const double rho = neighbour_correlation(d, *best);
  out.effective = static_cast<double>(time_s.size()) * (1.0 - rho) / (1.0 + rho);
  constexpr std::array<double, 4> parameters{2.0, 4.0, 4.0, 5.0};
  for (std::size_t i = 0; i < out.laws.size(); ++i) {
    out.laws[i].aic = corrected_aic(out.effective, out.laws[i].rms, parameters[i]);
  }
  out.aic_gain = std::min({out.laws[0].aic, out.laws[1].aic, out.laws[2].aic}) - out.laws[3].aic;
  return out;
}

GrowthFit fit_growth(std::span<const double> time_s, const VoidTrack& track) {
  constexpr std::size_t stride = 5;
  std::vector<double> time, value;
  double bright_px2 = 0.0;
  for (std::size_t f = 0; f < time_s.size(); ++f) {
    if (f % stride == 2 && std::isfinite(track.brightness_px2[f])) {
      time.push_back(time_s[f]);
      value.push_back(track.brightness_px2[f]);
      bright_px2 = track.particle_px2[f];
    }
  }
  GrowthFit out = fit_growth(time, value);
  constexpr double least_px2 = 4.0;
  out.seen = out.seen && bright_px2 >= least_px2;
  return out;
}

}  // namespace hotstage::series
