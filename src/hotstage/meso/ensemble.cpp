// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/ensemble.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hotstage::meso {

namespace {

constexpr std::uint64_t lithium_stream = 0x6d65736f'00000020ULL;
constexpr std::uint64_t speed_stream = 0x6d65736f'00000021ULL;
constexpr double crossing_share = 0.05;  // of a grain, to be seen as started
constexpr double last_degC = 700.0;
constexpr double paper_end_degC = 650.0;

std::uint64_t seed_of(const FieldOptions& field, std::uint64_t draw) {
  return field.seed * 1000003ULL + draw;
}

double draw_x(const AgedCell& cell, const FieldOptions& field, std::uint64_t draw) {
  constexpr double least = 0.3;
  Rng rng(seed_of(field, draw), lithium_stream, 0);
  return std::clamp(cell.x + cell.x_sigma * rng.normal(), least, 1.0);
}

Scenario scenario_of(const Parameters& parameters, const FieldOptions& field, std::uint64_t draw,
                     const kinetics::Programme& programme) {
  return {.parameters = parameters,
          .chemistry = make_chemistry({.x = 1.0, .driver = field.driver, .drivers = field.drivers}),
          .dose = {},
          .rival = Rival::b,
          .programme = programme,
          .seed = seed_of(field, draw)};
}

void set_aged(Scenario& scenario, const FieldOptions& field, const AgedCell& cell, double x) {
  scenario.dose = cell.dose;
  scenario.chemistry = make_chemistry({.x = x, .driver = field.driver, .drivers = field.drivers});
}

double worst_error(const Outcome& outcome) {
  return std::max(
      {std::abs(outcome.oxygen.error()), std::abs(outcome.cobalt_atoms.error()), std::abs(outcome.lithium.error())});
}

void read_cobalt(const Polycrystal& crystal, const Outcome& outcome, double foil_nm, Draw& out) {
  for (const Event& event : outcome.events) {
    if (event.kind == EventKind::cobalt && event.place.x_nm == crystal.voids.front().centre.x_nm) {
      out.cobalt_onset_degC = event.temperature_degC;
      break;
    }
  }
  for (const Sample& sample : outcome.samples) {
    if (sample.temperature_degC <= paper_end_degC) {
      out.cobalt_radius_nm = sample.metal_radius_nm;
    }
  }
  for (const MetalParticle& metal : outcome.metal) {
    if (crystal.voids[metal.void_index].special) {
      out.halo = measure_halo(crystal, outcome.cobalt, metal, foil_nm);
    }
  }
}

void add_pristine(const Outcome& outcome, double visible, Draw& out) {
  out.pristine_onset_degC = find_onset(outcome.samples, Zone::all, visible);
  out.pristine_boundary_degC = find_onset(outcome.samples, Zone::boundary, visible);
  out.pristine_interior_degC = find_onset(outcome.samples, Zone::interior, visible);
  out.worst_balance = std::max(out.worst_balance, worst_error(outcome));
}

void add_holds(const Polycrystal& crystal, const EnsembleOptions& options, const AgedCell& cell, std::uint64_t index,
               Draw& out) {
  const double visible = out.parameters.visible_fraction;
  for (std::size_t h = 0; h < hold_lengths_s.size(); ++h) {
    Scenario scenario = scenario_of(out.parameters, options.field, index, heating(hold_lengths_s[h]));
    const SimulationOptions until{.stop_at_gain = 1.5 * visible};
    out.pristine_hold_degC[h] = find_onset(simulate(crystal, scenario, until).samples, Zone::all, visible);
    set_aged(scenario, options.field, cell, out.x);
    out.aged_hold_degC[h] = find_onset(simulate(crystal, scenario, until).samples, Zone::all, visible);
  }
}

Draw run_draw(const Frozen& frozen, const AgedCell& cell, const EnsembleOptions& options, std::uint64_t index) {
  Draw out;
  out.parameters = draw(frozen.table, options.field.seed, index);
  Rng rng(options.field.seed, speed_stream, index);
  const double log_speed = frozen.posterior.quantile(rng.uniform());
  out.parameters.front_speed_nm_per_s = std::exp(log_speed);
  out.x = draw_x(cell, options.field, index);
  const Polycrystal crystal = field_of(options.field, index);
  Scenario scenario = scenario_of(out.parameters, options.field, index, heating(0.0));
  const double visible = out.parameters.visible_fraction;
  add_pristine(simulate(crystal, scenario), visible, out);
  set_aged(scenario, options.field, cell, out.x);
  for (const Rival rival : {Rival::a, Rival::b, Rival::c}) {
    scenario.rival = rival;
    const Outcome outcome = simulate(crystal, scenario);
    out.crossing[static_cast<std::size_t>(rival)] = first_crossing(crystal, outcome, crossing_share);
    out.worst_balance = std::max(out.worst_balance, worst_error(outcome));
    if (rival == Rival::b) {
      out.aged_onset_degC = find_onset(outcome.samples, Zone::all, visible);
      read_cobalt(crystal, outcome, out.parameters.foil_nm, out);
    }
  }
  const double c6 = probability_between(out.aged_onset_degC, 500.0, 550.0, out.parameters.lamella_sigma_K);
  out.weight = c6 / std::max(1e-12, frozen.posterior.likelihood_at(log_speed));
  if (index < options.hold_draws) {
    out.with_holds = true;
    add_holds(crystal, options, cell, index, out);
  }
  return out;
}

/// T(ln v) between simulated speeds; beyond the programme where the onset was not reached.
double onset_at(const std::vector<double>& log_speed, const std::vector<std::optional<double>>& onsets, double at) {
  const auto above = std::upper_bound(log_speed.begin(), log_speed.end(), at);
  const auto i =
      std::clamp<std::ptrdiff_t>(above - log_speed.begin() - 1, 0, static_cast<std::ptrdiff_t>(log_speed.size()) - 2);
  const auto k = static_cast<std::size_t>(i);
  constexpr double never_degC = 760.0;
  const double a = onsets[k].value_or(never_degC);
  const double b = onsets[k + 1].value_or(never_degC);
  return a + (b - a) * std::clamp((at - log_speed[k]) / (log_speed[k + 1] - log_speed[k]), 0.0, 1.0);
}

Posterior posterior_of(const Fit& fit, const FitOptions& options, double sigma_K) {
  constexpr std::size_t nodes = 121;
  Posterior out;
  double sum = 0.0;
  double first = 0.0;
  double second = 0.0;
  for (std::size_t i = 0; i < nodes; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(nodes - 1);
    const double at = fit.log_speed.front() + share * (fit.log_speed.back() - fit.log_speed.front());
    double likelihood = 0.0;
    for (const auto& onsets : fit.onsets) {
      likelihood +=
          probability_between(onset_at(fit.log_speed, onsets, at), options.low_degC, options.high_degC, sigma_K);
    }
    likelihood /= static_cast<double>(fit.onsets.size());
    out.log_speed.push_back(at);
    out.likelihood.push_back(likelihood);
    sum += likelihood;
    first += likelihood * at;
    second += likelihood * at * at;
  }
  constexpr double nothing = 1e-9;
  if (!(sum > nothing)) {
    throw Error(Errc::refused,
                fmt::format("no front speed gives an onset in ({:.4g}, {:.4g}] degC in any of {} draws",
                            options.low_degC, options.high_degC, fit.onsets.size()),
                "Check the driver and the Li content of the cell: without a driver nothing transforms");
  }
  out.mean = first / sum;
  out.sigma = std::sqrt(std::max(0.0, second / sum - out.mean * out.mean));
  return out;
}

}  // namespace

