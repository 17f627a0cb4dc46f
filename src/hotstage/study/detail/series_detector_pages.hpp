// SPDX-License-Identifier: GPL-3.0-or-later
// Levels of the detector for series.normalise, and what a scan of it shows.

#pragma once

#include "hotstage/series/beam_fraction.hpp"
#include "hotstage/study/step.hpp"

#include <optional>

namespace hotstage::study::detail {

struct BeamLevelOptions {
  std::optional<double> black_level;
  double black_sigma = 0.0;
  std::optional<double> full_level;
  double full_sigma = 0.0;
  double current_ratio = 1.0;
  double current_sigma = 0.0;

  template <class V>
  void fields(V& v) {
    v("black_level", black_level,
      {.help = "counts of the frames without any electron; from the detector scan when unset"});
    v("black_sigma", black_sigma, {.help = "standard uncertainty of that", .min = 0.0});
    v("full_level", full_level,
      {.help = "counts with the whole beam on the detector; from the detector scan when unset"});
    v("full_sigma", full_sigma, {.help = "standard uncertainty of that", .min = 0.0});
    v("current_ratio", current_ratio,
      {.help = "beam current of the frames over that of the detector scan or full level", .min = 1e-6, .max = 1e6});
    v("current_sigma", current_sigma, {.help = "standard uncertainty of that ratio", .min = 0.0});
  }
};

struct BeamLevels {
  std::optional<series::DetectorScan> scan;
  series::BeamScale scale;
};

/// From the input `detector` (an image; may be unbound) and the options; figure, table and checks of the scan go into
/// `out`. Throws Error{bad_input} when neither tells both levels, Error{refused} for an image that is no scan of a
/// detector.
[[nodiscard]] BeamLevels find_beam_levels(const StepInputs& inputs, const BeamLevelOptions& options, StepOutput& out);

/// Left: response, right: by azimuth.
[[nodiscard]] report::Figure detector_figure(const series::DetectorScan& scan, View<const float, 2> image);

[[nodiscard]] io::Table octant_table(const series::DetectorScan& scan);

/// Checks of symmetry, evenness, clipping, and of the area being whole.
void add_detector_checks(const series::DetectorScan& scan, StepOutput& out);

}  // namespace hotstage::study::detail
