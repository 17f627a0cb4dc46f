// SPDX-License-Identifier: GPL-3.0-or-later
// LiCoO2 → Co3O4 → CoO → Co with the generator of simulated scans: valence, shift and Co/O come back within their σ.

#include "hotstage/eels/scene_forward.hpp"
#include "hotstage/eels/trials.hpp"
#include "hotstage/eels/valence.hpp"
#include "hotstage/eels/white_lines.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace hotstage::eels {
namespace {

constexpr std::array phases{"LiCoO2", "Co3O4", "CoO", "Co"};
constexpr std::array valences{3.0, 8.0 / 3.0, 2.0, 0.0};
constexpr std::array oxygen_per_cobalt{2.0, 4.0 / 3.0, 1.0, 0.0};

/// A line through the four phases, `each` positions of each, no mixing.
ScanScene line_of_phases(std::size_t each, double thickness_nm) {
  ScanScene out;
  for (const char* phase : phases) {
    out.materials.push_back(atoms::find_material(phase));
  }
  out.thickness_nm = Buffer<double, 2>({phases.size() * each, phases.size()});
  for (std::size_t i = 0; i < phases.size() * each; ++i) {
    out.position_nm.push_back(static_cast<double>(i));
    for (std::size_t m = 0; m < phases.size(); ++m) {
      out.thickness_nm.row(i)[m] = m == i / each ? thickness_nm : 0.0;
    }
  }
  return out;
}

/// Photo-absorption cross-sections, Gaussian fine structure, one instrument for standards and unknowns.
ScanModels instrument() {
  ScanModels models = draw_models(Models::matched, trial_settings(), 5);
  models.kind = Models::mismatched;
  models.axis_shift_eV = 1.5;
  return models;
}

WhiteLineOptions analysis(std::size_t each) {
  WhiteLineOptions options;
  options.edge = "Co L3";
  options.follow = true;
  options.reference_first = 0;
  options.reference_last = static_cast<std::int64_t>(each) - 1;
  options.reference_oxygen = 2.0;
  return options;
}

WhiteLineResult scan(std::size_t each, double thickness_nm, double electrons, std::uint64_t seed) {
  ScanSettings settings;
  settings.core_electrons = electrons;
  settings.low_electrons = 1e7;
  hotstage::Run run;
  run.seed = seed;
  const SimulatedScan data = simulate_scan(line_of_phases(each, thickness_nm), settings, instrument(), run);
  return measure_white_lines({.core = data.core, .low = &data.low}, analysis(each), run);
}

/// What a user measures first: the oxides at high dose, a row each and method.
std::vector<ValenceStandard> standards() {
  constexpr std::size_t each = 6;
  const WhiteLineResult result = scan(each, 40.0, 2e10, 11);
  std::vector<ValenceStandard> out;
  const auto mean = [&](std::size_t phase, auto&& of) {
    std::vector<Estimate> all;
    for (std::size_t i = phase * each; i < (phase + 1) * each; ++i) {
      all.push_back(of(result.items[i]));
    }
    return num::weighted_mean(all);
  };
  for (std::size_t phase = 0; phase < 3; ++phase) {
    for (std::size_t m = 0; m < white_line_methods; ++m) {
      ValenceStandard row{.set = "own", .element = "Co", .compound = phases[phase], .valence = valences[phase]};
      row.method = std::string(name(static_cast<WhiteLineMethod>(m)));
      row.ratio = mean(phase, [m](const WhiteLines& item) { return item.methods[m].ratio; });
      if (row.method == "fit") {
        row.l3_eV = mean(phase, [](const WhiteLines& item) { return item.l3_eV[0]; });
      }
      if (row.ratio->sigma <= 0.0) {
        ADD_FAILURE() << row.compound << " has no ratio by " << row.method << ": "
                      << name(result.items[phase * each].methods[m].status);
      }
      out.push_back(row);
    }
  }
  return out;
}

struct Pulls {
  double bias = 0.0;    ///< mean of value − truth
  double spread = 0.0;  ///< root mean square of pulls
  double inside = 0.0;  ///< share within one σ
  double sigma = 0.0;   ///< mean σ
  int count = 0;

  void add(const Estimate& value, double truth) {
    const double pull = (value.value - truth) / value.sigma;
    bias += value.value - truth;
    sigma += value.sigma;
    spread += pull * pull;
    inside += std::abs(pull) <= 1.0 ? 1.0 : 0.0;
    ++count;
  }

  void finish() {
    bias /= count;
    sigma /= count;
    spread = std::sqrt(spread / count);
    inside /= count;
  }
};

Estimate total(const Valence& valence) {
  return {valence.value.value, std::hypot(valence.value.sigma, valence.calibration)};
}

class FineStructure : public testing::Test {
 protected:
  static constexpr std::size_t each = 40;

  static const WhiteLineResult& unknown() {
    static const WhiteLineResult result = scan(each, 40.0, 1e9, 23);
    return result;
  }

  static const std::vector<ValenceStandard>& own() {
    static const std::vector<ValenceStandard> table = standards();
    return table;
  }

