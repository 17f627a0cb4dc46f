// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/check.hpp"

#include "hotstage/report/detail/layout.hpp"
#include "hotstage/report/detail/model_svg.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::report::detail {

namespace {

struct Problem {
  std::string operator()(const Line& line) const {
    if (line.y.size() != line.x.size()) {
      return fmt::format("line \"{}\" has {} x and {} y values", line.name, line.x.size(), line.y.size());
    }
    return optional_length(line.name, line.sigma.size(), line.x.size());
  }

  std::string operator()(const Points& points) const {
    if (points.y.size() != points.x.size()) {
      return fmt::format("points \"{}\" have {} x and {} y values", points.name, points.x.size(), points.y.size());
    }
    const std::string bad_x = optional_length(points.name, points.sigma_x.size(), points.x.size());
    return bad_x.empty() ? optional_length(points.name, points.sigma_y.size(), points.x.size()) : bad_x;
  }

  std::string operator()(const Bars& bars) const {
    if (bars.values.size() != bars.labels.size()) {
      return fmt::format("bars \"{}\" have {} labels and {} values", bars.name, bars.labels.size(), bars.values.size());
    }
    return optional_length(bars.name, bars.sigma.size(), bars.labels.size());
  }

  std::string operator()(const Image& image) const {
    if (image.range && !wide_enough((*image.range)[0], (*image.range)[1])) {
      return fmt::format("the colours of \"{}\" cannot run from {} to {}", image.name, (*image.range)[0],
                         (*image.range)[1]);
    }
    return grid_problem(image.name, image.grid);
  }

  std::string operator()(const Contour& contour) const { return grid_problem(contour.name, contour.grid); }

  template <class M>
  std::string operator()(const M&) const {
    return {};
  }

 private:
  static std::string optional_length(const std::string& name, std::size_t sigmas, std::size_t expected) {
    return sigmas == 0 || sigmas == expected
               ? std::string()
               : fmt::format("\"{}\" has {} uncertainties for {} values", name, sigmas, expected);
  }

  static std::string grid_problem(const std::string& name, const Grid& grid) {
    const std::size_t count = grid.values.size();
    if (grid.rows == 0 || grid.columns == 0 || count / grid.columns != grid.rows || count % grid.columns != 0) {
      return fmt::format("\"{}\" has {} values for {} rows of {} columns", name, count, grid.rows, grid.columns);
    }
    for (const double edge : {grid.x[0], grid.x[1], grid.y[0], grid.y[1]}) {
      if (!std::isfinite(edge)) {
        return fmt::format("\"{}\" has an edge that is not a number", name);
      }
    }
    return !wide_enough(grid.x[0], grid.x[1]) || !wide_enough(grid.y[0], grid.y[1])
               ? fmt::format("\"{}\" has no extent", name)
               : std::string();
  }
};

std::string axis_problem(const AxisSpec& axis) {
  if (!axis.range) {
    return {};
  }
  const auto [first, last] = *axis.range;
  if (!std::isfinite(first) || !std::isfinite(last) || !wide_enough(first, last)) {
    return fmt::format("axis \"{}\" cannot run from {} to {}", axis.label, first, last);
  }
  return axis.scale == Scale::log && (first <= 0.0 || last <= 0.0)
             ? fmt::format("logarithmic axis \"{}\" cannot run from {} to {}", axis.label, first, last)
             : std::string();
}

std::string bars_problem(const Panel& panel) {
  const Bars* first = nullptr;
  for (const Mark& mark : panel.marks) {
    if (const auto* bars = std::get_if<Bars>(&mark)) {
      if (first != nullptr && first->labels != bars->labels) {
        return fmt::format(R"(bars "{}" and "{}" of one panel have different labels)", first->name, bars->name);
      }
      first = bars;
    }
  }
  return {};
}

bool needs_right_axis(const Mark& mark) {
  return std::visit(
      [](const auto& m) {
        if constexpr (requires { m.side; }) {
          return m.side == Side::right;
        } else {
          return false;
        }
      },
      mark);
}

std::string panel_problem(const Panel& panel) {
  constexpr std::size_t largest_grid = 64;
  if (panel.row >= largest_grid || panel.column >= largest_grid) {
    return fmt::format("panel \"{}\" stands at row {}, column {}; at most {} are drawn", panel.title, panel.row,
                       panel.column, largest_grid);
  }
  if (!(panel.height > 0.0) || !(panel.height <= 10.0)) {
    return fmt::format("panel \"{}\" has the relative height {}, not one between 0 and 10", panel.title, panel.height);
  }
  for (const AxisSpec* axis : {&panel.x, &panel.y, panel.y2 ? &*panel.y2 : &panel.y}) {
    if (std::string text = axis_problem(*axis); !text.empty()) {
      return text;
    }
  }
  for (const Mark& mark : panel.marks) {
    if (std::string text = problem(mark); !text.empty()) {
      return text;
    }
    const bool image_on_log =
        std::holds_alternative<Image>(mark) && (panel.x.scale == Scale::log || panel.y.scale == Scale::log);
    if (image_on_log || (std::holds_alternative<Bars>(mark) && panel.x.scale == Scale::log)) {
      return fmt::format("panel \"{}\" has an image or bars on a logarithmic axis", panel.title);
    }
    if (needs_right_axis(mark) && !panel.y2) {
      return fmt::format("panel \"{}\" has a mark on the right axis, but no right axis", panel.title);
    }
  }
  return bars_problem(panel);
}

}  // namespace

std::string problem(const Mark& mark) {
  return std::visit(Problem{}, mark);
}

std::string problem(const Figure& figure) {
  if (figure.model) {
    return figure.panels.empty() ? problem(*figure.model) : "a figure has a model and panels: make it two figures";
  }
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    const Panel& panel = figure.panels[i];
    if (std::string text = panel_problem(panel); !text.empty()) {
      return text;
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (figure.panels[k].row == panel.row && figure.panels[k].column == panel.column) {
        return fmt::format("two panels stand at row {}, column {}", panel.row, panel.column);
      }
    }
  }
  return {};
}

}  // namespace hotstage::report::detail
