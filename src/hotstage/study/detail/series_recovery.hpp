// SPDX-License-Identifier: GPL-3.0-or-later
// Compares the analysis of a simulated frame series with its truth, quantity by quantity.

#pragma once

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/study/detail/recovery_rows.hpp"
#include "hotstage/study/detail/series_truth.hpp"

#include <map>

namespace hotstage::study::detail {

/// Inputs as recover.series names them. Every compare_… adds rows; those whose inputs are not bound add nothing.
class SeriesRecovery {
 public:
  explicit SeriesRecovery(const StepInputs& inputs);

  void compare_drift(StepOutput& out);
  void compare_detector();
  void compare_grains(StepOutput& out);
  void compare_voids();
  void compare_onsets(StepOutput& out);
  void compare_crossing(StepOutput& out);
  void finish(StepOutput& out) const;

 private:
  [[nodiscard]] const io::Table* table(const std::string& name) const;
  /// True temperature of the set point, not of the lamella, at a microscope time: what a perfect log reading gives.
  [[nodiscard]] double set_point_degC(double microscope_s) const;
  void compare_map(const Buffer<double, 2>& truth_s);

  const StepInputs& inputs_;
  const Value& frames_truth_;
  kinetics::Programme programme_;
  double clock_offset_s_ = 0.0;
  double lamella_offset_K_ = 0.0;
  FieldOnScene field_;
  Buffer<std::int32_t, 2> found_;
  Buffer<std::int32_t, 2> truth_;
  std::map<int, int> matched_;
  RecoveryRows rows_;
};

}  // namespace hotstage::study::detail
