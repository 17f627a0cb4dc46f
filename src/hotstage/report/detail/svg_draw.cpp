// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/svg_draw.hpp"

#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/rich_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace hotstage::report::detail {

namespace {

constexpr double axis_width = 0.6;
constexpr double minor_length = 1.6;
constexpr double tick_gap = 2.0;
constexpr double baseline = 0.35;  // of the font size: middle of a digit above the base line

bool within(const AxisLayout& axis, double value) {
  constexpr double slack = 1e-6;
  const auto fraction = axis.fraction(value);
  return fraction && *fraction >= -slack && *fraction <= 1.0 + slack;
}

void horizontal_axis(std::string& out, const PanelLayout& panel) {
  const AxisLayout& axis = panel.x;
  const double y = panel.box.bottom();
  const std::string ink = stroke(Colour::ink, axis_width);
  const auto x_of = [&](double value) { return panel.box.x + *axis.fraction(value) * panel.box.width; };
  for (const Tick& tick : axis.ticks.major) {
    if (within(axis, tick.value)) {
      out += line_element(x_of(tick.value), y, x_of(tick.value), y + tick_length, ink);
      if (axis.labelled) {
        out += text_element(x_of(tick.value), y + tick_length + tick_gap + 0.75 * tick_size, tick.label,
                            {.anchor = "middle"});
      }
    }
  }
  for (const double value : axis.ticks.minor) {
    if (within(axis, value)) {
      out += line_element(x_of(value), y, x_of(value), y + minor_length, ink);
    }
  }
  if (axis.labelled && !axis.title.empty()) {
    const double below = tick_length + tick_gap + tick_size + 4.0 + 0.75 * label_size;
    out += text_element(panel.box.x + panel.box.width / 2, y + below, axis.title,
                        {.size = label_size, .anchor = "middle"});
  }
}

/// An axis that stands at x; its numbers lie on the left (direction −1) or right (+1) of it.
void vertical_axis(std::string& out, const AxisLayout& axis, const Box& box, double x, double direction) {
  const std::string ink = stroke(Colour::ink, axis_width);
  const auto y_of = [&](double value) { return box.bottom() - *axis.fraction(value) * box.height; };
  double widest = 0.0;
  for (const Tick& tick : axis.ticks.major) {
    widest = std::max(widest, text_width(tick.label, tick_size));
    if (within(axis, tick.value)) {
      const double y = y_of(tick.value);
      out += line_element(x, y, x + direction * tick_length, y, ink);
      out += text_element(x + direction * (tick_length + tick_gap), y + baseline * tick_size, tick.label,
                          {.anchor = direction < 0 ? "end" : "start"});
    }
  }
  for (const double value : axis.ticks.minor) {
    if (within(axis, value)) {
      out += line_element(x, y_of(value), x + direction * minor_length, y_of(value), ink);
    }
  }
  if (!axis.title.empty()) {
    const double away = tick_length + tick_gap + widest + 4.0;
    const double base_line = direction < 0 ? x - away : x + away + 0.75 * label_size;
    out += text_element(base_line, box.y + box.height / 2, axis.title,
                        {.size = label_size, .anchor = "middle", .turn = -90.0});
  }
}

struct Key {
  double x;
  double y;
  Colour colour;

  std::string operator()(const Line& line) const {
    const std::string band =
        line.sigma.empty() ? "" : rect_element({x, y - 3.0, legend_key - 4.0, 6.0}, fill(colour, 0.2));
    return band + line_element(x, y, x + legend_key - 4.0, y, stroke(colour, 1.0, line.dash));
  }

  std::string operator()(const Points& points) const {
    return symbol_element(points.symbol, x + 0.5 * (legend_key - 4.0), y, colour);
  }

  std::string operator()(const Bars&) const { return rect_element({x + 3.0, y - 3.0, 8.0, 6.0}, fill(colour, 0.85)); }

  std::string operator()(const Contour&) const {
    return line_element(x, y, x + legend_key - 4.0, y, stroke(colour, 0.8));
  }

