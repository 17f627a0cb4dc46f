// SPDX-License-Identifier: GPL-3.0-or-later
// One frame of a strip as a panel: image, scale bar, outlines, temperature and time.

#pragma once

#include "hotstage/study/detail/film.hpp"

namespace hotstage::study::detail {

/// `range`: values shown black and white.
[[nodiscard]] report::Panel strip_panel(const Film& film, const FilmFrame& frame, std::array<double, 2> range);

}  // namespace hotstage::study::detail
