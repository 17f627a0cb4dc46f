// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/base64.hpp"
#include "hotstage/report/detail/contour_lines.hpp"
#include "hotstage/report/detail/png.hpp"
#include "hotstage/report/detail/rich_text.hpp"
#include "hotstage/report/detail/svg_draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace hotstage::report::detail {

namespace {

constexpr double data_width = 0.9;
constexpr double error_width = 0.7;
constexpr double cap = 1.6;  // half length of the end of an error bar

std::string mark_title(const std::string& name) {
  return name.empty() ? std::string() : fmt::format("<title>{}</title>", escape(plain_text(name)));
}

class Marks {
 public:
  Marks(const PanelLayout& panel, std::size_t index) : panel_(panel), index_(index), colour_(panel.colours[index]) {}

  std::string operator()(const Line& line) const {
    std::string out = "<g class=\"mark line\">" + mark_title(line.name);
    if (!line.sigma.empty()) {
      out += band(line);
    }
    return out +
           fmt::format("<path fill=\"none\" {} d=\"{}\"/></g>\n", stroke(colour_, data_width, line.dash), path(line));
  }

  std::string operator()(const Points& points) const {
    std::string out = "<g class=\"mark points\">" + mark_title(points.name) + "\n";
    for (std::size_t i = 0; i < points.x.size(); ++i) {
      const auto x = panel_.x_at(points.x[i]);
      const auto y = panel_.y_at(points.y[i], points.side);
      if (x && y) {
        out += error_bars(points, i, *x, *y);
        out += symbol_element(points.symbol, *x, *y, colour_);
      }
    }
    return out + "</g>\n";
  }

  std::string operator()(const Bars& bars) const {
    std::string out = "<g class=\"mark bars\">" + mark_title(bars.name) + "\n";
    const auto zero = panel_.y_at(0.0);
    const double base = zero ? *zero : panel_.box.bottom();
    for (std::size_t i = 0; i < bars.values.size(); ++i) {
      const auto [first, last] = panel_.bar(group(), i);
      const double x0 = *panel_.x_at(first);
      const double x1 = *panel_.x_at(last);
      const auto y = panel_.y_at(bars.values[i]);
      if (!y) {
        continue;
      }
      out += rect_element({x0, std::min(*y, base), x1 - x0, std::abs(*y - base)}, fill(colour_, 0.85));
      if (!bars.sigma.empty()) {
        out += vertical_error(0.5 * (x0 + x1), {bars.values[i], bars.sigma[i]}, Side::left, Colour::ink);
      }
    }
    return out + "</g>\n";
  }

  std::string operator()(const Image& image) const {
    const Grid& grid = image.grid;
    const double x0 = *panel_.x_at(grid.x[0]);
    const double x1 = *panel_.x_at(grid.x[1]);
    const double y0 = *panel_.y_at(grid.y[0]);
    const double y1 = *panel_.y_at(grid.y[1]);
    const std::string data = base64(png(grid, image.colour_map, colour_range(image)));
    return fmt::format(
        "<g class=\"mark image\">{}<image transform=\"matrix({:.6f} 0 0 {:.6f} {:.3f} {:.3f})\" width=\"1\" "
        "height=\"1\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
        "xlink:href=\"data:image/png;base64,{}\"/></g>\n",
        mark_title(image.name), x1 - x0, y1 - y0, x0, y0, data);
  }

  std::string operator()(const Contour& contour) const {
    std::string out = "<g class=\"mark contour\">" + mark_title(contour.name);
    for (const double level : contour.levels) {
      if (!std::isfinite(level)) {
        continue;
      }
      std::string d;
      for (const Segment& segment : contour_lines(contour.grid, level)) {
        const auto x0 = panel_.x_at(segment[0]);
        const auto y0 = panel_.y_at(segment[1]);
        const auto x1 = panel_.x_at(segment[2]);
        const auto y1 = panel_.y_at(segment[3]);
        if (x0 && y0 && x1 && y1) {
          fmt::format_to(std::back_inserter(d), "M{:.2f} {:.2f}L{:.2f} {:.2f}", *x0, *y0, *x1, *y1);
        }
      }
      out += fmt::format(R"(<path fill="none" stroke-linecap="round" data-level="{}" {} d="{}"/>)", level,
                         stroke(colour_, 0.8), d);
    }
    return out + "</g>\n";
  }

  std::string operator()(const Span& span) const {
    const auto x0 = panel_.x_at(span.first);
    const auto x1 = panel_.x_at(span.last);
    if (!x0 || !x1) {
      return {};
    }
    const double left = std::min(*x0, *x1);
    const Box box{left, panel_.box.y, std::abs(*x1 - *x0), panel_.box.height};
    return "<g class=\"mark span\">" + mark_title(span.label) + rect_element(box, fill(colour_, 0.16)) + "</g>\n";
  }

  std::string operator()(const Text&) const { return {}; }

  std::string operator()(const HorizontalLine& line) const {
    const auto y = panel_.y_at(line.value, line.side);
    return y ? line_element(panel_.box.x, *y, panel_.box.right(), *y, stroke(colour_, 0.8, line.dash)) : std::string();
  }

  std::string operator()(const VerticalLine& line) const {
    const auto x = panel_.x_at(line.value);
    return x ? line_element(*x, panel_.box.y, *x, panel_.box.bottom(), stroke(colour_, 0.8, line.dash)) : std::string();
  }

 private:
  [[nodiscard]] std::size_t group() const {
    std::size_t before = 0;
    for (std::size_t i = 0; i < index_; ++i) {
      before += std::holds_alternative<Bars>(panel_.panel->marks[i]) ? 1 : 0;
    }
    return before;
  }

