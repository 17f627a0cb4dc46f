// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_item_pages.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace hotstage::study::detail {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();  // an empty cell, a gap in a figure

constexpr std::array colours{report::Colour::blue,      report::Colour::orange, report::Colour::green,
                             report::Colour::vermilion, report::Colour::purple, report::Colour::ink};

const signal::Axis* only_axis(const signal::Signal& core) {
  const signal::Axis* found = nullptr;
  for (const signal::Axis& axis : core.navigation) {
    if (axis.size > 1) {
      if (found != nullptr) {
        return nullptr;
      }
      found = &axis;
    }
  }
  return found;
}

/// Items of the line, bin by bin, and the middle of each bin.
struct Bins {
  std::vector<std::vector<std::size_t>> items;
  std::vector<double> position;
  std::string unit;
};

/// The items of a line scan; none of a map, where only a drawn line has positions.
Bins bins_of_scan(const signal::Signal& core) {
  Bins out;
  if (core.navigation.size() > 1) {
    return out;
  }
  const signal::Axis* axis = only_axis(core);
  out.unit = axis != nullptr ? axis->unit : "";
  for (std::size_t i = 0; i < core.items(); ++i) {
    out.items.push_back({i});
    out.position.push_back(axis != nullptr ? static_cast<double>(i) * std::abs(axis->scale) : static_cast<double>(i));
  }
  return out;
}

Bins bins_of_line(const signal::Signal& core, const DrawnLine& line) {
  if (core.navigation.size() != 2 || line.ends.size() != 4) {
    throw Error(Errc::bad_input, "a line needs a map with two axes and four numbers x0, y0, x1, y1",
                "Leave line away for a line scan: its positions are used as they are");
  }
  const signal::Axis& y = core.navigation[0];
  const signal::Axis& x = core.navigation[1];
  const double pixel = std::max(std::abs(x.scale), std::abs(y.scale));
  const double dx = line.ends[2] - line.ends[0];
  const double dy = line.ends[3] - line.ends[1];
  const double length = std::hypot(dx, dy);
  if (length < pixel) {
    throw Error(Errc::bad_input, "the line is shorter than a pixel", "Give its ends in the units of the axes");
  }
  const double half = 0.5 * (line.width > 0.0 ? line.width : pixel);
  Bins out;
  out.unit = x.unit;
  out.items.resize(static_cast<std::size_t>(std::ceil(length / pixel)));
  for (std::size_t k = 0; k < out.items.size(); ++k) {
    out.position.push_back((static_cast<double>(k) + 0.5) * pixel);
  }
  for (std::size_t i = 0; i < core.items(); ++i) {
    const double px = x.value(static_cast<double>(i % x.size)) - line.ends[0];
    const double py = y.value(static_cast<double>(i / x.size)) - line.ends[1];
    const double along = (px * dx + py * dy) / length;
    const double beside = std::abs(px * dy - py * dx) / length;
    if (beside <= half && along >= 0.0 && along < length) {
      out.items[std::min(static_cast<std::size_t>(along / pixel), out.items.size() - 1)].push_back(i);
    }
  }
  return out;
}

}  // namespace

void ItemSeries::add(const Estimate& estimate, bool is_valid) {
  value.push_back(estimate.value);
  sigma.push_back(estimate.sigma);
  valid.push_back(is_valid ? 1 : 0);
}

ItemQuantity ItemSeries::quantity() const {
  return {.name = label, .unit = unit, .value = value, .sigma = sigma, .valid = valid};
}

void add_columns(const ItemSeries& series, io::Table& table) {
  std::vector<double> value = series.value;
  std::vector<double> sigma = series.sigma;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (series.valid[i] == 0) {
      value[i] = missing;
      sigma[i] = missing;
    }
  }
  table.columns.push_back(io::number_column(series.column, series.unit, std::move(value)));
  table.columns.push_back(io::number_column(series.column + "_sigma", series.unit, std::move(sigma)));
}

