// SPDX-License-Identifier: GPL-3.0-or-later
// Areas and lines of one image: against drawn scenes, and against the hand-drawn outlines of real images.

#include "hotstage/series/image_areas.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace hotstage::series {
namespace {

struct Real {
  ImageLabels labels;
  Buffer<float, 2> image;
};

Real real_image(const std::string& name) {
  Run run;
  Real out{.labels = read_labels(data_folder("labels") / (name + ".json")), .image = {}};
  const signal::Signal signal = signal::load(*shared_data_folder() / "stem/images" / out.labels.image, run);
  out.image = Buffer<float, 2>({out.labels.rows, out.labels.columns});
  signal::read(signal, {0, 1, 0, signal.channels()}, View<float, 2>(out.image.data(), {1, out.image.size()}));
  return out;
}

// Measured with rules fixed before the first run; a fall by more than this slack is a regression.
constexpr double slack = 0.02;
constexpr double tolerance_px = 10.0;  // three times the offset between two drawings of one line

double iou_of(const ImageAreas& found, AreaKind kind, const ImageLabels& labels, const char* name) {
  return intersection_over_union(mask_of(found, kind).view(),
                                 fill_outlines(labels.outlines, name, labels.rows, labels.columns).view());
}

TEST(ImageAreas, a_round_hole_and_a_slit_are_told_apart) {
  Buffer<float, 2> image({128, 128});
  for (std::size_t y = 0; y < 128; ++y) {
    for (std::size_t x = 0; x < 128; ++x) {
      const bool hole = std::hypot(static_cast<double>(x) - 40.0, static_cast<double>(y) - 40.0) < 15.0;
      const bool slit = x >= 20 && x < 110 && y >= 90 && y < 98;
      image.row(y)[x] = hole || slit ? 0.0F : 100.0F;
    }
  }
  const ImageAreas found = find_openings(image.view());
  ASSERT_EQ(found.areas.size(), 2U);
  EXPECT_EQ(found.areas[0].kind, AreaKind::hole);
  EXPECT_EQ(found.areas[1].kind, AreaKind::crack);
  EXPECT_NEAR(found.areas[0].x_px, 40.5, 0.1);
  EXPECT_NEAR(found.areas[0].y_px, 40.5, 0.1);
}

TEST(ImageAreas, two_touching_particles_are_two_and_half_height_is_their_outline) {
  Buffer<float, 2> image({96, 96});
  constexpr double sigma = 6.0;
  for (std::size_t y = 0; y < 96; ++y) {
    for (std::size_t x = 0; x < 96; ++x) {
      const double dy = static_cast<double>(y) - 48.0;
      const double a = static_cast<double>(x) - 30.0;
      const double b = static_cast<double>(x) - 64.0;
      image.row(y)[x] = static_cast<float>(100.0 * std::exp(-0.5 * (a * a + dy * dy) / (sigma * sigma)) +
                                           40.0 * std::exp(-0.5 * (b * b + dy * dy) / (sigma * sigma)));
    }
  }
  const ImageAreas found = find_particles(image.view());
  ASSERT_EQ(found.areas.size(), 2U);
  const double expected = std::numbers::pi * 2.0 * std::log(2.0) * (sigma * sigma + 1.0);  // smoothed by 1 px
  EXPECT_NEAR(found.areas[0].area_px, expected, 0.05 * expected);
  EXPECT_NEAR(found.areas[1].area_px, expected, 0.10 * expected);
}

TEST(ImageAreas, an_image_without_contrast_or_too_small_is_an_error) {
  EXPECT_THROW((void)find_openings(Buffer<float, 2>({64, 64}).view()), Error);
  EXPECT_THROW((void)find_interface(Buffer<float, 2>({8, 64}).view()), Error);
}

TEST(ImageAreasReal, lamella_openings) {
  if (!shared_data_folder()) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  const Real real = real_image("lamella");
  const ImageAreas found = find_openings(real.image.view());
  EXPECT_GT(iou_of(found, AreaKind::hole, real.labels, "hole"), 0.939 - slack);
  EXPECT_GT(iou_of(found, AreaKind::crack, real.labels, "crack"), 0.911 - slack);
}

TEST(ImageAreasReal, jeol_particles) {
  if (!shared_data_folder()) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  const Real real = real_image("jeol");
  const ImageAreas found = find_particles(real.image.view());
  EXPECT_GT(iou_of(found, AreaKind::particle, real.labels, "particle"), 0.786 - slack);
  EXPECT_GE(found.areas.size(), 16U);  // 18 drawn
}

TEST(ImageAreasReal, cdte_boundary_and_survey_interface) {
  if (!shared_data_folder()) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  const Real cdte = real_image("cdte");
  const auto boundary = find_lattice_boundary(cdte.image.view());
  EXPECT_LT(score_line(boundary, cdte.labels.outlines.front().points, tolerance_px).mean_offset_px, 4.23 + 0.5);
  const Real survey = real_image("survey");
  const auto interface = find_interface(survey.image.view());
  EXPECT_GT(score_line(interface, survey.labels.outlines.front().points, tolerance_px).f1, 0.864 - slack);
}

}  // namespace
}  // namespace hotstage::series
