// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/fourier_ratio.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace hotstage::eels {
namespace {

constexpr double recovery = 1e-5;      // of the maximum: single-precision transforms (required: 1e-4)
constexpr double sum_rounding = 1e-5;  // of Σ|K|

double gaussian(double e, double centre, double fwhm) {
  const double x = (e - centre) * 2.3548200450309493 / fwhm;
  return std::exp(-0.5 * x * x);
}

/// A pair whose every part ends within its axis, made by sums in direct space.
struct ExactPair {
  EnergyAxis low_axis;
  EnergyAxis core_axis;
  std::vector<float> low;
  std::vector<float> core;
  std::vector<double> single;  ///< k ⊗ Z/I0
  std::vector<double> bare;    ///< k
};

ExactPair exact_pair(double step, double thickness, double zlp_fwhm) {
  ExactPair pair;
  const auto n = static_cast<std::size_t>(512.0 / step);
  pair.low_axis = {-32.0, step, n};
  pair.core_axis = {450.0, step, n};
  const auto zero = static_cast<std::size_t>(32.0 / step);
  std::vector<double> z(n);
  std::vector<double> j(n);
  double z_sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    z[i] = gaussian(pair.low_axis.value(static_cast<double>(i)), 0.0, zlp_fwhm);
    z_sum += z[i];
  }
  double weight = 1.0;
  for (int order = 1; order <= 8; ++order) {  // plasmons of 25 eV, each wider than the one before
    weight *= thickness / order;
    double sum = 0.0;
    std::vector<double> p(n);
    for (std::size_t i = 0; i < n; ++i) {
      p[i] = gaussian(pair.low_axis.value(static_cast<double>(i)), 25.0 * order,
                      std::hypot(zlp_fwhm, 6.0 * std::sqrt(order)));
      sum += p[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      j[i] += weight * p[i] / sum;
    }
  }
  std::vector<double> k(n);
  for (std::size_t i = 0; i < n; ++i) {
    z[i] /= z_sum;
    j[i] += z[i];
    const double e = pair.core_axis.value(static_cast<double>(i));
    k[i] = 300.0 * gaussian(e, 532.0, 4.0) + 200.0 * gaussian(e, 545.0, 12.0) + 100.0 * gaussian(e, 600.0, 60.0);
  }
  pair.bare = k;
  pair.single.assign(n, 0.0);
  std::vector<double> plural(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t m = 0; m < n && m <= i + zero; ++m) {
      if (i + zero - m < n) {
        pair.single[i] += k[i + zero - m] * z[m];
        plural[i] += k[i + zero - m] * j[m];
      }
    }
  }
  constexpr double I0 = 3e6;
  for (std::size_t i = 0; i < n; ++i) {
    pair.low.push_back(static_cast<float>(I0 * j[i]));
    pair.core.push_back(static_cast<float>(plural[i]));
  }
  return pair;
}

struct Outcome {
  std::vector<float> out;
  Deconvolution result;
  ZeroLoss peak;
};

Outcome deconvolve(const ExactPair& pair, const FourierRatioOptions& options = {}) {
  Outcome outcome;
  outcome.peak = find_zero_loss(pair.low, pair.low_axis);
  const FourierRatio plan(pair.core_axis, pair.low_axis, options);
  auto scratch = plan.make_scratch();
  outcome.out.resize(pair.core.size());
  outcome.result = plan.apply(pair.core, plan.transform(pair.low, outcome.peak, scratch), scratch, outcome.out);
  return outcome;
}

double worst(const std::vector<float>& out, const std::vector<double>& truth) {
  double difference = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!std::isfinite(out[i])) {
      return std::numeric_limits<double>::infinity();
    }
    difference = std::max(difference, std::abs(static_cast<double>(out[i]) - truth[i]));
    largest = std::max(largest, std::abs(truth[i]));
  }
  return difference / largest;
}

