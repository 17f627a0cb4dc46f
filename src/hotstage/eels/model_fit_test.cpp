// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/model_fit.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/synthetic_oxide.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace hotstage::eels {
namespace {

using detail::synthetic_oxide;

constexpr double truth = 2.0 / 3.0;
constexpr double required_bias = 0.01;  // of the ratio, part 4 of the plan

ModelFitOptions boron_and_oxygen() {
  ModelFitOptions options;
  options.edges = {"B K", "O K"};
  options.strength = Strength::hydrogenic;  // what the synthetic specimen is made of
  options.chain.placement = Placement::tabulated;
  return options;
}

DualPairModel specimen(std::size_t items) {
  return synthetic_oxide(items, {{"B K", 2e-7}, {"O K", 3e-7}});
}

DualPairModel without_noise(std::size_t items = 1) {
  DualPairModel model = specimen(items);
  model.noise = CountingNoise::none;
  return model;
}

ModelFitResult fit(const DualPair& pair, const ModelFitOptions& options) {
  hotstage::Run run;
  run.threads = 2;
  return fit_model({.core = pair.core, .low = &pair.low}, options, run);
}

DualPair simulate(const DualPairModel& model) {
  hotstage::Run run;
  run.threads = 2;
  return simulate_dual_pair(model, run);
}

bool warned(const ModelFitResult& result, const std::string& kind) {
  return std::ranges::any_of(result.warnings, [&](const Warning& w) { return w.kind == kind; });
}

std::string complaint(const DualPair& pair, const ModelFitOptions& options) {
  try {
    (void)fit(pair, options);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(ModelFit, recovers_a_known_ratio_to_a_per_cent) {
  for (const double thickness : {0.1, 1.0}) {
    for (const double r : {2.5, 3.3}) {
      DualPairModel model = without_noise();
      model.thickness = {thickness};
      model.background_r = r;
      const DualPair pair = simulate(model);
      for (const FineStructure fine : {FineStructure::free, FineStructure::conserved, FineStructure::none}) {
        for (const ModelBackground background : {ModelBackground::exponents, ModelBackground::power_law}) {
          ModelFitOptions options = boron_and_oxygen();
          options.fine_structure = fine;
          options.model_background = background;
          options.chain.noise = Noise::poisson;
          const ModelFitResult result = fit(pair, options);
          ASSERT_EQ(result.used, 1U);
          EXPECT_NEAR(result.ratios[0].mean.value / truth, 1.0, required_bias)
              << "t/λ " << thickness << ", r " << r << ", fine structure " << static_cast<int>(fine) << ", background "
              << static_cast<int>(background);
        }
      }
    }
  }
}

TEST(ModelFit, the_axis_of_the_low_loss_and_shifts_of_items_do_not_matter) {
  constexpr double same = 2e-3;
  for (const double step : {0.25, 0.4, 1.0}) {
    DualPairModel model = without_noise(4);
    model.low = {-30.0, step, static_cast<std::size_t>(300.0 / step)};
    model.jitter_eV = 0.8;
    model.low_loss.zlp_fwhm_eV = 2.0;
    const RatioResult ratio = fit(simulate(model), boron_and_oxygen()).ratios[0];
    EXPECT_NEAR(ratio.mean.value / truth, 1.0, required_bias) << step;
    EXPECT_LT(ratio.scatter / truth, same) << step;
  }
}

TEST(ModelFit, an_axis_that_reads_too_high_is_followed) {
  DualPairModel model = specimen(8);
  model.core_axis_error_eV = 5.0;
  ModelFitOptions options = boron_and_oxygen();
  options.chain.placement = Placement::observed;
  EXPECT_NEAR(fit(simulate(model), options).ratios[0].mean.value / truth, 1.0, required_bias);
}

TEST(ModelFit, one_sigma_holds_the_truth_in_two_thirds_of_1000_spectra) {
  const DualPair pair = simulate(specimen(1000));
  for (const ModelBackground background : {ModelBackground::power_law, ModelBackground::exponents}) {
    for (const FineStructure fine : {FineStructure::free, FineStructure::none}) {
      ModelFitOptions options = boron_and_oxygen();
      options.model_background = background;
      options.fine_structure = fine;
      const RatioResult ratio = fit(pair, options).ratios[0];
      ASSERT_EQ(ratio.used, 1000U);
      int held = 0;
      for (std::size_t i = 0; i < 1000; ++i) {
        held += std::abs(ratio.value[i] - truth) < ratio.sigma[i] ? 1 : 0;
      }
      EXPECT_GE(held, 640) << static_cast<int>(background) << static_cast<int>(fine);
      EXPECT_LE(held, 720) << static_cast<int>(background) << static_cast<int>(fine);
      EXPECT_NEAR(ratio.mean.value / truth, 1.0, required_bias);
    }
  }
}

TEST(ModelFit, white_lines_do_not_change_the_ratio_when_the_shape_is_free) {
  constexpr double line_share = 0.02;
  DualPairModel model = without_noise();
  const double onset = find_edge("O K").onset.in(units::eV);
  model.components.push_back({.label = "line", .density = gaussian_line(onset + 4.0, 3e-5, 3.0)});
  const DualPair pair = simulate(model);
  ModelFitOptions options = boron_and_oxygen();
  EXPECT_NEAR(fit(pair, options).ratios[0].mean.value / truth, 1.0, line_share);
  options.fine_structure = FineStructure::none;
  EXPECT_GT(std::abs(fit(pair, options).ratios[0].mean.value / truth - 1.0), 2.0 * line_share);
}

TEST(ModelFit, an_absent_element_averages_to_zero_and_is_no_reference) {
  DualPairModel model = specimen(60);
  model.components[0].weight.assign(60, 0.0);
  const DualPair pair = simulate(model);
  ModelFitOptions options = boron_and_oxygen();
  const RatioResult ratio = fit(pair, options).ratios[0];
  EXPECT_LT(std::abs(ratio.mean.value), 4.0 * ratio.propagated / std::sqrt(60.0));
  options.reference = "B K";
  const ModelFitResult none = fit(pair, options);
  EXPECT_LT(none.used, 6U);  // 3 σ by chance in 0.1 %
}

TEST(ModelFit, the_residual_is_noise_where_the_model_is_true) {
  DualPairModel model = specimen(64);
  model.low_loss.zlp_fwhm_eV = 2.0;  // four channels: a peak of two is not resolved to 0.5 % of a step
  const ModelFitResult result = fit(simulate(model), boron_and_oxygen());
  double squares = 0.0;
  double count = 0.0;
  for (std::size_t c = 0; c < result.means.axis.size; ++c) {
    if (result.means.residual_sigma[c] > 0.0) {
      squares += std::pow(result.means.residual[c] / result.means.residual_sigma[c], 2);
      count += 1.0;
    }
  }
  EXPECT_NEAR(squares / count, 1.0, 4.0 * std::sqrt(2.0 / count) + 0.1);  // shared parameters, two interpolations
  EXPECT_FALSE(warned(result, "model_misfit"));
}

TEST(ModelFit, thick_items_are_refused) {
  DualPairModel model = specimen(3);
  model.thickness = {0.5, 2.4, 0.5};
  const ModelFitResult result = fit(simulate(model), boron_and_oxygen());
  EXPECT_EQ(result.status[1], ModelStatus::too_thick);
  EXPECT_EQ(result.used, 2U);
  EXPECT_EQ(result.ratios[0].value[1], 0.0);
}

TEST(ModelFit, without_low_loss_it_says_so) {
  const DualPair pair = simulate(specimen(2));
  hotstage::Run run;
  const ModelFitResult result = fit_model({.core = pair.core}, boron_and_oxygen(), run);
  EXPECT_FALSE(result.convolved);
  EXPECT_TRUE(warned(result, "plural_scattering_kept"));
  EXPECT_EQ(result.used, 2U);
}

TEST(ModelFit, items_without_counts_are_left_out) {
  DualPairModel model = specimen(2);
  model.core_electrons = 1e5;
  EXPECT_EQ(fit(simulate(model), boron_and_oxygen()).status[0], ModelStatus::too_few_counts);
}

TEST(ModelFit, without_collection_angle_only_relative_ratios_are_given) {
  DualPairModel model = without_noise(2);
  model.components[0].weight = {1.0, 2.0};
  DualPair pair = simulate(model);
  pair.core.metadata.collection.reset();
  const ModelFitResult result = fit(pair, boron_and_oxygen());
  EXPECT_TRUE(result.relative);
  EXPECT_TRUE(warned(result, "relative_only"));
  EXPECT_NEAR(result.ratios[0].mean.value, 1.0, 1e-12);
  EXPECT_NEAR(result.ratios[0].value[1] / result.ratios[0].value[0], 2.0, 2.0 * required_bias);
  EXPECT_NE(result.ratios[0].name.find("relative"), std::string::npos);
}

TEST(ModelFit, a_standard_in_the_measurement_replaces_the_cross_sections) {
  DualPairModel model = without_noise(6);
  model.components[0].weight = {1.0, 1.0, 1.0, 2.0, 2.0, 2.0};
  DualPair pair = simulate(model);
  pair.core.metadata.collection.reset();
  ModelFitOptions options = boron_and_oxygen();
  options.strength = Strength::photo_absorption;  // another scale: the standard takes it out
  options.standard.atoms = {2.0, 3.0};
  options.standard.atoms_sigma = {0.04, 0.0};
  options.standard.region = {0, 2, 0, 0};
  const ModelFitResult result = fit(pair, options);
  EXPECT_FALSE(result.relative);
  EXPECT_NEAR(result.ratios[0].value[0], truth, 1e-3 * truth);
  EXPECT_NEAR(result.ratios[0].value[5], 2.0 * truth, 2.0 * required_bias * truth);
  EXPECT_EQ(result.ratios[0].used, 3U);  // the mean is over the items outside the standard
  EXPECT_NEAR(result.ratios[0].mean.value, 2.0 * truth, 2.0 * required_bias * truth);
  EXPECT_GE(result.ratios[0].model_uncertainty, 0.02);
  EXPECT_EQ(result.edges[1].k.value, 1.0);
}

TEST(ModelFit, what_cannot_be_fitted_is_refused_with_a_reason) {
  DualPairModel model = specimen(1);
  const DualPair pair = simulate(model);
  ModelFitOptions options = boron_and_oxygen();
  options.edges = {"B K", "B K"};
  EXPECT_NE(complaint(pair, options).find("twice"), std::string::npos);
  options.edges = {"La M5", "O K"};
  EXPECT_NE(complaint(pair, options).find("no cross-section"), std::string::npos);
  options = boron_and_oxygen();
  options.exponents = {3.0, 2.0};
  options.model_background = ModelBackground::exponents;
  EXPECT_NE(complaint(pair, options).find("ascend"), std::string::npos);
  options = boron_and_oxygen();
  options.standard.atoms = {1.0};
  EXPECT_NE(complaint(pair, options).find("standard"), std::string::npos);
  model.core = {168.0, 0.5, 800};
  EXPECT_NE(complaint(simulate(model), boron_and_oxygen()).find("before the first edge"), std::string::npos);
  options = boron_and_oxygen();
  options.model_background = ModelBackground::exponents;
  options.exponents.resize(400);
  for (std::size_t k = 0; k < options.exponents.size(); ++k) {
    options.exponents[k] = 1.0 + 0.01 * static_cast<double>(k);
  }
  EXPECT_NE(complaint(pair, options).find("parameters"), std::string::npos);
}

TEST(ModelFit, results_do_not_depend_on_threads_or_memory) {
  DualPairModel model = specimen(40);
  model.jitter_eV = 0.3;
  const DualPair pair = simulate(model);
  std::vector<ModelFitResult> results;
  for (const auto& [threads, memory] :
       {std::pair{1, std::size_t{1} << 29}, {3, std::size_t{1} << 29}, {2, std::size_t{1} << 17}}) {
    hotstage::Run run;
    run.threads = threads;
    run.memory = memory;
    results.push_back(fit_model({.core = pair.core, .low = &pair.low}, boron_and_oxygen(), run));
  }
  for (const ModelFitResult& other : results) {
    EXPECT_EQ(other.ratios[0].value, results[0].ratios[0].value);
    EXPECT_EQ(other.ratios[0].sigma, results[0].ratios[0].sigma);
    EXPECT_EQ(other.means.fit, results[0].means.fit);
    EXPECT_EQ(other.means.single, results[0].means.single);
  }
}

}  // namespace
}  // namespace hotstage::eels
