// SPDX-License-Identifier: GPL-3.0-or-later
// Compares the analysis of a simulated frame series with its truth, quantity by quantity.

#pragma once

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/series/onset_zones.hpp"
#include "hotstage/study/detail/recovery_rows.hpp"
#include "hotstage/study/detail/series_truth.hpp"

#include <array>
#include <map>
#include <optional>

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
  /// Start, direction, speed and completion of the front fitted to each grain.
  void compare_fronts(StepOutput& out);
  /// How each grain was entered, against the events: table "entries".
  void compare_entries(StepOutput& out);
  /// Zones at boundaries, surroundings of damage, waits at boundaries.
  void compare_zones(StepOutput& out);
  /// Radius of voids and of the particle over time, first sight of growth.
  void compare_growth(StepOutput& out);
  void compare_clock();
  void finish(StepOutput& out) const;

 private:
  [[nodiscard]] const io::Table* table(const std::string& name) const;
  /// True temperature of the set point, not of the lamella, at a microscope time: what a perfect log reading gives.
  [[nodiscard]] double set_point_degC(double microscope_s) const;
  /// The same as a temperature of the lamella.
  [[nodiscard]] double lamella_degC(double microscope_s) const;
  [[nodiscard]] double last_frame_s() const;
  void compare_map(const Buffer<double, 2>& truth_s);
  /// Whether a block lies inside all usable frames: only there can anything be found.
  [[nodiscard]] bool covered(std::size_t row, std::size_t column, std::size_t step) const;
  /// Time by which a share of the pixels of each block has begun, s; grains as labelled. Nothing without an onset map
  /// and the state.
  [[nodiscard]] std::optional<series::OnsetField> true_field(View<const std::int32_t, 2> labels,
                                                             double share = 0.5) const;
  void compare_local_speed(const series::OnsetField& field, StepOutput& out);
  void compare_sites(const std::vector<series::DamageDisc>& damage);
  /// The measured map with the same grains, in °C of the set point.
  [[nodiscard]] series::OnsetField found_field(const series::OnsetField& like) const;
  void compare_holds(const series::OnsetField& truth, StepOutput& out);
  /// A point of the scene in pixels of frame 0.
  [[nodiscard]] std::array<double, 2> on_field(double y_nm, double x_nm) const;

  const StepInputs& inputs_;
  const Value& frames_truth_;
  kinetics::Programme programme_;
  double clock_offset_s_ = 0.0;
  double lamella_offset_K_ = 0.0;
  FieldOnScene field_;
  Buffer<std::int32_t, 2> labels_;  ///< as the analysis gave them; 0: void, crack or not covered
  Buffer<std::int32_t, 2> found_;   ///< voids and cracks given to the nearest grain
  Buffer<std::int32_t, 2> truth_;
  std::map<int, int> matched_;
  std::optional<Buffer<double, 2>> truth_s_;  ///< true onset of every pixel of frame 0
  RecoveryRows rows_;
};

}  // namespace hotstage::study::detail
