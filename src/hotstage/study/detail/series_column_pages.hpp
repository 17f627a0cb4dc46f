// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and figures of atomic columns.

#pragma once

#include "hotstage/series/columns.hpp"
#include "hotstage/study/detail/series_lattice.hpp"

namespace hotstage::study::detail {

/// One row per column: px of the whole image, nm when the pixel size is known, place in units of the lattice.
[[nodiscard]] io::Table column_table(const series::ColumnSet& set, const ImagePart& image,
                                     const series::ImageLattice& lattice);
[[nodiscard]] io::Table layer_table(const series::LayerRatio& ratio);

/// The image with the columns of every sublattice.
[[nodiscard]] report::Figure column_figure(const series::ColumnSet& set, const ImagePart& image);

/// Mean amplitude across the layers.
[[nodiscard]] report::Figure layer_figure(const series::LayerRatio& ratio);

}  // namespace hotstage::study::detail
