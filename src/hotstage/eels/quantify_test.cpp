// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/quantify.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/synthetic_oxide.hpp"
#include "hotstage/eels/testing/complaint.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

using testing::complaint;

using detail::synthetic_oxide;

QuantifyOptions boron_and_oxygen() {
  QuantifyOptions options;
  options.edges = {"B K", "O K"};
  options.chain.placement = Placement::tabulated;
  return options;
}

TEST(Quantify, recovers_a_known_ratio_from_a_dual_pair) {
  // The extrapolated power law and the finite window of the deconvolution leave a per cent; counting noise is far less.
  constexpr double method = 0.015;
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(20, {{"B K", 2e-7}, {"O K", 3e-7}}), run);
  const QuantifyResult result = quantify(pair.core, &pair.low, boron_and_oxygen(), run);
  ASSERT_EQ(result.ratios.size(), 1U);
  const RatioResult& ratio = result.ratios[0];
  EXPECT_EQ(ratio.name, "B/O");
  EXPECT_EQ(ratio.used, 20U);
  EXPECT_NEAR(ratio.mean.value / (2.0 / 3.0), 1.0, method);
  EXPECT_NEAR(ratio.of_sums.value, ratio.mean.value, 3.0 * ratio.mean.sigma);
  EXPECT_NEAR(ratio.model_uncertainty, std::hypot(0.05, 0.05), 1e-12);
  EXPECT_TRUE(result.deconvolved);
  EXPECT_NEAR(result.thickness[0], 0.5, 0.02);
}

TEST(Quantify, the_ratio_does_not_depend_on_thickness_or_axis_error) {
  constexpr double method = 0.02;
  hotstage::Run run;
  for (const double thickness : {0.1, 1.0}) {
    DualPairModel model = synthetic_oxide(8, {{"B K", 2e-7}, {"O K", 3e-7}});
    model.thickness = {thickness};
    model.core_axis_error_eV = 5.0;
    const DualPair pair = simulate_dual_pair(model, run);
    QuantifyOptions options = boron_and_oxygen();
    options.chain.placement = Placement::observed;
    const QuantifyResult result = quantify(pair.core, &pair.low, options, run);
    EXPECT_NEAR(result.ratios[0].mean.value / (2.0 / 3.0), 1.0, method) << "t/λ = " << thickness;
  }
}

TEST(Quantify, without_deconvolution_a_thick_specimen_is_measured_wrongly_and_the_result_says_so) {
  hotstage::Run run;
  DualPairModel model = synthetic_oxide(4, {{"B K", 2e-7}, {"O K", 3e-7}});
  model.thickness = {1.0};
  const DualPair pair = simulate_dual_pair(model, run);
  const QuantifyResult result = quantify(pair.core, nullptr, boron_and_oxygen(), run);
  EXPECT_FALSE(result.deconvolved);
  ASSERT_FALSE(result.warnings.empty());
  EXPECT_EQ(result.warnings[0].kind, "plural_scattering_kept");
}

TEST(Quantify, counting_sigma_covers_the_scatter_of_repeated_measurements) {
  // 300 spectra: the standard deviation of the normalised deviations is known to 1/√600 = 4 %.
  constexpr double coverage = 4.0 * 0.041;
  hotstage::Run run;
  run.threads = 2;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(300, {{"B K", 2e-7}, {"O K", 3e-7}}), run);
  const QuantifyResult result = quantify(pair.core, &pair.low, boron_and_oxygen(), run);
  const RatioResult& ratio = result.ratios[0];
  double squares = 0.0;
  for (std::size_t i = 0; i < 300; ++i) {
    const double pull = (ratio.value[i] - ratio.mean.value) / ratio.sigma[i];
    squares += pull * pull;
  }
  EXPECT_NEAR(std::sqrt(squares / 299.0), 1.0, coverage);
  EXPECT_NEAR(ratio.scatter / ratio.propagated, 1.0, coverage);
}

TEST(Quantify, a_detector_gain_scales_sigma) {
  constexpr double gain_from_residuals = 0.1;
  hotstage::Run run;
  DualPairModel model = synthetic_oxide(40, {{"B K", 2e-7}, {"O K", 3e-7}});
  model.core_gain = 4.0;
  const DualPair pair = simulate_dual_pair(model, run);
  const QuantifyResult result = quantify(pair.core, &pair.low, boron_and_oxygen(), run);
  EXPECT_NEAR(result.edges[0].placed.noise_factor / 4.0, 1.0, gain_from_residuals);
  EXPECT_LT(std::abs(std::log(result.ratios[0].scatter / result.ratios[0].propagated)), std::log(1.5));
}

