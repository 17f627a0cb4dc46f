// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/heater_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double not_reached = std::numeric_limits<double>::quiet_NaN();
const std::string literature = "literature";

double degC(const std::optional<Temperature>& value) {
  return value ? value->in_degC() : not_reached;
}

double per_s(Frequency value) {
  return value.base();
}

/// "10^{13}" for whole powers, "2×10^{13}" else.
std::string power_text(double value) {
  const double exponent = std::floor(std::log10(value) + 1e-9);
  const double front = value / std::pow(10.0, exponent);
  return std::abs(front - 1.0) < 1e-6 ? fmt::format("10^{{{:.0f}}}", exponent)
                                      : fmt::format("{:.3g}×10^{{{:.0f}}}", front, exponent);
}

std::string walk_text(const kinetics::WalkBand& walk) {
  return fmt::format("expected hops = (L/a)², prefactor {:.3g} (band {:.3g}–{:.3g}) /s, L {:.3g} ({:.3g}–{:.3g}) nm",
                     per_s(walk.prefactor[1]), per_s(walk.prefactor[0]), per_s(walk.prefactor[2]),
                     walk.distance[1].in(units::nm), walk.distance[0].in(units::nm), walk.distance[2].in(units::nm));
}

/// One corner of the band at one pause.
struct Rows {
  std::vector<double> barrier, prefactor, distance, hold, onset;
  std::vector<std::string> reached;

  void add(double barrier_eV, const kinetics::RateLaw& law, Length length, const HeldProgramme& held, double hops) {
    const auto at = kinetics::onset_of(law, held.programme, hops);
    barrier.push_back(barrier_eV);
    prefactor.push_back(law.prefactor.base());
    distance.push_back(length.in(units::nm));
    hold.push_back(held.hold.in(units::s));
    onset.push_back(degC(at));
    reached.emplace_back(at ? "reached" : "not on this programme");
  }
};

io::Table band_table(const OnsetStudy& study, std::span<const Energy> barriers) {
  Rows rows;
  for (const Energy barrier : barriers) {
    for (const HeldProgramme& held : study.programmes) {
      for (const Frequency prefactor : study.walk.prefactor) {
        for (const Length distance : study.walk.distance) {
          rows.add(barrier.base(), {prefactor, barrier}, distance, held,
                   kinetics::hops_of_walk(distance, study.walk.hop));
        }
      }
    }
  }
  io::Table table;
  table.columns = {
      io::number_column("barrier", "eV", rows.barrier),   io::number_column("prefactor", "1/s", rows.prefactor),
      io::number_column("distance", "nm", rows.distance), io::number_column("hold", "s", rows.hold),
      io::number_column("onset", "degC", rows.onset),     io::text_column("outcome", rows.reached)};
  return table;
}

report::Line curve(const OnsetStudy& study, std::size_t prefactor, std::size_t distance) {
  constexpr double first_eV = 0.8;
  constexpr double last_eV = 2.8;
  constexpr int points = 101;
  report::Line line{.name = fmt::format("{} /s, {:.3g} nm", power_text(per_s(study.walk.prefactor[prefactor])),
                                        study.walk.distance[distance].in(units::nm)),
                    .dash = prefactor == distance ? report::Dash::solid : report::Dash::dashed};
  const double hops = kinetics::hops_of_walk(study.walk.distance[distance], study.walk.hop);
  for (int i = 0; i < points; ++i) {
    const double barrier = first_eV + (last_eV - first_eV) * i / (points - 1);
    line.x.push_back(barrier);
    line.y.push_back(
        degC(kinetics::onset_of({study.walk.prefactor[prefactor], barrier * units::eV}, study.continued, hops)));
  }
  return line;
}

