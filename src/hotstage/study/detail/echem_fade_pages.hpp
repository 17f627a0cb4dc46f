// SPDX-License-Identifier: GPL-3.0-or-later
// Pages of the ageing model: what was put into a simulated cell, and ensembles of cells fitted to one retention.

#pragma once

#include "hotstage/echem/ensemble.hpp"
#include "hotstage/study/detail/echem_pages.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace hotstage::study::detail {

/// A number of one drawn cell.
struct FadeQuantity {
  std::string_view name;
  std::string_view unit;
  double (*get)(const echem::FadeDraw&);
};

[[nodiscard]] const FadeQuantity& fade_quantity(std::string_view name);
[[nodiscard]] std::vector<double> column(const std::vector<echem::FadeDraw>& draws, const FadeQuantity& quantity);

/// One row per draw: outcomes, then the values of the priors.
[[nodiscard]] io::Table draw_table(const std::vector<echem::FadeDraw>& draws);

/// Growth of polarisation against the share of the film, and against each other what the retention leaves open.
[[nodiscard]] std::vector<report::Figure> prediction_figures(const std::vector<echem::FadeDraw>& draws);

/// How far the split between lost material and film is left open, and which prior decides.
void check_split(const std::vector<echem::FadeDraw>& draws, StepOutput& out);

/// A simulated cell: its constants, its fit and its life.
struct SimulatedCell {
  std::vector<double> values;
  echem::AgeingCell aged;
  echem::LossFit fit;
  std::vector<echem::CycleState> states;
};

/// Schema hotstage.cell_truth/1.
[[nodiscard]] Value cell_truth(const SimulatedCell& cell);

/// The fit, the split and that it is not unique.
void add_fit(const SimulatedCell& cell, double target, StepOutput& out);

}  // namespace hotstage::study::detail
