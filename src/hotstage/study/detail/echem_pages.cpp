// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/echem_pages.hpp"

#include "hotstage/echem/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace hotstage::study::detail {

namespace {

constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

double per_gram(double charge_Ah, double active_g) {
  return charge_Ah * 1e3 / active_g;
}

/// Numbers of the cycles to show: the first two, quarters, and the last.
std::vector<int> shown_cycles(const echem::CycleTable& table) {
  std::set<int> wanted;
  const echem::Cycle* first = table.first();
  const echem::Cycle* last = table.last();
  if (first == nullptr) {
    return {};
  }
  const int span = last->number - first->number;
  for (const int number : {first->number, first->number + 1, first->number + span / 4, first->number + span / 2,
                           first->number + 3 * span / 4, last->number}) {
    if (table.find(number) != nullptr) {
      wanted.insert(number);
    }
  }
  return {wanted.begin(), wanted.end()};
}

report::Figure capacity_figure(const echem::CycleTable& table, double active_g) {
  report::Points charge{.name = "charge", .symbol = report::Symbol::triangle};
  report::Points discharge{.name = "discharge"};
  report::Points efficiency{
      .name = "Coulombic efficiency", .colour = report::Colour::green, .side = report::Side::right};
  for (const echem::Cycle& cycle : table.cycles) {
    if (cycle.charge) {
      charge.x.push_back(cycle.number);
      charge.y.push_back(per_gram(cycle.charge->total(), active_g));
    }
    if (cycle.discharge) {
      discharge.x.push_back(cycle.number);
      discharge.y.push_back(per_gram(cycle.discharge->total(), active_g));
    }
    if (cycle.efficiency) {
      efficiency.x.push_back(cycle.number);
      efficiency.y.push_back(100.0 * *cycle.efficiency);
    }
  }
  report::Panel panel{.x = {.label = "cycle"}, .y = {.label = "capacity", .unit = "mA h g^{-1}"}};
  panel.y2 = report::AxisSpec{.label = "Coulombic efficiency", .unit = "%", .range = {{90.0, 101.0}}};
  panel.marks = {std::move(charge), std::move(discharge), std::move(efficiency)};
  return {.id = "cycle-life",
          .title = "Capacity and Coulombic efficiency",
          .caption = "Charges by the trapezium rule from current and time, per gram of active material.",
          .panels = {std::move(panel)}};
}

report::Figure profile_figure(const echem::CycleTable& table, double active_g) {
  report::Panel panel{.x = {.label = "charge passed", .unit = "mA h g^{-1}"}, .y = {.label = "voltage", .unit = "V"}};
  constexpr std::array colours{report::Colour::blue,   report::Colour::sky,       report::Colour::green,
                               report::Colour::orange, report::Colour::vermilion, report::Colour::purple};
  std::size_t index = 0;
  for (const int number : shown_cycles(table)) {
    const echem::Cycle& cycle = *table.find(number);
    const report::Colour colour = colours[index++ % colours.size()];
    for (const auto* half : {&*cycle.charge, &*cycle.discharge}) {
      report::Line line{.name = half == &*cycle.charge ? fmt::format("cycle {}", number) : std::string()};
      line.colour = colour;
      line.dash = half == &*cycle.charge ? report::Dash::solid : report::Dash::dashed;
      for (const double charge : half->charge_Ah) {
        line.x.push_back(per_gram(charge, active_g));
      }
      line.y = half->voltage_V;
      panel.marks.emplace_back(std::move(line));
    }
  }
  return {.id = "voltage-profiles",
          .title = "Voltage profiles",
          .caption = "Charge solid, discharge dashed.",
          .panels = {std::move(panel)}};
}

report::Figure polarisation_figure(const echem::CycleTable& table) {
  report::Points fraction{.name = "at a fixed part of the discharge"};
  report::Points fixed{.name = "at a fixed charge", .symbol = report::Symbol::square};
  const auto add = [](const echem::Cycle& cycle, const std::optional<Estimate>& value, report::Points& points) {
    if (value) {
      points.x.push_back(cycle.number);
      points.y.push_back(1e3 * value->value);
      points.sigma_y.push_back(1e3 * value->sigma);
    }
  };
  for (const echem::Cycle& cycle : table.cycles) {
    add(cycle, cycle.polarisation_V, fraction);
    add(cycle, cycle.polarisation_fixed_V, fixed);
  }
  report::Panel panel{.x = {.label = "cycle"}, .y = {.label = "polarisation", .unit = "mV"}};
  panel.marks.emplace_back(std::move(fraction));
  if (!fixed.x.empty()) {
    panel.marks.emplace_back(std::move(fixed));
  }
  return {.id = "polarisation",
          .title = "Polarisation",
          .caption = "Charge minus discharge voltage at equal charge from the charged end.",
          .panels = {std::move(panel)}};
}

}  // namespace

