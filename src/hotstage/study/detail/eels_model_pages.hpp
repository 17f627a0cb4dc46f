// SPDX-License-Identifier: GPL-3.0-or-later
// Figures and tables of fits of whole spectra: eels.model and eels.mlls.

#pragma once

#include "hotstage/eels/mlls.hpp"
#include "hotstage/eels/model_fit.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/report/figure.hpp"
#include "hotstage/signal/signal.hpp"

namespace hotstage::study::detail {

/// Mean spectrum with the components of the model, and the residual in units of its σ.
[[nodiscard]] report::Figure model_figure(const eels::ModelFitResult& result);

/// Single scattering of each edge as fitted, beside the cross-section of the free atom, per atom.
[[nodiscard]] report::Figure shape_figure(const eels::ModelFitResult& result);

/// One row per ratio, per edge, per item.
[[nodiscard]] io::Table model_edge_table(const eels::ModelFitResult& result);
[[nodiscard]] io::Table model_item_table(const signal::Signal& core, const eels::ModelFitResult& result);

/// The mean spectrum with what is fitted and what is left.
[[nodiscard]] report::Figure mlls_figure(const eels::MllsResult& result);

/// The references, each with the same area.
[[nodiscard]] report::Figure reference_figure(const eels::MllsResult& result);

/// One row per item.
[[nodiscard]] io::Table mlls_item_table(const signal::Signal& core, const eels::MllsResult& result);

}  // namespace hotstage::study::detail
