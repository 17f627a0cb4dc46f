// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/richardson_lucy.hpp"

#include "hotstage/eels/forward.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

DualPairModel model_of(double thickness, std::size_t items) {
  DualPairModel model;
  model.columns = items;
  model.thickness = {thickness};
  model.low = {-20.0, 0.5, 512};
  model.core = {450.0, 0.5, 512};
  model.low_electrons = 1e7;
  model.core_electrons = 3e9;
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}, {"line", gaussian_line(540.0, 6e-6, 5.0)}};
  return model;
}

struct Results {
  std::vector<double> lucy;   ///< window sum over truth
  std::vector<double> ratio;  ///< the same by Fourier-ratio
  std::vector<double> shape;  ///< root mean square over the near edge, of its maximum: lucy
  std::vector<double> shape_ratio;
  RichardsonLucyResult last;
};

Results compare(const DualPairModel& model, const RichardsonLucyOptions& options = {}) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(pair.low);
  const Buffer<float, 2> core = signal::read_all(pair.core);
  const RichardsonLucy lucy(model.core, model.low, options);
  const FourierRatio ratio(model.core, model.low);
  auto scratch = ratio.make_scratch();
  const PowerLawFitter fitter(model.core, {470.0, 525.0});
  const ChannelRange window = channels_in(model.core, {535.0, 600.0});
  const ChannelRange near_edge = channels_in(model.core, {525.0, 560.0});
  Results out;
  for (std::size_t i = 0; i < core.extent(0); ++i) {
    const ZeroLoss peak = find_zero_loss(low.row(i), model.low);
    const PowerLaw law = fitter.fit(core.row(i));
    std::vector<double> background(model.core.size, 0.0);
    predict(law, model.core, {law.window.last, model.core.size}, std::span(background).subspan(law.window.last));
    std::vector<float> single(model.core.size);
    out.last = lucy.apply(core.row(i), background, low.row(i), peak, single);
    EXPECT_TRUE(std::all_of(single.begin(), single.end(), [](float v) { return v >= 0.0F; }));
    std::vector<float> net(model.core.size);
    std::vector<float> other(model.core.size);
    subtract(core.row(i), model.core, law, net);
    ratio.apply(net, ratio.transform(low.row(i), peak, scratch), scratch, other);
    const std::span<const double> truth = pair.single_scattering.row(i);
    const double sum = integrate(truth, window);
    out.lucy.push_back(integrate(std::span<const float>(single), window) / sum);
    out.ratio.push_back(integrate(std::span<const float>(other), window) / sum);
    const double top = *std::max_element(truth.begin(), truth.end());
    const auto misfit = [&](const std::vector<float>& values) {
      double squares = 0.0;
      for (std::size_t c = near_edge.first; c < near_edge.last; ++c) {
        squares += std::pow(static_cast<double>(values[c]) - truth[c], 2);
      }
      return std::sqrt(squares / static_cast<double>(near_edge.size())) / top;
    };
    out.shape.push_back(misfit(single));
    out.shape_ratio.push_back(misfit(other));
  }
  return out;
}

TEST(RichardsonLucy, finds_the_single_scattering_as_fourier_ratio_does) {
  for (const double thickness : {0.3, 0.8, 1.5}) {
    const Results results = compare(model_of(thickness, 12));
    EXPECT_EQ(results.last.status, DeconvolutionStatus::ok);
    EXPECT_LT(std::abs(results.last.sum_rule), 1e-9);
    constexpr double agreement = 0.03;  // of the window sum
    EXPECT_NEAR(num::mean(results.lucy), 1.0, agreement) << thickness;
    EXPECT_NEAR(num::mean(results.lucy) / num::mean(results.ratio), 1.0, agreement) << thickness;
    constexpr double smoother = 1.5;  // 0.7 … 0.95 times Fourier-ratio's; more where it ends at the noise first
    EXPECT_LT(num::mean(results.shape), smoother * num::mean(results.shape_ratio)) << thickness;
  }
}

TEST(RichardsonLucy, ends_at_the_noise_or_when_nothing_improves_and_says_which) {
  DualPairModel model = model_of(0.6, 1);
  EXPECT_NE(compare(model).last.stopped, StopReason::max_iterations);
  EXPECT_EQ(compare(model, {.max_iterations = 2}).last.stopped, StopReason::max_iterations);
  EXPECT_EQ(compare(model, {.max_iterations = 2}).last.iterations, 2);
  // Believing in more noise ends it earlier.
  const RichardsonLucyResult early = compare(model, {.min_iterations = 0, .noise_factor = 20.0}).last;
  EXPECT_EQ(early.stopped, StopReason::noise_reached);
  EXPECT_LT(early.iterations, compare(model).last.iterations);
}

TEST(RichardsonLucy, does_not_stop_with_plural_scattering_left_under_much_noise) {
  // Stopped at χ²/channel = 1 alone the sum is 8 % low here: 4 iterations.
  DualPairModel model = model_of(0.7, 20);
  model.core_electrons = 3e8;
  const Results results = compare(model);
  constexpr double agreement = 0.02;
  EXPECT_NEAR(num::mean(results.lucy) / num::mean(results.ratio), 1.0, agreement);
  EXPECT_GE(results.last.iterations, RichardsonLucyOptions{}.min_iterations);
}

TEST(RichardsonLucy, refuses_like_the_others_and_needs_one_dispersion) {
  DualPairModel model = model_of(2.4, 1);
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  const Buffer<float, 2> low = signal::read_all(pair.low);
  const Buffer<float, 2> core = signal::read_all(pair.core);
  const RichardsonLucy lucy(model.core, model.low);
  const std::vector<double> background(model.core.size, 0.0);
  std::vector<float> out(model.core.size, 1.0F);
  const ZeroLoss peak = find_zero_loss(low.row(0), model.low);
  EXPECT_EQ(lucy.apply(core.row(0), background, low.row(0), peak, out).status, DeconvolutionStatus::refused_thick);
  EXPECT_EQ(out[300], 0.0F);
  EXPECT_EQ(lucy.apply(core.row(0), background, low.row(0), {.flags = 1}, out).status,
            DeconvolutionStatus::refused_zero_loss);
  EXPECT_THROW(RichardsonLucy(model.core, {-20.0, 0.25, 512}), Error);
}

}  // namespace
}  // namespace hotstage::eels
