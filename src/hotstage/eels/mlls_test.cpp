// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/mlls.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hotstage::eels {
namespace {

constexpr EnergyAxis axis{500.0, 0.5, 240};

double metal(double energy) {
  return 40.0 + 400.0 * std::exp(-std::pow((energy - 540.0) / 6.0, 2));
}

double oxide(double energy) {
  return 60.0 + 300.0 * std::exp(-std::pow((energy - 550.0) / 8.0, 2)) + 80.0 / (1.0 + std::exp(535.0 - energy));
}

signal::Signal signal_of(Buffer<float, 2> data, const EnergyAxis& on = axis) {
  signal::Signal out;
  const std::size_t items = data.extent(0);
  if (items > 1) {
    out.navigation = {{"x", items, 0.0, 1.0, "nm"}};
  }
  out.axes = {{"Energy loss", on.size, on.offset_eV, on.step_eV, "eV"}};
  out.source = signal::memory_source(std::move(data));
  return out;
}

signal::Signal reference(const std::function<double(double)>& density, const EnergyAxis& on = axis) {
  Buffer<float, 2> data({1, on.size});
  for (std::size_t c = 0; c < on.size; ++c) {
    data.row(0)[c] = static_cast<float>(density(on.value(static_cast<double>(c))) * on.step_eV / axis.step_eV);
  }
  return signal_of(std::move(data), on);
}

struct Mixture {
  std::size_t items = 1;
  double metal_part = 0.3;
  double oxide_part = 0.7;
  double shift_eV = 0.0;
  double power_law = 0.0;  // counts at 500 eV, exponent 3
  bool noise = false;
};

signal::Signal mixture(const Mixture& what) {
  Buffer<float, 2> data({what.items, axis.size});
  for (std::size_t i = 0; i < what.items; ++i) {
    Rng rng(11, 2, i);
    for (std::size_t c = 0; c < axis.size; ++c) {
      const double energy = axis.value(static_cast<double>(c));
      const double mean = what.metal_part * metal(energy - what.shift_eV) +
                          what.oxide_part * oxide(energy - what.shift_eV) +
                          what.power_law * std::pow(energy / 500.0, -3.0);
      data.row(i)[c] = static_cast<float>(what.noise ? static_cast<double>(rng.poisson(mean)) : mean);
    }
  }
  return signal_of(std::move(data));
}

MllsOptions window() {
  MllsOptions options;
  options.low = 505.0 * units::eV;
  options.high = 615.0 * units::eV;
  options.names = {"metal", "oxide"};
  return options;
}

MllsResult fit(const signal::Signal& data, const MllsOptions& options,
               const std::function<double(double)>& second = oxide, int threads = 2) {
  hotstage::Run run;
  run.threads = threads;
  const signal::Signal a = reference(metal);
  const signal::Signal b = reference(second);
  const std::vector<const signal::Signal*> references{&a, &b};
  return fit_references(data, references, options, run);
}

TEST(Mlls, finds_the_parts_of_a_mixture_exactly) {
  constexpr double single_precision = 1e-6;
  for (const MllsWeights weights : {MllsWeights::poisson, MllsWeights::uniform}) {
    MllsOptions options = window();
    options.weights = weights;
    const MllsResult result = fit(mixture({}), options);
    ASSERT_EQ(result.valid[0], 1);
    EXPECT_NEAR(result.references[0].coefficient[0], 0.3, single_precision);
    EXPECT_NEAR(result.references[1].coefficient[0], 0.7, single_precision);
    EXPECT_NEAR(result.references[0].share[0] + result.references[1].share[0], 1.0, 1e-12);
    EXPECT_LT(result.misfit[0], single_precision);
    EXPECT_EQ(result.references[1].name, "oxide");
    EXPECT_LT(result.condition, 30.0);
  }
}

TEST(Mlls, one_sigma_holds_the_truth_in_two_thirds_of_1000_spectra) {
  for (const MllsWeights weights : {MllsWeights::poisson, MllsWeights::uniform}) {
    MllsOptions options = window();
    options.weights = weights;
    if (weights == MllsWeights::poisson) {
      options.noise_factor = 1.0;
    }
    const MllsResult result = fit(mixture({.items = 1000, .noise = true}), options);
    int held = 0;
    for (std::size_t i = 0; i < 1000; ++i) {
      held += std::abs(result.references[0].coefficient[i] - 0.3) < result.references[0].sigma[i] ? 1 : 0;
    }
    EXPECT_GE(held, 640);
    EXPECT_LE(held, 720);
  }
}

TEST(Mlls, a_power_law_is_part_of_the_model) {
  MllsOptions options = window();
  // Both references have a foot; the law is fitted where they hold a constant, so it must come from the whole window.
  options.background_low = 502.0 * units::eV;
  options.background_high = 525.0 * units::eV;
  hotstage::Run run;
  const auto bare = [](double e) { return 400.0 * std::exp(-std::pow((e - 560.0) / 6.0, 2)); };
  Buffer<float, 2> data({1, axis.size});
  for (std::size_t c = 0; c < axis.size; ++c) {
    const double energy = axis.value(static_cast<double>(c));
    data.row(0)[c] = static_cast<float>(0.4 * bare(energy) + 5e3 * std::pow(energy / 500.0, -3.2));
  }
  const signal::Signal spectrum = signal_of(std::move(data));
  const signal::Signal only = reference(bare);
  const std::vector<const signal::Signal*> references{&only};
  const MllsResult result = fit_references(spectrum, references, options, run);
  EXPECT_NEAR(result.references[0].coefficient[0], 0.4, 1e-4);
  EXPECT_FALSE(result.background.empty());
}

TEST(Mlls, a_shift_per_item_is_found_with_its_sigma) {
  constexpr double pull = 4.0;
  MllsOptions options = window();
  options.max_shift = 2.0 * units::eV;
  const MllsResult exact = fit(mixture({.shift_eV = 0.83}), options);
  EXPECT_NEAR(exact.shift_eV[0], 0.83, 0.03);  // a parabola through half channels
  const MllsResult noisy = fit(mixture({.items = 50, .shift_eV = -0.6, .noise = true}), options);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_NEAR(noisy.shift_eV[i], -0.6, pull * noisy.shift_sigma[i] + 0.03) << i;
  }
  EXPECT_NEAR(exact.references[0].coefficient[0], 0.3, 0.01);
}

