// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/layout.hpp"

#include "hotstage/report/detail/rich_text.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::report::detail {

namespace {

constexpr double points_per_mm = 72.0 / 25.4;
constexpr double full_width = 183.0 * points_per_mm;
constexpr double half_width = 89.0 * points_per_mm;
constexpr double edge = 4.0;  // free space around everything
constexpr double column_gap = 14.0;
constexpr double row_gap = 8.0;
constexpr double tick_gap = 2.0;
constexpr double title_gap = 4.0;
constexpr double bar_gap = 6.0;  // between an image and its colour bar
constexpr double bar_width = 8.0;
constexpr double far = 1e4;  // points beyond it are drawn there: renderers lose precision with larger numbers
constexpr int passes = 3;    // margins depend on tick labels, these on the size of the data area

struct Margins {
  double left = 0.0;
  double right = 0.0;
  double top = 0.0;
  double bottom = 0.0;
};

double widest(const Ticks& ticks) {
  double width = 0.0;
  for (const Tick& tick : ticks.major) {
    width = std::max(width, text_width(tick.label, tick_size));
  }
  return width;
}

double side_width(const AxisLayout& axis) {
  return axis.hidden
             ? 0.0
             : tick_length + tick_gap + widest(axis.ticks) + (axis.title.empty() ? 0.0 : title_gap + label_size);
}

void make_ticks(AxisLayout& axis, const AxisSpec& spec, int count) {
  const double low = std::min(axis.first, axis.last);
  const double high = std::max(axis.first, axis.last);
  axis.ticks = axis.scale == Scale::log ? log_ticks(low, high, count) : linear_ticks(low, high, count);
  axis.title = titled(spec.label, spec.unit, axis.ticks.exponent);
}

const Image* first_image(const PanelLayout& panel) {
  for (const Mark& mark : panel.panel->marks) {
    if (const auto* image = std::get_if<Image>(&mark)) {
      return image;
    }
  }
  return nullptr;
}

bool square_pixels(const PanelLayout& panel) {
  const bool linear = panel.x.scale == Scale::linear && panel.y.scale == Scale::linear;
  return panel.has_image && linear && panel.panel->x.unit == panel.panel->y.unit;
}

/// Height over width of the shown area in data units.
double aspect(const PanelLayout& panel) {
  return std::abs(panel.y.last - panel.y.first) / std::abs(panel.x.last - panel.x.first);
}

class Layouter {
 public:
  explicit Layouter(const Figure& figure) {
    layout_.width = figure.width == Width::full ? full_width : half_width;
    for (const Panel& panel : figure.panels) {
      PanelLayout& placed = layout_.panels.emplace_back();
      placed.panel = &panel;
      rows_ = std::max(rows_, panel.row + 1);
      columns_ = std::max(columns_, panel.column + 1);
    }
    find_ranges(layout_);
    for (std::size_t i = 0; i < layout_.panels.size(); ++i) {
      prepare(i);
    }
    original_ = layout_.panels;
  }

  Layout run() {
    for (PanelLayout& panel : layout_.panels) {
      panel.box = {0.0, 0.0, 0.75 * layout_.width / static_cast<double>(columns_), base_height()};
    }
    for (int pass = 0; pass < passes; ++pass) {
      for (std::size_t i = 0; i < layout_.panels.size(); ++i) {
        label(i);
      }
      place_boxes();
    }
    for (std::size_t i = 0; i < layout_.panels.size(); ++i) {
      label(i);
      place_colour_bar(layout_.panels[i]);
      place_legend(layout_.panels[i]);
    }
    return std::move(layout_);
  }

 private:
  void prepare(std::size_t index) {
    PanelLayout& panel = layout_.panels[index];
    find_colours(panel);
    const Image* image = first_image(panel);
    panel.has_image = image != nullptr;
    for (const Mark& mark : panel.panel->marks) {
      if (const auto* bars = std::get_if<Bars>(&mark)) {
        panel.categories = bars->labels;
        ++panel.bar_groups;
      }
    }
    if (image != nullptr && image->scale_bar) {
      panel.x.hidden = panel.panel->x.label.empty();
      panel.y.hidden = panel.panel->y.label.empty();
    }
    if (layout_.panels.size() > 1 && layout_.panels.size() <= 26) {
      panel.letter = std::string(1, static_cast<char>('a' + index));
    }
    for (const PanelLayout& other : layout_.panels) {
      const bool below = other.panel->row == panel.panel->row + 1 && other.panel->column == panel.panel->column;
      if (below && !panel.panel->x_link.empty() && other.panel->x_link == panel.panel->x_link) {
        panel.x.labelled = false;
      }
    }
  }

