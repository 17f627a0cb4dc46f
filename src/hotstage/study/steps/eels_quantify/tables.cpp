// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/steps/eels_quantify/tables.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::study::eels_quantify {

io::Table edge_table(const eels::QuantifyResult& result) {
  io::Table table;
  std::vector<std::string> name;
  std::vector<double> onset, shift, low, high, area, model, k, k_sigma, intensity, sigma, noise, misfit;
  for (const eels::EdgeResult& edge : result.edges) {
    name.push_back(edge.placed.edge.name());
    onset.push_back(edge.placed.onset_eV);
    shift.push_back(edge.placed.displacement_eV);
    low.push_back(edge.signal.low_eV);
    high.push_back(edge.signal.high_eV);
    area.push_back(edge.cross_section ? edge.cross_section->value.base() / constants::barn_nm2 : 0.0);
    model.push_back(100.0 * edge.relative_uncertainty);
    k.push_back(edge.k.value);
    k_sigma.push_back(edge.k.sigma);
    intensity.push_back(edge.total.value);
    sigma.push_back(edge.total.sigma);
    noise.push_back(edge.placed.noise_factor);
    misfit.push_back(edge.placed.chi2_per_dof);
  }
  table.columns = {io::text_column("edge", name),
                   io::number_column("onset", "eV", onset),
                   io::number_column("displacement", "eV", shift),
                   io::number_column("window_low", "eV", low),
                   io::number_column("window_high", "eV", high),
                   io::number_column("cross_section", "barn", area),
                   io::number_column("cross_section_uncertainty", "%", model),
                   io::number_column("k_factor", "", k),
                   io::number_column("k_factor_sigma", "", k_sigma),
                   io::number_column("intensity", "counts", intensity),
                   io::number_column("intensity_sigma", "counts", sigma),
                   io::number_column("variance_over_mean", "", noise),
                   io::number_column("chi2_per_dof", "", misfit)};
  return table;
}

std::vector<double> as_doubles(std::span<const float> values) {
  return {values.begin(), values.end()};
}

io::Table item_table(const signal::Signal& core, const eels::QuantifyResult& result) {
  io::Table table;
  table.columns = detail::position_columns(core);
  std::vector<std::string> status;
  for (const eels::ItemStatus item : result.status) {
    status.emplace_back(eels::name(item));
  }
  table.columns.push_back(io::text_column("status", status));
  table.columns.push_back(io::number_column("energy_shift", "eV", result.shift_eV));
  table.columns.push_back(io::number_column("t_over_lambda", "", as_doubles(result.thickness)));
  table.columns.push_back(io::number_column("t_over_lambda_sigma", "", as_doubles(result.thickness_sigma)));
  for (const eels::EdgeResult& edge : result.edges) {
    const std::string name = edge.placed.edge.name();
    table.columns.push_back(io::number_column(name + " intensity", "counts", as_doubles(edge.intensity)));
    table.columns.push_back(io::number_column(name + " intensity_sigma", "counts", as_doubles(edge.sigma)));
    table.columns.push_back(io::number_column(name + " background r", "", as_doubles(edge.exponent)));
    table.columns.push_back(io::number_column(name + " chi2_per_dof", "", as_doubles(edge.chi2_per_dof)));
  }
  for (const eels::RatioResult& ratio : result.ratios) {
    table.columns.push_back(io::number_column(ratio.name, "", ratio.value));
    table.columns.push_back(io::number_column(ratio.name + "_sigma", "", ratio.sigma));
  }
  return table;
}

}  // namespace hotstage::study::eels_quantify
