// SPDX-License-Identifier: GPL-3.0-or-later
// Every mark, both writers: the numbers of the mark must be found in what was written.

#include "hotstage/report/detail/base64.hpp"
#include "hotstage/report/detail/layout.hpp"
#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/png.hpp"
#include "hotstage/report/plotly.hpp"
#include "hotstage/report/svg.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hotstage::report {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A figure of one panel, written both ways; answers where its data must stand in the drawing.
class Written {
 public:
  explicit Written(Panel panel) : figure_{.id = "test", .title = "Test", .caption = "", .panels = {std::move(panel)}} {
    layout_ = detail::lay_out(figure_);
    svg = to_svg(figure_);
    plotly = to_plotly(figure_);
  }

  [[nodiscard]] double x(double value) const { return *layout_.panels[0].x_at(value); }

  [[nodiscard]] double y(double value, Side side = Side::left) const { return *layout_.panels[0].y_at(value, side); }

  /// "12.34 56.78" as paths are written.
  [[nodiscard]] std::string point(double px, double py, Side side = Side::left) const {
    return fmt::format("{:.2f} {:.2f}", x(px), y(py, side));
  }

  [[nodiscard]] testing::AssertionResult svg_has(const std::string& text) const { return has(svg, text); }

  [[nodiscard]] testing::AssertionResult plotly_has(const std::string& text) const { return has(plotly, text); }

  std::string svg;
  std::string plotly;

 private:
  static testing::AssertionResult has(const std::string& where, const std::string& text) {
    return where.find(text) != std::string::npos ? testing::AssertionSuccess()
                                                 : testing::AssertionFailure() << "\"" << text << "\" is not in\n"
                                                                               << where.substr(0, 6000);
  }

  Figure figure_;
  detail::Layout layout_;
};

Panel panel(std::vector<Mark> marks) {
  return {.x = {.label = "Energy loss", .unit = "eV"},
          .y = {.label = "Intensity", .unit = "counts"},
          .marks = std::move(marks)};
}

