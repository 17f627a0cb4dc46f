// SPDX-License-Identifier: GPL-3.0-or-later
// What a microscope writes beside its frames.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/stem/imaging.hpp"

namespace hotstage::stem::detail {

/// Tags of DigitalMicrograph, nominal values only.
[[nodiscard]] Value instrument_tags(const ImagingOptions& options);

}  // namespace hotstage::stem::detail
