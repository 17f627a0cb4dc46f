// SPDX-License-Identifier: GPL-3.0-or-later
// Noise of the low loss in deconvolved windows: the response against finite differences, σ against scatter.

#include "hotstage/eels/background.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

namespace hotstage::eels {
namespace {

struct Case {
  Modifier modifier = Modifier::zlp;
  ZeroLossTail tail = ZeroLossTail::first_minimum;
  double low_step_eV = 0.5;
};

DualPairModel model_of(double low_step_eV) {
  DualPairModel model;
  model.core = {450.0, 0.5, 512};
  model.low = {-20.0, low_step_eV, static_cast<std::size_t>(256.0 / low_step_eV)};
  model.thickness = {0.7};
  model.components = {{"edge", sawtooth_edge(532.0, 5e-7, 3.0)}};
  return model;
}

std::vector<double> box(const EnergyAxis& axis, const Window& window) {
  std::vector<double> weights(axis.size, 0.0);
  const ChannelRange range = channels_in(axis, window);
  std::fill(weights.begin() + static_cast<std::ptrdiff_t>(range.first),
            weights.begin() + static_cast<std::ptrdiff_t>(range.last), 1.0);
  return weights;
}

std::vector<float> net_of(std::span<const float> counts, const EnergyAxis& axis) {
  std::vector<float> net(axis.size);
  subtract(counts, axis, PowerLawFitter(axis, {460.0, 525.0}).fit(counts), net);
  return net;
}

class Response : public testing::TestWithParam<Case> {};

TEST_P(Response, is_the_slope_of_the_window_sum) {
  DualPairModel model = model_of(GetParam().low_step_eV);
  model.low_electrons = 1e7;
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(dual.low);
  const Buffer<float, 2> core = signal::read_all(dual.core);
  const std::vector<float> net = net_of(core.row(0), model.core);
  FourierRatioOptions options;
  options.modifier = GetParam().modifier;
  options.zero_loss_tail = GetParam().tail;
  const FourierRatio plan(model.core, model.low, options);
  auto scratch = plan.make_scratch();
  const std::vector<double> weights = box(model.core, {535.0, 585.0});
  const ZeroLoss peak = find_zero_loss(low.row(0), model.low);
  const LowLossTransform kept = plan.transform(low.row(0), peak, scratch, KeepLowLoss::yes);
  const std::vector<double> response = plan.low_loss_response(weights, net, kept, scratch);
  std::vector<float> out(model.core.size);
  const auto sum_with = [&](std::size_t channel, double change) {
    std::vector<float> counts(low.row(0).begin(), low.row(0).end());
    counts[channel] += static_cast<float>(change);
    plan.apply(net, plan.transform(counts, peak, scratch), scratch, out);
    return integrate(std::span<const float>(out), channels_in(model.core, {535.0, 585.0}));
  };
  double largest = 0.0;
  for (const double h : response) {
    largest = std::max(largest, std::abs(h));
  }
  // Of the largest response: second order; and the scale of a mirrored tail, which the response holds.
  const double curvature = GetParam().tail == ZeroLossTail::mirror ? 0.05 : 0.02;
  constexpr double single_precision = 5e-7;
  const double net_sum = integrate(std::span<const float>(net), channels_in(model.core, {535.0, 585.0}));
  const auto zero = static_cast<std::size_t>(std::lround(model.low.channel(0.0)));
  const auto per_eV = static_cast<std::size_t>(std::lround(1.0 / model.low.step_eV));
  for (const std::size_t channel :
       {std::size_t{2}, zero - per_eV, zero, zero + per_eV, peak.minimum - 1, peak.minimum, peak.minimum + 1,
        zero + 10 * per_eV, zero + 22 * per_eV, zero + 60 * per_eV, model.low.size - 30, model.low.size - 1}) {
    // A fifth of the counts: the split and the fitted tail stay on their branch.
    const double step = std::min(0.002 * peak.It, 0.2 * static_cast<double>(low.row(0)[channel]));
    const double slope = (sum_with(channel, step) - sum_with(channel, -step)) / (2.0 * step);
    const double rounding = single_precision * net_sum / step;
    EXPECT_NEAR(response[channel], slope, curvature * largest + rounding)
        << channel << " of " << zero << ", " << peak.minimum;
  }
}

INSTANTIATE_TEST_SUITE_P(Modifiers, Response,
                         testing::Values(Case{}, Case{Modifier::zlp, ZeroLossTail::mirror},
                                         Case{Modifier::gaussian, ZeroLossTail::first_minimum},
                                         Case{Modifier::wiener, ZeroLossTail::first_minimum},
                                         Case{Modifier::zlp, ZeroLossTail::first_minimum, 0.25},
                                         Case{Modifier::zlp, ZeroLossTail::first_minimum, 1.0}));

struct Pulls {
  double with = 0.0;
  double without = 0.0;
  double bias = 0.0;
};

/// Standard deviation of (window sum − truth)/σ over 600 spectra, σ with and without the noise of the low loss.
Pulls pulls_of(double low_electrons, double thickness) {
  DualPairModel model = model_of(0.5);
  model.columns = 600;
  model.thickness = {thickness};
  model.low_electrons = low_electrons;
  model.core_electrons = 3e10;
  hotstage::Run run;
  const DualPair dual = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(dual.low);
  const Buffer<float, 2> core = signal::read_all(dual.core);
  const FourierRatio plan(model.core, model.low);
  auto scratch = plan.make_scratch();
  const Window window{535.0, 585.0};
  const std::vector<double> weights = box(model.core, window);
  const PowerLawFitter fitter(model.core, {460.0, 525.0});
  std::vector<double> values, old_sigma, new_sigma;
  for (std::size_t i = 0; i < core.extent(0); ++i) {
    const PowerLaw law = fitter.fit(core.row(i));
    std::vector<float> net(model.core.size);
    subtract(core.row(i), model.core, law, net);
    const LowLossTransform transform =
        plan.transform(low.row(i), find_zero_loss(low.row(i), model.low), scratch, KeepLowLoss::yes);
    const Estimate counting =
        weighted_net_integral(plan.adjoint(weights, transform, scratch), core.row(i), model.core, law);
    const std::vector<double> response = plan.low_loss_response(weights, net, transform, scratch);
    double variance = 0.0;
    for (std::size_t m = 0; m < response.size(); ++m) {
      variance += response[m] * response[m] * static_cast<double>(low.row(i)[m]);
    }
    values.push_back(counting.value);
    old_sigma.push_back(counting.sigma);
    new_sigma.push_back(std::sqrt(counting.sigma * counting.sigma + variance));
  }
  Pulls out;
  const double mean = num::mean(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.without += std::pow((values[i] - mean) / old_sigma[i], 2);
    out.with += std::pow((values[i] - mean) / new_sigma[i], 2);
  }
  out.without = std::sqrt(out.without / static_cast<double>(values.size() - 1));
  out.with = std::sqrt(out.with / static_cast<double>(values.size() - 1));
  out.bias = mean / integrate(dual.single_scattering.row(0), channels_in(model.core, window));
  return out;
}

TEST(LowLossNoise, sigma_holds_where_the_low_loss_is_poor_and_the_core_loss_is_not) {
  constexpr double coverage = 0.10;  // 600 spectra: ± 2.9 %
  for (const auto& [electrons, thickness] : {std::tuple{1e4, 0.7}, {3e3, 0.7}, {1e4, 1.2}}) {
    const Pulls pulls = pulls_of(electrons, thickness);
    EXPECT_NEAR(pulls.with, 1.0, coverage) << electrons << " electrons, t/λ " << thickness;
    EXPECT_NEAR(pulls.bias, 1.0, 0.005) << electrons << " electrons, t/λ " << thickness;
    EXPECT_GT(pulls.without, 1.5) << electrons << " electrons, t/λ " << thickness;
  }
}

}  // namespace
}  // namespace hotstage::eels
