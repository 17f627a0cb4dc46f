// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/forward.hpp"

#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

constexpr double off_axis = 4e-4;  // share of single plasmon scattering beyond 500 eV, Drude tail ∝ E⁻³

DualPairModel small_model() {
  DualPairModel model;
  model.rows = 2;
  model.columns = 3;
  model.low = {-20.0, 0.5, 1040};
  model.core = {450.0, 0.5, 400};
  model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}};
  return model;
}

TEST(SimulateDualPair, low_loss_holds_the_electrons_given_and_the_poisson_share_in_its_zero_loss_peak) {
  DualPairModel model = small_model();
  model.thickness = {0.1, 0.3, 0.5, 1.0, 1.5, 2.0};
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto expected = std::span<const double>(pair.expected_low.row(i));
    EXPECT_NEAR(integrate(expected, {0, expected.size()}) / model.low_electrons, 1.0, off_axis * model.thickness[i]);
    constexpr double drude_below_2_eV = 1e-3;
    const double I0 = integrate(expected, channels_in(model.low, {-10.0, 2.0}));
    EXPECT_NEAR(std::log(model.low_electrons / I0), model.thickness[i], drude_below_2_eV * (1.0 + model.thickness[i]));
  }
}

TEST(SimulateDualPair, core_loss_is_background_plus_edge_with_plural_scattering) {
  DualPairModel model = small_model();
  model.thickness = {0.7};
  model.components = {{"line", gaussian_line(530.0, 2e-6, 5.0)}};
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  const ChannelRange all{0, model.core.size};
  const double electrons = 2e-6 * model.core_electrons;
  EXPECT_NEAR(integrate(pair.single_scattering.row(0), all) / (electrons * std::exp(-0.7)), 1.0, off_axis);
  const double signal = integrate(pair.expected_core.row(0), all) - integrate(pair.background.row(0), all);
  EXPECT_NEAR(signal / electrons, 1.0, 0.02);  // plural scattering beyond 650 eV is off the axis
}

TEST(SimulateDualPair, gain_multiplies_counts_and_variance_alike) {
  DualPairModel model = small_model();
  model.columns = 100;
  model.core_gain = 5.0;
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  const Buffer<float, 2> core = signal::read_all(pair.core);
  std::vector<double> pulls;
  for (std::size_t i = 0; i < core.extent(0); ++i) {
    for (std::size_t c = 0; c < core.extent(1); c += 13) {
      const double mean = 5.0 * pair.expected_core.row(i)[c];
      pulls.push_back((static_cast<double>(core.row(i)[c]) - mean) / std::sqrt(5.0 * mean));
    }
  }
  EXPECT_NEAR(num::standard_deviation(pulls), 1.0, 4.0 / std::sqrt(2.0 * static_cast<double>(pulls.size())));
  EXPECT_NEAR(num::mean(pulls), 0.0, 4.0 / std::sqrt(static_cast<double>(pulls.size())));
}

TEST(SimulateDualPair, numbers_depend_on_the_seed_and_not_on_threads) {
  DualPairModel model = small_model();
  model.jitter_eV = 0.5;
  hotstage::Run one;
  hotstage::Run four;
  four.threads = 4;
  const Buffer<float, 2> a = signal::read_all(simulate_dual_pair(model, one).core);
  const Buffer<float, 2> b = signal::read_all(simulate_dual_pair(model, four).core);
  four.seed = 99;
  const Buffer<float, 2> c = signal::read_all(simulate_dual_pair(model, four).core);
  bool same_for_other_seed = true;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a.data()[i], b.data()[i]);
    same_for_other_seed = same_for_other_seed && a.data()[i] == c.data()[i];
  }
  EXPECT_FALSE(same_for_other_seed);
}

TEST(SimulateDualPair, jitter_moves_both_members_by_the_same_energy) {
  DualPairModel model = small_model();
  model.jitter_eV = 1.0;
  model.noise = CountingNoise::none;
  model.background_per_eV = 0.0;
  model.components = {{"line", gaussian_line(530.0, 1e-6, 4.0)}};
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto centroid = [](const EnergyAxis& axis, std::span<const double> counts, const Window& window) {
      double weight = 0.0;
      double sum = 0.0;
      const ChannelRange range = channels_in(axis, window);
      for (std::size_t k = range.first; k < range.last; ++k) {
        weight += counts[k];
        sum += counts[k] * axis.value(static_cast<double>(k));
      }
      return sum / weight;
    };
    constexpr double drude_tail = 0.01;  // eV, of the centroid in a ± 4 eV window
    EXPECT_NEAR(centroid(model.core, pair.single_scattering.row(i), {500.0, 560.0}), 530.0 + pair.jitter_eV[i],
                drude_tail);
    const double centre = pair.jitter_eV[i];
    EXPECT_NEAR(centroid(model.low, pair.expected_low.row(i), {-3.0 + centre, 3.0 + centre}), centre, 4.0 * drude_tail);
  }
}

TEST(SimulateDualPair, signals_say_what_a_file_would) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(small_model(), run);
  EXPECT_EQ(pair.core.shape_text(), "2 × 3 | 400");
  EXPECT_EQ(pair.core.metadata.signal_type, "EELS");
  EXPECT_EQ(energy_axis_of(pair.core), (EnergyAxis{450.0, 0.5, 400}));
  EXPECT_NEAR(pair.core.metadata.beam_energy->in(units::keV), 200.0, 1e-9);
}

TEST(SimulateDualPair, refuses_lists_that_do_not_fit_the_image) {
  DualPairModel model = small_model();
  model.thickness = {0.1, 0.2};
  hotstage::Run run;
  EXPECT_THROW((void)simulate_dual_pair(model, run), Error);
}

}  // namespace
}  // namespace hotstage::eels