TEST(Conformance, line_leaves_its_points_gap_and_name) {
  const Written out(panel({Line{
      .name = "signal", .x = {1, 2, 3, 4}, .y = {5, 9, nan, 7.5}, .dash = Dash::dashed, .colour = Colour::blue}}));
  EXPECT_TRUE(out.svg_has(fmt::format("d=\"M{}L{}M{}\"", out.point(1, 5), out.point(2, 9), out.point(4, 7.5))));
  EXPECT_TRUE(out.svg_has("stroke-dasharray"));
  EXPECT_TRUE(out.svg_has("stroke=\"#0072b2\""));
  EXPECT_TRUE(out.svg_has(">signal</text>"));
  EXPECT_TRUE(out.plotly_has(R"("x":[1,2,3,4],"y":[5,9,null,7.5],"line":{"color":"#0072b2")"));
  EXPECT_TRUE(out.plotly_has(R"("name":"signal")"));
  EXPECT_TRUE(out.plotly_has(R"("dash":"dash")"));
}

TEST(Conformance, line_leaves_its_band) {
  const Written out(panel({Line{.name = "fit", .x = {1, 2}, .y = {5, 6}, .sigma = {0.5, 0.25}}}));
  EXPECT_TRUE(out.svg_has(fmt::format("d=\"M{}L{}L{}L{}Z\"", out.point(1, 5.5), out.point(2, 6.25), out.point(2, 5.75),
                                      out.point(1, 4.5))));
  EXPECT_TRUE(out.plotly_has(R"("x":[1,2,2,1,null],"y":[5.5,6.25,5.75,4.5,null],"fill":"toself")"));
}

TEST(Conformance, long_line_leaves_every_double) {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(i / 3.0);
    y.push_back(std::sqrt(i));
  }
  const Written out(panel({Line{.name = "spectrum", .x = x, .y = y}}));
  EXPECT_TRUE(out.plotly_has(fmt::format(R"("y":{{"dtype":"f8","bdata":"{}"}})", detail::base64_of_doubles(y))));
  EXPECT_TRUE(out.svg_has(out.point(x[777], y[777])));
}

TEST(Conformance, points_leave_places_and_error_bars) {
  const Written out(panel({Points{.name = "profile",
                                  .x = {1, 2},
                                  .y = {3, 4},
                                  .sigma_x = {0.1, 0.2},
                                  .sigma_y = {0.5, 0.25},
                                  .symbol = Symbol::circle}}));
  EXPECT_TRUE(out.svg_has(fmt::format("cx=\"{:.2f}\" cy=\"{:.2f}\"", out.x(2), out.y(4))));
  EXPECT_TRUE(out.svg_has(fmt::format("{:.2f}V{:.2f}\"", out.y(3.5), out.y(2.5))));
  EXPECT_TRUE(out.svg_has(fmt::format("{:.2f}H{:.2f}\"", out.y(4), out.x(2.2))));
  EXPECT_TRUE(out.plotly_has(R"("x":[1,2],"y":[3,4])"));
  EXPECT_TRUE(out.plotly_has(R"("error_x":{"type":"data","array":[0.1,0.2])"));
  EXPECT_TRUE(out.plotly_has(R"("error_y":{"type":"data","array":[0.5,0.25])"));
}

TEST(Conformance, points_on_the_right_axis_use_it) {
  Panel two =
      panel({Line{.x = {0, 1}, .y = {0, 1}}, Points{.name = "ratio", .x = {0.5}, .y = {400}, .side = Side::right}});
  two.y2 = AxisSpec{.label = "Temperature", .unit = "degC", .range = std::array{0.0, 1000.0}};
  const Written out(two);
  EXPECT_TRUE(out.svg_has(fmt::format("cx=\"{:.2f}\" cy=\"{:.2f}\"", out.x(0.5), out.y(400, Side::right))));
  EXPECT_TRUE(out.svg_has(">Temperature (°C)</text>"));
  EXPECT_TRUE(out.plotly_has(R"("yaxis":"y101")"));
  EXPECT_TRUE(out.plotly_has(R"("overlaying":"y")"));
}

TEST(Conformance, bars_leave_labels_values_and_errors) {
  const Written out(
      panel({Bars{.name = "ratio", .labels = {"TiO_{2}", "BN"}, .values = {0.5, 1.0}, .sigma = {0.02, 0.05}}}));
  EXPECT_TRUE(out.svg_has(fmt::format("height=\"{:.2f}\"", out.y(0.0) - out.y(1.0))));
  EXPECT_TRUE(out.svg_has(fmt::format("{:.2f}V{:.2f}\"", out.y(1.05), out.y(0.95))));
  EXPECT_TRUE(out.svg_has("TiO<tspan"));
  EXPECT_TRUE(out.plotly_has(R"("y":[0.5,1])"));
  EXPECT_TRUE(out.plotly_has(R"("ticktext":["TiO\u003csub>2\u003c/sub>","BN"])"));
  EXPECT_TRUE(out.plotly_has(R"("array":[0.02,0.05])"));
}

TEST(Conformance, bars_of_two_series_stand_side_by_side) {
  const Written out(panel(
      {Bars{.name = "a", .labels = {"x"}, .values = {1.0}}, Bars{.name = "b", .labels = {"x"}, .values = {2.0}}}));
  EXPECT_TRUE(out.plotly_has(R"("x":[-0.175],"y":[1],"width":0.35)"));
  EXPECT_TRUE(out.plotly_has(R"("x":[0.175],"y":[2],"width":0.35)"));
}

TEST(Conformance, image_leaves_its_pixels_colour_bar_and_scale_bar) {
  const Grid grid{.rows = 2, .columns = 3, .values = {0, 1, 2, 3, nan, 4}, .x = {0, 30}, .y = {0, 20}};
  Panel map{.x = {.unit = "nm"}, .y = {.unit = "nm"}};
  map.marks = {Image{
      .name = "map", .grid = grid, .bar_label = "Ratio", .bar_unit = "at.%", .scale_bar = ScaleBar{10.0, "10 nm"}}};
  const Written out(map);
  const auto file = detail::png(grid, ColourMap::viridis, {0.0, 4.0});
  EXPECT_TRUE(out.svg_has("data:image/png;base64," + detail::base64(file)));
  EXPECT_TRUE(out.svg_has(">Ratio (at.%)</text>"));
  EXPECT_TRUE(out.svg_has(">10 nm</text>"));
  EXPECT_TRUE(out.svg_has(
      fmt::format("width=\"{:.2f}\" height=\"2.20\" fill=\"#ffffff\" class=\"scale-bar\"", out.x(10.0) - out.x(0.0))));
  EXPECT_TRUE(out.plotly_has(
      fmt::format(R"("z":{{"dtype":"f4","bdata":"{}","shape":"2, 3"}})", detail::base64_of_floats(grid.values))));
  EXPECT_TRUE(out.plotly_has(R"("x0":5,"dx":10,"y0":5,"dy":10)"));
  EXPECT_TRUE(out.plotly_has(R"j("text":"Ratio (at.%)")j"));
  EXPECT_TRUE(out.plotly_has(R"("text":"10 nm")"));
  EXPECT_TRUE(out.plotly_has(R"("scaleanchor":"x")"));
}

TEST(Conformance, image_stands_with_its_first_row_where_the_origin_says) {
  const Grid grid{.rows = 2, .columns = 2, .values = {1, 2, 3, 4}, .x = {0, 2}, .y = {0, 2}};
  const Written top(Panel{.marks = {Image{.grid = grid, .origin = Origin::top}}});
  const Written bottom(Panel{.marks = {Image{.grid = grid, .origin = Origin::bottom}}});
  EXPECT_LT(top.y(0.5), top.y(1.5));
  EXPECT_GT(bottom.y(0.5), bottom.y(1.5));
  EXPECT_TRUE(top.plotly_has(R"("range":[2,0])"));
}

TEST(Conformance, contour_leaves_its_level) {
  const Grid ramp{.rows = 2, .columns = 4, .values = {0, 1, 2, 3, 0, 1, 2, 3}, .x = {0, 4}, .y = {0, 2}};
  const Written out(panel({Contour{.name = "level", .grid = ramp, .levels = {1.5}, .colour = Colour::vermilion}}));
  EXPECT_TRUE(out.svg_has("data-level=\"1.5\""));
  EXPECT_TRUE(out.svg_has(fmt::format("M{}L{}", out.point(2.0, 0.5), out.point(2.0, 1.5))));
  EXPECT_TRUE(out.plotly_has(R"("contours":{"start":1.5,"end":1.5)"));
  EXPECT_TRUE(out.plotly_has(detail::base64_of_floats(ramp.values)));
}

TEST(Conformance, span_leaves_its_window_and_label) {
  const Written out(panel({Line{.x = {400, 600}, .y = {1, 2}},
                           Span{.label = "Ti L_{2,3}", .first = 455, .last = 505, .colour = Colour::orange}}));
  EXPECT_TRUE(out.svg_has(fmt::format("<rect x=\"{:.2f}\"", out.x(455))));
  EXPECT_TRUE(out.svg_has(fmt::format("width=\"{:.2f}\"", out.x(505) - out.x(455))));
  EXPECT_TRUE(out.svg_has("Ti L<tspan"));
  EXPECT_TRUE(out.plotly_has(R"("x0":455,"x1":505)"));
  EXPECT_TRUE(out.plotly_has(R"("text":"Ti L\u003csub>2,3\u003c/sub>")"));
}

TEST(Conformance, text_leaves_its_words_at_its_place) {
  const Written out(
      panel({Line{.x = {0, 10}, .y = {0, 10}}, Text{.text = "rock salt", .x = 2, .y = 7, .anchor = Anchor::left}}));
  EXPECT_TRUE(out.svg_has(fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\"", out.x(2), out.y(7))));
  EXPECT_TRUE(out.svg_has(">rock salt</text>"));
  EXPECT_TRUE(out.plotly_has(R"("text":"rock salt")"));
  EXPECT_TRUE(out.plotly_has(R"("x":2,"y":7,"xanchor":"left")"));
}

