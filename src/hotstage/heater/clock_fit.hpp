// SPDX-License-Identifier: GPL-3.0-or-later
// The offset between the microscope's clock and the holder's, from what heat does to the image.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/heater/frame_temperature.hpp"
#include "hotstage/heater/heater_log.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::heater {

/// Something of the image that follows the temperature, one value per frame: drift in y or x, mean intensity.
struct HeatResponse {
  std::string name;
  std::vector<double> value;
};

struct ClockFit {
  bool found = false;
  std::string why;      ///< when not found: what the data do not decide
  Estimate offset_s;    ///< time of the log = time of the frames + offset
  double gain = 0.0;    ///< fall of χ² that the temperature brings over a straight line, in units of the noise
  double memory = 0.0;  ///< correlation of neighbouring residuals; σ is widened for it
  std::vector<double> tried_s;  ///< offsets, and −2 ln L above the smallest at each
  std::vector<double> chi2;
};

/// Profile likelihood of value = a + b t + c T(t + offset) + white noise + random walk for each response with its own
/// a, b, c and noise, and one common offset, scanned over ± `search_s` around `join`.
///
/// The random walk is what a stage does by itself: against white noise alone a wandering drift follows any bend of the
/// log (spurious regression, doi:10.1016/0304-4076(74)90034-7). σ is where −2 ln L has risen by 1. Not found when the
/// temperature gains less than 25 (a straight log decides nothing), when a second offset is as good within 9, or when
/// the best lies at the end of the search. What the fit gives includes the delay of the response: a stage that warms
/// slowly looks like a late clock. At least 8 frames must lie within the log at every offset tried.
[[nodiscard]] ClockFit fit_clock(const HeaterLog& log, const signal::Timeline& timeline,
                                 std::span<const HeatResponse> responses, const ClockJoin& join, double search_s);

}  // namespace hotstage::heater
