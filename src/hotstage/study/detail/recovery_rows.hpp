// SPDX-License-Identifier: GPL-3.0-or-later
// Truth against what was recovered, row by row: the table, the figure and the check of every recovery step.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/study/step.hpp"

#include <string>
#include <vector>

namespace hotstage::study::detail {

class RecoveryRows {
 public:
  /// A quantity without σ (0 or less) has no pull.
  void add(const std::string& quantity, double truth, const Estimate& found, const std::string& unit);

  /// Columns quantity, truth, recovered, sigma, pull = (recovered − truth)/sigma, unit.
  [[nodiscard]] io::Table table() const;
  [[nodiscard]] double largest() const;  ///< |pull|; 0 without pulls

  /// The table, the pulls as a figure, and a check of the largest one. `meaning` says what a large one would mean.
  void publish(double limit, const std::string& meaning, StepOutput& out) const;

 private:
  [[nodiscard]] report::Figure figure() const;

  std::vector<std::string> quantity_, unit_;
  std::vector<double> truth_, recovered_, sigma_, pull_;
};

}  // namespace hotstage::study::detail
