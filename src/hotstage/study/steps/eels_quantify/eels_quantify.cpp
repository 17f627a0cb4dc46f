// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.quantify: atomic ratios of a dual-EELS measurement.

#include "hotstage/core/constants.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::eels_quantify {

namespace {

io::Table ratio_table(const eels::QuantifyResult& result) {
  std::vector<std::string> name;
  std::vector<double> mean, error, scatter, propagated, sums, sums_sigma, model, used;
  for (const eels::RatioResult& ratio : result.ratios) {
    name.push_back(ratio.name);
    mean.push_back(ratio.mean.value);
    error.push_back(ratio.mean.sigma);
    scatter.push_back(ratio.scatter);
    propagated.push_back(ratio.propagated);
    sums.push_back(ratio.of_sums.value);
    sums_sigma.push_back(ratio.of_sums.sigma);
    model.push_back(ratio.model_uncertainty * ratio.mean.value);
    used.push_back(static_cast<double>(ratio.used));
  }
  io::Table table;
  table.columns = {io::text_column("ratio", name),
                   io::number_column("mean", "", mean),
                   io::number_column("standard_error", "", error),
                   io::number_column("scatter_of_items", "", scatter),
                   io::number_column("counting_sigma_of_item", "", propagated),
                   io::number_column("of_sums", "", sums),
                   io::number_column("of_sums_sigma", "", sums_sigma),
                   io::number_column("cross_section_sigma", "", model),
                   io::number_column("items", "", used)};
  return table;
}

io::Table edge_table(const eels::QuantifyResult& result) {
  io::Table table;
  std::vector<std::string> name;
  std::vector<double> onset, shift, low, high, area, model, intensity, sigma, noise, misfit;
  for (const eels::EdgeResult& edge : result.edges) {
    name.push_back(edge.placed.edge.name());
    onset.push_back(edge.placed.onset_eV);
    shift.push_back(edge.placed.displacement_eV);
    low.push_back(edge.signal.low_eV);
    high.push_back(edge.signal.high_eV);
    area.push_back(edge.cross_section ? edge.cross_section->value.base() / constants::barn_nm2 : 0.0);
    model.push_back(100.0 * edge.relative_uncertainty);
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
                   io::number_column("intensity", "counts", intensity),
                   io::number_column("intensity_sigma", "counts", sigma),
                   io::number_column("variance_over_mean", "", noise),
                   io::number_column("chi2_per_dof", "", misfit)};
  return table;
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
  table.columns.push_back(io::number_column("t_over_lambda", "", result.thickness));
  table.columns.push_back(io::number_column("t_over_lambda_sigma", "", result.thickness_sigma));
  for (const eels::EdgeResult& edge : result.edges) {
    const std::string name = edge.placed.edge.name();
    table.columns.push_back(io::number_column(name + " intensity", "counts", edge.intensity));
    table.columns.push_back(io::number_column(name + " sigma", "counts", edge.sigma));
    table.columns.push_back(io::number_column(name + " background r", "", edge.exponent));
    table.columns.push_back(io::number_column(name + " chi2_per_dof", "", edge.chi2_per_dof));
  }
  for (const eels::RatioResult& ratio : result.ratios) {
    table.columns.push_back(io::number_column(ratio.name, "", ratio.value));
    table.columns.push_back(io::number_column(ratio.name + " sigma", "", ratio.sigma));
  }
  return table;
}

void add_results(const eels::QuantifyResult& result, StepOutput& out) {
  for (const eels::RatioResult& ratio : result.ratios) {
    if (ratio.used == 0) {
      continue;
    }
    const double model = ratio.model_uncertainty * ratio.mean.value;
    Result number{.id = ratio.name,
                  .value = ratio.mean.value,
                  .sigma = std::hypot(ratio.mean.sigma, model),
                  .label = ratio.name + " atomic ratio",
                  .headline = true};
    number.method = fmt::format(
        "mean of {} items; counting ± {:.2g}, cross-sections ± {:.2g}; scatter of items {:.2g}{}", ratio.used,
        ratio.mean.sigma, model, ratio.scatter,
        result.deconvolved ? "; plural scattering removed (Fourier-ratio)" : "; plural scattering not removed");
    out.results.push_back(number);
  }
  if (result.deconvolved && result.used > 0) {
    std::vector<double> thickness;
    for (std::size_t i = 0; i < result.status.size(); ++i) {
      if (result.status[i] == eels::ItemStatus::ok) {
        thickness.push_back(result.thickness[i]);
      }
    }
    out.results.push_back(
        {.id = "t/lambda",
         .value = num::mean(thickness),
         .sigma = thickness.size() > 1 ? num::standard_error(thickness) : result.thickness_sigma.front(),
         .method = "ln(It/I0), zero-loss peak up to its first minimum",
         .label = "t/λ"});
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::QuantifyOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::QuantifyResult result =
      eels::quantify({core, inputs.find_signal("low"), inputs.find_signal("stray")}, options, run);
  StepOutput out;
  add_results(result, out);
  out.tables["table"] = ratio_table(result);
  out.tables["edges"] = edge_table(result);
  out.tables["items"] = item_table(core, result);
  std::vector<eels::PlacedEdge> placed;
  std::vector<eels::Window> windows;
  for (const eels::EdgeResult& edge : result.edges) {
    placed.push_back(edge.placed);
    windows.push_back(edge.signal);
  }
  std::vector<char> valid;
  for (const eels::ItemStatus item : result.status) {
    valid.push_back(item == eels::ItemStatus::ok ? 1 : 0);
  }
  std::vector<detail::ItemQuantity> quantities;
  for (const eels::RatioResult& ratio : result.ratios) {
    quantities.push_back({ratio.name, "", ratio.value, ratio.sigma, valid});
  }
  if (result.deconvolved) {
    quantities.push_back({"t/λ", "", result.thickness, result.thickness_sigma, valid});
  }
  detail::add_page({.inputs = inputs,
                    .means = result.means,
                    .edges = placed,
                    .windows = windows,
                    .quantities = quantities,
                    .zero_loss = result.zero_loss,
                    .warnings = result.warnings,
                    .assumed = result.assumed,
                    .deconvolved = result.deconvolved},
                   out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.quantify",
    .version = 1,
    .title = "Atomic ratios",
    .help =
        "Aligns, removes background and plural scattering, integrates windows and divides by cross-sections, item by "
        "item",
    .example =
        "hotstage eels quantify --core HL.dm3 --low LL.dm3 --edges \"Ti L3\" \"O K\" --collection \"4.12 mrad\" "
        "--convergence \"0.2 mrad\" --beam_energy \"300 keV\"",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"table", Kind::table, "ratios"},
                {"edges", Kind::table, "edges, windows, cross-sections"},
                {"items", Kind::table, "one row per item"}},
    .options = make_options<eels::QuantifyOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_quantify
