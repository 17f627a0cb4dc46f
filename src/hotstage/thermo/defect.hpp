// SPDX-License-Identifier: GPL-3.0-or-later
// Formation energies, the chemical potentials at which LiCoO2 exists, and oxygen vacancies at them.

#pragma once

#include "hotstage/thermo/energetics.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::thermo {

/// PBE binds O2 too strongly. `corrected`: E(O2) is raised by `oxygen_correction_eV`.
enum class Oxygen { raw, corrected };

/// Per O2: L. Wang, T. Maxisch, G. Ceder 2006, doi:10.1103/PhysRevB.73.195107.
inline constexpr double oxygen_correction_eV = 1.36;

/// Records of the elements: bcc Li, hcp Co without U, O2.
struct References {
  const EnergyRecord* lithium = nullptr;
  const EnergyRecord* cobalt = nullptr;
  const EnergyRecord* oxygen = nullptr;

  /// ½ E(O2), eV.
  [[nodiscard]] double half_oxygen(Oxygen oxygen_choice) const;
};

/// bulk_li, bulk_co, bulk_o2; nothing when one is missing.
[[nodiscard]] std::optional<References> element_references(std::span<const EnergyRecord> records);

/// A substance with its formation energy per formula unit from the elements, eV.
struct SolidPhase {
  std::string formula;
  std::map<std::string, double> composition;
  double formation_eV = 0.0;
};

/// From a record of any number of formula units; mix "metal without U, oxides with it". Throws Error{refused}.
[[nodiscard]] SolidPhase formed(const EnergyRecord& record, std::string_view formula, const References& references,
                                Oxygen oxygen);

/// A vertex of the region of chemical potentials in which the host is stable.
struct Corner {
  std::map<std::string, double> shift_eV;  ///< μ − μ(element), ≤ 0
  std::vector<std::string> limits;         ///< phases and elements that stand in equilibrium with the host there
};

/// All vertices for a host of three elements: Σ n_i Δμ_i = ΔH(host), every Δμ_i ≤ 0, Σ m_i Δμ_i ≤ ΔH for every other
/// phase. By trying each pair of limits, exactly. Empty when the host is unstable.
[[nodiscard]] std::vector<Corner> stability_corners(const SolidPhase& host, std::span<const SolidPhase> competing);

/// Co-rich, Li-poor: the highest Δμ of `rich`, among those the lowest of `poor`. nullptr for no corner.
[[nodiscard]] const Corner* extreme_corner(std::span<const Corner> corners, std::string_view rich,
                                           std::string_view poor);

/// Neutral vacancy: E(defect) − E(host), eV, in one cell with one mesh. Throws Error{refused} when anything but one O
/// is missing, or settings differ.
[[nodiscard]] double vacancy_difference(const EnergyRecord& defect, const EnergyRecord& host);

/// The lowest finished record of a vacancy: names that begin with `prefix`.
[[nodiscard]] const EnergyRecord* lowest_vacancy(std::span<const EnergyRecord> records, std::string_view prefix);

}  // namespace hotstage::thermo
