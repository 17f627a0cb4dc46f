// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/spikes.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/eels/forward.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

/// A power law of `counts` counts per channel at its start, gain and spikes on request.
std::vector<float> background(double counts, double gain, std::uint64_t index) {
  std::vector<float> out(1024);
  Rng rng(7, 7, index);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double mean = counts * std::pow((450.0 + 0.5 * static_cast<double>(i)) / 450.0, -3.0);
    out[i] = static_cast<float>(gain * static_cast<double>(rng.poisson(mean)));
  }
  return out;
}

TEST(Spikes, counting_noise_alone_gives_no_more_than_the_stated_rate) {
  constexpr double stated = 0.05;
  constexpr std::size_t spectra = 400;
  for (const double counts : {3.0, 30.0, 3000.0}) {
    for (const double gain : {1.0, 8.0}) {
      std::size_t found = 0;
      for (std::size_t i = 0; i < spectra; ++i) {
        std::vector<float> y = background(counts, gain, i);
        found += remove_spikes(y, {}, {.false_positives = stated}).size();
      }
      // Expected 20; Poisson 99.9 % is 36. The median of few counts is coarse: twice that is allowed below 10.
      EXPECT_LE(found, counts < 10.0 ? 72U : 36U) << counts << ' ' << gain;
    }
  }
}

TEST(Spikes, an_x_ray_is_found_replaced_and_listed_and_nothing_else_changes) {
  for (const double gain : {1.0, 5.0}) {
    const std::vector<float> clean = background(400.0, gain, 1);
    std::vector<float> y = clean;
    y[300] += static_cast<float>(900.0 * gain);
    y[301] += static_cast<float>(300.0 * gain);
    y[700] += static_cast<float>(300.0 * gain);
    const std::vector<Spike> spikes = remove_spikes(y);
    ASSERT_EQ(spikes.size(), 3U);
    EXPECT_EQ(spikes[0].channel, 300U);
    EXPECT_EQ(spikes[1].channel, 301U);
    EXPECT_EQ(spikes[2].channel, 700U);
    EXPECT_GT(spikes[0].deviation, 20.0);
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (i != 300 && i != 301 && i != 700) {
        ASSERT_EQ(y[i], clean[i]);
      }
    }
    for (const Spike& spike : spikes) {
      EXPECT_EQ(static_cast<double>(y[spike.channel]), static_cast<double>(static_cast<float>(spike.replacement)));
      EXPECT_NEAR(spike.replacement / static_cast<double>(clean[spike.channel]), 1.0, 0.5);
    }
  }
}

TEST(Spikes, neighbours_save_what_is_sharp_in_all_of_them) {
  DualPairModel model;
  model.columns = 8;
  model.low = {-20.0, 0.5, 512};
  model.low_loss.zlp_fwhm_eV = 0.6;
  model.jitter_eV = 0.15;
  hotstage::Run run;
  model.core = {450.0, 1.0, 64};
  Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
  std::vector<float> alone(low.row(3).begin(), low.row(3).end());
  EXPECT_FALSE(remove_spikes(alone).empty());  // a zero-loss peak of one channel is a spike to itself
  low.row(5)[400] += 2000.0F;
  const std::vector<Spike> spikes = remove_spikes(low.view(), 100);
  ASSERT_EQ(spikes.size(), 1U);
  EXPECT_EQ(spikes[0].item, 105U);
  EXPECT_EQ(spikes[0].channel, 400U);
}

TEST(Spikes, white_lines_of_usual_width_are_left_alone) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    std::vector<float> y = background(2000.0, 1.0, i);
    Rng rng(8, 8, i);
    for (std::size_t c = 0; c < y.size(); ++c) {
      const double e = 0.5 * (static_cast<double>(c) - 500.0);
      y[c] += static_cast<float>(rng.poisson(2000.0 * std::exp(-0.5 * std::pow(e / 1.7, 2))));  // 4 eV wide, 8 channels
    }
    EXPECT_TRUE(remove_spikes(y).empty()) << i;
  }
}

TEST(Spikes, short_spectra_and_empty_ones_are_left_alone) {
  std::vector<float> brief(12, 5.0F);
  brief[4] = 500.0F;
  EXPECT_TRUE(remove_spikes(brief).empty());
  std::vector<float> nothing(200, 0.0F);
  EXPECT_TRUE(remove_spikes(nothing).empty());
}

}  // namespace
}  // namespace hotstage::eels
