// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/base64.hpp"
#include "hotstage/report/detail/contour_lines.hpp"
#include "hotstage/report/detail/json.hpp"
#include "hotstage/report/detail/layout.hpp"
#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/png.hpp"
#include "hotstage/report/detail/rich_text.hpp"
#include "hotstage/report/detail/ticks.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>

namespace hotstage::report::detail {
namespace {

constexpr double rounding = 1e-9;  // a few operations in double

std::uint32_t word_at(const std::vector<std::byte>& bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    word = word << 8U | static_cast<std::uint32_t>(bytes[at + i]);
  }
  return word;
}

TEST(Json, is_compact_and_safe_inside_a_script) {
  Value value;
  value["a"] = "</script>\"\\\n\t\u2028";
  value["b"].push_back(1);
  value["b"].push_back(-0.0);
  value["b"].push_back(std::nan(""));
  value["b"].push_back(true);
  value["c"] = Value::object();
  value["d"] = Value::array();
  EXPECT_EQ(json_text(value), R"({"a":"\u003c/script>\"\\\n\u0009\u2028","b":[1,-0.0,null,true],"c":{},"d":[]})");
}

TEST(Json, mends_text_that_is_not_utf8) {
  EXPECT_EQ(json_text(Value("a\xFF\xC3z")), "\"a\uFFFD\uFFFDz\"");
  EXPECT_EQ(json_text(Value("µ λ 𝛼")), "\"µ λ 𝛼\"");
}

RC_GTEST_PROP(Json, numbers_read_back_exactly, (std::uint64_t bits)) {
  const auto number = std::bit_cast<double>(bits);
  RC_PRE(std::isfinite(number));
  const std::string text = json_text(Value(number));
  double read = 0.0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), read);
  RC_ASSERT(status == std::errc{} && end == text.data() + text.size());
  RC_ASSERT(std::bit_cast<std::uint64_t>(read) == bits);
}

RC_GTEST_PROP(Base64, gives_back_the_bytes, (const std::vector<std::uint8_t>& data)) {
  const auto bytes = std::as_bytes(std::span(data));
  const auto read = from_base64(base64(bytes));
  RC_ASSERT(read.has_value());
  RC_ASSERT(std::equal(read->begin(), read->end(), bytes.begin(), bytes.end()));
}

TEST(Base64, knows_the_examples_of_rfc_4648) {
  const auto of = [](std::string_view text) { return base64(std::as_bytes(std::span(text.data(), text.size()))); };
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("f"), "Zg==");
  EXPECT_EQ(of("fo"), "Zm8=");
  EXPECT_EQ(of("foobar"), "Zm9vYmFy");
  EXPECT_FALSE(from_base64("Zg=").has_value());
  EXPECT_FALSE(from_base64("Zg!=").has_value());
  EXPECT_FALSE(doubles_from_base64("Zm9v").has_value());
}

TEST(Png, stores_the_index_of_every_value) {
  const Grid grid{
      .rows = 2, .columns = 3, .values = {0.0, 0.5, 1.0, -9.0, std::nan(""), 9.0}, .x = {0, 3}, .y = {0, 2}};
  const auto file = png(grid, ColourMap::grey, {0.0, 1.0});
  constexpr std::size_t header = 8 + 12 + 13;  // signature and IHDR
  constexpr std::size_t palette_size = 12 + 3 * 256;
  constexpr std::size_t alpha_size = 12 + 256;
  EXPECT_EQ(word_at(file, 16), 3U);
  EXPECT_EQ(word_at(file, 20), 2U);
  EXPECT_EQ(word_at(file, header + palette_size + 8 + 252) & 0xFFU, 0U);       // the last entry is transparent
  const std::size_t pixels = header + palette_size + alpha_size + 8 + 2 + 5;   // chunk head, zlib head, block head
  const std::vector<unsigned> expected{0, 0, 127, 254, 0, 0, gap_index, 254};  // each row begins with its filter
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(static_cast<unsigned>(file[pixels + i]), expected[i]) << i;
  }
  EXPECT_EQ(word_at(file, file.size() - 4), 0xAE426082U);  // the checksum every PNG ends with
}

