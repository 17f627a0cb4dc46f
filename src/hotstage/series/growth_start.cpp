// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/growth_start.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hotstage::series {

FirstSeen first_seen(std::span<const double> time_s, std::span<const double> brightness,
                     std::span<const double> reference) {
  HOTSTAGE_EXPECTS(time_s.size() == brightness.size() && (reference.empty() || reference.size() == time_s.size()));
  constexpr std::size_t fewest = 12;
  constexpr double clear = 5.0;
  FirstSeen out;
  const std::size_t n = time_s.size();
  if (n < fewest) {
    return out;
  }
  std::vector<double> value(brightness.begin(), brightness.end());
  for (std::size_t i = 0; i < reference.size(); ++i) {
    value[i] -= reference[i];
  }
  const std::span<const double> all(value);
  out.baseline = num::median(all.first(n / 2));
  out.scatter = num::median_deviation(all.first(n / 2));
  if (!reference.empty()) {
    // One reference taken off another thing leaves half of what it does by itself, at worst.
    const double moved = num::median_deviation(reference.subspan(n / 2));
    out.scatter = std::hypot(out.scatter, 0.5 * moved);
  }
  std::size_t first = n;
  while (first > 0 && value[first - 1] > out.baseline + clear * out.scatter) {
    --first;
  }
  out.seen = first < n && first > 0 && out.scatter > 0.0;
  if (!out.seen) {
    return out;
  }
  const double step_s = time_s[first] - time_s[first - 1];
  const std::size_t ahead = std::min(n - 1, first + 2);
  const double slope = ahead > first ? (value[ahead] - value[first]) / (time_s[ahead] - time_s[first]) : 0.0;
  const double by_scatter = slope > 0.0 ? std::min(out.scatter / slope, clear * step_s) : clear * step_s;
  out.time_s = {time_s[first] - 0.5 * step_s, std::hypot(step_s / std::sqrt(12.0), by_scatter)};
  return out;
}

std::optional<Estimate> growth_start_s(std::span<const double> time_s, std::span<const double> brightness) {
  constexpr double clear_aic = 10.0;
  constexpr std::size_t groups = 6;
  const GrowthFit fit = fit_growth(time_s, brightness);
  if (!fit.seen || fit.aic_gain < clear_aic) {
    return std::nullopt;
  }
  std::vector<double> starts;
  for (std::size_t g = 0; g < groups; ++g) {
    std::vector<double> t, b;
    for (std::size_t i = 0; i < time_s.size(); ++i) {
      if (i % groups != g) {
        t.push_back(time_s[i]);
        b.push_back(brightness[i]);
      }
    }
    if (const GrowthFit part = fit_growth(t, b); part.seen) {
      starts.push_back(part.laws.back().start_s);
    }
  }
  constexpr std::size_t enough = groups - 1;
  if (starts.size() < enough) {
    return std::nullopt;
  }
  const auto k = static_cast<double>(starts.size());
  const double sigma = num::standard_deviation(starts) * (k - 1.0) / std::sqrt(k);
  const double spacing = (time_s.back() - time_s.front()) / static_cast<double>(time_s.size() - 1);
  return Estimate{fit.laws.back().start_s, std::hypot(sigma, spacing / std::sqrt(12.0))};
}

}  // namespace hotstage::series
