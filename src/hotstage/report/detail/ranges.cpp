// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/layout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace hotstage::report::detail {

namespace {

constexpr double largest = 1e100;  // beyond it differences overflow

/// Extent of the data along one axis.
struct Extent {
  Scale scale = Scale::linear;
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    if (std::abs(value) <= largest && (scale == Scale::linear || value >= 1.0 / largest)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }

  [[nodiscard]] bool empty() const { return low > high; }

  void pad(double below, double above) {
    if (scale == Scale::log) {
      const double decades = high > low ? std::log10(high / low) : 1.0;
      low /= std::pow(10.0, below * decades);
      high *= std::pow(10.0, above * decades);
    } else {
      const double span = high > low ? high - low : std::max(std::abs(high), 1.0);
      low -= below * span;
      high += above * span;
    }
  }

  void finish() {
    if (empty()) {
      low = scale == Scale::log ? 1.0 : 0.0;
      high = scale == Scale::log ? 10.0 : 1.0;
    } else if (!wide_enough(low, high)) {
      high = low;
      pad(0.5, 0.5);
    }
  }
};

double sigma_at(const std::vector<double>& sigma, std::size_t i) {
  return i < sigma.size() && std::isfinite(sigma[i]) ? std::abs(sigma[i]) : 0.0;
}

struct AddX {
  Extent& extent;
  bool& loose;  ///< points or bars want a margin

  void operator()(const Line& line) const {
    for (const double x : line.x) {
      extent.add(x);
    }
  }

  void operator()(const Points& points) const {
    loose = true;
    for (std::size_t i = 0; i < points.x.size(); ++i) {
      extent.add(points.x[i] - sigma_at(points.sigma_x, i));
      extent.add(points.x[i] + sigma_at(points.sigma_x, i));
      extent.add(points.x[i]);
    }
  }

  void operator()(const Bars& bars) const {
    constexpr double margin = 0.5;  // half the distance between bars
    extent.add(-margin);
    extent.add(static_cast<double>(bars.labels.size()) - margin);
  }

  void operator()(const Image& image) const { add_pair(image.grid.x); }

  void operator()(const Contour& contour) const { add_pair(contour.grid.x); }

  template <class M>
  void operator()(const M&) const {}

 private:
  void add_pair(const std::array<double, 2>& pair) const {
    extent.add(pair[0]);
    extent.add(pair[1]);
  }
};

struct AddY {
  Extent& extent;
  Side side;
  const AxisLayout& x;
  bool& tight;      ///< an image fills the panel
  bool& from_zero;  ///< bars stand on zero

  [[nodiscard]] bool shows(double value) const {
    constexpr double slack = 1e-9;
    const auto fraction = x.fraction(value);
    return fraction && *fraction >= -slack && *fraction <= 1.0 + slack;
  }

  void add(double y, double sigma) const {
    extent.add(y);
    extent.add(y + sigma);
    if (extent.scale == Scale::linear) {
      extent.add(y - sigma);
    }
  }

  void operator()(const Line& line) const {
    for (std::size_t i = 0; i < line.y.size() && line.side == side; ++i) {
      if (shows(line.x[i])) {
        add(line.y[i], sigma_at(line.sigma, i));
      }
    }
  }

  void operator()(const Points& points) const {
    for (std::size_t i = 0; i < points.y.size() && points.side == side; ++i) {
      if (shows(points.x[i])) {
        add(points.y[i], sigma_at(points.sigma_y, i));
      }
    }
  }

  void operator()(const Bars& bars) const {
    for (std::size_t i = 0; i < bars.values.size() && side == Side::left; ++i) {
      from_zero = true;
      extent.add(0.0);
      add(bars.values[i], sigma_at(bars.sigma, i));
    }
  }

  void operator()(const Image& image) const { add_grid(image.grid); }

  void operator()(const Contour& contour) const { add_grid(contour.grid); }

  void operator()(const HorizontalLine& line) const {
    if (line.side == side) {
      extent.add(line.value);
    }
  }

  template <class M>
  void operator()(const M&) const {}

