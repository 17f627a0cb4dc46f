// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters of the mesoscale model: values, priors and sources, draws, and the frozen record of a fit.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::meso {

/// One set for aged and pristine material. Meaning, prior and source of each stand in data/meso/parameters.toml.
struct Parameters {
  double front_speed_nm_per_s = 10.0;  ///< at 525 °C, x = 1, no vacancies
  double front_barrier_eV = 1.58;
  double front_width_nm = 3.5;  ///< √(D/k)
  double bep_vacancy_eV = 1.0;
  double bep_lithium_eV = 2.1;
  double vacancy_barrier_eV = 0.95;
  double vacancy_yield = 0.01;
  double vacancy_in_cores = 0.05;
  double vacancy_equilibrium = 0.002;
  double surface_exchange_nm_per_s = 1.0;  ///< at 525 °C
  double surface_exchange_barrier_eV = 1.2;
  double boundary_diffusion_ratio = 1e4;
  double boundary_width_nm = 0.5;
  double rocksalt_ratio = 0.3;
  double rocksalt_barrier_eV = 1.75;
  double core_spacing_nm = 800.0;
  double core_radius_nm = 8.0;
  double attempt_per_s = 1e13;
  double nucleation_barrier_eV = 2.33;
  double boundary_lowering_eV = 0.15;
  double boundary_sites_per_nm2 = 1e-4;
  double interior_sites_per_nm3 = 1e-6;
  double crossing_barrier_eV = 2.33;
  double crossing_sites_per_nm2 = 1e-4;
  double crossing_vacancy_eV = 1.0;
  double cobalt_barrier_eV = 1.58;
  double cobalt_barrier_other_eV = 2.33;
  double cobalt_walk_nm = 10.0;
  double cobalt_coverage = 0.02;
  double cobalt_sites_per_nm2 = 10.0;
  double foil_nm = 80.0;
  double visible_fraction = 0.02;
  double lamella_sigma_K = 10.0;

  template <class V>
  void fields(V& v) {
    v("front_speed_nm_per_s", front_speed_nm_per_s, {});
    v("front_barrier_eV", front_barrier_eV, {});
    v("front_width_nm", front_width_nm, {});
    v("bep_vacancy_eV", bep_vacancy_eV, {});
    v("bep_lithium_eV", bep_lithium_eV, {});
    v("vacancy_barrier_eV", vacancy_barrier_eV, {});
    v("vacancy_yield", vacancy_yield, {});
    v("vacancy_in_cores", vacancy_in_cores, {});
    v("vacancy_equilibrium", vacancy_equilibrium, {});
    v("surface_exchange_nm_per_s", surface_exchange_nm_per_s, {});
    v("surface_exchange_barrier_eV", surface_exchange_barrier_eV, {});
    v("boundary_diffusion_ratio", boundary_diffusion_ratio, {});
    v("boundary_width_nm", boundary_width_nm, {});
    v("rocksalt_ratio", rocksalt_ratio, {});
    v("rocksalt_barrier_eV", rocksalt_barrier_eV, {});
    v("core_spacing_nm", core_spacing_nm, {});
    v("core_radius_nm", core_radius_nm, {});
    v("attempt_per_s", attempt_per_s, {});
    v("nucleation_barrier_eV", nucleation_barrier_eV, {});
    v("boundary_lowering_eV", boundary_lowering_eV, {});
    v("boundary_sites_per_nm2", boundary_sites_per_nm2, {});
    v("interior_sites_per_nm3", interior_sites_per_nm3, {});
    v("crossing_barrier_eV", crossing_barrier_eV, {});
    v("crossing_sites_per_nm2", crossing_sites_per_nm2, {});
    v("crossing_vacancy_eV", crossing_vacancy_eV, {});
    v("cobalt_barrier_eV", cobalt_barrier_eV, {});
    v("cobalt_barrier_other_eV", cobalt_barrier_other_eV, {});
    v("cobalt_walk_nm", cobalt_walk_nm, {});
    v("cobalt_coverage", cobalt_coverage, {});
    v("cobalt_sites_per_nm2", cobalt_sites_per_nm2, {});
    v("foil_nm", foil_nm, {});
    v("visible_fraction", visible_fraction, {});
    v("lamella_sigma_K", lamella_sigma_K, {});
  }
};

enum class PriorKind { fixed, normal, lognormal, log_uniform };

constexpr auto enum_names(PriorKind) {
  return std::array{EnumName<PriorKind>{PriorKind::fixed, "fixed"}, EnumName<PriorKind>{PriorKind::normal, "normal"},
                    EnumName<PriorKind>{PriorKind::lognormal, "lognormal"},
                    EnumName<PriorKind>{PriorKind::log_uniform, "log_uniform"}};
}

/// One row of the parameter table.
struct ParameterInfo {
  std::string name;
  double value = 0.0;
  std::string unit;
  PriorKind prior = PriorKind::fixed;
  double spread = 0.0;  ///< σ of a normal prior, factor of one σ of a lognormal one
  std::optional<double> min;
  std::optional<double> max;
  std::string source;  ///< where it comes from, "prior: …", or "fitted to C6"
  std::string help;

  template <class V>
  void fields(V& v) {
    v("name", name, {.required = true});
    v("value", value, {.required = true});
    v("unit", unit, {});
    v("prior", prior, {.required = true});
    v("spread", spread, {.min = 0.0});
    v("min", min, {});
    v("max", max, {});
    v("source", source, {.required = true});
    v("help", help, {});
  }
};

using ParameterTable = std::vector<ParameterInfo>;

/// The table built in (data/meso/parameters.toml): every member of Parameters once. Throws Error{bad_input}.
[[nodiscard]] ParameterTable parameter_table();

/// Reads a table from its document; the same checks.
[[nodiscard]] ParameterTable parameter_table(const Value& document);

/// Centres of the priors.
[[nodiscard]] Parameters central(const ParameterTable& table);

/// One draw from all priors but that of the fitted front speed, which keeps its centre. Draw `index` of `seed` is the
/// same whatever else is drawn.
[[nodiscard]] Parameters draw(const ParameterTable& table, std::uint64_t seed, std::uint64_t index);

/// Posterior of the one fitted scalar, ln(front speed at 525 °C), on an even grid.
struct Posterior {
  std::vector<double> log_speed;   ///< ln(nm/s), ascending
  std::vector<double> likelihood;  ///< P(C6 | speed), averaged over the other priors
  double mean = 0.0;               ///< of ln speed
  double sigma = 0.0;

  /// Mean likelihood at a speed, linear between nodes, the end values outside.
  [[nodiscard]] double likelihood_at(double log_speed_value) const;
  /// Quantile of ln speed under a flat prior on the grid.
  [[nodiscard]] double quantile(double p) const;
};

/// What meso.fit writes: the table with the fitted value in place, the posterior, and the hash of both.
struct Frozen {
  ParameterTable table;
  Posterior posterior;
  std::string sha256;
};

/// Schema hotstage.meso_parameters/1; "sha256" is that of the compact JSON of the record without it.
[[nodiscard]] Value to_value(const Frozen& frozen);

/// Throws Error{bad_input} when the record is not of this schema, Error{refused} when the hash does not match: a frozen
/// set was changed after the fit.
[[nodiscard]] Frozen frozen_from_value(const Value& value);

}  // namespace hotstage::meso
