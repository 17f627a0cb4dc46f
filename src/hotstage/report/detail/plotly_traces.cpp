// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/plotly_traces.hpp"

#include "hotstage/report/detail/base64.hpp"
#include "hotstage/report/detail/contour_lines.hpp"
#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/rich_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::report::detail {

namespace {

constexpr std::size_t longest_plain_list = 512;
constexpr double gap = std::numeric_limits<double>::quiet_NaN();

std::string hex(Colour colour) {
  return std::string(named(colour).hex);
}

Value list(const std::vector<double>& values) {
  if (values.size() > longest_plain_list) {
    Value typed = Value::object();
    typed["dtype"] = "f8";
    typed["bdata"] = base64_of_doubles(values);
    return typed;
  }
  Value out = Value::array();
  for (const double value : values) {
    out.push_back(Value(value));
  }
  return out;
}

Value matrix(const Grid& grid) {
  Value typed = Value::object();
  typed["dtype"] = "f4";
  typed["bdata"] = base64_of_floats(grid.values);
  typed["shape"] = fmt::format("{}, {}", grid.rows, grid.columns);
  return typed;
}

std::string dash_word(Dash dash) {
  switch (dash) {
    case Dash::solid:
      return "solid";
    case Dash::dashed:
      return "dash";
    case Dash::dotted:
      return "dot";
    case Dash::dash_dot:
      return "dashdot";
  }
  return "solid";
}

std::string symbol_word(Symbol symbol) {
  switch (symbol) {
    case Symbol::circle:
      return "circle";
    case Symbol::square:
      return "square";
    case Symbol::diamond:
      return "diamond";
    case Symbol::triangle:
      return "triangle-up";
  }
  return "circle";
}

Value pen(Colour colour, double points, Dash dash = Dash::solid) {
  Value out = Value::object();
  out["color"] = hex(colour);
  out["width"] = pixels(points);
  out["dash"] = dash_word(dash);
  return out;
}

Value error_bar(const std::vector<double>& sigma, Colour colour) {
  Value out = Value::object();
  out["type"] = "data";
  out["array"] = list(sigma);
  out["color"] = hex(colour);
  out["thickness"] = 1.1;
  out["width"] = 2.5;
  return out;
}

Value colour_scale(ColourMap map) {
  Value out = Value::array();
  const auto colours = stops(map);
  for (std::size_t i = 0; i < colours.size(); ++i) {
    Value stop = Value::array();
    stop.push_back(static_cast<double>(i) / static_cast<double>(colours.size() - 1));
    stop.push_back(colours[i]);
    out.push_back(std::move(stop));
  }
  return out;
}

class Marks {
 public:
  Marks(PlotlyParts& parts, const Layout& layout, std::size_t panel)
      : parts_(parts), layout_(layout), panel_(layout.panels[panel]), number_(panel), names_(axis_names(panel)) {}

  void append(std::size_t index) {
    index_ = index;
    colour_ = panel_.colours[index];
    std::visit(*this, panel_.panel->marks[index]);
  }

  void operator()(const Line& line) {
    if (!line.sigma.empty()) {
      band(line);
    }
    Value trace = scatter(line.name, line.side);
    trace["mode"] = "lines";
    trace["x"] = list(line.x);
    trace["y"] = list(line.y);
    trace["line"] = pen(colour_, 0.9, line.dash);
    trace["line"]["simplify"] = false;  // simplified curves show corners
    parts_.data.push_back(std::move(trace));
  }

  void operator()(const Points& points) {
    Value trace = scatter(points.name, points.side);
    trace["mode"] = "markers";
    trace["x"] = list(points.x);
    trace["y"] = list(points.y);
    if (!points.sigma_x.empty()) {
      trace["error_x"] = error_bar(points.sigma_x, colour_);
    }
    if (!points.sigma_y.empty()) {
      trace["error_y"] = error_bar(points.sigma_y, colour_);
    }
    trace["marker"]["color"] = hex(colour_);
    trace["marker"]["size"] = 6.5;
    trace["marker"]["symbol"] = symbol_word(points.symbol);
    parts_.data.push_back(std::move(trace));
  }

