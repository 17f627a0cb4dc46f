// SPDX-License-Identifier: GPL-3.0-or-later
// Logarithm, exponential and angle without branches, for loops that the compiler turns into vector code.

#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace hotstage::eels::detail {

/// Natural logarithm of a positive normal number; absolute error below 2e-14·(1 + |ln x|).
inline double fast_log(double x) {
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcd;  // bits of √½
  constexpr std::uint64_t one = 0x3ff0000000000000;
  constexpr std::uint64_t mantissa = 0x000fffffffffffff;
  constexpr std::uint64_t two_52 = 0x4330000000000000;  // bits of 2^52
  const auto shifted = std::bit_cast<std::uint64_t>(x) + (one - root_half);
  const auto exponent = std::bit_cast<double>((shifted >> 52U) | two_52) - (4503599627370496.0 + 1023.0);
  const auto m = std::bit_cast<double>((shifted & mantissa) + root_half);
  const double s = (m - 1.0) / (m + 1.0);  // |s| ≤ 0.172
  const double z = s * s;
  const double series =
      2.0 +
      z * (2.0 / 3 + z * (2.0 / 5 + z * (2.0 / 7 + z * (2.0 / 9 + z * (2.0 / 11 + z * (2.0 / 13 + z * (2.0 / 15)))))));
  return s * series + exponent * std::numbers::ln2;
}

/// Exponential for |x| < 700; relative error below 1e-11.
inline double fast_exp(double x) {
  constexpr double magic = 6755399441055744.0;  // 1.5·2^52: adding it rounds to an integer kept in the low bits
  const double rounded = x * std::numbers::log2e + magic;
  const double k = rounded - magic;
  const double f = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;  // |f| ≤ 0.347
  const double series =
      1.0 +
      f * (1.0 + f * (1.0 / 2 +
                      f * (1.0 / 6 +
                           f * (1.0 / 24 +
                                f * (1.0 / 120 +
                                     f * (1.0 / 720 + f * (1.0 / 5040 + f * (1.0 / 40320 + f * (1.0 / 362880)))))))));
  const std::uint64_t power = (std::bit_cast<std::uint64_t>(rounded) + 1023U) << 52U;
  return series * std::bit_cast<double>(power);
}

/// Angle of (x, y) ≠ (0, 0) in (−π, π], as atan2; absolute error below 1e-13.
inline double fast_angle(double y, double x) {
  const double across = y < 0.0 ? -y : y;
  const double along = x < 0.0 ? -x : x;
  const double low = across < along ? across : along;
  const double high = across < along ? along : across;
  const bool turned = low > (std::numbers::sqrt2 - 1.0) * high;  // by π/4, so that |t| ≤ tan(π/8)
  const double top = turned ? low - high : low;
  const double bottom = turned ? low + high : high;
  const double t = top / bottom;
  const double z = -t * t;
  double series = 1.0 / 33;
  series = 1.0 / 31 + z * series;
  series = 1.0 / 29 + z * series;
  series = 1.0 / 27 + z * series;
  series = 1.0 / 25 + z * series;
  series = 1.0 / 23 + z * series;
  series = 1.0 / 21 + z * series;
  series = 1.0 / 19 + z * series;
  series = 1.0 / 17 + z * series;
  series = 1.0 / 15 + z * series;
  series = 1.0 / 13 + z * series;
  series = 1.0 / 11 + z * series;
  series = 1.0 / 9 + z * series;
  series = 1.0 / 7 + z * series;
  series = 1.0 / 5 + z * series;
  series = 1.0 / 3 + z * series;
  series = 1.0 + z * series;
  const double octant = t * series + (turned ? std::numbers::pi / 4 : 0.0);
  const double quadrant = across < along ? octant : std::numbers::pi / 2 - octant;
  const double half = x < 0.0 ? std::numbers::pi - quadrant : quadrant;
  return y < 0.0 ? -half : half;
}

}  // namespace hotstage::eels::detail