TEST(Conformance, horizontal_line_leaves_its_value_and_label) {
  const Written out(panel({Line{.x = {0, 10}, .y = {0, 10}}, HorizontalLine{.label = "limit", .value = 4.5}}));
  EXPECT_TRUE(out.svg_has(fmt::format("y1=\"{0:.2f}\" x2", out.y(4.5))));
  EXPECT_TRUE(out.svg_has(">limit</text>"));
  EXPECT_TRUE(out.plotly_has(R"("y0":4.5,"y1":4.5)"));
  EXPECT_TRUE(out.plotly_has(R"("text":"limit")"));
}

TEST(Conformance, vertical_line_leaves_its_value_and_label) {
  const Written out(panel({Line{.x = {0, 10}, .y = {0, 10}}, VerticalLine{.label = "edge", .value = 2.5}}));
  EXPECT_TRUE(out.svg_has(fmt::format("<line x1=\"{:.2f}\"", out.x(2.5))));
  EXPECT_TRUE(out.svg_has(">edge</text>"));
  EXPECT_TRUE(out.plotly_has(R"("x0":2.5,"x1":2.5)"));
  EXPECT_TRUE(out.plotly_has(R"("text":"edge")"));
}

TEST(Conformance, logarithmic_axes_place_marks_alike) {
  Panel log =
      panel({Line{.x = {1, 2}, .y = {10, 1000}}, Text{.text = "here", .x = 1, .y = 100}, HorizontalLine{.value = 100}});
  log.y.scale = Scale::log;
  const Written out(log);
  EXPECT_NEAR(out.y(100), 0.5 * (out.y(10) + out.y(1000)), 1e-9);  // rounding of two logarithms
  EXPECT_TRUE(out.plotly_has(R"("type":"log")"));
  EXPECT_TRUE(out.plotly_has(R"("y":2,"xanchor":"center")"));  // annotations want the logarithm
  EXPECT_TRUE(out.plotly_has(R"("y0":100,"y1":100)"));         // shapes want the value
}

