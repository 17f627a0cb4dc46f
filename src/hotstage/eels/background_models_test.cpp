// SPDX-License-Identifier: GPL-3.0-or-later
// Backgrounds beyond the single power law in one window: against their own law, each other, and the scatter of spectra.

#include "hotstage/core/rng.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/background_local.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace hotstage::eels {
namespace {

const EnergyAxis axis{450.0, 0.5, 600};
const Window fit_window{470.0, 525.0};
const Window signal_window{530.0, 580.0};

/// Expected counts of a law on all channels.
std::vector<double> expected_of(const PowerLaw& law, const EnergyAxis& on = axis) {
  std::vector<double> out(on.size);
  predict(law, on, {0, on.size}, out);
  return out;
}

std::vector<float> stored(const std::vector<double>& expected) {
  return {expected.begin(), expected.end()};
}

std::vector<float> counted(const std::vector<double>& expected, std::uint64_t index, double gain = 1.0) {
  std::vector<float> out(expected.size());
  Rng rng(11, 11, index);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(gain * static_cast<double>(rng.poisson(std::max(expected[i], 0.0))));
  }
  return out;
}

PowerLaw power(double counts_per_eV, double r, double reference_eV = 497.0) {
  PowerLaw law;
  law.A = counts_per_eV;
  law.r = r;
  law.reference_eV = reference_eV;
  return law;
}

PowerLaw exponential(double counts_per_eV, double r) {
  PowerLaw law = power(counts_per_eV, r);
  law.shape = BackgroundShape::exponential;
  return law;
}

double background_under(const PowerLaw& law) {
  return integral(law, edges_of(axis, channels_in(axis, signal_window))).value;
}

TEST(ExponentialBackground, reproduces_its_own_law_and_integrals_agree_with_channels) {
  const PowerLaw truth = exponential(1e6, 3.3);
  const std::vector<double> expected = expected_of(truth);
  const PowerLaw law =
      PowerLawFitter(axis, fit_window, {.method = BackgroundMethod::exponential}).fit(stored(expected));
  EXPECT_EQ(law.status, BackgroundStatus::ok);
  constexpr double float_rounding = 1e-6;
  EXPECT_NEAR(background_under(law) / background_under(truth), 1.0, float_rounding);
  const double sum = integrate(std::span<const double>(expected), channels_in(axis, signal_window));
  EXPECT_NEAR(background_under(truth) / sum, 1.0, 1e-12);
  EXPECT_NEAR(law.r * truth.reference_eV / law.reference_eV, 3.3, 1e-4);
}

TEST(TwoWindow, reproduces_the_power_law_with_and_without_a_share_of_the_second_window) {
  for (const double share : {1.0, 0.4}) {
    std::vector<double> expected = expected_of(power(1e6, 2.7));
    const BackgroundOptions options{.method = BackgroundMethod::two_window,
                                    .after_start = 120.0 * units::eV,
                                    .after_width = 60.0 * units::eV,
                                    .after_share = share};
    const ChannelRange after = channels_in(axis, {645.0, 705.0});
    for (std::size_t i = after.first; i < after.last; ++i) {
      expected[i] /= share;
    }
    const PowerLaw law = PowerLawFitter(axis, fit_window, options).fit(stored(expected));
    EXPECT_EQ(law.status, BackgroundStatus::ok);
    EXPECT_EQ(law.after, after);
    constexpr double float_rounding = 1e-6;
    EXPECT_NEAR(background_under(law) / background_under(power(1e6, 2.7)), 1.0, float_rounding) << share;
  }
  EXPECT_THROW(
      PowerLawFitter(axis, fit_window, {.method = BackgroundMethod::two_window, .after_start = 300.0 * units::eV}),
      Error);
}

