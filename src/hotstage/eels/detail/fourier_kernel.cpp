// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/fourier_kernel.hpp"

#include "hotstage/core/clones.hpp"
#include "hotstage/eels/detail/elementary.hpp"

#include <numbers>

namespace hotstage::eels::detail {
namespace {

// std::complex<float> is an array of two floats by the standard; the library's product tests for NaN, which we do not
// want.
inline const float* parts(const std::complex<float>* values) {
  return reinterpret_cast<const float*>(values);
}

inline float* parts(std::complex<float>* values) {
  return reinterpret_cast<float*>(values);
}

constexpr std::size_t block = 32;

/// Real and imaginary parts apart. On interleaved data g++ 12 makes fused multiply-adds for AVX-512 in spite of
/// -ffp-contract=off, and results would depend on the machine.
struct Split {
  float re[block] = {};
  float im[block] = {};

  Split() = default;

  inline Split(const float* interleaved, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) {
      re[k] = interleaved[2 * k];
      im[k] = interleaved[2 * k + 1];
    }
  }

  inline void store(float* interleaved, std::size_t count) const {
    for (std::size_t k = 0; k < count; ++k) {
      interleaved[2 * k] = re[k];
      interleaved[2 * k + 1] = im[k];
    }
  }
};

}  // namespace

HOTSTAGE_CLONES void multiply(std::complex<float>* values, const std::complex<float>* factor, std::size_t n) {
  float* const __restrict v = parts(values);
  const float* const __restrict f = parts(factor);
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t count = n - i < block ? n - i : block;
    const Split a(v + 2 * i, count);
    const Split b(f + 2 * i, count);
    Split c;
    for (std::size_t k = 0; k < block; ++k) {
      c.re[k] = a.re[k] * b.re[k] - a.im[k] * b.im[k];
      c.im[k] = a.re[k] * b.im[k] + a.im[k] * b.re[k];
    }
    c.store(v + 2 * i, count);
  }
}

HOTSTAGE_CLONES void multiply_conjugate(std::complex<float>* values, const std::complex<float>* factor, std::size_t n) {
  float* const __restrict v = parts(values);
  const float* const __restrict f = parts(factor);
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t count = n - i < block ? n - i : block;
    const Split a(v + 2 * i, count);
    const Split b(f + 2 * i, count);
    Split c;
    for (std::size_t k = 0; k < block; ++k) {
      c.re[k] = a.re[k] * b.re[k] + a.im[k] * b.im[k];
      c.im[k] = a.im[k] * b.re[k] - a.re[k] * b.im[k];
    }
    c.store(v + 2 * i, count);
  }
}

HOTSTAGE_CLONES std::size_t zlp_ratio(const std::complex<float>* J, const std::complex<float>* D, float floor,
                                      float scale, std::complex<float>* out, std::size_t n) {
  const float* const __restrict j = parts(J);
  const float* const __restrict d = parts(D);
  float* const __restrict o = parts(out);
  std::size_t below = 0;
  for (std::size_t k = 0; k < n; ++k) {
    const float re = j[2 * k];
    const float im = j[2 * k + 1];
    const float power = re * re + im * im;
    const float inverse = scale / (power + floor);
    o[2 * k] = scale - (d[2 * k] * re + d[2 * k + 1] * im) * inverse;
    o[2 * k + 1] = -(d[2 * k + 1] * re - d[2 * k] * im) * inverse;
    below += power < floor ? 1U : 0U;
  }
  return below;
}

HOTSTAGE_CLONES std::size_t wiener_ratio(const std::complex<float>* J, const std::complex<float>* M, float floor,
                                         std::complex<float>* out, std::size_t n) {
  const float* const __restrict j = parts(J);
  const float* const __restrict m = parts(M);
  float* const __restrict o = parts(out);
  std::size_t below = 0;
  for (std::size_t k = 0; k < n; ++k) {
    const float re = j[2 * k];
    const float im = j[2 * k + 1];
    const float power = re * re + im * im;
    const float inverse = 1.0F / (power + floor);
    o[2 * k] = (m[2 * k] * re + m[2 * k + 1] * im) * inverse;
    o[2 * k + 1] = (m[2 * k + 1] * re - m[2 * k] * im) * inverse;
    below += power < floor ? 1U : 0U;
  }
  return below;
}

