// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/damage.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels {
namespace {

/// O K with a pre-peak (`peak` of full height) and Co L with its lines, as a layered oxide has them.
DualPairModel oxide(std::size_t items, double peak, std::uint64_t stream, double oxygen = 1.0) {
  constexpr double level = 1e-6;
  DualPairModel model;
  model.columns = items;
  model.low = {-30.0, 0.5, 512};
  model.core = {440.0, 0.5, 900};
  model.thickness = {0.4};
  model.low_electrons = 1e7;
  model.core_electrons = 2e9;
  model.background_per_eV = 1e-6;
  model.stream = stream;
  model.components.push_back({.label = "O step", .density = [=](double e) {
                                return oxygen * level * (0.5 + std::atan((e - 536.0) / 0.3) / std::numbers::pi) *
                                       std::pow(536.0 / e, 3.0);
                              }});
  model.components.push_back({.label = "O main", .density = gaussian_line(540.0, 8.0 * oxygen * level, 4.0)});
  model.components.push_back(
      {.label = "pre-peak", .density = gaussian_line(530.0, 2.0 * level, 2.0), .weight = {peak}});
  model.components.push_back({.label = "Co step", .density = [](double e) {
                                return 0.5 * level * (0.5 + std::atan((e - 782.0) / 0.5) / std::numbers::pi);
                              }});
  model.components.push_back({.label = "L3", .density = gaussian_line(781.0, 6.0 * level, 3.0)});
  model.components.push_back({.label = "L2", .density = gaussian_line(796.0, 2.0 * level, 3.0)});
  return model;
}

struct Measured {
  DualPair before;
  DualPair after;

