// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/bright_phase.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

std::vector<ElementCheck> all_absent() {
  return {{"Pt", true, false, "EDS"}, {"Ga", true, false, "EDS"}, {"C", true, false, "EDS"}};
}

TEST(BrightPhase, keeps_its_name_only_when_all_suspects_are_absent) {
  EXPECT_EQ(name_bright_phase(Product::metal, all_absent()).name, "metal");
  EXPECT_EQ(name_bright_phase(Product::metal, {}).name, "unidentified bright phase");
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<ElementCheck> checks = all_absent();
    checks[k].found = true;
    EXPECT_EQ(name_bright_phase(Product::metal, checks).name, "unidentified bright phase") << k;
    checks = all_absent();
    checks[k].looked = false;
    const BrightPhase phase = name_bright_phase(Product::mix, checks);
    EXPECT_EQ(phase.name, "unidentified bright phase") << k;
    EXPECT_NE(phase.reason.find(checks[k].element), std::string::npos);
  }
  EXPECT_EQ(name_bright_phase(Product::unidentified, all_absent()).name, "unidentified bright phase");
  EXPECT_EQ(name_bright_phase(Product::cobalt_oxide, {}).name, "cobalt oxide");
}

/// Power law with C K of the given strength, `positions` spectra together.
std::vector<float> carbon(const EnergyAxis& axis, double strength, double positions, std::uint64_t seed) {
  Rng random(seed, 1, 2);
  std::vector<float> out(axis.size);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double e = axis.value(static_cast<double>(i));
    const double mean = 500.0 * std::pow(e / 280.0, -3.0) + (e > 284.0 ? strength * std::pow(e / 284.0, -3.0) : 0.0);
    out[i] = static_cast<float>(random.poisson(positions * mean));
  }
  return out;
}

TEST(BrightPhase, carbon_in_the_void_is_seen_against_the_reference) {
  const EnergyAxis axis{220.0, 0.5, 1400};
  const std::vector<float> reference = carbon(axis, 20.0, 20.0, 1);
  EXPECT_TRUE(look_for("C", carbon(axis, 60.0, 8.0, 2), 8, reference, 20, axis, 1.0).found);
  const ElementCheck same = look_for("C", carbon(axis, 20.0, 8.0, 3), 8, reference, 20, axis, 1.0);
  EXPECT_TRUE(same.looked);
  EXPECT_FALSE(same.found);
}

TEST(BrightPhase, an_edge_off_the_axis_was_not_looked_for) {
  const EnergyAxis axis{455.0, 0.25, 2048};
  const std::vector<float> counts(axis.size, 100.0F);
  for (const std::string_view element : bright_suspects) {
    EXPECT_FALSE(look_for(element, counts, 1, counts, 1, axis, 1.0).looked) << element;
  }
}

}  // namespace
}  // namespace hotstage::eels
