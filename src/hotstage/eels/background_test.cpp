// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/background.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/num/quadrature.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

constexpr double required_residual = 1e-6;  // of the background; HyperSpy 1.7.3 is at 8e-4 … 7e-3
constexpr double float_rounding = 2e-7;     // counts are stored in single precision
constexpr double kernel_accuracy = 2e-9;    // vectorised power law

constexpr std::array methods{BackgroundMethod::poisson, BackgroundMethod::two_area, BackgroundMethod::least_squares};

/// ∫ A (E/reference)^−r over a channel by quadrature: independent of the code under test.
double channel_integral(double A, double r, double energy_eV, double step_eV) {
  static const num::Quadrature rule = num::gauss_legendre(10);
  return num::integrate(rule, energy_eV - 0.5 * step_eV, energy_eV + 0.5 * step_eV,
                        [&](double e) { return A * std::pow(e / 500.0, -r); });
}

std::vector<double> exact_counts(const EnergyAxis& axis, double A, double r) {
  std::vector<double> counts(axis.size);
  for (std::size_t i = 0; i < axis.size; ++i) {
    counts[i] = channel_integral(A, r, axis.value(static_cast<double>(i)), axis.step_eV);
  }
  return counts;
}

std::vector<float> stored(const std::vector<double>& expected) {
  return {expected.begin(), expected.end()};
}

std::vector<float> counted(const std::vector<double>& expected, double gain, std::uint64_t index) {
  std::vector<float> counts(expected.size());
  Rng rng(11, 22, index);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = static_cast<float>(gain * static_cast<double>(rng.poisson(expected[i] / gain)));
  }
  return counts;
}

TEST(PowerLaw, noise_free_background_leaves_nothing_at_any_dispersion_by_any_method) {
  for (const double step : {0.25, 0.5, 1.0, 2.0}) {
    const EnergyAxis axis{400.0, step, static_cast<std::size_t>(512.0 / step)};
    const std::vector<double> exact = exact_counts(axis, 1e4, 3.2);
    for (const BackgroundMethod method : methods) {
      const PowerLawFitter fitter(axis, {470.0, 525.0}, {.method = method});
      const PowerLaw law = fitter.fit(stored(exact));
      ASSERT_EQ(law.status, BackgroundStatus::ok);
      std::vector<double> model(axis.size);
      predict(law, axis, {0, axis.size}, model);
      const ChannelRange extrapolated = channels_in(axis, {470.0, 625.0});
      for (std::size_t i = extrapolated.first; i < extrapolated.last; ++i) {
        EXPECT_NEAR(model[i] / exact[i], 1.0, required_residual) << step << ' ' << name(law.status);
      }
      EXPECT_NEAR(law.r, 3.2, 1e-5) << step;
    }
  }
}

TEST(PowerLaw, window_means_have_no_bias_of_a_half_channel) {
  // HyperSpy 1.7.3 over-subtracts 0.084 … 0.651 % of the background here (channel centres as limits).
  for (const double step : {0.25, 0.5, 1.0, 2.0}) {
    const EnergyAxis axis{400.0, step, static_cast<std::size_t>(512.0 / step)};
    const std::vector<float> counts = stored(exact_counts(axis, 1e4, 3.0));
    const PowerLawFitter fitter(axis, {470.0, 525.0}, {.method = BackgroundMethod::two_area});
    const PowerLaw law = fitter.fit(counts);
    for (const Window window : {Window{470.0, 525.0}, Window{525.0, 625.0}}) {
      const NetIntegral net = net_integral(counts, axis, law, window);
      EXPECT_LT(std::abs(net.net.value), required_residual * net.background);
    }
  }
}

TEST(PowerLaw, exponents_near_one_are_a_regular_limit) {
  const EnergyAxis axis{300.0, 1.0, 400};
  for (const double r : {0.6, 1.0 - 1e-9, 1.0, 1.0 + 1e-7, 1.001}) {
    for (const BackgroundMethod method : methods) {
      const PowerLawFitter fitter(axis, {320.0, 420.0}, {.method = method, .r_min = 0.1});
      const PowerLaw law = fitter.fit(stored(exact_counts(axis, 1e4, r)));
      EXPECT_EQ(law.status, BackgroundStatus::ok);
      EXPECT_NEAR(law.r, r, 1e-5);
    }
  }
}

