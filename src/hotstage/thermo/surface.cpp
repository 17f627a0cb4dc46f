// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/surface.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::thermo {

namespace {

constexpr double counted_eV = 600.0;  // cut-off from which slab and bulk may be compared

std::optional<Hubbard> hubbard_of(const EnergyRecord& record) {
  if (record.hubbard.empty()) {
    return Hubbard::u0;
  }
  return record.hubbard == ":d,3.91" ? std::optional(Hubbard::u391) : std::nullopt;
}

/// eV for the slab, from the relaxation "slab_<face>_<planes>" that gave its geometry.
double still_to_gain(std::span<const EnergyRecord> records, const EnergyRecord& slab) {
  const EnergyRecord* relaxation = find_record(records, fmt::format("slab_{}_{}", slab.face, slab.planes));
  double gain = 0.0;
  if (relaxation != nullptr && relaxation->path_eV.size() == relaxation->path_eV_per_A.size()) {
    for (std::size_t k = 0; k < relaxation->path_eV.size(); ++k) {
      if (relaxation->path_eV_per_A[k] <= slab.largest_force_eV_per_A) {
        gain = std::max(gain, relaxation->path_eV[k] - relaxation->energy_eV);
      }
    }
  }
  return gain;
}

bool with_spin(const EnergyRecord& record) {
  return record.name.ends_with("_spin");
}

}  // namespace

std::string_view name(Geometry geometry) {
  return geometry == Geometry::relaxed ? "relaxed" : "as cut";
}

std::string_view name(Hubbard hubbard) {
  return hubbard == Hubbard::u391 ? "u391" : "u0";
}

double surface_energy(const EnergyRecord& slab, const EnergyRecord& bulk) {
  const double units = slab.composition.at("Co") / bulk.composition.at("Co");
  for (const auto& [element, count] : slab.composition) {
    if (!bulk.composition.contains(element) || std::abs(units * bulk.composition.at(element) - count) > 1e-9) {
      throw Error(Errc::refused, fmt::format("slab {} has not the composition of {}", slab.name, bulk.name),
                  "This formula holds for stoichiometric slabs");
    }
  }
  const std::array parts{Part{1.0, &slab}, Part{-units, &bulk}};
  return energy_difference(parts, Mix::none, Mesh::dense) / (2.0 * slab.area_A2) * joule_per_m2_per_eV_per_A2;
}

std::vector<SurfaceEnergy> surface_energies(std::span<const EnergyRecord> records) {
  std::vector<SurfaceEnergy> out;
  for (const EnergyRecord& slab : records) {
    const auto hubbard = hubbard_of(slab);
    if (slab.planes == 0 || slab.cutoff_eV < counted_eV || with_spin(slab) || !hubbard) {
      continue;
    }
    const EnergyRecord* bulk = find_record(records, fmt::format("bulk_lco_{}_{:.0f}", name(*hubbard), slab.cutoff_eV));
    if (bulk == nullptr) {
      continue;
    }
    SurfaceEnergy surface{.slab = &slab, .bulk = bulk, .hubbard = *hubbard};
    surface.geometry = slab.name.find("_cut") == std::string::npos ? Geometry::relaxed : Geometry::as_cut;
    surface.gamma_J_per_m2 = surface_energy(slab, *bulk);
    const EnergyRecord* oriented =
        find_record(records, fmt::format("bulk_oriented_{}_{:.0f}", slab.face, slab.cutoff_eV));
    if (oriented != nullptr && *hubbard == Hubbard::u391) {
      surface.gamma_oriented_J_per_m2 = surface_energy(slab, *oriented);
    }
    if (surface.geometry == Geometry::relaxed) {
      surface.unrelaxed_J_per_m2 = still_to_gain(records, slab) / (2.0 * slab.area_A2) * joule_per_m2_per_eV_per_A2;
    }
    surface.formula =
        fmt::format("({:.4f} − {} × {:.4f}) eV / (2 × {:.3f} Å²) × {:.4f} = {:.3f} J/m²", slab.energy_eV, slab.planes,
                    bulk->energy_eV, slab.area_A2, joule_per_m2_per_eV_per_A2, surface.gamma_J_per_m2);
    out.push_back(std::move(surface));
  }
  return out;
}

std::optional<BestSurface> best_surface(std::span<const SurfaceEnergy> surfaces, const Face& face, double mesh_eV) {
  const SurfaceEnergy* thick = nullptr;
  const SurfaceEnergy* thin = nullptr;
  for (const SurfaceEnergy& s : surfaces) {
    if (s.slab->face != face.miller || s.hubbard != face.hubbard || s.geometry != face.geometry) {
      continue;
    }
    if (thick == nullptr || s.slab->planes > thick->slab->planes) {
      thin = thick;
      thick = &s;
    } else if (thin == nullptr || s.slab->planes > thin->slab->planes) {
      thin = &s;
    }
  }
  if (thick == nullptr) {
    return std::nullopt;
  }
  const double thickness =
      thin != nullptr ? std::abs(thick->gamma_J_per_m2 - thin->gamma_J_per_m2) : one_thickness_J_per_m2;
  const double mesh = thick->slab->planes * mesh_eV / (2.0 * thick->slab->area_A2) * joule_per_m2_per_eV_per_A2;
  const double own_cell =
      thick->gamma_oriented_J_per_m2 ? std::abs(*thick->gamma_oriented_J_per_m2 - thick->gamma_J_per_m2) : 0.0;
  BestSurface out{*thick,
                  {thick->gamma_J_per_m2, std::hypot(std::hypot(thickness, mesh, own_cell), thick->unrelaxed_J_per_m2)},
                  {}};
  out.parts = thin != nullptr
                  ? fmt::format("σ: {} against {} planes {:.3f}", thick->slab->planes, thin->slab->planes, thickness)
                  : fmt::format("σ: one thickness only, {:.1f} assumed", thickness);
  out.parts += fmt::format(", k-points of the bulk {:.3f}, relaxing further {:.3f}", mesh, thick->unrelaxed_J_per_m2);
  if (thick->gamma_oriented_J_per_m2) {
    out.parts += fmt::format(", bulk in the surface's own cell {:.3f}", own_cell);
  }
  return out;
}

std::optional<Estimate> order_margin(std::span<const std::optional<BestSurface>> others,
                                     const std::optional<BestSurface>& wanted) {
  const BestSurface* largest = nullptr;
  for (const auto& other : others) {
    if (!other) {
      return std::nullopt;
    }
    if (largest == nullptr || other->gamma_J_per_m2.value > largest->gamma_J_per_m2.value) {
      largest = &*other;
    }
  }
  if (!wanted || largest == nullptr) {
    return std::nullopt;
  }
  return Estimate{wanted->gamma_J_per_m2.value - largest->gamma_J_per_m2.value,
                  std::hypot(wanted->gamma_J_per_m2.sigma, largest->gamma_J_per_m2.sigma)};
}

}  // namespace hotstage::thermo
