// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/html.hpp"

#include "hotstage/report/detail/assets.hpp"
#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/svg.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace hotstage::report {
namespace {

constexpr const char* hostile = "</script><script>alert('x')</script><b>&\"\x01\xFF";

Figure sample_figure() {
  Panel panel{.title = hostile, .x = {.label = hostile, .unit = "nm^-2"}, .y = {.label = "y"}};
  panel.marks = {Line{.name = hostile, .x = {0, 1, 2}, .y = {1, 3, 2}},
                 Span{.label = hostile, .first = 0.5, .last = 1.5},
                 Image{.name = hostile,
                       .grid = {.rows = 1, .columns = 2, .values = {1, 2}, .x = {0, 2}, .y = {0, 1}},
                       .bar_label = hostile}};
  return {.id = "f1", .title = hostile, .caption = hostile, .panels = {panel}, .notes = {hostile}};
}

Page sample_page() {
  Page page{.title = "TiO_{2} " + std::string(hostile), .summary = hostile, .footnote = hostile};
  page.results = {{.label = hostile,
                   .value = {0.513, 0.026},
                   .unit = "eV",
                   .method = hostile,
                   .references = {{hostile, {0.5, 0.0}, hostile}}}};
  page.checks = {{hostile, CheckStatus::failed, hostile, hostile, hostile}, {"gain", CheckStatus::ok, "1", "2", ""}};
  page.warnings = {{.kind = hostile, .example = hostile, .count = 3}};
  page.assumptions = {{hostile, hostile}};
  page.claims = {{.id = "C6",
                  .statement = hostile,
                  .verdict = Verdict::not_supported,
                  .ours = Estimate{1.25, 0.05},
                  .unit = "eV",
                  .theirs = hostile}};
  Table table{.id = "t", .title = hostile, .columns = {{"name"}, {"value", "eV", ColumnKind::number}}};
  table.rows = {{std::string(hostile), 1.5}};
  page.sections = {
      {hostile, {Paragraph{hostile}, Code{hostile}, Items{{hostile}}, sample_figure(), sample_figure(), table}}};
  page.provenance["file"] = hostile;
  page.provenance["list"].push_back(Value::object());
  return page;
}

/// The page without the bodies of its scripts, styles and comments.
std::string markup(std::string page) {
  for (const auto& [open, close] :
       {std::pair<std::string, std::string>{"<script", "</script>"}, {"<style", "</style>"}, {"<!--", "-->"}}) {
    for (std::size_t at = page.find(open); at != std::string::npos; at = page.find(open, at + open.size())) {
      const std::size_t body = open == "<!--" ? at + open.size() : page.find('>', at) + 1;
      page.erase(body, page.find(close, body) - body);
    }
  }
  return page;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) {
    ++found;
  }
  return found;
}

/// What is not well formed in an XML document; empty when nothing is. Knows elements, attributes, entities and comments
/// only.
std::string xml_fault(const std::string& xml) {
  static const std::regex tag(R"(<(/?)([A-Za-z][\w:.-]*)((?:\s+[A-Za-z_:][\w:.-]*="[^"<]*")*)\s*(/?)>)");
  static const std::regex attribute(R"(([A-Za-z_:][\w:.-]*)=")");
  static const std::regex entity(R"(&(amp|lt|gt|quot|#\d+);)");
  std::vector<std::string> open;
  std::size_t tags = 0;
  for (std::sregex_iterator it(xml.begin(), xml.end(), tag), end; it != end; ++it) {
    const std::smatch& match = *it;
    ++tags;
    std::set<std::string> names;
    const std::string attributes = match[3];
    for (std::sregex_iterator a(attributes.begin(), attributes.end(), attribute), last; a != last; ++a) {
      if (!names.insert((*a)[1]).second) {
        return "attribute twice in " + match.str();
      }
    }
    if (match[1].length() > 0) {
      if (open.empty() || open.back() != match[2]) {
        return "unexpected " + match.str();
      }
      open.pop_back();
    } else if (match[4].length() == 0) {
      open.push_back(match[2]);
    }
  }
  if (tags != count(xml, "<")) {
    return fmt::format("{} tags but {} '<'", tags, count(xml, "<"));
  }
  if (static_cast<std::size_t>(std::distance(std::sregex_iterator(xml.begin(), xml.end(), entity),
                                             std::sregex_iterator())) != count(xml, "&")) {
    return "an '&' that is no entity";
  }
  return open.empty() ? std::string() : "not closed: " + open.back();
}

TEST(Html, loads_nothing_from_outside) {
  const std::string page = markup(to_html(sample_page()));
  EXPECT_EQ(count(page, " src="), 0U);
  EXPECT_EQ(count(page, "<link"), 0U);
  EXPECT_EQ(count(page, "<iframe"), 0U);
  static const std::regex reference("(?:^|[^:\\w])href=\"([^\"]*)\"");
  for (std::sregex_iterator it(page.begin(), page.end(), reference), end; it != end; ++it) {
    EXPECT_TRUE((*it)[1].str().starts_with("#")) << it->str();
  }
  EXPECT_EQ(count(page, "http://") + count(page, "https://"),
            count(page, "http://www.w3.org/"));  // names of XML name spaces
  for (const std::string_view own : {detail::report_css(), detail::report_js()}) {
    EXPECT_EQ(own.find("http"), std::string_view::npos);
    EXPECT_EQ(own.find("@import"), std::string_view::npos);
    EXPECT_EQ(own.find("url("), std::string_view::npos);
  }
  EXPECT_EQ(count(page, "Content-Security-Policy\" content=\"default-src 'none';"), 1U);
}

