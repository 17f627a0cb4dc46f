// SPDX-License-Identifier: GPL-3.0-or-later
// Our own first-principles records and the differences they allow: which energies may stand in one formula.

#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::thermo {

/// Densities of states of one kind of atom each, states/eV per atom, energies against the top of the occupied states.
struct ProjectedStates {
  double width_eV = 0.0;  ///< Gaussian width of the curves
  std::vector<double> energy_eV;
  std::vector<double> cobalt_3d;
  std::vector<double> oxygen_2p;
};

/// One calculation: folder of data/energetics, schema hotstage.energetics/1.
struct EnergyRecord {
  std::string name;
  std::string formula;
  std::map<std::string, double> composition;  ///< atoms per cell
  double energy_eV = 0.0;                     ///< per cell, extrapolated to zero smearing
  double largest_force_eV_per_A = 0.0;
  double moment_muB = 0.0;
  std::string engine;
  double cutoff_eV = 0.0;
  std::array<int, 3> mesh{1, 1, 1};
  std::string hubbard;       ///< as the engine writes it; empty: no U
  std::string comparable;    ///< hash of all that must agree in a difference
  std::string apart_from_u;  ///< the same without U, in words
  std::string label;         ///< "reduced" or "paper settings"
  double core_hours = 0.0;
  std::string face;            ///< of slabs
  int planes = 0;              ///< formula units of a slab
  double area_A2 = 0.0;        ///< one face
  double mesh_length_A = 0.0;  ///< (points × volume)^⅓, slabs (points × area)^½; 0: a molecule or not known
  std::optional<ProjectedStates> states;
  std::vector<double> path_eV;        ///< energies of the relaxation's geometries, in order
  std::vector<double> path_eV_per_A;  ///< their largest forces
};

/// Every finished record, by name. Throws Error{bad_input} for another schema or missing members.
[[nodiscard]] std::vector<EnergyRecord> read_energy_records(const std::filesystem::path& folder);
/// Those of data/energetics.
[[nodiscard]] std::vector<EnergyRecord> read_energy_records();
/// SHA-256 over all result.json of a folder, in the order of their names; empty when there is no folder.
[[nodiscard]] std::string energy_fingerprint(const std::filesystem::path& folder);

/// nullptr when it is not finished.
[[nodiscard]] const EnergyRecord* find_record(std::span<const EnergyRecord> records, std::string_view name);

/// Records with differing settings in one difference. Only the treatment of U can be mixed, and only by name.
enum class Mix {
  none,                 ///< all settings the same
  no_u_without_cobalt,  ///< Li, O2, Li2O hold no Co 3d: their records without U go with any U
  metal_without_u,      ///< besides, Co metal without U, oxides with it
};

[[nodiscard]] std::string_view name(Mix mix);

/// What k-points must do.
enum class Mesh {
  same,   ///< one cell, one mesh: errors cancel
  dense,  ///< different cells, each mesh at least `dense_mesh_A`
};

/// Meshes of the bulk series from here on stay within 5 meV per formula unit of each other.
inline constexpr double dense_mesh_A = 11.0;

struct Part {
  double amount = 0.0;
  const EnergyRecord* record = nullptr;
};

/// Throws Error{refused} naming the two records and what differs.
void require_comparable(std::span<const Part> parts, Mix mix);

/// Σ amount × energy, eV. Throws Error{refused} when settings, mix or meshes do not allow it.
[[nodiscard]] double energy_difference(std::span<const Part> parts, Mix mix, Mesh mesh);

/// The least energy, nullptr for none.
[[nodiscard]] const EnergyRecord* lowest(std::span<const EnergyRecord* const> records);

/// Half the range of the energy per formula unit over k-point meshes of the primitive cell of LiCoO2 with U, eV;
/// nothing for fewer than two meshes.
[[nodiscard]] std::optional<double> mesh_spread(std::span<const EnergyRecord> records);

/// ∫ min(p, d) over the occupied states, p and d the O 2p and Co 3d curves each normalised to one there: 1 when both
/// have the same shape, 0 when nothing is shared. σ: the change when the curves are broadened once more by their width.
struct Overlap {
  double value = 0.0;
  double sigma = 0.0;
};

[[nodiscard]] Overlap state_overlap(const ProjectedStates& states);

}  // namespace hotstage::thermo
