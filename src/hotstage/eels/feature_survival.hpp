// SPDX-License-Identifier: GPL-3.0-or-later
// What PCA leaves of a weak local signal: a known feature put into a few pixels of the data themselves.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/eels/component_number.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::eels {

struct FeatureOptions {
  std::optional<Energy> energy;
  Energy width = 2.0 * units::eV;
  std::optional<double> height;
  double significance = 5.0;
  std::int64_t placements = 8;

  template <class V>
  void fields(V& v) {
    v("energy", energy, {.help = "centre; 530 eV (O K pre-peak) when unset, or the middle of the axis", .unit = "eV"});
    v("width", width, {.help = "full width at half maximum of the Gaussian", .unit = "eV", .min = 0.01});
    v("height", height,
      {.help = "height over the mean spectrum at its centre; from `significance` when unset", .min = 1e-9});
    v("significance", significance,
      {.help = "height so that one spectrum as recorded shows the feature with this many σ", .min = 0.1});
    v("placements", placements, {.help = "random sets of pixels per number of pixels", .min = 2, .max = 64});
  }
};

/// Shares over `placements` sets of pixels.
struct SurvivalPoint {
  std::size_t pixels = 0;
  double share = 0.0;      ///< mean of what is left of the feature's area
  double scatter = 0.0;    ///< standard deviation over the sets
  double predicted = 0.0;  ///< 1 − N·E/θ⁴; holds for a feature that no component resembles
};

struct FeatureSurvival {
  double energy_eV = 0.0;
  double fwhm_eV = 0.0;
  double height = 0.0;           ///< counts per channel
  double relative_height = 0.0;  ///< over the mean spectrum
  double significance = 0.0;     ///< of the feature in one recorded spectrum, σ
  std::vector<SurvivalPoint> points;
  std::optional<double> half;  ///< pixels from which half survives; none: not up to the largest number tried
  std::optional<double> nine_tenths;
};

/// Sums over sets of pixels that the projection pass collects; sets of one placement are nested: 1, 2, 4, … pixels.
class FeatureSets {
 public:
  /// `used`: item numbers that may hold the feature.
  FeatureSets(std::span<const std::size_t> used, std::size_t channels, std::size_t most, std::size_t placements,
              const Run& run);

  /// Takes the weighted spectrum of an item, with its weight; in item order.
  void take(std::size_t item, double weight, std::span<const double> weighted);

  struct Set {
    std::size_t pixels = 0;
    double weight2 = 0.0;            ///< Σ r²
    std::vector<double> weighted;    ///< Σ r²·ξ, ξ = column-weighted counts
    std::vector<double> unweighted;  ///< Σ ξ
  };

  [[nodiscard]] std::size_t levels() const { return levels_; }

  [[nodiscard]] std::size_t placements() const { return placements_; }

  [[nodiscard]] std::size_t pixels(std::size_t level) const { return std::size_t{1} << level; }

  /// All pixels of a placement up to a level.
  [[nodiscard]] Set set(std::size_t placement, std::size_t level) const;

 private:
  struct Place {
    std::size_t item = 0;
    std::size_t bucket = 0;  // placement·levels + first level that holds it
  };

  std::size_t channels_ = 0;
  std::size_t levels_ = 0;
  std::size_t placements_ = 0;
  std::vector<Place> places_;  // by item
  std::vector<Set> buckets_;
};

/// Adds the feature's expected counts to the pixels of each set and repeats the decomposition: XᵀX changes by a matrix
/// of rank two, whose leading eigenvectors are found in the eigenbasis of XᵀX (Lanczos, all vectors kept orthogonal).
///
/// `feature` is column-weighted; `vectors` holds eigenvectors of XᵀX as rows (channels × channels, row-major, largest
/// first), `eigenvalues` in the same order. With `fixed` as many components are kept, else those above `limit`.
[[nodiscard]] std::vector<SurvivalPoint> survival(const FeatureSets& sets, std::span<const double> feature,
                                                  std::span<const double> eigenvalues, std::span<const double> vectors,
                                                  const NoiseMatrix& noise, std::size_t components, double limit,
                                                  bool fixed, Run& run);

}  // namespace hotstage::eels
