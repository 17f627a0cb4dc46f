// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_results.hpp"

#include "hotstage/heater/format.hpp"
#include "hotstage/heater/programme_fit.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const char* definition_text(series::OnsetDefinition definition) {
  switch (definition) {
    case series::OnsetDefinition::first_sigma:
      return "first deviation beyond k σ";
    case series::OnsetDefinition::ten_percent:
      return "10 % of the change";
    case series::OnsetDefinition::half:
      break;
  }
  return "half of the change";
}

const series::GrainOnset* first_grain(const Tracking& t) {
  const series::GrainOnset* first = nullptr;
  for (const series::GrainOnset& grain : t.grains) {
    if (grain.found && (first == nullptr || grain.degC < first->degC)) {
      first = &grain;
    }
  }
  return first;
}

const series::Crossing* first_crossing(const Tracking& t) {
  const series::Crossing* first = nullptr;
  for (const series::Crossing& c : t.crossings) {
    if (c.verdict == series::CrossingVerdict::crossing && (first == nullptr || c.degC < first->degC)) {
      first = &c;
    }
  }
  return first;
}

std::string parts_text(const series::SigmaParts& s) {
  return fmt::format(
      "σ in quadrature: frames and counting {:.2g}, log and clock {:.2g}, chip, weld and position {:.3g}, "
      "definition {:.2g} K",
      s.frame_K, s.log_K, s.chip_K, s.model_K);
}

void add_onsets(const Tracking& t, StepOutput& out) {
  const series::GrainOnset* first = first_grain(t);
  if (first == nullptr) {
    out.checks.push_back({"Onset", CheckStatus::attention, "no grain changed", "",
                          "first_onset and what follows from it are not given"});
    return;
  }
  const std::string what = definition_text(t.events.definition);
  out.results.push_back(
      {.id = "first_onset",
       .value = first->degC,
       .sigma = first->sigma.total_K(),
       .unit = "degC",
       .method = fmt::format("{} in the first hundredth of grain {}; {}", what, first->grain, parts_text(first->sigma)),
       .label = "Onset of the first grain",
       .headline = true});
  std::vector<double> degC, speed, speed_degC, weights;
  for (const series::GrainOnset& grain : t.grains) {
    if (grain.found) {
      degC.push_back(grain.degC);
    }
    if (grain.found && grain.velocity_nm_per_s) {
      speed.push_back(*grain.velocity_nm_per_s);
      speed_degC.push_back(grain.velocity_degC);
    }
  }
  const double spread = degC.size() > 1 ? 1.2533 * num::median_deviation(degC) / std::sqrt(degC.size()) : 0.0;
  out.results.push_back({.id = "median_onset",
                         .value = num::median(degC),
                         .sigma = std::hypot(spread, first->sigma.total_K()),
                         .unit = "degC",
                         .method = fmt::format("median of {} grains; {}", degC.size(), what),
                         .label = "Onset of the median grain"});
  if (speed.empty()) {
    out.checks.push_back(
        {"Front speed", CheckStatus::attention, "no grain has enough dated blocks", "", "front_speed is not given"});
    return;
  }
  out.results.push_back({.id = "front_speed",
                         .value = num::median(speed),
                         .sigma = speed.size() > 1 ? std::optional<double>(1.2533 * num::median_deviation(speed) /
                                                                           std::sqrt(speed.size()))
                                                   : std::nullopt,
                         .unit = "nm/s",
                         .method = fmt::format("median over {} grains of 1/|∇t₀| from planes over 5 × 5 blocks, at a "
                                               "median temperature of {:.0f} °C",
                                               speed.size(), num::median(speed_degC)),
                         .label = "Front speed"});
  out.results.push_back({.id = "front_speed_temperature",
                         .value = num::median(speed_degC),
                         .unit = "degC",
                         .method = "median onset of the blocks that gave the front speed",
                         .label = "Temperature of the front speed"});
}

void add_crossing(const Tracking& t, StepOutput& out) {
  if (const series::Crossing* c = first_crossing(t)) {
    out.results.push_back(
        {.id = "first_crossing",
         .value = c->degC,
         .sigma = c->sigma.total_K(),
         .unit = "degC",
         .method = fmt::format(
             "grain {} starts beside changed grain {} ({:.0f} % of resampled maps; {:.0f} % of its rim "
             "would do by chance); front had arrived at {:.0f} °C; {}",
             c->into, c->from, 100.0 * c->bootstrap, 100.0 * c->chance, c->arrival_degC, parts_text(c->sigma)),
         .label = "First apparent crossing of a boundary",
         .headline = true});
    return;
  }
  const auto undecided = std::count_if(t.crossings.begin(), t.crossings.end(), [](const series::Crossing& c) {
    return c.verdict == series::CrossingVerdict::undecided;
  });
  out.checks.push_back({"Crossing of a boundary", CheckStatus::attention,
                        fmt::format("none is clear; {} cannot be told from chance", undecided), "",
                        "first_crossing is not given"});
}

