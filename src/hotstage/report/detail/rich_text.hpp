// SPDX-License-Identifier: GPL-3.0-or-later
// Texts with ^{high} and _{low} parts, written for SVG, HTML and terminals, and how wide they are.

#pragma once

#include "hotstage/report/figure.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace hotstage::report::detail {

/// Bytes of the UTF-8 character that the text begins with; 0 when it begins with none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// '&', '<', '>', '"' and ''' as entities; control characters that XML forbids as spaces; U+FFFD for bytes that
/// are not UTF-8.
[[nodiscard]] std::string escape(std::string_view text);

/// Content of an SVG text element.
[[nodiscard]] std::string svg_text(std::string_view rich);

/// HTML, and the subset of it that Plotly understands.
[[nodiscard]] std::string html_text(std::string_view rich);

/// Unicode superscripts and subscripts where they exist: "nm⁻²".
[[nodiscard]] std::string plain_text(std::string_view rich);

/// "nm^-2" as "nm^{-2}", "degC" as "°C", "um" as "µm".
[[nodiscard]] std::string unit_text(std::string_view unit);

/// "Energy loss (eV)"; with an exponent of three "Intensity (10^{3} counts)".
[[nodiscard]] std::string titled(std::string_view label, std::string_view unit, int exponent = 0);

/// In points for Helvetica of `size` points, with a little room for wider substitutes.
[[nodiscard]] double text_width(std::string_view rich, double size);

/// A text usable as an element's id: letters, digits and '-'.
[[nodiscard]] std::string anchor_text(std::string_view text);

}  // namespace hotstage::report::detail
