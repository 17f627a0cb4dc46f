// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/plotly.hpp"

#include "hotstage/report/detail/check.hpp"
#include "hotstage/report/detail/json.hpp"
#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/plotly_traces.hpp"
#include "hotstage/report/detail/rich_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace hotstage::report {

namespace {

using detail::AxisLayout;
using detail::Layout;
using detail::PanelLayout;

Value pair(double first, double second) {
  Value out = Value::array();
  out.push_back(first);
  out.push_back(second);
  return out;
}

Value axis(const AxisLayout& shown, const AxisSpec& spec) {
  Value out = Value::object();
  const bool log = shown.scale == Scale::log;
  out["type"] = log ? "log" : "linear";
  out["range"] = log ? pair(std::log10(shown.first), std::log10(shown.last)) : pair(shown.first, shown.last);
  out["showgrid"] = false;
  out["zeroline"] = false;
  out["showline"] = !shown.hidden;
  out["linecolor"] = detail::named(Colour::ink).hex;
  out["linewidth"] = 1;
  out["visible"] = !shown.hidden;
  out["ticks"] = "outside";
  out["ticklen"] = detail::pixels(detail::tick_length);
  out["tickcolor"] = detail::named(Colour::ink).hex;
  out["tickfont"] = detail::font(detail::tick_size);
  out["showticklabels"] = shown.labelled;
  out["exponentformat"] = log ? "power" : "SI";
  out["separatethousands"] = false;
  if (log) {
    out["dtick"] = std::max(1.0, std::ceil(std::abs(std::log10(shown.last / shown.first)) / 6.0));
  }
  if (shown.labelled) {
    out["title"]["text"] = detail::html_text(detail::titled(spec.label, spec.unit));
    out["title"]["font"] = detail::font(detail::label_size);
    out["title"]["standoff"] = detail::pixels(4.0);
  }
  return out;
}

void set_categories(Value& out, const PanelLayout& panel) {
  if (panel.categories.empty()) {
    return;
  }
  Value places = Value::array();
  Value labels = Value::array();
  for (std::size_t i = 0; i < panel.categories.size(); ++i) {
    places.push_back(static_cast<double>(i));
    labels.push_back(detail::html_text(panel.categories[i]));
  }
  out["tickmode"] = "array";
  out["tickvals"] = std::move(places);
  out["ticktext"] = std::move(labels);
}

std::string key(const std::string& axis_name) {  // "x3" → "xaxis3"
  return fmt::format("{}axis{}", axis_name.substr(0, 1), axis_name.substr(1));
}

void add_axes(Value& out, const Layout& layout, std::size_t index, std::map<std::string, std::string>& leaders) {
  const PanelLayout& panel = layout.panels[index];
  const detail::AxisNames names = detail::axis_names(index);
  Value x = axis(panel.x, panel.panel->x);
  x["domain"] = pair(panel.box.x / layout.width, panel.box.right() / layout.width);
  x["anchor"] = names.y;
  set_categories(x, panel);
  if (!panel.panel->x_link.empty()) {
    const auto [leader, first] = leaders.try_emplace(panel.panel->x_link, names.x);
    if (!first) {
      x["matches"] = leader->second;
    }
  }
  Value y = axis(panel.y, panel.panel->y);
  y["domain"] = pair(1.0 - panel.box.bottom() / layout.height, 1.0 - panel.box.y / layout.height);
  y["anchor"] = names.x;
  if (panel.has_image) {
    x["mirror"] = true;
    y["mirror"] = true;
  }
  if (panel.has_image && panel.panel->x.unit == panel.panel->y.unit) {
    y["scaleanchor"] = names.x;
    x["constrain"] = "domain";
    y["constrain"] = "domain";
  }
  if (panel.y2) {
    Value right = axis(*panel.y2, *panel.panel->y2);
    right["overlaying"] = names.y;
    right["anchor"] = names.x;
    right["side"] = "right";
    out[key(names.y2)] = std::move(right);
  }
  out[key(names.x)] = std::move(x);
  out[key(names.y)] = std::move(y);
}

void add_titles(Value& annotations, const Layout& layout, const PanelLayout& panel) {
  const double above = panel.legend.place == detail::LegendPlace::above ? panel.box.y - panel.legend.box.y : 0.0;
  std::string text = panel.letter.empty() ? std::string() : "<b>" + panel.letter + "</b>  ";
  text += detail::html_text(panel.panel->title);
  if (text.empty()) {
    return;
  }
  Value note = detail::annotation("", detail::title_size);
  note["text"] = text;
  note["xref"] = "paper";
  note["yref"] = "paper";
  note["x"] = panel.box.x / layout.width;
  note["xanchor"] = "left";
  note["y"] = 1.0 - (panel.box.y - above - 1.0) / layout.height;
  note["yanchor"] = "bottom";
  annotations.push_back(std::move(note));
}

void add_legend(Value& out, const Layout& layout, std::size_t index) {
  using enum detail::LegendPlace;
  const PanelLayout& panel = layout.panels[index];
  const detail::Legend& legend = panel.legend;
  if (legend.place == none) {
    return;
  }
  const bool right = legend.place == top_right || legend.place == bottom_right;
  const bool bottom = legend.place == bottom_left || legend.place == bottom_right || legend.place == above;
  Value entry = Value::object();
  entry["x"] = (right ? legend.box.right() : legend.box.x) / layout.width;
  entry["xanchor"] = right ? "right" : "left";
  entry["y"] = 1.0 - (bottom ? legend.box.bottom() : legend.box.y) / layout.height;
  entry["yanchor"] = bottom ? "bottom" : "top";
  entry["orientation"] = legend.place == above ? "h" : "v";
  entry["bgcolor"] = "rgba(0,0,0,0)";
  entry["font"] = detail::font(detail::tick_size);
  entry["tracegroupgap"] = 0;
  entry["itemwidth"] = 30;
  out[index == 0 ? std::string("legend") : fmt::format("legend{}", index + 1)] = std::move(entry);
}

bool only_lines(const Figure& figure) {
  return std::ranges::all_of(figure.panels, [](const Panel& panel) {
    return std::ranges::none_of(panel.marks, [](const Mark& mark) {
      return std::holds_alternative<Image>(mark) || std::holds_alternative<Points>(mark) ||
             std::holds_alternative<Bars>(mark);
    });
  });
}

}  // namespace