AgedCell cell_from_value(const Value& record) {
  const auto schema = record.text_at("schema");
  if (schema != "hotstage.cell/1") {
    throw Error(Errc::bad_input, record.where,
                fmt::format("expected a record of schema hotstage.cell/1, found {}", schema.value_or("none")),
                "Bind the output `cell` of echem.cycles");
  }
  AgedCell out;
  out.x = record.at("x").as_number();
  out.x_sigma = record.number_at("x_sigma").value_or(0.0);
  out.dose.mean = record.at("dose_mean").as_number();
  out.dose.log_sigma = record.number_at("dose_log_sigma").value_or(out.dose.log_sigma);
  return out;
}

Polycrystal field_of(const FieldOptions& field, std::uint64_t draw) {
  return make_polycrystal({.cells = field.cells,
                           .pixel_nm = field.field_nm / static_cast<double>(field.cells),
                           .grains = field.grains,
                           .voids = 1,
                           .cracks = 0,
                           .seed = seed_of(field, draw)});
}

kinetics::Programme heating(double hold_s) {
  std::vector<kinetics::Hold> holds;
  if (hold_s > 0.0) {
    for (const double degC : {500.0, 550.0, 600.0, 650.0}) {
      holds.push_back({Temperature::celsius(degC), hold_s * units::s});
    }
  }
  return kinetics::Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(last_degC), HeatingRate(2.0),
                                   holds);
}