  [[nodiscard]] std::string path(const Line& line) const {
    std::string d;
    bool down = false;
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      const auto x = panel_.x_at(line.x[i]);
      const auto y = panel_.y_at(line.y[i], line.side);
      if (x && y) {
        fmt::format_to(std::back_inserter(d), "{}{:.2f} {:.2f}", down ? 'L' : 'M', *x, *y);
      }
      down = x && y;
    }
    return d;
  }

  /// Height of y − σ; on a logarithmic axis that is the lower edge when nothing is left.
  [[nodiscard]] double lower(double y, double sigma, Side side) const {
    const auto at = panel_.y_at(y - sigma, side);
    return at ? *at : panel_.box.bottom() + 10.0;
  }

  [[nodiscard]] double upper(double y, double sigma, Side side) const {
    const auto at = panel_.y_at(y + sigma, side);
    return at ? *at : panel_.box.y - 10.0;
  }

  [[nodiscard]] std::string band(const Line& line) const {
    std::string d;
    std::size_t begin = 0;
    const auto whole = [&](std::size_t i) {
      return panel_.x_at(line.x[i]) && panel_.y_at(line.y[i], line.side) && std::isfinite(line.sigma[i]);
    };
    while (begin < line.x.size()) {
      std::size_t end = begin;
      while (end < line.x.size() && whole(end)) {
        ++end;
      }
      for (std::size_t i = begin; i < end; ++i) {
        fmt::format_to(std::back_inserter(d), "{}{:.2f} {:.2f}", i == begin ? 'M' : 'L', *panel_.x_at(line.x[i]),
                       upper(line.y[i], line.sigma[i], line.side));
      }
      for (std::size_t i = end; i-- > begin;) {
        fmt::format_to(std::back_inserter(d), "L{:.2f} {:.2f}", *panel_.x_at(line.x[i]),
                       lower(line.y[i], line.sigma[i], line.side));
      }
      d += end > begin ? "Z" : "";
      begin = end + 1;
    }
    return fmt::format("<path {} d=\"{}\"/>", fill(colour_, 0.2), d);
  }

  [[nodiscard]] std::string vertical_error(double x, std::array<double, 2> value_and_sigma, Side side,
                                           Colour colour) const {
    const auto [value, sigma] = value_and_sigma;
    const auto high = panel_.y_at(value + sigma, side);
    if (!std::isfinite(sigma) || !high) {
      return {};
    }
    const double top = *high;
    const double bottom = lower(value, sigma, side);
    return fmt::format(
        "<path fill=\"none\" {} d=\"M{x0:.2f} {y0:.2f}H{x1:.2f}M{x0:.2f} {y1:.2f}H{x1:.2f}M{x:.2f} "
        "{y0:.2f}V{y1:.2f}\"/>\n",
        stroke(colour, error_width), fmt::arg("x", x), fmt::arg("x0", x - cap), fmt::arg("x1", x + cap),
        fmt::arg("y0", top), fmt::arg("y1", bottom));
  }

  [[nodiscard]] std::string error_bars(const Points& points, std::size_t i, double x, double y) const {
    std::string out;
    if (!points.sigma_y.empty()) {
      out += vertical_error(x, {points.y[i], points.sigma_y[i]}, points.side, colour_);
    }
    if (!points.sigma_x.empty() && std::isfinite(points.sigma_x[i])) {
      const auto low = panel_.x_at(points.x[i] - points.sigma_x[i]);
      const auto high = panel_.x_at(points.x[i] + points.sigma_x[i]);
      const double left = low ? *low : panel_.box.x;
      const double right = high ? *high : panel_.box.right();
      out += fmt::format(
          "<path fill=\"none\" {} d=\"M{x0:.2f} {a:.2f}V{b:.2f}M{x1:.2f} {a:.2f}V{b:.2f}M{x0:.2f} "
          "{y:.2f}H{x1:.2f}\"/>\n",
          stroke(colour_, error_width), fmt::arg("x0", left), fmt::arg("x1", right), fmt::arg("y", y),
          fmt::arg("a", y - cap), fmt::arg("b", y + cap));
    }
    return out;
  }

  const PanelLayout& panel_;
  std::size_t index_;
  Colour colour_;
};

}  // namespace

std::string mark_element(const PanelLayout& panel, std::size_t index) {
  return std::visit(Marks(panel, index), panel.panel->marks[index]);
}

std::string mark_label(const PanelLayout& panel, std::size_t index) {
  const Mark& mark = panel.panel->marks[index];
  std::string out;
  for (const TopLabel& label : panel.top_labels) {
    if (label.mark == index) {
      const auto* span = std::get_if<Span>(&mark);
      const double y = panel.box.y + (static_cast<double>(label.level) + 0.75) * legend_row;
      out += text_element(label.x, y, span != nullptr ? span->label : std::get<VerticalLine>(mark).label,
                          {.anchor = label.centred ? "middle" : "start", .colour = Colour::ink, .halo = true});
    }
  }
  if (const auto* line = std::get_if<HorizontalLine>(&mark); line != nullptr && !line->label.empty()) {
    if (const auto y = panel.y_at(line->value, line->side); y && *y > panel.box.y && *y < panel.box.bottom()) {
      out += text_element(panel.box.right() - 3.0, *y - 2.5, line->label, {.anchor = "end", .halo = true});
    }
  }
  if (const auto* text = std::get_if<Text>(&mark)) {
    const auto x = panel.x_at(text->x);
    const auto y = panel.y_at(text->y, text->side);
    if (x && y) {
      const std::string_view anchor = text->anchor == Anchor::left    ? "start"
                                      : text->anchor == Anchor::right ? "end"
                                                                      : "middle";
      out += text_element(*x, *y, text->text, {.anchor = anchor, .halo = true});
    }
  }
  return out;
}

}  // namespace hotstage::report::detail
