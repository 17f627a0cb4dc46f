// SPDX-License-Identifier: GPL-3.0-or-later
// The blind reading of a line scan through a void: own reference, where the void is, Co/O three ways, product, valence.

#pragma once

#include "hotstage/eels/bright_phase.hpp"
#include "hotstage/eels/line_profile.hpp"
#include "hotstage/eels/product_call.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotstage::eels {

struct ProductOptions {
  LineOptions line;
  double reference_share = 0.15;
  double max_thickness = 1.5;
  int surface_positions = 3;

  template <class V>
  void fields(V& v) {
    v("reference_share", reference_share,
      {.help = "length of the undamaged stretch that is looked for, as a share of the line", .min = 0.05, .max = 0.5});
    v("max_thickness", max_thickness, {.help = "t/lambda above which the reading is refused", .min = 0.1});
    v("surface_positions", surface_positions,
      {.help = "positions on either side of the void that count as its surface", .min = 1, .max = 20});
    line.fields(v);
  }
};

/// Why there is no reading.
enum class ReadingStatus { ok, no_reference, too_thick, too_noisy };

[[nodiscard]] std::string_view name(ReadingStatus status) noexcept;

/// One position over the scan's own reference.
struct PositionReading {
  bool usable = false;
  RegionAmounts amounts;     ///< oxygen, cobalt, pre-peak, t/λ over the trend of the reference; counting σ
  Estimate co_per_o;         ///< atoms, total σ
  Estimate cobalt_fraction;  ///< Co/(Co + O), total σ; defined where O is lost in the noise, too
  Estimate raw_ratio;        ///< of intensities, counting σ
  Estimate metal_fraction;   ///< of the volume, if all excess Co were metal
  bool reference = false;
  bool core = false;     ///< inside the void
  bool surface = false;  ///< its walls
};

/// Inside minus wall of the void.
struct ValenceDifference {
  Estimate l3_centroid;  ///< eV
  Estimate l3_l2;
  Estimate low_side;
  double least_significance = 0.0;  ///< smallest |difference|/σ of the three; 0 when one is missing
  bool same_sign = false;           ///< all three say the same: more, or less, reduced inside
};

struct ProductReading {
  ReadingStatus status = ReadingStatus::ok;
  LineProfile profile;
  std::vector<PositionReading> positions;
  std::vector<std::size_t> reference;
  std::vector<std::size_t> core;  ///< empty: no void stands out of the line
  std::vector<std::size_t> surface;
  Estimate calibration;                   ///< σ_O/σ_Co that makes the reference LiCoO2, over the hydrogenic one
  RegionAmounts amounts;                  ///< of the core
  Estimate co_per_o;                      ///< of the core: three readings of one measurement
  Estimate cobalt_fraction;               ///< total σ
  double cobalt_fraction_counting = 0.0;  ///< σ of it from counting alone
  Estimate raw_ratio;
  MassBalance balance;
  ProductCall call;
  Estimate pre_peak_eV;  ///< reference, calibrated axis, σ of the anchor included
  double axis_shift_eV = 0.0;
  double axis_shift_sigma = 0.0;
  Estimate pre_peak_contrast;  ///< pre-peak per O, reference minus walls, over the reference
  ValenceDifference valence;
  std::vector<ElementCheck> suspects;  ///< Pt, Ga and C of the void, as far as their edges were recorded
  std::vector<Warning> warnings;
};

/// Everything from the two files alone. A scan that cannot be read carries a status; calls stay at their prior then.
[[nodiscard]] ProductReading read_product(const ChainInput& input, const ProductOptions& options, Run& run);

}  // namespace hotstage::eels
