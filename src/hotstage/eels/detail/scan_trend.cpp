// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/scan_trend.hpp"

#include <algorithm>

namespace hotstage::eels::detail {

Trend trend(std::span<const std::size_t> where, std::span<const double> values, std::size_t scan) {
  double x = 0.0;
  double y = 0.0;
  for (const std::size_t i : where) {
    x += static_cast<double>(i);
    y += values[i];
  }
  const auto n = static_cast<double>(where.size());
  x /= n;
  y /= n;
  double xx = 0.0;
  double xy = 0.0;
  for (const std::size_t i : where) {
    const double dx = static_cast<double>(i) - x;
    xx += dx * dx;
    xy += dx * (values[i] - y);
  }
  const bool wide = where.back() - where.front() >= scan / 2;
  const double slope = wide && xx > 0.0 ? xy / xx : 0.0;
  return {y - slope * x, slope};
}

std::vector<double> running_mean(std::span<const double> values) {
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t a = i > 0 ? i - 1 : i;
    const std::size_t b = std::min(i + 1, values.size() - 1);
    double sum = 0.0;
    for (std::size_t j = a; j <= b; ++j) {
      sum += values[j];
    }
    out[i] = sum / static_cast<double>(b - a + 1);
  }
  return out;
}

}  // namespace hotstage::eels::detail
