// SPDX-License-Identifier: GPL-3.0-or-later
// White lines and pre-peaks of real measurements by every method: what the methods agree on, and by how much they
// differ.

#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/eels/testing/shared_files.hpp"
#include "hotstage/eels/testing/truth_sets.hpp"
#include "hotstage/eels/white_lines.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hotstage::eels {
namespace {

class FineStructureFiles : public testing::SharedFiles {
 protected:
  /// Mean of the items of each method with its standard error; items that were refused are left out.
  std::vector<Estimate> means(const WhiteLineResult& result, const std::string& what) {
    std::vector<Estimate> out;
    std::vector<double> values;
    for (std::size_t m = 0; m < white_line_methods; ++m) {
      std::vector<double> ratios;
      std::vector<double> sigmas;
      for (const WhiteLines& item : result.items) {
        if (item.methods[m].status == WhiteLineStatus::ok) {
          ratios.push_back(item.methods[m].ratio.value);
          sigmas.push_back(item.methods[m].ratio.sigma);
        }
      }
      const Estimate mean{num::mean(ratios), num::standard_error(ratios)};
      RecordProperty(what + "_" + std::string(name(static_cast<WhiteLineMethod>(m))),
                     hotstage::text(mean) + " per item " + std::to_string(num::mean(sigmas)) + " of " +
                         std::to_string(ratios.size()));
      if (!ratios.empty()) {
        values.push_back(mean.value);
      }
      out.push_back(mean);
    }
    const MethodSpread spread = spread_of(values);
    RecordProperty(what + "_spread", std::to_string(spread.sigma) + " from " + std::to_string(spread.lowest) + " to " +
                                         std::to_string(spread.highest));
    return out;
  }
};

TEST_F(FineStructureFiles, manganite_line_scan_by_all_methods) {
  hotstage::Run run;
  const signal::Signal core = load(testing::manganite().core, run);
  const signal::Signal low = load(testing::manganite().low, run);
  WhiteLineOptions options;
  options.edge = "Mn L3";
  options.behind = {"O K"};
  const WhiteLineResult result = measure_white_lines({.core = core, .low = &low}, options, run);
  for (const Estimate& mean : means(result, "Mn")) {
    // Mixed Mn3+/Mn4+: 2 to 3 in published calibrations; Gaussians and heights scatter about them.
    EXPECT_GT(mean.value, 1.7);
    EXPECT_LT(mean.value, 3.3);
  }
  std::vector<double> shifts;
  for (const WhiteLines& item : result.items) {
    if (item.l3_shift[0].sigma > 0.0) {
      shifts.push_back(item.l3_shift[0].value);
    }
  }
  ASSERT_GE(shifts.size(), 30U);
  RecordProperty("shift_scatter_eV", std::to_string(num::standard_deviation(shifts)));
  EXPECT_LT(num::standard_deviation(shifts), 1.0);  // a chemical shift between Mn3+ and Mn4+ is 1 to 2 eV

  PrePeakOptions pre_peak;
  pre_peak.low = 526.5 * units::eV;  // on the file's own axis
  pre_peak.high = 530.5 * units::eV;
  pre_peak.main_low = 530.5 * units::eV;
  const PrePeakResult peaks = measure_pre_peaks({.core = core, .low = &low}, pre_peak, run);
  std::vector<double> straight, gaussian, apart;
  for (const PrePeak& item : peaks.items) {
    if (item.fit_area.sigma > 0.0) {
      straight.push_back(item.to_main.value);
      gaussian.push_back(item.fit_to_main.value);
      apart.push_back(item.fit_position.value - item.position.value);
    }
  }
  ASSERT_GE(straight.size(), 15U);
  RecordProperty("pre_peak", std::to_string(num::mean(straight)) + " " + std::to_string(num::mean(gaussian)) + " of " +
                                 std::to_string(straight.size()) + " apart " + std::to_string(num::mean(apart)));
  EXPECT_NEAR(num::mean(apart), 0.0, 0.5);
}

TEST_F(FineStructureFiles, iron_of_the_round_robin_has_a_ratio_by_every_method) {
  hotstage::Run run;
  const signal::Signal core = load("roundrobin_emat/CaFeO_C3r1_SI_HL_cal.dm3", run);
  const signal::Signal low = load("roundrobin_emat/CaFeO_C3r1_SI_LL.dm3", run);
  WhiteLineOptions options;
  options.edge = "Fe L3";
  options.chain.beam_energy = 300.0 * units::keV;
  options.chain.convergence = 0.2 * units::mrad;
  options.chain.collection = 4.12 * units::mrad;
  const WhiteLineResult result = measure_white_lines({.core = core, .low = &low}, options, run);
  for (const Estimate& mean : means(result, "Fe")) {
    // Fe2+ to Fe3+: 3 to 6 in published tables, by whatever method (Colliex 1991, van Aken 2002).
    EXPECT_GT(mean.value, 2.5);
    EXPECT_LT(mean.value, 7.0);
  }
}

}  // namespace
}  // namespace hotstage::eels
