// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_lattice.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::study::detail {
namespace {

double area(const series::KnownLattice& known) {
  return std::abs(cross(known.reciprocal[0], known.reciprocal[1]));
}

TEST(KnownLattice, of_phases_and_cells_along_a_zone) {
  // LiCoO2 along [100]hex: columns 2.816·√¾ Å apart in layers 14.054/3 Å apart.
  KnownCrystalOptions layered{.crystal = "LiCoO2", .zone = {1, 0, 0}};
  EXPECT_NEAR(area(*known_lattice(layered)), 1.0 / (2.816 * std::sqrt(0.75) * 14.054 / 3.0), 1e-6);
  // Diamond along [110]: {111} of 5.431/√3 Å, cell a²/(2√2).
  KnownCrystalOptions diamond{.a = 0.5431 * units::nm, .centring = "D", .zone = {1, 1, 0}};
  const auto si = known_lattice(diamond);
  EXPECT_NEAR(1.0 / length(si->reciprocal[0]), 5.431 / std::sqrt(3.0), 1e-6);
  EXPECT_NEAR(area(*si), 2.0 * std::sqrt(2.0) / (5.431 * 5.431), 1e-6);
  EXPECT_FALSE(known_lattice(KnownCrystalOptions{}).has_value());
  EXPECT_THROW((void)known_lattice(KnownCrystalOptions{.a = 0.4 * units::nm}), Error);
  EXPECT_THROW((void)known_lattice(KnownCrystalOptions{.d1 = 0.4 * units::nm}), Error);
  EXPECT_THROW((void)known_lattice(KnownCrystalOptions{.crystal = "Unobtainium", .zone = {1, 0, 0}}), Error);
}

signal::Signal ramp() {
  Buffer<float, 2> data({1, 40 * 40});
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.data()[i] = static_cast<float>(i % 40);
  }
  signal::Signal out;
  out.axes = {{.name = "y", .size = 40, .offset = 1.0, .scale = 0.1, .unit = "nm"}, {.name = "x", .size = 40}};
  out.source = signal::memory_source(std::move(data));
  return out;
}

TEST(ScanAxes, are_written_with_their_origin) {
  const series::ScanCalibration c{.pixel_x_A = {0.5, 0.01},
                                  .pixel_y_A = {0.8, 0.02},
                                  .shear_deg = {1.0, 0.1},
                                  .affine = {{{0.8, 0.0}, {0.014, 0.5}}}};
  const signal::Signal out = with_pixels(ramp(), c, series::known_lattice(3.905, 3.905, 90.0));
  EXPECT_NEAR(out.axes[0].scale, 0.08, 1e-12);
  EXPECT_NEAR(out.axes[0].offset, 0.8, 1e-12);
  EXPECT_NEAR(out.axes[1].scale, 0.05, 1e-12);
  EXPECT_EQ(out.axes[1].unit, "nm");
  EXPECT_EQ(out.original.number_at("hotstage_calibration.pixel_x_angstrom"), 0.5);
  EXPECT_EQ(out.original.number_at("hotstage_calibration.sigma_y_angstrom"), 0.02);
  EXPECT_EQ(out.original.text_at("hotstage_calibration.stored_y"), "0.1 nm");
}

TEST(ScanAxes, straightened_image_has_square_pixels_and_no_shear) {
  // x in Å is 0.5 · column + 0.1 · row: a ramp along the columns becomes one along x that leans back with y.
  const series::ScanCalibration c{
      .pixel_x_A = {0.5, 0.0}, .pixel_y_A = {1.0, 0.0}, .affine = {{{1.0, 0.0}, {0.1, 0.5}}}};
  const signal::Signal out = straightened(ramp(), c);
  EXPECT_EQ(out.axes[0].size, 79U);
  const Buffer<float, 2> values = signal::read_all(out);
  const std::size_t columns = out.axes[1].size;
  // Row 20 is row 10 of the scan; column 22 lies at 11 Å: column (11 − 1)/0.5 = 20 of the scan.
  EXPECT_NEAR(values.data()[20 * columns + 22], 20.0, 1e-4);
}

TEST(ImageOptions, regions_and_frames_outside_are_refused) {
  EXPECT_EQ(read_image(ramp(), {.region = {1, 2, 10, 12}}).counts.view()(0, 0), 2.0F);
  EXPECT_THROW((void)read_image(ramp(), {.region = {30, 0, 20, 10}}), Error);
  EXPECT_THROW((void)read_image(ramp(), {.region = {-1, 0, 20, 10}}), Error);
  EXPECT_THROW((void)read_image(ramp(), {.frame = 1}), Error);
  EXPECT_THROW((void)require_pixel(read_image(ramp(), {}), ramp()), Error);
}

}  // namespace
}  // namespace hotstage::study::detail
