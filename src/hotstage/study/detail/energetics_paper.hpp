// SPDX-License-Identifier: GPL-3.0-or-later
// Own first-principles numbers beside those of the publication, and the figures that show where the atoms are.

#pragma once

#include "hotstage/study/detail/energetics_pages.hpp"

namespace hotstage::study::detail {

/// Table `publication`: per claim of data/energetics/publication.toml what the publication and what our records say,
/// with engine, cell, k-points, cutoff, U, cost, and why they differ. `out` must hold the results already.
void add_publication_table(const EnergyBook& book, StepOutput& out);

/// Energies at both ends of the hops, and structures to turn: the (100) slab, the O vacancy, Co in the Li layer.
void add_structure_figures(const EnergyBook& book, StepOutput& out);

}  // namespace hotstage::study::detail
