// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and figures of phase maps.

#pragma once

#include "hotstage/series/phase_map.hpp"
#include "hotstage/study/detail/series_lattice.hpp"

namespace hotstage::study::detail {

/// One row per window, places of the centres in nm of the whole image.
[[nodiscard]] io::Table phase_table(const series::PhaseMap& map, const ImagePart& image);

/// The image, and the windows coloured by phase.
[[nodiscard]] report::Figure phase_figure(const series::PhaseMap& map, const ImagePart& image);

/// ε_xx by local fits and by geometric phase analysis, side by side.
[[nodiscard]] report::Figure strain_figure(const series::PhaseMap& map, const ImagePart& image);

/// 0 not told, 1 layered, 2 spinel, 3 rock salt, 4 metal.
[[nodiscard]] signal::Signal phase_signal(const series::PhaseMap& map, const ImagePart& image);

}  // namespace hotstage::study::detail
