// SPDX-License-Identifier: GPL-3.0-or-later
// Spectra of several signals one behind the other, as one signal; nothing is copied.

#pragma once

#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <vector>

namespace hotstage::eels::detail {

/// `count` items of a signal from `first` on; of a signal with one item, that item `count` times.
struct ItemRange {
  signal::Signal signal;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Calibrated counts over one axis "item"; axes, metadata and tags of the first signal. A difference of axis offsets
/// becomes an offset of the items. Throws Error{bad_input} when channels or item counts do not fit.
[[nodiscard]] signal::Signal item_list(std::vector<ItemRange> ranges);

}  // namespace hotstage::eels::detail
