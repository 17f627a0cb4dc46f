// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/edits.hpp"

#include "hotstage/io/document.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series {
namespace {

constexpr std::size_t rows = 64;
constexpr std::size_t columns = 96;
constexpr double void_y = 20.0;
constexpr double void_x = 48.0;
constexpr double void_radius = 6.0;

/// Three upright strips of 32 px, grains 1, 2, 3 of 80, 100, 120 electrons; a void with its label 0 in the middle one,
/// and a second one at (44, 80) that nobody found.
struct Scene {
  Buffer<float, 2> mean{{rows, columns}};
  Buffer<float, 2> n{{rows, columns}};
  Buffer<std::int32_t, 2> labels{{rows, columns}};
  std::vector<DarkSpot> spots;
  signal::Signal frames;

  Scene() {
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        const auto grain = static_cast<std::int32_t>(x / 32 + 1);
        const auto fy = static_cast<double>(y);
        const auto fx = static_cast<double>(x);
        const bool found = std::hypot(fy - void_y, fx - void_x) <= void_radius;
        const bool missed = std::hypot(fy - 44.0, fx - 80.0) <= void_radius;
        mean.view()(y, x) = static_cast<float>(60 + 20 * grain) * (found || missed ? 0.4F : 1.0F);
        n.view()(y, x) = 10.0F;
        labels.view()(y, x) = found ? 0 : grain;
      }
    }
    spots = {{.y_px = void_y,
              .x_px = void_x,
              .area_px = std::numbers::pi * void_radius * void_radius,
              .radius_px = void_radius,
              .depth = 0.6,
              .grain = 2}};
    frames.axes = {{.name = "y", .size = rows, .offset = 10.0, .scale = 0.5, .unit = "nm"},
                   {.name = "x", .size = columns, .offset = -4.0, .scale = 0.5, .unit = "nm"}};
  }

  [[nodiscard]] std::vector<Edit> parse(const std::string& text) const {
    return parse_edits(io::parse_toml(text, "edits.toml"), frames);
  }

  [[nodiscard]] EditedSegmentation apply(const std::string& edits) const {
    const auto list = parse("author = \"A. Author\"\ndate = 2026-03-31\n" + edits);
    return apply_edits({{mean.view(), n.view()}, labels.view(), spots}, list, {.max_void_radius_px = 20.0});
  }

  /// What is wrong with an edit, with the place in the file.
  [[nodiscard]] std::string refusal(const std::string& edits) const {
    try {
      (void)apply(edits);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::bad_input);
      return error.what();
    }
    return "nothing";
  }
};

std::size_t count(const EditedSegmentation& e, int label) {
  const auto& labels = e.segmentation.labels;
  return static_cast<std::size_t>(std::count(labels.data(), labels.data() + labels.size(), label));
}

std::size_t grain_area(const EditedSegmentation& e, int id) {
  for (const Grain& g : e.segmentation.grains) {
    if (g.id == id) {
      return g.area_px;
    }
  }
  return 0;
}

TEST(Edits, merge_joins_neighbours_and_keeps_the_first_number) {
  const Scene scene;
  const auto e = scene.apply("[[edit]]\naction = \"merge\"\npoints = [[50, 5], [50, 40]]\nreason = \"same fringes\"\n");
  ASSERT_EQ(e.segmentation.grains.size(), 2U);
  const std::size_t hole = count(e, 0);
  EXPECT_EQ(grain_area(e, 1), 2 * rows * 32 - hole);
  EXPECT_EQ(e.segmentation.boundaries.size(), 1U);
  EXPECT_EQ(e.applied.front().area_before_px, static_cast<double>(rows * 32));
  EXPECT_EQ(e.applied.front().area_after_px, static_cast<double>(2 * rows * 32 - hole));
  EXPECT_EQ(e.applied.front().changed_px, rows * 32 - hole);
  EXPECT_EQ(e.applied.front().edit.reason, "same fringes");
  EXPECT_EQ(e.segmentation.spots.front().grain, 1) << "a void of the merged grain belongs to the new one";
}

TEST(Edits, split_cuts_through_voids_and_keeps_every_pixel) {
  const Scene scene;
  const auto e =
      scene.apply("[[edit]]\naction = \"split\"\nat = [5, 40]\nline = [[20, 20], [20, 70]]\nreason = \"twin\"\n");
  EXPECT_EQ(e.segmentation.grains.size(), 4U);
  const std::size_t hole = count(e, 0);
  EXPECT_EQ(grain_area(e, 2) + grain_area(e, 4), rows * 32 - hole);
  EXPECT_NEAR(static_cast<double>(grain_area(e, 4)), 43.0 * 32.0 - 0.5 * static_cast<double>(hole), 10.0);
  EXPECT_EQ(e.segmentation.labels.view()(5, 40), 2);
  EXPECT_EQ(e.segmentation.labels.view()(50, 40), 4);
}