TEST(Mlls, the_offset_of_an_item_moves_its_axis) {
  constexpr double interpolation = 2e-3;
  signal::Signal data = mixture({.items = 2, .shift_eV = 0.7});
  data.item_offset = std::make_shared<const std::vector<double>>(2, -0.7);
  EXPECT_NEAR(fit(data, window()).references[0].coefficient[1], 0.3, interpolation);
}

TEST(Mlls, references_of_another_dispersion_are_interpolated) {
  constexpr double interpolation = 5e-3;
  hotstage::Run run;
  const signal::Signal a = reference(metal, {495.0, 0.3, 420});
  const signal::Signal b = reference(oxide);
  const std::vector<const signal::Signal*> references{&a, &b};
  EXPECT_NEAR(fit_references(mixture({}), references, window(), run).references[0].coefficient[0], 0.3, interpolation);
}

TEST(Mlls, regions_of_the_data_serve_as_references) {
  Buffer<float, 2> data({6, axis.size});
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t c = 0; c < axis.size; ++c) {
      const double energy = axis.value(static_cast<double>(c));
      const double part = i < 2 ? 0.0 : (i > 3 ? 1.0 : 0.25);
      data.row(i)[c] = static_cast<float>(part * metal(energy) + (1.0 - part) * oxide(energy));
    }
  }
  MllsOptions options = window();
  options.regions = {4, 5, 0, 1};
  hotstage::Run run;
  const MllsResult result = fit_references(signal_of(std::move(data)), {}, options, run);
  EXPECT_NEAR(result.references[0].coefficient[2], 0.25, 1e-5);
  EXPECT_NEAR(result.references[1].coefficient[2], 0.75, 1e-5);
}

TEST(Mlls, non_negative_holds_and_can_be_left) {
  MllsOptions options = window();
  const signal::Signal data = mixture({.metal_part = -0.1, .oxide_part = 1.0});
  EXPECT_EQ(fit(data, options).references[0].coefficient[0], 0.0);
  options.non_negative = false;
  EXPECT_NEAR(fit(data, options).references[0].coefficient[0], -0.1, 1e-5);
}

TEST(Mlls, collinear_references_are_warned_of_and_multiples_refused) {
  const auto nearly = [](double e) { return metal(e) * (1.0 + 1e-3 * (e - 560.0) / 55.0); };
  const MllsResult result = fit(mixture({}), window(), nearly);
  EXPECT_GT(result.condition, 30.0);
  EXPECT_TRUE(std::ranges::any_of(result.warnings, [](const Warning& w) { return w.kind == "collinear_references"; }));
  EXPECT_THROW((void)fit(mixture({}), window(), metal), Error);
}

TEST(Mlls, wrong_options_are_refused_with_a_reason) {
  hotstage::Run run;
  EXPECT_THROW((void)fit_references(mixture({}), {}, window(), run), Error);
  MllsOptions options = window();
  options.high = 506.0 * units::eV;
  EXPECT_THROW((void)fit(mixture({}), options), Error);
  options = window();
  options.background_low = 502.0 * units::eV;
  EXPECT_THROW((void)fit(mixture({}), options), Error);
  options = window();
  options.regions = {0, 1, 2};
  EXPECT_THROW((void)fit(mixture({.items = 3}), options), Error);
}

TEST(Mlls, results_do_not_depend_on_threads) {
  const signal::Signal data = mixture({.items = 70, .noise = true});
  const MllsResult one = fit(data, window(), oxide, 1);
  const MllsResult three = fit(data, window(), oxide, 3);
  EXPECT_EQ(one.references[0].coefficient, three.references[0].coefficient);
  EXPECT_EQ(one.fit, three.fit);
}

}  // namespace
}  // namespace hotstage::eels
