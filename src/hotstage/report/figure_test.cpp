// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/figure.hpp"

#include "hotstage/report/detail/json.hpp"
#include "hotstage/report/plotly.hpp"
#include "hotstage/report/svg.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace hotstage::report {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Any bit pattern: subnormal numbers, infinities and NaN included.
rc::Gen<double> any_double() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                      [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
}

rc::Gen<std::vector<double>> doubles(std::size_t count) {
  return rc::gen::container<std::vector<double>>(count, any_double());
}

Figure any_figure() {
  const auto n = *rc::gen::inRange<std::size_t>(0, 90);  // both sides of the length from which arrays are packed
  const auto scale = *rc::gen::element(Scale::linear, Scale::log);
  Panel panel{.title = *rc::gen::arbitrary<std::string>(), .x = {.label = "x", .unit = "nm^-2", .scale = scale}};
  panel.y = {.label = "y", .scale = scale};
  panel.y2 = AxisSpec{.label = "right"};
  panel.marks.emplace_back(
      Line{.name = "line", .x = *doubles(n), .y = *doubles(n), .sigma = *doubles(n), .side = Side::right});
  panel.marks.emplace_back(
      Points{.name = "points", .x = *doubles(n), .y = *doubles(n), .sigma_x = *doubles(n), .sigma_y = *doubles(n)});
  const Grid grid{.rows = 3, .columns = 4, .values = *doubles(12), .x = {0.0, 4.0}, .y = {0.0, 3.0}};
  panel.marks.emplace_back(Contour{.name = "contour", .grid = grid, .levels = *doubles(2)});
  panel.marks.emplace_back(Span{.label = "span", .first = *any_double(), .last = *any_double()});
  panel.marks.emplace_back(Text{.text = "text", .x = *any_double(), .y = *any_double()});
  panel.marks.emplace_back(HorizontalLine{.label = "level", .value = *any_double()});
  panel.marks.emplace_back(VerticalLine{.label = "place", .value = *any_double()});
  Panel linear{.x = {.label = "x"}, .row = 1};
  linear.marks.emplace_back(Bars{.name = "bars", .labels = {"a", "b"}, .values = *doubles(2), .sigma = *doubles(2)});
  linear.marks.emplace_back(Image{.name = "image",
                                  .grid = grid,
                                  .range = std::array{0.25, 0.75},
                                  .bar = false,
                                  .scale_bar = ScaleBar{1.0, "1 nm"}});
  return {
      .id = "any", .title = "Any", .caption = "", .panels = {panel, linear}, .width = Width::half, .notes = {"note"}};
}

