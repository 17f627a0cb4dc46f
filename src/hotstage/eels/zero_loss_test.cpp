// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/zero_loss.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace hotstage::eels {
namespace {

/// Counts of a Gaussian peak integrated over channels.
std::vector<double> gaussian_peak(const EnergyAxis& axis, double centre, double fwhm, double area) {
  const double width = fwhm / 2.3548200450309493 * std::numbers::sqrt2;
  std::vector<double> counts(axis.size);
  for (std::size_t i = 0; i < axis.size; ++i) {
    const double low = axis.value(static_cast<double>(i) - 0.5) - centre;
    counts[i] = 0.5 * area * (std::erf((low + axis.step_eV) / width) - std::erf(low / width));
  }
  return counts;
}

std::vector<float> stored(const std::vector<double>& expected) {
  return {expected.begin(), expected.end()};
}

std::vector<float> counted(const std::vector<double>& expected, std::uint64_t index) {
  std::vector<float> counts(expected.size());
  Rng rng(3, 3, index);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = static_cast<float>(rng.poisson(std::max(expected[i], 0.0)));
  }
  return counts;
}

TEST(ZeroLoss, centre_of_a_noise_free_peak_has_no_sub_channel_steps) {
  constexpr double of_a_channel = 2.5e-3;  // aliasing of the narrowest peak; 0.6 meV at 0.25 eV
  for (const double fwhm_channels : {1.6, 2.0, 4.0, 10.0}) {
    for (double phase = -0.5; phase <= 0.5; phase += 0.05) {
      const EnergyAxis axis{-20.0, 0.25, 512};
      const double centre = 0.25 * phase;
      const ZeroLoss peak = find_zero_loss(stored(gaussian_peak(axis, centre, 0.25 * fwhm_channels, 1e6)), axis);
      EXPECT_NEAR(peak.centre_eV, centre, of_a_channel * axis.step_eV) << fwhm_channels;
    }
  }
}

TEST(ZeroLoss, residual_after_jitter_is_below_20_meV_and_covered_by_sigma) {
  // HyperSpy 1.7.3: 0.020 eV std at 0.25 eV per channel after 0.6 eV jitter.
  for (const double step : {0.25, 0.5}) {
    DualPairModel model;
    model.columns = 200;
    model.low = {-20.0, step, static_cast<std::size_t>(512.0 / step)};
    model.core = {450.0, 1.0, 64};
    model.low_electrons = 2e5;
    model.jitter_eV = 0.6;
    hotstage::Run run;
    const DualPair pair = simulate_dual_pair(model, run);
    const Buffer<float, 2> low = signal::read_all(pair.low);
    std::vector<double> residual;
    std::vector<double> pulls;
    for (std::size_t i = 0; i < low.extent(0); ++i) {
      const ZeroLoss peak = find_zero_loss(low.row(i), model.low);
      residual.push_back(peak.centre_eV - pair.jitter_eV[i]);
      pulls.push_back(residual.back() / peak.centre_sigma);
    }
    EXPECT_LT(num::standard_deviation(residual), 0.02) << step;
    EXPECT_LT(std::abs(num::mean(residual)), 0.02) << step;
    EXPECT_NEAR(num::standard_deviation(pulls), 1.0, 0.2) << step;  // 4 σ of 200 spectra
  }
}

RC_GTEST_PROP(ZeroLoss, moving_the_axis_or_the_counts_moves_the_centre_alone, ()) {
  const double moved = 0.01 * *rc::gen::inRange(-1000, 1000);
  const auto channels = *rc::gen::inRange<std::size_t>(0, 40);
  const double gain = 0.1 * *rc::gen::inRange(10, 1000);
  const EnergyAxis axis{-20.0, 0.25, 1024};
  const std::vector<float> counts = counted(gaussian_peak(axis, 0.1, 1.0, 1e5), 9);
  std::vector<float> changed(counts.size(), 0.0F);
  for (std::size_t i = channels; i < counts.size(); ++i) {
    changed[i] = static_cast<float>(gain) * counts[i - channels];
  }
  const ZeroLoss a = find_zero_loss(counts, axis);
  const ZeroLoss b = find_zero_loss(changed, axis.shifted(moved), {.noise_factor = gain});
  RC_ASSERT(std::abs(b.centre_eV - a.centre_eV - moved - 0.25 * static_cast<double>(channels)) < 1e-4);
  RC_ASSERT(std::abs(b.I0 / (a.I0 * gain) - 1.0) < 1e-5);
  RC_ASSERT(std::abs(b.fwhm_eV - a.fwhm_eV) < 1e-4);
  RC_ASSERT(std::abs(b.centre_sigma - a.centre_sigma) < 1e-5);
}

