// SPDX-License-Identifier: GPL-3.0-or-later
// Axes and metadata of a signal as one line of JSON, for formats whose own fields cannot hold them (TIFF, CSV).

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/signal/signal.hpp"

#include <string>
#include <string_view>

namespace hotstage::signal::detail {

/// Compact JSON, schema hotstage.signal/1; quantities in base units, so that they come back unchanged.
[[nodiscard]] std::string describe(const Signal& signal);

/// Puts back what `describe` wrote. Sizes that do not fit the data, or text that is not ours, only raise a warning:
/// another program may have cropped the file.
void restore(Signal& signal, std::string_view json, Run& run);

}  // namespace hotstage::signal::detail