  static MetalCall metal(const WhiteLines& item) {
    const Estimate& o = item.oxygen_per_metal;
    return call_metal({.oxygen_per_metal = {o.value, std::hypot(o.sigma, o.value * unknown().oxygen_model)}});
  }

  void note(const std::string& what, const Pulls& pulls) {
    RecordProperty(what, "bias " + std::to_string(pulls.bias) + " sigma " + std::to_string(pulls.sigma) + " pull " +
                             std::to_string(pulls.spread) + " inside " + std::to_string(pulls.inside) + " of " +
                             std::to_string(pulls.count));
  }
};

// 120 items: the share within one σ of a true 0.683 has a standard deviation of 0.042, their rms pull one of 0.065.
constexpr double inside_tolerance = 0.15;
constexpr double pull_tolerance = 0.25;

TEST_F(FineStructure, valence_from_the_ratio_holds_the_truth_within_sigma_by_every_method) {
  for (const ValenceStandard& row : own()) {
    RecordProperty(row.compound + "_" + row.method, hotstage::text(*row.ratio));
  }
  for (std::size_t m = 0; m < white_line_methods; ++m) {
    const auto method = std::string(name(static_cast<WhiteLineMethod>(m)));
    const ValenceCurve curve = ratio_curve(own(), "Co", method);
    Pulls pulls;
    for (std::size_t i = 0; i < 3 * each; ++i) {
      const Valence v = valence_of(curve, unknown().items[i].methods[m].ratio, MetalCall::oxide);
      if (v.status == ValenceStatus::ok) {
        pulls.add(total(v), valences[i / each]);
      }
    }
    ASSERT_GT(pulls.count, 100) << method;
    pulls.finish();
    note(method, pulls);
    EXPECT_NEAR(pulls.inside, 0.683, inside_tolerance) << method;
    EXPECT_NEAR(pulls.spread, 1.0, pull_tolerance) << method;
  }
}

TEST_F(FineStructure, valence_from_the_shift_holds_the_truth_within_sigma) {
  const ValenceCurve curve = shift_curve(own(), "Co", "fit", "LiCoO2");
  Pulls pulls;
  for (std::size_t i = 0; i < 3 * each; ++i) {
    const Valence v = valence_of(curve, unknown().items[i].l3_shift[0], MetalCall::oxide);
    if (v.status == ValenceStatus::ok) {
      pulls.add(total(v), valences[i / each]);
    }
  }
  ASSERT_GT(pulls.count, 100);
  pulls.finish();
  note("shift", pulls);
  EXPECT_NEAR(pulls.inside, 0.683, inside_tolerance);
  EXPECT_NEAR(pulls.spread, 1.0, pull_tolerance);
}

TEST_F(FineStructure, metal_is_told_by_oxygen_and_never_given_a_valence) {
  int metals = 0;
  int oxides = 0;
  for (std::size_t i = 0; i < 4 * each; ++i) {
    const MetalCall call = metal(unknown().items[i]);
    if (i >= 3 * each) {
      metals += call == MetalCall::metal ? 1 : 0;
      EXPECT_NE(call, MetalCall::oxide) << i;
    } else {
      oxides += call == MetalCall::oxide ? 1 : 0;
      EXPECT_NE(call, MetalCall::metal) << i;
    }
  }
  RecordProperty("metals", metals);
  RecordProperty("oxides", oxides);
  EXPECT_EQ(metals, static_cast<int>(each));
  EXPECT_GE(oxides, static_cast<int>(3 * each - 6));
}

TEST_F(FineStructure, oxygen_per_cobalt_holds_the_truth_within_counting_and_continuum) {
  constexpr double continuum = 0.06;  // Co and O continua of one phase against another: windows hang at one onset
  for (std::size_t phase = 0; phase < phases.size(); ++phase) {
    std::vector<Estimate> all;
    for (std::size_t i = phase * each; i < (phase + 1) * each; ++i) {
      all.push_back(unknown().items[i].oxygen_per_metal);
    }
    const Estimate mean = num::weighted_mean(all);
    RecordProperty(phases[phase], hotstage::text(mean));
    EXPECT_NEAR(mean.value, oxygen_per_cobalt[phase], 4.0 * mean.sigma + continuum * oxygen_per_cobalt[phase] + 0.02)
        << phases[phase];
  }
}

TEST_F(FineStructure, a_thick_or_noisy_specimen_is_refused) {
  const WhiteLineResult thick = scan(2, 250.0, 2e9, 5);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(thick.items[i].status, WhiteLineStatus::too_thick) << i;
    EXPECT_EQ(thick.items[i].spread.methods, 0U) << i;
  }
  const WhiteLineResult noisy = scan(8, 40.0, 3e5, 5);
  for (const WhiteLines& item : noisy.items) {
    EXPECT_NE(item.status, WhiteLineStatus::ok);
    EXPECT_EQ(item.ratio.value, 0.0);
  }
}

}  // namespace
}  // namespace hotstage::eels
