// SPDX-License-Identifier: GPL-3.0-or-later
// Real two-dimensional discrete Fourier transforms of one size, planned once, executed from any number of threads.

#pragma once

#include "hotstage/core/array.hpp"

#include <complex>
#include <cstddef>
#include <memory>

namespace hotstage::num {

/// Transform of real images in float32: out[l, k] = Σ_{y,x} in[y, x] exp(−2πi (l y/rows + k x/columns)),
/// l = 0 … rows − 1, k = 0 … columns/2.
///
/// Construction plans (serialised inside, FFTW_ESTIMATE); the const members are thread-safe on distinct buffers.
/// Buffers must be contiguous and 16-byte aligned (Buffer and std::vector are); equal input gives equal bytes on one
/// machine.
class RealFft2 {
 public:
  RealFft2(std::size_t rows, std::size_t columns);
  ~RealFft2();
  RealFft2(RealFft2&&) noexcept;
  RealFft2& operator=(RealFft2&&) noexcept;
  RealFft2(const RealFft2&) = delete;
  RealFft2& operator=(const RealFft2&) = delete;

  [[nodiscard]] std::size_t rows() const { return rows_; }

  [[nodiscard]] std::size_t columns() const { return columns_; }

  [[nodiscard]] std::size_t bins() const { return columns_ / 2 + 1; }

  /// `in` is rows × columns, `out` rows × bins(). `in` is kept.
  void forward(View<const float, 2> in, View<std::complex<float>, 2> out) const;
  /// Inverse including the factor 1/(rows·columns). Overwrites `in` with scratch values.
  void inverse(View<std::complex<float>, 2> in, View<float, 2> out) const;

 private:
  struct Plans;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::unique_ptr<Plans> plans_;
};

}  // namespace hotstage::num