TEST(Basis, holds_power_laws_of_any_exponent_and_their_sums) {
  const PowerLawFitter fitter(axis, fit_window, {.method = BackgroundMethod::basis});
  for (const double r : {1.0, 2.0, 2.5, 3.3, 4.0, 5.7}) {
    const PowerLaw truth = power(1e6, r);
    const PowerLaw law = fitter.fit(stored(expected_of(truth)));
    ASSERT_TRUE(law.usable()) << r;
    // Between two members the mixture is more convex than the law: 0.25·ln²(E/E0)/2 of it at most.
    const double convexity = r == std::floor(r) ? 1e-5 : 4e-3;
    EXPECT_NEAR(background_under(law) / background_under(truth), 1.0, convexity) << r;
    EXPECT_NEAR(law.r, r, 0.02) << r;
  }
  std::vector<double> sum = expected_of(power(5e5, 2.0));
  const std::vector<double> second = expected_of(power(5e5, 5.0));
  std::transform(sum.begin(), sum.end(), second.begin(), sum.begin(), std::plus<>());
  const double truth = background_under(power(5e5, 2.0)) + background_under(power(5e5, 5.0));
  const double of_basis = background_under(fitter.fit(stored(sum)));
  const double of_law = background_under(PowerLawFitter(axis, fit_window).fit(stored(sum)));
  EXPECT_NEAR(of_basis / truth, 1.0, 1e-4);
  EXPECT_GT(std::abs(of_law / truth - 1.0), 5.0 * std::abs(of_basis / truth - 1.0));
}

TEST(Basis, weights_are_never_negative_and_rising_counts_are_said) {
  const PowerLawFitter fitter(axis, fit_window, {.method = BackgroundMethod::basis});
  for (std::uint64_t i = 0; i < 50; ++i) {
    const PowerLaw law = fitter.fit(counted(expected_of(power(40.0, 3.0)), i));
    ASSERT_TRUE(law.usable());
    for (const double weight : law.weights) {
      EXPECT_GE(weight, 0.0);
    }
  }
  std::vector<float> rising(axis.size);
  std::iota(rising.begin(), rising.end(), 1000.0F);
  EXPECT_NE(fitter.fit(rising).status, BackgroundStatus::ok);
  EXPECT_EQ(fitter.fit(std::vector<float>(axis.size, 0.0F)).status, BackgroundStatus::no_counts);
}

struct Case {
  BackgroundMethod method;
  PowerLaw truth;
  double tolerance;  ///< of the standard deviation of pulls, 500 spectra: 3 % and the linearisation
  double bias;       ///< of their mean: noise can only make a sum of power laws more convex, so a basis reads high
};

TEST(BackgroundModels, sigma_of_the_net_integral_covers_the_scatter_and_both_routes_agree) {
  const std::array cases{Case{BackgroundMethod::exponential, exponential(400.0, 3.0), 0.1, 0.2},
                         Case{BackgroundMethod::two_window, power(400.0, 3.0), 0.1, 0.2},
                         Case{BackgroundMethod::basis, power(400.0, 3.0), 0.2, 0.6}};
  for (const Case& c : cases) {
    for (const double gain : {1.0, 6.0}) {
      BackgroundOptions options{.method = c.method, .after_start = 120.0 * units::eV};
      options.noise_factor = gain;
      const PowerLawFitter fitter(axis, fit_window, options);
      const std::vector<double> expected = expected_of(c.truth);
      const ChannelRange range = channels_in(axis, signal_window);
      std::vector<double> weights(axis.size, 0.0);
      std::fill(weights.begin() + static_cast<std::ptrdiff_t>(range.first),
                weights.begin() + static_cast<std::ptrdiff_t>(range.last), 1.0);
      std::vector<double> pulls;
      for (std::uint64_t i = 0; i < 500; ++i) {
        const std::vector<float> counts = counted(expected, i, gain);
        const PowerLaw law = fitter.fit(counts);
        const NetIntegral net = net_integral(counts, axis, law, signal_window);
        pulls.push_back(net.net.value / net.net.sigma);
        const Estimate other = weighted_net_integral(weights, counts, axis, law);
        ASSERT_NEAR(other.value, net.net.value, 1e-6 * net.raw);
        ASSERT_NEAR(other.sigma / net.net.sigma, 1.0, 0.05);
      }
      EXPECT_NEAR(num::standard_deviation(pulls), 1.0, c.tolerance) << static_cast<int>(c.method) << ' ' << gain;
      EXPECT_LT(std::abs(num::mean(pulls)), c.bias) << static_cast<int>(c.method) << ' ' << gain;
    }
  }
}

