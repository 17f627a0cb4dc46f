// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/dose_map.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

namespace hotstage::series {
namespace {

constexpr double float32_sum = 1e-5;  // relative: the map is float32
constexpr Current nA{6.241509074460763e9};

constexpr long rows = 33;
constexpr long columns = 40;
constexpr auto pixels = static_cast<std::size_t>(rows * columns);

/// Pixels of 0.5 nm, 1 s each; frame 2 is dark.
signal::Signal frames() {
  Buffer<float, 2> data({4, pixels});
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.data()[i] = i / pixels == 2 ? 51.0F : 250.0F;
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = 4, .scale = pixels, .unit = "s"}};
  out.axes = {{.name = "y", .size = rows, .scale = 0.5, .unit = "nm"},
              {.name = "x", .size = columns, .scale = 0.5, .unit = "nm"}};
  out.metadata.exposure = static_cast<double>(pixels) * units::s;
  out.source = signal::memory_source(std::move(data));
  return out;
}

std::string complaint(const std::function<void(signal::Signal&, DoseMapOptions&)>& spoil) {
  signal::Signal series = frames();
  DoseMapOptions options{.beam_current = nA};
  spoil(series, options);
  hotstage::Run run;
  try {
    (void)dose_map(series, {}, 0.0, options, run);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DoseMap, is_current_times_dwell_over_the_area_of_a_pixel_and_blank_frames_give_none) {
  hotstage::Run run;
  const DoseMap map = dose_map(frames(), {}, 50.0, {.beam_current = nA, .current_sigma = 0.1 * nA}, run);
  // 1 nA for 1 s per pixel on 0.25 nm² = 25 Å².
  EXPECT_NEAR(map.per_frame, 6.241509074460763e9 / 25.0, 1.0);
  EXPECT_TRUE(map.frames[2].blank);
  EXPECT_FALSE(map.frames[1].blank);
  EXPECT_EQ(map.frames[2].electrons_per_A2, 0.0);
  EXPECT_NEAR(map.frames[3].accumulated, 3.0 * map.per_frame, 1.0);
  EXPECT_NEAR(map.relative_sigma, 0.1, 1e-12);
  EXPECT_NEAR(static_cast<double>(map.electrons_per_A2.view()(32, 39)) / map.frames[3].accumulated, 1.0, float32_sum);
}

TEST(DoseMap, follows_the_specimen_and_keeps_every_electron) {
  hotstage::Run run;
  std::vector<FrameDrift> drift(4);
  for (FrameDrift& frame : drift) {
    frame.mean = 250.0;
  }
  drift[1].dy_px = 1.2;  // a feature moves down: the field moves up on the specimen
  drift[2].dx_px = -2.0;
  drift[3].dy_px = -0.8;
  const DoseMap map = dose_map(frames(), drift, 0.0, {.beam_current = nA}, run);
  EXPECT_EQ(map.first_row, -1);
  EXPECT_EQ(map.first_column, 0);
  ASSERT_EQ(map.electrons_per_A2.extent(0), 35U);
  ASSERT_EQ(map.electrons_per_A2.extent(1), 42U);
  // Against a count of the frames that cover each pixel.
  double sum = 0.0;
  for (long y = 0; y < 35; ++y) {
    for (long x = 0; x < 42; ++x) {
      int covered = 0;
      for (const FrameDrift& frame : drift) {
        const long row = y + map.first_row + std::lround(frame.dy_px);
        const long column = x + map.first_column + std::lround(frame.dx_px);
        covered += row >= 0 && row < rows && column >= 0 && column < columns ? 1 : 0;
      }
      const auto dose =
          static_cast<double>(map.electrons_per_A2.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x)));
      EXPECT_NEAR(dose / map.per_frame, covered, float32_sum) << y << " " << x;
      sum += dose;
    }
  }
  EXPECT_NEAR(sum / (4.0 * static_cast<double>(pixels) * map.per_frame), 1.0, float32_sum);
}

TEST(DoseMap, names_what_is_missing) {
  EXPECT_NE(complaint([](auto&, auto& o) { o.beam_current.reset(); }).find("no dose: the beam current"),
            std::string::npos);
  EXPECT_NE(complaint([](auto& s, auto&) { s.metadata.exposure.reset(); }).find("time per pixel"), std::string::npos);
  EXPECT_NE(complaint([](auto& s, auto&) { s.axes[0].unit = "1/nm"; }).find("area of a pixel"), std::string::npos);
}

}  // namespace
}  // namespace hotstage::series
