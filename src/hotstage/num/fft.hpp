// SPDX-License-Identifier: GPL-3.0-or-later
// Real discrete Fourier transforms of one size, planned once, executed from any number of threads.

#pragma once

#include "hotstage/core/array.hpp"

#include <complex>
#include <cstddef>
#include <memory>
#include <span>

namespace hotstage::num {

/// Smallest 2^a·3^b·5^c·7^d ≥ n: lengths that transform fast. n = 0 gives 1.
[[nodiscard]] std::size_t good_size(std::size_t n);

/// Smallest even length ≥ n that FFTW transforms near its best: 2^a·3^b·5^c·7^d, for n above 512 a multiple of 64.
///
/// Odd powers are slow (2187 = 3^7: 14 µs there and back, 2240: 3.2 µs), since FFTW's vector code works on powers of 2.
[[nodiscard]] std::size_t fast_size(std::size_t n);

/// True when n has no prime factor above 7.
[[nodiscard]] bool is_good_size(std::size_t n);

/// Transform of real sequences: out[k] = Σ_j in[j] exp(−2πi jk/size), k = 0 … size/2; T is float or double.
///
/// Construction plans (serialised inside); the const members are thread-safe on distinct buffers. Buffers must be
/// 16-byte aligned (Buffer and std::vector are); equal input gives equal bytes on one machine.
template <class T>
class RealFft {
 public:
  explicit RealFft(std::size_t size);
  ~RealFft();
  RealFft(RealFft&&) noexcept;
  RealFft& operator=(RealFft&&) noexcept;
  RealFft(const RealFft&) = delete;
  RealFft& operator=(const RealFft&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::size_t bins() const { return size_ / 2 + 1; }

  /// `in` has size() elements, `out` has bins(). `in` is kept.
  void forward(std::span<const T> in, std::span<std::complex<T>> out) const;
  /// Inverse including the factor 1/size, so that inverse(forward(x)) = x. Overwrites `in` with scratch values.
  void inverse(std::span<std::complex<T>> in, std::span<T> out) const;
  /// Inverse without the factor 1/size, for callers that fold it into something else. Overwrites `in`.
  void inverse_unscaled(std::span<std::complex<T>> in, std::span<T> out) const;
  /// Row by row.
  void forward(View<const T, 2> in, View<std::complex<T>, 2> out) const;
  void inverse(View<std::complex<T>, 2> in, View<T, 2> out) const;

 private:
  struct Plans;
  std::size_t size_ = 0;
  std::unique_ptr<Plans> plans_;
};

extern template class RealFft<float>;
extern template class RealFft<double>;

}  // namespace hotstage::num
