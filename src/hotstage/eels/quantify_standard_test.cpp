// SPDX-License-Identifier: GPL-3.0-or-later
// A standard inside the measurement, and the error that items with one low loss share.

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/synthetic_oxide.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/eels/testing/complaint.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
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

/// A line of which the first `pristine` items are B2O3 and the others hold `aged` times as much boron.
DualPairModel line(std::size_t items, std::size_t pristine, double aged) {
  DualPairModel model = synthetic_oxide(items, {{"B K", 2e-7}, {"O K", 3e-7}});
  model.components[0].weight.assign(items, aged);
  std::fill_n(model.components[0].weight.begin(), pristine, 1.0);
  return model;
}

signal::Signal first_item(const signal::Signal& data) {
  const Buffer<float, 2> all = signal::read_all(data);
  Buffer<float, 2> one({1, all.extent(1)});
  std::copy(all.row(0).begin(), all.row(0).end(), one.data());
  signal::Signal out = data;
  out.navigation.clear();
  out.source = signal::memory_source(std::move(one));
  return out;
}

TEST(Standard, calibrates_the_rest_without_angles_or_cross_sections) {
  constexpr double counting = 4.0;  // σ
  hotstage::Run run;
  DualPair pair = simulate_dual_pair(line(30, 10, 0.7), run);
  pair.core.metadata.collection.reset();
  QuantifyOptions options = boron_and_oxygen();
  options.standard.atoms = {2.0, 3.0};
  options.standard.region = {0, 9, 0, 0};
  const QuantifyResult result = quantify(pair.core, &pair.low, options, run);
  const RatioResult& ratio = result.ratios[0];
  EXPECT_EQ(result.standard_items, 10U);
  EXPECT_EQ(ratio.used, 20U);  // the standard itself is not in the mean
  EXPECT_FALSE(result.illumination);
  const double model = ratio.model_uncertainty * ratio.mean.value;
  EXPECT_GT(model, 0.0);
  EXPECT_NEAR(ratio.mean.value, 0.7 * 2.0 / 3.0, counting * std::hypot(ratio.mean.sigma, model));
  EXPECT_LT(ratio.model_uncertainty, 0.02);  // cross-sections: 7 %
  EXPECT_NEAR(num::mean(std::span(ratio.value).first(10)), 2.0 / 3.0, 0.01);
  EXPECT_GT(result.edges[0].k.sigma, 0.0);
}

TEST(Standard, the_uncertainty_of_its_composition_is_carried) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(line(20, 10, 0.7), run);
  QuantifyOptions options = boron_and_oxygen();
  options.standard.atoms = {2.0, 3.0};
  options.standard.atoms_sigma = {0.1, 0.0};
  options.standard.region = {0, 9, 0, 0};
  const QuantifyResult result = quantify(pair.core, &pair.low, options, run);
  EXPECT_NEAR(result.ratios[0].model_uncertainty, 0.05, 0.005);
}

TEST(Standard, says_what_is_wrong_with_it) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(line(6, 3, 0.7), run);
  QuantifyOptions options = boron_and_oxygen();
  options.standard.atoms = {2.0};
  EXPECT_NE(complaint(pair, options).find("one positive number of atoms for each of the 2 edges"), std::string::npos);
  options.standard.atoms = {2.0, 3.0};
  options.standard.region = {0, 6, 0, 0};
  EXPECT_NE(complaint(pair, options).find("lies outside the data"), std::string::npos);
  options.standard.region = {0, 2, 0, 0};
  options.k = {1.0, 1.0};
  EXPECT_NE(complaint(pair, options).find("both k factors and a standard"), std::string::npos);
}

TEST(Standard, a_part_without_one_element_is_refused) {
  DualPairModel model = line(6, 3, 1.0);
  std::fill_n(model.components[0].weight.begin(), 3, 0.0);
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  QuantifyOptions options = boron_and_oxygen();
  options.standard.atoms = {2.0, 3.0};
  options.standard.region = {0, 2, 0, 0};
  EXPECT_NE(complaint(pair, options).find("the standard gives no k factor"), std::string::npos);
}

