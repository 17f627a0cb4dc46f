// SPDX-License-Identifier: GPL-3.0-or-later
// A model as a drawing for print, and as data for the script of the page.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/report/figure.hpp"

#include <string>

namespace hotstage::report::detail {

/// What is wrong with a model, or nothing.
[[nodiscard]] std::string problem(const Model& model);

/// A whole <svg> element of a figure that has a model.
[[nodiscard]] std::string model_svg(const Figure& figure);

/// What `turn` of report.js needs: the drawing's size, balls, sticks, edges, colours of paper, length of the scale bar.
[[nodiscard]] Value model_data(const Figure& figure);

}  // namespace hotstage::report::detail