Fit fit_front_speed(const ParameterTable& table, const AgedCell& cell, const FitOptions& options, Run& run) {
  HOTSTAGE_EXPECTS(options.draws > 0 && options.speeds >= 2);
  const auto speed =
      std::find_if(table.begin(), table.end(), [](const ParameterInfo& p) { return p.name == "front_speed_nm_per_s"; });
  HOTSTAGE_EXPECTS(speed != table.end());
  Fit fit;
  const double low = std::log(speed->min.value_or(0.05));
  const double high = std::log(speed->max.value_or(2000.0));
  for (std::size_t i = 0; i < options.speeds; ++i) {
    fit.log_speed.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(options.speeds - 1));
  }
  fit.onsets.assign(options.draws, std::vector<std::optional<double>>(options.speeds));
  parallel_chunks(run, options.draws, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Polycrystal crystal = field_of(options.field, i);
      Parameters parameters = draw(table, options.field.seed, i);
      for (std::size_t k = 0; k < options.speeds; ++k) {
        parameters.front_speed_nm_per_s = std::exp(fit.log_speed[k]);
        Scenario scenario = scenario_of(parameters, options.field, i, heating(0.0));
        set_aged(scenario, options.field, cell, draw_x(cell, options.field, i));
        const Outcome outcome = simulate(crystal, scenario, {.stop_at_gain = 1.5 * parameters.visible_fraction});
        fit.onsets[i][k] = find_onset(outcome.samples, Zone::all, parameters.visible_fraction);
      }
    }
  });
  fit.frozen.table = table;
  fit.frozen.posterior = posterior_of(fit, options, central(table).lamella_sigma_K);
  for (ParameterInfo& info : fit.frozen.table) {
    if (info.name == "front_speed_nm_per_s") {
      info.value = std::exp(fit.frozen.posterior.quantile(0.5));
    }
  }
  fit.frozen.sha256 = to_value(fit.frozen).at("sha256").as_text();
  return fit;
}

std::vector<Draw> run_ensemble(const Frozen& frozen, const AgedCell& cell, const EnsembleOptions& options, Run& run) {
  std::vector<Draw> draws(options.draws);
  parallel_chunks(run, options.draws, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      draws[i] = run_draw(frozen, cell, options, i);
    }
  });
  return draws;
}

Band band_of(const std::vector<Draw>& draws, Pick pick) {
  Band out;
  std::vector<double> values;
  std::vector<double> weights;
  for (const Draw& draw : draws) {
    const auto value = pick(draw);
    values.push_back(value.value_or(last_degC));
    weights.push_back(draw.weight);
    ++(value ? out.counted : out.missing);
  }
  constexpr double one_sigma = 0.1587;
  out.low = weighted_quantile(values, weights, one_sigma);
  out.median = weighted_quantile(values, weights, 0.5);
  out.high = weighted_quantile(values, weights, 1.0 - one_sigma);
  return out;
}

double effective_draws(const std::vector<Draw>& draws) {
  double sum = 0.0;
  double squares = 0.0;
  for (const Draw& draw : draws) {
    sum += draw.weight;
    squares += draw.weight * draw.weight;
  }
  return squares > 0.0 ? sum * sum / squares : 0.0;
}

Estimate share_of(const std::vector<Draw>& draws, Pick pick) {
  double yes = 0.0;
  double all = 0.0;
  double squares = 0.0;
  for (const Draw& draw : draws) {
    if (const auto value = pick(draw)) {
      yes += draw.weight * *value;
      all += draw.weight;
      squares += draw.weight * draw.weight;
    }
  }
  const double n = squares > 0.0 ? all * all / squares : 0.0;
  const double p = ((all > 0.0 ? yes / all * n : 0.0) + 0.5) / (n + 1.0);
  return {p, std::sqrt(p * (1.0 - p) / (n + 2.0))};
}

namespace {

std::optional<double> in_window(const Draw& draw, Rival rival) {
  const Crossing& crossing = draw.crossing[static_cast<std::size_t>(rival)];
  if (!crossing.watched) {
    return std::nullopt;
  }
  return probability_between(crossing.temperature_degC, 550.0, 650.0, draw.parameters.lamella_sigma_K);
}

}  // namespace

Estimate crossing_probability(const std::vector<Draw>& draws, Rival rival) {
  switch (rival) {
    case Rival::a:
      return share_of(draws, [](const Draw& d) { return in_window(d, Rival::a); });
    case Rival::b:
      return share_of(draws, [](const Draw& d) { return in_window(d, Rival::b); });
    case Rival::c:
      break;
  }
  return share_of(draws, [](const Draw& d) { return in_window(d, Rival::c); });
}

Estimate log_bayes_factor(const std::vector<Draw>& draws, Rival numerator, Rival denominator) {
  const auto log_ratio = [&](const std::vector<Draw>& some) {
    return std::log(crossing_probability(some, numerator).value / crossing_probability(some, denominator).value);
  };
  Estimate out{log_ratio(draws), 0.0};
  std::vector<Draw> others = draws;
  double variance = 0.0;
  for (Draw& left_out : others) {
    const double weight = left_out.weight;
    left_out.weight = 0.0;
    const double change = log_ratio(others) - out.value;
    variance += change * change;
    left_out.weight = weight;
  }
  const double n = static_cast<double>(std::max<std::size_t>(1, draws.size()));
  out.sigma = std::sqrt(variance * (n - 1.0) / n);
  return out;
}

}  // namespace hotstage::meso
