// SPDX-License-Identifier: GPL-3.0-or-later
// Energy-loss cross-sections by the photo-absorption route: tabulated free-atom absorption and the dipole angular law.
//
// The forward model of simulated scans stands on this; the analysis has hydrogenic shells (cross_section.hpp).

#pragma once

#include "hotstage/eels/convergence.hpp"

#include <string_view>
#include <vector>

namespace hotstage::eels {

/// Barn per unit of oscillator strength per eV: σ_photo = 1.0976e8 barn·eV · df/dE.
inline constexpr double barn_eV_per_strength = 1.0976e8;

/// Dipole oscillator strength of one element's edges between 200 and 2200 eV, one part per tabulated jump (K, or L3,
/// L2, L1). Values from NIST FFAST (data/photo_absorption), lower shells removed by a power law in front of the edge.
class PhotoAbsorption {
 public:
  /// "O" or "Co". Throws Error{unsupported} for elements that are not in the table.
  explicit PhotoAbsorption(std::string_view element);

  /// Energies of the jumps, eV, ascending.
  [[nodiscard]] const std::vector<double>& jumps() const { return jumps_; }

  /// df/dE (1/eV) of the part that begins at jump `part`, continued below its own onset.
  [[nodiscard]] double part(std::size_t part, double energy_eV) const;

  /// Sum of all parts above their jumps.
  [[nodiscard]] double strength(double energy_eV) const;

 private:
  struct Branch {
    std::vector<double> log_energy;
    std::vector<double> log_strength;
  };

  [[nodiscard]] static double interpolate(const Branch& branch, double energy_eV);

  std::vector<double> jumps_;
  std::vector<Branch> branches_;  ///< total absorption: in front of the first jump, then behind every jump
};

/// dσ/dE divided by df/dE, in barn: 4πa0²R²/(E·T)·[mean over the probe of ln(1 + (θ/θE)²) inside β, plus the transverse
/// term]. The overlap of probe cone and aperture is integrated numerically; the aperture ends at the Bethe ridge
/// √(E/E0), where the dipole law does. (Egerton, 3rd ed., eq. 3.149; Fano 1963 for the transverse term.)
[[nodiscard]] double dipole_factor_barn(Energy loss, const Illumination& illumination);

}  // namespace hotstage::eels
