// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_front_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

namespace hotstage::study::detail {

namespace {

constexpr double gap = std::numeric_limits<double>::quiet_NaN();
constexpr double arrow_s = 8.0;

/// Draws in the unit of the axes.
class Pen {
 public:
  explicit Pen(const signal::Signal& frames) : frames_(frames) {}

  void stroke(report::Line& line, std::initializer_list<std::array<double, 2>> points) const {
    for (const auto& [y, x] : points) {
      line.y.push_back(frames_.axes[0].value(y));
      line.x.push_back(frames_.axes[1].value(x));
    }
    line.y.push_back(gap);
    line.x.push_back(gap);
  }

 private:
  const signal::Signal& frames_;
};

using Pair = std::pair<int, int>;

/// Verdict on every boundary between two fitted grains: how a front came through it, or that none is known to have.
std::map<Pair, series::EntryVerdict> boundary_verdicts(const Findings& f) {
  std::map<Pair, series::EntryVerdict> out;
  for (const series::EntryReading& e : f.entries) {
    if (e.from != 0 && e.verdict != series::EntryVerdict::independent) {
      out[std::minmax(e.into, e.from)] = e.verdict;
    }
  }
  return out;
}

/// Edges of pixels between two grains, joined along rows and columns, by verdict.
class BoundaryLines {
 public:
  BoundaryLines(const signal::Signal& frames, const Findings& findings) : pen_(frames) {
    verdicts_ = boundary_verdicts(findings);
    for (const series::FrontFit& front : findings.fronts) {
      fitted_[front.grain] = front.found;
    }
    const std::array<std::pair<const char*, report::Colour>, 5> kinds{
        {{"passed at once", report::Colour::green},
         {"passed after a wait", report::Colour::orange},
         {"both sides by themselves", report::Colour::sky},
         {"cannot tell", report::Colour::purple},
         {"no front fitted beside", report::Colour::grey}}};
    for (const auto& [name, colour] : kinds) {
      lines_.push_back({.name = name, .colour = colour});
    }
  }

  void walk(View<const std::int32_t, 2> labels, bool upright) {
    const std::size_t across = labels.extent(upright ? 1 : 0);
    const std::size_t along = labels.extent(upright ? 0 : 1);
    const auto at = [&](std::size_t i, std::size_t k) { return upright ? labels(k, i) : labels(i, k); };
    for (std::size_t i = 1; i < across; ++i) {
      for (std::size_t k = 0; k < along;) {
        const Pair pair = std::minmax(at(i, k), at(i - 1, k));
        std::size_t end = k + 1;
        while (end < along && Pair(std::minmax(at(i, end), at(i - 1, end))) == pair) {
          ++end;
        }
        if (pair.first != pair.second && pair.first > 0) {
          const double c = static_cast<double>(i) - 0.5;
          const double a = static_cast<double>(k) - 0.5;
          const double b = static_cast<double>(end) - 0.5;
          upright ? pen_.stroke(line_of(pair), {{a, c}, {b, c}}) : pen_.stroke(line_of(pair), {{c, a}, {c, b}});
        }
        k = end;
      }
    }
  }

  [[nodiscard]] std::vector<report::Line>& lines() { return lines_; }

 private:
  report::Line& line_of(const Pair& pair) {
    const auto verdict = verdicts_.find(pair);
    if (verdict == verdicts_.end()) {
      return lines_[fitted_[pair.first] && fitted_[pair.second] ? 2 : 4];
    }
    switch (verdict->second) {
      case series::EntryVerdict::continuous:
        return lines_[0];
      case series::EntryVerdict::wall:
        return lines_[1];
      default:
        return lines_[3];
    }
  }