std::string to_plotly(const Figure& figure) {
  HOTSTAGE_EXPECTS(detail::problem(figure).empty());
  const Figure drawn = decimate(figure);
  const Layout layout = detail::lay_out(drawn);
  detail::PlotlyParts parts;
  Value plot = Value::object();
  plot["margin"]["l"] = 0;
  plot["margin"]["r"] = 0;
  plot["margin"]["t"] = 0;
  plot["margin"]["b"] = 0;
  plot["margin"]["autoexpand"] = false;
  plot["paper_bgcolor"] = "rgba(0,0,0,0)";
  plot["plot_bgcolor"] = "rgba(0,0,0,0)";
  plot["font"] = detail::font(detail::tick_size);
  plot["font"]["family"] = "Helvetica, Arial, 'Liberation Sans', sans-serif";
  plot["barmode"] = "overlay";
  plot["hovermode"] = only_lines(drawn) ? "x unified" : "closest";
  plot["dragmode"] = "zoom";
  std::map<std::string, std::string> leaders;
  for (std::size_t i = 0; i < layout.panels.size(); ++i) {
    add_axes(plot, layout, i, leaders);
    detail::append_marks(parts, layout, i);
    add_titles(parts.annotations, layout, layout.panels[i]);
    add_legend(plot, layout, i);
  }
  plot["shapes"] = std::move(parts.shapes);
  plot["annotations"] = std::move(parts.annotations);
  Value out = Value::object();
  out["data"] = std::move(parts.data);
  out["layout"] = std::move(plot);
  out["width"] = detail::pixels(layout.width);
  out["height"] = detail::pixels(layout.height);
  return detail::json_text(out);
}

}  // namespace hotstage::report
