// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/growth_start.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::series {
namespace {

struct Course {
  std::vector<double> time_s, value, reference;
};

/// 60 values 5 s apart: noise of 1, from `start_s` on (t − start)³ that reaches `end` after 100 s.
Course make_course(double start_s, double end, double common, std::uint64_t seed) {
  Course out;
  Rng rng(seed, 1, 0);
  for (int i = 0; i < 60; ++i) {
    const double t = 5.0 * i;
    const double both = common * std::exp(-0.5 * std::pow((t - 200.0) / 15.0, 2));
    out.time_s.push_back(t);
    out.value.push_back(rng.normal() + both + (t > start_s ? end * std::pow((t - start_s) / 100.0, 3) : 0.0));
    out.reference.push_back(0.3 * rng.normal() + both);
  }
  return out;
}

TEST(GrowthStart, sees_growth_when_it_stands_clear_of_the_scatter) {
  const Course c = make_course(150.0, 1000.0, 0.0, 1);
  const FirstSeen seen = first_seen(c.time_s, c.value, {});
  ASSERT_TRUE(seen.seen);
  // 5 scatters of 1 are reached 17 s after the start.
  EXPECT_NEAR(seen.time_s.value, 167.0, 3.0 * seen.time_s.sigma);
  EXPECT_LT(seen.time_s.sigma, 10.0);
}

TEST(GrowthStart, sees_nothing_in_noise) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Course c = make_course(1e9, 0.0, 0.0, seed);
    EXPECT_FALSE(first_seen(c.time_s, c.value, {}).seen) << seed;
  }
}

TEST(GrowthStart, takes_off_what_the_reference_does_too) {
  const Course c = make_course(240.0, 1000.0, 20.0, 3);
  const FirstSeen with = first_seen(c.time_s, c.value, c.reference);
  ASSERT_TRUE(with.seen);
  EXPECT_GT(with.time_s.value, 240.0);
}

TEST(GrowthStart, dates_a_clear_incubation_only) {
  const Course sharp = make_course(200.0, 4e4, 0.0, 5);
  const auto start = growth_start_s(sharp.time_s, sharp.value);
  ASSERT_TRUE(start);
  EXPECT_NEAR(start->value, 200.0, std::max(5.0, 3.0 * start->sigma));
  Course activated = sharp;
  Rng rng(8, 1, 0);
  for (std::size_t i = 0; i < activated.time_s.size(); ++i) {
    activated.value[i] = 100.0 * std::exp((activated.time_s[i] - 300.0) / 30.0) + rng.normal();
  }
  EXPECT_FALSE(growth_start_s(activated.time_s, activated.value));
}

}  // namespace
}  // namespace hotstage::series
