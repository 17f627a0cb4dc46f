// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/report/html.hpp"
#include "hotstage/report/svg.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>

namespace hotstage::report {
namespace {

/// Two balls one above the other, 4 apart, and one stick.
Figure dumbbell() {
  Figure figure{.id = "pair", .title = "A pair"};
  figure.model = Model{.unit = "Å",
                       .kinds = {{"Co", 0.5, Colour::blue}, {"O", 0.25, Colour::vermilion}},
                       .x = {0.0, 0.0},
                       .y = {0.0, 0.0},
                       .z = {0.0, 4.0},
                       .kind = {0, 1},
                       .from = {0},
                       .to = {1},
                       .edges = {0, 0, 0, 0, 0, 4},
                       .view = {0, 0}};
  return figure;
}

std::vector<double> numbers_after(const std::string& text, const std::string& pattern) {
  std::vector<double> out;
  const std::regex expression(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    for (std::size_t k = 1; k < it->size(); ++k) {
      out.push_back(std::stod((*it)[k]));
    }
  }
  return out;
}

TEST(ModelDrawing, keeps_lengths_and_stands_upright) {
  const std::string svg = to_svg(dumbbell());
  const auto circles = numbers_after(
      svg, "<circle cx=\"([0-9.]+)\" cy=\"([0-9.]+)\" r=\"([0-9.]+)\" fill=\"url\\(#pair-k[01]\\)\" stroke");
  ASSERT_EQ(circles.size(), 6U);
  EXPECT_NEAR(circles[0], circles[3], 0.01) << "one above the other";
  EXPECT_NEAR(std::max(circles[2], circles[5]) / std::min(circles[2], circles[5]), 2.0, 0.01);
  const double scale = std::max(circles[2], circles[5]) / 0.5;
  EXPECT_NEAR(std::abs(circles[1] - circles[4]), 4.0 * scale, 0.05);
}

TEST(ModelDrawing, a_stick_ends_at_the_surfaces_of_its_balls) {
  const std::string svg = to_svg(dumbbell());
  const auto stick = numbers_after(svg, "M([0-9.]+) ([0-9.]+)L([0-9.]+) ([0-9.]+)\" stroke=\"#888888\"");
  const auto edge = numbers_after(svg, "M([0-9.]+) ([0-9.]+)L([0-9.]+) ([0-9.]+)\" stroke=\"#000000\"");
  ASSERT_EQ(stick.size(), 4U);
  ASSERT_EQ(edge.size(), 4U);
  EXPECT_NEAR((stick[1] - stick[3]) / (edge[1] - edge[3]), 3.25 / 4.0, 1e-3);
}

TEST(ModelDrawing, from_above_the_nearer_ball_is_drawn_last) {
  Figure figure = dumbbell();
  figure.model->view = {0, 90};
  const std::string svg = to_svg(figure);
  EXPECT_LT(svg.rfind("<title>Co</title>"), svg.rfind("<title>O</title>"));
  figure.model->view = {0, -90};
  const std::string below = to_svg(figure);
  EXPECT_GT(below.rfind("<title>Co</title>"), below.rfind("<title>O</title>"));
}

TEST(ModelDrawing, survives_as_a_value_and_figures_of_old_have_none) {
  const Figure back = figure_from_value(to_value(dumbbell()));
  ASSERT_TRUE(back.model);
  EXPECT_EQ(to_svg(back), to_svg(dumbbell()));
  Value old = to_value(Figure{.id = "old", .panels = {Panel{}}});
  std::erase_if(old.as_object(), [](const Member& member) { return member.key == "model"; });
  EXPECT_FALSE(figure_from_value(old).model);
}

TEST(ModelDrawing, the_page_holds_the_drawing_and_what_turns_it) {
  Page page{.title = "t"};
  page.sections.push_back({.title = "s", .blocks = {dumbbell()}});
  const std::string html = to_html(page);
  EXPECT_NE(html.find("\"model\":{\"kinds\""), std::string::npos);
  EXPECT_NE(html.find("url(#figure-pair-k0)"), std::string::npos);
}

TEST(ModelDrawing, a_model_that_does_not_fit_together_is_refused) {
  Value bad = to_value(dumbbell());
  bad["model"]["to"] = Value::array();
  EXPECT_THROW((void)figure_from_value(bad), Error);
  Figure both = dumbbell();
  both.panels.emplace_back();
  EXPECT_THROW((void)figure_from_value(to_value(both)), Error);
}

}  // namespace
}  // namespace hotstage::report
