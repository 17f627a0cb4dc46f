// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/model_fit.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/synthetic_oxide.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

using detail::synthetic_oxide;

constexpr double truth = 2.0 / 3.0;

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

TEST(ModelFit, recovers_a_known_ratio_to_a_per_cent) {
  constexpr double required = 0.01;
  hotstage::Run run;
  for (const double thickness : {0.1, 0.5, 1.0}) {
    for (const double r : {2.5, 3.0, 3.3}) {
      for (const FineStructure fine : {FineStructure::free, FineStructure::non_negative, FineStructure::none}) {
        for (const ModelBackground background : {ModelBackground::exponents, ModelBackground::power_law}) {
          DualPairModel model = specimen(1);
          model.thickness = {thickness};
          model.background_r = r;
          model.noise = CountingNoise::none;
          const DualPair pair = simulate_dual_pair(model, run);
          ModelFitOptions options = boron_and_oxygen();
          options.fine_structure = fine;
          options.model_background = background;
          options.chain.noise = Noise::poisson;
          const ModelFitResult result = fit_model({.core = pair.core, .low = &pair.low}, options, run);
          ASSERT_EQ(result.used, 1U);
          EXPECT_NEAR(result.ratios[0].mean.value / truth, 1.0, required)
              << "t/λ " << thickness << ", r " << r << ", fine structure " << static_cast<int>(fine) << ", background "
              << static_cast<int>(background) << " χ²/dof " << result.chi2_per_dof[0] << " sigma "
              << result.ratios[0].propagated / truth;
        }
      }
    }
  }
}

TEST(ModelFit, the_interval_of_one_sigma_holds_the_truth_in_two_thirds_of_1000_spectra) {
  hotstage::Run run;
  run.threads = 2;
  const DualPair pair = simulate_dual_pair(specimen(1000), run);
  for (const FineStructure fine : {FineStructure::free, FineStructure::none}) {
    for (const ModelBackground background : {ModelBackground::exponents, ModelBackground::power_law}) {
      ModelFitOptions options = boron_and_oxygen();
      options.fine_structure = fine;
      options.model_background = background;
      const ModelFitResult result = fit_model({.core = pair.core, .low = &pair.low}, options, run);
      const RatioResult& ratio = result.ratios[0];
      int held = 0;
      for (std::size_t i = 0; i < 1000; ++i) {
        held += std::abs(ratio.value[i] - truth) < ratio.sigma[i] ? 1 : 0;
      }
      printf("fine %d bg %d: held %d mean %.5f ± %.5f scatter %.5f propagated %.5f noise %.3f\n", int(fine),
             int(background), held, ratio.mean.value / truth, ratio.mean.sigma / truth, ratio.scatter, ratio.propagated,
             result.edges[0].placed.noise_factor);
    }
  }
}

}  // namespace
}  // namespace hotstage::eels
