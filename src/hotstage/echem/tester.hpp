// SPDX-License-Identifier: GPL-3.0-or-later
// The cycler as an instrument: what it writes of a simulated cell, with rounding, noise, gain error and thinned rows.

#pragma once

#include "hotstage/echem/ageing.hpp"
#include "hotstage/echem/cycler_data.hpp"

#include <cstdint>
#include <string>

namespace hotstage::echem {

/// A LAND CT2001A in a 5 V, 5 mA range as assumed here: 0.1 mV and 0.1 µA in the export, counters from the instrument's
/// own integration. A row on every step change, on a change of voltage, or on time.
struct TesterModel {
  double row_interval_s = 60.0;
  double row_change_V = 0.01;
  double noise_V = 1e-4;
  double current_gain = 1.0;  ///< shown over true current, for current and counters alike
  std::uint64_t seed = 1;
  std::string start = "09/01/2022 09:00:00";
};

/// Collects samples into rows. Every value is a decimal the file can hold, so that writing and reading returns it.
class Tester {
 public:
  explicit Tester(TesterModel model);

  void see(const Sample& sample);

  /// The rows so far, the last sample included.
  [[nodiscard]] CyclerData finish();

 private:
  void write(const Sample& sample);
  void count(const Sample& sample);

  TesterModel model_;
  CyclerData data_;
  Sample last_;
  Sample written_;
  bool any_ = false;
  double charge_ = 0.0;
  double discharge_ = 0.0;
  double charge_energy_ = 0.0;
  double discharge_energy_ = 0.0;
};

}  // namespace hotstage::echem
