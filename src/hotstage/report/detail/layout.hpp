// SPDX-License-Identifier: GPL-3.0-or-later
// Where everything of a figure stands, in points, y down: both writers draw the same layout.

#pragma once

#include "hotstage/report/detail/ticks.hpp"
#include "hotstage/report/figure.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::report::detail {

inline constexpr double tick_size = 8.0;  ///< font sizes in points
inline constexpr double label_size = 8.5;
inline constexpr double title_size = 9.0;
inline constexpr double tick_length = 3.0;
inline constexpr double legend_row = 11.0;  ///< height of a row of the legend, or of labels of windows
inline constexpr double legend_key = 18.0;  ///< width of the key before a name

struct Box {
  double x = 0.0;
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;

  [[nodiscard]] double right() const { return x + width; }

  [[nodiscard]] double bottom() const { return y + height; }
};

/// Shown ends of an axis: left or bottom first. Logarithmic ends are positive.
struct AxisLayout {
  double first = 0.0;
  double last = 1.0;
  Scale scale = Scale::linear;
  Ticks ticks;
  std::string title;     ///< rich text, with unit and common exponent
  bool hidden = false;   ///< nothing is drawn: a scale bar says it all
  bool labelled = true;  ///< false: ticks without numbers, the panel below has them

  /// 0 at first, 1 at last; nothing where a logarithmic axis has no place.
  [[nodiscard]] std::optional<double> fraction(double value) const;
};

enum class LegendPlace { none, top_right, top_left, bottom_right, bottom_left, above };

struct Legend {
  LegendPlace place = LegendPlace::none;
  Box box;
  std::vector<std::size_t> marks;         ///< indices of the named marks
  std::vector<std::array<double, 2>> at;  ///< left end and middle height of each entry
};

struct ColourBar {
  std::size_t mark = 0;
  Box box;
  AxisLayout axis;
};

/// A label at the upper edge of the panel that belongs to a window or a vertical line.
struct TopLabel {
  std::size_t mark = 0;
  double x = 0.0;         ///< points: middle of a window, position of a line
  std::size_t level = 0;  ///< 0 is uppermost
  bool centred = true;
};

struct PanelLayout {
  const Panel* panel = nullptr;
  std::string letter;  ///< "a", "b", … when there are several panels
  Box box;             ///< the data area
  AxisLayout x;
  AxisLayout y;
  std::optional<AxisLayout> y2;
  std::vector<Colour> colours;  ///< of each mark, never automatic
  bool has_image = false;
  std::vector<std::string> categories;  ///< labels of bars at x = 0, 1, …
  std::size_t bar_groups = 0;
  Legend legend;
  std::optional<ColourBar> colour_bar;
  std::vector<TopLabel> top_labels;

  [[nodiscard]] const AxisLayout& vertical(Side side) const { return side == Side::right && y2 ? *y2 : y; }

  /// Points; nothing where the value cannot be shown.
  [[nodiscard]] std::optional<double> x_at(double value) const;
  [[nodiscard]] std::optional<double> y_at(double value, Side side = Side::left) const;

  /// First and last x of a bar of the n-th Bars of the panel.
  [[nodiscard]] std::array<double, 2> bar(std::size_t group, std::size_t index) const;
};

struct Layout {
  double width = 0.0;
  double height = 0.0;
  std::vector<PanelLayout> panels;
};

/// The figure must be well formed (`problem` is empty) and must outlive the layout.
[[nodiscard]] Layout lay_out(const Figure& figure);

/// Whether numbers between the ends of a range can be told apart; neither end may be beyond 1e100.
[[nodiscard]] bool wide_enough(double low, double high);

/// Range of the values of an image as its colour bar shows it.
[[nodiscard]] std::array<double, 2> colour_range(const Image& image);

// The steps of lay_out, one file each.
void find_ranges(Layout& layout);           ///< x, y, y2 of every panel, from data, windows and links
void find_colours(PanelLayout& panel);      ///< resolves `automatic`
void place_top_labels(PanelLayout& panel);  ///< needs box and x range
void place_legend(PanelLayout& panel);      ///< in the emptiest corner; `above` when every corner has data
[[nodiscard]] double legend_height(const PanelLayout& panel, double width);  ///< of a legend above a panel

}  // namespace hotstage::report::detail
