// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the states of a run in which something has changed, as thickness per material.

#pragma once

#include "hotstage/meso/simulation.hpp"

#include <vector>

namespace hotstage::meso {

/// The first state, then every one whose thickness maps differ from the last kept one by more than a share of the foil,
/// averaged over the field; the last one always when `finish` is called.
class StateRecorder {
 public:
  StateRecorder(const Polycrystal& crystal, const Scenario& scenario, double least_change);

  void add(const FoilState& state);

  /// Keeps the last state seen if it was not kept.
  void finish();

  [[nodiscard]] const std::vector<double>& times_s() const { return times_s_; }

  /// One row per kept state, materials × rows × columns.
  [[nodiscard]] Buffer<float, 2> maps() const;

 private:
  void keep();

  const Polycrystal& crystal_;
  const Scenario& scenario_;
  double least_change_;
  std::vector<std::vector<float>> states_;
  std::vector<double> times_s_;
  std::vector<float> seen_;
  double seen_s_ = 0.0;
};

}  // namespace hotstage::meso
