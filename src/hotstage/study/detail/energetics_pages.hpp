// SPDX-License-Identifier: GPL-3.0-or-later
// What thermo.energetics leaves for the report: our own first-principles records and the differences they allow.

#pragma once

#include "hotstage/study/step.hpp"
#include "hotstage/thermo/defect.hpp"
#include "hotstage/thermo/surface.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::study::detail {

/// One set of formation energies, and where it leaves LiCoO2 stable.
struct StabilityRegion {
  std::string set;  ///< "records, raw O2", "records, corrected O2", "measured enthalpies"
  std::vector<thermo::SolidPhase> phases;
  std::vector<thermo::Corner> corners;
  thermo::Oxygen oxygen = thermo::Oxygen::raw;  ///< the O2 to which the shifts of this set belong
};

/// Everything read and derived once. Holds pointers into `records`: move it, do not copy it.
struct EnergyBook {
  std::vector<thermo::EnergyRecord> records;
  std::vector<thermo::SurfaceEnergy> surfaces;
  std::optional<thermo::References> references;
  std::vector<StabilityRegion> regions;
  double mesh_eV = 0.0;

  EnergyBook() = default;
  EnergyBook(EnergyBook&&) = default;
  EnergyBook& operator=(EnergyBook&&) = default;
  EnergyBook(const EnergyBook&) = delete;
  EnergyBook& operator=(const EnergyBook&) = delete;
  ~EnergyBook() = default;
};

/// All of data/energetics.
[[nodiscard]] EnergyBook open_energy_book();

/// σ of a difference within one cell and mesh, eV: two engines differ by as much for the same unrelaxed vacancy
/// (data/energetics/SOURCE.md).
inline constexpr double same_cell_sigma_eV = 0.1;
/// Besides, of open shells: electronic states that were not found (same page).
inline constexpr double open_shell_sigma_eV = 0.2;

/// A deck that is not finished: a check with its name and estimated cost.
void add_missing(std::string_view result, std::string_view deck, StepOutput& out);

/// gamma_104, gamma_110, gamma_100, surface_order_margin; with _cut and _u0 where these records exist.
void add_surfaces(const EnergyBook& book, StepOutput& out);
/// vacancy_x1, vacancy_x05, vacancy_drop, vacancy_corner.
void add_vacancies(const EnergyBook& book, StepOutput& out);
/// overlap_bulk_u391, overlap_bulk_u391plain, overlap_bulk_u0.
void add_overlaps(const EnergyBook& book, StepOutput& out);
/// path1_energy (with the O vacancy), path1_energy_no_vacancy, path1_energy_x1.
void add_hops(const EnergyBook& book, StepOutput& out);

/// Tables records, surfaces, vacancies, formation, corners.
void add_energy_tables(const EnergyBook& book, StepOutput& out);
/// Bars of surface energies, vacancy energy against the chemical potential of oxygen, densities of states.
void add_energy_figures(const EnergyBook& book, StepOutput& out);

}  // namespace hotstage::study::detail
