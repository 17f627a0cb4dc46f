// SPDX-License-Identifier: GPL-3.0-or-later
// Step echem.predict: the growth of polarisation that follows from one retention and the priors.

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/echem_fade_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::echem_predict {

namespace {

struct Options : detail::ElectrodeOptions {
  double retention_target = 0.5;
  int cycles = 200;
  int stride = 10;
  int draws = 50;
  std::array<Voltage, 2> slight = {0.020 * units::V, 0.100 * units::V};
  int seed = 1;

  template <class V>
  void fields(V& v) {
    detail::ElectrodeOptions::fields(v);
    v("retention_target", retention_target,
      {.help = "last over first capacity: the only fit", .min = 0.05, .max = 0.99});
    v("cycles", cycles, {.help = "number of cycles", .min = 2, .max = 5000});
    v("stride", stride, {.help = "every n-th cycle is computed", .min = 1, .max = 100});
    v("draws", draws, {.help = "cells drawn from the priors", .min = 3, .max = 100000});
    v("slight", slight, {.help = "growth that counts as slight, set beforehand", .unit = "V"});
    v("seed", seed, {.help = "seed of the draws", .min = 0});
  }
};

/// Median, and half the width of the interval that holds 68 % of the draws.
Estimate band(const std::vector<double>& values) {
  return {num::quantile(values, 0.5), 0.5 * (num::quantile(values, 0.84) - num::quantile(values, 0.16))};
}

void add_results(const std::vector<echem::FadeDraw>& draws, const Options& options, StepOutput& out) {
  const auto add = [&](std::string_view name, std::string id, std::string what) {
    const detail::FadeQuantity& quantity = detail::fade_quantity(name);
    const Estimate value = band(detail::column(draws, quantity));
    out.results.push_back({.id = std::move(id),
                           .value = value.value,
                           .sigma = value.sigma,
                           .unit = std::string(quantity.unit),
                           .method = fmt::format("{}; median and half the 68 % band of {} cells drawn from the priors, "
                                                 "each fitted to the retention {:g} only",
                                                 what, draws.size(), options.retention_target),
                           .evidence = "literature"});
  };
  add("polarisation_growth", "polarisation_growth_predicted",
      "charge minus discharge voltage at half the discharge, last minus cycle 2");
  add("growth_without_film", "polarisation_growth_without_film",
      "the same with a film that does not grow: loss of material alone");
  add("lam", "lam_predicted", "active material lost");
  add("x_discharged", "x_disassembly_predicted", "Li per Co of the active material after the last discharge");
  const std::vector<double> growth = detail::column(draws, detail::fade_quantity("polarisation_growth"));
  const auto inside = std::ranges::count_if(growth, [&](double mV) {
    return mV >= 1e3 * options.slight[0].in(units::V) && mV <= 1e3 * options.slight[1].in(units::V);
  });
  out.results.push_back(
      {.id = "slight_polarisation_share",
       .value = static_cast<double>(inside) / static_cast<double>(draws.size()),
       .method = fmt::format("part of the draws whose growth lies in {:g}-{:g} mV",
                             1e3 * options.slight[0].in(units::V), 1e3 * options.slight[1].in(units::V)),
       .evidence = "literature"});
}

StepOutput run(const StepInputs&, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  echem::EnsembleOptions ensemble;
  ensemble.build = {.weighed_active_mass_g = options.active_g(), .one_c_mA_per_g = options.one_c()};
  ensemble.protocol = {.cycles = options.cycles, .stride = options.stride};
  ensemble.retention = options.retention_target;
  ensemble.draws = options.draws;
  ensemble.seed = static_cast<std::uint64_t>(options.seed);
  std::vector<echem::FadeDraw> draws = echem::draw_fades(ensemble, run);
  const std::size_t all = draws.size();
  std::erase_if(draws, [](const echem::FadeDraw& draw) { return !draw.reached; });
  StepOutput out;
  out.checks.push_back({"draws that reach the retention",
                        draws.size() == all ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} of {}", draws.size(), all), "all", "the others are left out of the bands"});
  if (draws.size() >= 3) {
    add_results(draws, options, out);
    out.figures = detail::prediction_figures(draws);
  }
  out.tables["draws"] = detail::draw_table(draws);
  detail::check_split(draws, out);
  out.assumptions = detail::prior_assumptions();
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "echem.predict",
    .version = 1,
    .title = "Polarisation predicted from the fade",
    .help =
        "Draws cells from the priors, fits each to one retention, and gives the bands of polarisation growth, lost "
        "material and lithium content that follow",
    .example = "hotstage echem predict --draws 50 --retention_target 0.5",
    .inputs = {},
    .outputs = {{"draws", Kind::table, "one row per drawn cell: constants and outcome"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::echem_predict
