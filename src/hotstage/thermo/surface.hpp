// SPDX-License-Identifier: GPL-3.0-or-later
// Surface energies of stoichiometric slabs with two equal faces.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/thermo/energetics.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::thermo {

inline constexpr double joule_per_m2_per_eV_per_A2 = 16.0218;

enum class Geometry { relaxed, as_cut };

/// Which U stands on Co 3d.
enum class Hubbard { u391, u0 };

[[nodiscard]] std::string_view name(Geometry geometry);
[[nodiscard]] std::string_view name(Hubbard hubbard);

/// γ = (E_slab − N E_bulk) / 2A, J/m². Throws Error{refused} when the two do not go together.
[[nodiscard]] double surface_energy(const EnergyRecord& slab, const EnergyRecord& bulk);

struct SurfaceEnergy {
  const EnergyRecord* slab = nullptr;
  const EnergyRecord* bulk = nullptr;
  Geometry geometry = Geometry::relaxed;
  Hubbard hubbard = Hubbard::u391;
  double gamma_J_per_m2 = 0.0;
  std::optional<double> gamma_oriented_J_per_m2;  ///< against the bulk in the surface's own cell, when it is finished
  /// What the slab may still gain by relaxing at these settings, J/m²: the most that its relaxation gained at lower
  /// settings from a largest force no larger than the one left here. 0 for slabs as cut.
  double unrelaxed_J_per_m2 = 0.0;
  std::string formula;  ///< with its numbers
};

/// Every slab of 600 eV without spin whose bulk is finished.
[[nodiscard]] std::vector<SurfaceEnergy> surface_energies(std::span<const EnergyRecord> records);

struct Face {
  std::string_view miller;  ///< hexagonal, "104"
  Hubbard hubbard = Hubbard::u391;
  Geometry geometry = Geometry::relaxed;
};

/// The thickest slab of a face. σ, in quadrature: difference to the next thinner slab, or `one_thickness_J_per_m2`;
/// k-points of the bulk (`mesh_eV` per formula unit); what relaxing may still gain; difference to the bulk in the
/// surface's own cell where there is one.
struct BestSurface {
  SurfaceEnergy surface;
  Estimate gamma_J_per_m2;
  std::string parts;  ///< of σ, in words
};

inline constexpr double one_thickness_J_per_m2 = 0.1;

[[nodiscard]] std::optional<BestSurface> best_surface(std::span<const SurfaceEnergy> surfaces, const Face& face,
                                                      double mesh_eV);

/// γ of `wanted` less the largest of the others, J/m²; nothing when one is missing.
[[nodiscard]] std::optional<Estimate> order_margin(std::span<const std::optional<BestSurface>> others,
                                                   const std::optional<BestSurface>& wanted);

}  // namespace hotstage::thermo