TEST(PowerLaw, kernel_agrees_with_quadrature_from_8_channel_widths_on) {
  const EnergyAxis axis{8.0, 1.0, 600};
  PowerLaw law;
  law.A = 1e3;
  law.reference_eV = 500.0;
  for (const double r : {0.0, 1.0, 2.5, 5.0}) {
    law.r = r;
    std::vector<double> model(axis.size);
    predict(law, axis, {0, axis.size}, model);
    for (std::size_t i = 0; i < axis.size; ++i) {
      const double energy = axis.value(static_cast<double>(i));
      const double series = i < 40 ? 4e-6 : kernel_accuracy;  // (step/E)⁸ of the next term
      EXPECT_NEAR(model[i] / channel_integral(1e3, r, energy, 1.0), 1.0, series) << r << ' ' << energy;
    }
  }
}

TEST(PowerLaw, below_8_channel_widths_the_prediction_is_still_the_integral) {
  const EnergyAxis axis{-2.0, 1.0, 20};
  PowerLaw law;
  law.A = 10.0;
  law.r = 2.0;
  law.reference_eV = 10.0;
  std::vector<double> model(axis.size);
  predict(law, axis, {0, axis.size}, model);
  EXPECT_EQ(model[0], 0.0);  // no power law at negative energies
  EXPECT_NEAR(model[5], 1000.0 * (1.0 / 2.5 - 1.0 / 3.5), 1e-9);
}

RC_GTEST_PROP(PowerLaw, scaling_the_counts_scales_A_alone, ()) {
  const double factor = 1e-3 * *rc::gen::inRange(1, 100000);
  const BackgroundMethod method = *rc::gen::elementOf(std::vector(methods.begin(), methods.end()));
  const EnergyAxis axis{400.0, 0.5, 400};
  const std::vector<float> counts = counted(exact_counts(axis, 500.0, 3.0), 1.0, 5);
  std::vector<float> scaled = counts;
  for (float& y : scaled) {
    y *= static_cast<float>(factor);
  }
  const PowerLawFitter fitter(axis, {420.0, 500.0}, {.method = method});
  const PowerLaw a = fitter.fit(counts);
  const PowerLaw b = fitter.fit(scaled);
  RC_ASSERT(std::abs(b.r - a.r) < 1e-4);
  RC_ASSERT(std::abs(b.A / (a.A * factor) - 1.0) < 1e-5);
  RC_ASSERT(std::abs(b.noise_factor / (a.noise_factor * factor) - 1.0) < 1e-4);  // variance/mean scales like a gain
}

RC_GTEST_PROP(PowerLaw, an_item_shift_is_the_same_as_another_axis, ()) {
  const double shift = 1e-2 * *rc::gen::inRange(-300, 300);
  const BackgroundMethod method = *rc::gen::elementOf(std::vector(methods.begin(), methods.end()));
  const EnergyAxis axis{400.0, 0.5, 600};
  const std::vector<float> counts = counted(exact_counts(axis.shifted(shift), 1e4, 3.0), 1.0, 7);
  const PowerLaw a = PowerLawFitter(axis, {450.0, 520.0}, {.method = method}).fit(counts, shift);
  const PowerLaw b = PowerLawFitter(axis.shifted(shift), {450.0, 520.0}, {.method = method}).fit(counts);
  RC_ASSERT(a.r == b.r);
  RC_ASSERT(a.A == b.A);
  RC_ASSERT(a.window == b.window);
}

/// Standard deviation and mean of pulls of a net integral that should be 0.
struct Pulls {
  double mean = 0.0;
  double spread = 0.0;
};

Pulls pulls(const BackgroundOptions& options, double A, double gain, const Window& window) {
  constexpr int spectra = 500;
  const EnergyAxis axis{400.0, 0.5, 512};
  const std::vector<double> expected = exact_counts(axis, A, 3.0);
  const PowerLawFitter fitter(axis, {450.0, 525.0}, options);
  std::vector<double> values;
  for (int k = 0; k < spectra; ++k) {
    const std::vector<float> counts = counted(expected, gain, static_cast<std::uint64_t>(k));
    const NetIntegral net = net_integral(counts, axis, fitter.fit(counts), window);
    values.push_back(net.net.value / net.net.sigma);
  }
  return {num::mean(values), num::standard_deviation(values)};
}

constexpr double pull_spread = 0.10;  // required; 500 spectra give ± 3.2 % (one σ)
constexpr double pull_mean = 0.18;    // 4/√500

TEST(NetIntegral, sigma_covers_the_extrapolated_background_for_every_method) {
  for (const BackgroundMethod method : methods) {
    const Pulls p = pulls({.method = method}, 2000.0, 1.0, {530.0, 580.0});
    EXPECT_NEAR(p.spread, 1.0, pull_spread) << static_cast<int>(method);
    EXPECT_NEAR(p.mean, 0.0, pull_mean) << static_cast<int>(method);
  }
}

