// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/spectrum.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

TEST(ChannelsIn, takes_whole_channels_whose_centre_lies_in_the_half_open_window) {
  const EnergyAxis axis{100.0, 0.5, 200};
  EXPECT_EQ(channels_in(axis, {110.0, 120.0}), (ChannelRange{20, 40}));
  EXPECT_EQ(channels_in(axis, {110.1, 120.0}), (ChannelRange{21, 40}));
  EXPECT_EQ(channels_in(axis, {0.0, 1e6}), (ChannelRange{0, 200}));
  EXPECT_TRUE(channels_in(axis, {500.0, 600.0}).empty());
  EXPECT_TRUE(channels_in(axis, {120.0, 110.0}).empty());
  EXPECT_EQ(edges_of(axis, {20, 40}), (Window{109.75, 119.75}));
}

TEST(ChannelsIn, does_not_depend_on_rounding_of_the_axis) {
  for (const double step : {0.1, 0.3, 0.25, 0.05}) {
    const EnergyAxis axis{450.0 - 1.0 / 3.0, step, 3000};
    for (int i = 0; i < 2000; i += 7) {
      const double low = axis.offset_eV + i * step;
      EXPECT_EQ(channels_in(axis, {low, low + 50 * step}),
                (ChannelRange{static_cast<std::size_t>(i), static_cast<std::size_t>(i) + 50}));
    }
  }
}

RC_GTEST_PROP(ChannelsIn, adjacent_windows_share_no_channel_and_leave_none_out, ()) {
  const EnergyAxis axis{-20.0, 1e-3 * *rc::gen::inRange(20, 3000), 500};
  const double a = -30.0 + 0.01 * *rc::gen::inRange(0, 10000);
  const double b = a + 0.01 * *rc::gen::inRange(0, 10000);
  const double c = b + 0.01 * *rc::gen::inRange(0, 10000);
  const ChannelRange left = channels_in(axis, {a, b});
  const ChannelRange right = channels_in(axis, {b, c});
  const ChannelRange both = channels_in(axis, {a, c});
  RC_ASSERT(left.first == both.first || left.empty());
  RC_ASSERT(left.size() + right.size() == both.size());
}

TEST(ChannelsIn, a_shifted_axis_moves_the_channels_not_the_energies) {
  const EnergyAxis axis{100.0, 0.5, 200};
  EXPECT_EQ(channels_in(axis.shifted(1.0), {110.0, 120.0}), (ChannelRange{18, 38}));
}

TEST(Covers, asks_for_the_whole_window) {
  const EnergyAxis axis{100.0, 1.0, 50};
  EXPECT_TRUE(covers(axis, {100.0, 150.0}));
  EXPECT_FALSE(covers(axis, {100.0, 151.0}));
  EXPECT_FALSE(covers(axis, {90.0, 120.0}));
  EXPECT_FALSE(covers(axis, {110.0, 112.0}, 3));
}

TEST(Integrate, equals_the_plain_sum_in_double) {
  std::vector<float> counts(1003);
  Rng rng(1, 1, 1);
  double plain = 0.0;
  for (float& y : counts) {
    y = static_cast<float>(1e6 * rng.uniform());
    plain += static_cast<double>(y);
  }
  constexpr double rounding = 1e-13;
  EXPECT_NEAR(integrate(counts, {0, counts.size()}) / plain, 1.0, rounding);
  EXPECT_EQ(integrate(counts, {7, 7}), 0.0);
  EXPECT_EQ(integrate(counts, {3, 4}), static_cast<double>(counts[3]));
}

TEST(EnergyAxisOf, reads_the_axis_of_a_spectrum_and_refuses_an_image) {
  signal::Signal spectrum;
  spectrum.axes = {{"Energy loss", 4, 0.45, 0.001, "keV"}};
  spectrum.source = signal::memory_source(Buffer<float, 2>({1, 4}));
  const EnergyAxis axis = energy_axis_of(spectrum);
  EXPECT_NEAR(axis.offset_eV, 450.0, 1e-9);
  EXPECT_NEAR(axis.step_eV, 1.0, 1e-12);
  EXPECT_EQ(axis.size, 4U);
  signal::Signal image;
  image.axes = {{"y", 2, 0.0, 1.0, "nm"}, {"x", 2, 0.0, 1.0, "nm"}};
  EXPECT_THROW((void)energy_axis_of(image), Error);
}

}  // namespace
}  // namespace hotstage::eels
