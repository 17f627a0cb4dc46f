// SPDX-License-Identifier: GPL-3.0-or-later
// Marks as Plotly traces, shapes and annotations.

#pragma once

#include "hotstage/report/detail/layout.hpp"

#include <cstddef>

namespace hotstage::report::detail {

inline constexpr double pixels_per_point = 1.5;  ///< 183 mm are 778 CSS pixels wide

/// What the marks of all panels add up to.
struct PlotlyParts {
  Value data = Value::array();
  Value shapes = Value::array();
  Value annotations = Value::array();
};

/// Names of the axes of the n-th panel: "x3", "y3", and "y103" for a right one.
struct AxisNames {
  std::string x;
  std::string y;
  std::string y2;
};

[[nodiscard]] AxisNames axis_names(std::size_t panel);

/// Pixels of a length in points.
[[nodiscard]] double pixels(double points);

[[nodiscard]] Value font(double points, Colour colour = Colour::ink);

/// A text at a place in data or paper coordinates, without an arrow.
[[nodiscard]] Value annotation(std::string_view rich, double points);

void append_marks(PlotlyParts& parts, const Layout& layout, std::size_t panel);

}  // namespace hotstage::report::detail