  void operator()(const Bars& bars) {
    Value trace = named_trace("bar", bars.name, Side::left);
    const auto [first, last] = panel_.bar(group_, 0);
    ++group_;
    Value positions = Value::array();
    Value labels = Value::array();
    for (std::size_t i = 0; i < bars.labels.size(); ++i) {
      positions.push_back(static_cast<double>(i) + 0.5 * (first + last));
      labels.push_back(html_text(bars.labels[i]));
    }
    trace["x"] = std::move(positions);
    trace["y"] = list(bars.values);
    trace["width"] = last - first;
    trace["customdata"] = std::move(labels);
    trace["hovertemplate"] = "%{customdata}: %{y}<extra>%{fullData.name}</extra>";
    trace["marker"]["color"] = translucent(colour_, 0.85);
    if (!bars.sigma.empty()) {
      trace["error_y"] = error_bar(bars.sigma, Colour::ink);
    }
    parts_.data.push_back(std::move(trace));
  }

  void operator()(const Image& image) {
    Value trace = grid_trace("heatmap", image.name, image.grid);
    const auto range = colour_range(image);
    trace["colorscale"] = colour_scale(image.colour_map);
    trace["zmin"] = range[0];
    trace["zmax"] = range[1];
    trace["hoverongaps"] = false;
    const bool with_bar = panel_.colour_bar && panel_.colour_bar->mark == index_;
    trace["showscale"] = with_bar;
    if (with_bar) {
      trace["colorbar"] = colour_bar(image);
    }
    parts_.data.push_back(std::move(trace));
    if (image.scale_bar) {
      scale_bar(*image.scale_bar);
    }
  }

  void operator()(const Contour& contour) {
    bool first = true;
    for (const double level : contour.levels) {
      if (!std::isfinite(level)) {
        continue;
      }
      Value trace = grid_trace("contour", contour.name, contour.grid);
      trace["showscale"] = false;
      trace["hoverinfo"] = "skip";
      trace["contours"]["start"] = level;
      trace["contours"]["end"] = level;
      trace["contours"]["size"] = 1.0;
      trace["contours"]["coloring"] = "none";
      trace["line"] = pen(colour_, 0.8);
      trace["line"]["smoothing"] = 0.0;
      trace["showlegend"] = first && !contour.name.empty();
      trace["legendgroup"] = fmt::format("panel{}mark{}", number_, index_);
      parts_.data.push_back(std::move(trace));
      first = false;
    }
  }

  void operator()(const Span& span) {
    Value shape = Value::object();
    shape["type"] = "rect";
    shape["layer"] = "below";
    shape["x0"] = span.first;
    shape["x1"] = span.last;
    shape["xref"] = names_.x;
    shape["y0"] = 0.0;
    shape["y1"] = 1.0;
    shape["yref"] = names_.y + " domain";
    shape["fillcolor"] = translucent(colour_, 0.16);
    shape["line"]["width"] = 0;
    parts_.shapes.push_back(std::move(shape));
    top_label(span.label);
  }

  void operator()(const Text& text) {
    Value note = annotation(text.text, tick_size);
    note["xref"] = names_.x;
    note["yref"] = text.side == Side::right ? names_.y2 : names_.y;
    note["x"] = annotation_place(text.x, panel_.x.scale);
    note["y"] = annotation_place(text.y, panel_.vertical(text.side).scale);
    note["xanchor"] = text.anchor == Anchor::left ? "left" : text.anchor == Anchor::right ? "right" : "center";
    note["yanchor"] = "bottom";
    parts_.annotations.push_back(std::move(note));
  }

  void operator()(const HorizontalLine& line) {
    const std::string axis = line.side == Side::right ? names_.y2 : names_.y;
    Value shape = Value::object();
    shape["type"] = "line";
    shape["xref"] = names_.x + " domain";
    shape["x0"] = 0.0;
    shape["x1"] = 1.0;
    shape["yref"] = axis;
    shape["y0"] = line.value;
    shape["y1"] = line.value;
    shape["line"] = pen(colour_, 0.8, line.dash);
    parts_.shapes.push_back(std::move(shape));
    if (!line.label.empty()) {
      Value note = annotation(line.label, tick_size);
      note["xref"] = names_.x + " domain";
      note["x"] = 0.995;
      note["xanchor"] = "right";
      note["yref"] = axis;
      note["y"] = annotation_place(line.value, panel_.vertical(line.side).scale);
      note["yanchor"] = "bottom";
      parts_.annotations.push_back(std::move(note));
    }
  }

