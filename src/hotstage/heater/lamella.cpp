// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/lamella.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::heater {

namespace {

/// As temperature_at, for something that lasted: the temperature is taken as uniform over what the ramp did meanwhile.
LamellaTemperature over(const ProgrammeFit& fit, double middle_s, double length_s, const Mounting& mounting) {
  const double ramp_s = middle_s + mounting.clock_offset.in(units::s);
  const Piece& piece = fit.piece_at(ramp_s + fit.ramp_start_s);
  const double log_s = ramp_s + fit.ramp_start_s;
  const bool inside = log_s >= fit.pieces.front().begin_s && log_s <= fit.pieces.back().end_s;
  const double rate = inside ? std::abs(piece.rate_K_per_s.value) : 0.0;
  LamellaTemperature out;
  out.budget = {.log = std::max(piece.begin_degC.sigma, piece.end_degC.sigma),
                .clock = rate * std::hypot(mounting.clock_sigma.in(units::s), fit.ramp_start_sigma_s),
                .frame = rate * length_s / std::sqrt(12.0),
                .chip = mounting.chip.base(),
                .weld = mounting.weld.base(),
                .position = mounting.position.base()};
  out.degC = {fit.programme.at(ramp_s * units::s).in_degC(), out.budget.total()};
  return out;
}

}  // namespace

double TemperatureBudget::reading() const {
  return std::hypot(log, clock, frame);
}

double TemperatureBudget::lamella() const {
  return std::hypot(chip, weld, position);
}

double TemperatureBudget::total() const {
  return std::hypot(reading(), lamella());
}

LamellaTemperature temperature_at(const ProgrammeFit& fit, Time microscope, const Mounting& mounting) {
  return over(fit, microscope.in(units::s), 0.0, mounting);
}

LamellaTemperature temperature_of(const ProgrammeFit& fit, const signal::Timeline& timeline, std::size_t frame,
                                  std::size_t row, const Mounting& mounting) {
  HOTSTAGE_EXPECTS(frame < timeline.frame_start_s.size() && row < timeline.rows);
  return over(fit, timeline.row_start_s(frame, row) + 0.5 * timeline.row_s, timeline.row_s, mounting);
}

LamellaTemperature temperature_of(const ProgrammeFit& fit, const signal::Timeline& timeline, std::size_t frame,
                                  const Mounting& mounting) {
  HOTSTAGE_EXPECTS(frame < timeline.frame_start_s.size());
  return over(fit, timeline.frame_middle_s(frame), static_cast<double>(timeline.rows) * timeline.row_s, mounting);
}

}  // namespace hotstage::heater