TEST(BackgroundResponse, is_the_derivative_of_the_net_integral) {
  for (const BackgroundMethod method : {BackgroundMethod::poisson, BackgroundMethod::exponential,
                                        BackgroundMethod::two_window, BackgroundMethod::basis}) {
    BackgroundOptions options{.method = method, .after_start = 120.0 * units::eV};
    options.noise_factor = 1.0;
    const PowerLawFitter fitter(axis, fit_window, options);
    // Between two exponents of the basis, so that a small step changes no member.
    const std::vector<float> counts = stored(expected_of(power(6e5, 2.5)));
    std::vector<double> response(axis.size, 0.0);
    const ChannelRange range = channels_in(axis, signal_window);
    std::fill(response.begin() + static_cast<std::ptrdiff_t>(range.first),
              response.begin() + static_cast<std::ptrdiff_t>(range.last), 1.0);
    add_fit_response(fitter.fit(counts), axis, response);
    const auto net = [&](const std::vector<float>& y) {
      return net_integral(y, axis, fitter.fit(y), signal_window).net.value;
    };
    for (const double energy : {475.0, 500.0, 520.0, 560.0, 670.0}) {
      const std::size_t i = channels_in(axis, {energy, energy + 1.0}).first;
      std::vector<float> more = counts;
      std::vector<float> less = counts;
      const float step = (method == BackgroundMethod::basis ? 1e-4F : 3e-3F) * counts[i];
      more[i] += step;
      less[i] -= step;
      const double slope = (net(more) - net(less)) / (2.0 * static_cast<double>(step));
      constexpr double finite_difference = 0.02;
      EXPECT_NEAR(slope, response[i], finite_difference) << static_cast<int>(method) << ' ' << energy;
    }
  }
}

TEST(LocalBackground, pooled_moments_give_the_exponent_of_the_summed_spectra) {
  constexpr std::size_t rows = 3;
  constexpr std::size_t columns = 4;
  const PowerLawFitter fitter(axis, fit_window, {.method = BackgroundMethod::local});
  std::vector<WindowMoments> moments;
  std::vector<std::vector<float>> spectra;
  for (std::uint64_t i = 0; i < rows * columns; ++i) {
    spectra.push_back(counted(expected_of(power(30.0, 3.0)), i));
    moments.push_back(fitter.moments(spectra.back()));
  }
  const std::vector<Estimate> local = local_exponents(fitter, moments, {rows, columns});
  std::vector<float> sum(axis.size, 0.0F);
  for (const std::size_t item : {0U, 1U, 4U, 5U}) {  // the corner and its three neighbours
    std::transform(sum.begin(), sum.end(), spectra[item].begin(), sum.begin(), std::plus<>());
  }
  BackgroundOptions poisson;
  poisson.noise_factor = 1.0;
  const PowerLaw law = PowerLawFitter(axis, fit_window, poisson).fit(sum);
  EXPECT_NEAR(local[0].value, law.r, 1e-9);
  EXPECT_NEAR(local[0].sigma, std::sqrt(law.var_r), 1e-9);
}

TEST(LocalBackground, in_the_chain_it_narrows_the_net_signal_and_sigma_says_so) {
  DualPairModel model;
  model.rows = 12;
  model.columns = 12;
  model.core = axis;
  model.low = {-20.0, 0.5, 400};
  model.core_electrons = 2e8;
  model.jitter_eV = 0.3;
  model.components = {{"edge", sawtooth_edge(532.0, 3e-8, 3.0)}};
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  const std::vector<Edge> edges{find_edge("O K")};
  std::array<double, 2> scatter{};
  std::array<double, 2> sigma{};
  for (const BackgroundMethod method : {BackgroundMethod::poisson, BackgroundMethod::local}) {
    ChainOptions options;
    options.placement = Placement::tabulated;
    options.plural_scattering = PluralScattering::keep;
    options.noise = Noise::poisson;
    options.background.method = method;
    options.background.radius = 2;
    const Chain chain({pair.core}, edges, options, run);
    std::vector<double> values(chain.items());
    std::vector<double> sigmas(chain.items());
    (void)chain.run(
        [&](const ChainItem& item) {
          const Estimate sum = estimate(item.edges[0].sum({535.0, 585.0}), item.edges[0].noise());
          values[item.item] = sum.value;
          sigmas[item.item] = sum.sigma;
        },
        run);
    const std::size_t k = method == BackgroundMethod::local ? 1 : 0;
    scatter[k] = num::standard_deviation(values);
    sigma[k] = num::mean(sigmas);
    EXPECT_NEAR(scatter[k] / sigma[k], 1.0, 0.18) << k;  // 144 spectra, correlated by their common exponent
  }
  EXPECT_LT(scatter[1], 0.65 * scatter[0]);
}

}  // namespace
}  // namespace hotstage::eels