double ElectrodeOptions::active_g() const {
  return electrode_mass.base() / constants::gram * active_fraction;
}

double ElectrodeOptions::one_c() const {
  return rate_reference.in(milliampere_per_gram);
}

io::Table cycle_table(const echem::CycleTable& table, double active_g) {
  std::vector<double> number, charge, charge_counter, discharge, discharge_counter, sigma, efficiency, mean_charge,
      mean_discharge, polarisation, polarisation_sigma, fixed, dose;
  std::vector<std::string> status;
  for (const echem::Cycle& cycle : table.cycles) {
    const auto of = [](const std::optional<echem::HalfCycle>& half, auto&& get) {
      return half ? get(*half) : not_measured;
    };
    const auto total = [&](const echem::HalfCycle& half) { return per_gram(half.total(), active_g); };
    const auto counter = [&](const echem::HalfCycle& half) {
      return half.counter_Ah > 0.0 ? per_gram(half.counter_Ah, active_g) : not_measured;
    };
    const auto mean = [](const echem::HalfCycle& half) { return half.mean_voltage(); };
    number.push_back(cycle.number);
    status.emplace_back(echem::name(cycle.status));
    charge.push_back(of(cycle.charge, total));
    charge_counter.push_back(of(cycle.charge, counter));
    discharge.push_back(of(cycle.discharge, total));
    discharge_counter.push_back(of(cycle.discharge, counter));
    sigma.push_back(of(cycle.discharge, [&](const echem::HalfCycle& h) { return per_gram(h.sigma_Ah, active_g); }));
    efficiency.push_back(cycle.efficiency.value_or(not_measured));
    mean_charge.push_back(of(cycle.charge, mean));
    mean_discharge.push_back(of(cycle.discharge, mean));
    const Estimate none{not_measured, not_measured};
    polarisation.push_back(cycle.polarisation_V.value_or(none).value);
    polarisation_sigma.push_back(cycle.polarisation_V.value_or(none).sigma);
    fixed.push_back(cycle.polarisation_fixed_V.value_or(none).value);
    dose.push_back((dose.empty() ? 0.0 : dose.back()) + cycle.dose);
  }
  io::Table out;
  out.columns = {io::number_column("cycle", "", number),
                 io::text_column("status", status),
                 io::number_column("charge_capacity", "mA h/g", charge),
                 io::number_column("charge_counter", "mA h/g", charge_counter),
                 io::number_column("discharge_capacity", "mA h/g", discharge),
                 io::number_column("discharge_counter", "mA h/g", discharge_counter),
                 io::number_column("discharge_sigma", "mA h/g", sigma),
                 io::number_column("coulombic_efficiency", "", efficiency),
                 io::number_column("mean_charge_voltage", "V", mean_charge),
                 io::number_column("mean_discharge_voltage", "V", mean_discharge),
                 io::number_column("polarisation", "V", polarisation),
                 io::number_column("polarisation_sigma", "V", polarisation_sigma),
                 io::number_column("polarisation_at_fixed_charge", "V", fixed),
                 io::number_column("dose", "", dose)};
  return out;
}

io::Table repair_table(const echem::CyclerData& data) {
  std::vector<double> row;
  std::vector<std::string> kind;
  std::vector<std::string> what;
  for (const echem::Repair& repair : data.repairs) {
    row.push_back(repair.row);
    kind.emplace_back(echem::name(repair.kind));
    what.push_back(repair.what);
  }
  io::Table out;
  out.columns = {io::number_column("row", "", row), io::text_column("kind", kind), io::text_column("what", what)};
  return out;
}

std::vector<report::Figure> cycle_figures(const echem::CycleTable& table, double active_g) {
  return {capacity_figure(table, active_g), profile_figure(table, active_g), polarisation_figure(table)};
}