TEST(Edits, give_moves_a_boundary) {
  const Scene scene;
  const auto e = scene.apply(
      "[[edit]]\naction = \"give\"\nat = [50, 5]\noutline = [[-0.5, 30], [-0.5, 36.5], [63.5, 36.5], [63.5, 30]]\n"
      "reason = \"boundary seen in BF\"\n");
  EXPECT_EQ(grain_area(e, 1), rows * 37);
  EXPECT_EQ(e.applied.front().changed_px, rows * 5);
  EXPECT_EQ(e.changed_px, rows * 5);
}

TEST(Edits, renumber_swaps_with_the_grain_that_has_the_number) {
  const Scene scene;
  const auto e =
      scene.apply("[[edit]]\naction = \"renumber\"\nat = [50, 5]\nnumber = 3\nreason = \"as in figure 2\"\n");
  EXPECT_EQ(e.segmentation.labels.view()(50, 5), 3);
  EXPECT_EQ(e.segmentation.labels.view()(50, 90), 1);
}

TEST(Edits, remove_gives_the_pixels_of_a_void_back_to_its_grain) {
  const Scene scene;
  const auto e = scene.apply("[[edit]]\naction = \"remove\"\nat = [22, 47]\nreason = \"a bend contour\"\n");
  EXPECT_TRUE(e.segmentation.spots.empty());
  EXPECT_EQ(count(e, 0), 0U);
  EXPECT_EQ(grain_area(e, 2), rows * 32);
}

TEST(Edits, remove_leaves_what_no_frame_covers_without_a_grain) {
  Scene scene;
  for (std::size_t y = 60; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      scene.n.view()(y, x) = 1.0F;
      scene.labels.view()(y, x) = 0;
    }
  }
  scene.spots.push_back(
      {.kind = DarkKind::crack, .y_px = 61.5, .x_px = 47.5, .area_px = 384.0, .radius_px = 11.0, .length_px = 96.0});
  const auto e = scene.apply("[[edit]]\naction = \"remove\"\nat = [62, 50]\nreason = \"edge of the frames\"\n");
  EXPECT_EQ(e.segmentation.spots.size(), 1U);
  EXPECT_EQ(e.segmentation.labels.view()(62, 50), 0);
  EXPECT_EQ(e.changed_px, 0U);
}

TEST(Edits, add_measures_a_circle_as_found_voids_are_measured) {
  const Scene scene;
  const auto e = scene.apply("[[edit]]\naction = \"add\"\nat = [44, 80]\nradius = 7.5\nreason = \"missed: faint\"\n");
  ASSERT_EQ(e.segmentation.spots.size(), 2U);
  const DarkSpot& spot = e.segmentation.spots.back();
  EXPECT_EQ(spot.grain, 3);
  constexpr double tenth_px = 0.1;
  EXPECT_NEAR(spot.y_px, 44.0, tenth_px);
  EXPECT_NEAR(spot.x_px, 80.0, tenth_px);
  constexpr double level_share = 0.03;  // the Gaussian mean of the grain takes in nothing of the void
  EXPECT_NEAR(spot.depth, 0.6, level_share);
  // Missing light does not depend on how generously the outline was drawn: π r² × 0.6 of the true void.
  const double drawn = static_cast<double>(
      std::count_if(scene.mean.data(), scene.mean.data() + scene.mean.size(), [](float v) { return v < 50.0F; }));
  const double middle_void =
      static_cast<double>(std::count(scene.labels.data(), scene.labels.data() + scene.labels.size(), 0));
  EXPECT_NEAR(spot.missing_px, 0.6 * (drawn - middle_void), 0.05 * 0.6 * (drawn - middle_void));
  EXPECT_EQ(count(e, 0), static_cast<std::size_t>(spot.area_px + middle_void));
}

TEST(Edits, coordinates_with_a_unit_count_along_the_axes) {
  const Scene scene;
  // y = 10 nm + 0.5 nm × 22, x = −4 nm + 0.5 nm × 47; radius 3.75 nm = 7.5 px
  const auto nm = scene.parse(
      "author = \"A\"\ndate = 2026-03-31\nunit = \"nm\"\n[[edit]]\naction = \"add\"\nat = [21.0, 19.5]\nradius = 3.75\n"
      "reason = \"r\"\n");
  EXPECT_DOUBLE_EQ(nm.front().points.front()[0], 22.0);
  EXPECT_DOUBLE_EQ(nm.front().points.front()[1], 47.0);
  EXPECT_DOUBLE_EQ(*nm.front().radius_px, 7.5);
  const auto angstrom = scene.parse(
      "author = \"A\"\ndate = 2026-03-31\nunit = \"Å\"\n[[edit]]\naction = \"remove\"\nat = [210, 195]\nreason = "
      "\"r\"\n");
  EXPECT_NEAR(angstrom.front().points.front()[1], 47.0, 1e-9);
}

