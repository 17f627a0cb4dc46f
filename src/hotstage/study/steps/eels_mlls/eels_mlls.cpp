// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.mlls: spectra as sums of reference spectra.

#include "hotstage/eels/mlls.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_model_pages.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace hotstage::study::eels_mlls {

namespace {

constexpr std::array input_names = {"reference_1", "reference_2", "reference_3", "reference_4"};

void add_results(const eels::MllsResult& result, StepOutput& out) {
  for (const eels::MllsReference& reference : result.references) {
    std::vector<double> shares;
    std::vector<double> sigmas;
    for (std::size_t i = 0; i < result.valid.size(); ++i) {
      if (result.valid[i] != 0) {
        shares.push_back(reference.share[i]);
        sigmas.push_back(reference.coefficient[i] != 0.0
                             ? std::abs(reference.sigma[i] * reference.share[i] / reference.coefficient[i])
                             : 0.0);
      }
    }
    if (shares.empty()) {
      continue;
    }
    out.results.push_back({.id = "share of " + reference.name,
                           .value = num::mean(shares),
                           .sigma = shares.size() > 1 ? num::standard_error(shares) : sigmas.front(),
                           .method = fmt::format("multiple linear least squares, mean of {} items; share of the counts "
                                                 "in the window; noise and choice of the references not in σ",
                                                 shares.size()),
                           .label = "Share of " + reference.name,
                           .headline = true});
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::MllsOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  std::vector<const signal::Signal*> references;
  for (const char* name : input_names) {
    if (const signal::Signal* reference = inputs.find_signal(name)) {
      references.push_back(reference);
    }
  }
  const eels::MllsResult result = eels::fit_references(core, references, options, run);
  StepOutput out;
  add_results(result, out);
  out.tables["items"] = detail::mlls_item_table(core, result);
  std::vector<detail::ItemQuantity> quantities;
  for (const eels::MllsReference& reference : result.references) {
    quantities.push_back(
        {"coefficient of " + reference.name, "", reference.coefficient, reference.sigma, result.valid});
  }
  if (options.max_shift.base() > 0.0) {
    quantities.push_back({"shift", "eV", result.shift_eV, result.shift_sigma, result.valid});
  }
  quantities.push_back({"residual", "of the counts", result.misfit, {}, result.valid});
  out.figures.push_back(detail::mlls_figure(result));
  out.figures.push_back(detail::reference_figure(result));
  for (report::Figure& figure : detail::item_figures(core, quantities)) {
    out.figures.push_back(std::move(figure));
  }
  constexpr double collinear = 30.0;
  out.checks.push_back({"References", result.condition < collinear ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("condition number {:.1f}", result.condition), "below 30",
                        "Above it the references are nearly multiples of each other and their coefficients exchange"});
  const std::vector<std::string> assumed{"references are complete: what they lack shows in the residual, not in σ"};
  detail::add_notes(result.warnings, assumed, out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.mlls",
    .version = 2,
    .title = "Multiple linear least squares",
    .help = "Fits every spectrum as a sum of reference spectra from files or regions, with σ, residual and shift maps",
    .example =
        "hotstage eels mlls --core scan.dm4 --reference_1 CoO.msa --reference_2 LiCoO2.msa --low \"770 eV\" --high "
        "\"820 eV\"",
    .inputs = {{"core", Kind::signal, true, "spectra to take apart"},
               {"reference_1", Kind::signal, false, "reference; the mean of its items is used"},
               {"reference_2", Kind::signal, false, "reference"},
               {"reference_3", Kind::signal, false, "reference"},
               {"reference_4", Kind::signal, false, "reference"}},
    .outputs = {{"items", Kind::table, "one row per item"}},
    .options = make_options<eels::MllsOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_mlls