  [[nodiscard]] double base_height() const {
    const bool half = layout_.width < 0.6 * full_width;
    return half ? 140.0 : columns_ == 1 ? 165.0 : columns_ == 2 ? 145.0 : 120.0;
  }

  /// Everything that depends on the size of the data area: ticks, labels of windows, room for these, the legend.
  void label(std::size_t index) {
    PanelLayout& panel = layout_.panels[index];
    panel.y = original_[index].y;
    panel.y2 = original_[index].y2;
    place_top_labels(panel);
    make_room(panel);
    const int x_count = std::max(2, static_cast<int>(panel.box.width / 52.0));
    const int y_count = std::max(2, static_cast<int>(panel.box.height / 30.0));
    make_ticks(panel.x, panel.panel->x, x_count);
    make_ticks(panel.y, panel.panel->y, y_count);
    if (panel.y2) {
      make_ticks(*panel.y2, *panel.panel->y2, y_count);
    }
    if (!panel.categories.empty()) {
      panel.x.ticks = {};
      for (std::size_t i = 0; i < panel.categories.size(); ++i) {
        panel.x.ticks.major.push_back({static_cast<double>(i), panel.categories[i]});
      }
      panel.x.title = titled(panel.panel->x.label, panel.panel->x.unit);
    }
    measure_colour_bar(panel, y_count);
    if (panel.legend.place != LegendPlace::above) {
      place_legend(panel);
    }
  }

  /// Labels at the upper edge must not lie on the data: automatic ranges grow by the part the labels take.
  static void make_room(PanelLayout& panel) {
    std::size_t levels = 0;
    for (const TopLabel& label : panel.top_labels) {
      levels = std::max(levels, label.level + 1);
    }
    const double part = std::min(0.5, static_cast<double>(levels) * legend_row / panel.box.height);
    const auto grow = [&](AxisLayout& axis, const AxisSpec& spec) {
      if (spec.range || panel.has_image || levels == 0) {
        return;
      }
      axis.last = axis.scale == Scale::log ? axis.first * std::pow(axis.last / axis.first, 1.0 / (1.0 - part))
                                           : axis.first + (axis.last - axis.first) / (1.0 - part);
    };
    grow(panel.y, panel.panel->y);
    if (panel.y2) {
      grow(*panel.y2, *panel.panel->y2);
    }
  }

  static void measure_colour_bar(PanelLayout& panel, int count) {
    panel.colour_bar.reset();
    for (std::size_t i = 0; i < panel.panel->marks.size(); ++i) {
      const auto* image = std::get_if<Image>(&panel.panel->marks[i]);
      if (image != nullptr && image->bar.value_or(true) && !panel.colour_bar) {
        ColourBar bar{.mark = i, .box = {}, .axis = {}};
        const auto range = colour_range(*image);
        bar.axis.first = range[0];
        bar.axis.last = range[1];
        make_ticks(bar.axis, {.label = image->bar_label, .unit = image->bar_unit}, count);
        panel.colour_bar = bar;
      }
    }
  }

  [[nodiscard]] static Margins margins(const PanelLayout& panel) {
    Margins m;
    m.left = side_width(panel.y);
    m.right = panel.y2 ? side_width(*panel.y2) : 0.0;
    if (panel.colour_bar) {
      m.right += bar_gap + bar_width + side_width(panel.colour_bar->axis);
    } else if (!panel.y2 && !panel.x.hidden) {
      m.right = panel.x.ticks.major.empty() ? 0.0 : 0.4 * text_width(panel.x.ticks.major.back().label, tick_size);
    }
    const bool titled_above = !panel.letter.empty() || !panel.panel->title.empty();
    m.top = (titled_above ? title_size + title_gap : 3.0) + legend_height(panel, panel.box.width);
    const bool numbers = panel.x.labelled && !panel.x.hidden;
    m.bottom = panel.x.hidden ? 2.0 : tick_length + tick_gap;
    m.bottom += numbers ? tick_size + (panel.x.title.empty() ? 0.0 : title_gap + label_size) + 2.0 : 0.0;
    return m;
  }

