// SPDX-License-Identifier: GPL-3.0-or-later
// EELS spectrum images of Velox: one energy range each, stored (x, E, y), calibrated per row.

#pragma once

#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/signal.hpp"

#include <string>
#include <vector>

namespace hotstage::signal::velox {

/// counts = stored · intensityScale + intensityOffset. Throws Error{bad_input|unsupported}.
[[nodiscard]] Signal read_eels(const io::Hdf5File& file, const std::string& group);

/// Orders the ranges of one acquisition by energy, low loss first, and names them.
void name_ranges(std::vector<Signal>& ranges);

}  // namespace hotstage::signal::velox
