// SPDX-License-Identifier: GPL-3.0-or-later
// Real measurements of known composition by the model of the whole spectrum, with the one rule of README.md.

#include "hotstage/eels/model_fit.hpp"
#include "hotstage/eels/testing/shared_files.hpp"
#include "hotstage/eels/testing/truth_sets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotstage::eels {
namespace {

using testing::boron_nitride;
using testing::manganite;
using testing::one_sigma_kk;
using testing::one_sigma_kl;
using testing::options_of;
using testing::reproduction;
using testing::SharedFiles;
using testing::strontium_titanate;
using testing::titania;
using testing::TruthSet;

struct Case {
  TruthSet set;
  double tolerance;  ///< relative deviation from the truth that the cross-sections explain
  double measured;   ///< what this version finds (README.md)
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.set.name;
}

class ModelTruth : public SharedFiles, public ::testing::WithParamInterface<Case> {};

TEST_P(ModelTruth, is_found_within_the_uncertainty_of_the_cross_sections) {
  const auto& [set, tolerance, measured] = GetParam();
  hotstage::Run run;
  const signal::Signal core = load(set.core, run);
  const signal::Signal low = load(set.low, run);
  const ModelFitResult result = fit_model({.core = core, .low = &low}, options_of<ModelFitOptions>(set), run);
  ASSERT_EQ(result.ratios.size(), 1U);
  const RatioResult& ratio = result.ratios[0];
  EXPECT_EQ(ratio.used, core.items());
  EXPECT_NEAR(ratio.mean.value / set.truth, 1.0, tolerance);
  EXPECT_NEAR(ratio.mean.value / measured, 1.0, reproduction);
}

INSTANTIATE_TEST_SUITE_P(EelsModelTruth, ModelTruth,
                         ::testing::Values(Case{titania(), one_sigma_kl, 0.565},
                                           Case{boron_nitride(), one_sigma_kk, 0.9385},
                                           Case{strontium_titanate(), one_sigma_kl, 3.073},
                                           Case{manganite(), one_sigma_kl, 2.823}));

class ModelTruthData : public SharedFiles {};

TEST_F(ModelTruthData, without_low_loss_the_result_warns_and_is_a_third_off) {
  hotstage::Run run;
  const signal::Signal core = load("pytemlib/EELS_STO.dm3", run);
  ModelFitOptions options;
  options.edges = {"Ti L3", "O K"};
  options.reference = "Ti L3";
  const ModelFitResult result = fit_model({.core = core}, options, run);  // angles and energy are in the file
  EXPECT_NEAR(result.ratios[0].mean.value, 2.056, 2.056 * reproduction);
  EXPECT_TRUE(
      std::ranges::any_of(result.warnings, [](const Warning& w) { return w.kind == "plural_scattering_kept"; }));
}

}  // namespace
}  // namespace hotstage::eels