TEST(NetIntegral, sigma_covers_at_low_counts_with_a_fixed_noise_factor) {
  const Pulls p = pulls({.r_min = 0.0, .r_max = 20.0, .noise_factor = 1.0}, 40.0, 1.0, {530.0, 580.0});
  EXPECT_NEAR(p.spread, 1.0, pull_spread);
  EXPECT_NEAR(p.mean, 0.0, 2.0 * pull_mean);  // r is skewed when its σ is not small
}

TEST(NetIntegral, a_detector_gain_is_found_by_the_noise_factor) {
  constexpr double gain = 8.0;
  const Pulls p = pulls({}, 2e4, gain, {530.0, 580.0});
  EXPECT_NEAR(p.spread, 1.0, pull_spread);
  const EnergyAxis axis{400.0, 0.5, 512};
  const PowerLaw law = PowerLawFitter(axis, {420.0, 525.0}).fit(counted(exact_counts(axis, 2e4, 3.0), gain, 1));
  EXPECT_NEAR(law.noise_factor / gain, 1.0, 4.0 * std::sqrt(2.0 / 208.0));
}

TEST(NetIntegral, short_windows_have_the_large_sigma_that_they_deserve) {
  // An independent simulation: 100 counts per channel, 50 eV signal window, scatter in % of the background: fit window
  // of 55 eV 3.0, 20 eV 9.8, 10 eV 26.6.
  constexpr double other_geometry = 0.25;  // gap to the edge and exponent are not recorded there
  const EnergyAxis axis{400.0, 0.5, 512};
  const std::vector<float> counts = stored(exact_counts(axis, 200.0, 3.0));
  const std::array<std::pair<double, double>, 3> cases{{{55.0, 3.0}, {20.0, 9.8}, {10.0, 26.6}}};
  for (const auto& [width, percent] : cases) {
    const PowerLawFitter fitter(axis, {525.0 - width, 525.0}, {.noise_factor = 1.0});
    const NetIntegral net = net_integral(counts, axis, fitter.fit(counts), {530.0, 580.0});
    EXPECT_NEAR(100.0 * net.net.sigma / net.background, percent, other_geometry * percent) << width;
  }
}

TEST(PowerLaw, fit_amplitude_takes_the_exponent_and_its_uncertainty_from_elsewhere) {
  const EnergyAxis axis{400.0, 0.5, 512};
  const std::vector<float> counts = stored(exact_counts(axis, 1e4, 3.0));
  const PowerLawFitter fitter(axis, {450.0, 525.0}, {.noise_factor = 1.0});
  const PowerLaw law = fitter.fit_amplitude(counts, {3.0, 0.05});
  EXPECT_LT(std::abs(net_integral(counts, axis, law, {530.0, 580.0}).net.value), required_residual * 1e6);
  EXPECT_NEAR(law.var_r, 0.0025, 1e-12);
  const PowerLaw sharp = fitter.fit_amplitude(counts, {3.0, 0.0});
  EXPECT_LT(net_integral(counts, axis, sharp, {530.0, 580.0}).net.sigma,
            net_integral(counts, axis, law, {530.0, 580.0}).net.sigma);
}

TEST(PowerLaw, bad_data_become_a_status_and_never_a_number_that_is_not_one) {
  const EnergyAxis axis{400.0, 1.0, 200};
  const auto status = [&](const std::vector<float>& counts, BackgroundMethod method) {
    const PowerLaw law = PowerLawFitter(axis, {420.0, 500.0}, {.method = method}).fit(counts);
    std::vector<float> out(axis.size);
    subtract(counts, axis, law, out);
    for (const float y : out) {
      EXPECT_TRUE(std::isfinite(y));
    }
    EXPECT_TRUE(std::isfinite(law.A) && std::isfinite(law.r) && std::isfinite(law.chi2) && std::isfinite(law.var_r));
    return law.status;
  };
  std::vector<float> rising(axis.size);
  std::vector<float> steep(axis.size);
  std::vector<float> one_count(axis.size, 0.0F);
  std::vector<float> first_half(axis.size, 0.0F);
  for (std::size_t i = 0; i < axis.size; ++i) {
    rising[i] = 100.0F + static_cast<float>(i);
    steep[i] = 1e5F * std::exp(-0.1F * static_cast<float>(i));
    first_half[i] = i < 50 ? 10.0F : 0.0F;
  }
  one_count[30] = 1.0F;
  for (const BackgroundMethod method : methods) {
    EXPECT_EQ(status(std::vector<float>(axis.size, 0.0F), method), BackgroundStatus::no_counts);
    EXPECT_EQ(status(std::vector<float>(axis.size, -3.0F), method), BackgroundStatus::no_counts);
    EXPECT_EQ(status(rising, method), BackgroundStatus::not_decreasing);
    EXPECT_EQ(status(steep, method), BackgroundStatus::at_bound);
    EXPECT_EQ(status(first_half, method), BackgroundStatus::at_bound);
    status(one_count, method);
  }
}

