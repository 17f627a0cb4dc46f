// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/heater_log.hpp"

#include "hotstage/num/statistics.hpp"

#include <cmath>

namespace hotstage::heater {

double sampling_s(const HeaterLog& log) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < log.size(); ++i) {
    steps.push_back(log.time_s[i] - log.time_s[i - 1]);
  }
  return num::median(steps);
}

std::vector<Gap> gaps(const HeaterLog& log, double factor) {
  const double longest = factor * sampling_s(log);
  std::vector<Gap> out;
  for (std::size_t i = 1; i < log.size(); ++i) {
    if (log.time_s[i] - log.time_s[i - 1] > longest) {
      out.push_back({log.time_s[i - 1], log.time_s[i]});
    }
  }
  return out;
}

double reading_noise(const HeaterLog& log) {
  constexpr std::size_t fewest = 5;
  if (log.size() < fewest) {
    return 0.0;
  }
  std::vector<double> bends;
  for (std::size_t i = 1; i + 1 < log.size(); ++i) {
    // Rows are not equally spaced: the deviation from the line between the neighbours, scaled to unit variance.
    const double before = log.time_s[i] - log.time_s[i - 1];
    const double after = log.time_s[i + 1] - log.time_s[i];
    const double share = before / (before + after);
    const double line = log.temperature_degC[i - 1] * (1.0 - share) + log.temperature_degC[i + 1] * share;
    const double variance = 1.0 + share * share + (1.0 - share) * (1.0 - share);
    bends.push_back((log.temperature_degC[i] - line) / std::sqrt(variance));
  }
  return num::median_deviation(bends);
}

}  // namespace hotstage::heater
