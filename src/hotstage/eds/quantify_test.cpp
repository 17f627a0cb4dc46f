// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eds/quantify.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/run.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::eds {
namespace {

const LineTable& table() {
  static const LineTable loaded = LineTable::load();
  return loaded;
}

/// A fit that found exactly these areas.
SpectrumFit fit_of(const std::vector<std::pair<const char*, Estimate>>& areas, double detection = 3.0) {
  SpectrumFit fit;
  fit.status = LineFitStatus::ok;
  fit.covariance = Buffer<double, 2>({areas.size(), areas.size()});
  for (std::size_t i = 0; i < areas.size(); ++i) {
    const Estimate area = areas[i].second;
    fit.covariance.view()(i, i) = area.sigma * area.sigma;
    FamilyArea one{.family = &table().find(areas[i].first), .alpha = area};
    one.found = area.value > detection * area.sigma;
    if (!one.found) {
      one.below = std::max(area.value, 0.0) + 1.645 * area.sigma;
    }
    fit.areas.push_back(one);
  }
  return fit;
}

std::vector<const LineFamily*> lines_of(const SpectrumFit& fit) {
  std::vector<const LineFamily*> out;
  for (const FamilyArea& area : fit.areas) {
    out.push_back(area.family);
  }
  return out;
}

const std::vector<KFactor> factors{{"O K", 2.0, 0.2}, {"Co Ka", 1.5, 0.075}, {"Ga K", 2.0, 0.2}};

TEST(CliffLorimer, gives_back_the_composition_that_made_the_intensities) {
  // LiCoO2 without Li: two oxygen per cobalt; weights 31.998 and 58.933, divided by k.
  const double oxygen = 2.0 * 15.999 / 2.0;
  const double cobalt = 58.933 / 1.5;
  const SpectrumFit fit = fit_of({{"Co K", {1000.0 * cobalt, 200.0}}, {"O K", {1000.0 * oxygen, 150.0}}});
  const Composition out = quantify(fit, lines_of(fit), factors, table(), {});
  constexpr double mass_rounding = 1e-4;
  EXPECT_NEAR(out.elements[1].ratio.value, 2.0, mass_rounding);
  EXPECT_NEAR(out.elements[0].atom.value, 1.0 / 3.0, mass_rounding);
  EXPECT_NEAR(out.elements[0].weight.value, 58.933 / (58.933 + 31.998), mass_rounding);
  const double relative = std::hypot(200.0 / (1000.0 * cobalt), 150.0 / (1000.0 * oxygen));
  EXPECT_NEAR(out.elements[1].ratio.counting, 2.0 * relative, 1e-6);
  EXPECT_NEAR(out.elements[1].ratio.k_factor, 2.0 * std::hypot(0.1, 0.05), mass_rounding);
  // Fractions of two elements have one uncertainty.
  EXPECT_NEAR(out.elements[0].atom.counting, out.elements[1].atom.counting, 1e-12);
}

TEST(CliffLorimer, covariance_of_overlapping_lines_enters_the_ratio) {
  SpectrumFit fit = fit_of({{"Co K", {1000.0, 50.0}}, {"O K", {1000.0, 50.0}}});
  const double apart = quantify(fit, lines_of(fit), factors, table(), {}).elements[1].ratio.counting;
  fit.covariance.view()(0, 1) = fit.covariance.view()(1, 0) = -0.5 * 50.0 * 50.0;
  EXPECT_NEAR(quantify(fit, lines_of(fit), factors, table(), {}).elements[1].ratio.counting / apart, std::sqrt(1.5),
              1e-9);
}

TEST(CliffLorimer, what_was_not_found_is_bounded_and_changes_nothing_else) {
  const SpectrumFit two = fit_of({{"Co K", {10000.0, 100.0}}, {"O K", {10000.0, 100.0}}});
  const SpectrumFit three = fit_of({{"Co K", {10000.0, 100.0}}, {"O K", {10000.0, 100.0}}, {"Ga K", {20.0, 30.0}}});
  const Composition with = quantify(three, lines_of(three), factors, table(), {});
  const Composition without = quantify(two, lines_of(two), factors, table(), {});
  EXPECT_EQ(with.elements[0].atom.value, without.elements[0].atom.value);
  EXPECT_FALSE(with.elements[2].found);
  const double gallium = (20.0 + 1.645 * 30.0) * 2.0 / 69.723;
  const double rest = 10000.0 * 1.5 / 58.933 + 10000.0 * 2.0 / 15.999;
  EXPECT_NEAR(*with.elements[2].atom_below, gallium / (gallium + rest), 1e-6);
}

TEST(CliffLorimer, absorption_of_oxygen_in_a_thick_oxide_is_put_back) {
  const SpectrumFit fit = fit_of({{"Co K", {10000.0, 100.0}}, {"O K", {5000.0, 100.0}}});
  const Absorption film{.thickness = 100.0 * units::nm, .density_g_cm3 = 6.44, .take_off = 0.3 * units::rad};
  const Composition out = quantify(fit, lines_of(fit), factors, table(), {.absorption = film});
  const double c_o = out.elements[1].weight.value;
  const double depth = (c_o * 1291.0 + (1.0 - c_o) * 3921.0) * 6.44 * 100e-7 / std::sin(0.3);
  EXPECT_NEAR(out.elements[1].absorption, depth / (1.0 - std::exp(-depth)), 2e-3);
  EXPECT_NEAR(out.elements[0].absorption, 1.0, 0.01) << "Co Kα hardly notices";
  EXPECT_GT(out.elements[1].ratio.value, quantify(fit, lines_of(fit), factors, table(), {}).elements[1].ratio.value);
}

TEST(CliffLorimer, refuses_what_it_cannot_answer) {
  const SpectrumFit fit = fit_of({{"Co K", {1.0, 1.0}}, {"Fe K", {100.0, 1.0}}});
  EXPECT_THROW((void)quantify(fit, lines_of(fit), factors, table(), {}), Error) << "no k-factor for Fe";
  const SpectrumFit nothing = fit_of({{"Co K", {1.0, 1.0}}, {"O K", {1.0, 1.0}}});
  try {
    (void)quantify(nothing, lines_of(nothing), factors, table(), {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::refused);
  }
}

TEST(KFactors, are_read_with_their_uncertainty_or_a_stated_default) {
  const io::Table with = io::parse_table("line,k,sigma_percent\nCo K,1.5,5\nO K,2,10\n", "k.csv");
  EXPECT_NEAR(read_k_factors(with, 0.2)[0].sigma, 0.075, 1e-12);
  const io::Table bare = io::parse_table("line,k\nCo K,1.5\n", "k.csv");
  EXPECT_NEAR(read_k_factors(bare, 0.2)[0].sigma, 0.3, 1e-12);
  EXPECT_THROW((void)read_k_factors(io::parse_table("line,k\nCo K,-1\n", "k.csv"), 0.2), Error);
  EXPECT_THROW((void)read_k_factors(io::parse_table("line,k\nCo K,1\nCo Ka,2\n", "k.csv"), 0.2), Error);
}

}  // namespace
}  // namespace hotstage::eds