  void operator()(const VerticalLine& line) {
    Value shape = Value::object();
    shape["type"] = "line";
    shape["xref"] = names_.x;
    shape["x0"] = line.value;
    shape["x1"] = line.value;
    shape["yref"] = names_.y + " domain";
    shape["y0"] = 0.0;
    shape["y1"] = 1.0;
    shape["line"] = pen(colour_, 0.8, line.dash);
    parts_.shapes.push_back(std::move(shape));
    top_label(line.label);
  }

 private:
  /// Annotations on logarithmic axes stand at the logarithm, shapes at the value.
  static Value annotation_place(double value, Scale scale) { return scale == Scale::log ? std::log10(value) : value; }

  Value named_trace(const char* type, const std::string& name, Side side) const {
    Value trace = Value::object();
    trace["type"] = type;
    trace["name"] = html_text(name);
    trace["xaxis"] = names_.x;
    trace["yaxis"] = side == Side::right ? names_.y2 : names_.y;
    trace["showlegend"] = !name.empty();
    trace["legend"] = number_ == 0 ? std::string("legend") : fmt::format("legend{}", number_ + 1);
    if (name.empty()) {
      trace["hovertemplate"] = "%{x}, %{y}<extra></extra>";
    }
    return trace;
  }

  Value scatter(const std::string& name, Side side) const {
    Value trace = named_trace("scatter", name, side);
    trace["legendgroup"] = fmt::format("panel{}mark{}", number_, index_);
    return trace;
  }

  Value grid_trace(const char* type, const std::string& name, const Grid& grid) const {
    Value trace = named_trace(type, name, Side::left);
    trace["showlegend"] = false;
    trace["z"] = matrix(grid);
    trace["x0"] = column_centre(grid, 0);
    trace["dx"] = (grid.x[1] - grid.x[0]) / static_cast<double>(grid.columns);
    trace["y0"] = row_centre(grid, 0);
    trace["dy"] = (grid.y[1] - grid.y[0]) / static_cast<double>(grid.rows);
    if (name.empty()) {
      trace["hovertemplate"] = "%{x}, %{y}: %{z}<extra></extra>";
    }
    return trace;
  }

  /// y ± σ as closed polygons, one per stretch without a gap.
  void band(const Line& line) {
    const bool log = panel_.vertical(line.side).scale == Scale::log;
    const double floor = std::min(panel_.vertical(line.side).first, panel_.vertical(line.side).last) * 0.1;
    std::vector<double> x;
    std::vector<double> y;
    std::size_t begin = 0;
    while (begin < line.x.size()) {
      std::size_t end = begin;
      while (end < line.x.size() && std::isfinite(line.x[end]) && std::isfinite(line.y[end]) &&
             std::isfinite(line.sigma[end])) {
        ++end;
      }
      for (std::size_t i = begin; i < end; ++i) {
        x.push_back(line.x[i]);
        y.push_back(line.y[i] + line.sigma[i]);
      }
      for (std::size_t i = end; i-- > begin;) {
        x.push_back(line.x[i]);
        y.push_back(log ? std::max(line.y[i] - line.sigma[i], floor) : line.y[i] - line.sigma[i]);
      }
      if (end > begin) {
        x.push_back(gap);
        y.push_back(gap);
      }
      begin = end + 1;
    }
    Value trace = scatter("", line.side);
    trace["mode"] = "lines";
    trace["x"] = list(x);
    trace["y"] = list(y);
    trace["fill"] = "toself";
    trace["fillcolor"] = translucent(colour_, 0.2);
    trace["line"]["width"] = 0;
    trace["hoverinfo"] = "skip";
    parts_.data.push_back(std::move(trace));
  }

  void top_label(const std::string& text) {
    for (const TopLabel& label : panel_.top_labels) {
      if (label.mark != index_) {
        continue;
      }
      Value note = annotation(text, tick_size);
      const double fraction = (label.x - panel_.box.x) / panel_.box.width;
      const double low = panel_.x.scale == Scale::log ? std::log10(panel_.x.first) : panel_.x.first;
      const double high = panel_.x.scale == Scale::log ? std::log10(panel_.x.last) : panel_.x.last;
      note["xref"] = names_.x;
      note["x"] = low + fraction * (high - low);
      note["xanchor"] = label.centred ? "center" : "left";
      note["yref"] = names_.y + " domain";
      note["y"] = 1.0;
      note["yanchor"] = "top";
      note["yshift"] = -pixels(static_cast<double>(label.level) * legend_row);
      parts_.annotations.push_back(std::move(note));
    }
  }