  template <class M>
  std::string operator()(const M&) const {
    return {};
  }
};

void legend(std::string& out, const PanelLayout& panel) {
  for (std::size_t i = 0; i < panel.legend.at.size(); ++i) {
    const std::size_t index = panel.legend.marks[i];
    const Mark& mark = panel.panel->marks[index];
    const auto [x, y] = panel.legend.at[i];
    out += std::visit(Key{x, y, panel.colours[index]}, mark);
    const std::string name = std::visit(
        [](const auto& m) {
          if constexpr (requires { m.name; }) {
            return m.name;
          } else {
            return std::string();
          }
        },
        mark);
    out += text_element(x + legend_key, y + baseline * tick_size, name, {});
  }
}

void colour_bar(std::string& out, const PanelLayout& panel) {
  if (!panel.colour_bar) {
    return;
  }
  const ColourBar& bar = *panel.colour_bar;
  const auto& image = std::get<Image>(panel.panel->marks[bar.mark]);
  constexpr int strips = 64;
  const double height = bar.box.height / strips;
  for (int i = 0; i < strips; ++i) {
    const Rgb rgb = colour_at(image.colour_map, (i + 0.5) / strips);
    constexpr double overlap = 0.3;  // hides the seams that renderers leave between touching rectangles
    const double top = std::max(bar.box.y, bar.box.bottom() - (i + 1) * height - overlap);
    out += rect_element({bar.box.x, top, bar.box.width, bar.box.bottom() - i * height - top},
                        fmt::format("fill=\"#{:02x}{:02x}{:02x}\"", rgb.red, rgb.green, rgb.blue));
  }
  out += rect_element(bar.box, "fill=\"none\" " + stroke(Colour::ink, 0.4));
  vertical_axis(out, bar.axis, bar.box, bar.box.right(), 1.0);
}

void scale_bar(std::string& out, const PanelLayout& panel) {
  for (const Mark& mark : panel.panel->marks) {
    const auto* image = std::get_if<Image>(&mark);
    if (image == nullptr || !image->scale_bar) {
      continue;
    }
    const double length = image->scale_bar->length / std::abs(panel.x.last - panel.x.first) * panel.box.width;
    const double text = text_width(image->scale_bar->label, tick_size);
    const double width = std::max(length, text) + 8.0;
    const Box back{panel.box.x + 5.0, panel.box.bottom() - 22.0, width, 17.0};
    out += rect_element(back, R"(fill="#000000" fill-opacity="0.55" rx="1.5")");
    out += rect_element({back.x + 0.5 * (width - length), back.bottom() - 4.5, length, 2.2},
                        R"(fill="#ffffff" class="scale-bar")");
    out += fmt::format(
        "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{}\" text-anchor=\"middle\" fill=\"#ffffff\">{}</text>\n",
        back.x + width / 2, back.bottom() - 7.5, tick_size, svg_text(image->scale_bar->label));
  }
}

void header(std::string& out, const PanelLayout& panel) {
  const double above = panel.legend.place == LegendPlace::above ? panel.box.y - panel.legend.box.y : 0.0;
  const double y = panel.box.y - above - 5.0;
  double x = panel.box.x;
  if (!panel.letter.empty()) {
    out += text_element(x, y, panel.letter, {.size = title_size + 1.0, .bold = true});
    x += 11.0;
  }
  if (!panel.panel->title.empty()) {
    out += text_element(x, y, panel.panel->title, {.size = title_size});
  }
}

}  // namespace

std::string stroke(Colour colour, double width, Dash dash) {
  std::string dashes;
  if (dash != Dash::solid) {
    const double unit = std::max(width, 0.8);
    dashes = dash == Dash::dashed ? fmt::format(" stroke-dasharray=\"{:.1f} {:.1f}\"", 4 * unit, 2.5 * unit)
             : dash == Dash::dotted
                 ? fmt::format(" stroke-dasharray=\"{:.1f} {:.1f}\"", 1.2 * unit, 1.8 * unit)
                 : fmt::format(" stroke-dasharray=\"{0:.1f} {1:.1f} {2:.1f} {1:.1f}\"", 5 * unit, 2 * unit, 1.2 * unit);
  }
  const NamedColour& entry = named(colour);
  return fmt::format(R"(stroke="{}" class="s-{}" stroke-width="{:g}"{})", entry.hex, entry.name, width, dashes);
}

std::string fill(Colour colour, double opacity) {
  const NamedColour& entry = named(colour);
  return fmt::format(R"(fill="{}" class="f-{}"{})", entry.hex, entry.name,
                     opacity < 1.0 ? fmt::format(" fill-opacity=\"{:g}\"", opacity) : std::string());
}

std::string text_element(double x, double y, std::string_view rich, const TextStyle& style) {
  std::string attributes;
  if (style.anchor != "start") {
    attributes += fmt::format(" text-anchor=\"{}\"", style.anchor);
  }
  if (style.bold) {
    attributes += " font-weight=\"bold\"";
  }
  if (style.turn != 0.0) {
    attributes += fmt::format(" transform=\"rotate({:g} {:.2f} {:.2f})\"", style.turn, x, y);
  }
  const std::string plain = fmt::format(R"(<text x="{:.2f}" y="{:.2f}" font-size="{:g}")", x, y, style.size);
  std::string out;
  if (style.halo) {
    out = fmt::format(
        "{}{} fill=\"#ffffff\" stroke=\"#ffffff\" stroke-width=\"2.4\" class=\"halo\" aria-hidden=\"true\">{}</text>\n",
        plain, attributes, svg_text(rich));
  }
  return out + fmt::format("{}{} {}>{}</text>\n", plain, attributes, fill(style.colour), svg_text(rich));
}

std::string line_element(double x0, double y0, double x1, double y1, std::string_view attributes) {
  return fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" {}/>\n", x0, y0, x1, y1,
                     attributes);
}

std::string rect_element(const Box& box, std::string_view attributes) {
  return fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" {}/>\n", box.x, box.y,
                     box.width, box.height, attributes);
}

