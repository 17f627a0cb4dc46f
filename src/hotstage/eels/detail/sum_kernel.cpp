// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/sum_kernel.hpp"

#include "hotstage/core/clones.hpp"

#include <array>
#include <limits>

namespace hotstage::eels::detail {
namespace {

constexpr std::size_t lanes = 16;

double add_lanes(const std::array<double, lanes>& partial) {
  std::array<double, lanes> p = partial;
  for (std::size_t width = lanes / 2; width > 0; width /= 2) {
    for (std::size_t k = 0; k < width; ++k) {
      p[k] += p[k + width];
    }
  }
  return p[0];
}

}  // namespace

HOTSTAGE_CLONES double sum(const float* values, std::size_t n) {
  double partial[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      partial[k] += static_cast<double>(values[i + k]);
    }
  }
  for (std::size_t k = 0; i < n; ++i, ++k) {
    partial[k] += static_cast<double>(values[i]);
  }
  return add_lanes(std::to_array(partial));
}

HOTSTAGE_CLONES double sum(const double* values, std::size_t n) {
  double partial[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      partial[k] += values[i + k];
    }
  }
  for (std::size_t k = 0; i < n; ++i, ++k) {
    partial[k] += values[i];
  }
  return add_lanes(std::to_array(partial));
}

HOTSTAGE_CLONES double dot(const double* a, const float* b, std::size_t n) {
  double partial[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      partial[k] += a[i + k] * static_cast<double>(b[i + k]);
    }
  }
  for (std::size_t k = 0; i < n; ++i, ++k) {
    partial[k] += a[i] * static_cast<double>(b[i]);
  }
  return add_lanes(std::to_array(partial));
}

HOTSTAGE_CLONES Extremum largest(const float* values, std::size_t n) {
  float best[lanes];
  for (float& value : best) {
    value = -std::numeric_limits<float>::infinity();
  }
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      best[k] = values[i + k] > best[k] ? values[i + k] : best[k];
    }
  }
  float top = best[0];
  for (const float value : best) {
    top = value > top ? value : top;
  }
  for (; i < n; ++i) {
    top = values[i] > top ? values[i] : top;
  }
  for (std::size_t j = 0; j < n; ++j) {
    if (values[j] == top) {
      return {j, top};
    }
  }
  return {0, top};
}

}  // namespace hotstage::eels::detail