  [[nodiscard]] Value colour_bar(const Image& image) const {
    const Box& box = panel_.colour_bar->box;
    Value bar = Value::object();
    bar["x"] = box.x / layout_.width;
    bar["xanchor"] = "left";
    bar["xpad"] = 0;
    bar["y"] = 1.0 - (box.y + 0.5 * box.height) / layout_.height;
    bar["yanchor"] = "middle";
    bar["ypad"] = 0;
    bar["lenmode"] = "fraction";
    bar["len"] = box.height / layout_.height;
    bar["thicknessmode"] = "pixels";
    bar["thickness"] = pixels(box.width);
    bar["outlinewidth"] = 0;
    bar["ticks"] = "outside";
    bar["ticklen"] = pixels(tick_length);
    bar["exponentformat"] = "power";
    bar["tickfont"] = font(tick_size);
    bar["title"]["text"] = html_text(titled(image.bar_label, image.bar_unit));
    bar["title"]["side"] = "right";
    bar["title"]["font"] = font(label_size);
    return bar;
  }

  Value domain_rect(const Box& box, const char* fill_colour) const {
    Value shape = Value::object();
    shape["type"] = "rect";
    shape["xref"] = names_.x + " domain";
    shape["yref"] = names_.y + " domain";
    shape["x0"] = box.x;
    shape["x1"] = box.right();
    shape["y0"] = box.y;
    shape["y1"] = box.bottom();
    shape["fillcolor"] = fill_colour;
    shape["line"]["width"] = 0;
    return shape;
  }

  /// In fractions of the data area, y up, as the bar must keep its place while zooming moves the image.
  void scale_bar(const ScaleBar& bar) {
    const double to_x = 1.0 / panel_.box.width;
    const double to_y = 1.0 / panel_.box.height;
    const double length = bar.length / std::abs(panel_.x.last - panel_.x.first);
    const double width = std::max(length, text_width(bar.label, tick_size) * to_x) + 8.0 * to_x;
    const double left = 5.0 * to_x;
    parts_.shapes.push_back(domain_rect({left, 5.0 * to_y, width, 17.0 * to_y}, "rgba(0,0,0,0.55)"));
    Value line = domain_rect({left + 0.5 * (width - length), 7.3 * to_y, length, 2.2 * to_y}, "#ffffff");
    line["name"] = "scale bar";
    parts_.shapes.push_back(std::move(line));
    Value note = annotation(bar.label, tick_size);
    note["font"]["color"] = "#ffffff";
    note["xref"] = names_.x + " domain";
    note["yref"] = names_.y + " domain";
    note["x"] = left + 0.5 * width;
    note["y"] = 9.0 * to_y;
    note["xanchor"] = "center";
    note["yanchor"] = "bottom";
    note["name"] = "scale bar";
    parts_.annotations.push_back(std::move(note));
  }

  PlotlyParts& parts_;
  const Layout& layout_;
  const PanelLayout& panel_;
  std::size_t number_;
  AxisNames names_;
  std::size_t index_ = 0;
  std::size_t group_ = 0;
  Colour colour_ = Colour::ink;
};

}  // namespace

AxisNames axis_names(std::size_t panel) {
  constexpr std::size_t right = 100;  // right axes are numbered apart
  const std::string number = panel == 0 ? std::string() : fmt::format("{}", panel + 1);
  return {"x" + number, "y" + number, fmt::format("y{}", panel + 1 + right)};
}

double pixels(double points) {
  return std::round(points * pixels_per_point * 100.0) / 100.0;
}

Value font(double points, Colour colour) {
  Value out = Value::object();
  out["size"] = pixels(points);
  out["color"] = hex(colour);
  return out;
}

Value annotation(std::string_view rich, double points) {
  Value out = Value::object();
  out["text"] = html_text(rich);
  out["font"] = font(points);
  out["showarrow"] = false;
  out["borderpad"] = 1;
  return out;
}

void append_marks(PlotlyParts& parts, const Layout& layout, std::size_t panel) {
  Marks marks(parts, layout, panel);
  for (std::size_t i = 0; i < layout.panels[panel].panel->marks.size(); ++i) {
    marks.append(i);
  }
}

}  // namespace hotstage::report::detail
