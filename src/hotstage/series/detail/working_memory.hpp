// SPDX-License-Identifier: GPL-3.0-or-later
// What a registration needs to hold at once, against what it may.

#pragma once

#include "hotstage/series/detail/registration_work.hpp"

namespace hotstage::series::detail {

/// Lowers run.threads until the frames in work fit run.memory beside what must be kept; positions do not depend on it.
/// Before the coarse pass only frames count, before the fine pass also the spectra of three blocks, the anchors and the
/// parts, in the band that was found. Throws Error{no_space} when one thread is too many.
void fit_coarse(Work& w);
void fit_fine(Work& w);

}  // namespace hotstage::series::detail