TEST(Html, escapes_every_text) {
  std::string page = to_html(sample_page());
  page.erase(page.find(detail::plotly_js()), detail::plotly_js().size());
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<b>&\""), std::string::npos);
  EXPECT_EQ(page.find('\x01'), std::string::npos);
  EXPECT_EQ(page.find('\xFF'), std::string::npos);
  const std::string visible = markup(page);
  EXPECT_EQ(count(visible, "<script"), count(visible, "</script>"));
  EXPECT_GT(count(visible, "&lt;/script&gt;"), 20U);
}

TEST(Html, closes_what_it_opens_and_names_nothing_twice) {
  const std::string page = markup(to_html(sample_page()));
  for (const std::string element : {"section", "figure", "table", "tbody", "main", "nav", "header", "details", "dl",
                                    "ul", "ol", "article", "svg"}) {
    EXPECT_EQ(count(page, "<" + element + ">") + count(page, "<" + element + " "), count(page, "</" + element + ">"))
        << element;
  }
  static const std::regex id(" id=\"([^\"]*)\"");
  std::set<std::string> ids;
  for (std::sregex_iterator it(page.begin(), page.end(), id), end; it != end; ++it) {
    EXPECT_TRUE(ids.insert((*it)[1]).second) << it->str();
  }
  static const std::regex target("href=\"#([^\"]*)\"");
  for (std::sregex_iterator it(page.begin(), page.end(), target), end; it != end; ++it) {
    EXPECT_TRUE(ids.contains((*it)[1])) << it->str();
  }
}

TEST(Html, shows_results_checks_warnings_assumptions_and_claims) {
  const std::string page = markup(to_html(sample_page()));
  EXPECT_NE(page.find("0.513 ± 0.026&nbsp;<span class=\"unit\">eV</span>"), std::string::npos);
  EXPECT_NE(page.find("0.5 σ apart"), std::string::npos);
  EXPECT_NE(page.find("<span class=\"badge bad\">1 failed</span>"), std::string::npos);
  EXPECT_NE(page.find("<span class=\"badge good\">1 check ok</span>"), std::string::npos);
  EXPECT_NE(page.find("3 times"), std::string::npos);
  EXPECT_NE(page.find("What was assumed"), std::string::npos);
  EXPECT_NE(page.find("<span class=\"badge bad\">not supported</span>"), std::string::npos);
  EXPECT_NE(page.find("TiO<sub>2</sub>"), std::string::npos);
  EXPECT_LT(page.find("badge bad\">failed"), page.find("badge good\">ok"));  // what failed stands first
}

TEST(Html, draws_every_figure_as_svg_and_carries_plotly_with_its_licence) {
  const std::string page = to_html(sample_page());
  EXPECT_EQ(count(page, "<div class=\"static\">\n<svg "), 2U);
  EXPECT_EQ(count(page, "<div class=\"interactive\">"), 2U);
  EXPECT_EQ(count(page, "<!--\nplotly.js\nMIT License"), 1U);
  EXPECT_GT(detail::plotly_js().size(), 1'000'000U);
  EXPECT_EQ(detail::plotly_js().find("</script"), std::string_view::npos);
  EXPECT_NE(page.find(detail::plotly_js()), std::string::npos);
}

TEST(Html, without_figures_stays_small) {
  Page page{.title = "Empty"};
  page.sections = {{"Text", {Paragraph{"Nothing to plot."}}}};
  EXPECT_LT(to_html(page).size(), 40'000U);
}

TEST(Html, style_sheet_knows_the_palette) {
  const std::string css(detail::report_css());
  for (const detail::NamedColour& colour : detail::palette()) {
    EXPECT_NE(css.find(fmt::format("--c-{}: {};", colour.name, colour.hex)), std::string::npos) << colour.name;
    EXPECT_EQ(count(css, fmt::format("--c-{}: ", colour.name)), 2U) << "light and dark";
    EXPECT_NE(css.find(fmt::format(".f-{0} {{ fill: var(--c-{0}); }}", colour.name)), std::string::npos) << colour.name;
    EXPECT_NE(css.find(fmt::format(".s-{0} {{ stroke: var(--c-{0}); }}", colour.name)), std::string::npos)
        << colour.name;
  }
}

TEST(Svg, is_well_formed_whatever_the_texts) {
  EXPECT_EQ(xml_fault(to_svg(sample_figure())), "");
  EXPECT_NE(xml_fault("<svg><g></svg>"), "");
  EXPECT_NE(xml_fault("<svg a=\"1\" a=\"2\"/>"), "");
  EXPECT_NE(xml_fault("<svg>a & b</svg>"), "");
}

TEST(Svg, is_written_for_print) {
  Figure figure = sample_figure();
  EXPECT_NE(to_svg(figure).find("width=\"183.00mm\""), std::string::npos);
  figure.width = Width::half;
  EXPECT_NE(to_svg(figure).find("width=\"89.00mm\""), std::string::npos);
}

TEST(Svg, of_a_figure_without_panels_is_a_drawing) {
  EXPECT_EQ(xml_fault(to_svg(Figure{.id = "empty"})), "");
}

TEST(Svg, refuses_a_figure_that_is_not_well_formed) {
  const Figure broken{.id = "b", .panels = {Panel{.marks = {Line{.x = {1.0}, .y = {}}}}}};
  EXPECT_THROW((void)to_svg(broken), Bug);
}

}  // namespace
}  // namespace hotstage::report
