// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/convergence.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

Kinematics kinematics(Energy beam) {
  HOTSTAGE_EXPECTS(beam.base() > 0.0);
  constexpr double rest = constants::electron_rest_energy_eV;
  Kinematics out;
  out.gamma = 1.0 + beam.in(units::eV) / rest;
  out.beta_squared = 1.0 - 1.0 / (out.gamma * out.gamma);
  out.t_eV = 0.5 * rest * out.beta_squared;
  out.gamma_m_v2_eV = out.gamma * rest * out.beta_squared;
  return out;
}

Angle characteristic_angle(Energy loss, Energy beam) {
  return loss.in(units::eV) / kinematics(beam).gamma_m_v2_eV * units::rad;
}

ConvergenceCorrection convergence_correction(Energy loss, const Illumination& illumination) {
  HOTSTAGE_EXPECTS(loss.base() > 0.0 && illumination.collection.base() > 0.0 && illumination.convergence.base() >= 0.0);
  const double theta = characteristic_angle(loss, illumination.beam).in(units::rad);
  const double alpha = illumination.convergence.in(units::rad);
  const double beta = illumination.collection.in(units::rad);
  const double t2 = theta * theta;
  const double b2 = beta * beta;
  const double lorentzian = std::log1p(b2 / t2);

  ConvergenceCorrection out;
  out.effective_angle = illumination.collection;
  // Below this the three terms cancel to rounding and the correction is 1 to better than 1e-6.
  if (alpha < 1e-3 * std::min(beta, theta)) {
    return out;
  }
  const double a2 = alpha * alpha;
  const double sum = a2 + b2 + t2;
  const double root = std::sqrt((a2 - b2) * (a2 - b2) + t2 * (t2 + 2.0 * (a2 + b2)));
  const double scale = 0.5 / t2;
  const double term_b = 2.0 * b2 * std::log(scale * (std::hypot(a2 + t2 - b2, 2.0 * beta * theta) + a2 + t2 - b2));
  const double term_a = 2.0 * a2 * std::log(scale * (std::hypot(b2 + t2 - a2, 2.0 * alpha * theta) + b2 + t2 - a2));
  out.f1 = (root - sum + term_b + term_a) / (2.0 * a2 * lorentzian);
  out.f2 = alpha > beta ? out.f1 * a2 / b2 : out.f1;
  out.effective_angle = theta * std::sqrt(std::expm1(out.f2 * lorentzian)) * units::rad;
  return out;
}

Length mean_free_path(Density density, const Illumination& illumination) {
  HOTSTAGE_EXPECTS(density.base() > 0.0 && illumination.beam.base() > 0.0);
  constexpr Density gram_per_cm3(constants::gram / 1e21);
  constexpr double cutoff_mrad = 20.0;  // θc of the fit
  const double rho = std::pow(density.in(gram_per_cm3), 0.3);
  const double beam_keV = illumination.beam.in(units::keV);
  const double rest_keV = constants::electron_rest_energy_eV * 1e-3;
  const double ratio = 1.0 + beam_keV / rest_keV;
  const double relativistic = (1.0 + 0.5 * beam_keV / rest_keV) / (ratio * ratio);
  const double theta_mrad = 5.5 * rho / (relativistic * beam_keV);

  const double alpha = illumination.convergence.in(units::mrad);
  const double beta = illumination.collection.in(units::mrad);
  const double larger = 2.0 * std::max(alpha, beta) * std::max(alpha, beta);  // α² + β² + |α² − β²|
  const double t2 = theta_mrad * theta_mrad;
  const double c2 = cutoff_mrad * cutoff_mrad;
  const double logarithm = std::log((larger + 2.0 * t2) / (larger + 2.0 * c2) * c2 / t2);
  return 200.0 * relativistic * beam_keV / (11.0 * rho * logarithm) * units::nm;
}

}  // namespace hotstage::eels
