// SPDX-License-Identifier: GPL-3.0-or-later
// Results, table and figure of a contrast between two regions.

#pragma once

#include "hotstage/eels/contrast.hpp"
#include "hotstage/study/step.hpp"

#include <string>

namespace hotstage::study::detail {

struct ContrastText {
  std::string quantity;
  std::string apart;  ///< "L3/L2, void minus wall"
  std::string first;
  std::string second;
};

/// difference, significance, signed_significance; table and figure `methods`.
void add_contrast(const eels::Contrast& contrast, const ContrastText& text, StepOutput& out);

}  // namespace hotstage::study::detail
