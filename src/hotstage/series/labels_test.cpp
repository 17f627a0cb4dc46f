// SPDX-License-Identifier: GPL-3.0-or-later
// Hand-drawn outlines: filling, scores against analytic truth, and the five label files.

#include "hotstage/series/labels.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/sha256.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numbers>

namespace hotstage::series {
namespace {

TEST(Labels, a_rectangle_fills_the_pixels_whose_centres_it_holds) {
  const std::vector<Outline> box{{"hole", true, {{2.0, 1.0}, {6.0, 1.0}, {6.0, 4.0}, {2.0, 4.0}}}};
  const auto mask = fill_outlines(box, "hole", 8, 10);
  std::size_t count = 0;
  for (std::size_t y = 0; y < 8; ++y) {
    for (std::size_t x = 0; x < 10; ++x) {
      EXPECT_EQ(mask.row(y)[x] != 0, x >= 2 && x < 6 && y >= 1 && y < 4);
      count += mask.row(y)[x];
    }
  }
  EXPECT_EQ(count, 12U);
  EXPECT_EQ(intersection_over_union(mask.view(), fill_outlines(box, "crack", 8, 10).view()), 0.0);
}

TEST(Labels, shifted_boxes_have_the_overlap_of_geometry) {
  const std::vector<Outline> a{{"hole", true, {{0.0, 0.0}, {10.0, 0.0}, {10.0, 10.0}, {0.0, 10.0}}}};
  const std::vector<Outline> b{{"hole", true, {{5.0, 0.0}, {15.0, 0.0}, {15.0, 10.0}, {5.0, 10.0}}}};
  const auto mask_a = fill_outlines(a, "hole", 20, 20);
  const auto mask_b = fill_outlines(b, "hole", 20, 20);
  EXPECT_DOUBLE_EQ(intersection_over_union(mask_a.view(), mask_b.view()), 50.0 / 150.0);
  EXPECT_DOUBLE_EQ(intersection_over_union(mask_a.view(), mask_a.view()), 1.0);
}

TEST(Labels, lines_are_scored_by_distance_and_by_how_much_of_them_is_found) {
  const std::vector<LabelPoint> drawn{{0.0, 10.0}, {100.0, 10.0}};
  const std::vector<LabelPoint> parallel{{0.0, 13.0}, {100.0, 13.0}};
  const std::vector<LabelPoint> half{{0.0, 10.0}, {50.0, 10.0}};
  const LineScore close = score_line(parallel, drawn, 3.5);
  EXPECT_DOUBLE_EQ(close.f1, 1.0);
  EXPECT_NEAR(close.mean_offset_px, 3.0, 1e-12);
  EXPECT_DOUBLE_EQ(score_line(parallel, drawn, 2.5).f1, 0.0);
  const LineScore part = score_line(half, drawn, 0.2);
  EXPECT_DOUBLE_EQ(part.precision, 1.0);
  EXPECT_DOUBLE_EQ(part.recall, 0.5);
  EXPECT_NEAR(part.f1, 2.0 / 3.0, 1e-12);
  EXPECT_THROW((void)score_line(std::vector<LabelPoint>{{1.0, 1.0}}, drawn, 1.0), Error);
}

TEST(Labels, every_label_file_reads_and_its_image_is_the_one_that_was_drawn_on) {
  const auto shared = shared_data_folder();
  for (const char* name : {"lamella", "cdte", "si", "survey", "jeol"}) {
    const ImageLabels labels = read_labels(data_folder("labels") / (std::string(name) + ".json"));
    EXPECT_FALSE(labels.outlines.empty()) << name;
    for (const Outline& outline : labels.outlines) {
      for (const auto& [x, y] : outline.points) {
        EXPECT_TRUE(x >= 0.0 && y >= 0.0 && x <= static_cast<double>(labels.columns) &&
                    y <= static_cast<double>(labels.rows))
            << name;
      }
    }
    if (shared) {
      EXPECT_EQ(io::sha256_file(*shared / "stem/images" / labels.image), labels.sha256) << name;
    }
  }
}

TEST(Labels, two_drawings_by_one_hand_agree) {
  const ImageLabels jeol = read_labels(data_folder("labels") / "jeol.json");
  const double iou =
      intersection_over_union(fill_outlines(jeol.outlines, "particle", jeol.rows, jeol.columns).view(),
                              fill_outlines(jeol.second_drawing, "particle", jeol.rows, jeol.columns).view());
  RecordProperty("jeol_iou", std::to_string(iou));
  constexpr double measured_iou = 0.906;
  EXPECT_GT(iou, measured_iou - 0.02);
  const ImageLabels cdte = read_labels(data_folder("labels") / "cdte.json");
  const LineScore line = score_line(cdte.second_drawing.front().points, cdte.outlines.front().points, 10.0);
  RecordProperty("cdte_offset_px", std::to_string(line.mean_offset_px));
  EXPECT_DOUBLE_EQ(line.f1, 1.0);
}

}  // namespace
}  // namespace hotstage::series