TEST(Edits, later_edits_see_what_earlier_ones_did) {
  const Scene scene;
  const auto e = scene.apply(
      "[[edit]]\naction = \"remove\"\nat = [20, 48]\nreason = \"outline too small\"\n"
      "[[edit]]\naction = \"add\"\nat = [20, 48]\nradius = 8\nreason = \"drawn again\"\nauthor = \"B. Other\"\n");
  ASSERT_EQ(e.segmentation.spots.size(), 1U);
  EXPECT_EQ(e.applied.back().edit.author, "B. Other");
  EXPECT_GT(count(e, 0), 150U);
}

TEST(Edits, that_no_longer_fit_are_errors_with_their_line) {
  const Scene scene;
  const auto says = [&](const std::string& edit, const std::string& text) {
    const std::string what = scene.refusal("[[edit]]\n" + edit + "\nreason = \"r\"\n");
    EXPECT_NE(what.find("edits.toml:3"), std::string::npos) << what;
    EXPECT_NE(what.find(text), std::string::npos) << what;
  };
  says("action = \"merge\"\npoints = [[50, 5], [20, 48]]", "no grain at row 20, column 48, but a void or crack");
  says("action = \"merge\"\npoints = [[50, 5], [50, 90]]", "grain 3 does not touch the others");
  says("action = \"merge\"\npoints = [[50, 5], [51, 6]]", "same grain 1");
  says("action = \"remove\"\nat = [60, 5]", "no void or crack at row 60, column 5");
  says("action = \"remove\"\nat = [5, 600]", "outside the frame of 64 × 96 px");
  says("action = \"split\"\nat = [5, 40]\nline = [[20, 40], [20, 50]]", "does not divide grain 2");
  says("action = \"split\"\nat = [5, 40]\nline = [[20, 2], [20, 20]]", "does not divide grain 2");
  says("action = \"give\"\nat = [50, 5]\noutline = [[10, 70], [10, 80], [20, 80]]", "does not touch grain 1");
  says("action = \"give\"\nat = [50, 5]\noutline = [[-0.5, 20], [-0.5, 63.5], [63.5, 63.5], [63.5, 20]]",
       "nothing is left of grain 2");
  says("action = \"add\"\nat = [20, 48]\nradius = 3", "overlaps the void or crack at row 20, column 48");
  says("action = \"add\"\nat = [50, 10]\nradius = 4", "nothing is missing inside the outline");
  says("action = \"add\"\nat = [50, 1e300]\nradius = 4", "leaves the frame");
  says("action = \"split\"\nat = [5, 40]\nline = [[20, -1e300], [20, 70]]", "Check the unit");
}

TEST(Edits, members_are_checked_with_their_line) {
  const Scene scene;
  const auto says = [&](const std::string& text, const std::string& expected) {
    try {
      (void)scene.parse(text);
      ADD_FAILURE() << expected;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("edits.toml:"), std::string::npos) << error.what();
    }
  };
  const std::string who = "author = \"A\"\ndate = 2026-03-31\n";
  says(who, "holds no edit");
  says(who + "[[edit]]\naction = \"merge\"\npoints = [[1, 2], [3, 4]]\n", "reason");
  says(who + "[[edit]]\naction = \"merge\"\npoints = [[1, 2], [3, 4]]\nreason = \" \"\n", "without a reason");
  says("date = 2026-03-31\n[[edit]]\naction = \"remove\"\nat = [1, 2]\nreason = \"r\"\n", "without an author");
  says("author = \"A\"\n[[edit]]\naction = \"remove\"\nat = [1, 2]\nreason = \"r\"\n", "without a date");
  says("author = \"A\"\ndate = \"March\"\n[[edit]]\naction = \"remove\"\nat = [1, 2]\nreason = \"r\"\n", "no date");
  says(who + "[[edit]]\naction = \"remove\"\nat = [1, 2, 3]\nreason = \"r\"\n", "at");
  says(who + "[[edit]]\naction = \"remove\"\npoint = [1, 2]\nreason = \"r\"\n", "point");
  says(who + "[[edit]]\naction = \"remove\"\nat = [1, 2]\nline = [[1, 2], [3, 4]]\nreason = \"r\"\n", "takes no line");
  says(who + "[[edit]]\naction = \"split\"\nat = [1, 2]\nreason = \"r\"\n", "without line");
  says(who + "unit = \"s\"\n[[edit]]\naction = \"remove\"\nat = [1, 2]\nreason = \"r\"\n", "no unit of places");
  says(who + "[[edit]]\naction = \"remove\"\nat = [nan, 2]\nreason = \"r\"\n", "finite");
}

TEST(Edits, spots_of_another_segmentation_are_refused) {
  Scene scene;
  scene.spots.front().x_px = 10.0;
  EXPECT_NE(
      scene.refusal("[[edit]]\naction = \"remove\"\nat = [20, 48]\nreason = \"r\"\n").find("no hole in the label map"),
      std::string::npos);
}

}  // namespace
}  // namespace hotstage::series
