// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/white_lines.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/forward.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace hotstage::eels {
namespace {

constexpr double l3_eV = 643.0;
constexpr double l2_eV = 654.0;
constexpr double truth = 2.5;  // L3/L2 of the model, which is made of the same continuum that the method assumes

/// Mn L3 and L2 lines on two steps of 2/3 and 1/3, per electron and eV.
DualPairModel manganese(std::size_t items, double thickness) {
  DualPairModel model;
  model.columns = items;
  model.low = {-30.0, 0.25, 1024};
  model.core = {540.0, 0.25, 1024};
  model.thickness = {thickness};
  model.low_electrons = 1e7;
  model.background_reference_eV = 600.0;
  model.background_per_eV = 1e-6;
  constexpr double level = 1e-6;
  model.components.push_back({.label = "continuum", .density = [](double e) {
                                const auto step = [&](double at) {
                                  return 0.5 + std::atan((e - at) / 0.5) / std::numbers::pi;
                                };
                                return level * (2.0 * step(l3_eV) + step(l2_eV)) / 3.0;
                              }});
  model.components.push_back({.label = "L3", .density = gaussian_line(l3_eV, 20.0 * level, 2.5)});
  model.components.push_back({.label = "L2", .density = gaussian_line(l2_eV, 20.0 * level / truth, 2.5)});
  return model;
}

WhiteLineOptions manganese_options() {
  WhiteLineOptions options;
  options.edge = "Mn L3";
  return options;
}

WhiteLineResult measure(const DualPairModel& model, const WhiteLineOptions& options) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  return measure_white_lines({.core = pair.core, .low = &pair.low}, options, run);
}

TEST(WhiteLines, ratio_is_recovered_whatever_the_thickness) {
  // Windows of ±5 eV hold 99.9 % of each line; the tails of the broadened steps and the valley cut leave two per cent.
  constexpr double method = 0.04;
  for (const double thickness : {0.2, 0.8}) {
    const WhiteLineResult result = measure(manganese(20, thickness), manganese_options());
    ASSERT_TRUE(result.lines.found);
    EXPECT_NEAR(result.lines.l3_eV, l3_eV, 0.3);
    EXPECT_NEAR(result.lines.l2_eV, l2_eV, 0.3);
    double sum = 0.0;
    for (const WhiteLines& item : result.items) {
      ASSERT_EQ(item.status, WhiteLineStatus::ok);
      sum += item.ratio.value / 20.0;
    }
    EXPECT_NEAR(sum / truth, 1.0, method) << "t/λ = " << thickness;
  }
}

TEST(WhiteLines, sigma_covers_the_scatter) {
  constexpr double coverage = 0.25;  // 100 items: 7 %, and the common low-loss noise is not part of σ
  const WhiteLineResult result = measure(manganese(100, 0.4), manganese_options());
  double mean = 0.0;
  for (const WhiteLines& item : result.items) {
    mean += item.ratio.value / 100.0;
  }
  double squares = 0.0;
  for (const WhiteLines& item : result.items) {
    squares += std::pow((item.ratio.value - mean) / item.ratio.sigma, 2) / 99.0;
  }
  EXPECT_NEAR(std::sqrt(squares), 1.0, coverage);
}

TEST(WhiteLines, are_refused_without_low_loss) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(manganese(2, 0.4), run);
  const WhiteLineResult result = measure_white_lines({.core = pair.core}, manganese_options(), run);
  EXPECT_EQ(result.items[0].status, WhiteLineStatus::thickness_unknown);
  EXPECT_EQ(result.items[0].ratio.value, 0.0);
}

TEST(WhiteLines, are_refused_on_thick_areas) {
  const WhiteLineResult result = measure(manganese(2, 1.3), manganese_options());
  EXPECT_EQ(result.items[0].status, WhiteLineStatus::too_thick);
}

TEST(WhiteLines, are_refused_when_there_are_none) {
  DualPairModel model = manganese(2, 0.4);
  model.components.resize(1);
  const WhiteLineResult result = measure(model, manganese_options());
  EXPECT_EQ(result.items[0].status, WhiteLineStatus::no_lines);
}

TEST(WhiteLines, are_refused_when_the_steps_do_not_fit_the_valley) {
  DualPairModel model = manganese(2, 0.4);
  model.components.push_back({.label = "hump behind L2", .density = gaussian_line(679.0, 6e-5, 18.0)});
  const WhiteLineResult result = measure(model, manganese_options());
  EXPECT_EQ(result.items[0].status, WhiteLineStatus::continuum_above_valley);
}

TEST(WhiteLines, are_refused_when_the_axis_ends_too_early) {
  DualPairModel model = manganese(2, 0.4);
  model.core.size = 520;  // to 670 eV
  const WhiteLineResult result = measure(model, manganese_options());
  EXPECT_EQ(result.items[0].status, WhiteLineStatus::off_axis);
}

TEST(WhiteLines, noise_alone_is_not_a_line) {
  DualPairModel model = manganese(4, 0.4);
  model.components[1].weight = {1.0, 0.0, 1.0, 1.0};
  model.components[2].weight = {1.0, 0.0, 1.0, 1.0};
  const WhiteLineResult result = measure(model, manganese_options());
  EXPECT_EQ(result.items[0].status, WhiteLineStatus::ok);
  EXPECT_NE(result.items[1].status, WhiteLineStatus::ok);
  EXPECT_EQ(result.items[1].l3.value, 0.0);
}

TEST(WhiteLines, need_an_l3_edge) {
  WhiteLineOptions options = manganese_options();
  options.edge = "O K";
  EXPECT_THROW((void)measure(manganese(1, 0.4), options), Error);
}

}  // namespace
}  // namespace hotstage::eels
