// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/k_factor.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {

KFactor k_factor(const RatioResult& intensities, const StandardOptions& standard) {
  constexpr double significant = 3.0;
  const Estimate& found = intensities.of_sums;
  if (intensities.used == 0 || !(found.value > significant * found.sigma)) {
    throw Error(Errc::refused,
                fmt::format("{}: the standard gives no k factor ({} items, ratio of intensities {:.3g} ± {:.2g})",
                            intensities.name, intensities.used, found.value, found.sigma),
                "Choose a region where both elements are seen with more than 3 standard deviations");
  }
  const double top = standard.atoms[intensities.numerator];
  const double bottom = standard.atoms[intensities.denominator];
  KFactor out;
  out.items = intensities.used;
  out.k.value = top / bottom / found.value;
  out.counting = out.k.value * found.sigma / found.value;
  if (!standard.atoms_sigma.empty()) {
    out.composition = out.k.value * std::hypot(standard.atoms_sigma[intensities.numerator] / top,
                                               standard.atoms_sigma[intensities.denominator] / bottom);
  }
  out.k.sigma = std::hypot(out.counting, out.composition);
  return out;
}

void apply(const KFactor& factor, RatioResult& ratio) {
  for (Estimate* number : {&ratio.mean, &ratio.of_sums}) {
    *number = {factor.k.value * number->value, factor.k.value * number->sigma};
  }
  ratio.scatter *= factor.k.value;
  ratio.propagated *= factor.k.value;
  for (std::vector<double>* column : {&ratio.value, &ratio.sigma}) {
    for (double& value : *column) {
      value *= factor.k.value;
    }
  }
  ratio.model_uncertainty = factor.k.sigma / factor.k.value;
}

}  // namespace hotstage::eels
