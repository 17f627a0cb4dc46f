// SPDX-License-Identifier: GPL-3.0-or-later
// What EELS steps show alike: figures of mean spectra with windows, profiles and maps over items, checks of the raw
// data.

#pragma once

#include "hotstage/eels/chain.hpp"
#include "hotstage/study/step.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// A quantity with one value per item, to be drawn as a profile (one navigation axis) or a map (two).
struct ItemQuantity {
  std::string name;
  std::string unit;
  std::vector<double> value;
  std::vector<double> sigma;  ///< empty: none
  std::vector<char> valid;    ///< 0: not measured, drawn as a gap; empty: all valid
};

/// Mean core loss with backgrounds and shaded windows, the signals behind them, and the low loss.
[[nodiscard]] report::Figure spectrum_figure(const eels::MeanSpectra& means, std::span<const eels::PlacedEdge> edges,
                                             std::span<const eels::Window> signal_windows,
                                             eels::PluralScattering scattering);

/// Profiles over one axis, maps over two; nothing for a single item.
[[nodiscard]] std::vector<report::Figure> item_figures(const signal::Signal& core,
                                                       std::span<const ItemQuantity> quantities);

/// Columns x (and y) of every item, in the units of the navigation axes.
[[nodiscard]] std::vector<io::Column> position_columns(const signal::Signal& core);

/// Dispersion, exposure and saturation of the members of a pair.
void check_pair(const signal::Signal& core, const signal::Signal* low, std::vector<Check>& checks);

/// Gain, background fit and calibration of the placed edges.
void check_edges(std::span<const eels::PlacedEdge> edges, std::vector<Check>& checks);

/// Zero-loss flags and t/λ.
void check_zero_loss(std::span<const eels::ZeroLoss> peaks, std::vector<Check>& checks);

/// Warnings of the chain, counted by kind, and its assumptions.
void add_notes(std::span<const eels::Warning> warnings, std::span<const std::string> assumed, StepOutput& out);

/// Edges by name. Throws Error{bad_input} with the nearest name.
[[nodiscard]] std::vector<eels::Edge> edges_from(std::span<const std::string> names);

}  // namespace hotstage::study::detail
