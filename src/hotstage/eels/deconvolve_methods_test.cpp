// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/deconvolve_methods.hpp"

#include "hotstage/eels/forward.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

const Window window{535.0, 585.0};

DualPairModel model_of(std::size_t columns) {
  DualPairModel model;
  model.columns = columns;
  model.core = {450.0, 0.5, 512};
  model.low = {-20.0, 0.5, 512};
  model.thickness = {0.7};
  model.low_electrons = 3e4;
  model.core_electrons = 1e9;
  model.components = {{"edge", sawtooth_edge(532.0, 5e-7, 3.0)}};
  return model;
}

MethodsOptions methods(int replicates) {
  MethodsOptions options;
  options.background = {460.0, 525.0};
  options.window = window;
  options.bootstrap.replicates = replicates;
  return options;
}

std::vector<double> as_doubles(std::span<const float> values) {
  return {values.begin(), values.end()};
}

TEST(CompareMethods, bootstrap_sigma_of_both_methods_is_the_scatter_of_repeated_measurements) {
  // Scatter of 150 spectra: ± 5.8 %; σ from 100 replicates: ± 7 %.
  constexpr double coverage = 3.0 * 0.09;
  constexpr int measurements = 150;
  DualPairModel model = model_of(measurements);
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(dual.low);
  const Buffer<float, 2> core = signal::read_all(dual.core);
  std::vector<double> net, ratio, iterated;
  MethodComparison first;
  for (std::size_t i = 0; i < measurements; ++i) {
    const std::vector<double> core_counts = as_doubles(core.row(i));
    const std::vector<double> low_counts = as_doubles(low.row(i));
    const SpectrumPair pair{model.core, model.low, core_counts, low_counts};
    const MethodComparison result = compare_methods(pair, methods(i == 0 ? 100 : 0), run);
    if (i == 0) {
      first = result;
    }
    net.push_back(result.net_sum.value);
    ratio.push_back(result.fourier_ratio.sum.value);
    iterated.push_back(result.richardson_lucy->sum.value);
  }
  EXPECT_NEAR(first.net_sum.sigma / num::standard_deviation(net), 1.0, coverage);
  EXPECT_NEAR(first.fourier_ratio.sum.sigma / num::standard_deviation(ratio), 1.0, coverage);
  EXPECT_NEAR(first.richardson_lucy->sum.sigma / num::standard_deviation(iterated), 1.0, coverage);
  constexpr double method = 0.03;  // what the two may differ by (README.md)
  EXPECT_NEAR(num::mean(iterated) / num::mean(ratio), 1.0, method);
}

TEST(CompareMethods, equal_seeds_and_any_threads_give_equal_sigma_and_other_seeds_do_not) {
  DualPairModel model = model_of(1);
  hotstage::Run make;
  const DualPair dual = simulate_dual_pair(model, make);
  const std::vector<double> core = as_doubles(signal::read_all(dual.core).row(0));
  const std::vector<double> low = as_doubles(signal::read_all(dual.low).row(0));
  const SpectrumPair pair{model.core, model.low, core, low};
  std::vector<double> sigma;
  for (const auto& [threads, seed] : {std::pair{1, 7}, {3, 7}, {1, 8}}) {
    hotstage::Run run;
    run.threads = threads;
    MethodsOptions options = methods(20);
    options.bootstrap.seed = seed;
    sigma.push_back(compare_methods(pair, options, run).richardson_lucy->sum.sigma);
  }
  EXPECT_EQ(sigma[0], sigma[1]);
  EXPECT_NE(sigma[0], sigma[2]);
}

TEST(CompareMethods, unequal_dispersions_leave_fourier_ratio_alone) {
  DualPairModel model = model_of(1);
  model.low = {-20.0, 1.0, 256};
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const std::vector<double> core = as_doubles(signal::read_all(dual.core).row(0));
  const std::vector<double> low = as_doubles(signal::read_all(dual.low).row(0));
  const MethodComparison result = compare_methods({model.core, model.low, core, low}, methods(0), run);
  EXPECT_FALSE(result.richardson_lucy);
  EXPECT_GT(result.fourier_ratio.sum.value, 0.0);
  EXPECT_EQ(result.fourier_ratio.sum.sigma, 0.0);
}

}  // namespace
}  // namespace hotstage::eels
