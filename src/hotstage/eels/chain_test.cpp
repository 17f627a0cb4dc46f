// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/chain.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/synthetic_oxide.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace hotstage::eels {
namespace {

using detail::synthetic_oxide;

ChainInput input_of(const DualPair& pair) {
  return {.core = pair.core, .low = &pair.low};
}

ChainOptions trusting_the_axis() {
  ChainOptions options;
  options.placement = Placement::tabulated;
  return options;
}

bool warned(const std::vector<Warning>& warnings, std::string_view kind) {
  for (const Warning& w : warnings) {
    if (w.kind == kind) {
      return true;
    }
  }
  return false;
}

signal::Signal with_counts(const signal::Signal& like, const Buffer<float, 2>& counts) {
  Buffer<float, 2> copy(counts.extents());
  std::copy(counts.data(), counts.data() + counts.size(), copy.data());
  signal::Signal out = like;
  out.source = signal::memory_source(std::move(copy));
  out.intensity_scale = 1.0;
  out.intensity_offset = 0.0;
  return out;
}

TEST(Chain, follows_the_wander_of_the_zero_loss_peak) {
  constexpr double centring = 0.02;  // eV: counting noise of the zero-loss centre is far below this
  hotstage::Run run;
  DualPairModel model = synthetic_oxide(12, {{"O K", 3e-7}});
  model.jitter_eV = 0.6;
  const DualPair pair = simulate_dual_pair(model, run);
  const Chain chain(input_of(pair), {find_edge("O K")}, trusting_the_axis(), run);
  std::vector<double> shift(12);
  (void)chain.run([&](const ChainItem& item) { shift[item.item] = item.shift_eV; }, run);
  const double mean = std::accumulate(pair.jitter_eV.begin(), pair.jitter_eV.end(), 0.0) / 12.0;
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_NEAR(shift[i], mean - pair.jitter_eV[i], centring);
  }
}

TEST(Chain, absolute_alignment_moves_the_core_axis_by_the_whole_offset) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(2, {{"O K", 3e-7}}), run);
  signal::Signal low = pair.low;
  low.axes[0].offset -= 4.3;
  ChainOptions options = trusting_the_axis();
  options.align = Align::absolute;
  const Chain chain({.core = pair.core, .low = &low}, {find_edge("O K")}, options, run);
  double shift = 0.0;
  (void)chain.run([&](const ChainItem& item) { shift = item.item == 0 ? item.shift_eV : shift; }, run);
  EXPECT_NEAR(shift, 4.3, 0.02);
}

TEST(Chain, hangs_windows_at_the_observed_onset_of_a_shifted_axis) {
  constexpr double onset_definition = 1.0;  // eV: 20 % crossing of a 1 eV broadened step
  hotstage::Run run;
  DualPairModel model = synthetic_oxide(4, {{"O K", 3e-7}});
  model.core_axis_error_eV = 6.0;
  const DualPair pair = simulate_dual_pair(model, run);
  const Chain chain(input_of(pair), {find_edge("O K")}, {}, run);
  EXPECT_TRUE(chain.edges()[0].observed);
  EXPECT_NEAR(chain.edges()[0].displacement_eV, 6.0, onset_definition);
  EXPECT_TRUE(warned(chain.warnings(), "axis_off"));
}

TEST(Chain, an_anchor_calibrates_the_axis_by_one_known_edge) {
  hotstage::Run run;
  DualPairModel model = synthetic_oxide(4, {{"B K", 3e-7}, {"O K", 3e-7}});
  model.core_axis_error_eV = -3.5;
  const DualPair pair = simulate_dual_pair(model, run);
  ChainOptions options;
  options.placement = Placement::anchor;
  options.anchor = "O K";
  const Chain chain(input_of(pair), {find_edge("B K")}, options, run);
  EXPECT_NEAR(chain.axis().offset_eV - 100.0, 3.5, 1.0);
  ASSERT_FALSE(chain.assumed().empty());
  EXPECT_NE(chain.assumed().back().find("O K begins at 532 eV"), std::string::npos);
}

TEST(Chain, an_edge_that_is_not_there_is_said_to_be_missing) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(4, {{"B K", 3e-7}}), run);
  const Chain chain(input_of(pair), {find_edge("O K")}, {}, run);
  EXPECT_FALSE(chain.edges()[0].observed);
  EXPECT_EQ(chain.edges()[0].onset_eV, 532.0);
  EXPECT_TRUE(warned(chain.warnings(), "onset_not_seen"));
}

