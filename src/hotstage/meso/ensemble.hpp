// SPDX-License-Identifier: GPL-3.0-or-later
// The one fit (front speed, on C6) and what the frozen model then predicts over seeds and priors.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/meso/observe.hpp"
#include "hotstage/meso/simulation.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace hotstage::meso {

/// The aged cell as echem.cycles describes it (schema hotstage.cell/1).
struct AgedCell {
  double x = 0.95;  ///< Li per Co at disassembly
  double x_sigma = 0.02;
  Dose dose{.mean = 1.0, .log_sigma = 0.5};
};

/// Throws Error{bad_input} for another schema.
[[nodiscard]] AgedCell cell_from_value(const Value& record);

/// The field of every draw; grains, boundaries and voids differ from draw to draw.
struct FieldOptions {
  std::size_t cells = 96;
  double field_nm = 512.0;
  std::size_t grains = 9;
  Driver driver = Driver::carbon;
  DriverTemperatures drivers{};
  std::uint64_t seed = 1;
};

[[nodiscard]] Polycrystal field_of(const FieldOptions& field, std::uint64_t draw);

/// 2 K/s from 25 °C to 700 °C (beyond the paper's 650 °C, so that late events are seen, not cut), with imaging holds of
/// one length at 500, 550, 600 and 650 °C.
[[nodiscard]] kinetics::Programme heating(double hold_s);

struct FitOptions {
  FieldOptions field;
  std::size_t draws = 48;
  std::size_t speeds = 11;  ///< front speeds simulated per draw
  double low_degC = 500.0;  ///< claim C6: onset in (500, 550] °C
  double high_degC = 550.0;
};

struct Fit {
  Frozen frozen;
  std::vector<double> log_speed;                           ///< simulated
  std::vector<std::vector<std::optional<double>>> onsets;  ///< draw × speed, °C
};

/// p(ln v | C6) under a flat prior: the mean over draws of P(onset + lamella error in (500, 550]). Runs in parallel
/// over draws; same bytes for any thread count. Throws Error{refused} when no speed gives such an onset.
[[nodiscard]] Fit fit_front_speed(const ParameterTable& table, const AgedCell& cell, const FitOptions& options,
                                  Run& run);

struct EnsembleOptions {
  FieldOptions field;
  std::size_t draws = 160;
  std::size_t hold_draws = 40;  ///< of them, so many are repeated with holds
};

constexpr std::size_t rivals = 3;
constexpr std::array<double, 2> hold_lengths_s{60.0, 600.0};

/// One microstructure with one draw of all priors.
struct Draw {
  Parameters parameters;
  double x = 1.0;
  double weight = 0.0;  ///< P(C6 | draw)/P(C6 | its speed): makes speed and priors a joint posterior
  std::optional<double> aged_onset_degC;
  std::optional<double> pristine_onset_degC;
  std::optional<double> pristine_boundary_degC;
  std::optional<double> pristine_interior_degC;
  std::array<Crossing, rivals> crossing;
  bool with_holds = false;
  std::array<std::optional<double>, 2> aged_hold_degC;
  std::array<std::optional<double>, 2> pristine_hold_degC;
  std::optional<double> cobalt_onset_degC;  ///< nucleus in the special void
  double cobalt_radius_nm = 0.0;            ///< at 650 °C
  Halo halo;
  double worst_balance = 0.0;  ///< largest relative error of O, Co, Li in its runs
};

[[nodiscard]] std::vector<Draw> run_ensemble(const Frozen& frozen, const AgedCell& cell, const EnsembleOptions& options,
                                             Run& run);

/// Median and 68 % band of a quantity over weighted draws.
struct Band {
  double median = 0.0;
  double low = 0.0;
  double high = 0.0;
  std::size_t counted = 0;  ///< draws that have the quantity
  std::size_t missing = 0;  ///< that do not: it did not happen by 700 °C

  [[nodiscard]] double half_width() const { return 0.5 * (high - low); }
};

using Pick = std::optional<double> (*)(const Draw&);

/// Draws without the quantity stand above all others (at 700 °C).
[[nodiscard]] Band band_of(const std::vector<Draw>& draws, Pick pick);

/// Weighted share of draws for which `pick` gives more than ½ (1: yes, 0: no, nothing: not counted), with its Monte
/// Carlo uncertainty; never exactly 0 or 1 (half a draw is added on each side).
[[nodiscard]] Estimate share_of(const std::vector<Draw>& draws, Pick pick);

/// Probability that the first apparent crossing lies in (550, 650] °C, lamella error included.
[[nodiscard]] Estimate crossing_probability(const std::vector<Draw>& draws, Rival rival);

/// ln of the ratio of two such probabilities on the same draws; σ by leaving out one draw at a time.
[[nodiscard]] Estimate log_bayes_factor(const std::vector<Draw>& draws, Rival numerator, Rival denominator);

/// (Σ w)²/Σ w²: how many equal draws the weighted ones are worth.
[[nodiscard]] double effective_draws(const std::vector<Draw>& draws);

}  // namespace hotstage::meso