void add_interval(const std::string& id, const std::string& label, const std::optional<series::Interval>& interval,
                  const Tracking& t, StepOutput& out) {
  if (!interval) {
    out.checks.push_back({label, CheckStatus::attention, "not seen between the few frames", "", id + " is not given"});
    return;
  }
  const double sigma = std::hypot(t.events.thermometry.chip_sigma_K, t.events.thermometry.log_sigma_K);
  const std::string method = fmt::format(
      "only the {} frames nearest the stated temperatures, each compared with the one before", t.paper.frames.size());
  out.results.push_back({.id = id + "_low",
                         .value = interval->low_degC,
                         .sigma = sigma,
                         .unit = "degC",
                         .method = method,
                         .label = label + ", not yet at"});
  out.results.push_back({.id = id + "_high",
                         .value = interval->high_degC,
                         .sigma = sigma,
                         .unit = "degC",
                         .method = method,
                         .label = label + ", seen at"});
}

void add_sites(const Tracking& t, StepOutput& out) {
  const series::SiteTest& s = t.sites;
  if (s.sites < 2) {
    out.checks.push_back(
        {"Damage sites", CheckStatus::attention, fmt::format("{} found", s.sites), "at least 2", "no test is made"});
    return;
  }
  const auto add = [&](const char* id, double value, const std::string& unit, const std::string& method,
                       const char* label) {
    out.results.push_back({.id = id, .value = value, .unit = unit, .method = method, .label = label});
  };
  const std::string sites = fmt::format("{} sites (voids, cracks, dark spots before the first onset)", s.sites);
  add("c4_p_value", s.p_boundary, "",
      fmt::format("{} lie {:.1f} px from the nearest boundary, random ones {:.1f} px; Monte-Carlo, one-sided", sites,
                  s.distance_px, s.random_distance_px),
      "Chance that damage lies as close to boundaries");
  add("c4_junction_p_value", s.p_junction, "", sites + ", distance to the nearest junction of three grains",
      "Chance that damage lies as close to junctions");
  add("c4_side_p_value", s.p_one_side, "", fmt::format("{} sites beside a boundary, sides drawn at random", s.beside),
      "Chance that damage crowds on one side");
}

io::Table onset_table(const Tracking& t) {
  std::vector<std::vector<double>> c(16);
  std::vector<std::string> state;
  for (const series::GrainOnset& g : t.grains) {
    state.emplace_back(too_coarse(t) ? "refused" : g.found ? "changed" : "unchanged");
    const auto only = [&](double value) { return g.found ? value : nan; };
    const std::array<double, 16> row{static_cast<double>(g.grain),
                                     g.changed_share,
                                     only(g.time_s),
                                     only(g.degC),
                                     only(g.sigma.total_K()),
                                     only(g.sigma.frame_K),
                                     only(g.sigma.log_K),
                                     only(g.sigma.chip_K),
                                     only(g.sigma.model_K),
                                     g.completed_degC.value_or(nan),
                                     only(t.frames.axes[0].value(g.y_px)),
                                     only(t.frames.axes[1].value(g.x_px)),
                                     g.velocity_nm_per_s.value_or(nan),
                                     g.velocity_nm_per_s ? g.velocity_sigma : nan,
                                     g.velocity_nm_per_s ? g.velocity_degC : nan,
                                     only(g.mean_change)};
    for (std::size_t i = 0; i < 16; ++i) {
      c[i].push_back(row[i]);
    }
  }
  const auto column = [&](std::size_t i, const char* name, const char* unit) {
    return io::number_column(name, unit, c[i]);
  };
  io::Table table;
  table.columns = {column(0, "grain", ""),
                   column(1, "changed_share", ""),
                   column(2, "time", "s"),
                   column(3, "onset", "degC"),
                   column(4, "sigma", "K"),
                   column(5, "sigma_frame", "K"),
                   column(6, "sigma_log", "K"),
                   column(7, "sigma_chip", "K"),
                   column(8, "sigma_model", "K"),
                   column(9, "completed", "degC"),
                   column(10, "y", "nm"),
                   column(11, "x", "nm"),
                   column(12, "velocity", "nm/s"),
                   column(13, "velocity_sigma", "nm/s"),
                   column(14, "velocity_at", "degC"),
                   column(15, "change", "")};
  table.columns.push_back(io::text_column("state", state));
  return table;
}