 private:
  void add_grid(const Grid& grid) const {
    if (side == Side::left) {
      tight = true;
      extent.add(grid.y[0]);
      extent.add(grid.y[1]);
    }
  }
};

AxisLayout shown(const AxisSpec& spec, const Extent& extent) {
  AxisLayout axis;
  axis.scale = spec.scale;
  axis.first = spec.range ? (*spec.range)[0] : extent.low;
  axis.last = spec.range ? (*spec.range)[1] : extent.high;
  return axis;
}

Extent x_extent(const Panel& panel) {
  Extent extent{.scale = panel.x.scale};
  bool loose = false;
  for (const Mark& mark : panel.marks) {
    std::visit(AddX{extent, loose}, mark);
  }
  if (loose && !extent.empty()) {
    constexpr double margin = 0.03;
    extent.pad(margin, margin);
  }
  if (extent.empty()) {  // a panel of windows alone
    for (const Mark& mark : panel.marks) {
      if (const auto* span = std::get_if<Span>(&mark)) {
        extent.add(span->first);
        extent.add(span->last);
      } else if (const auto* line = std::get_if<VerticalLine>(&mark)) {
        extent.add(line->value);
      } else if (const auto* text = std::get_if<Text>(&mark)) {
        extent.add(text->x);
      }
    }
  }
  return extent;
}

AxisLayout y_range(const PanelLayout& panel, const AxisSpec& spec, Side side) {
  Extent extent{.scale = spec.scale};
  bool tight = false;
  bool from_zero = false;
  for (const Mark& mark : panel.panel->marks) {
    std::visit(AddY{extent, side, panel.x, tight, from_zero}, mark);
  }
  if (extent.empty()) {
    for (const Mark& mark : panel.panel->marks) {
      if (const auto* text = std::get_if<Text>(&mark); text != nullptr && text->side == side) {
        extent.add(text->y);
      }
    }
  }
  extent.finish();
  if (!tight) {
    constexpr double margin = 0.05;
    const bool stands = from_zero && extent.low == 0.0;
    const bool hangs = from_zero && extent.high == 0.0;
    extent.pad(stands ? 0.0 : margin, hangs ? 0.0 : margin);
  }
  return shown(spec, extent);
}

/// Turns the y axis so that the first row of the first grid stands where its origin says.
void turn_for_grid(PanelLayout& panel) {
  if (panel.panel->y.range) {
    return;
  }
  for (const Mark& mark : panel.panel->marks) {
    const auto* image = std::get_if<Image>(&mark);
    if (image != nullptr) {
      const bool top = image->origin == Origin::top;
      const bool down = image->grid.y[top ? 1 : 0] > image->grid.y[top ? 0 : 1];
      if (down != (panel.y.first > panel.y.last)) {
        std::swap(panel.y.first, panel.y.last);
      }
      return;
    }
  }
}

}  // namespace

bool wide_enough(double low, double high) {
  constexpr double relative = 1e-12;  // some thousand steps of a double
  const double size = std::max(std::abs(low), std::abs(high));
  return size <= largest && std::abs(high - low) > std::max(relative * size, 1.0 / largest);
}

std::array<double, 2> colour_range(const Image& image) {
  if (image.range) {
    return *image.range;
  }
  Extent extent;
  for (const double value : image.grid.values) {
    extent.add(value);
  }
  extent.finish();
  if (image.colour_map == ColourMap::diverging && extent.low < 0.0 && extent.high > 0.0) {
    extent.high = std::max(extent.high, -extent.low);
    extent.low = -extent.high;
  }
  return {extent.low, extent.high};
}

void find_ranges(Layout& layout) {
  std::map<std::string, Extent> linked;
  for (const PanelLayout& panel : layout.panels) {
    const Extent extent = x_extent(*panel.panel);
    Extent& shared = linked.try_emplace(panel.panel->x_link, Extent{.scale = panel.panel->x.scale}).first->second;
    if (!extent.empty()) {
      shared.add(extent.low);
      shared.add(extent.high);
    }
  }
  for (PanelLayout& panel : layout.panels) {
    Extent extent = panel.panel->x_link.empty() ? x_extent(*panel.panel) : linked.at(panel.panel->x_link);
    extent.finish();
    panel.x = shown(panel.panel->x, extent);
    panel.y = y_range(panel, panel.panel->y, Side::left);
    turn_for_grid(panel);
    if (panel.panel->y2) {
      panel.y2 = y_range(panel, *panel.panel->y2, Side::right);
    }
  }
}

}  // namespace hotstage::report::detail
