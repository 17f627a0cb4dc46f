// SPDX-License-Identifier: GPL-3.0-or-later
// Real measurements of known composition, from their raw files, with the one window rule of README.md.

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/eels/white_lines.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace hotstage::eels {
namespace {

struct TruthSet {
  const char* name;
  const char* core;
  const char* low;
  std::vector<std::string> edges;
  const char* reference;
  double beam_keV, convergence_mrad, collection_mrad;
  double truth;
  double tolerance;  ///< relative deviation from the truth that the cross-sections explain
  double measured;   ///< what this version finds (README.md): a change of more than 1 % must be looked at
  double with_gos;   ///< the same with our own oscillator strengths
};

void PrintTo(const TruthSet& set, std::ostream* out) {
  *out << set.name;
}

constexpr double one_sigma_kl = 0.16;  // K against a white-line L: 5 % and 15 %
constexpr double two_sigma_kk = 0.14;  // K against K: 5 % and 5 %
constexpr double reproduction = 0.01;

class RealComposition : public testing::TestWithParam<TruthSet> {
 protected:
  void SetUp() override {
    if (!shared_data_folder()) {
      GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
    }
  }

  static signal::Signal load(const std::string& file, hotstage::Run& run) {
    return signal::load(*shared_data_folder() / "eels" / file, run);
  }

  static QuantifyOptions options_of(const TruthSet& set) {
    QuantifyOptions options;
    options.edges = set.edges;
    options.reference = set.reference;
    options.chain.beam_energy = set.beam_keV * units::keV;
    options.chain.convergence = set.convergence_mrad * units::mrad;
    options.chain.collection = set.collection_mrad * units::mrad;
    return options;
  }
};

TEST_P(RealComposition, is_found_within_the_uncertainty_of_the_cross_sections) {
  const TruthSet& set = GetParam();
  hotstage::Run run;
  const signal::Signal core = load(set.core, run);
  const signal::Signal low = load(set.low, run);
  const QuantifyResult result = quantify(core, &low, options_of(set), run);
  ASSERT_EQ(result.ratios.size(), 1U);
  const RatioResult& ratio = result.ratios[0];
  EXPECT_EQ(ratio.used, core.items());
  EXPECT_NEAR(ratio.mean.value / set.truth, 1.0, set.tolerance);
  EXPECT_NEAR(ratio.mean.value / set.measured, 1.0, reproduction);
  EXPECT_LT(std::abs(ratio.of_sums.value / ratio.mean.value - 1.0), reproduction);
}

TEST_P(RealComposition, is_found_with_our_own_oscillator_strengths) {
  const TruthSet& set = GetParam();
  hotstage::Run run;
  const signal::Signal core = load(set.core, run);
  const signal::Signal low = load(set.low, run);
  QuantifyOptions options = options_of(set);
  options.chain.model = ShellModel::gos;
  const RatioResult ratio = quantify(core, &low, options, run).ratios[0];
  EXPECT_NEAR(ratio.mean.value / set.truth, 1.0, set.tolerance);
  EXPECT_NEAR(ratio.mean.value / set.with_gos, 1.0, reproduction);
}

INSTANTIATE_TEST_SUITE_P(EelsTruth, RealComposition,
                         testing::Values(TruthSet{"TiO2",
                                                  "roundrobin_emat/TiO2_B3r1_SI_HL_cal.dm3",
                                                  "roundrobin_emat/TiO2_B3r1_SI_LL_cal.dm3",
                                                  {"Ti L3", "O K"},
                                                  "O K",
                                                  300,
                                                  0.2,
                                                  4.12,
                                                  0.5,
                                                  one_sigma_kl,
                                                  0.553,
                                                  0.564},
                                         TruthSet{"BN",
                                                  "roundrobin_emat/BN_A3r3_SI_HL2_cal.dm3",
                                                  "roundrobin_emat/BN_A3r3_SI_LL_cal.dm3",
                                                  {"B K", "N K"},
                                                  "N K",
                                                  300,
                                                  0.2,
                                                  4.12,
                                                  1.0,
                                                  two_sigma_kk,
                                                  0.870,
                                                  0.887},
                                         TruthSet{"SrTiO3",
                                                  "srtio3_emat/hl.dm3",
                                                  "srtio3_emat/ll.dm3",
                                                  {"Ti L3", "O K"},
                                                  "Ti L3",
                                                  300,
                                                  0.9,
                                                  2.675,
                                                  3.0,
                                                  one_sigma_kl,
                                                  2.872,
                                                  2.668},
                                         TruthSet{"LSMO",
                                                  "lsmo_linescan/LSMO_linescan.hdf5",
                                                  "lsmo_linescan/LSMO_linescan_low_loss.hdf5",
                                                  {"O K", "Mn L3"},
                                                  "Mn L3",
                                                  80,
                                                  27.42,
                                                  33.19,
                                                  3.0,
                                                  one_sigma_kl,
                                                  2.867,
                                                  2.606}));

class RealData : public RealComposition {};

TEST_F(RealData, counting_sigma_explains_the_scatter_of_a_homogeneous_specimen) {
  // 100 spectra of one TiO2 area each 3·10^7 counts, through a phosphor: the noise factor must come out of the data.
  constexpr double agreement = 0.2;
  hotstage::Run run;
  const signal::Signal core = load("roundrobin_emat/TiO2_B3r1_SI_HL_cal.dm3", run);
  const signal::Signal low = load("roundrobin_emat/TiO2_B3r1_SI_LL_cal.dm3", run);
  const TruthSet set{"", "", "", {"Ti L3", "O K"}, "O K", 300, 0.2, 4.12, 0, 0, 0, 0};
  const RatioResult ratio = quantify(core, &low, options_of(set), run).ratios[0];
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
  const signal::Signal core = load("roundrobin_emat/TiO2_B3r1_SI_HL_cal.dm3", run);
  QuantifyOptions options;
  options.edges = {"Ti L3", "O K"};
  EXPECT_THROW((void)quantify(core, nullptr, options, run), Error);
}

TEST_F(RealData, manganite_has_a_pre_peak_and_white_lines) {
  hotstage::Run run;
  const signal::Signal core = load("lsmo_linescan/LSMO_linescan.hdf5", run);
  const signal::Signal low = load("lsmo_linescan/LSMO_linescan_low_loss.hdf5", run);
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
