// SPDX-License-Identifier: GPL-3.0-or-later
// A heating run as records and tables: the scene a virtual microscope looks at, and the list of events.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/meso/simulation.hpp"

#include <string>
#include <string_view>

namespace hotstage::meso {

struct SceneNotes {
  std::string_view specimen;  ///< "aged" or "pristine"
  std::string parameters_sha256;
};

/// Schema hotstage.scene/1: materials and their formulas, geometry in nm from the upper left corner, driver, fate of
/// Li.
[[nodiscard]] Value scene_value(const Polycrystal& crystal, const Scenario& scenario, const Outcome& outcome,
                                const SceneNotes& notes);

/// kind, time (s), temperature (degC), grain, from_grain, x (nm), y (nm), in order of time.
[[nodiscard]] io::Table event_table(const Outcome& outcome);

/// time (s), temperature (degC), shares of the solid and radius (nm) of the metal in the special void.
[[nodiscard]] io::Table sample_table(const Outcome& outcome);

/// name, value, unit, prior, spread, min, max, source of every parameter.
[[nodiscard]] io::Table prior_table(const ParameterTable& table);

}  // namespace hotstage::meso
