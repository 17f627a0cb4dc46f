// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/product_call.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace hotstage::eels {
namespace {

constexpr double counting = 0.01;

// A quarter of a foil of LiCoO2 and a product; per foil of LiCoO2 a foil of Co holds 2.91 times the Co, a foil of CoO
// 0.832 times the O and 1.663 times the Co.
RegionAmounts column(double host, double metal, double oxide, double extra) {
  const double o = host + 0.832 * oxide;
  const double co = host + 2.907 * metal + 1.663 * oxide;
  const double peak = host + 0.25 * 0.832 * oxide;
  const double path = host + 1.183 * metal + 1.075 * oxide + extra;
  return {{o, counting}, {co, counting}, {peak, counting}, {path, counting}};
}

TEST(CallProduct, names_clear_columns) {
  EXPECT_EQ(call_product(column(0.25, 0.5, 0.0, 0.0)).best, Product::metal);
  EXPECT_EQ(call_product(column(0.25, 0.0, 0.5, 0.0)).best, Product::cobalt_oxide);
  EXPECT_EQ(call_product(column(0.25, 0.25, 0.25, 0.0)).best, Product::mix);
  EXPECT_EQ(call_product(column(0.25, 0.0, 0.0, 0.6)).best, Product::unidentified);
  EXPECT_EQ(call_product(column(0.25, 0.0, 0.0, 0.0)).best, Product::none);
  EXPECT_EQ(call_product(column(0.0, 0.0, 0.0, 0.0)).best, Product::none);  // a hole
}

TEST(CallProduct, a_bright_particle_without_cobalt_is_never_called_cobalt) {
  for (const double extra : {0.2, 0.5, 1.0, 3.0}) {
    const ProductCall call = call_product(column(0.4, 0.0, 0.0, extra));
    EXPECT_EQ(call.best, Product::unidentified) << extra;
    EXPECT_LT(call.metal.value, 0.01) << extra;
  }
}

TEST(CallProduct, probabilities_sum_to_one_and_amounts_come_back) {
  const ProductCall call = call_product(column(0.3, 0.3, 0.3, 0.0));
  EXPECT_NEAR(std::accumulate(call.probability.begin(), call.probability.end(), 0.0), 1.0, 1e-12);
  EXPECT_NEAR(call.metal.value, 0.3, 2.0 * call.metal.sigma);
  EXPECT_NEAR(call.oxide.value, 0.3, 2.0 * call.oxide.sigma);
  EXPECT_NEAR(call.host.value, 0.3, 2.0 * call.host.sigma);
}

TEST(CallProduct, noise_takes_the_certainty_away) {
  RegionAmounts noisy = column(0.25, 0.1, 0.0, 0.0);
  for (Estimate* e : {&noisy.oxygen, &noisy.cobalt, &noisy.pre_peak, &noisy.scattering}) {
    e->sigma = 0.5;
  }
  EXPECT_LT(call_product(noisy).probability[static_cast<std::size_t>(Product::metal)], 0.5);
}

TEST(MassBalance, gives_the_metal_or_the_oxide_that_explains_the_excess) {
  const MassBalance balance = mass_balance(column(0.78, 0.22, 0.0, 0.0));
  EXPECT_NEAR(balance.metal_fraction.value, 0.22, 1e-3);
  EXPECT_NEAR(mass_balance(column(0.17, 0.0, 0.83, 0.0)).oxide_fraction.value, 0.83, 2e-3);
  EXPECT_EQ(mass_balance(column(0.25, 0.5, 0.0, 0.0)).oxide_fraction.sigma, 0.0);  // no CoO holds as much Co
}

}  // namespace
}  // namespace hotstage::eels
