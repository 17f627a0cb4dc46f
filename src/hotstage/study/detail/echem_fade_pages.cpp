// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/echem_fade_pages.hpp"

#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::study::detail {

namespace {

constexpr std::array quantities{
    FadeQuantity{"loss_per_dose", "", [](const echem::FadeDraw& d) { return d.loss; }},
    FadeQuantity{"capacity_first", "mA h/g", [](const echem::FadeDraw& d) { return d.capacity_first_mAh_per_g; }},
    FadeQuantity{"lam", "", [](const echem::FadeDraw& d) { return d.lam; }},
    FadeQuantity{"film_growth", "", [](const echem::FadeDraw& d) { return d.film_growth; }},
    FadeQuantity{"polarisation_first", "mV", [](const echem::FadeDraw& d) { return 1e3 * d.polarisation_first_V; }},
    FadeQuantity{"polarisation_last", "mV", [](const echem::FadeDraw& d) { return 1e3 * d.polarisation_last_V; }},
    FadeQuantity{"polarisation_growth", "mV", [](const echem::FadeDraw& d) { return 1e3 * d.growth(); }},
    FadeQuantity{"growth_without_film", "mV", [](const echem::FadeDraw& d) { return 1e3 * d.growth_without_film_V; }},
    FadeQuantity{"x_discharged", "", [](const echem::FadeDraw& d) { return d.x_discharged; }},
    FadeQuantity{"x_charged", "", [](const echem::FadeDraw& d) { return d.x_charged; }},
    FadeQuantity{"dose", "", [](const echem::FadeDraw& d) { return d.dose; }}};

double value_of(const SimulatedCell& cell, echem::PriorName name) {
  return cell.values[static_cast<std::size_t>(name)];
}

report::Panel scatter(const std::vector<echem::FadeDraw>& draws, std::string_view x, std::string_view y) {
  const FadeQuantity& across = fade_quantity(x);
  const FadeQuantity& up = fade_quantity(y);
  const auto axis = [](std::string_view label, std::string_view unit) {
    return report::AxisSpec{.label = std::string(label), .unit = std::string(unit)};
  };
  std::string x_label(x);
  std::string y_label(y);
  std::ranges::replace(x_label, '_', ' ');
  std::ranges::replace(y_label, '_', ' ');
  report::Panel panel{.x = axis(x_label, across.unit), .y = axis(y_label, up.unit)};
  panel.marks.emplace_back(
      report::Points{.name = "one drawn cell", .x = column(draws, across), .y = column(draws, up)});
  return panel;
}

}  // namespace

const FadeQuantity& fade_quantity(std::string_view name) {
  const auto found = std::ranges::find(quantities, name, &FadeQuantity::name);
  HOTSTAGE_EXPECTS(found != quantities.end());
  return *found;
}

std::vector<double> column(const std::vector<echem::FadeDraw>& draws, const FadeQuantity& quantity) {
  std::vector<double> out;
  std::ranges::transform(draws, std::back_inserter(out), quantity.get);
  return out;
}

io::Table draw_table(const std::vector<echem::FadeDraw>& draws) {
  io::Table out;
  for (const FadeQuantity& quantity : quantities) {
    out.columns.push_back(
        io::number_column(std::string(quantity.name), std::string(quantity.unit), column(draws, quantity)));
  }
  for (const echem::Prior& prior : echem::priors()) {
    std::vector<double> values;
    for (const echem::FadeDraw& draw : draws) {
      values.push_back(draw.values[static_cast<std::size_t>(prior.name)]);
    }
    out.columns.push_back(io::number_column(std::string(prior.label), std::string(prior.unit), values));
  }
  return out;
}

std::vector<report::Figure> prediction_figures(const std::vector<echem::FadeDraw>& draws) {
  report::Panel growth = scatter(draws, "film_growth", "polarisation_growth");
  growth.marks.emplace_back(report::Points{.name = "film that does not grow",
                                           .x = column(draws, fade_quantity("film_growth")),
                                           .y = column(draws, fade_quantity("growth_without_film")),
                                           .symbol = report::Symbol::square});
  report::Panel split = scatter(draws, "lam", "polarisation_growth");
  split.column = 1;
  return {{.id = "polarisation-prediction",
           .title = "Polarisation that follows from the fade",
           .caption = "Every cell loses the same capacity; what the priors leave open is the spread.",
           .panels = {std::move(growth), std::move(split)}}};
}

