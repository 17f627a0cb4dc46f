// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/alignment.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/num/fft.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <numbers>
#include <vector>

namespace hotstage::eels {
namespace {

std::vector<float> peak_at(double centre, double fwhm_channels) {
  std::vector<float> out(512);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double x = (static_cast<double>(i) - centre) * 2.3548200450309493 / fwhm_channels;
    out[i] = static_cast<float>(1e6 * std::exp(-0.5 * x * x));
  }
  return out;
}

double total(std::span<const float> values) {
  return integrate(values, {0, values.size()});
}

TEST(FourierShift, conserves_counts_and_shape_at_any_fraction_of_a_channel) {
  constexpr double float_rounding = 2e-6;  // of the maximum
  const FourierShift plan(512);
  for (const double shift : {0.1, 0.37, 0.5, -1.3, 7.77}) {
    for (const double fwhm : {3.0, 4.0, 12.0}) {
      const std::vector<float> before = peak_at(250.2, fwhm);
      std::vector<float> after(512);
      plan.apply(before, shift, after);
      EXPECT_NEAR(total(after) / total(before), 1.0, float_rounding);
      const std::vector<float> truth = peak_at(250.2 + shift, fwhm);
      const double narrow = fwhm < 4.0 ? 3e-4 : 0.0;  // of a Gaussian of 3 channels lies above Nyquist
      for (std::size_t i = 0; i < truth.size(); ++i) {
        ASSERT_NEAR(after[i], truth[i], (float_rounding + narrow) * 1e6) << shift << ' ' << fwhm << ' ' << i;
      }
    }
  }
}

TEST(FourierShift, keeps_the_noise_where_linear_interpolation_would_halve_it) {
  const FourierShift plan(2048);
  std::vector<float> noise(2048);
  Rng rng(5, 5, 5);
  for (float& y : noise) {
    y = static_cast<float>(rng.normal());
  }
  std::vector<float> out(2048);
  plan.apply(noise, 0.5, out);
  double before = 0.0;
  double after = 0.0;
  for (std::size_t i = 100; i + 100 < noise.size(); ++i) {
    before += static_cast<double>(noise[i]) * static_cast<double>(noise[i]);
    after += static_cast<double>(out[i]) * static_cast<double>(out[i]);
  }
  EXPECT_NEAR(after / before, 1.0, 0.02);
}

TEST(FourierShift, moves_a_steep_background_without_ringing_from_its_ends) {
  const FourierShift plan(1024);
  const EnergyAxis axis{450.0, 0.5, 1024};
  const auto law = [&](double channel) { return 1e6 * std::pow(axis.value(channel) / 450.0, -3.0); };
  std::vector<float> counts(1024);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = static_cast<float>(law(static_cast<double>(i)));
  }
  std::vector<float> out(1024);
  plan.apply(counts, 0.4, out);
  constexpr double ringing = 1e-5;  // relative
  for (std::size_t i = 10; i + 10 < out.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(out[i]) / law(static_cast<double>(i) - 0.4), 1.0, ringing) << i;
  }
  EXPECT_THROW(FourierShift(8), Error);
}

/// The same in double with the ramp bin by bin.
std::vector<double> plain_shift(std::span<const float> counts, double shift) {
  const std::size_t n = counts.size();
  const num::RealFft<double> fft(num::fast_size(n + 128));
  const std::size_t added = fft.size() - n;
  std::vector<double> values(counts.begin(), counts.end());
  for (std::size_t p = 0; p < added; ++p) {
    const double fade =
        0.5 + 0.5 * std::cos(std::numbers::pi * (static_cast<double>(p) + 1.0) / (static_cast<double>(added) + 1.0));
    values.push_back(fade * (2.0 * values[n - 1] - values[n - 2 - p]) +
                     (1.0 - fade) * (2.0 * values[0] - values[added - p]));
  }
  std::vector<std::complex<double>> bins(fft.bins());
  fft.forward(values, bins);
  for (std::size_t k = 0; k < bins.size(); ++k) {
    const double turn = -2.0 * std::numbers::pi * static_cast<double>(k) * shift / static_cast<double>(fft.size());
    bins[k] *= 2 * k == fft.size() ? std::complex<double>(std::cos(turn)) : std::polar(1.0, turn);
  }
  fft.inverse(bins, values);
  values.resize(n);
  return values;
}

TEST(FourierShift, of_a_tile_equals_the_plain_one_of_every_spectrum) {
  constexpr double rounding = 4e-7;  // of float transforms and ramp: root mean square over that of the spectrum
  Buffer<float, 2> tile({3, 2048});
  Rng rng(5, 6, 7);
  for (std::size_t i = 0; i < tile.extent(0); ++i) {
    for (std::size_t k = 0; k < 2048; ++k) {
      const double x = (static_cast<double>(k) - 160.0) / 1.7;
      tile.view()(i, k) = static_cast<float>(3e6 * std::exp(-0.5 * x * x) + 400.0 + 20.0 * rng.normal());
    }
  }
  const FourierShift plan(2048);
  const std::vector<double> shift{0.37, -2.81, 0.0};
  Buffer<float, 2> out({3, 2048});
  plan.apply(tile.view(), shift, out.view());
  std::vector<float> alone(2048);
  for (std::size_t i = 0; i < tile.extent(0); ++i) {
    const std::vector<double> truth = plain_shift(tile.row(i), shift[i]);
    double square = 0.0;
    double error = 0.0;
    plan.apply(tile.row(i), shift[i], alone);
    for (std::size_t k = 0; k < truth.size(); ++k) {
      const double difference = static_cast<double>(out.row(i)[k]) - truth[k];
      square += truth[k] * truth[k];
      error += difference * difference;
      ASSERT_EQ(out.row(i)[k], alone[k]) << i << ' ' << k;
    }
    EXPECT_LT(std::sqrt(error / square), rounding) << i;
  }
  plan.apply(tile.view(), shift, tile.view());  // in place
  EXPECT_EQ(std::memcmp(tile.data(), out.data(), out.size() * sizeof(float)), 0);
}

