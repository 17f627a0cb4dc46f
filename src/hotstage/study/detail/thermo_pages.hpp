// SPDX-License-Identifier: GPL-3.0-or-later
// What thermo.reactions leaves for the report.

#pragma once

#include "hotstage/study/step.hpp"
#include "hotstage/thermo/reaction.hpp"

#include <span>
#include <string>

namespace hotstage::study::detail {

/// A reaction asked about, at one pressure of its gas.
struct Asked {
  std::string id;  ///< short: "vacuum", "carbon"
  thermo::Reaction reaction;
  double pressure_atm = 1.0;
};

/// Adds the equilibrium temperature as a result of evidence "literature", or a check that says why there is none.
void add_temperature(const Asked& asked, const std::string& id, const std::string& label, StepOutput& out);

/// A cause of oxygen or metal loss under the name by which other steps know it.
struct Driver {
  std::string_view name;
  Asked asked;
};

/// Schema hotstage.drivers/1: {name: {allowed_above_degC, sigma_K, reaction, pressure_atm}}. A reaction without an
/// equilibrium is allowed from absolute zero, or from 1e6 degC, by the sign of its Gibbs energy at `end`.
[[nodiscard]] Value drivers_record(std::span<const Driver> drivers, Temperature end);

/// One row per question: reaction, pressure, ΔH and ΔS at 298 K, equilibrium temperature with and without heat
/// capacities, ΔG and gas pressure at the temperature looked at.
[[nodiscard]] io::Table reaction_table(std::span<const Asked> asked, Temperature look);

/// log10 of the equilibrium gas pressure against temperature, with a line at the column's vacuum.
[[nodiscard]] report::Figure pressure_figure(std::span<const Asked> asked, double vacuum_atm, Temperature end);

}  // namespace hotstage::study::detail
