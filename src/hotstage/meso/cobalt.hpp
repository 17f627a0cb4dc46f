// SPDX-License-Identifier: GPL-3.0-or-later
// Co metal that grows in facetted voids: incubation, supply by co-migration, and the shell it is taken from.

#pragma once

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/kinetics/rate_law.hpp"
#include "hotstage/meso/parameters.hpp"
#include "hotstage/meso/polycrystal.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::meso {

/// A metal sphere that touches one face of its void from inside.
struct MetalParticle {
  Point centre;
  double radius_nm = 0.0;
  double sites = 0.0;  ///< Co in units of the Co of one fresh cell column
  std::size_t void_index = 0;
};

/// Volume of LiCoO2 that holds the Co of one volume of metal: 2.9.
[[nodiscard]] double oxide_volumes_per_metal();

/// One void. Nucleus: one event of the walk law ν (a/L)² exp(−E/kT), E = 1.58 eV on the special void and 2.33 eV on
/// others. After it the supply Γ θ · face area · ν (a/L)² exp(−E/kT) is captured whole, until the metal fills the void
/// or the shell is bare. Co comes from the shell with weight exp(−d/L).
class CobaltGrowth {
 public:
  CobaltGrowth(const Polycrystal& crystal, std::size_t void_index, const Parameters& parameters);

  /// Time of the nucleus; nothing when the programme ends first.
  [[nodiscard]] std::optional<Time> nucleation(const kinetics::Programme& programme, double threshold) const;

  /// Co the face could take between two times, in cell sites.
  [[nodiscard]] double supply(const kinetics::Programme& programme, Time from, Time to) const;

  struct Taken {
    std::uint32_t cell = 0;
    double amount = 0.0;  ///< Co per Co site of that cell
  };

  /// Takes up to `sites` from the shell, `cobalt` being what each cell still has per site; what could not be taken is
  /// not. Grows the particle by what was.
  [[nodiscard]] std::vector<Taken> grow(std::span<const double> cobalt, double sites);

  [[nodiscard]] const MetalParticle& particle() const { return particle_; }

 private:
  kinetics::RateLaw law_;
  double face_sites_ = 0.0;  ///< Γ θ · area, in Co
  double co_per_cell_ = 0.0;
  double capacity_sites_ = 0.0;  ///< a sphere of the void's inner radius
  double inradius_nm_ = 0.0;
  Point void_centre_;
  Point face_normal_;
  MetalParticle particle_;

  struct ShellCell {
    std::uint32_t cell = 0;
    double weight = 0.0;
  };

  std::vector<ShellCell> shell_;
};

/// What a particle of metal left behind: the Co taken, as volumes of oxide per volume of metal, and how far it reached.
struct Halo {
  double oxide_volumes = 0.0;
  double mean_thinning = 0.0;  ///< share of Co taken, weighted by what was taken
  double reach_nm = 0.0;       ///< distance from the void's edge that holds 90 % of what was taken
  double radius_nm = 0.0;      ///< of the particle
};

[[nodiscard]] Halo measure_halo(const Polycrystal& crystal, std::span<const double> cobalt,
                                const MetalParticle& particle, double foil_nm);

}  // namespace hotstage::meso