TEST(FourierShift, of_few_channels_joins_ends_further_apart_than_they_are_long) {
  const FourierShift plan(16);
  std::vector<float> ramp(16);
  std::vector<float> out(16);
  for (std::size_t i = 0; i < ramp.size(); ++i) {
    ramp[i] = 100.0F + static_cast<float>(i);
  }
  plan.apply(ramp, 0.0, out);
  for (std::size_t i = 0; i < ramp.size(); ++i) {
    EXPECT_NEAR(out[i], ramp[i], 1e-4);  // float rounding
  }
}

TEST(FourierShift, jittered_zero_loss_peaks_come_to_lie_on_each_other) {
  DualPairModel model;
  model.columns = 60;
  model.jitter_eV = 0.6;
  model.low_electrons = 2e5;
  model.core = {450.0, 1.0, 64};
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(pair.low);
  const FourierShift plan(model.low.size);
  std::vector<double> residual;
  std::vector<float> out(model.low.size);
  for (std::size_t i = 0; i < low.extent(0); ++i) {
    const ZeroLoss peak = find_zero_loss(low.row(i), model.low);
    plan.apply(low.row(i), -peak.centre_eV / model.low.step_eV, out);
    residual.push_back(find_zero_loss(out, model.low).centre_eV);
    EXPECT_NEAR(total(out) / total(low.row(i)), 1.0, 1e-3);
  }
  constexpr double required = 0.02;  // eV; HyperSpy 1.7.3 leaves 0.020
  EXPECT_LT(num::standard_deviation(residual), 0.1 * required);
}

TEST(Calibrate, finds_an_onset_and_a_maximum_of_known_displacement) {
  DualPairModel model;
  model.core_axis_error_eV = 4.3;
  model.core_electrons = 1e10;
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}, {"line", gaussian_line(640.0, 4e-6, 3.0)}};
  hotstage::Run run;
  const Buffer<float, 2> core = signal::read_all(simulate_dual_pair(model, run).core);
  const std::vector<double> counts(core.row(0).begin(), core.row(0).end());
  const Calibration onset = calibrate(counts, model.core, {"O K", 532.0 * units::eV});
  EXPECT_NEAR(onset.shift_eV, -4.3, 0.6);  // half the zero-loss width: the onset is a place on a slope
  const Calibration maximum = calibrate(counts, model.core, {"line", 640.0 * units::eV, true});
  EXPECT_NEAR(maximum.shift_eV, -4.3, std::max(5.0 * maximum.sigma_eV, 0.02));
  EXPECT_GT(maximum.sigma_eV, 0.0);
  EXPECT_LT(maximum.sigma_eV, 0.1);
  EXPECT_THROW((void)calibrate(counts, model.core, {"nothing", 800.0 * units::eV, true}), Error);
  EXPECT_THROW((void)calibrate(counts, model.core, {"nothing", 800.0 * units::eV}), Error);
}

TEST(Calibrated, moves_the_axis_and_says_why_in_the_tags) {
  DualPairModel model;
  hotstage::Run run;
  const signal::Signal core = simulate_dual_pair(model, run).core;
  const signal::Signal moved = calibrated(core, {-1.5, 0.1, {"O K", 532.0 * units::eV}, 533.5});
  EXPECT_DOUBLE_EQ(energy_axis_of(moved).offset_eV, energy_axis_of(core).offset_eV - 1.5);
  EXPECT_EQ(moved.source, core.source);
  EXPECT_EQ(moved.original.text_at("hotstage_calibration.line"), "O K");
  EXPECT_EQ(moved.original.number_at("hotstage_calibration.found_eV"), 533.5);
}

TEST(Offsets, kept_with_both_members_of_a_pair_are_not_applied_twice) {
  DualPairModel model;
  model.columns = 12;
  model.jitter_eV = 0.6;
  model.core_electrons = 1e10;
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}};
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(pair.low);
  std::vector<double> offsets;
  for (std::size_t i = 0; i < low.extent(0); ++i) {
    offsets.push_back(-find_zero_loss(low.row(i), model.low).centre_eV);
  }
  const double mean = num::mean(offsets);
  std::vector<double> wander = offsets;
  for (double& value : wander) {
    value -= mean;
  }
  signal::Signal aligned_low = pair.low;
  signal::Signal aligned_core = pair.core;
  aligned_low.item_offset = std::make_shared<const std::vector<double>>(offsets);
  aligned_core.item_offset = std::make_shared<const std::vector<double>>(wander);
  const auto shifts_of = [&](const signal::Signal& core, const signal::Signal& with) {
    const Chain chain({core, &with}, {find_edge("O K")}, {}, run);
    std::vector<double> shifts(chain.items());
    (void)chain.run([&](const ChainItem& item) { shifts[item.item] = item.shift_eV; }, run);
    return shifts;
  };
  const std::vector<double> plain = shifts_of(pair.core, pair.low);
  const std::vector<double> aligned = shifts_of(aligned_core, aligned_low);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_NEAR(plain[i], wander[i], 1e-9);
    EXPECT_NEAR(aligned[i], plain[i], 1e-9);
  }
}

}  // namespace
}  // namespace hotstage::eels
