// SPDX-License-Identifier: GPL-3.0-or-later
// What a Co/O number means: atoms, Co fraction or raw intensities, and how much metal or CoO over LiCoO2 explains it.

#pragma once

#include "hotstage/atoms/material.hpp"
#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/convergence.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace hotstage::eels {

/// Volume share of `product` along the beam, the rest being `host`, at which the column holds `co_per_o` Co atoms per O
/// atom. Nothing when no share between 0 and 1 does.
[[nodiscard]] std::optional<double> product_share(const atoms::Material& host, const atoms::Material& product,
                                                  double co_per_o);

/// Co per O of such a column, the inverse of product_share; infinite for a pure metal.
[[nodiscard]] double co_per_o_of(const atoms::Material& host, const atoms::Material& product, double share);

/// Which quantity the number is.
enum class Meaning { atoms, fraction, raw };

[[nodiscard]] std::string_view name(Meaning meaning) noexcept;

/// One reading. A share that no column can have is {1, 0} with `possible` false.
struct Reading {
  Meaning meaning = Meaning::atoms;
  Estimate co_per_o;  ///< atoms, spread of the cross-sections included
  Estimate metal;     ///< volume share
  Estimate oxide;
  bool metal_possible = true;
  bool oxide_possible = true;
};

struct ReadingOptions {
  double number = 0.9;
  double spread = 0.15;  ///< relative, of a ratio of cross-sections
  Illumination illumination{300.0 * units::keV, 17.8 * units::mrad, 35.0 * units::mrad};
};

/// The three readings of `number`. σ of a share: half the difference between number·(1 ± spread). The raw reading uses
/// σ_O/σ_Co of 50 eV windows, mean of the hydrogenic and the photo-absorption scale, half their difference in the
/// spread.
[[nodiscard]] std::array<Reading, 3> read_number(const ReadingOptions& options);

}  // namespace hotstage::eels