report::Figure onset_figure(const OnsetStudy& study, std::span<const Energy> barriers) {
  report::Figure figure{.id = "onset", .title = "Onset against barrier"};
  figure.caption =
      "Temperature at which the expected number of hops reaches that of the walk. Dashed: prefactor and distance at "
      "their bounds. The observed onset carries the uncertainty of the lamella's temperature; above the end of the "
      "programme the ramp is continued.";
  report::Panel panel{.x = {.label = "Barrier", .unit = "eV"}, .y = {.label = "Onset", .unit = "degC"}};
  const std::array corners{std::array<std::size_t, 2>{1, 1}, std::array<std::size_t, 2>{2, 0},
                           std::array<std::size_t, 2>{0, 2}};
  for (const auto& [prefactor, distance] : corners) {
    panel.marks.emplace_back(curve(study, prefactor, distance));
  }
  const std::vector<double>& x = std::get<report::Line>(panel.marks.front()).x;
  const double observed = study.observed.in_degC();
  panel.marks.emplace_back(report::Line{.name = "observed",
                                        .x = {x.front(), x.back()},
                                        .y = {observed, observed},
                                        .sigma = {study.lamella_K, study.lamella_K},
                                        .colour = report::Colour::vermilion});
  panel.marks.emplace_back(report::HorizontalLine{
      .label = "end of the programme",
      .value = study.programmes.front().programme.at(study.programmes.front().programme.end()).in_degC()});
  for (const Energy barrier : barriers) {
    panel.marks.emplace_back(
        report::VerticalLine{.label = fmt::format("{:.3g} eV", barrier.base()), .value = barrier.base()});
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

void add_result(StepOutput& out, Result result) {
  result.evidence = literature;
  out.results.push_back(std::move(result));
}

/// Results of one barrier; those beyond the end of the programme are left out, with a check that says so.
void add_band(const OnsetStudy& study, Energy barrier, const std::string& id, StepOutput& out) {
  const kinetics::Programme& programme = study.programmes.front().programme;
  const kinetics::Band<Temperature> band = kinetics::onset_band(barrier, study.walk, programme);
  const std::string of = fmt::format("{:.3g} eV", barrier.base());
  const auto add = [&](const std::string& name, const std::optional<Temperature>& value, const std::string& which) {
    if (value) {
      add_result(out, {.id = name,
                       .value = value->in_degC(),
                       .unit = "degC",
                       .method = which + ": " + walk_text(study.walk),
                       .label = fmt::format("Onset of {}, {}", of, which),
                       .headline = which == "central"});
    }
  };
  add(id, band.central, "central");
  if (band.central && band.low && band.high) {  // the band of prefactor and distance is what is not known
    out.results.back().sigma = 0.5 * (band.high->in_K() - band.low->in_K());
  }
  add(id + "_low", band.low, "earliest");
  add(id + "_high", band.high, "latest");
  const kinetics::Band<Temperature> further = kinetics::onset_band(barrier, study.walk, study.continued);
  out.checks.push_back({fmt::format("Onset of {}", of), band.central ? CheckStatus::ok : CheckStatus::attention,
                        band.central
                            ? fmt::format("{:.0f} degC", band.central->in_degC())
                            : fmt::format("not reached below {:.0f} degC", programme.at(programme.end()).in_degC()),
                        "within the programme",
                        fmt::format("Were the ramp to go on: {:.0f} degC ({:.0f}–{:.0f})", degC(further.central),
                                    degC(further.low), degC(further.high))});
}

void add_energy(StepOutput& out, const std::string& id, double value_eV, const std::string& label,
                const std::string& method) {
  add_result(out, {.id = id, .value = value_eV, .unit = "eV", .method = method, .label = label});
}

}  // namespace

void add_onsets(const OnsetStudy& study, Energy barrier, Energy compare, StepOutput& out) {
  const std::array barriers{barrier, compare};
  add_band(study, barrier, "onset", out);
  add_band(study, compare, "compare_onset", out);
  out.tables["bands"] = band_table(study, barriers);
  out.figures.push_back(onset_figure(study, barriers));
  out.assumptions.push_back({"An onset is seen when the expected hops of one ion reach (L/a)²",
                             "⟨R²⟩ = n a² in any number of dimensions; L and the prefactor are bands, not data"});
}

void add_barriers(const OnsetStudy& study, StepOutput& out) {
  const kinetics::Programme& bare = study.programmes.front().programme;
  const auto arrival = bare.first_time_at(study.observed);
  const kinetics::Band<Energy> band =
      arrival ? kinetics::barrier_band(*arrival, study.walk, bare) : kinetics::Band<Energy>{};
  if (!band.central || !band.low || !band.high) {
    out.checks.push_back({"Barrier of the observed onset", CheckStatus::failed, "none fits", "",
                          "The programme does not reach the observed onset, or no barrier gives it"});
    return;
  }
  const std::string onset = fmt::format("{:.0f} degC", study.observed.in_degC());
  const auto slope = kinetics::barrier_slope(study.observed, study.walk, bare);
  add_result(out, {.id = "barrier",
                   .value = band.central->base(),
                   .sigma = slope ? std::optional(std::abs(*slope) * study.lamella_K) : std::nullopt,
                   .unit = "eV",
                   .method = "onset inverted; σ from the lamella's temperature only; " + walk_text(study.walk),
                   .label = "Barrier of an onset at " + onset,
                   .headline = true});
  add_energy(out, "barrier_low", band.low->base(), "Lowest barrier of that onset", walk_text(study.walk));
  add_energy(out, "barrier_high", band.high->base(), "Highest barrier of that onset", walk_text(study.walk));
  if (slope) {
    add_energy(out, "barrier_lamella", std::abs(*slope) * study.lamella_K,
               "Uncertainty of the barrier from temperature",
               fmt::format("dE/dT × {:.3g} K (chip, weld and position in quadrature)", study.lamella_K));
  }
  for (const HeldProgramme& held : study.programmes) {
    const auto left = held.programme.last_time_at(study.observed);
    const auto shifted = left ? kinetics::barrier_band(*left, study.walk, held.programme).central : std::nullopt;
    if (shifted && held.hold.base() > 0.0) {
      add_energy(out, fmt::format("barrier_hold_{:.0f}s", held.hold.in(units::s)), (*shifted - *band.central).base(),
                 fmt::format("What a pause of {:.0f} s adds to the barrier", held.hold.in(units::s)),
                 "the onset came at the end of a pause at its temperature instead of on arrival");
    }
  }
}

io::Table timeline_table(const heater::HeaterLog& log, const heater::ProgrammeFit& fit) {
  std::vector<double> time;
  for (const double value : log.time_s) {
    time.push_back(value - fit.ramp_start_s);
  }
  io::Table table;
  table.columns = {io::number_column("time", "s", std::move(time)),
                   io::number_column("temperature", "degC", log.temperature_degC),
                   io::number_column("fitted", "degC", fit.fitted_degC)};
  return table;
}

report::Figure programme_figure(const heater::HeaterLog& log, const heater::ProgrammeFit& fit) {
  const io::Table table = timeline_table(log, fit);
  const std::vector<double>& time = table.columns.front().numbers;
  std::vector<double> left(log.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = log.temperature_degC[i] - fit.fitted_degC[i];
  }
  report::Figure figure{.id = "programme", .title = "Heating programme"};
  figure.caption = "Log of the holder and the broken line fitted to it; below, their difference.";
  report::Panel above{.x = {.label = "Time since the start of the ramp", .unit = "s"},
                      .y = {.label = "Temperature", .unit = "degC"},
                      .x_link = "time"};
  above.marks.emplace_back(report::Line{.name = "log", .x = time, .y = log.temperature_degC});
  above.marks.emplace_back(report::Line{.name = "fit", .x = time, .y = fit.fitted_degC, .dash = report::Dash::dashed});
  report::Panel below{
      .x = above.x, .y = {.label = "Log − fit", .unit = "K"}, .row = 1, .height = 0.5, .x_link = "time"};
  below.marks.emplace_back(report::Line{.name = "difference", .x = time, .y = left});
  below.marks.emplace_back(report::HorizontalLine{.value = 0.0});
  figure.panels = {std::move(above), std::move(below)};
  return figure;
}

}  // namespace hotstage::study::detail
