// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/fft.hpp"

#include "hotstage/num/detail/fftw_planner.hpp"

#include <fftw3.h>

#include <mutex>

namespace hotstage::num {

std::mutex& detail::planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

namespace {

using detail::planner_mutex;

template <class T>
struct Fftw;

template <>
struct Fftw<double> {
  using Plan = fftw_plan;
  using Complex = fftw_complex;

  static Plan plan_forward(int n, double* in, Complex* out) {
    return fftw_plan_dft_r2c_1d(n, in, out, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
  }

  static Plan plan_inverse(int n, Complex* in, double* out) {
    return fftw_plan_dft_c2r_1d(n, in, out, FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  }

  static void forward(Plan plan, double* in, Complex* out) { fftw_execute_dft_r2c(plan, in, out); }

  static void inverse(Plan plan, Complex* in, double* out) { fftw_execute_dft_c2r(plan, in, out); }

  static void destroy(Plan plan) { fftw_destroy_plan(plan); }

  static bool aligned(double* data) { return fftw_alignment_of(data) == 0; }
};

template <>
struct Fftw<float> {
  using Plan = fftwf_plan;
  using Complex = fftwf_complex;

  static Plan plan_forward(int n, float* in, Complex* out) {
    return fftwf_plan_dft_r2c_1d(n, in, out, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
  }

  static Plan plan_inverse(int n, Complex* in, float* out) {
    return fftwf_plan_dft_c2r_1d(n, in, out, FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  }

  static void forward(Plan plan, float* in, Complex* out) { fftwf_execute_dft_r2c(plan, in, out); }

  static void inverse(Plan plan, Complex* in, float* out) { fftwf_execute_dft_c2r(plan, in, out); }

  static void destroy(Plan plan) { fftwf_destroy_plan(plan); }

  static bool aligned(float* data) { return fftwf_alignment_of(data) == 0; }
};

}  // namespace

std::size_t good_size(std::size_t n) {
  std::size_t best = 1;
  while (best < n) {
    best *= 2;
  }
  for (std::size_t p7 = 1; p7 <= best; p7 *= 7) {
    for (std::size_t p5 = p7; p5 <= best; p5 *= 5) {
      for (std::size_t p3 = p5; p3 <= best; p3 *= 3) {
        std::size_t p2 = p3;
        while (p2 < n) {
          p2 *= 2;
        }
        best = p2 < best ? p2 : best;
      }
    }
  }
  return best;
}

std::size_t fast_size(std::size_t n) {
  constexpr std::size_t many = 512;
  const std::size_t unit = n > many ? 64 : 2;
  return unit * good_size((n + unit - 1) / unit);
}

bool is_good_size(std::size_t n) {
  if (n == 0) {
    return false;
  }
  for (const std::size_t prime : {2U, 3U, 5U, 7U}) {
    while (n % prime == 0) {
      n /= prime;
    }
  }
  return n == 1;
}

template <class T>
struct RealFft<T>::Plans {
  typename Fftw<T>::Plan forward = nullptr;
  typename Fftw<T>::Plan inverse = nullptr;

  explicit Plans(std::size_t size) {
    Buffer<T, 1> real({size});
    Buffer<T, 1> half({2 * (size / 2 + 1)});
    auto* const complex = reinterpret_cast<typename Fftw<T>::Complex*>(half.data());
    const std::scoped_lock lock(planner_mutex());
    forward = Fftw<T>::plan_forward(static_cast<int>(size), real.data(), complex);
    inverse = Fftw<T>::plan_inverse(static_cast<int>(size), complex, real.data());
  }

  ~Plans() {
    const std::scoped_lock lock(planner_mutex());
    Fftw<T>::destroy(forward);
    Fftw<T>::destroy(inverse);
  }

  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;
};

template <class T>
RealFft<T>::RealFft(std::size_t size) : size_(size) {
  HOTSTAGE_EXPECTS(size > 0 && size < (std::size_t{1} << 30));
  plans_ = std::make_unique<Plans>(size);
}

template <class T>
RealFft<T>::~RealFft() = default;
template <class T>
RealFft<T>::RealFft(RealFft&&) noexcept = default;
template <class T>
RealFft<T>& RealFft<T>::operator=(RealFft&&) noexcept = default;

template <class T>
void RealFft<T>::forward(std::span<const T> in, std::span<std::complex<T>> out) const {
  HOTSTAGE_EXPECTS(in.size() == size_ && out.size() == bins());
  auto* const source = const_cast<T*>(in.data());  // FFTW_PRESERVE_INPUT
  auto* const target = reinterpret_cast<T*>(out.data());
  HOTSTAGE_EXPECTS(Fftw<T>::aligned(source) && Fftw<T>::aligned(target));
  Fftw<T>::forward(plans_->forward, source, reinterpret_cast<typename Fftw<T>::Complex*>(target));
}

template <class T>
void RealFft<T>::inverse_unscaled(std::span<std::complex<T>> in, std::span<T> out) const {
  HOTSTAGE_EXPECTS(out.size() == size_ && in.size() == bins());
  auto* const source = reinterpret_cast<T*>(in.data());
  HOTSTAGE_EXPECTS(Fftw<T>::aligned(source) && Fftw<T>::aligned(out.data()));
  Fftw<T>::inverse(plans_->inverse, reinterpret_cast<typename Fftw<T>::Complex*>(source), out.data());
}

template <class T>
void RealFft<T>::inverse(std::span<std::complex<T>> in, std::span<T> out) const {
  inverse_unscaled(in, out);
  const T scale = T(1) / static_cast<T>(size_);
  for (T& value : out) {
    value *= scale;
  }
}

template <class T>
void RealFft<T>::forward(View<const T, 2> in, View<std::complex<T>, 2> out) const {
  HOTSTAGE_EXPECTS(in.extent(0) == out.extent(0));
  for (std::size_t i = 0; i < in.extent(0); ++i) {
    forward(in.row(i), out.row(i));
  }
}

template <class T>
void RealFft<T>::inverse(View<std::complex<T>, 2> in, View<T, 2> out) const {
  HOTSTAGE_EXPECTS(in.extent(0) == out.extent(0));
  for (std::size_t i = 0; i < in.extent(0); ++i) {
    inverse(in.row(i), out.row(i));
  }
}

template class RealFft<float>;
template class RealFft<double>;

}  // namespace hotstage::num
