// SPDX-License-Identifier: GPL-3.0-or-later
// Where things may start: damage cores of the aged material, nucleation sites, and places where a boundary may be
// crossed.

#pragma once

#include "hotstage/meso/parameters.hpp"
#include "hotstage/meso/polycrystal.hpp"

#include <cstdint>
#include <vector>

namespace hotstage::meso {

/// Damage of the cell's ageing; mean 0 for pristine material.
struct Dose {
  double mean = 0.0;  ///< 1: typical of the aged cell
  double log_sigma = 0.5;
};

/// A transformed, oxygen-poor region left by cycling. It lies in one grain, next to a boundary (claim C4).
struct Core {
  Point centre;
  int grain = 0;
  double dose = 0.0;
  double radius_nm = 0.0;
  std::vector<std::uint32_t> cells;
};

/// Poisson number with mean dose · boundary length/spacing, at least one when the dose is not zero (a field without
/// damage would not have been followed). Classes: junction 0.35, boundary 0.60, interior 0.05 (prior for C4).
[[nodiscard]] std::vector<Core> draw_cores(const Polycrystal& crystal, const Parameters& parameters, const Dose& dose,
                                           std::uint64_t seed);

/// `count` equal sites on one cell or face, of which the first to act matters: its unit-exponential threshold over the
/// count.
struct Site {
  std::uint32_t a = 0;  ///< cell in which it acts, or one side of a face
  std::uint32_t b = 0;  ///< the other side; a for interior sites
  double threshold = 0.0;
};

[[nodiscard]] std::vector<Site> draw_boundary_sites(const Polycrystal& crystal, const Parameters& parameters,
                                                    std::uint64_t seed);
[[nodiscard]] std::vector<Site> draw_interior_sites(const Polycrystal& crystal, const Parameters& parameters,
                                                    std::uint64_t seed);
[[nodiscard]] std::vector<Site> draw_crossing_sites(const Polycrystal& crystal, const Parameters& parameters,
                                                    std::uint64_t seed);

/// Unit-exponential number of void `index`.
[[nodiscard]] double cobalt_threshold(std::uint64_t seed, std::size_t index);

}  // namespace hotstage::meso
