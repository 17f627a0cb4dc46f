// SPDX-License-Identifier: GPL-3.0-or-later
// Temperature programmes: piecewise linear T(t), as a heating holder follows them.

#pragma once

#include "hotstage/core/units.hpp"
#include "hotstage/core/value.hpp"

#include <optional>
#include <span>
#include <vector>

namespace hotstage::kinetics {

struct ProgrammePoint {
  Time time{};
  Temperature temperature;
};

/// A pause of a ramp, for example to take an image.
struct Hold {
  Temperature temperature;
  Time duration{};
};

/// Constant before the first and after the last point.
class Programme {
 public:
  /// Times must not run backwards. Throws Error{bad_input}.
  explicit Programme(std::vector<ProgrammePoint> points);

  /// A linear ramp from time 0 with holds on the way (in order of temperature, inside the ramp). Throws
  /// Error{bad_input}.
  [[nodiscard]] static Programme ramp(Temperature start, Temperature end, HeatingRate rate,
                                      std::span<const Hold> holds = {});

  [[nodiscard]] Temperature at(Time time) const;
  [[nodiscard]] Time begin() const;
  [[nodiscard]] Time end() const;
  /// First time at or above a temperature; nothing when it is never reached.
  [[nodiscard]] std::optional<Time> first_time_at(Temperature temperature) const;

  /// Last time at or below a temperature before the programme leaves it upwards for good: the end of a hold there. The
  /// end of the programme when it never does; nothing when the temperature is never reached.
  [[nodiscard]] std::optional<Time> last_time_at(Temperature temperature) const;

  [[nodiscard]] std::span<const ProgrammePoint> points() const { return points_; }

  /// Every temperature moved by a constant: a chip that reads wrong.
  [[nodiscard]] Programme shifted(TemperatureDifference offset) const;

  /// {"points": [{"time_s": …, "temperature_degC": …}, …]}
  [[nodiscard]] Value to_value() const;
  [[nodiscard]] static Programme from_value(const Value& value);

 private:
  std::vector<ProgrammePoint> points_;
};

}  // namespace hotstage::kinetics
