// SPDX-License-Identifier: GPL-3.0-or-later
// Figures as data: panels with axes and marks, without a word about what is measured; two writers draw them.
//
// Arrays of a mark have equal lengths; a value that is not finite is a gap ("not measured"), never drawn.
// Texts may hold ^{…} and _{…} for what stands high or low: "LiNiO_{2}".

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/report/model.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hotstage::report {

enum class Scale { linear, log };

/// Which vertical axis of the panel a mark belongs to.
enum class Side { left, right };

enum class Dash { solid, dashed, dotted, dash_dot };

enum class Symbol { circle, square, diamond, triangle };

/// Colour-blind-safe colours (Okabe and Ito, https://jfly.uni-koeln.de/color/); `automatic` takes the next free one of
/// the panel.
enum class Colour { automatic, ink, blue, vermilion, green, orange, sky, purple, yellow, grey };

enum class ColourMap { viridis, inferno, grey, diverging };

/// Where the first row of an image lies: top as in a frame, bottom as in a graph.
enum class Origin { top, bottom };

enum class Anchor { left, centre, right };

/// Full is a double-column figure (183 mm), half a single-column one (89 mm).
enum class Width { full, half };

struct AxisSpec {
  std::string label;
  std::string unit;  ///< shown as "label (unit)"; exponents as nm^-2
  Scale scale = Scale::linear;
  std::optional<std::array<double, 2>> range;  ///< from the data when unset; first > second turns the axis round
};

struct Line {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sigma;  ///< band y ± sigma, empty for none
  Dash dash = Dash::solid;
  Colour colour = Colour::automatic;
  Side side = Side::left;
};

struct Points {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sigma_x;  ///< half lengths of the error bars, empty for none
  std::vector<double> sigma_y;
  Symbol symbol = Symbol::circle;
  Colour colour = Colour::automatic;
  Side side = Side::left;
};

/// One bar per label; several Bars of a panel stand side by side, so their labels must be the same.
struct Bars {
  std::string name;
  std::vector<std::string> labels;
  std::vector<double> values;
  std::vector<double> sigma;
  Colour colour = Colour::automatic;
};

/// A 2-D array on a regular grid, row-major.
struct Grid {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;
  std::array<double, 2> x{};  ///< outer edges of the first and last column, in the unit of the axis
  std::array<double, 2> y{};  ///< outer edges of the first and last row
};

struct ScaleBar {
  double length = 0.0;  ///< in the unit of the x axis
  std::string label;    ///< "5 nm"
};

/// Pixels are square (equal aspect) when the units of both axes are the same.
struct Image {
  std::string name;
  Grid grid;
  Origin origin = Origin::top;
  ColourMap colour_map = ColourMap::viridis;
  std::optional<std::array<double, 2>> range;  ///< values at the ends of the colour bar
  std::string bar_label;
  std::string bar_unit;
  std::optional<bool> bar;            ///< false: no colour bar, that of a neighbour counts for this one; unset: shown
  std::optional<ScaleBar> scale_bar;  ///< replaces the ticks of axes that have no label
};

/// Iso-lines of values given at the centres of the grid cells.
struct Contour {
  std::string name;
  Grid grid;
  std::vector<double> levels;
  Colour colour = Colour::ink;
};

/// A shaded window along x.
struct Span {
  std::string label;
  double first = 0.0;
  double last = 0.0;
  Colour colour = Colour::grey;
};

struct Text {
  std::string text;
  double x = 0.0;
  double y = 0.0;
  Anchor anchor = Anchor::centre;
  Side side = Side::left;
};

struct HorizontalLine {
  std::string label;
  double value = 0.0;
  Dash dash = Dash::dashed;
  Colour colour = Colour::grey;
  Side side = Side::left;
};

struct VerticalLine {
  std::string label;
  double value = 0.0;
  Dash dash = Dash::dashed;
  Colour colour = Colour::grey;
};

using Mark = std::variant<Line, Points, Bars, Image, Contour, Span, Text, HorizontalLine, VerticalLine>;

struct Panel {
  std::string title;
  AxisSpec x;
  AxisSpec y;
  std::optional<AxisSpec> y2;
  std::vector<Mark> marks;
  std::size_t row = 0;
  std::size_t column = 0;
  double height = 1.0;  ///< relative to a panel of normal height
  std::string x_link;   ///< panels with the same non-empty word share the x range and zoom together
};

struct Figure {
  std::string id;  ///< [a-z0-9-]: file name and anchor
  std::string title;
  std::string caption;
  std::vector<Panel> panels;  ///< none when there is a model
  std::optional<Model> model;
  Width width = Width::full;
  std::vector<std::string> notes;  ///< what was done to the data for display
};

/// Schema "hotstage.figure/1"; doubles survive exactly, also NaN and infinities.
[[nodiscard]] Value to_value(const Figure& figure);

/// Throws Error{bad_input} when members are missing, have the wrong kind or different lengths, Error{unsupported} for a
/// newer schema.
[[nodiscard]] Figure figure_from_value(const Value& value);

/// The figure as it is drawn: lines of more than 20 000 points keep the extremes of each interval, images larger than
/// one megapixel become block means. What was done stands in `notes`.
[[nodiscard]] Figure decimate(Figure figure);

}  // namespace hotstage::report
