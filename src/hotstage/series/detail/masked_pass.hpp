// SPDX-License-Identifier: GPL-3.0-or-later
// The last alignment of a registration, without the regions that change.

#pragma once

#include "hotstage/series/detail/registration_work.hpp"

namespace hotstage::series::detail {

/// Looks for regions that change (detail/evolving.hpp). Where they shift any part of the series by more than a quarter
/// of the uncertainty of one frame, every frame is read once more and compared, weighted, with the weighted mean of all
/// others. Nothing happens when less than 0.3 of the information on a shift would be left.
[[nodiscard]] RegionWeights mask_evolving(Work& w, const num::RealFft2& fft);

}  // namespace hotstage::series::detail