TEST(Png, splits_long_data_into_blocks) {
  const Grid grid{.rows = 300, .columns = 300, .values = std::vector<double>(90'000, 1.0), .x = {0, 1}, .y = {0, 1}};
  constexpr std::size_t frame = 8 + 25 + 12 + 768 + 12 + 256 + 12 + 12;
  EXPECT_EQ(png(grid, ColourMap::viridis, {0.0, 1.0}).size(), frame + 2 + 300 * 301 + 2 * 5 + 4);
}

TEST(Palette, interpolates_between_the_ends_of_a_map) {
  EXPECT_EQ(colour_at(ColourMap::grey, 0.0), (Rgb{0, 0, 0}));
  EXPECT_EQ(colour_at(ColourMap::grey, 1.0), (Rgb{255, 255, 255}));
  EXPECT_EQ(colour_at(ColourMap::viridis, -1.0), (Rgb{0x44, 0x01, 0x54}));
  EXPECT_EQ(colour_at(ColourMap::viridis, 2.0), (Rgb{0xfd, 0xe7, 0x25}));
}

RC_GTEST_PROP(Ticks, lie_inside_the_range_in_order, (int first, unsigned span, unsigned decade)) {
  const double unit = std::pow(10.0, static_cast<double>(decade % 40) - 20.0);
  const double low = first * unit;
  const double high = (first + 1.0 + span) * unit;
  RC_PRE(high > low);
  const Ticks ticks = linear_ticks(low, high, 6);
  RC_ASSERT(ticks.major.size() >= 2 && ticks.major.size() <= 13);
  for (std::size_t i = 0; i < ticks.major.size(); ++i) {
    RC_ASSERT(ticks.major[i].value >= low - rounding * (high - low) &&
              ticks.major[i].value <= high + rounding * (high - low));
    if (i > 0) {
      RC_ASSERT(ticks.major[i].value > ticks.major[i - 1].value);
      RC_ASSERT(ticks.major[i].label != ticks.major[i - 1].label);
    }
  }
}

TEST(Ticks, use_round_numbers_and_a_common_exponent) {
  const Ticks ticks = linear_ticks(0.0, 2.2e5, 5);
  EXPECT_EQ(ticks.exponent, 3);
  ASSERT_EQ(ticks.major.size(), 5U);
  EXPECT_EQ(ticks.major[1].label, "50");
  EXPECT_EQ(linear_ticks(-1.0, 1.0, 4).major[0].label, "−1.0");
  EXPECT_EQ(linear_ticks(-1.0, 1.0, 4).major[2].label, "0.0");
}

TEST(Ticks, of_logarithmic_axes_are_powers_of_ten) {
  const Ticks ticks = log_ticks(0.5, 2e6, 8);
  ASSERT_EQ(ticks.major.size(), 7U);
  EXPECT_EQ(ticks.major[6].label, "10^{6}");
  EXPECT_EQ(log_ticks(1.0, 50.0, 5).major[1].label, "2");
}

TEST(RichText, is_written_for_each_reader) {
  EXPECT_EQ(html_text("LiNiO_{2} <x>"), "LiNiO<sub>2</sub> &lt;x&gt;");
  EXPECT_EQ(plain_text("nm^{−2}"), "nm⁻²");
  EXPECT_EQ(svg_text("a^{2}b"), "a<tspan dy=\"-0.53em\" font-size=\"72%\">2</tspan><tspan dy=\"0.38em\">b</tspan>");
  EXPECT_EQ(html_text("an open ^{brace"), "an open ^{brace");
  EXPECT_EQ(svg_text("10^{3} counts"),
            R"(10<tspan dy="-0.53em" font-size="72%">3</tspan><tspan dy="0.38em" dx="0.28em">counts</tspan>)");
}

TEST(RichText, spells_units) {
  EXPECT_EQ(titled("Energy loss", "eV"), "Energy loss (eV)");
  EXPECT_EQ(titled("Dose", "e/nm^2"), "Dose (e/nm^{2})");
  EXPECT_EQ(titled("q", "nm^-1"), "q (nm^{−1})");
  EXPECT_EQ(unit_text("degC"), "°C");
  EXPECT_EQ(unit_text("um"), "µm");
  EXPECT_EQ(titled("", ""), "");
}

TEST(ContourLines, cross_edges_where_interpolation_says) {
  const Grid grid{.rows = 2, .columns = 2, .values = {0, 4, 0, 4}, .x = {0, 2}, .y = {0, 2}};
  const auto lines = contour_lines(grid, 1.0);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_DOUBLE_EQ(lines[0][0], 0.75);
  EXPECT_DOUBLE_EQ(lines[0][2], 0.75);
}

TEST(ContourLines, split_saddles_and_leave_gaps_out) {
  const Grid saddle{.rows = 2, .columns = 2, .values = {1, 0, 0, 1}, .x = {0, 2}, .y = {0, 2}};
  EXPECT_EQ(contour_lines(saddle, 0.5).size(), 2U);
  const Grid gap{.rows = 2, .columns = 2, .values = {1, 0, std::nan(""), 1}, .x = {0, 2}, .y = {0, 2}};
  EXPECT_TRUE(contour_lines(gap, 0.5).empty());
}

TEST(Layout, keeps_everything_inside_the_drawing) {
  Figure figure{.id = "grid"};
  for (std::size_t i = 0; i < 6; ++i) {
    Panel panel{.title = "Panel",
                .x = {.label = "x", .unit = "nm"},
                .y = {.label = "y", .unit = "counts"},
                .row = i / 3,
                .column = i % 3};
    panel.marks = {Line{.name = "a line with a long name", .x = {0, 1e6}, .y = {-1e7, 1e7}}};
    figure.panels.push_back(panel);
  }
  const Layout layout = lay_out(figure);
  for (const PanelLayout& panel : layout.panels) {
    EXPECT_GT(panel.box.x, 0.0);
    EXPECT_GT(panel.box.width, 40.0);
    EXPECT_LT(panel.box.right(), layout.width);
    EXPECT_LT(panel.box.bottom(), layout.height);
  }
  EXPECT_LT(layout.panels[0].box.right(), layout.panels[1].box.x);
  EXPECT_LT(layout.panels[0].box.bottom(), layout.panels[3].box.y);
}

TEST(Layout, gives_image_pixels_equal_sides_when_units_agree) {
  Panel panel{.x = {.unit = "nm"}, .y = {.unit = "nm"}};
  panel.marks = {
      Image{.grid = {.rows = 2, .columns = 4, .values = std::vector<double>(8, 1.0), .x = {0, 40}, .y = {0, 20}}}};
  const Figure figure{.id = "map", .panels = {panel}};
  const Box box = lay_out(figure).panels[0].box;
  EXPECT_NEAR(box.width / box.height, 2.0, rounding);
}

TEST(Layout, puts_the_legend_where_no_data_are) {
  Panel panel;
  panel.marks = {Line{.name = "falling", .x = {0, 1}, .y = {1, 0}}};
  const Figure falling{.panels = {panel}};
  EXPECT_EQ(lay_out(falling).panels[0].legend.place, LegendPlace::top_right);
  std::get<Line>(panel.marks[0]).y = {0, 1};
  const Figure rising{.panels = {panel}};
  EXPECT_EQ(lay_out(rising).panels[0].legend.place, LegendPlace::top_left);
}

TEST(Layout, stacks_labels_of_windows_that_would_overlap) {
  Panel panel;
  panel.marks = {Line{.x = {0, 100}, .y = {0, 1}}, Span{"a rather long label", 50, 51},
                 Span{"another long label", 52, 53}};
  const Figure figure{.panels = {panel}};
  const Layout layout = lay_out(figure);
  ASSERT_EQ(layout.panels[0].top_labels.size(), 2U);
  EXPECT_EQ(layout.panels[0].top_labels[1].level, 1U);
  EXPECT_LT(*layout.panels[0].y.fraction(1.0), 0.9);  // the data leave room for two rows of labels
}

TEST(Layout, fits_the_y_range_to_what_the_x_range_shows) {
  Panel panel{.x = {.range = std::array{0.0, 1.0}}};
  panel.marks = {Line{.x = {0, 1, 2}, .y = {0, 1, 1e6}}};
  const Figure figure{.panels = {panel}};
  EXPECT_LT(lay_out(figure).panels[0].y.last, 2.0);
}

}  // namespace
}  // namespace hotstage::report::detail