TEST(FourierRatio, recovers_single_scattering_at_every_dispersion_without_nan) {
  // HyperSpy 1.7.3 gives 0.9999 (1 eV), 2.0004 (0.5 eV) and NaN (0.25 eV per channel) times the truth
  // §2.
  for (const double step : {1.0, 0.5, 0.25}) {
    for (const double thickness : {0.3, 1.0}) {
      const ExactPair pair = exact_pair(step, thickness, 2.0);
      const Outcome outcome = deconvolve(pair);
      EXPECT_EQ(outcome.result.status, DeconvolutionStatus::ok);
      EXPECT_LT(worst(outcome.out, pair.single), recovery) << step << ' ' << thickness;
      EXPECT_NEAR(outcome.result.thickness, thickness, 1e-4);
    }
  }
}

TEST(FourierRatio, a_zero_loss_peak_much_wider_than_a_channel_gives_no_nan) {
  // F(J) falls below single precision over most frequencies here.
  const ExactPair pair = exact_pair(0.25, 0.8, 4.0);
  const Outcome outcome = deconvolve(pair);
  EXPECT_GT(outcome.result.floored, 0.5);
  EXPECT_LT(worst(outcome.out, pair.single), 10.0 * recovery);
}

TEST(FourierRatio, the_mirrored_tail_and_the_first_minimum_agree) {
  const ExactPair pair = exact_pair(0.5, 0.6, 1.5);
  const Outcome mirror = deconvolve(pair, {.zero_loss_tail = ZeroLossTail::mirror});
  EXPECT_LT(worst(mirror.out, pair.single), recovery);
}

TEST(FourierRatio, gaussian_modifier_gives_the_truth_at_its_resolution_and_wiener_the_bare_edge) {
  const ExactPair pair = exact_pair(0.5, 0.6, 1.5);
  std::vector<double> broadened(pair.bare.size(), 0.0);
  const auto n = static_cast<std::ptrdiff_t>(pair.bare.size());
  double sum = 0.0;
  for (std::ptrdiff_t m = -40; m <= 40; ++m) {
    sum += gaussian(0.5 * static_cast<double>(m), 0.0, 3.0);
  }
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    for (std::ptrdiff_t m = std::max<std::ptrdiff_t>(-40, i - n + 1); m <= std::min<std::ptrdiff_t>(40, i); ++m) {
      broadened[static_cast<std::size_t>(i)] +=
          pair.bare[static_cast<std::size_t>(i - m)] * gaussian(0.5 * static_cast<double>(m), 0.0, 3.0) / sum;
    }
  }
  const Outcome outcome = deconvolve(pair, {.modifier = Modifier::gaussian, .gaussian_fwhm = 3.0 * units::eV});
  constexpr double noise_floor = 1e-4;  // It·noise_factor holds back frequencies that these modifiers divide by
  EXPECT_LT(worst(outcome.out, broadened), noise_floor);
  const Outcome sharp = deconvolve(pair, {.modifier = Modifier::wiener});
  constexpr double ringing = 0.01;  // what the floor cuts off a 4 eV line
  EXPECT_LT(worst(sharp.out, pair.bare), ringing);
}

TEST(FourierRatio, sum_rule_holds_for_signal_noise_and_every_modifier) {
  ExactPair pair = exact_pair(0.25, 0.7, 1.0);
  Rng rng(1, 2, 3);
  for (float& y : pair.core) {
    y += static_cast<float>(5.0 * rng.normal());
  }
  for (const Modifier modifier : {Modifier::zlp, Modifier::gaussian, Modifier::wiener}) {
    const Outcome outcome = deconvolve(pair, {.modifier = modifier});
    EXPECT_LT(std::abs(outcome.result.sum_rule), sum_rounding) << static_cast<int>(modifier);
    EXPECT_TRUE(std::all_of(outcome.out.begin(), outcome.out.end(), [](float y) { return std::isfinite(y); }));
  }
}

RC_GTEST_PROP(FourierRatio, exposures_cancel_and_the_result_scales_with_the_core, ()) {
  static const ExactPair pair = exact_pair(1.0, 0.5, 2.5);
  static const Outcome reference = deconvolve(pair);
  const double low_gain = 0.1 * *rc::gen::inRange(1, 1000);
  const double core_gain = 0.1 * *rc::gen::inRange(1, 1000);
  ExactPair scaled = pair;
  for (std::size_t i = 0; i < scaled.low.size(); ++i) {
    scaled.low[i] *= static_cast<float>(low_gain);
    scaled.core[i] *= static_cast<float>(core_gain);
  }
  std::vector<double> expected;
  for (const float y : reference.out) {
    expected.push_back(static_cast<double>(y) * core_gain);
  }
  FourierRatioOptions options;
  options.noise_factor = low_gain;
  RC_ASSERT(worst(deconvolve(scaled, options).out, expected) < recovery);
}

