// SPDX-License-Identifier: GPL-3.0-or-later
// Truth against what was recovered, row by row: the table and the figure of every recovery step.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/study/step.hpp"

#include <string>
#include <vector>

namespace hotstage::study::detail {

/// Columns quantity, truth, recovered, sigma, pull, unit. The pull is (recovered − truth)/sigma, 0 without a sigma.
class RecoveryRows {
 public:
  void add(const std::string& quantity, double truth, const Estimate& found, const std::string& unit);

  [[nodiscard]] io::Table table() const;
  [[nodiscard]] report::Figure figure() const;
  [[nodiscard]] double largest() const;  ///< |pull|; 0 without rows

 private:
  std::vector<std::string> quantity_, unit_;
  std::vector<double> truth_, recovered_, sigma_, pull_;
};

}  // namespace hotstage::study::detail