TEST(PowerLaw, negative_counts_of_gain_corrected_files_do_not_bias_the_fit) {
  // 1 count per channel with ± 2 counts of read-out noise: many channels are negative; the mean of many fits must be
  // right.
  const EnergyAxis axis{400.0, 0.25, 1024};
  const std::vector<double> expected = exact_counts(axis, 20.0, 3.0);
  const PowerLawFitter fitter(axis, {430.0, 525.0}, {.r_min = 0.0, .r_max = 20.0, .noise_factor = 1.0});
  std::vector<double> nets;
  for (std::uint64_t k = 0; k < 300; ++k) {
    std::vector<float> counts = stored(expected);
    Rng rng(1, 5, k);
    for (float& y : counts) {
      y += static_cast<float>(2.0 * rng.normal());
    }
    const NetIntegral net = net_integral(counts, axis, fitter.fit(counts), {530.0, 580.0});
    nets.push_back(net.net.value / net.background);
  }
  EXPECT_NEAR(num::mean(nets), 0.0, 4.0 * num::standard_error(nets));
}

TEST(PowerLawFitter, refuses_windows_that_cannot_be_fitted_and_says_why) {
  const EnergyAxis axis{400.0, 1.0, 200};
  try {
    const PowerLawFitter fitter(axis, {700.0, 720.0});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_NE(std::string(error.what()).find("700–720 eV holds 0 channels of the axis 399.5–599.5 eV"),
              std::string::npos)
        << error.what();
  }
  EXPECT_THROW(PowerLawFitter({-20.0, 1.0, 200}, {5.0, 50.0}), Error);
  EXPECT_THROW(PowerLawFitter(axis, {420.0, 500.0}, {.r_min = 5.0, .r_max = 2.0}), Error);
}

TEST(SubtractBackground, is_the_same_for_any_tiling_and_thread_count_and_in_place) {
  const EnergyAxis axis{400.0, 0.5, 333};
  constexpr std::size_t items = 40;
  const std::vector<double> expected = exact_counts(axis, 500.0, 3.0);
  Buffer<float, 2> counts({items, axis.size});
  std::vector<double> shift(items);
  for (std::size_t i = 0; i < items; ++i) {
    const std::vector<float> row = counted(expected, 1.0, i);
    std::copy(row.begin(), row.end(), counts.row(i).begin());
    shift[i] = 0.07 * static_cast<double>(i) - 1.0;
  }
  const PowerLawFitter fitter(axis, {450.0, 510.0});
  Buffer<float, 2> whole({items, axis.size});
  std::vector<PowerLaw> fits(items);
  subtract_background({counts.view(), shift}, fitter, whole.view(), fits);
  Buffer<float, 2> tiled({items, axis.size});
  std::vector<PowerLaw> tiled_fits(items);
  hotstage::Run run;
  run.threads = 3;
  parallel_chunks(run, items, 7, [&](std::size_t begin, std::size_t end) {
    const std::size_t n = end - begin;
    subtract_background({View<const float, 2>(counts.view().rows(begin, n)), std::span(shift).subspan(begin, n)},
                        fitter, tiled.view().rows(begin, n), std::span(tiled_fits).subspan(begin, n));
  });
  std::vector<PowerLaw> in_place_fits(items);
  subtract_background({counts.view(), shift}, fitter, counts.view(), in_place_fits);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    ASSERT_EQ(whole.data()[i], tiled.data()[i]);
    ASSERT_EQ(whole.data()[i], counts.data()[i]);
  }
  EXPECT_EQ(fits[3].r, tiled_fits[3].r);
}

TEST(Subtract, writes_zero_below_the_fit_window_and_counts_minus_law_above) {
  const EnergyAxis axis{400.0, 0.5, 300};
  const std::vector<double> exact = exact_counts(axis, 1e4, 3.0);
  const std::vector<float> counts = stored(exact);
  const PowerLaw law = PowerLawFitter(axis, {450.0, 510.0}).fit(counts);
  std::vector<float> out(axis.size);
  subtract(counts, axis, law, out);
  EXPECT_EQ(law.window.first, 100U);
  EXPECT_EQ(out[99], 0.0F);
  for (std::size_t i = 100; i < axis.size; ++i) {
    EXPECT_NEAR(static_cast<double>(out[i]) / exact[i], 0.0, required_residual + float_rounding);
  }
}

}  // namespace
}  // namespace hotstage::eels