  void place_boxes() {
    std::vector<Margins> columns(columns_);
    std::vector<Margins> rows(rows_);
    double width = layout_.width - 2 * edge - column_gap * static_cast<double>(columns_ - 1);
    for (const PanelLayout& panel : layout_.panels) {
      const Margins m = margins(panel);
      Margins& column = columns[panel.panel->column];
      Margins& row = rows[panel.panel->row];
      column.left = std::max(column.left, m.left);
      column.right = std::max(column.right, m.right);
      row.top = std::max(row.top, m.top);
      row.bottom = std::max(row.bottom, m.bottom);
    }
    for (const Margins& column : columns) {
      width -= column.left + column.right;
    }
    width = std::max(40.0, width / static_cast<double>(columns_));
    std::vector<double> heights(rows_, 0.0);
    for (const PanelLayout& panel : layout_.panels) {
      double& height = heights[panel.panel->row];
      height = std::max(height, wanted_height(panel, width));
    }
    double y = edge;
    for (std::size_t row = 0; row < rows_; ++row) {
      y += rows[row].top;
      place_row(row, {edge, y, width, heights[row]}, columns);
      y += heights[row] + rows[row].bottom + (row + 1 < rows_ ? row_gap : 0.0);
    }
    layout_.height = y + edge;
  }

  [[nodiscard]] double wanted_height(const PanelLayout& panel, double width) const {
    const double normal = base_height() * panel.panel->height;
    if (!square_pixels(panel)) {
      return normal;
    }
    constexpr double least = 30.0;
    const double most = std::max(normal, std::min(width, 1.5 * normal));
    return std::clamp(width * aspect(panel), least, most);
  }

  void place_row(std::size_t row, const Box& first, const std::vector<Margins>& columns) {
    double x = first.x;
    for (std::size_t column = 0; column < columns_; ++column) {
      x += columns[column].left;
      for (PanelLayout& panel : layout_.panels) {
        if (panel.panel->row == row && panel.panel->column == column) {
          panel.box = {x, first.y, first.width, first.height};
          if (square_pixels(panel)) {
            fit_aspect(panel.box, aspect(panel));
          }
        }
      }
      x += first.width + columns[column].right + column_gap;
    }
  }

  static void fit_aspect(Box& box, double ratio) {
    const double width = box.height / ratio;
    if (width <= box.width) {
      box.x += 0.5 * (box.width - width);
      box.width = width;
    } else {
      const double height = box.width * ratio;
      box.y += 0.5 * (box.height - height);
      box.height = height;
    }
  }

  static void place_colour_bar(PanelLayout& panel) {
    if (panel.colour_bar) {
      const double offset = panel.y2 ? side_width(*panel.y2) : 0.0;
      panel.colour_bar->box = {panel.box.right() + offset + bar_gap, panel.box.y, bar_width, panel.box.height};
    }
  }

  Layout layout_;
  std::vector<PanelLayout> original_;  ///< with the ranges of the data alone
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace

std::optional<double> AxisLayout::fraction(double value) const {
  if (!std::isfinite(value) || (scale == Scale::log && !(value > 0.0))) {
    return std::nullopt;
  }
  return scale == Scale::log ? std::log(value / first) / std::log(last / first) : (value - first) / (last - first);
}

std::optional<double> PanelLayout::x_at(double value) const {
  const auto fraction = x.fraction(value);
  return fraction ? std::optional(std::clamp(box.x + *fraction * box.width, -far, far)) : std::nullopt;
}

std::optional<double> PanelLayout::y_at(double value, Side side) const {
  const auto fraction = vertical(side).fraction(value);
  return fraction ? std::optional(std::clamp(box.bottom() - *fraction * box.height, -far, far)) : std::nullopt;
}

std::array<double, 2> PanelLayout::bar(std::size_t group, std::size_t index) const {
  constexpr double occupied = 0.7;  // of the distance between labels
  const double width = occupied / static_cast<double>(std::max<std::size_t>(1, bar_groups));
  const double first = static_cast<double>(index) - 0.5 * occupied + static_cast<double>(group) * width;
  return {first, first + width};
}

Layout lay_out(const Figure& figure) {
  return Layouter(figure).run();
}

}  // namespace hotstage::report::detail
