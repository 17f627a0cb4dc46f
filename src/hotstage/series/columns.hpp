// SPDX-License-Identifier: GPL-3.0-or-later
// Atomic columns: places and strengths with uncertainty, sublattices, and how full the lithium layers are.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/series/lattice.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace hotstage::series {

struct ColumnOptions {
  std::optional<Length> spacing;
  double min_snr = 4.0;
  int sweeps = 4;

  template <class V>
  void fields(V& v) {
    v("spacing", spacing,
      {.help = "smallest distance of two columns; half of the shortest lattice vector when not given",
       .unit = "nm",
       .min = 0.01});
    v("column_snr", min_snr, {.help = "matched filter over its noise from which a maximum is a column", .min = 2.0});
    v("sweeps", sweeps, {.help = "rounds of fits with the neighbours' model taken off", .min = 1, .max = 20});
  }
};

/// One Gaussian of common width on a local constant background.
struct AtomColumn {
  Planar place;          ///< px, centre of the first pixel is 0
  double sigma_y = 0.0;  ///< px
  double sigma_x = 0.0;
  Estimate amplitude;  ///< peak over background, counts
  double background = 0.0;
  int sublattice = 0;  ///< 1 is the brightest; 0: none
};

struct ColumnSet {
  std::vector<AtomColumn> columns;
  double width_px = 0.0;      ///< σ of the Gaussian, median of free fits
  double noise_factor = 1.0;  ///< variance over model counts: gain times what the model misses
  std::size_t failed = 0;     ///< maxima whose fit ran away
};

/// Maxima of a matched filter, then Gaussians fitted by least squares with Poisson weights (1/model) within 0.6
/// `spacing_px`, neighbours taken off; σ from the covariance times the median reduced χ², so that the gain of the
/// detector need not be known. Throws Error{refused} when no column is found.
[[nodiscard]] ColumnSet find_columns(View<const float, 2> image, double spacing_px, const ColumnOptions& options,
                                     Run& run);

/// Numbers sublattices by the place modulo the lattice; 1 is the brightest. Groups of less than 2 % stay 0.
void assign_sublattices(ColumnSet& set, const ImageLattice& lattice, double spacing_px);

/// Strength of one layer of metal sites.
struct SiteLayer {
  int number = 0;  ///< along the normal of the layers; even: Co layers, odd: Li layers
  std::size_t sites = 0;
  Estimate amplitude;  ///< mean, standard error
};

/// Li-layer over Co-layer amplitude: 0 layered, 1 rock salt, between: spinel or mixed occupation.
struct LayerRatio {
  Estimate ratio;
  double spacing_A = 0.0;  ///< of Co layers
  std::vector<SiteLayer> layers;
  std::size_t predicted = 0;  ///< sites where no column was found and the amplitude was fitted at the expected place
};

/// Measures both layers of metal sites of an image along <110>cub ∥ [100]hex: columns found, and
/// expected sites beside bright columns (half a Co-layer step along and across; the next in the layer) without one, so
/// that faint columns are not left out. Nothing when the lattice has neither 4.4 … 5.0 Å (layers seen)
/// nor 2.2 … 2.55 Å planes (no layers seen: the strongest of them are halved).
[[nodiscard]] std::optional<LayerRatio> layer_ratio(View<const float, 2> image, const ColumnSet& set,
                                                    const ImageLattice& lattice, const std::array<double, 2>& pixel_A);

}  // namespace hotstage::series