TEST(Quantify, k_factors_replace_cross_sections) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(4, {{"B K", 2e-7}, {"O K", 3e-7}}), run);
  QuantifyOptions options = boron_and_oxygen();
  const QuantifyResult absolute = quantify(pair.core, &pair.low, options, run);
  options.k = {1.0, 1.0};
  const QuantifyResult plain = quantify(pair.core, &pair.low, options, run);
  options.k = {(2.0 / 3.0) / plain.ratios[0].mean.value, 1.0};
  const QuantifyResult calibrated = quantify(pair.core, &pair.low, options, run);
  EXPECT_NEAR(calibrated.ratios[0].mean.value, 2.0 / 3.0, 1e-9);
  EXPECT_EQ(calibrated.ratios[0].model_uncertainty, 0.0);
  EXPECT_FALSE(calibrated.illumination);
  EXPECT_GT(absolute.ratios[0].model_uncertainty, 0.0);
}

TEST(Quantify, items_without_specimen_are_left_out_not_divided_by_nothing) {
  hotstage::Run run;
  DualPairModel model = synthetic_oxide(3, {{"B K", 2e-7}, {"O K", 3e-7}});
  for (CoreLossComponent& component : model.components) {
    component.weight = {1.0, 0.0, 1.0};
  }
  const DualPair pair = simulate_dual_pair(model, run);
  const QuantifyResult result = quantify(pair.core, &pair.low, boron_and_oxygen(), run);
  EXPECT_EQ(result.status[1], ItemStatus::no_signal);
  EXPECT_EQ(result.used, 2U);
  EXPECT_EQ(result.ratios[0].value[1], 0.0);
  EXPECT_EQ(result.ratios[0].used, 2U);
}

TEST(Quantify, results_do_not_depend_on_threads_or_memory) {
  DualPairModel model = synthetic_oxide(70, {{"B K", 2e-7}, {"O K", 3e-7}});
  model.jitter_eV = 0.3;
  hotstage::Run make;
  const DualPair pair = simulate_dual_pair(model, make);
  QuantifyOptions options = boron_and_oxygen();
  options.chain.placement = Placement::observed;
  std::vector<QuantifyResult> results;
  for (const auto& [threads, memory] :
       {std::pair{1, std::size_t{1} << 29}, {3, std::size_t{1} << 29}, {2, std::size_t{1} << 17}}) {
    hotstage::Run run;
    run.threads = threads;
    run.memory = memory;
    results.push_back(quantify(pair.core, &pair.low, options, run));
  }
  for (const QuantifyResult& other : results) {
    EXPECT_EQ(other.ratios[0].value, results[0].ratios[0].value);
    EXPECT_EQ(other.ratios[0].sigma, results[0].ratios[0].sigma);
    EXPECT_EQ(other.means.core, results[0].means.core);
    EXPECT_EQ(other.means.signal, results[0].means.signal);
    EXPECT_EQ(other.edges[0].placed.onset_eV, results[0].edges[0].placed.onset_eV);
  }
}

TEST(Quantify, says_what_is_wrong_with_the_question) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(1, {{"B K", 2e-7}, {"O K", 3e-7}}), run);
  QuantifyOptions options = boron_and_oxygen();
  options.edges = {};
  EXPECT_NE(complaint(pair, options).find("no edges"), std::string::npos);
  options.edges = {"B K", "O K", "B K"};
  EXPECT_NE(complaint(pair, options).find("asked for twice"), std::string::npos);
  options.edges = {"B K", "O K"};
  options.reference = "N K";
  EXPECT_NE(complaint(pair, options).find("reference N K is not among the edges"), std::string::npos);
  options.reference = "";
  options.k = {1.0};
  EXPECT_NE(complaint(pair, options).find("k needs one positive factor"), std::string::npos);
  options.k = {};
  options.edges = {"La M5", "O K"};
  EXPECT_NE(complaint(pair, options).find("no cross-section model for La M5"), std::string::npos);
  options.edges = {"Co L3", "O K"};
  EXPECT_NE(complaint(pair, options).find("background window"), std::string::npos) << complaint(pair, options);
}

TEST(Quantify, warns_when_a_window_meets_another_edge_or_the_end_of_the_axis) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(1, {{"N K", 2e-7}, {"O K", 3e-7}}), run);
  QuantifyOptions options;
  options.edges = {"N K", "O K"};
  options.chain.placement = Placement::tabulated;
  options.signal_width = 150.0 * units::eV;
  const QuantifyResult result = quantify(pair.core, &pair.low, options, run);
  int overlap = 0;
  int off_axis = 0;
  for (const Warning& w : result.warnings) {
    overlap += w.kind == "window_overlap" ? 1 : 0;
    off_axis += w.kind == "window_off_axis" ? 1 : 0;
  }
  EXPECT_GE(overlap, 1);
  EXPECT_EQ(off_axis, 1);
}

}  // namespace
}  // namespace hotstage::eels