TEST(ZeroLoss, width_and_integral_of_a_gaussian_are_right) {
  const EnergyAxis axis{-20.0, 0.25, 1024};
  const ZeroLoss peak = find_zero_loss(stored(gaussian_peak(axis, 0.03, 1.2, 1e6)), axis);
  constexpr double channel_broadening = 0.02;  // the channel adds step²/12 to the variance; log-linear crossing
  EXPECT_NEAR(peak.fwhm_eV, 1.2, channel_broadening);
  EXPECT_NEAR(peak.I0 / 1e6, 1.0, 1e-6);
  EXPECT_NEAR(peak.I0_mirror / 1e6, 1.0, 1e-3);
  EXPECT_TRUE(has(peak.flags, ZeroLossFlag::vacuum));
}

DualPairModel thickness_model(double thickness, std::size_t items) {
  DualPairModel model;
  model.columns = items;
  model.thickness = {thickness};
  model.core = {450.0, 1.0, 64};
  model.low = {-20.0, 0.25, 2048};
  model.low_electrons = 1e6;
  return model;
}

TEST(Thickness, both_variants_find_the_truth_from_thin_to_thick) {
  for (const double truth : {0.1, 0.3, 1.0, 1.9}) {
    DualPairModel model = thickness_model(truth, 1);
    model.noise = CountingNoise::none;
    hotstage::Run run;
    const DualPair pair = simulate_dual_pair(model, run);
    const ZeroLoss peak = find_zero_loss(signal::read_all(pair.low).row(0), model.low);
    // A Drude plasmon leaves about 0.3 % of its counts below the first minimum; 500 eV hold all but 1e-4.
    EXPECT_NEAR(peak.thickness.value, truth, 0.006 * truth) << truth;
    EXPECT_NEAR(peak.thickness_mirror.value, truth, 0.006 * truth) << truth;
  }
}

TEST(Thickness, sigma_covers_the_scatter_of_500_spectra) {
  for (const double truth : {0.3, 1.0}) {
    const DualPairModel model = thickness_model(truth, 500);
    hotstage::Run run;
    const DualPair pair = simulate_dual_pair(model, run);
    const Buffer<float, 2> low = signal::read_all(pair.low);
    std::vector<double> pulls;
    std::vector<double> pulls_mirror;
    for (std::size_t i = 0; i < low.extent(0); ++i) {
      const ZeroLoss peak = find_zero_loss(low.row(i), model.low);
      pulls.push_back((peak.thickness.value - truth) / peak.thickness.sigma);
      pulls_mirror.push_back((peak.thickness_mirror.value - truth) / peak.thickness_mirror.sigma);
    }
    constexpr double required = 0.10;
    EXPECT_NEAR(num::standard_deviation(pulls), 1.0, required) << truth;
    EXPECT_NEAR(num::standard_deviation(pulls_mirror), 1.0, required) << truth;
  }
}

TEST(ZeroLoss, is_the_first_peak_even_where_the_plasmon_is_taller) {
  DualPairModel model = thickness_model(1.9, 1);
  model.low_loss = {.zlp_fwhm_eV = 2.3, .plasmon_eV = 20.0, .plasmon_width_eV = 1.0};
  hotstage::Run run;
  const Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
  const auto zero = channels_in(model.low, {-0.2, 0.2}).first;
  const auto plasmon = channels_in(model.low, {19.8, 20.2}).first;
  ASSERT_GT(low.row(0)[plasmon], low.row(0)[zero]);
  const ZeroLoss peak = find_zero_loss(low.row(0), model.low);
  EXPECT_NEAR(peak.centre_eV, 0.0, 0.02);
  EXPECT_NEAR(peak.thickness.value, 1.9, 0.02);
}

TEST(ZeroLoss, may_be_given_a_fixed_end) {
  const DualPairModel model = thickness_model(0.5, 1);
  hotstage::Run run;
  const Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
  const ZeroLoss peak = find_zero_loss(low.row(0), model.low, {.end = 4.0 * units::eV});
  EXPECT_NEAR(model.low.value(static_cast<double>(peak.minimum)), 4.0, model.low.step_eV);
}

