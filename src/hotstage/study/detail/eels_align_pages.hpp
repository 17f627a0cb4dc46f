// SPDX-License-Identifier: GPL-3.0-or-later
// Table, numbers and maps of an alignment.

#pragma once

#include "hotstage/eels/alignment.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/study/step.hpp"

#include <optional>
#include <span>
#include <vector>

namespace hotstage::study::detail {

/// −centre of every item; items without a peak get the mean of the others.
[[nodiscard]] std::vector<double> offsets_of(std::span<const eels::ZeroLoss> peaks);

/// The wander alone: offsets about their mean.
[[nodiscard]] std::vector<double> wander_of(std::span<const double> offsets);

/// Results, table, maps of position, t/λ and flags, checks.
[[nodiscard]] StepOutput align_page(const signal::Signal& low, std::span<const eels::ZeroLoss> peaks);

/// Adds the calibration by a known line.
void add_calibration(const eels::Calibration& calibration, StepOutput& out);

}  // namespace hotstage::study::detail
