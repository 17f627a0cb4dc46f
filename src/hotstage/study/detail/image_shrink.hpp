// SPDX-License-Identifier: GPL-3.0-or-later
// Images of a report made smaller: block means.

#pragma once

#include "hotstage/report/figure.hpp"

namespace hotstage::study::detail {

/// Means of the smallest whole blocks that bring the longer edge to `longest` or below; what does not fill a block at
/// the far edges falls away. Values that are not finite do not count.
[[nodiscard]] report::Grid block_means(const report::Grid& grid, std::size_t longest);

}  // namespace hotstage::study::detail