TEST(FourierRatio, steps_of_core_and_low_loss_may_differ) {
  const ExactPair core = exact_pair(0.5, 0.6, 2.0);
  for (const double low_step : {0.25, 1.0, 0.3, 0.43}) {
    ExactPair pair = core;
    const auto n = static_cast<std::size_t>(512.0 / low_step);
    pair.low_axis = {-32.0 + 0.37 * low_step, low_step, n};
    pair.low.assign(n, 0.0F);
    for (std::size_t i = 0; i < n; ++i) {
      const double e = pair.low_axis.value(static_cast<double>(i));
      double weight = 1.0;
      double y = gaussian(e, 0.0, 2.0) / 2.0;
      for (int order = 1; order <= 8; ++order) {
        weight *= 0.6 / order;
        const double width = std::hypot(2.0, 6.0 * std::sqrt(order));
        y += weight * gaussian(e, 25.0 * order, width) / width;
      }
      pair.low[i] = static_cast<float>(1e6 * low_step * y);
    }
    const FourierRatio plan(pair.core_axis, pair.low_axis);
    const double length_ratio =
        static_cast<double>(plan.core_points()) * 0.5 / (static_cast<double>(plan.low_points()) * low_step);
    EXPECT_NEAR(length_ratio, 1.0, 2e-4);
    constexpr double mismatch = 3e-4;  // of the lengths, and the sampled zero-loss peak
    EXPECT_LT(worst(deconvolve(pair).out, core.single), mismatch) << low_step;
  }
}

TEST(FourierRatio, an_edge_that_runs_off_the_axis_is_continued_by_its_power_law) {
  DualPairModel model;
  model.noise = CountingNoise::none;
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}};
  model.background_per_eV = 0.0;
  model.thickness = {0.8};
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(dual.low);
  const Buffer<float, 2> core = signal::read_all(dual.core);
  const FourierRatio plan(model.core, model.low);
  auto scratch = plan.make_scratch();
  std::vector<float> out(model.core.size);
  const Deconvolution result =
      plan.apply(core.row(0), plan.transform(low.row(0), find_zero_loss(low.row(0), model.low), scratch), scratch, out);
  // 0.3 % of the plasmon lies under the zero-loss peak; ± 5 eV around the onset see the step through it.
  constexpr double shared_with_zero_loss = 0.01;
  for (const Window window : {Window{535.0, 585.0}, Window{600.0, 700.0}, Window{850.0, 950.0}}) {
    const ChannelRange range = channels_in(model.core, window);
    const double truth = integrate(dual.single_scattering.row(0), range);
    EXPECT_NEAR(integrate(out, range) / truth, 1.0, shared_with_zero_loss) << window.low_eV;
  }
  EXPECT_GT(result.extended_fraction, 0.05);
}

TEST(FourierRatio, every_modifier_finds_the_window_sum_of_a_noisy_pair) {
  DualPairModel model;
  model.columns = 60;
  model.core = {450.0, 0.5, 512};
  model.low = {-20.0, 0.5, 512};
  model.thickness = {0.8};
  model.core_electrons = 3e9;
  model.background_per_eV = 0.0;
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}, {"line", gaussian_line(540.0, 6e-6, 5.0)}};
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(dual.low);
  const Buffer<float, 2> core = signal::read_all(dual.core);
  const ChannelRange window = channels_in(model.core, {525.0, 600.0});
  const double truth = integrate(dual.single_scattering.row(0), window);
  std::vector<double> noise;
  for (const Modifier modifier : {Modifier::zlp, Modifier::gaussian, Modifier::wiener}) {
    const FourierRatio plan(model.core, model.low, {.modifier = modifier});
    auto scratch = plan.make_scratch();
    std::vector<float> out(model.core.size);
    std::vector<double> values;
    std::vector<double> channel;
    for (std::size_t i = 0; i < core.extent(0); ++i) {
      plan.apply(core.row(i), plan.transform(low.row(i), find_zero_loss(low.row(i), model.low), scratch), scratch, out);
      values.push_back(integrate(std::span<const float>(out), window) / truth);
      channel.push_back(out[300]);
    }
    constexpr double shared_with_zero_loss = 0.01;
    EXPECT_NEAR(num::mean(values), 1.0, shared_with_zero_loss) << static_cast<int>(modifier);
    noise.push_back(num::standard_deviation(channel));
  }
  EXPECT_LT(noise[0], noise[2]);  // the sharper the result, the noisier its channels
}

