// SPDX-License-Identifier: GPL-3.0-or-later
// Forces on a band of images, the cubic through it, and its inner minima: pure functions, no calls of an engine.

#pragma once

#include "hotstage/calc/neb.hpp"

#include <optional>
#include <span>
#include <vector>

namespace hotstage::calc::detail {

struct BandPoint {
  std::vector<double> tangent;    ///< unit length, 3 numbers per atom; zero at the ends
  std::vector<double> force;      ///< what moves the image; zero at the ends
  double tangent_force_eV_A = 0;  ///< true force along the path, also at the ends
  double largest_eV_A = 0;        ///< of `force`, per atom
  double ahead_A = 0;             ///< distance to the next image
};

struct BandRules {
  double spring_eV_A2 = 1.0;
  std::optional<std::size_t> climbing;
};

[[nodiscard]] std::vector<BandPoint> band_forces(std::span<const BandImage> images, const BandRules& rules);

[[nodiscard]] std::size_t highest_inner(std::span<const BandImage> images);

/// Needs path_A and tangent_force_eV_A of the images.
[[nodiscard]] PathMaximum cubic_maximum(std::span<const BandImage> images);

[[nodiscard]] std::vector<std::size_t> inner_minima(std::span<const BandImage> images, double depth_eV);

/// Displacement of every atom along nearest images, flat.
[[nodiscard]] std::vector<double> displacement(const atoms::Structure& from, const atoms::Structure& to);

/// Throws Error{bad_input} naming the first difference.
void require_same_atoms(const atoms::Structure& a, const atoms::Structure& b, std::size_t image);

}  // namespace hotstage::calc::detail
