// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/tracks.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hotstage::series {
namespace {

TEST(LinearAssignment, agrees_with_trying_all_permutations) {
  constexpr std::size_t n = 6;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed, 1, 0);
    Buffer<double, 2> costs({n - 1, n});
    for (std::size_t i = 0; i < costs.size(); ++i) {
      costs.data()[i] = rng.uniform();
    }
    const auto sum = [&](const std::vector<std::size_t>& columns) {
      double out = 0.0;
      for (std::size_t r = 0; r + 1 < n; ++r) {
        out += costs.view()(r, columns[r]);
      }
      return out;
    };
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), 0U);
    double least = 1e9;
    do {
      least = std::min(least, sum(order));
    } while (std::next_permutation(order.begin(), order.end()));
    constexpr double rounding = 1e-12;
    EXPECT_NEAR(sum(linear_assignment(costs.view())), least, rounding) << seed;
  }
}

Spot spot(double y, double x, double radius) {
  return {.kind = SpotKind::particle,
          .y_px = y,
          .x_px = x,
          .radius_px = radius,
          .sigma_px = 0.1,
          .place_sigma_px = 0.1,
          .contrast = 0.5,
          .signal_px2 = radius * radius};
}

std::vector<SpotFrame> windows_of(const std::vector<std::vector<Spot>>& spots) {
  std::vector<SpotFrame> out;
  for (std::size_t w = 0; w < spots.size(); ++w) {
    out.push_back({5 * w, 5 * w + 5, 5.0 * static_cast<double>(w) + 2.0, spots[w]});
  }
  return out;
}

std::size_t count(const Tracks& t, TrackChange change) {
  return static_cast<std::size_t>(
      std::count_if(t.events.begin(), t.events.end(), [&](const TrackEvent& e) { return e.change == change; }));
}

TEST(Tracks, keep_a_spot_through_a_gap) {
  const Tracks t = link_spots(windows_of({{spot(20, 20, 5)}, {spot(20.3, 20, 5)}, {}, {spot(20.5, 20, 5)}}), {});
  ASSERT_EQ(t.tracks.size(), 1U);
  EXPECT_EQ(t.tracks[0].points.size(), 3U);
  EXPECT_TRUE(t.events.empty());
}

TEST(Tracks, do_not_swap_two_that_pass_close_by) {
  std::vector<std::vector<Spot>> spots;
  for (int w = 0; w < 6; ++w) {
    spots.push_back({spot(20, 20 + w, 3), spot(26, 26 - w, 3)});
    if (w % 2 == 1) {
      std::swap(spots.back()[0], spots.back()[1]);
    }
  }
  const Tracks t = link_spots(windows_of(spots), {});
  ASSERT_EQ(t.tracks.size(), 2U);
  for (const Track& track : t.tracks) {
    for (const TrackPoint& p : track.points) {
      EXPECT_NEAR(p.spot.y_px, track.points.front().spot.y_px, 1.0);
    }
  }
}

TEST(Tracks, see_a_merge_a_split_a_birth_and_an_end) {
  const double joined = 5.0 * std::sqrt(2.0);
  const std::vector<Spot> apart{spot(40, 34, 5), spot(40, 46, 5)};
  const std::vector<Spot> one{spot(40, 40, joined)};
  const Tracks merged = link_spots(windows_of({apart, apart, one, one}), {});
  EXPECT_EQ(count(merged, TrackChange::merges), 1U);
  EXPECT_EQ(merged.events.size(), 1U);
  EXPECT_NEAR(merged.events[0].frame, 9.5, 1e-9);
  const Tracks split = link_spots(windows_of({one, one, apart, apart}), {});
  EXPECT_EQ(count(split, TrackChange::splits), 1U);
  EXPECT_EQ(split.events.size(), 1U);
  const Tracks born =
      link_spots(windows_of({{}, {spot(9, 9, 3)}, {spot(9, 9, 4)}, {spot(9, 9, 4)}, {}, {}, {}, {}}), {});
  EXPECT_EQ(count(born, TrackChange::appears), 1U);
  EXPECT_EQ(count(born, TrackChange::vanishes), 1U);
}

}  // namespace
}  // namespace hotstage::series
