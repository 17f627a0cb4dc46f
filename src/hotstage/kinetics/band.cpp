// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/band.hpp"

namespace hotstage::kinetics {

Band<Temperature> onset_band(Energy barrier, const WalkBand& band, const Programme& programme) {
  const auto onset = [&](std::size_t prefactor, std::size_t distance) {
    return onset_of({band.prefactor[prefactor], barrier}, programme, hops_of_walk(band.distance[distance], band.hop));
  };
  return {.low = onset(2, 0), .central = onset(1, 1), .high = onset(0, 2)};
}

Band<Energy> barrier_band(Time seen, const WalkBand& band, const Programme& programme) {
  const auto barrier = [&](std::size_t prefactor, std::size_t distance) {
    return barrier_at(seen, band.prefactor[prefactor], programme, hops_of_walk(band.distance[distance], band.hop));
  };
  return {.low = barrier(0, 2), .central = barrier(1, 1), .high = barrier(2, 0)};
}

std::optional<double> barrier_slope(Temperature onset, const WalkBand& band, const Programme& programme) {
  // The whole programme moves with the error of the thermometer, so the time of the onset stays.
  const std::optional<Time> seen = programme.first_time_at(onset);
  if (!seen) {
    return std::nullopt;
  }
  constexpr double half_step_K = 1.0;
  const auto barrier = [&](double shift_K) {
    return barrier_band(*seen, band, programme.shifted(shift_K * units::K)).central;
  };
  const std::optional<Energy> up = barrier(half_step_K);
  const std::optional<Energy> down = barrier(-half_step_K);
  return up && down ? std::optional((*up - *down).base() / (2.0 * half_step_K)) : std::nullopt;
}

}  // namespace hotstage::kinetics
