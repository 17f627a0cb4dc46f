// SPDX-License-Identifier: GPL-3.0-or-later
// What EELS steps show alike: figures of mean spectra with windows, profiles and maps over items, checks of the raw
// data.

#pragma once

#include "hotstage/eels/quantify.hpp"
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

  [[nodiscard]] bool is_valid(std::size_t item) const { return valid.empty() || valid[item] != 0; }
};

/// Profiles over one axis, maps over two; nothing for a single item.
[[nodiscard]] std::vector<report::Figure> item_figures(const signal::Signal& core,
                                                       std::span<const ItemQuantity> quantities);

/// The values over the navigation axes: an image of a map, a profile of a line scan; 0 where nothing was measured.
[[nodiscard]] signal::Signal map_signal(const signal::Signal& scan, const ItemQuantity& quantity);

/// Nanometres in the unit of a navigation axis, as files spell it; 0 when it is no length.
[[nodiscard]] double nanometres_per(const std::string& unit);

/// The part of a curve inside a window.
[[nodiscard]] report::Line inside(const std::string& name, const eels::EnergyAxis& axis, const std::vector<double>& y,
                                  const eels::Window& window);

/// One row per ratio; `systematic` names the last σ, for example "cross_section_sigma".
[[nodiscard]] io::Table ratio_table(std::span<const eels::RatioResult> ratios, const std::string& systematic);

/// The ratios of all items, to be drawn.
[[nodiscard]] std::vector<ItemQuantity> ratio_quantities(std::span<const eels::RatioResult> ratios,
                                                         const std::vector<char>& valid);

/// Columns x (and y) of every item, in the units of the navigation axes.
[[nodiscard]] std::vector<io::Column> position_columns(const signal::Signal& core);

/// Zero-loss flags and t/λ.
void check_zero_loss(std::span<const eels::ZeroLossSummary> peaks, std::vector<Check>& checks);

/// Dispersion, exposure, zero-loss peak, gain, background and calibration of a dual measurement.
void check_dual(const StepInputs& inputs, std::span<const eels::PlacedEdge> edges,
                std::span<const eels::ZeroLossSummary> zero_loss, std::vector<Check>& checks);

/// Warnings by kind and assumptions ("what: detail").
void add_notes(std::span<const eels::Warning> warnings, std::span<const std::string> assumed, StepOutput& out);

/// What a pass over a dual measurement leaves for the report.
struct DualPage {
  const StepInputs& inputs;
  const eels::MeanSpectra& means;
  std::span<const eels::PlacedEdge> edges;
  std::span<const eels::Window> windows;  ///< signal window of each edge
  std::span<const ItemQuantity> quantities;
  std::vector<eels::ZeroLossSummary> zero_loss;
  std::span<const eels::Warning> warnings;
  std::span<const std::string> assumed;
  bool deconvolved = false;
};

/// Adds the spectra with windows and backgrounds, profiles or maps, the checks of dispersion, exposure, zero-loss peak,
/// gain, background and calibration, warnings by kind, and assumptions.
void add_page(const DualPage& page, StepOutput& out);

enum class LowLoss { required, optional };

/// core, low and stray: the inputs of every step over a dual measurement.
[[nodiscard]] std::vector<InputSpec> dual_inputs(LowLoss low);

/// Edges by name. Throws Error{bad_input} with the nearest name.
[[nodiscard]] std::vector<eels::Edge> edges_from(std::span<const std::string> names);

}  // namespace hotstage::study::detail