TEST(WindowWeights, give_the_integral_of_the_deconvolved_spectrum) {
  const ExactPair pair = exact_pair(0.5, 0.9, 1.5);
  const FourierRatio plan(pair.core_axis, pair.low_axis);
  auto scratch = plan.make_scratch();
  const LowLossTransform low = plan.transform(pair.low, find_zero_loss(pair.low, pair.low_axis), scratch);
  std::vector<float> out(pair.core.size());
  plan.apply(pair.core, low, scratch, out);
  const ChannelRange window = channels_in(pair.core_axis, {530.0, 580.0});
  const std::vector<double> weights = plan.window_weights(window, low, scratch);
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum += weights[i] * static_cast<double>(pair.core[i]);
  }
  EXPECT_NEAR(sum / integrate(out, window), 1.0, recovery);
}

TEST(WeightedNetIntegral, without_deconvolution_it_is_the_plain_net_integral) {
  DualPairModel model;
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}};
  hotstage::Run run;
  const Buffer<float, 2> core = signal::read_all(simulate_dual_pair(model, run).core);
  const PowerLaw law = PowerLawFitter(model.core, {470.0, 525.0}).fit(core.row(0));
  const Window window{532.0, 582.0};
  std::vector<double> weights(model.core.size, 0.0);
  const ChannelRange range = channels_in(model.core, window);
  std::fill(weights.begin() + static_cast<std::ptrdiff_t>(range.first),
            weights.begin() + static_cast<std::ptrdiff_t>(range.last), 1.0);
  const Estimate a = weighted_net_integral(weights, core.row(0), model.core, law);
  const Estimate b = net_integral(core.row(0), model.core, law, window).net;
  constexpr double data_for_law = 0.01;  // counts instead of the law in the fit window
  EXPECT_NEAR(a.value / b.value, 1.0, 1e-6);
  EXPECT_NEAR(a.sigma / b.sigma, 1.0, data_for_law);
}

TEST(WeightedNetIntegral, sigma_covers_the_scatter_of_500_deconvolved_integrals) {
  DualPairModel model;
  model.columns = 500;
  model.core = {450.0, 0.5, 512};
  model.low = {-20.0, 0.5, 512};
  model.thickness = {0.7};
  model.low_electrons = 1e8;  // a shared, well counted low loss: σ is that of the core loss
  model.core_electrons = 3e8;
  model.components = {{"edge", sawtooth_edge(532.0, 5e-7, 3.0)}};
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(dual.low);
  const Buffer<float, 2> core = signal::read_all(dual.core);
  const FourierRatio plan(model.core, model.low);
  auto scratch = plan.make_scratch();
  const LowLossTransform transform = plan.transform(low.row(0), find_zero_loss(low.row(0), model.low), scratch);
  const ChannelRange window = channels_in(model.core, {535.0, 585.0});
  const std::vector<double> weights = plan.window_weights(window, transform, scratch);
  const PowerLawFitter fitter(model.core, {460.0, 525.0});
  std::vector<double> values;
  std::vector<double> sigmas;
  std::vector<float> net(model.core.size);
  for (std::size_t i = 0; i < core.extent(0); ++i) {
    const PowerLaw law = fitter.fit(core.row(i));
    const Estimate estimate = weighted_net_integral(weights, core.row(i), model.core, law);
    values.push_back(estimate.value);
    sigmas.push_back(estimate.sigma);
  }
  EXPECT_NEAR(num::standard_deviation(values) / num::mean(sigmas), 1.0, 0.10);  // 500 spectra: ± 3.2 %
  const double truth = integrate(dual.single_scattering.row(0), window);
  EXPECT_NEAR(num::mean(values) / truth, 1.0, 0.02);  // plasmon under the zero-loss peak, and 4 standard errors
}