report::Figure curve_figure() {
  const echem::OpenCircuit& curve = echem::lithium_cobalt_oxide();
  const auto [low, high] = curve.published();
  report::Line published{.name = "published (Ai 2020, Rieger 2016)"};
  report::Line fitted{.name = "fitted, not literature"};
  fitted.dash = report::Dash::dashed;
  constexpr int points = 400;
  for (int i = 0; i <= points; ++i) {
    const double x = 0.15 + 0.849 * i / points;
    const bool known = x >= low && x <= high;
    published.x.push_back(x);
    published.y.push_back(known ? curve.voltage(x) : not_measured);
    fitted.x.push_back(x);
    fitted.y.push_back(known ? not_measured : curve.voltage(x));
  }
  report::Panel panel{.x = {.label = "x in Li_{x}CoO_{2}"}, .y = {.label = "U against Li", .unit = "V"}};
  panel.marks = {std::move(published), std::move(fitted)};
  return {.id = "open-circuit",
          .title = "Open-circuit curve",
          .caption = "Above 4.39 V the curve is fitted, not literature.",
          .panels = {std::move(panel)}};
}

std::vector<Assumption> prior_assumptions() {
  std::vector<Assumption> out;
  for (const echem::Prior& prior : echem::priors()) {
    const char* spread = prior.spread == echem::Spread::normal      ? "±"
                         : prior.spread == echem::Spread::lognormal ? "×/÷ exp"
                                                                    : "uniform ±";
    out.push_back({fmt::format("{}: {:g} {} {:g}{}{}", prior.label, prior.centre, spread, prior.sigma,
                               prior.unit.empty() ? "" : " ", prior.unit),
                   std::string(prior.source)});
  }
  return out;
}

void check_file(const echem::CyclerData& data, const echem::CycleTable& table, StepOutput& out) {
  for (std::size_t kind = 0; kind < data.repair_counts.size(); ++kind) {
    const std::size_t count = data.repair_counts[kind];
    if (count > 0) {
      const auto word = echem::name(static_cast<echem::RepairKind>(kind));
      const auto found = std::ranges::find(data.repairs, static_cast<echem::RepairKind>(kind), &echem::Repair::kind);
      out.warnings.push_back(
          {fmt::format("cycler file: {}", word), fmt::format("row {}: {}", found->row, found->what), count});
    }
  }
  double integral = 0.0;
  double counter = 0.0;
  double sigma = 0.0;
  for (const echem::Cycle& cycle : table.cycles) {
    for (const auto* half : {&cycle.charge, &cycle.discharge}) {
      if (*half && (*half)->counter_Ah > 0.0) {
        integral += (*half)->total();
        counter += (*half)->counter_Ah;
        sigma += (*half)->sigma_Ah;
      }
    }
  }
  if (counter > 0.0) {
    // The counters are rounded once more per half cycle; that is far below the rounding of the current.
    const double difference = integral / counter - 1.0;
    const double limit = 3.0 * sigma / counter + 1e-3;
    out.checks.push_back({"charge by integration against the tester's counter",
                          std::abs(difference) <= limit ? CheckStatus::ok : CheckStatus::attention,
                          fmt::format("{:+.3f} %", 100.0 * difference), fmt::format("{:.3f} %", 100.0 * limit),
                          "all capacities; a coarse current column is the usual cause"});
  }
}

