// SPDX-License-Identifier: GPL-3.0-or-later
// Beam kinematics, the correction for a convergent probe, and the mean free path for inelastic scattering.

#pragma once

#include "hotstage/core/units.hpp"

namespace hotstage::eels {

/// The angles and the energy an EELS cross-section depends on.
struct Illumination {
  Energy beam = 200.0 * units::keV;
  Angle convergence{};  ///< probe semi-angle α
  Angle collection{};   ///< spectrometer semi-angle β; must be positive
};

/// Relativistic fast electron.
struct Kinematics {
  double gamma = 1.0;          ///< Lorentz factor
  double beta_squared = 0.0;   ///< v²/c²
  double t_eV = 0.0;           ///< m v²/2
  double gamma_m_v2_eV = 0.0;  ///< θE = E / (γ m v²)
};

[[nodiscard]] Kinematics kinematics(Energy beam);

/// Characteristic angle θE of an energy loss.
[[nodiscard]] Angle characteristic_angle(Energy loss, Energy beam);

/// Fraction of the inelastic signal kept because the probe is convergent (Scheinfein & Isaacson, SEM/1984, 1681).
struct ConvergenceCorrection {
  double f1 = 1.0;          ///< signal inside β relative to a parallel beam of the same total current
  double f2 = 1.0;          ///< the same relative to the current that enters β; equals f1 for α ≤ β
  Angle effective_angle{};  ///< β*: a parallel beam with this collection angle gives the same signal
};

/// Lorentzian angular distribution assumed. Needs a positive loss, beam energy and collection angle.
[[nodiscard]] ConvergenceCorrection convergence_correction(Energy loss, const Illumination& illumination);

/// Inelastic mean free path for all losses from the density alone (Iakoubovskii et al., Microsc. Res. Tech. 71, 626
/// (2008), doi:10.1002/jemt.20597, with both angles). Stated accuracy of the fit 20 %.
[[nodiscard]] Length mean_free_path(Density density, const Illumination& illumination);

}  // namespace hotstage::eels
