// SPDX-License-Identifier: GPL-3.0-or-later
// Real measurements of known composition, from their raw files, with the one window rule of README.md.

#include "hotstage/eels/testing/truth_sets.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/eels/testing/shared_files.hpp"
#include "hotstage/eels/white_lines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace hotstage::eels {
namespace {

using testing::boron_nitride;
using testing::manganite;
using testing::one_sigma_kk;
using testing::one_sigma_kl;
using testing::options_of;
using testing::reproduction;
using testing::SharedFiles;
using testing::strontium_titanate;
using testing::titania;
using testing::TruthSet;

struct Case {
  TruthSet set;
  double tolerance;  ///< relative deviation from the truth that the cross-sections explain
  double measured;   ///< what this version finds (README.md)
  double with_gos;   ///< the same with our own oscillator strengths
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.set.name;
}

class RealComposition : public SharedFiles, public ::testing::WithParamInterface<Case> {};

TEST_P(RealComposition, is_found_within_the_uncertainty_of_the_cross_sections) {
  const auto& [set, tolerance, measured, with_gos] = GetParam();
  hotstage::Run run;
  const signal::Signal core = load(set.core, run);
  const signal::Signal low = load(set.low, run);
  const QuantifyResult result = quantify(core, &low, options_of<QuantifyOptions>(set), run);
  ASSERT_EQ(result.ratios.size(), 1U);
  const RatioResult& ratio = result.ratios[0];
  EXPECT_EQ(ratio.used, core.items());
  EXPECT_NEAR(ratio.mean.value / set.truth, 1.0, tolerance);
  EXPECT_NEAR(ratio.mean.value / measured, 1.0, reproduction);
  EXPECT_LT(std::abs(ratio.of_sums.value / ratio.mean.value - 1.0), reproduction);
}

TEST_P(RealComposition, is_found_with_our_own_oscillator_strengths) {
  const auto& [set, tolerance, measured, with_gos] = GetParam();
  hotstage::Run run;
  const signal::Signal core = load(set.core, run);
  const signal::Signal low = load(set.low, run);
  auto options = options_of<QuantifyOptions>(set);
  options.chain.model = ShellModel::gos;
  const RatioResult ratio = quantify(core, &low, options, run).ratios[0];
  EXPECT_NEAR(ratio.mean.value / set.truth, 1.0, tolerance);
  EXPECT_NEAR(ratio.mean.value / with_gos, 1.0, reproduction);
}

INSTANTIATE_TEST_SUITE_P(EelsTruth, RealComposition,
                         ::testing::Values(Case{titania(), one_sigma_kl, 0.553, 0.564},
                                           Case{boron_nitride(), 2.0 * one_sigma_kk, 0.870, 0.887},
                                           Case{strontium_titanate(), one_sigma_kl, 2.872, 2.668},
                                           Case{manganite(), one_sigma_kl, 2.867, 2.606}));

class RealData : public SharedFiles {};

TEST_F(RealData, counting_sigma_explains_the_scatter_of_a_homogeneous_specimen) {
  // 100 spectra of one TiO2 area each 3·10^7 counts, through a phosphor: the noise factor must come out of the data.
  constexpr double agreement = 0.2;
  hotstage::Run run;
  const TruthSet set = titania();
  const signal::Signal core = load(set.core, run);
  const signal::Signal low = load(set.low, run);
  const RatioResult ratio = quantify(core, &low, options_of<QuantifyOptions>(set), run).ratios[0];
  EXPECT_NEAR(ratio.scatter / ratio.propagated, 1.0, agreement);
}

TEST_F(RealData, without_low_loss_the_result_warns_and_is_a_third_off) {
  hotstage::Run run;
  const signal::Signal core = load("pytemlib/EELS_STO.dm3", run);
  QuantifyOptions options;
  options.edges = {"Ti L3", "O K"};
  options.reference = "Ti L3";
  const QuantifyResult result = quantify(core, nullptr, options, run);  // angles and energy are in the file
  EXPECT_NEAR(result.ratios[0].mean.value, 2.05, 2.05 * reproduction);
  bool plural = false;
  bool misfit = false;
  for (const Warning& w : result.warnings) {
    plural = plural || w.kind == "plural_scattering_kept";
    misfit = misfit || w.kind == "background_misfit";
  }
  EXPECT_TRUE(plural);
  EXPECT_TRUE(misfit);
}

TEST_F(RealData, missing_angles_are_asked_for) {
  hotstage::Run run;
  const signal::Signal core = load(titania().core, run);
  QuantifyOptions options;
  options.edges = {"Ti L3", "O K"};
  EXPECT_THROW((void)quantify(core, nullptr, options, run), Error);
}

TEST_F(RealData, manganite_has_a_pre_peak_and_white_lines) {
  hotstage::Run run;
  const signal::Signal core = load(manganite().core, run);
  const signal::Signal low = load(manganite().low, run);
  PrePeakOptions pre_peak;
  // On the file's own axis: pre-peak at 529 eV, valley at 530.5 eV, La 5d peak at 533.5 eV.
  pre_peak.low = 526.5 * units::eV;
  pre_peak.high = 530.5 * units::eV;
  pre_peak.main_low = 530.5 * units::eV;
  const PrePeakResult peaks = measure_pre_peaks({.core = core, .low = &low}, pre_peak, run);
  int seen = 0;
  double position = 0.0;
  for (const PrePeak& item : peaks.items) {
    if (item.status == PrePeakStatus::ok) {
      ++seen;
      position += item.position.value;
    }
  }
  ASSERT_GE(seen, 20);  // half of the line scan
  EXPECT_NEAR(position / seen, 529.0, 0.7);

  WhiteLineOptions lines;
  lines.edge = "Mn L3";
  lines.behind = {"O K"};
  const WhiteLineResult white = measure_white_lines({.core = core, .low = &low}, lines, run);
  int good = 0;
  double ratio = 0.0;
  for (const WhiteLines& item : white.items) {
    if (item.status == WhiteLineStatus::ok) {
      ++good;
      ratio += item.ratio.value;
    }
  }
  ASSERT_GE(good, 20);
  // Mixed Mn3+/Mn4+: 2 to 3 in every published calibration, whatever the method.
  EXPECT_GT(ratio / good, 1.9);
  EXPECT_LT(ratio / good, 3.1);
}

}  // namespace
}  // namespace hotstage::eels