io::Table crossing_table(const Tracking& t) {
  std::vector<double> from, into, arrival, at, sigma, wait, bootstrap, chance, continuous, y, x;
  std::vector<std::string> verdict;
  for (const series::Crossing& c : t.crossings) {
    from.push_back(c.from);
    into.push_back(c.into);
    verdict.emplace_back(too_coarse(t) ? "refused" : series::name(c.verdict));
    arrival.push_back(c.arrival_degC);
    at.push_back(c.degC);
    sigma.push_back(c.sigma.total_K());
    wait.push_back(c.wait_s);
    bootstrap.push_back(c.bootstrap);
    chance.push_back(c.chance);
    continuous.push_back(c.continuous ? 1.0 : 0.0);
    y.push_back(t.frames.axes[0].value(c.y_px));
    x.push_back(t.frames.axes[1].value(c.x_px));
  }
  io::Table table;
  table.columns = {io::number_column("from", "", from),
                   io::number_column("into", "", into),
                   io::number_column("arrival", "degC", arrival),
                   io::number_column("onset", "degC", at),
                   io::number_column("sigma", "K", sigma),
                   io::number_column("wait", "s", wait),
                   io::number_column("continuous", "", continuous),
                   io::number_column("bootstrap", "", bootstrap),
                   io::number_column("chance", "", chance),
                   io::number_column("y", "nm", y),
                   io::number_column("x", "nm", x),
                   io::text_column("verdict", verdict)};
  return table;
}

io::Table paper_table(const Tracking& t) {
  std::vector<double> grain, low, high;
  std::vector<std::vector<double>> shares(t.paper.frames.empty() ? 0 : t.paper.frames.size() - 1);
  for (const series::PaperGrain& g : t.paper.grains) {
    grain.push_back(g.grain);
    low.push_back(g.onset ? g.onset->low_degC : nan);
    high.push_back(g.onset ? g.onset->high_degC : nan);
    for (std::size_t k = 0; k < shares.size(); ++k) {
      shares[k].push_back(g.changed_share[k]);
    }
  }
  io::Table table;
  table.columns = {io::number_column("grain", "", grain), io::number_column("unchanged_at", "degC", low),
                   io::number_column("changed_at", "degC", high)};
  for (std::size_t k = 0; k < shares.size(); ++k) {
    table.columns.push_back(io::number_column(
        fmt::format("share_{:.0f}_{:.0f}", t.paper.temperatures_degC[k], t.paper.temperatures_degC[k + 1]), "",
        shares[k]));
  }
  table.columns.push_back(
      io::text_column("state", std::vector<std::string>(grain.size(), too_coarse(t) ? "refused" : "read")));
  return table;
}

Value make_record(const Tracking& t) {
  Value out = Value::object();
  out["schema"] = "hotstage.tracking/1";
  out["onset_definition"] = definition_text(t.events.definition);
  out["temperature_step_K"] = temperature_step_K(t);
  out["refused"] = too_coarse(t);
  out["block_px"] = t.grid.block_px;
  out["threshold_sigma"] = t.changes.threshold;
  out["excess_variance"] = t.changes.excess;
  out["dropped_isolated"] = t.changes.isolated;
  std::size_t searched = 0;
  std::size_t found = 0;
  std::size_t pooled = 0;
  for (std::size_t b = 0; b < t.grid.blocks(); ++b) {
    searched += t.grid.covered[b] != 0 && t.grid.grain[b] > 0 ? 1U : 0U;
    found += t.changes.points[b].found ? 1U : 0U;
    pooled += t.changes.points[b].found && t.changes.pooled[b] != 0 ? 1U : 0U;
  }
  out["blocks"] = searched;
  out["blocks_changed"] = found;
  out["blocks_pooled"] = pooled;
  const series::Thermometry& th = t.events.thermometry;
  out["log_sigma_K"] = th.log_sigma_K;
  out["clock_sigma_s"] = th.clock_sigma_s;
  out["lamella_sigma_K"] = th.chip_sigma_K;
  for (const double degC : t.paper.temperatures_degC) {
    out["paper_frames_degC"].push_back(degC);
  }
  return out;
}

}  // namespace

LogReading read_temperatures(const std::filesystem::path& file, const heater::Mounting& mounting,
                             const heater::ColumnMap& columns) {
  const heater::HeaterLog log = heater::read_log(file, {.columns = columns});
  const auto fit = heater::programme_of(log);
  if (!fit) {
    throw Error(Errc::refused, Location{.file = log.file}, "the log shows no ramp", "Give the log of a heating run");
  }
  LogReading out;
  const double shift_s = fit->ramp_start_s + mounting.clock_offset.in(units::s);
  for (const double time_s : log.time_s) {
    out.log.time_s.push_back(time_s - shift_s);
  }
  out.log.temperature_degC = log.temperature_degC;
  out.shift_s = shift_s;
  out.log_sigma_K = std::max(fit->noise_K, fit->residual_K);
  out.clock_sigma_s = std::hypot(fit->ramp_start_sigma_s, mounting.clock_sigma.in(units::s));
  out.lamella_sigma_K = std::hypot(mounting.chip.base(), mounting.weld.base(), mounting.position.base());
  return out;
}

