// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.model: atomic ratios from a model of the whole core-loss spectrum.

#include "hotstage/eels/model_fit.hpp"
#include "hotstage/study/detail/eels_model_pages.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::eels_model {

namespace {

void add_results(const eels::ModelFitResult& result, StepOutput& out) {
  for (const eels::RatioResult& ratio : result.ratios) {
    if (ratio.used == 0) {
      continue;
    }
    const double model = ratio.model_uncertainty * ratio.mean.value;
    Result number{.id = ratio.name,
                  .value = ratio.mean.value,
                  .sigma = std::hypot(ratio.mean.sigma, model),
                  .label = ratio.name + (result.relative ? "" : " atomic ratio"),
                  .headline = true};
    number.method = fmt::format(
        "model of the whole spectrum, mean of {} items{}; counting ± {:.2g}, {} ± {:.2g}; scatter of items "
        "{:.2g}{}",
        ratio.used, ratio.used < result.used ? " outside the standard" : "", ratio.mean.sigma,
        result.edges[ratio.numerator].k.sigma > 0.0 ? "k factor of the standard" : "cross-sections", model,
        ratio.scatter,
        result.convolved ? "; plural scattering in the model" : "; no low loss: plural scattering ignored");
    out.results.push_back(number);
  }
}

Check misfit_check(const eels::ModelFitResult& result) {
  constexpr double limit = 1.5;
  double sum = 0.0;
  for (const double value : result.chi2_per_dof) {
    sum += value;
  }
  const double mean = result.used > 0 ? sum / static_cast<double>(result.used) : 0.0;
  return {"Model", mean < limit && result.used > 0 ? CheckStatus::ok : CheckStatus::attention,
          fmt::format("χ²/dof {:.2f} of the noise, {} parameters, {:.0f}–{:.0f} eV", mean, result.parameters,
                      result.range.low_eV, result.range.high_eV),
          "below 1.5", "Another edge, a wrong low loss or a background that is no power law show in the residual"};
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::ModelFitOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::ModelFitResult result =
      eels::fit_model({core, inputs.find_signal("low"), inputs.find_signal("stray")}, options, run);
  StepOutput out;
  add_results(result, out);
  out.tables["table"] = detail::ratio_table(result.ratios, "model_sigma");
  out.tables["edges"] = detail::model_edge_table(result);
  out.tables["items"] = detail::model_item_table(core, result);
  std::vector<char> valid;
  for (const eels::ModelStatus item : result.status) {
    valid.push_back(item == eels::ModelStatus::ok ? 1 : 0);
  }
  std::vector<detail::ItemQuantity> quantities = detail::ratio_quantities(result.ratios, valid);
  quantities.push_back({"χ²/dof", "", result.chi2_per_dof, {}, valid});
  if (result.convolved) {
    quantities.push_back({"t/λ", "", result.thickness, result.thickness_sigma, valid});
  }
  out.figures.push_back(detail::model_figure(result));
  out.figures.push_back(detail::shape_figure(result));
  for (report::Figure& figure : detail::item_figures(core, quantities)) {
    out.figures.push_back(std::move(figure));
  }
  std::vector<eels::PlacedEdge> placed;
  for (const eels::ModelEdgeResult& edge : result.edges) {
    placed.push_back(edge.placed);
  }
  detail::check_dual(inputs, placed, eels::summaries_of(result.zero_loss), out.checks);
  out.checks.push_back(misfit_check(result));
  detail::add_notes(result.warnings, result.assumed, out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.model",
    .version = 3,
    .title = "Atomic ratios by a model of the whole spectrum",
    .help =
        "Fits background, cross-sections and free near-edge structure, convolved with the low loss, item by item; "
        "nothing "
        "is deconvolved, every fit is convex",
    .example =
        "hotstage eels model --core HL.dm3 --low LL.dm3 --edges \"Ti L3\" \"O K\" --collection \"4.12 mrad\" "
        "--convergence \"0.2 mrad\" --beam_energy \"300 keV\"",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"table", Kind::table, "ratios"},
                {"edges", Kind::table, "edges, where their shape is free, k factors"},
                {"items", Kind::table, "one row per item"}},
    .options = make_options<eels::ModelFitOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_model
