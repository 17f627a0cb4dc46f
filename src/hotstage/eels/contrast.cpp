// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/contrast.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

Estimate region_mean(std::span<const Estimate> members) {
  if (members.empty()) {
    return {};
  }
  const auto n = static_cast<double>(members.size());
  double sum = 0.0;
  double variance = 0.0;
  for (const Estimate& member : members) {
    sum += member.value;
    variance += member.sigma * member.sigma;
  }
  const double mean = sum / n;
  double squares = 0.0;
  for (const Estimate& member : members) {
    squares += (member.value - mean) * (member.value - mean);
  }
  const double counting = std::sqrt(variance) / n;
  const double scatter = members.size() > 2 ? std::sqrt(squares / (n - 1.0) / n) : 0.0;
  return {mean, std::max(counting, scatter)};
}

double Contrast::sigma() const {
  return std::hypot(counting, spread);
}

double Contrast::significance() const {
  return sigma() > 0.0 ? std::abs(mean) / sigma() : 0.0;
}

Contrast contrast_of(std::vector<MethodDifference> methods) {
  std::erase_if(methods, [](const MethodDifference& m) { return m.first == 0 || m.second == 0; });
  Contrast out{.methods = std::move(methods)};
  if (out.methods.empty()) {
    return out;
  }
  const auto n = static_cast<double>(out.methods.size());
  for (const MethodDifference& m : out.methods) {
    out.mean += m.difference.value / n;
    out.counting += m.difference.sigma / n;
  }
  double squares = 0.0;
  for (const MethodDifference& m : out.methods) {
    squares += (m.difference.value - out.mean) * (m.difference.value - out.mean);
  }
  out.spread = out.methods.size() > 1 ? std::sqrt(squares / (n - 1.0)) : 0.0;
  return out;
}

}  // namespace hotstage::eels