TEST(Status, thick_short_and_peakless_low_losses_are_refused_and_copied_through) {
  ExactPair pair = exact_pair(1.0, 2.5, 2.5);
  Outcome outcome = deconvolve(pair);
  EXPECT_EQ(outcome.result.status, DeconvolutionStatus::refused_thick);
  EXPECT_EQ(outcome.out, pair.core);
  pair = exact_pair(1.0, 0.5, 2.5);
  pair.low_axis.size = 72;  // to 40 eV
  pair.low.resize(72);
  EXPECT_EQ(deconvolve(pair).result.status, DeconvolutionStatus::refused_short);
  pair = exact_pair(1.0, 0.5, 2.5);
  pair.low_axis.size = 112;  // to 80 eV
  pair.low.resize(112);
  EXPECT_EQ(deconvolve(pair).result.status, DeconvolutionStatus::short_low_loss);
  std::fill(pair.low.begin(), pair.low.end(), 0.0F);
  EXPECT_EQ(deconvolve(pair).result.status, DeconvolutionStatus::refused_zero_loss);
}

TEST(Status, nonsense_axes_are_refused_with_a_hint) {
  EXPECT_THROW(FourierRatio({450.0, 0.5, 8}, {-20.0, 0.5, 512}), Error);
  EXPECT_THROW(FourierRatio({450.0, 0.5, 512}, {-20.0, 0.001, 512}), Error);
}

TEST(CheckPreEdge, over_subtraction_is_seen_and_noise_is_not) {
  const EnergyAxis axis{450.0, 0.5, 512};
  DualPairModel model;
  model.core = axis;
  model.low = {-20.0, 0.5, 512};
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}};
  hotstage::Run run;
  const Buffer<float, 2> core = signal::read_all(simulate_dual_pair(model, run).core);
  PowerLaw law = PowerLawFitter(axis, {460.0, 525.0}).fit(core.row(0));
  std::vector<float> net(axis.size);
  const ChannelRange pre_edge = channels_in(axis, {505.0, 525.0});
  subtract(core.row(0), axis, law, net);
  EXPECT_EQ(check_pre_edge(net, core.row(0), pre_edge, law), DeconvolutionStatus::ok);
  law.A *= 1.1;
  subtract(core.row(0), axis, law, net);
  EXPECT_EQ(check_pre_edge(net, core.row(0), pre_edge, law), DeconvolutionStatus::pre_edge_offset);
}

TEST(Deconvolve, tiles_and_threads_do_not_change_a_byte) {
  DualPairModel model;
  model.columns = 12;
  model.core = {450.0, 0.5, 300};
  model.low = {-20.0, 0.5, 400};
  model.components = {{"edge", sawtooth_edge(500.0, 1e-6, 3.0)}};
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(dual.low);
  const Buffer<float, 2> core = signal::read_all(dual.core);
  std::vector<ZeroLoss> peaks(12);
  find_zero_loss({low.view()}, model.low, {}, peaks);
  const FourierRatio plan(model.core, model.low);
  Buffer<float, 2> whole({12, 300});
  std::vector<Deconvolution> results(12);
  auto scratch = plan.make_scratch();
  deconvolve(plan, {core.view(), low.view(), peaks}, scratch, whole.view(), results);
  Buffer<float, 2> tiled({12, 300});
  std::vector<Deconvolution> tiled_results(12);
  run.threads = 4;
  parallel_chunks(run, 12, 5, [&](std::size_t begin, std::size_t end) {
    auto own = plan.make_scratch();
    const std::size_t n = end - begin;
    deconvolve(plan, {core.view().rows(begin, n), low.view().rows(begin, n), std::span(peaks).subspan(begin, n)}, own,
               tiled.view().rows(begin, n), std::span(tiled_results).subspan(begin, n));
  });
  for (std::size_t i = 0; i < whole.size(); ++i) {
    ASSERT_EQ(whole.data()[i], tiled.data()[i]);
  }
  EXPECT_EQ(results[7].status, DeconvolutionStatus::ok);
}

}  // namespace
}  // namespace hotstage::eels
