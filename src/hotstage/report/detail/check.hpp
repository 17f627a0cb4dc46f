// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a figure is well formed: lengths that belong together, grids with all their values, ranges a scale can show.

#pragma once

#include "hotstage/report/figure.hpp"

#include <string>

namespace hotstage::report::detail {

/// What is wrong, for a message; empty when nothing is.
[[nodiscard]] std::string problem(const Mark& mark);

[[nodiscard]] std::string problem(const Figure& figure);

}  // namespace hotstage::report::detail