TEST(Flags, a_spectrum_without_a_peak_says_so) {
  const EnergyAxis axis{-20.0, 0.25, 512};
  EXPECT_FALSE(find_zero_loss(std::vector<float>(axis.size, 0.0F), axis).found());
  EXPECT_FALSE(find_zero_loss(counted(std::vector<double>(axis.size, 50.0), 1), axis).found());
  EXPECT_FALSE(find_zero_loss(std::vector<float>(axis.size, std::nanf("")), axis).found());
  EXPECT_FALSE(find_zero_loss(stored(gaussian_peak(axis, 30.0, 12.0, 1e6)), axis).found());  // a plasmon alone
  EXPECT_EQ(flags_text(find_zero_loss(std::vector<float>(axis.size, 0.0F), axis).flags), "not found");
}

TEST(Flags, saturation_is_seen_by_the_limit_and_by_a_flat_top) {
  const EnergyAxis axis{-20.0, 0.25, 512};
  std::vector<float> counts = stored(gaussian_peak(axis, 0.0, 1.5, 1e6));
  EXPECT_TRUE(has(find_zero_loss(counts, axis, {.saturation = 65535.0}).flags, ZeroLossFlag::saturated));
  EXPECT_FALSE(has(find_zero_loss(counts, axis).flags, ZeroLossFlag::saturated));
  for (float& y : counts) {
    y = std::min(y, 65535.0F);
  }
  EXPECT_TRUE(has(find_zero_loss(counts, axis).flags, ZeroLossFlag::saturated));
}

TEST(Flags, two_peaks_are_split_and_a_plasmon_is_not) {
  const EnergyAxis axis{-20.0, 0.25, 2048};
  std::vector<double> counts = gaussian_peak(axis, -0.8, 0.8, 1e5);
  const std::vector<double> second = gaussian_peak(axis, 0.9, 0.8, 7e4);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] += second[i];
  }
  EXPECT_TRUE(has(find_zero_loss(counted(counts, 2), axis).flags, ZeroLossFlag::split));
  DualPairModel model = thickness_model(1.5, 20);
  model.low_electrons = 2e4;
  hotstage::Run run;
  const Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
  for (std::size_t i = 0; i < low.extent(0); ++i) {
    EXPECT_EQ(flags_text(find_zero_loss(low.row(i), axis).flags), "");
  }
}

TEST(Flags, an_axis_that_begins_in_the_peak_or_ends_early_is_told) {
  const EnergyAxis cut{-0.5, 0.25, 512};
  EXPECT_TRUE(has(find_zero_loss(stored(gaussian_peak(cut, 0.0, 1.0, 1e5)), cut).flags, ZeroLossFlag::cut));
  const EnergyAxis brief{-10.0, 0.25, 200};
  const ZeroLoss peak = find_zero_loss(stored(gaussian_peak(brief, 0.0, 1.0, 1e5)), brief);
  EXPECT_TRUE(has(peak.flags, ZeroLossFlag::short_range));
  EXPECT_FALSE(has(peak.flags, ZeroLossFlag::cut));
}

TEST(ExtractZeroLoss, holds_exactly_the_reported_counts) {
  const DualPairModel model = thickness_model(0.7, 1);
  hotstage::Run run;
  const Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
  const ZeroLoss peak = find_zero_loss(low.row(0), model.low);
  std::vector<float> z(model.low.size);
  constexpr double float_rounding = 1e-6;
  extract_zero_loss(low.row(0), model.low, peak, ZeroLossTail::first_minimum, z);
  EXPECT_NEAR(integrate(z, {0, z.size()}) / peak.I0, 1.0, float_rounding);
  extract_zero_loss(low.row(0), model.low, peak, ZeroLossTail::mirror, z);
  EXPECT_NEAR(integrate(z, {0, z.size()}) / peak.I0_mirror, 1.0, float_rounding);
}

TEST(ZeroLoss, a_tile_gives_what_single_spectra_give) {
  const DualPairModel model = thickness_model(0.5, 6);
  hotstage::Run run;
  const Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
  std::vector<ZeroLoss> peaks(6);
  find_zero_loss({low.view()}, model.low, {}, peaks);
  EXPECT_EQ(peaks[4].centre_eV, find_zero_loss(low.row(4), model.low).centre_eV);
}

}  // namespace
}  // namespace hotstage::eels
