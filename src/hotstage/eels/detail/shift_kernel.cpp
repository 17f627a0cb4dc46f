// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/shift_kernel.hpp"

#include "hotstage/core/clones.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels::detail {
namespace {

constexpr std::size_t block = 32;

/// e^{−iθb} for b = 0 … block − 1, real and imaginary parts apart.
struct Turns {
  float re[block] = {};
  float im[block] = {};
};

}  // namespace

HOTSTAGE_CLONES void join_ends(const float* counts, std::size_t n, const float* fade, float* out, std::size_t size) {
  std::copy_n(counts, n, out);
  const std::size_t added = size - n;
  float* const __restrict tail = out + n;
  const float twice_last = 2.0F * counts[n - 1];
  const float twice_first = 2.0F * counts[0];
  if (added >= n) {  // the reflections are shorter than the gap
    for (std::size_t p = 0; p < added; ++p) {
      const float end = twice_last - out[n - 1 - std::min(p + 1, n - 1)];
      const float beginning = twice_first - out[std::min(added - p, n - 1)];
      tail[p] = fade[p] * end + (1.0F - fade[p]) * beginning;
    }
    return;
  }
  const float* const __restrict from_end = out + n - 2;
  const float* const __restrict from_beginning = out + added;
  for (std::size_t p = 0; p < added; ++p) {
    const auto back = static_cast<std::ptrdiff_t>(p);
    const float end = twice_last - from_end[-back];
    const float beginning = twice_first - from_beginning[-back];
    tail[p] = fade[p] * end + (1.0F - fade[p]) * beginning;
  }
}

HOTSTAGE_CLONES void phase_ramp(std::complex<float>* bins, std::size_t size, double shift, double scale) {
  const double angle = -2.0 * std::numbers::pi * shift / static_cast<double>(size);
  const std::complex<double> small = std::polar(1.0, angle);
  const std::complex<double> large = std::polar(1.0, angle * static_cast<double>(block));
  Turns turns;
  double re = scale;
  double im = 0.0;
  for (std::size_t b = 0; b < block; ++b) {
    turns.re[b] = static_cast<float>(re);
    turns.im[b] = static_cast<float>(im);
    const double next = re * small.real() - im * small.imag();
    im = re * small.imag() + im * small.real();
    re = next;
  }
  float* const __restrict v = reinterpret_cast<float*>(bins);
  const std::size_t count = size / 2;  // the Nyquist bin comes last
  const float nyquist = v[2 * count] * static_cast<float>(scale * std::cos(std::numbers::pi * shift));
  double block_re = 1.0;
  double block_im = 0.0;
  for (std::size_t first = 0; first < count; first += block) {
    const auto a = static_cast<float>(block_re);
    const auto b = static_cast<float>(block_im);
    const std::size_t here = count - first < block ? count - first : block;
    float* const __restrict w = v + 2 * first;
    // Parts apart, as in fourier_kernel.cpp: on interleaved data g++ 12 fuses multiply and add against its orders.
    float x[block] = {};
    float y[block] = {};
    for (std::size_t k = 0; k < here; ++k) {
      x[k] = w[2 * k];
      y[k] = w[2 * k + 1];
    }
    float real[block];
    float imag[block];
    for (std::size_t k = 0; k < block; ++k) {
      const float c = a * turns.re[k] - b * turns.im[k];
      const float s = a * turns.im[k] + b * turns.re[k];
      real[k] = x[k] * c - y[k] * s;
      imag[k] = x[k] * s + y[k] * c;
    }
    for (std::size_t k = 0; k < here; ++k) {
      w[2 * k] = real[k];
      w[2 * k + 1] = imag[k];
    }
    const double next = block_re * large.real() - block_im * large.imag();
    block_im = block_re * large.imag() + block_im * large.real();
    block_re = next;
  }
  v[2 * count] = nyquist;
  v[2 * count + 1] = 0.0F;
}

}  // namespace hotstage::eels::detail
