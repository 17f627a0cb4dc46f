// SPDX-License-Identifier: GPL-3.0-or-later
// Writes signals as one DM4 file with the tags that Gatan's programs, HyperSpy and this reader look for.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/signal/signal.hpp"

#include <filesystem>
#include <span>

namespace hotstage::signal::dm {

/// Images, stacks, spectra, line scans, spectrum images and scans of images; data stream through run.memory.
///
/// Throws Error{unsupported} for what DM4 cannot say (non-uniform axes, an energy offset per item, more navigation
/// axes).
void write(std::span<const Signal> signals, const std::filesystem::path& file, Run& run);

}  // namespace hotstage::signal::dm
