// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/term_series.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::series::detail {

double normal_deviate(double chi2, double dof) {
  const double spread = 2.0 / (9.0 * dof);
  return (std::cbrt(chi2 / dof) - (1.0 - spread)) / std::sqrt(spread);
}

namespace {

struct Path {
  double likelihood = -1e300;  ///< logarithm, the level marginal
  std::vector<double> value, sigma;
};

/// Independent frames of variance `power` about an unknown level.
Path independent(std::span<const double> y, std::span<const double> s, double power) {
  double weight = 0.0, sum = 0.0, logs = 0.0, chi2 = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double w = 1.0 / (power + s[i] * s[i]);
    weight += w;
    sum += w * y[i];
    logs -= std::log(w);
  }
  const double level = sum / weight;
  Path out;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double variance = s[i] * s[i];
    chi2 += (y[i] - level) * (y[i] - level) / (power + variance);
    const double known = power / (power + variance);
    out.value.push_back(level + known * (y[i] - level));
    out.sigma.push_back(std::sqrt(known * variance));
  }
  out.likelihood = -0.5 * (logs + std::log(weight) + chi2);
  return out;
}

/// Random walk with steps of variance `power`: Kalman filter with a diffuse start, then the backward pass.
Path walk(std::span<const double> y, std::span<const double> s, double power) {
  const std::size_t n = y.size();
  std::vector<double> mean(n), variance(n);
  mean[0] = y[0];
  variance[0] = s[0] * s[0];
  double twice = 0.0;
  for (std::size_t i = 1; i < n; ++i) {
    const double before = variance[i - 1] + power;
    const double total = before + s[i] * s[i];
    const double off = y[i] - mean[i - 1];
    twice += std::log(total) + off * off / total;
    mean[i] = mean[i - 1] + before / total * off;
    variance[i] = before * s[i] * s[i] / total;
  }
  Path out{-0.5 * twice, mean, variance};
  for (std::size_t i = n - 1; i-- > 0;) {
    const double before = variance[i] + power;
    const double gain = before > 0.0 ? variance[i] / before : 1.0;
    out.value[i] = mean[i] + gain * (out.value[i + 1] - mean[i]);
    out.sigma[i] = variance[i] + gain * gain * (out.sigma[i + 1] - before);
  }
  for (double& v : out.sigma) {
    v = std::sqrt(std::max(0.0, v));
  }
  return out;
}

template <class Prior>
Path most_likely(Prior prior, std::span<const double> y, std::span<const double> s) {
  const double noise = num::median(s) * num::median(s);
  Path best = prior(y, s, 0.0);
  constexpr double step = 0.25, lowest = -6.0, highest = 4.0;  // decades of the noise variance
  for (double decade = lowest; decade <= highest; decade += step) {
    Path here = prior(y, s, noise * std::pow(10.0, decade));
    if (here.likelihood > best.likelihood) {
      best = std::move(here);
    }
  }
  return best;
}

}  // namespace

TermSeries judge_term(std::span<const double> values, std::span<const double> sigma) {
  const std::size_t n = values.size();
  double weight = 0.0, sum = 0.0, time = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double w = 1.0 / (sigma[i] * sigma[i]);
    weight += w;
    sum += w * values[i];
    time += w * static_cast<double>(i);
  }
  const double level = sum / weight, middle = time / weight;
  double chi2 = 0.0, lever = 0.0, moment = 0.0, power = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double w = 1.0 / (sigma[i] * sigma[i]);
    const double off = values[i] - level, t = static_cast<double>(i) - middle;
    chi2 += w * off * off;
    lever += w * t * t;
    moment += w * t * off;
    power += off * off - sigma[i] * sigma[i];
  }
  TermSeries out;
  out.scatter_z = normal_deviate(chi2, static_cast<double>(n - 1));
  out.trend = moment / std::sqrt(lever);
  out.rms = std::sqrt(std::max(0.0, power / static_cast<double>(n)));
  Path alone = most_likely(independent, values, sigma);
  Path joined = most_likely(walk, values, sigma);
  out.smoothed = joined.likelihood > alone.likelihood;
  Path& best = out.smoothed ? joined : alone;
  const double zero = num::mean(best.value);
  for (double& v : best.value) {
    v -= zero;
  }
  out.value = std::move(best.value);
  out.sigma = std::move(best.sigma);
  return out;
}

}  // namespace hotstage::series::detail
