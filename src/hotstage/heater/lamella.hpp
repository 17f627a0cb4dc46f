// SPDX-License-Identifier: GPL-3.0-or-later
// The specimen's temperature at a time of the microscope, with everything that makes it uncertain.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/heater/programme_fit.hpp"
#include "hotstage/signal/timeline.hpp"

#include <cstddef>

namespace hotstage::heater {

/// What is declared, not measured: how the clocks stand and how the specimen sits.
struct Mounting {
  Time clock_offset{};  ///< heater clock minus microscope clock
  Time clock_sigma = 0.5 * units::s;
  TemperatureDifference chip = 10.0 * units::K;      ///< calibration of the chip's thermometer
  TemperatureDifference weld = 10.0 * units::K;      ///< heat resistance of the lamella's mounting
  TemperatureDifference position = 10.0 * units::K;  ///< place on the hot zone

  template <class V>
  void fields(V& v) {
    v("clock_offset", clock_offset, {.help = "heater clock minus microscope clock", .unit = "s"});
    v("clock_sigma", clock_sigma, {.help = "standard uncertainty of that", .unit = "s", .min = 0.0});
    v("chip", chip, {.help = "standard uncertainty of the chip's calibration", .unit = "K", .min = 0.0});
    v("weld", weld, {.help = "standard uncertainty from mounting the lamella", .unit = "K", .min = 0.0});
    v("position", position, {.help = "standard uncertainty from the place on the chip", .unit = "K", .min = 0.0});
  }
};

/// Standard uncertainties in K, independent of each other.
struct TemperatureBudget {
  double log = 0.0;
  double clock = 0.0;
  double frame = 0.0;  ///< the temperature moved while the frame or row was scanned
  double chip = 0.0;
  double weld = 0.0;
  double position = 0.0;

  [[nodiscard]] double reading() const;  ///< log, clock and frame: differs from frame to frame
  [[nodiscard]] double lamella() const;  ///< chip, weld and position: one error for the whole series
  [[nodiscard]] double total() const;
};

struct LamellaTemperature {
  Estimate degC;  ///< sigma is the total
  TemperatureBudget budget;
};

/// At an instant of the microscope's clock, whose zero is the start of the ramp as the heater log has it when the
/// offset is zero.
[[nodiscard]] LamellaTemperature temperature_at(const ProgrammeFit& fit, Time microscope, const Mounting& mounting);

/// Of one row of a frame, at its middle.
[[nodiscard]] LamellaTemperature temperature_of(const ProgrammeFit& fit, const signal::Timeline& timeline,
                                                std::size_t frame, std::size_t row, const Mounting& mounting);

/// Of a whole frame, at its middle.
[[nodiscard]] LamellaTemperature temperature_of(const ProgrammeFit& fit, const signal::Timeline& timeline,
                                                std::size_t frame, const Mounting& mounting);

}  // namespace hotstage::heater
