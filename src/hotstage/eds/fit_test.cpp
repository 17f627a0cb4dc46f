// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eds/fit.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/eds/quantify.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hotstage::eds {
namespace {

const EnergyAxis axis{.offset_eV = -200.0, .step_eV = 10.0, .size = 2048};

const LineTable& table() {
  static const LineTable loaded = LineTable::load();
  return loaded;
}

std::vector<const LineFamily*> families(std::initializer_list<const char*> names) {
  std::vector<const LineFamily*> out;
  for (const char* name : names) {
    out.push_back(&table().find(name));
  }
  return out;
}

/// Bremsstrahlung behind a window: no shape that the fit knows.
std::vector<double> smooth_background(double level) {
  std::vector<double> out(axis.size, 0.0);
  for (std::size_t i = 0; i < axis.size; ++i) {
    const double keV = 1e-3 * axis.value(static_cast<double>(i));
    if (keV > 0.1) {
      out[i] = level * (200.0 - keV) / keV / 200.0 * std::exp(-std::pow(0.35 / keV, 2.0)) * (1.0 - 0.01 * keV);
    }
  }
  return out;
}

struct Scene {
  std::vector<const LineFamily*> lines;
  std::vector<double> areas;
  std::vector<double> expected;
};

Scene make_scene(std::initializer_list<const char*> names, std::vector<double> areas, double background,
                 double resolution = 130.0) {
  Scene out{families(names), std::move(areas), smooth_background(background)};
  const std::vector<double> lines = expected_lines(axis, out.lines, out.areas, {resolution});
  for (std::size_t i = 0; i < axis.size; ++i) {
    out.expected[i] += lines[i];
  }
  return out;
}

std::vector<double> draw(const std::vector<double>& expected, std::uint64_t index) {
  Rng rng(1, 17, index);
  std::vector<double> out;
  for (const double mean : expected) {
    out.push_back(static_cast<double>(rng.poisson(mean)));
  }
  return out;
}

TEST(LineTable, holds_the_energies_of_known_lines_and_shares_of_one) {
  constexpr double known_energy = 5.0;  // eV, between tabulations
  const std::vector<std::pair<const char*, double>> known{{"O K", 524.9},   {"F K", 676.8},   {"Co K", 6925.4},
                                                          {"Co L", 776.2},  {"Mn K", 5895.1}, {"Ga K", 9241.8},
                                                          {"Pt M", 2050.5}, {"Pt L", 9434.0}, {"P K", 2013.3}};
  for (const auto& [name, energy] : known) {
    EXPECT_NEAR(table().find(name).alpha_energy(), energy, known_energy) << name;
  }
  for (const LineFamily& family : table().families()) {
    double sum = 0.0;
    for (const XrayLine& line : family.lines) {
      sum += line.weight;
    }
    EXPECT_NEAR(sum, 1.0, 1e-12) << family.name();
  }
  EXPECT_EQ(&table().find("Co Ka"), &table().find("Co K"));
  EXPECT_NEAR(*table().absorption(table().find("O K"), atoms::element("Co")), 3921.0, 1.0);
  EXPECT_THROW((void)table().find("Xx K"), Error);
}

TEST(Resolution, is_as_stated_at_manganese_and_narrower_below) {
  const Resolution resolution{130.0};
  EXPECT_NEAR(resolution.fwhm(5898.8), 130.0, 1e-9);
  EXPECT_NEAR(resolution.fwhm(277.0), 53.5, 1.0) << "√(130² − 2.49·5622)";
}

TEST(Interferences, of_cobalt_platinum_and_gallium_are_named) {
  const auto listed = families({"Co K", "Fe K", "Pt M", "P K"});
  const std::vector<atoms::Element> suspects{atoms::element("Zr"), atoms::element("Na")};
  const auto found = find_interferences(table(), listed, suspects, {});
  const auto has = [&](const std::string& line, const std::string& other, bool in_fit) {
    return std::any_of(found.begin(), found.end(), [&](const Interference& one) {
      return one.line == line && one.other == other && one.listed == in_fit;
    });
  };
  EXPECT_TRUE(has("Co Ka", "Fe Kb1", true) || has("Co Ka", "Fe Kb3", true));
  EXPECT_TRUE(has("Pt Ma", "P Ka1", true) || has("Pt Ma", "P Ka", true) || has("Pt Ma", "P Ka2", true));
  EXPECT_TRUE(has("P Ka", "Zr La1", false) || has("P Ka", "Zr La", false));
  for (const Interference& one : found) {
    EXPECT_LT(std::abs(one.distance_eV), 1.5 * one.fwhm_eV);
  }
}

TEST(FitSpectrum, finds_exact_areas_without_noise) {
  const Scene scene = make_scene({"O K", "Co K", "Co L", "Fe K", "Cu K"}, {5e4, 4e4, 3e4, 2e3, 1e4}, 0.0);
  const SpectrumFit fit = fit_spectrum(scene.expected, axis, scene.lines, {.calibrate = Calibrate::none});
  ASSERT_EQ(fit.status, LineFitStatus::ok);
  constexpr double no_noise = 1e-6;
  for (std::size_t i = 0; i < scene.areas.size(); ++i) {
    EXPECT_NEAR(fit.areas[i].alpha.value / scene.areas[i], 1.0, no_noise) << scene.lines[i]->name();
  }
}

TEST(FitSpectrum, an_unknown_smooth_background_moves_strong_lines_by_less_than_a_percent) {
  const Scene scene = make_scene({"C K", "O K", "Co K", "Co L", "Cu K", "Si K"}, {2e4, 5e4, 4e4, 3e4, 1e4, 2e3}, 400.0);
  const SpectrumFit fit = fit_spectrum(scene.expected, axis, scene.lines, {.calibrate = Calibrate::none});
  ASSERT_EQ(fit.status, LineFitStatus::ok);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(fit.areas[i].alpha.value / scene.areas[i], 1.0, 0.01) << scene.lines[i]->name();
  }
}

