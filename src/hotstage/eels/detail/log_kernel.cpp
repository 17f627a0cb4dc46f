// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/log_kernel.hpp"

#include "hotstage/core/clones.hpp"
#include "hotstage/eels/detail/elementary.hpp"

namespace hotstage::eels::detail {
namespace {

constexpr std::size_t block = 32;

/// Real and imaginary parts apart, 0 beyond the end: see fourier_kernel.cpp.
struct Parts {
  double re[block] = {};
  double im[block] = {};

  inline Parts(const std::complex<double>* values, std::size_t count) {
    const auto* const v = reinterpret_cast<const double*>(values);
    for (std::size_t k = 0; k < count; ++k) {
      re[k] = v[2 * k];
      im[k] = v[2 * k + 1];
    }
  }
};

inline std::size_t rest_of(std::size_t i, std::size_t n) {
  return n - i < block ? n - i : block;
}

inline void copy(const double (&from)[block], double* to, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    to[k] = from[k];
  }
}

}  // namespace

HOTSTAGE_CLONES void logarithm_of_ratio(const std::complex<double>* J, const std::complex<double>* Z, double* log_ratio,
                                        double* phase, double* power_J, double* power_Z, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t count = rest_of(i, n);
    const Parts j(J + i, count);
    const Parts z(Z + i, count);
    double j2[block];
    double z2[block];
    double log[block];
    double angle[block];
    for (std::size_t k = 0; k < block; ++k) {
      j2[k] = j.re[k] * j.re[k] + j.im[k] * j.im[k];
      z2[k] = z.re[k] * z.re[k] + z.im[k] * z.im[k];
    }
    for (std::size_t k = 0; k < block; ++k) {
      const double smaller = j2[k] < z2[k] ? j2[k] : z2[k];
      const bool both = smaller > 0.0;
      log[k] = 0.5 * fast_log((both ? j2[k] : 1.0) / (both ? z2[k] : 1.0));
    }
    for (std::size_t k = 0; k < block; ++k) {
      const double smaller = j2[k] < z2[k] ? j2[k] : z2[k];
      const bool both = smaller > 0.0;
      const double along = j.re[k] * z.re[k] + j.im[k] * z.im[k];
      const double across = j.im[k] * z.re[k] - j.re[k] * z.im[k];
      angle[k] = fast_angle(both ? across : 0.0, both ? along : 1.0);
    }
    copy(log, log_ratio + i, count);
    copy(angle, phase + i, count);
    copy(j2, power_J + i, count);
    copy(z2, power_Z + i, count);
  }
}

HOTSTAGE_CLONES void weighted_logarithm(const std::complex<double>* Z, const std::complex<double>* D,
                                        const double* log_ratio, const double* phase, double floor,
                                        std::complex<double>* out, std::size_t n) {
  auto* const o = reinterpret_cast<double*>(out);
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t count = rest_of(i, n);
    const Parts z(Z + i, count);
    const Parts d(D + i, count);
    double log[block] = {};
    double angle[block] = {};
    for (std::size_t k = 0; k < count; ++k) {
      log[k] = log_ratio[i + k];
      angle[k] = phase[i + k];
    }
    double re[block];
    double im[block];
    for (std::size_t k = 0; k < block; ++k) {
      const double power = z.re[k] * z.re[k] + z.im[k] * z.im[k];
      const double w = power / (power + floor);
      re[k] = w * (z.re[k] * log[k] - z.im[k] * angle[k]) + (1.0 - w) * d.re[k];
      im[k] = w * (z.re[k] * angle[k] + z.im[k] * log[k]) + (1.0 - w) * d.im[k];
    }
    for (std::size_t k = 0; k < count; ++k) {
      o[2 * (i + k)] = re[k];
      o[2 * (i + k) + 1] = im[k];
    }
  }
  if (n > 0) {  // the sum is kept exactly
    out[0] = Z[0] * std::complex<double>(log_ratio[0], phase[0]);
  }
}

}  // namespace hotstage::eels::detail