void add_mean(const ItemSeries& series, const std::string& id, std::string_view method, bool headline,
              StepOutput& out) {
  std::vector<double> values;
  double sigma = 0.0;
  for (std::size_t i = 0; i < series.value.size(); ++i) {
    if (series.valid[i] != 0) {
      values.push_back(series.value[i]);
      sigma = series.sigma[i];
    }
  }
  if (values.empty()) {
    return;
  }
  out.results.push_back({.id = id,
                         .value = num::mean(values),
                         .sigma = values.size() > 1 ? num::standard_error(values) : sigma,
                         .unit = series.unit,
                         .method = fmt::format("mean of {} items: {}", values.size(), method),
                         .label = series.label,
                         .headline = headline});
}

void count_refusals(std::span<const std::string> status, std::string_view what, StepOutput& out) {
  std::map<std::string, std::size_t> reasons;
  for (const std::string& reason : status) {
    if (reason != "ok") {
      ++reasons[reason];
    }
  }
  for (const auto& [reason, count] : reasons) {
    out.warnings.push_back({fmt::format("{}: {}", what, reason),
                            fmt::format("{}: {} in {} of {} items", what, reason, count, status.size()), count});
  }
}

std::vector<report::Figure> compare_figure(const signal::Signal& core, std::span<const ItemSeries> series,
                                           const std::string& id, const std::string& title) {
  const signal::Axis* axis = only_axis(core);
  if (axis == nullptr || series.empty()) {
    return {};
  }
  report::Panel panel{.x = {.label = axis->name.empty() ? "Position" : axis->name, .unit = axis->unit},
                      .y = {.label = title, .unit = series.front().unit}};
  for (std::size_t k = 0; k < series.size(); ++k) {
    report::Line line{.name = series[k].label, .colour = colours[k % colours.size()]};
    for (std::size_t i = 0; i < series[k].value.size(); ++i) {
      line.x.push_back(axis->value(static_cast<double>(i)));
      line.y.push_back(series[k].valid[i] != 0 ? series[k].value[i] : missing);
      line.sigma.push_back(series[k].valid[i] != 0 ? series[k].sigma[i] : 0.0);
    }
    panel.marks.emplace_back(std::move(line));
  }
  report::Figure figure{.id = id, .title = title + " by every method"};
  figure.caption = "Bands are one standard deviation of counting; what lies between the lines is the method.";
  figure.panels.push_back(std::move(panel));
  return {std::move(figure)};
}

io::Table along_line(const signal::Signal& core, const DrawnLine& line, std::span<const ItemSeries> series) {
  Bins bins = line.ends.empty() ? bins_of_scan(core) : bins_of_line(core, line);
  if (const double factor = nanometres_per(bins.unit); factor > 0.0) {
    bins.unit = "nm";
    for (double& position : bins.position) {
      position *= factor;
    }
  }
  io::Table out;
  out.columns.push_back(io::number_column("position", bins.unit, bins.position));
  for (const ItemSeries& one : series) {
    std::vector<double> value(bins.items.size(), missing);
    std::vector<double> sigma(bins.items.size(), missing);
    for (std::size_t b = 0; b < bins.items.size(); ++b) {
      double sum = 0.0;
      double squares = 0.0;
      double n = 0.0;
      for (const std::size_t i : bins.items[b]) {
        if (one.valid[i] != 0) {
          sum += one.value[i];
          squares += one.sigma[i] * one.sigma[i];
          n += 1.0;
        }
      }
      if (n > 0.0) {
        value[b] = sum / n;
        sigma[b] = std::sqrt(squares) / n;
      }
    }
    out.columns.push_back(io::number_column(one.column, one.unit, std::move(value)));
    out.columns.push_back(io::number_column(one.column + "_sigma", one.unit, std::move(sigma)));
  }
  return out;
}

}  // namespace hotstage::study::detail
