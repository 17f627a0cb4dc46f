// SPDX-License-Identifier: GPL-3.0-or-later
// SVG elements: paths, texts and what the marks of a panel are made of.

#pragma once

#include "hotstage/report/detail/layout.hpp"

#include <string>
#include <string_view>

namespace hotstage::report::detail {

/// "stroke=… class=…" of a line in a colour.
[[nodiscard]] std::string stroke(Colour colour, double width, Dash dash = Dash::solid);

/// "fill=… class=…"
[[nodiscard]] std::string fill(Colour colour, double opacity = 1.0);

struct TextStyle {
  double size = tick_size;
  std::string_view anchor = "start";  ///< start, middle, end
  Colour colour = Colour::ink;
  bool bold = false;
  bool halo = false;  ///< stands on data: a thin border in the colour of the paper
  double turn = 0.0;  ///< degrees, clockwise
};

[[nodiscard]] std::string text_element(double x, double y, std::string_view rich, const TextStyle& style);

[[nodiscard]] std::string line_element(double x0, double y0, double x1, double y1, std::string_view attributes);

[[nodiscard]] std::string rect_element(const Box& box, std::string_view attributes);

/// A plotting symbol around a point.
[[nodiscard]] std::string symbol_element(Symbol symbol, double x, double y, Colour colour);

/// The part of a mark inside the data area, to be clipped.
[[nodiscard]] std::string mark_element(const PanelLayout& panel, std::size_t index);

/// Labels of a mark that may not be clipped.
[[nodiscard]] std::string mark_label(const PanelLayout& panel, std::size_t index);

/// Axes, title, legend, colour bar, scale bar.
[[nodiscard]] std::string frame_element(const PanelLayout& panel);

}  // namespace hotstage::report::detail