TEST(FitSpectrum, sixty_eight_percent_of_the_intervals_hold_the_truth) {
  const Scene scene =
      make_scene({"C K", "O K", "Co K", "Co L", "Fe K", "Cu K", "Pt M"}, {500, 3000, 2000, 1500, 150, 400, 0}, 20.0);
  constexpr int trials = 400;
  std::vector<int> inside(scene.lines.size(), 0);
  std::vector<double> pull(scene.lines.size(), 0.0);
  for (int trial = 0; trial < trials; ++trial) {
    const std::vector<double> counts = draw(scene.expected, static_cast<std::uint64_t>(trial));
    const SpectrumFit fit = fit_spectrum(counts, axis, scene.lines, {.calibrate = Calibrate::none});
    ASSERT_EQ(fit.status, LineFitStatus::ok);
    for (std::size_t i = 0; i < scene.lines.size(); ++i) {
      const double z = (fit.areas[i].alpha.value - scene.areas[i]) / fit.areas[i].alpha.sigma;
      inside[i] += std::abs(z) < 1.0 ? 1 : 0;
      pull[i] += z / trials;
    }
  }
  // Binomial: 400 trials of 0.683 scatter by 0.023; three of it, and the bias of a low-count fit.
  constexpr double three_sigma = 0.08;
  for (std::size_t i = 0; i < scene.lines.size(); ++i) {
    const double coverage = static_cast<double>(inside[i]) / trials;
    EXPECT_NEAR(coverage, 0.683, three_sigma) << scene.lines[i]->name();
    EXPECT_LT(std::abs(pull[i]), 0.3) << scene.lines[i]->name();
    std::printf("%s coverage %.3f mean pull %+.3f\n", scene.lines[i]->name().c_str(), coverage, pull[i]);
  }
}

TEST(FitSpectrum, a_shifted_stretched_and_broad_axis_is_calibrated_by_strong_lines) {
  const Scene scene = make_scene({"O K", "Co K", "Co L", "Cu K"}, {5e4, 4e4, 3e4, 1e4}, 100.0, 142.0);
  const std::vector<double> counts = draw(scene.expected, 7);
  EnergyAxis wrong = axis;
  wrong.offset_eV += 6.0;
  wrong.step_eV *= 1.002;
  const SpectrumFit fit = fit_spectrum(counts, wrong, scene.lines, {});
  ASSERT_EQ(fit.status, LineFitStatus::ok);
  ASSERT_TRUE(fit.gain && fit.resolution_eV);
  EXPECT_NEAR(fit.gain->value, 1.0 / 1.002 - 1.0, 4.0 * fit.gain->sigma);
  EXPECT_NEAR(fit.resolution_eV->value, 142.0, 4.0 * fit.resolution_eV->sigma);
  EXPECT_LT(fit.resolution_eV->sigma, 2.0);
  EXPECT_NEAR(fit.lines.axis.value(712.0), axis.value(712.0), 2.0) << "Co Kα";
  for (std::size_t i = 0; i < scene.lines.size(); ++i) {
    EXPECT_NEAR(fit.areas[i].alpha.value, scene.areas[i], 0.02 * scene.areas[i]) << scene.lines[i]->name();
  }
}

