// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <vector>

namespace hotstage::eels {
namespace {

std::optional<std::vector<ZeroLoss>> peaks_of(const char* file) {
  const auto folder = shared_data_folder();
  if (!folder || !std::filesystem::exists(*folder / "eels" / file)) {
    return std::nullopt;
  }
  hotstage::Run run;
  const signal::Signal signal = signal::load(*folder / "eels" / file, run);
  const Buffer<float, 2> counts = signal::read_all(signal);
  std::vector<ZeroLoss> peaks(signal.items());
  find_zero_loss({counts.view()}, energy_axis_of(signal), {}, peaks);
  return peaks;
}

constexpr const char* no_data = "shared data not found (HOTSTAGE_SHARED_DATA)";

TEST(LowLossFiles, thickness_of_the_simulated_line_scan_is_found_where_the_plasmon_outgrows_the_zero_loss_peak) {
  const auto peaks = peaks_of("exspy/EELS_LL_linescan_simulated_thickness_variation.hspy");
  if (!peaks) {
    GTEST_SKIP() << no_data;
  }
  ASSERT_EQ(peaks->size(), 17U);
  for (std::size_t i = 0; i < peaks->size(); ++i) {
    const double truth = 0.3 + 0.1 * static_cast<double>(i);
    constexpr double tail_below_minimum = 0.004;  // relative
    EXPECT_NEAR((*peaks)[i].thickness.value, truth, tail_below_minimum * truth);
    EXPECT_EQ((*peaks)[i].flags, 0);
  }
}

TEST(LowLossFiles, dual_pairs_of_the_round_robin_give_steady_peaks_and_two_views_of_the_thickness) {
  struct Case {
    const char* file;
    double thickness;  // of the mean spectrum, up to the first minimum
    double thickness_mirror;
  };

  // Our own values of the summed spectra: they guard against change; the two columns are the spread of the method.
  for (const Case& c : {Case{"roundrobin_emat/BN_A3r3_SI_LL_cal.dm3", 0.281, 0.289},
                        Case{"roundrobin_emat/TiO2_B3r1_SI_LL_cal.dm3", 0.867, 0.934}}) {
    const auto peaks = peaks_of(c.file);
    if (!peaks) {
      GTEST_SKIP() << no_data;
    }
    for (const ZeroLoss& peak : *peaks) {
      ASSERT_EQ(peak.flags, 0) << flags_text(peak.flags);
      EXPECT_LT(std::abs(peak.centre_eV), 0.5);
      EXPECT_NEAR(peak.thickness.value, c.thickness, 0.04 * c.thickness);
      EXPECT_NEAR(peak.thickness_mirror.value, c.thickness_mirror, 0.04 * c.thickness_mirror);
    }
  }
}

TEST(LowLossFiles, core_loss_spectra_have_no_zero_loss_peak) {
  for (const char* file : {"pytemlib/EELS_STO.dm3", "nion/EELS_Thick.csv", "eelsdb/BN_lowloss_Stephan_225.msa"}) {
    const auto peaks = peaks_of(file);
    if (!peaks) {
      GTEST_SKIP() << no_data;
    }
    EXPECT_FALSE(peaks->front().found()) << file;
  }
}

}  // namespace
}  // namespace hotstage::eels
