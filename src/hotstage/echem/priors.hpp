// SPDX-License-Identifier: GPL-3.0-or-later
// Priors of the cell: every constant that is not measured on this cell, with its spread and source, and draws of them.

#pragma once

#include "hotstage/echem/ageing.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hotstage::echem {

enum class Spread {
  normal,     ///< sigma in the unit of the centre
  lognormal,  ///< the median is the centre, sigma of the logarithm
  uniform,    ///< centre ± sigma
};

enum class PriorName {
  mass_factor,       ///< true over weighed active mass
  curve_offset,      ///< of the whole open-circuit curve, V
  curve_shift,       ///< of the fitted part of the open-circuit curve, V
  diffusivity,       ///< m²/s
  diffusivity_full,  ///< D at the full lattice over D elsewhere
  reaction_rate,     ///< (A/m²)(m³/mol)^1.5
  film,              ///< Ω m² of particle surface, fresh cell
  series,            ///< Ω
  side_reaction,     ///< oxidation current at 4.6 V over the 1 C current
  film_per_loss,     ///< relative growth of the film per logarithm of lost active material
  dose_onset,        ///< V
  lithium_at_start,  ///< Li per Co of the fresh powder
  current_gain,      ///< shown over true current
  dose_log_sigma,    ///< of the lognormal spread of the dose over boundary facets
};

struct Prior {
  PriorName name;
  std::string_view label;
  std::string_view unit;
  Spread spread;
  double centre;
  double sigma;
  std::string_view source;
};

/// All of them, in the order of PriorName.
[[nodiscard]] std::span<const Prior> priors();

[[nodiscard]] const Prior& prior(PriorName name);

/// One value per prior; `draw` 0 … of a seed are independent.
[[nodiscard]] std::vector<double> draw_priors(std::uint64_t seed, std::uint64_t draw);

/// The centres.
[[nodiscard]] std::vector<double> central_priors();

/// What the experimenter chose and weighed.
struct CellBuild {
  double weighed_active_mass_g = 4e-3;
  double one_c_mA_per_g = 178.0;
  double c_rate = 1.0;
};

/// A cell with those values; the loss per dose stays to be fitted.
[[nodiscard]] AgeingCell make_cell(const std::vector<double>& values, const CellBuild& build, Protocol protocol);

/// The open-circuit curve with those values.
[[nodiscard]] OpenCircuit make_curve(const std::vector<double>& values);

/// Dose of one boundary facet: lognormal with the given mean, z standard normal. mean·exp(σz − σ²/2).
[[nodiscard]] double facet_dose(double mean, double log_sigma, double z);

}  // namespace hotstage::echem
