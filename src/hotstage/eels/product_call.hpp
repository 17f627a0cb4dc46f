// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in a void: metal, CoO, a mixture, something without O and Co, or nothing, with probabilities.

#pragma once

#include "hotstage/core/estimate.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace hotstage::eels {

/// `unidentified` scatters but holds neither O K nor Co L: Pt, Ga, C; EELS of this range cannot name it, EDS could.
enum class Product { none, metal, cobalt_oxide, mix, unidentified };

inline constexpr std::size_t product_count = 5;

[[nodiscard]] std::string_view name(Product product) noexcept;

/// A region of the scan over the undamaged LiCoO2 of the same scan: 1 for oxygen, cobalt, pre-peak and t/λ alike where
/// nothing has changed. σ are counting.
struct RegionAmounts {
  Estimate oxygen;
  Estimate cobalt;
  Estimate pre_peak;
  Estimate scattering;  ///< t/λ
};

/// Systematic σ of the interpretation, fixed before any trial (README.md, "Product").
struct CallPriors {
  double continuum = 0.05;  ///< Co continuum of one phase against another
  double oxygen_continuum = 0.04;
  double baseline = 0.015;      ///< every amount: background, plural scattering, uneven foil
  double pre_peak = 0.03;       ///< pre-peak of the same phase
  double path = 0.10;           ///< mean free path of a product against that of LiCoO2
  double path_baseline = 0.02;  ///< t/λ itself
  double reduced = 0.03;        ///< thickness of reduced oxide at the walls, in foils
  double least = 0.06;          ///< a product thinner than this (in foils) is none
  double most = 1.3;
  Estimate oxide_pre_peak{0.25, 0.15};  ///< O K pre-peak of CoO per O atom over that of LiCoO2
};

struct ProductCall {
  Product best = Product::none;
  std::array<double, product_count> probability{};  ///< in the order of Product, sum 1
  Estimate metal;                                   ///< thickness over the foil's, averaged over all hypotheses
  Estimate oxide;
  Estimate host;  ///< LiCoO2 left in the beam
};

/// Bayes' rule over five hypotheses of equal prior. Each is a column of LiCoO2 plus a product of unknown amount
/// (uniform between `least` and `most` foils; metal share of a mix uniform in 0.2 … 0.8; extra scattering of an
/// unidentified one log-uniform); Gaussian errors from counting and priors; integrated on a grid.
[[nodiscard]] ProductCall call_product(const RegionAmounts& amounts, const CallPriors& priors = {});

/// Thicknesses of metal or CoO that explain an excess of Co over O alone, and their share of the volume.
struct MassBalance {
  Estimate metal_fraction;  ///< metal/(metal + LiCoO2) if the excess is metal
  Estimate oxide_fraction;  ///< CoO/(CoO + LiCoO2) if it is CoO; {0, 0} when no CoO holds as much Co
};

[[nodiscard]] MassBalance mass_balance(const RegionAmounts& amounts, const CallPriors& priors = {});

}  // namespace hotstage::eels
