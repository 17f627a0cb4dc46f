// SPDX-License-Identifier: GPL-3.0-or-later
// What makes the position of a frame uncertain beyond the scatter of phases.

#pragma once

#include "hotstage/series/detail/registration_work.hpp"

namespace hotstage::series::detail {

/// Fills Work::noise_factor and Work::row_information.
void place_noise(Work& w, const num::RealFft2& fft);

/// Fills scan_y_px and scan_x_px from the usual step between frames.
void add_scan_sigma(const Work& w, std::vector<FrameDrift>& frames);

/// Cramér–Rao bound per axis of one frame, px.
[[nodiscard]] double cramer_rao_px(const Work& w);

}  // namespace hotstage::series::detail
