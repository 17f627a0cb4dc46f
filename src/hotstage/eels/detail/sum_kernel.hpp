// SPDX-License-Identifier: GPL-3.0-or-later
// Sums in double with one fixed order for every instruction set: 16 interleaved partial sums, added pairwise.

#pragma once

#include <cstddef>

namespace hotstage::eels::detail {

[[nodiscard]] double sum(const float* values, std::size_t n);
[[nodiscard]] double sum(const double* values, std::size_t n);
[[nodiscard]] double dot(const double* a, const float* b, std::size_t n);

struct Extremum {
  std::size_t index = 0;
  float value = 0.0F;
};

/// Largest of n > 0 values and its first index; NaN is never the largest unless all are.
[[nodiscard]] Extremum largest(const float* values, std::size_t n);

}  // namespace hotstage::eels::detail
