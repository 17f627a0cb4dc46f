// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/exponential_integral.hpp"

#include <cmath>

namespace hotstage::eels::detail {

ExponentialIntegral exponential_integral(double s, double h) {
  const double x = s * h;
  const double z = x * x;
  constexpr double small = 0.3;  // below it the series are exact to 1e-14 and the closed forms begin to cancel
  if (std::abs(x) < small) {
    const double sinhc = 1.0 + z / 6.0 * (1.0 + z / 20.0 * (1.0 + z / 42.0 * (1.0 + z / 72.0 * (1.0 + z / 110.0))));
    const double langevin =
        x *
        (1.0 / 3 - z * (1.0 / 45 - z * (2.0 / 945 - z * (1.0 / 4725 - z * (2.0 / 93555 - z * 1382.0 / 638512875)))));
    const double slope =
        1.0 / 3 -
        z * (3.0 / 45 - z * (10.0 / 945 - z * (7.0 / 4725 - z * (18.0 / 93555 - z * 11.0 * 1382.0 / 638512875))));
    return {std::log(2.0 * h * sinhc), h * langevin, h * h * slope};
  }
  const double e = std::exp(-2.0 * std::abs(x));
  const double size = std::abs(x);
  const double coth = (1.0 + e) / (1.0 - e);
  const double inverse_sinh_squared = 4.0 * e / ((1.0 - e) * (1.0 - e));
  const double langevin = std::copysign(coth - 1.0 / size, x);
  return {std::log(h * (1.0 - e) / size) + size, h * langevin, h * h * (1.0 / z - inverse_sinh_squared)};
}

}  // namespace hotstage::eels::detail
