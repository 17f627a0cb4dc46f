// SPDX-License-Identifier: GPL-3.0-or-later
// Step meso.ensemble: what the frozen model predicts over seeds and priors, with three rivals for the crossing.

#include "hotstage/study/detail/meso_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::meso_ensemble {

namespace {

struct Options {
  int draws = 160;
  int hold_draws = 40;
  meso::Driver driver = meso::Driver::carbon;
  detail::FieldChoice field{.seed = 2};

  template <class V>
  void fields(V& v) {
    v("draws", draws, {.help = "microstructures, each with one draw of all priors", .min = 2, .max = 100000});
    v("hold_draws", hold_draws, {.help = "of them, repeated with imaging holds of 60 and 600 s", .min = 0});
    v("driver", driver, {.help = "why oxygen leaves"});
    field.fields(v);
  }
};

using meso::Draw;

void add_share(const std::vector<Draw>& draws, meso::Pick pick, const std::string& id, const std::string& label,
               StepOutput& out) {
  const Estimate p = meso::share_of(draws, pick);
  out.results.push_back(
      {.id = id,
       .value = p.value,
       .sigma = p.sigma,
       .method = fmt::format("weighted share of {} draws; sigma is that of the Monte Carlo", draws.size()),
       .evidence = "literature",
       .label = label});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const meso::Frozen frozen = meso::frozen_from_value(inputs.records.at("parameters"));
  const meso::AgedCell cell = meso::cell_from_value(inputs.records.at("cell"));
  const std::vector<Draw> draws = meso::run_ensemble(frozen, cell,
                                                     {.field = options.field.options(inputs, options.driver),
                                                      .draws = static_cast<std::size_t>(options.draws),
                                                      .hold_draws = static_cast<std::size_t>(options.hold_draws)},
                                                     run);
  StepOutput out;
  detail::add_onset_results(draws, out);
  add_share(draws, detail::boundary_first, "probability_boundary_first", "Pristine: boundaries change first", out);
  add_share(draws, detail::aged_first, "probability_aged_before_pristine", "Aged starts before pristine", out);
  add_share(draws, detail::aged_interval, "probability_aged_500_550", "Aged onset in (500, 550] degC, fitted to it",
            out);
  detail::add_rival_results(draws, out);
  out.tables["draws"] = detail::draw_table(draws);
  out.tables["rivals"] = detail::rival_table(draws);
  out.figures.push_back(detail::onset_figure(draws));
  out.figures.push_back(detail::crossing_figure(draws));
  detail::add_ensemble_checks(draws, out);
  detail::add_assumptions(out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "meso.ensemble",
    .version = 3,
    .title = "Predictions over seeds and priors",
    .help =
        "Runs the frozen model, aged and pristine, on many microstructures with all priors drawn; compares three "
        "explanations of the crossing on the same seeds",
    .example = "hotstage meso ensemble --parameters fit.json --cell cell.json --drivers drivers.json --draws 160",
    .inputs = {{"parameters", Kind::record, true, "frozen parameters of meso.fit"},
               {"cell", Kind::record, true, "the aged cell (hotstage.cell/1)"},
               detail::drivers_input()},
    .outputs = {{"draws", Kind::table, "one row per draw: onsets, crossings, weight"},
                {"rivals", Kind::table, "bands and probabilities of the three rivals"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::meso_ensemble