signal::Timeline read_timeline(const StepInputs& inputs, const signal::Signal& frames) {
  const auto given = inputs.tables.find("timeline");
  if (given == inputs.tables.end()) {
    return signal::timeline_of(frames);
  }
  const io::Table& table = given->second;
  if (table.rows() != frames.items()) {
    throw Error(Errc::bad_input, Location{.file = table.file},
                fmt::format("the timeline has {} rows, the series {} frames", table.rows(), frames.items()),
                "Bind the timeline that series.timeline made of these frames");
  }
  const std::size_t rows = frames.axes[0].size;
  return {.frame_start_s = table.numbers("start"),
          .row_s = num::median(table.numbers("exposure")) / static_cast<double>(rows),
          .rows = rows};
}

void join_clock(const StepInputs& inputs, LogReading& log) {
  const auto given = inputs.tables.find("timeline");
  if (given == inputs.tables.end()) {
    return;
  }
  std::vector<double> offset;
  for (std::size_t f = 0; f < given->second.rows(); ++f) {
    offset.push_back(given->second.numbers("log_time")[f] - given->second.numbers("start")[f]);
  }
  const double shift_s = num::median(offset) - log.shift_s;
  for (double& time_s : log.log.time_s) {
    time_s -= shift_s;
  }
  log.shift_s += shift_s;
}

int window_frames(const signal::Timeline& timeline, Time window) {
  constexpr double fewest = 6.0;
  const std::vector<double>& start = timeline.frame_start_s;
  const double spacing_s = (start.back() - start.front()) / static_cast<double>(start.size() - 1);
  return static_cast<int>(std::max(fewest, std::round(window.in(units::s) / spacing_s)));
}

double temperature_step_K(const Tracking& t) {
  std::vector<double> steps;
  for (std::size_t f = 1; f < t.frame_degC.size(); ++f) {
    steps.push_back(std::abs(t.frame_degC[f] - t.frame_degC[f - 1]));
  }
  constexpr double nearly_all = 0.9;
  return num::quantile(steps, nearly_all);
}

bool too_coarse(const Tracking& t) {
  constexpr double coarse_K = 10.0;
  return temperature_step_K(t) > coarse_K;
}

void add_tracking(const Tracking& t, StepOutput& out) {
  const double step_K = temperature_step_K(t);
  const bool refused = too_coarse(t);
  out.checks.push_back(
      {"Temperature between frames", refused ? CheckStatus::failed : CheckStatus::ok, fmt::format("{:.1f} K", step_K),
       "at most 10 K",
       refused ? "Onsets, fronts, crossings, damage sites and halos are not given (tables are marked refused): bend "
                 "contours pass within some 100 K and cannot be told from changes by so few frames. Record shorter "
                 "frames or heat more slowly, or cut the series to the range of interest at full rate"
               : "Bend contours pass within some 100 K and can be told from changes"});
  if (!refused) {
    add_onsets(t, out);
    add_crossing(t, out);
    add_interval("paper_onset", "Onset in the few frames", t.paper.onset, t, out);
    add_interval("paper_crossing", "Crossing in the few frames", t.paper.crossing, t, out);
    add_sites(t, out);
  }
  std::vector<float> map;
  for (const series::BlockOnset& onset : t.map) {
    map.push_back(onset.found ? static_cast<float>(onset.degC) : std::numeric_limits<float>::quiet_NaN());
  }
  out.signals["onset"] = map_signal(t.frames, t.grid.rows, t.grid.columns, t.grid.block_px, std::move(map));
  out.tables["onsets"] = onset_table(t);
  out.tables["crossings"] = crossing_table(t);
  out.tables["paper"] = paper_table(t);
  out.records["record"] = make_record(t);
  constexpr double clean = 1.3;
  out.checks.push_back({"Noise of blocks", t.changes.excess < clean ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:.2f} of counting", t.changes.excess), "below 1.3",
                        "More means detector noise, residual drift or beam fluctuation; σ uses the measured value"});
  const double rate = t.changes.threshold;
  out.checks.push_back({"False alarms", CheckStatus::ok,
                        fmt::format("threshold {:.2f} σ, {} lonely steps dropped", rate, t.changes.isolated), "",
                        "The threshold is set by simulated noise for the whole map"});
  out.assumptions.push_back({"A change is a lasting step in brightness",
                             "slower than a parabola over the window it counts as lattice vibration or bending"});
  out.assumptions.push_back({"All onsets share one error of the lamella's temperature",
                             "chip, weld and position are declared, not measured"});
}

}  // namespace hotstage::study::detail
