// SPDX-License-Identifier: GPL-3.0-or-later
// A figure as a Plotly description: the same layout as the SVG, for zooming and reading values.

#pragma once

#include "hotstage/report/figure.hpp"

#include <string>

namespace hotstage::report {

/// JSON text {"data", "layout", "width", "height"} of plotly.js 3; may stand inside a script element. Width and height
/// are the natural size in CSS pixels. Draws what `decimate` leaves; long arrays are base64 typed arrays, images of
/// them float32.
[[nodiscard]] std::string to_plotly(const Figure& figure);

}  // namespace hotstage::report