/// Standard deviations of the pulls of repeated measurements, each of 4 items and one poor low loss.
struct Pulls {
  std::vector<double> sums, total, calibrated;
  double old_share = 0.0;  ///< σ of the total without the noise of the low loss, over that with it
};

Pulls repeat(int measurements) {
  Pulls out;
  std::vector<double> sums, sums_sigma, total, total_sigma, calibrated, calibrated_sigma;
  for (int i = 0; i < measurements; ++i) {
    DualPairModel model = line(4, 2, 0.7);
    model.components[0].density = sawtooth_edge(188.0, 6e-6, 4.0);  // cheap to simulate
    model.components[1].density = sawtooth_edge(532.0, 6e-7, 4.0);
    model.low = {-20.0, 1.0, 200};
    model.core = {100.0, 1.0, 512};
    model.low_electrons = 2e3;
    model.core_electrons = 1e10;
    model.stream = 1000U + static_cast<std::uint64_t>(i);
    hotstage::Run run;
    const DualPair pair = simulate_dual_pair(model, run);
    const signal::Signal low = first_item(pair.low);
    QuantifyOptions options = boron_and_oxygen();
    options.signal_width = 80.0 * units::eV;
    options.chain.noise = Noise::poisson;
    options.standard.atoms = {2.0, 3.0};
    options.standard.region = {0, 1, 0, 0};
    const RatioResult with = quantify(pair.core, &low, options, run).ratios[0];
    calibrated.push_back(with.of_sums.value);
    calibrated_sigma.push_back(std::hypot(with.of_sums.sigma, with.model_uncertainty * with.of_sums.value));
    options.standard = {};
    options.k = {1.0, 1.0};
    const QuantifyResult result = quantify(pair.core, &low, options, run);
    EXPECT_TRUE(result.shared_low_loss);
    sums.push_back(result.ratios[0].of_sums.value);
    sums_sigma.push_back(result.ratios[0].of_sums.sigma);
    total.push_back(result.edges[0].total.value);
    total_sigma.push_back(result.edges[0].total.sigma);
    if (i == 0) {
      options.chain.low_loss_noise = LowLossNoise::ignore;
      out.old_share = quantify(pair.core, &low, options, run).edges[0].total.sigma / total_sigma[0];
    }
  }
  const auto pulls = [](const std::vector<double>& values, const std::vector<double>& sigma) {
    const double middle = num::mean(values);
    std::vector<double> pull;
    for (std::size_t i = 0; i < values.size(); ++i) {
      pull.push_back((values[i] - middle) / sigma[i]);
    }
    return pull;
  };
  out.sums = pulls(sums, sums_sigma);
  out.total = pulls(total, total_sigma);
  out.calibrated = pulls(calibrated, calibrated_sigma);
  return out;
}

TEST(SharedLowLoss, its_error_is_common_and_not_averaged_down) {
  constexpr double coverage = 0.10;  // 500 measurements: ± 3.2 %
  const Pulls pulls = repeat(500);
  EXPECT_NEAR(num::standard_deviation(pulls.sums), 1.0, coverage);
  EXPECT_NEAR(num::standard_deviation(pulls.total), 1.0, coverage);
  EXPECT_NEAR(num::standard_deviation(pulls.calibrated), 1.0, coverage);
  EXPECT_LT(pulls.old_share, 0.5);  // its pulls would be more than 2 wide
}

TEST(SharedLowLoss, threads_and_memory_change_nothing) {
  hotstage::Run make;
  const DualPair pair = simulate_dual_pair(line(50, 6, 0.7), make);
  const signal::Signal low = first_item(pair.low);
  std::vector<double> sigma;
  for (const int threads : {1, 3}) {
    hotstage::Run run;
    run.threads = threads;
    run.memory = threads == 1 ? std::size_t{1} << 29 : std::size_t{1} << 18;
    sigma.push_back(quantify(pair.core, &low, boron_and_oxygen(), run).ratios[0].mean.sigma);
  }
  EXPECT_EQ(sigma[0], sigma[1]);
}

}  // namespace
}  // namespace hotstage::eels