TEST(Conformance, axes_carry_labels_units_and_ranges) {
  Panel axes = panel({Line{.x = {0, 10}, .y = {0, 2e5}}});
  axes.x.range = std::array{-5.0, 20.0};
  const Written out(axes);
  EXPECT_TRUE(out.svg_has(">Energy loss (eV)</text>"));
  EXPECT_TRUE(out.svg_has("Intensity (10<tspan"));
  EXPECT_TRUE(out.plotly_has(R"("range":[-5,20])"));
  EXPECT_TRUE(out.plotly_has(R"j("text":"Intensity (counts)")j"));
}

TEST(Conformance, linked_panels_share_the_range_and_zoom_together) {
  Figure figure{.id = "linked"};
  figure.panels = {Panel{.marks = {Line{.x = {0, 10}, .y = {0, 1}}}, .row = 0, .x_link = "energy"},
                   Panel{.marks = {Line{.x = {5, 20}, .y = {0, 1}}}, .row = 1, .x_link = "energy"}};
  const detail::Layout layout = detail::lay_out(figure);
  EXPECT_EQ(layout.panels[0].x.first, 0.0);
  EXPECT_EQ(layout.panels[0].x.last, 20.0);
  EXPECT_EQ(layout.panels[1].x.first, 0.0);
  EXPECT_FALSE(layout.panels[0].x.labelled);
  EXPECT_NE(to_plotly(figure).find(R"("matches":"x")"), std::string::npos);
}

}  // namespace
}  // namespace hotstage::report
