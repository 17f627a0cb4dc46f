// SPDX-License-Identifier: GPL-3.0-or-later
// A figure as a standalone SVG drawing, sized in millimetres for print.

#pragma once

#include "hotstage/report/figure.hpp"

#include <string>

namespace hotstage::report {

/// Draws what `decimate` leaves. Elements carry classes (s-blue: stroke, f-ink: fill) so that a page may recolour them.
[[nodiscard]] std::string to_svg(const Figure& figure);

}  // namespace hotstage::report
