// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader and the writer of HyperSpy files share: metadata keys.

#pragma once

#include "hotstage/signal/signal.hpp"

namespace hotstage::signal::hspy {

/// Fills `metadata` from HyperSpy's tree (keV, mrad, s). Zero means unknown there.
void read_metadata(const Value& tree, Signal& signal);

/// `signal.metadata` as HyperSpy's tree; what HyperSpy has no place for goes below "Hotstage".
[[nodiscard]] Value make_metadata(const Signal& signal);

}  // namespace hotstage::signal::hspy
