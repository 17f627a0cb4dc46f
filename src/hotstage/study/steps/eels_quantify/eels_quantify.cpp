// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.quantify: atomic ratios of a dual-EELS measurement.

#include "hotstage/eels/quantify.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_pages.hpp"
#include "hotstage/study/steps/eels_quantify/tables.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::eels_quantify {

namespace {

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
        "mean of {} items{}; counting ± {:.2g}, {} ± {:.2g}; scatter of items {:.2g}{}{}", ratio.used,
        ratio.used < result.used ? " outside the standard" : "", ratio.mean.sigma,
        result.illumination ? "cross-sections" : "k factor", model, ratio.scatter,
        result.deconvolved ? "; plural scattering removed (Fourier-ratio)" : "; plural scattering not removed",
        result.shared_low_loss ? ", one low loss for all: its noise is not averaged down" : "");
    out.results.push_back(number);
  }
  if (result.deconvolved && result.used > 0) {
    std::vector<double> thickness;
    for (std::size_t i = 0; i < result.status.size(); ++i) {
      if (result.status[i] == eels::ItemStatus::ok) {
        thickness.push_back(static_cast<double>(result.thickness[i]));
      }
    }
    out.results.push_back({.id = "t/lambda",
                           .value = num::mean(thickness),
                           .sigma = thickness.size() > 1 ? num::standard_error(thickness)
                                                         : static_cast<double>(result.thickness_sigma.front()),
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
  out.tables["table"] =
      detail::ratio_table(result.ratios, result.illumination ? "cross_section_sigma" : "k_factor_sigma");
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
  std::vector<detail::ItemQuantity> quantities = detail::ratio_quantities(result.ratios, valid);
  if (result.deconvolved) {
    quantities.push_back({"t/λ", "", as_doubles(result.thickness), as_doubles(result.thickness_sigma), valid});
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
    .version = 3,
    .title = "Atomic ratios",
    .help =
        "Aligns, removes background and plural scattering, integrates windows and divides by cross-sections, item by "
        "item",
    .example =
        "hotstage eels quantify --core HL.dm3 --low LL.dm3 --edges \"Ti L3\" \"O K\" --collection \"4.12 mrad\" "
        "--convergence \"0.2 mrad\" --beam_energy \"300 keV\"",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"table", Kind::table, "ratios"},
                {"edges", Kind::table, "edges, windows, cross-sections, k factors"},
                {"items", Kind::table, "one row per item"}},
    .options = make_options<eels::QuantifyOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_quantify