HOTSTAGE_CLONES void ratio_gradient(const RatioSpectra& spectra, float floor, float scale, float offset,
                                    std::complex<float>* by_J, std::complex<float>* by_D, std::size_t n) {
  const float* const a = parts(spectra.A);
  const float* const j = parts(spectra.J);
  const float* const r = parts(spectra.ratio);
  float* const to_J = parts(by_J);
  float* const to_D = parts(by_D);
  const float inverse_scale = 1.0F / scale;
  constexpr float smallest = 1e-30F;
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t count = n - i < block ? n - i : block;
    const Split A(a + 2 * i, count);
    const Split J(j + 2 * i, count);
    const Split R(r + 2 * i, count);
    Split u;
    Split v;
    for (std::size_t k = 0; k < block; ++k) {
      const float q_re = offset - R.re[k] * inverse_scale;
      const float q_im = -R.im[k] * inverse_scale;
      const float aq_re = A.re[k] * q_re - A.im[k] * q_im;
      const float aq_im = A.re[k] * q_im + A.im[k] * q_re;
      const float power = J.re[k] * J.re[k] + J.im[k] * J.im[k];
      const float inverse = 1.0F / (power + floor);
      const float share = floor / (power + smallest);
      const float c_re = aq_re - aq_re * share;
      const float c_im = -aq_im - aq_im * share;
      u.re[k] = (c_re * J.re[k] - c_im * J.im[k]) * inverse;
      u.im[k] = (c_re * J.im[k] + c_im * J.re[k]) * inverse;
      v.re[k] = -(A.re[k] * J.re[k] + A.im[k] * J.im[k]) * inverse;
      v.im[k] = -(A.re[k] * J.im[k] - A.im[k] * J.re[k]) * inverse;
    }
    u.store(to_J + 2 * i, count);
    v.store(to_D + 2 * i, count);
  }
}

HOTSTAGE_CLONES void gaussian_transform(double area, double width, double centre, std::size_t length,
                                        std::complex<float>* out, std::size_t n) {
  const double angle = -2.0 * std::numbers::pi * centre / static_cast<double>(length);
  const std::complex<double> small = std::polar(1.0, angle);
  const std::complex<double> large = std::polar(1.0, angle * static_cast<double>(block));
  double turn_re[block];
  double turn_im[block];
  double offset[block];
  std::complex<double> turn = area;
  for (std::size_t k = 0; k < block; ++k) {
    turn_re[k] = turn.real();
    turn_im[k] = turn.imag();
    offset[k] = width * static_cast<double>(k);
    turn *= small;
  }
  std::complex<double> start = 1.0;
  float* const __restrict o = parts(out);
  constexpr double smallest = 700.0;  // of the exponent: far below a float
  for (std::size_t i = 0; i < n; i += block) {
    const double a = start.real();
    const double b = start.imag();
    const double first = width * static_cast<double>(i);
    Split value;
    for (std::size_t k = 0; k < block; ++k) {
      const double x = first + offset[k];
      const double square = x * x < smallest ? x * x : smallest;
      const double height = fast_exp(-square);
      value.re[k] = static_cast<float>(height * (a * turn_re[k] - b * turn_im[k]));
      value.im[k] = static_cast<float>(height * (a * turn_im[k] + b * turn_re[k]));
    }
    value.store(o + 2 * i, n - i < block ? n - i : block);
    start *= large;
  }
}

HOTSTAGE_CLONES double sum_of_magnitudes(const float* values, std::size_t n) {
  constexpr std::size_t lanes = 16;
  double partial[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      const auto y = static_cast<double>(values[i + k]);
      partial[k] += y < 0.0 ? -y : y;
    }
  }
  for (std::size_t k = 0; i < n; ++i, ++k) {
    const auto y = static_cast<double>(values[i]);
    partial[k] += y < 0.0 ? -y : y;
  }
  double total = 0.0;
  for (const double part : partial) {
    total += part;
  }
  return total;
}

}  // namespace hotstage::eels::detail
