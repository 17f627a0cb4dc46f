// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/layout.hpp"
#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/rich_text.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::report::detail {

namespace {

constexpr double legend_pad = 4.0;
constexpr double entry_gap = 10.0;

const std::string* legend_name(const Mark& mark) {
  return std::visit(
      [](const auto& m) -> const std::string* {
        if constexpr (requires {
                        m.name;
                        m.colour;
                      }) {
          return m.name.empty() ? nullptr : &m.name;
        } else {
          return nullptr;
        }
      },
      mark);
}

double entry_width(const Mark& mark) {
  return legend_key + text_width(*legend_name(mark), tick_size);
}

/// Whether data touch a box; walks along lines in steps smaller than the box.
class Touches {
 public:
  Touches(const PanelLayout& panel, const Box& box) : panel_(panel), box_(box) {}

  bool operator()(const Line& line) const { return any(line.x, line.y, line.side, true); }

  bool operator()(const Points& points) const {
    for (std::size_t i = 0; i < points.x.size(); ++i) {
      const double sigma = points.sigma_y.empty() ? 0.0 : points.sigma_y[i];
      for (const double y : {points.y[i] - sigma, points.y[i], points.y[i] + sigma}) {
        if (inside(panel_.x_at(points.x[i]), panel_.y_at(y, points.side))) {
          return true;
        }
      }
    }
    return false;
  }

  bool operator()(const Bars& bars) const {
    for (std::size_t i = 0; i < bars.values.size(); ++i) {
      const double top = bars.values[i] + (bars.sigma.empty() ? 0.0 : bars.sigma[i]);
      const auto x = panel_.x_at(static_cast<double>(i));
      const auto y = panel_.y_at(top);
      const double half = panel_.box.width / static_cast<double>(2 * bars.values.size());
      if (x && y && *x + half > box_.x && *x - half < box_.right() && *y < box_.bottom()) {
        return true;
      }
    }
    return false;
  }

  bool operator()(const Image&) const { return true; }

  bool operator()(const Contour&) const { return true; }

  bool operator()(const Span&) const { return false; }

  bool operator()(const Text& text) const {
    const auto x = panel_.x_at(text.x);
    const double width = text_width(text.text, tick_size);
    const double left = text.anchor == Anchor::left ? 0.0 : text.anchor == Anchor::centre ? width / 2 : width;
    return x && (inside(*x - left, panel_.y_at(text.y, text.side)) || inside(x, panel_.y_at(text.y, text.side)) ||
                 inside(*x - left + width, panel_.y_at(text.y, text.side)));
  }

  bool operator()(const HorizontalLine& line) const {
    const auto y = panel_.y_at(line.value, line.side);
    return y && *y > box_.y - legend_row && *y < box_.bottom() + legend_row;  // its label stands above it
  }

  bool operator()(const VerticalLine& line) const {
    const auto x = panel_.x_at(line.value);
    return x && *x > box_.x && *x < box_.right();
  }

 private:
  [[nodiscard]] bool inside(std::optional<double> x, std::optional<double> y) const {
    return x && y && *x > box_.x && *x < box_.right() && *y > box_.y && *y < box_.bottom();
  }

  [[nodiscard]] bool any(const std::vector<double>& xs, const std::vector<double>& ys, Side side, bool joined) const {
    std::optional<double> last_x;
    std::optional<double> last_y;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const auto x = panel_.x_at(xs[i]);
      const auto y = panel_.y_at(ys[i], side);
      const bool segment = joined && x && y && last_x && last_y;
      const double reach = segment ? std::max(std::abs(*x - *last_x), std::abs(*y - *last_y)) : 0.0;
      const int steps = std::clamp(static_cast<int>(reach / legend_pad) + 1, 1, 500);
      for (int k = 1; k <= steps; ++k) {
        const double t = segment ? static_cast<double>(k) / steps : 1.0;
        if (x && y &&
            inside(segment ? *last_x + t * (*x - *last_x) : *x, segment ? *last_y + t * (*y - *last_y) : *y)) {
          return true;
        }
      }
      last_x = x;
      last_y = y;
    }
    return false;
  }

  const PanelLayout& panel_;
  Box box_;
};

Box corner_box(const PanelLayout& panel, LegendPlace place, double width, double height) {
  std::size_t levels = 0;
  for (const TopLabel& label : panel.top_labels) {
    levels = std::max(levels, label.level + 1);
  }
  const double below_labels = static_cast<double>(levels) * legend_row;
  const bool left = place == LegendPlace::top_left || place == LegendPlace::bottom_left;
  const bool top = place == LegendPlace::top_left || place == LegendPlace::top_right;
  return {left ? panel.box.x + legend_pad : panel.box.right() - legend_pad - width,
          top ? panel.box.y + legend_pad + below_labels : panel.box.bottom() - legend_pad - height, width, height};
}

