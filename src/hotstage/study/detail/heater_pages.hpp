// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps of heating leave for the report: onsets and barriers, logs, programmes, recovery.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/heater/programme_fit.hpp"
#include "hotstage/kinetics/band.hpp"
#include "hotstage/study/step.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// One way of heating: pauses of this length, all else alike.
struct HeldProgramme {
  Time hold{};
  kinetics::Programme programme;
};

/// Barriers and an observed onset on ramps without and with pauses.
struct OnsetStudy {
  kinetics::WalkBand walk;
  std::vector<HeldProgramme> programmes;  ///< first: the ramp without pauses
  kinetics::Programme continued;          ///< the ramp as if it went on, for onsets beyond its end
  Temperature observed;
  double lamella_K = 0.0;  ///< standard uncertainty of the lamella's temperature
};

/// Results `onset`, `onset_low`, `onset_high` of the first barrier and `compare_onset…` of the second, table `bands`
/// and the figure.
void add_onsets(const OnsetStudy& study, Energy barrier, Energy compare, StepOutput& out);

/// Results `barrier…`: what the observed onset implies, what pauses add, what the lamella's temperature does to it.
void add_barriers(const OnsetStudy& study, StepOutput& out);

/// Columns time (s, 0 = start of the ramp), temperature and fitted (degC).
[[nodiscard]] io::Table timeline_table(const heater::HeaterLog& log, const heater::ProgrammeFit& fit);

/// Log and fit over time, and what is left.
[[nodiscard]] report::Figure programme_figure(const heater::HeaterLog& log, const heater::ProgrammeFit& fit);

}  // namespace hotstage::study::detail