void check_split(const std::vector<echem::FadeDraw>& draws, StepOutput& out) {
  if (draws.size() < 3) {
    return;
  }
  const std::vector<double> growth = column(draws, fade_quantity("polarisation_growth"));
  std::string strongest;
  double largest = 0.0;
  for (const echem::Prior& prior : echem::priors()) {
    std::vector<double> values;
    for (const echem::FadeDraw& draw : draws) {
      values.push_back(draw.values[static_cast<std::size_t>(prior.name)]);
    }
    const double correlation = echem::rank_correlation(values, growth);
    if (std::abs(correlation) > std::abs(largest)) {
      largest = correlation;
      strongest = prior.label;
    }
  }
  const std::vector<double> lam = column(draws, fade_quantity("lam"));
  out.checks.push_back({"the split of the fade is not unique", CheckStatus::attention,
                        fmt::format("lost material {:.3f}-{:.3f}, growth of polarisation {:.0f}-{:.0f} mV at one "
                                    "retention; strongest prior: {} (rank correlation {:+.2f})",
                                    num::quantile(lam, 0.0), num::quantile(lam, 1.0), num::quantile(growth, 0.0),
                                    num::quantile(growth, 1.0), strongest, largest),
                        "", "the band of the prediction is the band of the priors"});
}

Value cell_truth(const SimulatedCell& cell) {
  const echem::CycleState& first = cell.states.front();
  const echem::CycleState& second = cell.states[1];
  const echem::CycleState& last = cell.states.back();
  const double gram = cell.aged.cell.active_mass_g;
  Value truth = Value::object();
  truth["schema"] = "hotstage.cell_truth/1";
  truth["capacity_first"] = first.discharge_Ah * 1e3 / gram;
  truth["capacity_last"] = last.discharge_Ah * 1e3 / gram;
  truth["retention"] = last.discharge_Ah / first.discharge_Ah;
  truth["ce_last"] = last.discharge_Ah / last.charge_Ah;
  truth["polarisation_first"] = 1e3 * second.polarisation_V;
  truth["polarisation_last"] = 1e3 * last.polarisation_V;
  truth["x_disassembly"] = last.x_discharged;
  truth["x_charged"] = last.x_charged;
  truth["lam"] = 1.0 - last.active_fraction / first.active_fraction;
  truth["film_growth"] = last.film_ohm_m2 / first.film_ohm_m2;
  truth["resistance_growth"] = last.polarisation_V / second.polarisation_V;
  truth["dose_mean"] = last.dose;
  truth["loss_per_dose"] = cell.fit.loss;
  for (const echem::Prior& prior : echem::priors()) {
    truth["constants"][prior.label] = value_of(cell, prior.name);
  }
  return truth;
}

void add_fit(const SimulatedCell& cell, double target, StepOutput& out) {
  const echem::CycleState& last = cell.states.back();
  const double charge_swing =
      (last.x_discharged - last.x_charged) / (cell.states.front().x_discharged - cell.states.front().x_charged);
  out.results.push_back({.id = "retention_fitted",
                         .value = cell.fit.retention,
                         .method = fmt::format("loss of active material per dose fitted to {:g} in {} runs of the cell",
                                               target, cell.fit.evaluations),
                         .evidence = "literature",
                         .label = "Retention put into the simulated cell"});
  out.checks.push_back(
      {"the split of the fade is not unique", CheckStatus::attention,
       fmt::format("active material × {:.3f}, usable lithium swing × {:.3f} (polarisation)", last.active_fraction,
                   charge_swing),
       "", "one number (retention) is fitted; how loss of material and resistance share it comes from a prior"});
  out.checks.push_back({"the fit met its target",
                        std::abs(cell.fit.retention - target) < 1e-3 ? CheckStatus::ok : CheckStatus::failed,
                        fmt::format("{:.4f}", cell.fit.retention), fmt::format("{:g} ± 0.001", target), "claim C2"});
}

}  // namespace hotstage::study::detail
