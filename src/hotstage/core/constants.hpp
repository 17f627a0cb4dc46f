// SPDX-License-Identifier: GPL-3.0-or-later
// Physical constants: CODATA 2018 (doi:10.1103/RevModPhys.93.025010), in the base units of units.hpp.

#pragma once

namespace hotstage::constants {

inline constexpr double k_B_eV_per_K = 8.617333262e-5;          ///< exact to the digits given
inline constexpr double avogadro_per_mol = 6.02214076e23;       ///< exact
inline constexpr double elementary_charge_C = 1.602176634e-19;  ///< exact
inline constexpr double electron_rest_energy_eV = 510998.95;    ///< m c²
inline constexpr double rydberg_eV = 13.605693122994;
inline constexpr double bohr_radius_nm = 0.0529177210903;
inline constexpr double speed_of_light_nm_per_s = 2.99792458e17;
inline constexpr double planck_eV_s = 4.135667696e-15;
inline constexpr double fine_structure = 7.2973525693e-3;

/// One gram in eV s² nm⁻²: E = m c² with c² cancelling, so 1e-3 kg · 1e-18 m²/nm² over one electronvolt.
inline constexpr double gram = 1e-21 / elementary_charge_C;

inline constexpr double barn_nm2 = 1e-10;  ///< 1 barn = 1e-28 m² = 1e-10 nm²

}  // namespace hotstage::constants
