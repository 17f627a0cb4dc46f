// SPDX-License-Identifier: GPL-3.0-or-later
// Step meso.fit: the one fit of the mesoscale model, front speed to claim C6; freezes and hashes the parameters.

#include "hotstage/study/detail/meso_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::meso_fit {

namespace {

struct Options {
  int draws = 48;
  int speeds = 11;
  meso::Driver driver = meso::Driver::carbon;
  detail::FieldChoice field{.seed = 1};

  template <class V>
  void fields(V& v) {
    v("draws", draws, {.help = "microstructures, each with one draw of the other priors", .min = 1, .max = 10000});
    v("speeds", speeds, {.help = "front speeds simulated per draw", .min = 3, .max = 200});
    v("driver", driver, {.help = "why oxygen leaves"});
    field.fields(v);
  }
};

report::Figure fit_figure(const meso::Fit& fit) {
  report::Line posterior{.name = "P(C6 | front speed)"};
  for (std::size_t i = 0; i < fit.frozen.posterior.log_speed.size(); ++i) {
    posterior.x.push_back(std::exp(fit.frozen.posterior.log_speed[i]));
    posterior.y.push_back(fit.frozen.posterior.likelihood[i]);
  }
  const report::AxisSpec speed{.label = "Front speed at 525 degC, x = 1", .unit = "nm/s", .scale = report::Scale::log};
  report::Panel onsets{.title = "Onset of the aged foil",
                       .x = speed,
                       .y = {.label = "Onset", .unit = "degC"},
                       .marks = {},
                       .x_link = "speed"};
  for (std::size_t i = 0; i < fit.onsets.size(); ++i) {
    report::Line line{.name = fmt::format("draw {}", i + 1), .colour = report::Colour::grey};
    for (std::size_t k = 0; k < fit.log_speed.size(); ++k) {
      line.x.push_back(std::exp(fit.log_speed[k]));
      line.y.push_back(fit.onsets[i][k].value_or(std::nan("")));
    }
    onsets.marks.emplace_back(std::move(line));
  }
  for (const double degC : {500.0, 550.0}) {
    onsets.marks.emplace_back(report::HorizontalLine{.label = fmt::format("{:.0f} degC", degC), .value = degC});
  }
  report::Panel likelihood{.title = "Posterior under a flat prior in ln(speed)",
                           .x = speed,
                           .y = {.label = "Probability of C6"},
                           .marks = {posterior},
                           .row = 1,
                           .x_link = "speed"};
  return {.id = "fit", .title = "Front speed fitted to C6", .panels = {onsets, likelihood}};
}

void add_speed(const meso::Frozen& frozen, double x, const std::string& id, StepOutput& out) {
  const meso::Parameters p = meso::central(frozen.table);
  const double factor = meso::front_speed(p, x, Temperature::celsius(525.0)) / p.front_speed_nm_per_s;
  const double low = factor * std::exp(frozen.posterior.quantile(0.16));
  const double high = factor * std::exp(frozen.posterior.quantile(0.84));
  out.results.push_back(
      {.id = id,
       .value = factor * p.front_speed_nm_per_s,
       .sigma = 0.5 * (high - low),
       .unit = "nm/s",
       .method = fmt::format("posterior median; 68 % band [{:.3g}, {:.3g}]; all other parameters drawn "
                             "from their priors",
                             low, high),
       .evidence = "literature",
       .label = fmt::format("Front speed at 525 degC, x = {:.3g}", x),
       .headline = x < 1.0});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const meso::AgedCell cell = meso::cell_from_value(inputs.records.at("cell"));
  const meso::Fit fit = meso::fit_front_speed(meso::parameter_table(), cell,
                                              {.field = options.field.options(inputs, options.driver),
                                               .draws = static_cast<std::size_t>(options.draws),
                                               .speeds = static_cast<std::size_t>(options.speeds)},
                                              run);
  StepOutput out;
  out.records["parameters"] = meso::to_value(fit.frozen);
  out.tables["priors"] = meso::prior_table(fit.frozen.table);
  add_speed(fit.frozen, cell.x, "front_speed", out);
  add_speed(fit.frozen, 1.0, "front_speed_x1", out);
  const meso::Parameters p = meso::central(fit.frozen.table);
  out.results.push_back({.id = "front_rate",
                         .value = meso::front_rate(p, 1.0, Temperature::celsius(525.0)),
                         .sigma = meso::front_rate(p, 1.0, Temperature::celsius(525.0)) * fit.frozen.posterior.sigma,
                         .unit = "1/s",
                         .method = "k = v/(2 w) with the central width; sigma of ln k",
                         .evidence = "literature",
                         .label = "Front rate k at 525 degC, x = 1"});
  out.figures.push_back(fit_figure(fit));
  out.checks.push_back(
      {.name = "One fit, to C6",
       .status = CheckStatus::ok,
       .measured = "1 of " + std::to_string(fit.frozen.table.size()) + " parameters fitted",
       .limit = "front speed only",
       .meaning = "C6 cannot support the model; sha256 " + fit.frozen.sha256.substr(0, 16) + " freezes the rest"});
  detail::add_assumptions(out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "meso.fit",
    .version = 2,
    .title = "Front speed fitted to C6",
    .help =
        "Fits one number, the front speed at 525 degC, so that the onset of the aged foil lies in (500, 550] degC, "
        "averaged over all other priors; freezes and hashes the parameters",
    .example = "hotstage meso fit --cell cell.json --drivers drivers.json --draws 48",
    .inputs = {{"cell", Kind::record, true, "the aged cell (hotstage.cell/1)"}, detail::drivers_input()},
    .outputs = {{"parameters", Kind::record, "frozen parameters with priors, sources, posterior and SHA-256"},
                {"priors", Kind::table, "the parameter table"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::meso_fit