/// ∂(window sum)/∂(counts of a channel) by a finite step, against the response that carries σ.
void expect_response_is_the_derivative(PluralScattering plural) {
  constexpr double first_order = 0.02;  // of the largest response: the fit is not linear, and float32 holds 7 digits
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(1, {{"O K", 3e-7}}), run);
  const Buffer<float, 2> counts = signal::read_all(pair.core);
  ChainOptions options = trusting_the_axis();
  options.plural_scattering = plural;
  const auto sum_of = [&](const signal::Signal& core) {
    WindowSum out;
    const Chain chain({.core = core, .low = &pair.low}, {find_edge("O K")}, options, run);
    (void)chain.run([&](const ChainItem& item) { out = item.edges[0].sum({527.0, 577.0}); }, run);
    return out;
  };
  const WindowSum base = sum_of(pair.core);
  const EnergyAxis axis = energy_axis_of(pair.core);
  for (const double energy : {400.0, 480.0, 500.0, 520.0, 540.0, 570.0}) {
    const auto channel = static_cast<std::size_t>(axis.channel(energy));
    Buffer<float, 2> moved(counts.extents());
    std::copy(counts.data(), counts.data() + counts.size(), moved.data());
    const float step = 0.1F * moved.view()(0, channel);
    moved.view()(0, channel) += step;
    const double slope = (sum_of(with_counts(pair.core, moved)).value - base.value) / static_cast<double>(step);
    EXPECT_NEAR(slope, base.response[channel], first_order) << energy << " eV";
  }
}

TEST(Chain, the_response_of_a_window_sum_is_its_derivative) {
  expect_response_is_the_derivative(PluralScattering::keep);
}

TEST(Chain, the_response_of_a_deconvolved_window_sum_is_its_derivative) {
  expect_response_is_the_derivative(PluralScattering::fourier_ratio);
}

TEST(Chain, a_stray_background_given_apart_leaves_no_trace) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(3, {{"O K", 3e-7}}), run);
  Buffer<float, 2> counts = signal::read_all(pair.core);
  Buffer<float, 2> stray({1, counts.extent(1)});
  for (std::size_t c = 0; c < counts.extent(1); ++c) {
    stray.view()(0, c) = 200.0F + 0.5F * static_cast<float>(c);
    for (std::size_t i = 0; i < counts.extent(0); ++i) {
      counts.view()(i, c) += stray.view()(0, c);
    }
  }
  signal::Signal stray_signal = with_counts(pair.core, stray);
  stray_signal.navigation.clear();
  const signal::Signal dirty = with_counts(pair.core, counts);
  const auto sums = [&](const ChainInput& input) {
    std::vector<double> out(3);
    const Chain chain(input, {find_edge("O K")}, trusting_the_axis(), run);
    (void)chain.run([&](const ChainItem& item) { out[item.item] = item.edges[0].sum({527.0, 577.0}).value; }, run);
    return out;
  };
  const auto clean = sums(input_of(pair));
  const auto cleaned = sums({.core = dirty, .low = &pair.low, .stray = &stray_signal});
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(cleaned[i] / clean[i], 1.0, 1e-4);  // float32 sums of counts
  }
}

TEST(Chain, one_low_loss_spectrum_serves_many_items) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(4, {{"O K", 3e-7}}), run);
  Buffer<float, 2> first({1, pair.low.channels()});
  signal::read(pair.low, {0, 1, 0, pair.low.channels()}, first.view());
  signal::Signal low = with_counts(pair.low, first);
  low.navigation.clear();
  const Chain chain({.core = pair.core, .low = &low}, {find_edge("O K")}, trusting_the_axis(), run);
  int deconvolved = 0;
  (void)chain.run([&](const ChainItem& item) { deconvolved += was_done(item.edges[0].deconvolution.status) ? 1 : 0; },
                  run);
  EXPECT_EQ(deconvolved, 4);
}

TEST(Chain, a_missing_low_loss_is_an_error_only_when_deconvolution_is_asked_for) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(synthetic_oxide(1, {{"O K", 3e-7}}), run);
  ChainOptions options;
  EXPECT_TRUE(
      warned(Chain({.core = pair.core}, {find_edge("O K")}, options, run).warnings(), "plural_scattering_kept"));
  options.plural_scattering = PluralScattering::fourier_ratio;
  EXPECT_THROW(Chain({.core = pair.core}, {find_edge("O K")}, options, run), Error);
}

TEST(Chain, angles_are_asked_for_and_never_assumed) {
  signal::Signal core;
  core.file = "pair.dm3";
  const auto complaint = [&](const ChainOptions& options) {
    try {
      (void)illumination_of(core, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::bad_input);
      return std::string(error.what());
    }
    return std::string();
  };
  ChainOptions options;
  EXPECT_NE(complaint(options).find("beam_energy = \"200 keV\""), std::string::npos);
  options.beam_energy = 200.0 * units::keV;
  EXPECT_NE(complaint(options).find("pair.dm3: collection angle missing in the file. Pass collection ="),
            std::string::npos);
  options.collection = 33.0 * units::mrad;
  EXPECT_NE(complaint(options).find("convergence"), std::string::npos);
  core.metadata.convergence = 30.0 * units::mrad;
  EXPECT_EQ(complaint(options), "");
}

}  // namespace
}  // namespace hotstage::eels