void add_cell_results(const echem::CellState& state, const CellScale& scale, StepOutput& out) {
  const auto add = [&](std::string id, const Estimate& value, std::string unit, std::string method) {
    out.results.push_back({.id = std::move(id),
                           .value = value.value,
                           .sigma = value.sigma,
                           .unit = std::move(unit),
                           .method = std::move(method)});
    return &out.results.back();
  };
  const auto specific = [&](const Estimate& charge) {
    const double value = per_gram(charge.value, scale.active_g);
    return Estimate{value, std::hypot(per_gram(charge.sigma, scale.active_g), value * scale.mass_relative_sigma)};
  };
  const auto millivolts = [](const Estimate& e) { return Estimate{1e3 * e.value, 1e3 * e.sigma}; };
  auto* retention = add("retention", state.retention, "", "last over first discharge capacity, by integration");
  retention->label = "Capacity left";
  retention->headline = true;
  add("capacity_first", specific(state.capacity_first_Ah), "mA h/g", "first complete discharge; sigma: mass, rounding");
  add("capacity_last", specific(state.capacity_last_Ah), "mA h/g", "last complete discharge; sigma: mass, rounding");
  add("ce_mean", {state.efficiency_mean, state.efficiency_sigma}, "",
      "mean of complete cycles but the first; sigma: standard error");
  const std::string where = fmt::format("charge minus discharge voltage when {:g} of the cycle's discharge has passed",
                                        scale.polarisation_fraction);
  add("polarisation_first", millivolts(state.polarisation_first_V), "mV",
      fmt::format("{}, cycle {}", where, state.polarisation_first_cycle));
  if (state.polarisation_last_cycle > 0) {
    const Estimate growth{state.polarisation_last_V.value - state.polarisation_first_V.value,
                          std::hypot(state.polarisation_last_V.sigma, state.polarisation_first_V.sigma)};
    add("polarisation_last", millivolts(state.polarisation_last_V), "mV",
        fmt::format("{}, cycle {}", where, state.polarisation_last_cycle));
    auto* grown =
        add("polarisation_growth", millivolts(growth), "mV",
            fmt::format("{}, cycle {} minus {}", where, state.polarisation_last_cycle, state.polarisation_first_cycle));
    grown->label = "Growth of polarisation";
    grown->headline = true;
    if (state.growth_at_fixed_charge_V) {
      add("polarisation_growth_at_fixed_charge", millivolts(*state.growth_at_fixed_charge_V), "mV",
          fmt::format("the same after {:g} mA h/g from the charged end", scale.fixed_charge_mAh_per_g));
    }
    add("resistance_growth", state.resistance_growth, "", "last over first polarisation at the same current");
  } else {
    out.checks.push_back({"polarisation of the last cycle", CheckStatus::attention, "none", "",
                          "the last cycle has no charge before its discharge: no growth is given"});
  }
  auto* lithium =
      add("x_disassembly", state.x_discharged, "",
          fmt::format("{}, on the open-circuit curve; sigma: unfinished rest and curve", state.routes.front().route));
  lithium->label = "Li per Co of the active material when stopped";
  lithium->headline = true;
  add("x_charged", state.x_charged_last, "", "the same after the last charge; fitted part of the curve");
  const double mixed =
      (1.0 - state.lam.value) * state.x_discharged.value + state.lam.value * state.x_charged_last.value;
  add("x_if_lost_charged",
      {mixed, std::hypot(state.x_discharged.sigma, state.lam.value * state.x_charged_last.sigma,
                         state.lam.sigma * (state.x_discharged.value - state.x_charged_last.value))},
      "", "mean over the electrode if all lost material was cut off when charged: lower bound");
  add("lam", state.lam, "", "1 - ratio of discharge capacity over lithium swing; sigma: rests and curve");
  add("dose_mean", state.dose_mean, "", "time at high voltage in the file; sigma: onset of damage");
  for (const echem::LithiumReading& route : state.routes) {
    out.checks.push_back({fmt::format("lithium at disassembly: {}", route.route),
                          route.x.sigma < 0.1 ? CheckStatus::ok : CheckStatus::attention, text(route.x), "sigma < 0.1",
                          "charge lost to side reactions and lithium lost look the same when counted"});
  }
  const double off = std::abs(state.active_share.value - 1.0);
  out.checks.push_back({"active material of the first cycle over the weighed one",
                        off < 3.0 * state.active_share.sigma ? CheckStatus::ok : CheckStatus::attention,
                        text(state.active_share), "1 within 3 sigma", "specific capacities"});
}

Value cell_record(const echem::CellState& state, double dose_log_sigma) {
  Value record = Value::object();
  record["schema"] = "hotstage.cell/1";
  record["x"] = state.x_discharged.value;
  record["x_sigma"] = state.x_discharged.sigma;
  record["x_charged"] = state.x_charged_last.value;
  record["x_charged_sigma"] = state.x_charged_last.sigma;
  record["lam"] = state.lam.value;
  record["lam_sigma"] = state.lam.sigma;
  record["resistance_growth"] = state.resistance_growth.value;
  record["resistance_growth_sigma"] = state.resistance_growth.sigma;
  record["retention"] = state.retention.value;
  record["retention_sigma"] = state.retention.sigma;
  record["dose_mean"] = state.dose_mean.value;
  record["dose_mean_sigma"] = state.dose_mean.sigma;
  record["dose_log_sigma"] = dose_log_sigma;
  return record;
}

}  // namespace hotstage::study::detail
