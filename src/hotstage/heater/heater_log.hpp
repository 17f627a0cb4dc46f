// SPDX-License-Identifier: GPL-3.0-or-later
// What a heating holder wrote down: times and temperatures, with every repair listed.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hotstage::heater {

/// Something of the file that was not taken as it stood.
struct Repair {
  std::string kind;  ///< a short stable name: "duplicate row", "no temperature", "clock step", …
  int line = 0;      ///< in the file, from 1
  std::string text;
};

/// Something the operator wrote down during the run.
struct LogNote {
  double time_s = 0.0;
  std::string text;
};

/// Times rise strictly; temperatures are those of the chip's thermometer, not of the specimen.
struct HeaterLog {
  std::vector<double> time_s;            ///< the experiment's own clock
  std::vector<double> temperature_degC;  ///< one per time
  std::vector<double> wall_s;            ///< seconds since the midnight before the first row; empty: not recorded
  std::vector<double> set_degC;          ///< set points; empty: not recorded
  std::vector<Repair> repairs;
  std::vector<LogNote> notes;
  std::string date;  ///< of the run, as the file spells it; empty: not said
  std::string format;
  std::string file;

  [[nodiscard]] std::size_t size() const { return time_s.size(); }
};

/// A stretch without a row.
struct Gap {
  double from_s = 0.0;
  double to_s = 0.0;
};

/// Median distance of two rows; 0 below two rows.
[[nodiscard]] double sampling_s(const HeaterLog& log);

/// Stretches longer than `factor` times the median distance of rows.
[[nodiscard]] std::vector<Gap> gaps(const HeaterLog& log, double factor = 3.0);

/// Noise of one reading in K from second differences (robust, 1.4826 × median absolute deviation ÷ √6), which a ramp
/// does not enter; 0 below five rows.
[[nodiscard]] double reading_noise(const HeaterLog& log);

}  // namespace hotstage::heater