  [[nodiscard]] DamageInput input() const { return {before.core, after.core, &before.low, &after.low}; }
};

Measured pair(std::size_t items, double peak_after, std::uint64_t stream, double oxygen_after = 1.0) {
  hotstage::Run run;
  return {simulate_dual_pair(oxide(items, 1.0, 2 * stream), run),
          simulate_dual_pair(oxide(items, peak_after, 2 * stream + 1, oxygen_after), run)};
}

DamageOptions cobalt() {
  DamageOptions options;
  options.metal = "Co L3";
  options.chain.noise = Noise::poisson;
  return options;
}

const DamageMeasure& find(const DamageResult& result, const std::string& id) {
  return *std::ranges::find_if(result.measures, [&](const DamageMeasure& m) { return m.id == id; });
}

DamageResult compare(const Measured& both, const DamageOptions& options = cobalt()) {
  hotstage::Run run;
  return compare_damage(both.input(), options, run);
}

TEST(Damage, a_lost_pre_peak_is_found_and_nothing_else) {
  constexpr double loss = 0.5;
  const DamageResult result = compare(pair(12, 1.0 - loss, 3));
  const DamageMeasure& peak = find(result, "pre_peak");
  EXPECT_EQ(peak.verdict, DamageVerdict::changed);
  EXPECT_NEAR(peak.change.value, -loss, 3.0 * peak.change.sigma);
  EXPECT_LT(peak.detectable, 0.3);
  for (const char* other : {"oxygen_per_metal", "l3_l2", "l3_position", "thickness"}) {
    const DamageMeasure& m = find(result, other);
    EXPECT_NE(m.verdict, DamageVerdict::not_measured) << other << ": " << m.reason;
    EXPECT_LT(std::abs(m.significance), 3.5) << other;
    EXPECT_GT(m.upper_limit, m.detectable) << other;
  }
}

TEST(Damage, changes_scatter_as_their_sigma_says) {
  constexpr double spread = 0.1;  // 600 pairs: 0.03, and the ratio is not normal
  constexpr int pairs = 600;
  std::vector<double> lost, same;
  int called = 0;
  for (int i = 0; i < pairs; ++i) {
    DamageOptions options = cobalt();
    options.metal.clear();
    const DamageMeasure a = find(compare(pair(2, 0.6, 100 + static_cast<std::uint64_t>(i)), options), "pre_peak");
    const DamageMeasure b = find(compare(pair(2, 1.0, 900 + static_cast<std::uint64_t>(i)), options), "pre_peak");
    lost.push_back((a.change.value + 0.4) / a.change.sigma);
    same.push_back(b.change.value / b.change.sigma);
    called += b.verdict == DamageVerdict::changed ? 1 : 0;
  }
  EXPECT_NEAR(num::standard_deviation(lost), 1.0, spread);
  EXPECT_NEAR(num::standard_deviation(same), 1.0, spread);
  EXPECT_NEAR(called, 27, 16);  // 4.6 % at 2 σ; three standard deviations
}

TEST(Damage, oxygen_loss_changes_the_amount) {
  const DamageResult result = compare(pair(12, 1.0, 7, 0.8));
  const DamageMeasure& oxygen = find(result, "oxygen_per_metal");
  EXPECT_EQ(oxygen.verdict, DamageVerdict::changed);
  EXPECT_NEAR(oxygen.change.value, -0.2, 0.05);  // the pre-peak, which stays, is in the window
}

TEST(Damage, without_low_loss_line_ratios_say_why_they_are_missing) {
  const Measured both = pair(4, 1.0, 9);
  hotstage::Run run;
  const DamageResult result = compare_damage({both.before.core, both.after.core}, cobalt(), run);
  EXPECT_EQ(find(result, "l3_l2").verdict, DamageVerdict::not_measured);
  EXPECT_FALSE(find(result, "l3_l2").reason.empty());
  EXPECT_NE(find(result, "pre_peak").verdict, DamageVerdict::not_measured);
}

TEST(Damage, verdicts_never_come_without_power) {
  const auto judged = [](Estimate before, Estimate after) {
    DamageMeasure m{.relative = true, .before = before, .after = after};
    judge(m, 2.0, 1e4);
    return m;
  };
  EXPECT_EQ(judged({1.0, 0.02}, {0.9, 0.02}).verdict, DamageVerdict::changed);
  const DamageMeasure same = judged({1.0, 0.02}, {0.99, 0.02});
  EXPECT_EQ(same.verdict, DamageVerdict::unchanged);
  EXPECT_NEAR(same.upper_limit, 0.01 + same.detectable, 1e-12);
  ASSERT_TRUE(same.per_dose.has_value());
  EXPECT_NEAR(same.per_dose->value, -0.01, 1e-12);
  EXPECT_EQ(judged({1.0, 0.1}, {1.0, 0.8}).verdict, DamageVerdict::no_power);
  EXPECT_EQ(judged({1.0, 0.5}, {0.5, 0.5}).verdict, DamageVerdict::not_measured);
}

TEST(Damage, places_taken_one_by_one_cancel_what_varies_over_the_scan) {
  Measured both = pair(10, 0.7, 21);
  hotstage::Run run;
  DualPairModel before = oxide(10, 1.0, 42);
  before.components[2].weight = {0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2};
  DualPairModel after = before;
  after.stream = 43;
  for (double& weight : after.components[2].weight) {
    weight *= 0.8;
  }
  both = {simulate_dual_pair(before, run), simulate_dual_pair(after, run)};
  DamageOptions options = cobalt();
  const double apart = find(compare(both, options), "pre_peak").change.sigma;
  options.same_places = true;
  const DamageMeasure paired = find(compare(both, options), "pre_peak");
  EXPECT_LT(paired.change.sigma, 0.7 * apart);
  EXPECT_NEAR(paired.change.value, -0.2, 3.0 * paired.change.sigma);
}

TEST(Damage, what_does_not_fit_is_refused) {
  const Measured both = pair(2, 1.0, 5);
  hotstage::Run run;
  signal::Signal other = both.after.core;
  other.axes[0].scale = 0.25;
  EXPECT_THROW((void)compare_damage({both.before.core, other}, cobalt(), run), Error);
  EXPECT_THROW((void)compare_damage({both.before.core, both.after.core, &both.before.low}, cobalt(), run), Error);
}

TEST(Dose, current_times_exposure_over_area) {
  signal::Signal core;
  core.navigation = {{.name = "y", .size = 4, .scale = 2.0, .unit = "nm"},
                     {.name = "x", .size = 4, .scale = 5.0, .unit = "Å"}};
  core.metadata.exposure = 0.1 * units::s;
  DoseOptions options;
  options.beam_current = Current(6.241509074460763e8);  // 0.1 nA
  // 6.24e7 electrons on 1 nm² = 100 Å²
  EXPECT_NEAR(electron_dose(core, options).electrons_per_A2, 6.241509074460763e5, 1.0);
  options.area = Area(10.0);
  EXPECT_NEAR(electron_dose(core, options).electrons_per_A2, 6.241509074460763e4, 0.1);
}

TEST(Dose, the_missing_item_is_named) {
  signal::Signal core;
  const auto message = [&](const DoseOptions& options) {
    try {
      (void)electron_dose(core, options);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  DoseOptions options;
  EXPECT_NE(message(options).find("beam current"), std::string::npos);
  options.beam_current = Current(1e9);
  EXPECT_NE(message(options).find("exposure"), std::string::npos);
  options.exposure = 1.0 * units::s;
  EXPECT_NE(message(options).find("area"), std::string::npos);
  core.navigation = {{.name = "t", .size = 3, .unit = "s"}};
  EXPECT_NE(message(options).find("area"), std::string::npos);
  core.navigation = {{.name = "x", .size = 3, .scale = 1.0, .unit = "nm"}};
  EXPECT_TRUE(message(options).empty());
}

}  // namespace
}  // namespace hotstage::eels