/// Entries in rows that fit into `width`; returns the number of rows.
std::size_t flow(const PanelLayout& panel, double width, std::vector<std::array<double, 2>>& at) {
  double x = 0.0;
  std::size_t row = 0;
  for (const std::size_t index : panel.legend.marks) {
    const double entry = entry_width(panel.panel->marks[index]);
    if (x > 0.0 && x + entry > width) {
      x = 0.0;
      ++row;
    }
    at.push_back({x, (static_cast<double>(row) + 0.5) * legend_row});
    x += entry + entry_gap;
  }
  return row + 1;
}

}  // namespace

void find_colours(PanelLayout& panel) {
  std::size_t next = 0;
  for (const Mark& mark : panel.panel->marks) {
    panel.colours.push_back(std::visit(
        [&next](const auto& m) {
          if constexpr (requires { m.colour; }) {
            return m.colour != Colour::automatic ? m.colour : automatic_colours()[next++ % automatic_colours().size()];
          } else {
            return Colour::ink;
          }
        },
        mark));
    if (legend_name(mark) != nullptr) {
      panel.legend.marks.push_back(panel.colours.size() - 1);
    }
  }
}

double legend_height(const PanelLayout& panel, double width) {
  if (panel.legend.place != LegendPlace::above) {
    return 0.0;
  }
  std::vector<std::array<double, 2>> at;
  return static_cast<double>(flow(panel, width, at)) * legend_row + legend_pad;
}

void place_legend(PanelLayout& panel) {
  Legend& legend = panel.legend;
  legend.at.clear();
  if (legend.marks.empty()) {
    return;
  }
  double width = 0.0;
  for (const std::size_t index : legend.marks) {
    width = std::max(width, entry_width(panel.panel->marks[index]));
  }
  const double height = static_cast<double>(legend.marks.size()) * legend_row;
  const bool may_be_inside = width < 0.6 * panel.box.width && height < 0.6 * panel.box.height;
  for (const LegendPlace place :
       {LegendPlace::top_right, LegendPlace::top_left, LegendPlace::bottom_right, LegendPlace::bottom_left}) {
    const Box box = corner_box(panel, place, width, height);
    const Touches touches(panel,
                          {box.x - legend_pad, box.y - legend_pad, width + 2 * legend_pad, height + 2 * legend_pad});
    const bool taken =
        std::ranges::any_of(panel.panel->marks, [&](const Mark& mark) { return std::visit(touches, mark); });
    if (may_be_inside && !taken && legend.place != LegendPlace::above) {
      legend.place = place;
      legend.box = box;
      for (std::size_t i = 0; i < legend.marks.size(); ++i) {
        legend.at.push_back({box.x, box.y + (static_cast<double>(i) + 0.5) * legend_row});
      }
      return;
    }
  }
  legend.place = LegendPlace::above;
  const double rows = static_cast<double>(flow(panel, panel.box.width, legend.at)) * legend_row;
  legend.box = {panel.box.x, panel.box.y - rows - legend_pad, panel.box.width, rows};
  for (auto& [x, y] : legend.at) {
    x += legend.box.x;
    y += legend.box.y;
  }
}

void place_top_labels(PanelLayout& panel) {
  struct Placed {
    double left;
    double right;
    std::size_t level;
  };

  panel.top_labels.clear();
  std::vector<Placed> placed;
  for (std::size_t i = 0; i < panel.panel->marks.size(); ++i) {
    const auto* span = std::get_if<Span>(&panel.panel->marks[i]);
    const auto* line = std::get_if<VerticalLine>(&panel.panel->marks[i]);
    const std::string& text = span != nullptr ? span->label : line != nullptr ? line->label : std::string();
    const auto x = span != nullptr   ? panel.x_at(0.5 * (span->first + span->last))
                   : line != nullptr ? panel.x_at(line->value)
                                     : std::nullopt;
    if (text.empty() || !x || *x < panel.box.x || *x > panel.box.right()) {
      continue;
    }
    const double width = text_width(text, tick_size);
    double left = span != nullptr ? *x - width / 2 : *x + 2.0;
    left = std::clamp(left, panel.box.x, std::max(panel.box.x, panel.box.right() - width));
    TopLabel label{.mark = i, .x = span != nullptr ? left + width / 2 : left, .level = 0, .centred = span != nullptr};
    const auto collides = [&](const Placed& other) {
      constexpr double gap = 3.0;
      return other.level == label.level && left < other.right + gap && left + width > other.left - gap;
    };
    while (std::ranges::any_of(placed, collides)) {
      ++label.level;
    }
    placed.push_back({left, left + width, label.level});
    panel.top_labels.push_back(label);
  }
}

}  // namespace hotstage::report::detail