TEST(FitSpectrum, weak_spectra_hold_their_calibration_and_absent_lines_are_bounded) {
  const Scene scene = make_scene({"O K", "Co K", "Ga K"}, {200, 150, 0}, 5.0);
  const SpectrumFit fit = fit_spectrum(draw(scene.expected, 3), axis, scene.lines, {});
  ASSERT_EQ(fit.status, LineFitStatus::ok);
  EXPECT_FALSE(fit.shift_eV.has_value());
  EXPECT_FALSE(fit.held.empty());
  EXPECT_TRUE(fit.areas[0].found);
  EXPECT_FALSE(fit.areas[2].found);
  EXPECT_GT(*fit.areas[2].below, 0.0);
  const std::vector<double> empty(axis.size, 0.0);
  EXPECT_EQ(fit_spectrum(empty, axis, scene.lines, {}).status, LineFitStatus::too_few_counts);
}

TEST(FitSpectrum, input_that_is_no_spectrum_is_refused) {
  std::vector<double> counts(axis.size, 1.0);
  EXPECT_THROW((void)fit_spectrum(counts, axis, {}, {}), Error);
  counts[3] = -1.0;
  EXPECT_THROW((void)fit_spectrum(counts, axis, families({"O K"}), {}), Error);
  counts[3] = 0.0;
  EXPECT_THROW((void)fit_spectrum(counts, axis, families({"Mo K", "Pb L"}), {.low_eV = 200.0, .high_eV = 9000.0}),
               Error);
  EXPECT_EQ(fit_spectrum(counts, axis, families({"Co K", "Co K"}), {}).status, LineFitStatus::singular);
}

TEST(TwoWindows, agree_with_the_truth_for_an_isolated_line) {
  const Scene scene = make_scene({"Cu K"}, {1e5}, 200.0);
  const auto area = two_window_area(scene.expected, axis, *scene.lines[0], {});
  ASSERT_TRUE(area);
  EXPECT_NEAR(area->value, 1e5, 50.0) << "curvature of the background";
  EXPECT_GT(area->sigma, std::sqrt(1e5));
}

TEST(AreaEstimator, maps_are_unbiased_for_pixels_unlike_their_sum) {
  const Scene sum = make_scene({"O K", "Co K", "Co L", "Cu K"}, {4e5, 3e5, 2e5, 1e5}, 1000.0);
  const SpectrumFit fit = fit_spectrum(draw(sum.expected, 1), axis, sum.lines, {.calibrate = Calibrate::none});
  const AreaEstimator estimator = area_estimator(fit);
  const Scene pixel = make_scene({"O K", "Co K", "Co L", "Cu K"}, {0, 40, 25, 0}, 0.3);
  constexpr int trials = 300;
  std::vector<double> mean(4, 0.0);
  int inside = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const std::vector<double> counts = draw(pixel.expected, static_cast<std::uint64_t>(100 + trial));
    for (std::size_t k = 0; k < 4; ++k) {
      double area = 0.0;
      double variance = 0.0;
      for (std::size_t i = 0; i < estimator.weights.extent(1); ++i) {
        const double w = estimator.weights.view()(k, i);
        area += w * counts[estimator.first + i];
        variance += w * w * counts[estimator.first + i];
      }
      mean[k] += area / trials;
      inside += k == 1 && std::abs(area - pixel.areas[k]) < std::sqrt(variance) ? 1 : 0;
    }
  }
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(mean[k], pixel.areas[k], 2.0) << sum.lines[k]->name();
  }
  EXPECT_NEAR(static_cast<double>(inside) / trials, 0.683, 0.09);
}

}  // namespace
}  // namespace hotstage::eds
