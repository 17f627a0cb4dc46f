// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/svg.hpp"

#include "hotstage/report/detail/check.hpp"
#include "hotstage/report/detail/model_svg.hpp"
#include "hotstage/report/detail/rich_text.hpp"
#include "hotstage/report/detail/svg_draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace hotstage::report {

namespace {

using detail::PanelLayout;

/// Windows lie below images, images below everything else; the rest keeps its order.
int depth(const Mark& mark) {
  return std::holds_alternative<Span>(mark) ? 0 : std::holds_alternative<Image>(mark) ? 1 : 2;
}

std::string panel_element(const PanelLayout& panel, const std::string& clip) {
  const auto& marks = panel.panel->marks;
  std::vector<std::size_t> order(marks.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::ranges::stable_sort(order, {}, [&marks](std::size_t i) { return depth(marks[i]); });
  const detail::Box& box = panel.box;
  std::string out = fmt::format(
      "<clipPath id=\"{}\"><rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"/></clipPath>\n<g "
      "clip-path=\"url(#{})\">\n",
      clip, box.x, box.y, box.width, box.height, clip);
  for (const std::size_t i : order) {
    out += detail::mark_element(panel, i);
  }
  out += "</g>\n" + detail::frame_element(panel);
  for (const std::size_t i : order) {
    out += detail::mark_label(panel, i);
  }
  return out;
}

}  // namespace

std::string to_svg(const Figure& figure) {
  HOTSTAGE_EXPECTS(detail::problem(figure).empty());
  if (figure.model) {
    return detail::model_svg(figure);
  }
  const Figure drawn = decimate(figure);
  const detail::Layout layout = detail::lay_out(drawn);
  constexpr double mm_per_point = 25.4 / 72.0;
  const std::string title = detail::plain_text(drawn.title.empty() ? drawn.id : drawn.title);
  std::string out;
  fmt::format_to(
      std::back_inserter(out),
      "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\" "
      "width=\"{:.2f}mm\" height=\"{:.2f}mm\" viewBox=\"0 0 {:.2f} {:.2f}\" role=\"img\" "
      "font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" stroke-linejoin=\"round\">\n"
      "<title>{}</title>\n",
      layout.width * mm_per_point, layout.height * mm_per_point, layout.width, layout.height, detail::escape(title));
  if (!drawn.caption.empty()) {
    out += fmt::format("<desc>{}</desc>\n", detail::escape(detail::plain_text(drawn.caption)));
  }
  out += fmt::format("<rect class=\"paper\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"#ffffff\"/>\n", layout.width,
                     layout.height);
  for (std::size_t i = 0; i < layout.panels.size(); ++i) {
    out += panel_element(layout.panels[i], fmt::format("{}-clip{}", detail::anchor_text(drawn.id), i));
  }
  return out + "</svg>\n";
}

}  // namespace hotstage::report