std::string symbol_element(Symbol symbol, double x, double y, Colour colour) {
  constexpr double r = 2.0;
  const std::string style = fill(colour);
  switch (symbol) {
    case Symbol::circle:
      return fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:g}\" {}/>\n", x, y, r, style);
    case Symbol::square:
      return rect_element({x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r}, style);
    case Symbol::diamond:
      return fmt::format("<path d=\"M{:.2f} {:.2f}l{r} {r}l-{r} {r}l-{r} -{r}z\" {}/>\n", x, y - 1.25 * r, style,
                         fmt::arg("r", 1.25 * r));
    case Symbol::triangle:
      return fmt::format("<path d=\"M{:.2f} {:.2f}l{:g} {:g}h{:g}z\" {}/>\n", x, y - 1.3 * r, 1.2 * r, 2.1 * r,
                         -2.4 * r, style);
  }
  return {};
}

std::string frame_element(const PanelLayout& panel) {
  std::string out;
  const Box& box = panel.box;
  const std::string ink = stroke(Colour::ink, axis_width);
  if (panel.has_image) {
    out += rect_element(box, "fill=\"none\" " + ink);
  } else {
    out += line_element(box.x, box.y, box.x, box.bottom(), ink + " stroke-linecap=\"square\"");
    out += line_element(box.x, box.bottom(), box.right(), box.bottom(), ink + " stroke-linecap=\"square\"");
  }
  if (!panel.x.hidden) {
    horizontal_axis(out, panel);
  }
  if (!panel.y.hidden) {
    vertical_axis(out, panel.y, box, box.x, -1.0);
  }
  if (panel.y2) {
    out += line_element(box.right(), box.y, box.right(), box.bottom(), ink);
    vertical_axis(out, *panel.y2, box, box.right(), 1.0);
  }
  header(out, panel);
  legend(out, panel);
  colour_bar(out, panel);
  scale_bar(out, panel);
  return out;
}

}  // namespace hotstage::report::detail
