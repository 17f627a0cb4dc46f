// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/overlaps.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {
namespace {

/// Mean of `items` spectra: power law, O K and F K as saw teeth of the given counts per channel.
MeanSpectra mean_spectra(double oxygen, double fluorine) {
  MeanSpectra out;
  out.core_axis = {455.0, 0.5, 1024};
  for (std::size_t i = 0; i < out.core_axis.size; ++i) {
    const double e = out.core_axis.value(static_cast<double>(i));
    const double edge_o = e > 532.0 ? oxygen * std::pow(e / 532.0, -3.5) : 0.0;
    const double edge_f = e > 685.0 ? fluorine * std::pow(e / 685.0, -3.5) : 0.0;
    out.core.push_back(2000.0 * std::pow(e / 500.0, -3.2) + edge_o + edge_f);
  }
  return out;
}

PlacedEdge cobalt() {
  PlacedEdge out;
  out.edge = find_edge(cobalt_edge);
  out.onset_eV = 779.0;
  return out;
}

bool flagged(const std::vector<Warning>& warnings, std::string_view kind) {
  return std::ranges::any_of(warnings, [kind](const Warning& w) { return w.kind == kind; });
}

TEST(CobaltOverlaps, fluorine_is_seen_in_front_of_the_background_window) {
  EXPECT_TRUE(flagged(cobalt_overlaps(mean_spectra(0.0, 100.0), 50, cobalt()), "fluorine_under_cobalt"));
  EXPECT_FALSE(flagged(cobalt_overlaps(mean_spectra(0.0, 0.0), 50, cobalt()), "fluorine_under_cobalt"));
}

TEST(CobaltOverlaps, the_tail_of_oxygen_is_said_with_its_share) {
  const std::vector<Warning> warnings = cobalt_overlaps(mean_spectra(600.0, 0.0), 50, cobalt());
  EXPECT_TRUE(flagged(warnings, "oxygen_under_cobalt"));
  EXPECT_FALSE(flagged(cobalt_overlaps(mean_spectra(0.0, 0.0), 50, cobalt()), "oxygen_under_cobalt"));
}

TEST(CobaltOverlaps, a_tail_of_oxygen_is_no_fluorine) {
  EXPECT_FALSE(flagged(cobalt_overlaps(mean_spectra(600.0, 0.0), 50, cobalt()), "fluorine_under_cobalt"));
}

TEST(CobaltOverlaps, an_axis_without_those_energies_says_nothing) {
  MeanSpectra brief = mean_spectra(600.0, 100.0);
  brief.core_axis = {700.0, 0.5, 1024};
  EXPECT_TRUE(cobalt_overlaps(brief, 50, cobalt()).empty());
}

}  // namespace
}  // namespace hotstage::eels
