// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/onset_zones.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace hotstage::series {
namespace {

constexpr std::size_t edge_px = 320;
constexpr std::size_t blocks = edge_px / 8;
constexpr double never = std::numeric_limits<double>::infinity();

/// Two grains side by side; they touch at x = 160.
Buffer<std::int32_t, 2> two_grains() {
  Buffer<std::int32_t, 2> out({edge_px, edge_px});
  for (std::size_t i = 0; i < out.size(); ++i) {
    out.data()[i] = i % edge_px < edge_px / 2 ? 1 : 2;
  }
  return out;
}

OnsetField field_of(const std::function<double(double y, double x)>& onset) {
  OnsetField out{.rows = blocks, .columns = blocks};
  out.grain.assign(blocks * blocks, 0);
  out.value.assign(blocks * blocks, 0.0);
  for (std::size_t b = 0; b < out.value.size(); ++b) {
    out.grain[b] = out.x_px(b) < 0.5 * edge_px ? 1 : 2;
    out.value[b] = onset(out.y_px(b), out.x_px(b));
  }
  return out;
}

double from_boundary(double x) {
  return std::abs(x - 0.5 * edge_px);
}

TEST(OnsetZones, measure_how_much_earlier_boundaries_start) {
  const Buffer<std::int32_t, 2> labels = two_grains();
  Rng rng(3, 1, 0);
  const OnsetField field =
      field_of([&](double, double x) { return (from_boundary(x) < 10.0 ? 500.0 : 520.0) + rng.normal(); });
  const BoundaryLead lead = boundary_lead(field, labels.view(), {});
  ASSERT_TRUE(lead.found);
  EXPECT_NEAR(lead.lead.value, 20.0, 4.0 * lead.lead.sigma);
  EXPECT_LT(lead.lead.sigma, 1.5);
  EXPECT_GT(lead.probability, 0.99);
}

TEST(OnsetZones, cannot_say_which_comes_first_when_both_are_alike) {
  const Buffer<std::int32_t, 2> labels = two_grains();
  double sum = 0.0;
  double pulls = 0.0;
  constexpr int trials = 20;
  for (int trial = 0; trial < trials; ++trial) {
    Rng rng(5, 1, static_cast<std::uint64_t>(trial));
    const OnsetField field = field_of([&](double, double) { return 520.0 + 5.0 * rng.normal(); });
    const BoundaryLead lead = boundary_lead(field, labels.view(), {.seed = 7});
    sum += lead.probability / trials;
    pulls += std::pow(lead.lead.value / lead.lead.sigma, 2) / trials;
  }
  EXPECT_GT(sum, 0.2);
  EXPECT_LT(sum, 0.8);
  EXPECT_LT(std::sqrt(pulls), 2.0);
}

TEST(OnsetZones, do_not_compare_a_zone_that_never_starts) {
  const Buffer<std::int32_t, 2> labels = two_grains();
  const OnsetField field = field_of([](double, double x) { return from_boundary(x) < 10.0 ? 500.0 : never; });
  EXPECT_FALSE(boundary_lead(field, labels.view(), {}).found);
}

TEST(OnsetZones, find_that_a_grain_changes_from_its_damage_outwards) {
  const DamageDisc core{100.0, 60.0, 6.0};
  const OnsetField field = field_of([&](double y, double x) {
    return x < 0.5 * edge_px ? 500.0 + 0.2 * std::hypot(y - core.y_px, x - core.x_px) : 560.0;
  });
  const DamageLead lead = damage_lead(field, std::vector{core}, {});
  EXPECT_EQ(lead.sites, 1U);
  EXPECT_GT(lead.lead, 10.0);
  EXPECT_GT(lead.outward, 0.99);
  EXPECT_LT(lead.p_lead, 0.02);
  EXPECT_LT(lead.p_outward, 0.02);
}

TEST(OnsetZones, alarm_for_five_in_a_hundred_random_places) {
  std::size_t alarms = 0;
  constexpr std::size_t trials = 200;
  const OnsetField field = field_of([](double y, double x) { return 500.0 + 0.1 * y + 0.05 * x; });
  for (std::size_t trial = 0; trial < trials; ++trial) {
    Rng rng(17, 2, trial);
    std::vector<DamageDisc> discs;
    for (int i = 0; i < 3; ++i) {
      discs.push_back({edge_px * rng.uniform(), edge_px * rng.uniform(), 5.0});
    }
    alarms += damage_lead(field, discs, {.draws = 39, .seed = trial}).p_lead <= 0.05 ? 1U : 0U;
  }
  // Binomial: 5 % of 200 is 10 ± 3.1.
  EXPECT_NEAR(static_cast<double>(alarms), 10.0, 3.0 * 3.1);
}

TEST(OnsetZones, tell_a_boundary_that_holds_from_one_that_does_not) {
  const Buffer<std::int32_t, 2> labels = two_grains();
  constexpr double slowness = 0.1;
  Rng rng(9, 1, 0);
  for (const double wait_s : {0.0, 30.0}) {
    const OnsetField field = field_of([&](double, double x) {
      return 200.0 + slowness * x + (x > 0.5 * edge_px ? wait_s : 0.0) + 0.5 * rng.normal();
    });
    const auto holds = boundary_holds(field, labels.view(), 400.0, {.slowness_s_px = slowness});
    ASSERT_EQ(holds.size(), 1U);
    EXPECT_EQ(holds[0].verdict, wait_s > 0.0 ? HoldVerdict::held : HoldVerdict::no_wait);
    EXPECT_NEAR(holds[0].wait_s.value, wait_s, 1.0);
    EXPECT_NEAR(holds[0].arrival_s, 216.0, 2.0);
  }
}

TEST(OnsetZones, count_a_side_that_never_changes_as_a_wait_to_the_end) {
  const Buffer<std::int32_t, 2> labels = two_grains();
  const OnsetField field = field_of([](double, double x) { return x < 0.5 * edge_px ? 200.0 : never; });
  const auto holds = boundary_holds(field, labels.view(), 300.0, {});
  ASSERT_EQ(holds.size(), 1U);
  EXPECT_EQ(holds[0].verdict, HoldVerdict::held);
  EXPECT_TRUE(std::isinf(holds[0].until_s));
  EXPECT_NEAR(holds[0].wait_s.value, 100.0, 5.0);
}

}  // namespace
}  // namespace hotstage::series
