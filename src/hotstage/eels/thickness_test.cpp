// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/thickness.hpp"

#include "hotstage/eels/forward.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

Illumination setup(double keV, double alpha, double beta) {
  return {keV * units::keV, alpha * units::mrad, beta * units::mrad};
}

TEST(EffectiveAtomicNumber, is_the_element_for_an_element_and_lies_between_for_a_compound) {
  EXPECT_NEAR(effective_atomic_number(atoms::parse_formula("Co")), 27.0, 1e-12);
  EXPECT_NEAR(effective_atomic_number(atoms::parse_formula("Co3")), 27.0, 1e-12);
  // By hand: (3^1.3 + 27^1.3 + 2·8^1.3)/(3^0.3 + 27^0.3 + 2·8^0.3)
  EXPECT_NEAR(effective_atomic_number(atoms::parse_formula("LiCoO2")), 13.64, 0.03);
}

TEST(MeanFreePathMalis, follows_its_formula_below_the_bethe_ridge) {
  // Si, 100 kV, β = 10 mrad: Em = 7.6·14^0.36 = 19.65 eV, F = 0.7679, 106·F·5.089/ln(101.8) = 89.6 nm.
  EXPECT_NEAR(mean_free_path_malis(14.0, setup(100, 0.0, 10.0)).in(units::nm), 89.6, 0.2);
  const double at_ridge = mean_free_path_malis(14.0, setup(100, 0.0, 14.2)).in(units::nm);
  EXPECT_EQ(mean_free_path_malis(14.0, setup(100, 0.0, 50.0)).in(units::nm),
            mean_free_path_malis(14.0, setup(100, 0.0, 90.0)).in(units::nm));
  EXPECT_NEAR(mean_free_path_malis(14.0, setup(100, 0.0, 50.0)).in(units::nm), at_ridge, 0.2);
}

TEST(MeanFreePathMalis, a_convergent_probe_lengthens_the_path_as_if_the_aperture_were_smaller) {
  const double parallel = mean_free_path_malis(14.0, setup(200, 0.0, 6.0)).in(units::nm);
  const double convergent = mean_free_path_malis(14.0, setup(200, 6.0, 6.0)).in(units::nm);
  EXPECT_GT(convergent, parallel);
  EXPECT_LT(convergent, 1.2 * parallel);
}

TEST(MeanFreePaths, two_models_agree_within_their_stated_accuracy) {
  // Iakoubovskii from density, Malis from Z: independent fits to measurements; each claims 20 %.
  for (const char* material : {"LiCoO2", "Co3O4", "CoO", "Si", "Al", "C", "Si3N4"}) {
    for (const double keV : {200.0, 300.0}) {
      const MeanFreePaths paths = mean_free_paths(medium_of(atoms::find_material(material)), setup(keV, 10.0, 20.0));
      EXPECT_NEAR(paths.malis.value / paths.iakoubovskii.value, 1.0, 0.28) << material << ' ' << keV;
      EXPECT_DOUBLE_EQ(paths.malis.sigma, 0.2 * paths.malis.value);
    }
  }
}

TEST(MeanFreePaths, what_the_medium_does_not_tell_stays_empty) {
  const MeanFreePaths paths = mean_free_paths({.effective_z = 14.0}, setup(200, 10.0, 20.0));
  EXPECT_EQ(paths.iakoubovskii.value, 0.0);
  EXPECT_GT(paths.of(PathModel::malis).value, 0.0);
}

DualPairModel model_of(double thickness, std::size_t items) {
  DualPairModel model;
  model.columns = items;
  model.thickness = {thickness};
  model.core = {450.0, 1.0, 64};
  return model;
}

TEST(RelativeThickness, parts_of_sigma_hold_the_truth_and_limits_refuse) {
  const DualPairModel model = model_of(0.8, 200);
  hotstage::Run run;
  const Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
  const Estimate path{120.0, 24.0};
  std::vector<double> pulls;
  std::size_t inside = 0;  // 3 σ
  for (std::size_t i = 0; i < low.extent(0); ++i) {
    const RelativeThickness t = relative_thickness(find_zero_loss(low.row(i), model.low), 3.0);
    ASSERT_TRUE(t.ok());
    pulls.push_back((t.value.value - 0.8) / t.value.sigma);
    inside += std::abs(t.value.value - 0.8) < 3.0 * t.sigma() ? 1 : 0;
    const AbsoluteThickness nm = absolute_thickness(t, path);
    EXPECT_NEAR(nm.nm, 96.0, 2.0);
    EXPECT_NEAR(nm.model / nm.nm, 0.2, 1e-12);
    EXPECT_NEAR(nm.sigma(), std::sqrt(nm.counting * nm.counting + nm.systematic * nm.systematic + nm.model * nm.model),
                1e-12);
  }
  EXPECT_NEAR(num::standard_deviation(pulls), 1.0, 0.16);  // 200 spectra: ± 5 %
  EXPECT_GT(inside, 160U);  // 0.2 % of the counts lie below the first minimum: one σ of 1e6 electrons
  const ZeroLoss peak = find_zero_loss(low.row(0), model.low);
  EXPECT_EQ(relative_thickness(peak, 0.5).status, ThicknessStatus::too_thick);
}

TEST(RelativeThickness, a_bad_peak_gives_no_number_and_vacuum_is_said) {
  ZeroLoss peak;
  peak.thickness = {0.5, 0.01};
  for (const ZeroLossFlag flag :
       {ZeroLossFlag::not_found, ZeroLossFlag::split, ZeroLossFlag::cut, ZeroLossFlag::saturated}) {
    peak.flags = static_cast<std::uint8_t>(flag);
    const RelativeThickness t = relative_thickness(peak, 3.0);
    EXPECT_EQ(t.status, ThicknessStatus::no_zero_loss);
    EXPECT_EQ(t.value.value, 0.0);
  }
  peak.flags = static_cast<std::uint8_t>(ZeroLossFlag::vacuum);
  EXPECT_EQ(relative_thickness(peak, 3.0).status, ThicknessStatus::vacuum);
}

}  // namespace
}  // namespace hotstage::eels
