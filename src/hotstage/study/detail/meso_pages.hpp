// SPDX-License-Identifier: GPL-3.0-or-later
// What mesoscale steps show alike: maps of the state, curves over temperature, histograms over draws.

#pragma once

#include "hotstage/meso/controls.hpp"
#include "hotstage/meso/recorder.hpp"
#include "hotstage/meso/scene.hpp"
#include "hotstage/study/step.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// Options of every step that runs many microstructures. Their thermodynamics is bound, never chosen.
struct FieldChoice {
  int cells = 96;
  Length field = 512.0 * units::nm;
  int grains = 9;
  int seed = 1;

  template <class V>
  void fields(V& v) {
    v("cells", cells, {.help = "cells per side", .min = 32, .max = 1024});
    v("field", field, {.help = "side of the field", .unit = "nm", .min = 200.0, .max = 1e5});
    v("grains", grains, {.help = "grains in the field", .min = 2, .max = 1000});
    v("seed", seed, {.help = "seed of microstructures and priors", .min = 0});
  }

  [[nodiscard]] meso::FieldOptions options(const StepInputs& inputs, meso::Driver driver) const;
};

/// The input "drivers" of every mesoscale step.
[[nodiscard]] InputSpec drivers_input();

/// One moment of a run, kept for a figure.
struct StateMap {
  double temperature_degC = 0.0;
  std::vector<double> transformed;  ///< per cell
};

/// Keeps the states nearest after 500, 550, 600 and 650 °C, where the paper shows frames.
class MapKeeper {
 public:
  explicit MapKeeper(const kinetics::Programme& programme) : programme_(programme) {}

  void add(const meso::FoilState& state);

  [[nodiscard]] std::span<const StateMap> maps() const { return maps_; }

 private:
  kinetics::Programme programme_;
  std::size_t next_ = 0;
  std::vector<StateMap> maps_;
};

/// The temperature of the lamella on the microscope's clock, from a record hotstage.heating/1.
[[nodiscard]] kinetics::Programme lamella_programme(const Value& heating);

/// From the begin of a programme to its end in equal steps, the end included.
[[nodiscard]] std::vector<double> look_times(const kinetics::Programme& programme, Time interval);

/// Axes y and x of the field in nm, at the centres of the cells.
[[nodiscard]] std::vector<signal::Axis> field_axes(const meso::Polycrystal& crystal);
/// time × material | y × x, thickness in nm.
[[nodiscard]] signal::Signal state_signal(const meso::Polycrystal& crystal, const meso::StateRecorder& recorder);
[[nodiscard]] signal::Signal label_signal(const meso::Polycrystal& crystal);

/// A check of the O, Co and Li balance of a run.
void add_balance(const meso::Outcome& outcome, StepOutput& out);

[[nodiscard]] report::Figure state_figure(const meso::Polycrystal& crystal, std::span<const StateMap> maps);

/// Transformed shares, vacancies and the radius of the metal over temperature.
[[nodiscard]] report::Figure course_figure(const meso::Outcome& outcome, const std::string& title);

/// Temperatures of the first apparent crossing under the three rivals, weighted, in bins of 10 °C.
[[nodiscard]] report::Figure crossing_figure(const std::vector<meso::Draw>& draws);

/// Onsets of aged and pristine material over draws, in bins of 10 °C.
[[nodiscard]] report::Figure onset_figure(const std::vector<meso::Draw>& draws);

/// A band as a result; left out, with a check that says why, when fewer than half the draws have the quantity.
struct BandResult {
  std::string id;
  std::string label;
  std::string unit = "degC";
  std::string method;
  bool headline = false;
};

void add_band(const std::vector<meso::Draw>& draws, meso::Pick pick, const BandResult& what, StepOutput& out);

// Quantities of one draw.
[[nodiscard]] std::optional<double> onset_difference(const meso::Draw& draw);
[[nodiscard]] std::optional<double> halo_ratio(const meso::Draw& draw);
[[nodiscard]] std::optional<double> boundary_first(const meso::Draw& draw);
[[nodiscard]] std::optional<double> aged_first(const meso::Draw& draw);
[[nodiscard]] std::optional<double> aged_interval(const meso::Draw& draw);
[[nodiscard]] meso::Pick crossing_pick(meso::Rival rival);

/// How far imaging holds of 60 and 600 s move the onsets.
struct NamedPick {
  std::string id;
  std::string label;
  meso::Pick pick;
};

[[nodiscard]] std::vector<NamedPick> hold_shifts();

/// The draws that were repeated with holds.
[[nodiscard]] std::vector<meso::Draw> with_holds(const std::vector<meso::Draw>& draws);

/// Bands of onsets, of Co in the void and of what holds change (C6, C7, C10, C20).
void add_onset_results(const std::vector<meso::Draw>& draws, StepOutput& out);

/// First apparent crossing and Bayes factors of the rivals (C8).
void add_rival_results(const std::vector<meso::Draw>& draws, StepOutput& out);

[[nodiscard]] io::Table draw_table(const std::vector<meso::Draw>& draws);
[[nodiscard]] io::Table rival_table(const std::vector<meso::Draw>& draws);

/// Number of draws, their effective number, balance.
void add_ensemble_checks(const std::vector<meso::Draw>& draws, StepOutput& out);

/// What every run of the model takes for granted.
void add_assumptions(StepOutput& out);

}  // namespace hotstage::study::detail