  Pen pen_;
  std::map<Pair, series::EntryVerdict> verdicts_;
  std::map<int, bool> fitted_;
  std::vector<report::Line> lines_;
};

report::Image onset_image(const Tracking& t, const Findings& f) {
  std::map<int, double> degC;
  for (const series::FrontFit& front : f.fronts) {
    if (front.found) {
      degC[front.grain] = t.events.thermometry.log.at(front.start_s().value);
    }
  }
  report::Image image{.name = "onset", .bar_label = "Onset of the front", .bar_unit = "°C"};
  const auto edge = [&](const signal::Axis& axis, std::size_t blocks) {
    return std::array{axis.value(-0.5), axis.value(static_cast<double>(blocks * t.grid.block_px) - 0.5)};
  };
  image.grid = {.rows = t.grid.rows,
                .columns = t.grid.columns,
                .x = edge(t.frames.axes[1], t.grid.columns),
                .y = edge(t.frames.axes[0], t.grid.rows)};
  for (std::size_t b = 0; b < t.grid.blocks(); ++b) {
    const auto grain = degC.find(t.grid.grain[b]);
    image.grid.values.push_back(t.grid.covered[b] != 0 && grain != degC.end() ? grain->second : gap);
  }
  return image;
}

/// Arrows of directed fronts; a cross of the same length where a front runs to all sides.
void add_arrows(const Tracking& t, const Findings& f, report::Panel& panel) {
  const Pen pen(t.frames);
  report::Line arrows{.name = fmt::format("front, way in {:.0f} s", arrow_s), .colour = report::Colour::vermilion};
  report::Points starts{.name = "start", .symbol = report::Symbol::circle, .colour = report::Colour::vermilion};
  for (const series::FrontFit& front : f.fronts) {
    if (!front.found) {
      continue;
    }
    const double y = front.best.y_px;
    const double x = front.best.x_px;
    const double length = front.speed_px_s().value * arrow_s;
    const auto direction = front.direction_deg();
    starts.y.push_back(t.frames.axes[0].value(y));
    starts.x.push_back(t.frames.axes[1].value(x));
    for (const double turn : direction ? std::vector{0.0} : std::vector{0.0, 90.0, 180.0, 270.0}) {
      const double a = ((direction ? direction->value : 45.0) + turn) * std::numbers::pi / 180.0;
      const double ey = y + length * std::sin(a);
      const double ex = x + length * std::cos(a);
      constexpr double barb = 0.4;
      const double head = std::min(12.0, 0.35 * length);
      pen.stroke(arrows, {{y, x}, {ey, ex}});
      pen.stroke(arrows, {{ey - head * std::sin(a - barb), ex - head * std::cos(a - barb)},
                          {ey, ex},
                          {ey - head * std::sin(a + barb), ex - head * std::cos(a + barb)}});
    }
    // The number stands inside the picture, on the side away from its edge.
    const bool right = x > 0.8 * static_cast<double>(t.frames.axes[1].size);
    panel.marks.emplace_back(
        report::Text{.text = fmt::format("{}: {:.0f} nm/s", front.grain, front.speed_px_s().value * t.events.pixel_nm),
                     .x = starts.x.back(),
                     .y = starts.y.back(),
                     .anchor = right ? report::Anchor::right : report::Anchor::left});
  }
  panel.marks.emplace_back(std::move(arrows));
  panel.marks.emplace_back(std::move(starts));
}

}  // namespace

report::Figure front_figure(const Tracking& t, const Findings& f, View<const std::int32_t, 2> labels) {
  report::Figure figure{.id = "fronts", .title = "Fronts and boundaries"};
  figure.caption = fmt::format(
      "Colour: temperature at which the fitted front of a grain starts (white: no front fitted). Arrows: from there in "
      "the mean direction, as long as the front's way in {:.0f} s, with grain and speed; four arrows: it runs to all "
      "sides. One front a grain is assumed. Boundaries: how the entry across them is read.",
      arrow_s);
  report::Panel panel{.x = {.label = "x", .unit = t.frames.axes[1].unit},
                      .y = {.label = "y", .unit = t.frames.axes[0].unit}};
  report::Image image = onset_image(t, f);
  panel.x.range = image.grid.x;
  panel.y.range = std::array{image.grid.y[1], image.grid.y[0]};
  panel.marks.emplace_back(std::move(image));
  BoundaryLines boundaries(t.frames, f);
  boundaries.walk(labels, true);
  boundaries.walk(labels, false);
  for (report::Line& line : boundaries.lines()) {
    if (!line.x.empty()) {
      panel.marks.emplace_back(std::move(line));
    }
  }
  add_arrows(t, f, panel);
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace hotstage::study::detail