std::string refusal(const Value& value) {
  try {
    (void)figure_from_value(value);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

Figure one_line(std::vector<double> x, std::vector<double> y) {
  return {.id = "f", .panels = {Panel{.marks = {Line{.name = "line", .x = std::move(x), .y = std::move(y)}}}}};
}

RC_GTEST_PROP(FigureValue, survives_with_every_bit, ()) {
  const Figure figure = any_figure();
  const Value written = to_value(figure);
  RC_ASSERT(to_value(figure_from_value(written)) == written);
  const auto& before = std::get<Line>(figure.panels[0].marks[0]);
  const Figure read = figure_from_value(written);
  const auto& after = std::get<Line>(read.panels[0].marks[0]);
  for (std::size_t i = 0; i < before.x.size(); ++i) {
    RC_ASSERT(std::bit_cast<std::uint64_t>(before.x[i]) == std::bit_cast<std::uint64_t>(after.x[i]));
  }
}

RC_GTEST_PROP(FigureWriters, draw_any_numbers_without_writing_nan_or_infinity, ()) {
  const Figure figure = any_figure();
  const std::string svg = to_svg(figure);
  RC_ASSERT(svg.find("nan") == std::string::npos);
  RC_ASSERT(svg.find("inf") == std::string::npos);
  const std::string plotly = to_plotly(figure);
  RC_ASSERT(plotly.find(":nan") == std::string::npos);
  RC_ASSERT(plotly.find("inf,") == std::string::npos);
}

TEST(FigureValue, keeps_gaps_and_infinities_in_short_arrays) {
  const Figure read = figure_from_value(to_value(one_line({1.0, 2.0, 3.0}, {nan, infinity, 0.1})));
  const auto& line = std::get<Line>(read.panels[0].marks[0]);
  EXPECT_TRUE(std::isnan(line.y[0]));
  EXPECT_EQ(line.y[1], infinity);
  EXPECT_EQ(line.y[2], 0.1);
}

TEST(FigureValue, names_its_schema) {
  EXPECT_EQ(to_value(Figure{}).at("schema").as_text(), "hotstage.figure/1");
}

TEST(FigureValue, refuses_a_newer_schema) {
  Value value = to_value(one_line({1.0}, {2.0}));
  value["schema"] = "hotstage.figure/2";
  EXPECT_NE(refusal(value).find("figure written as hotstage.figure/2"), std::string::npos) << refusal(value);
}

TEST(FigureValue, refuses_another_schema) {
  Value value = to_value(one_line({1.0}, {2.0}));
  value["schema"] = "hotstage.results/1";
  EXPECT_NE(refusal(value).find("is not a figure"), std::string::npos);
}

TEST(FigureValue, refuses_unequal_lengths) {
  const Value value = to_value(one_line({1.0, 2.0}, {2.0}));
  EXPECT_NE(refusal(value).find("2 x and 1 y values"), std::string::npos) << refusal(value);
}

TEST(FigureValue, refuses_a_grid_with_missing_values) {
  Figure figure;
  figure.panels = {Panel{
      .marks = {Image{.name = "map", .grid = {.rows = 2, .columns = 3, .values = {1.0}, .x = {0, 1}, .y = {0, 1}}}}}};
  EXPECT_NE(refusal(to_value(figure)).find("1 values for 2 rows of 3 columns"), std::string::npos);
}

TEST(FigureValue, refuses_a_size_that_overflows) {
  Figure figure;
  constexpr std::size_t half = std::size_t{1} << 32;
  figure.panels = {
      Panel{.marks = {Image{.grid = {.rows = half, .columns = half, .values = {}, .x = {0, 1}, .y = {0, 1}}}}}};
  EXPECT_FALSE(refusal(to_value(figure)).empty());
}

TEST(FigureValue, refuses_unknown_words_and_broken_base64) {
  Value value = to_value(one_line({1.0}, {2.0}));
  Value& mark = value["panels"].as_array()[0]["marks"].as_array()[0];
  mark["dash"] = "wavy";
  EXPECT_NE(refusal(value).find("\"wavy\" is none of solid, dashed"), std::string::npos) << refusal(value);
  mark["dash"] = "solid";
  mark["x"] = Value::object();
  mark["x"]["f64"] = "AAA";
  EXPECT_NE(refusal(value).find("expected base64"), std::string::npos) << refusal(value);
}

TEST(FigureValue, refuses_a_logarithmic_axis_through_zero) {
  Figure figure = one_line({1.0}, {1.0});
  figure.panels[0].y = {.label = "counts", .scale = Scale::log, .range = std::array{0.0, 10.0}};
  EXPECT_NE(refusal(to_value(figure)).find("logarithmic axis \"counts\" cannot run from 0 to 10"), std::string::npos);
}

TEST(Decimate, keeps_short_lines_as_they_are) {
  const Figure figure = decimate(one_line(std::vector<double>(20'000, 1.0), std::vector<double>(20'000, 2.0)));
  EXPECT_EQ(std::get<Line>(figure.panels[0].marks[0]).x.size(), 20'000U);
  EXPECT_TRUE(figure.notes.empty());
}

TEST(Decimate, keeps_the_extremes_ends_and_gaps_of_long_lines) {
  constexpr std::size_t n = 1'000'000;
  std::vector<double> x(n);
  std::vector<double> y(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<double>(i);
  }
  y[123'456] = 7.0;
  y[654'321] = -3.0;
  y[500'000] = nan;
  const Figure figure = decimate(one_line(x, y));
  const auto& line = std::get<Line>(figure.panels[0].marks[0]);
  EXPECT_LE(line.x.size(), 20'002U);
  EXPECT_EQ(line.x.front(), 0.0);
  EXPECT_EQ(line.x.back(), static_cast<double>(n - 1));
  const auto value_at = [&line](double place) {
    const auto found = std::ranges::find(line.x, place);
    return found == line.x.end() ? infinity : line.y[static_cast<std::size_t>(found - line.x.begin())];
  };
  EXPECT_EQ(value_at(123'456.0), 7.0);
  EXPECT_EQ(value_at(654'321.0), -3.0);
  EXPECT_TRUE(std::isnan(value_at(500'000.0)));
  ASSERT_EQ(figure.notes.size(), 1U);
  EXPECT_NE(figure.notes[0].find("1000000 points"), std::string::npos);
}

TEST(Decimate, shrinks_large_images_to_block_means_of_the_same_extent) {
  Grid grid{.rows = 1500,
            .columns = 3001,
            .values = std::vector<double>(std::size_t{1500} * 3001, 2.5),
            .x = {0, 30},
            .y = {0, 15}};
  grid.values[0] = nan;
  const Figure figure = decimate({.id = "f", .panels = {Panel{.marks = {Image{.name = "map", .grid = grid}}}}});
  const Grid& small = std::get<Image>(figure.panels[0].marks[0]).grid;
  EXPECT_LE(small.rows * small.columns, 1'000'000U);
  EXPECT_GT(small.rows * small.columns, 900'000U);
  EXPECT_EQ(small.values.size(), small.rows * small.columns);
  EXPECT_EQ(small.x[1], 30.0);
  for (const double value : small.values) {
    ASSERT_EQ(value, 2.5);  // means of equal numbers are exact, gaps are left out
  }
  ASSERT_EQ(figure.notes.size(), 1U);
  EXPECT_NE(figure.notes[0].find("3001 × 1500 pixels"), std::string::npos);
}

TEST(Decimate, shrinks_a_ribbon_of_one_row) {
  const Grid grid{
      .rows = 1, .columns = 3'000'000, .values = std::vector<double>(3'000'000, 1.0), .x = {0, 1}, .y = {0, 1}};
  const Figure figure = decimate({.panels = {Panel{.marks = {Image{.grid = grid}}}}});
  const Grid& small = std::get<Image>(figure.panels[0].marks[0]).grid;
  EXPECT_EQ(small.rows, 1U);
  EXPECT_LE(small.columns, 1'000'000U);
}

TEST(Decimate, happens_inside_the_writers) {
  const std::vector<double> ramp(200'000, 1.0);
  EXPECT_LT(to_svg(one_line(ramp, ramp)).size(), 500'000U);
  EXPECT_LT(to_plotly(one_line(ramp, ramp)).size(), 800'000U);
}

}  // namespace
}  // namespace hotstage::report
