// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/thermo_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <string_view>

namespace hotstage::study::detail {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// "2 LiCoO2 -> Li2O" for people: arrow and low digits.
std::string pretty(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool low = i > 0 && std::isdigit(static_cast<unsigned char>(text[i])) != 0 &&
                     std::isalpha(static_cast<unsigned char>(text[i - 1])) != 0;
    if (text.substr(i, 2) == "->") {
      out += "→";
      ++i;
    } else {
      out += low ? fmt::format("_{{{}}}", text[i]) : std::string(1, text[i]);
    }
  }
  return out;
}

}  // namespace

io::Table reaction_table(std::span<const Asked> asked, Temperature look) {
  const Temperature room = Temperature::kelvin(298.15);
  std::vector<std::string> name, text;
  std::vector<double> pressure, heat, entropy, at, sigma, with_heat, gibbs, gibbs_sigma, log_p, log_p_sigma;
  for (const Asked& a : asked) {
    name.push_back(a.id);
    text.push_back(a.reaction.text);
    pressure.push_back(a.pressure_atm);
    heat.push_back(thermo::reaction_enthalpy(a.reaction, room, thermo::HeatCapacity::none));
    entropy.push_back(thermo::reaction_entropy(a.reaction, room, thermo::HeatCapacity::none));
    const auto equilibrium = thermo::equilibrium_celsius(a.reaction, a.pressure_atm);
    at.push_back(equilibrium ? equilibrium->value : none);
    sigma.push_back(equilibrium ? equilibrium->sigma : none);
    const auto heated = thermo::equilibrium_temperature(a.reaction, a.pressure_atm, thermo::HeatCapacity::tabulated);
    with_heat.push_back(heated ? heated->in_degC() : none);
    const Estimate g = thermo::gibbs_energy(a.reaction, look, a.pressure_atm);
    gibbs.push_back(g.value);
    gibbs_sigma.push_back(g.sigma);
    const Estimate p = thermo::equilibrium_log10_atm(a.reaction, look);
    log_p.push_back(p.value);
    log_p_sigma.push_back(p.sigma);
  }
  const std::string degrees = fmt::format("_{:.0f}degC", look.in_degC());
  io::Table table;
  table.columns = {io::text_column("id", name),
                   io::text_column("reaction", text),
                   io::number_column("pressure", "atm", pressure),
                   io::number_column("enthalpy", "kJ/mol", heat),
                   io::number_column("entropy", "J/mol/K", entropy),
                   io::number_column("equilibrium", "degC", at),
                   io::number_column("equilibrium_sigma", "K", sigma),
                   io::number_column("equilibrium_with_heat_capacity", "degC", with_heat),
                   io::number_column("gibbs" + degrees, "kJ/mol", gibbs),
                   io::number_column("gibbs_sigma" + degrees, "kJ/mol", gibbs_sigma),
                   io::number_column("log10_pressure" + degrees, "", log_p),
                   io::number_column("log10_pressure_sigma" + degrees, "", log_p_sigma)};
  return table;
}

report::Figure pressure_figure(std::span<const Asked> asked, double vacuum_atm, Temperature end) {
  constexpr double first_degC = 200.0;
  constexpr int points = 60;
  report::Figure figure{.id = "pressures", .title = "Gas in equilibrium with each reaction"};
  figure.caption =
      "Above its line a reaction that makes gas runs backwards, below it forwards; band: uncertainty of the tables and "
      "of leaving heat capacities out. Dashed: gas pressure in the column.";
  report::Panel panel{.x = {.label = "Temperature", .unit = "degC"},
                      .y = {.label = "log_{10} p (atm)", .range = std::array{-45.0, 8.0}}};
  std::vector<std::string> drawn;
  for (const Asked& a : asked) {
    if (std::ranges::find(drawn, a.reaction.text) != drawn.end()) {
      continue;
    }
    drawn.push_back(a.reaction.text);
    report::Line line{.name = pretty(a.reaction.text)};
    for (int i = 0; i < points; ++i) {
      const double degC = first_degC + (end.in_degC() + 350.0 - first_degC) * i / (points - 1);
      const Estimate p = thermo::equilibrium_log10_atm(a.reaction, Temperature::celsius(degC));
      line.x.push_back(degC);
      line.y.push_back(p.value);
      line.sigma.push_back(p.sigma);
    }
    panel.marks.emplace_back(std::move(line));
  }
  panel.marks.emplace_back(report::HorizontalLine{.label = "column", .value = std::log10(vacuum_atm)});
  panel.marks.emplace_back(report::VerticalLine{.label = "end of the ramp", .value = end.in_degC()});
  figure.panels.push_back(std::move(panel));
  return figure;
}

void add_temperature(const Asked& asked, const std::string& id, const std::string& label, StepOutput& out) {
  const auto at = thermo::equilibrium_celsius(asked.reaction, asked.pressure_atm);
  if (!at) {
    out.checks.push_back({label, CheckStatus::attention, "no equilibrium between 200 and 4000 K", "",
                          "ΔG keeps its sign: " + asked.reaction.text});
    return;
  }
  out.results.push_back({.id = id,
                         .value = at->value,
                         .sigma = at->sigma,
                         .unit = "degC",
                         .method = fmt::format("ΔG = 0 of {} at {:.3g} atm, ΔCp = 0; σ: tables and the shift by heat "
                                               "capacities",
                                               asked.reaction.text, asked.pressure_atm),
                         .evidence = "literature",
                         .label = label});
}

Value drivers_record(std::span<const Driver> drivers, Temperature end) {
  Value out = Value::object();
  out["schema"] = "hotstage.drivers/1";
  for (const Driver& driver : drivers) {
    const Asked& asked = driver.asked;
    Value entry = Value::object();
    const auto at = thermo::equilibrium_celsius(asked.reaction, asked.pressure_atm);
    const bool always = thermo::gibbs_energy(asked.reaction, end, asked.pressure_atm).value < 0.0;
    constexpr double absolute_zero_degC = -273.15;
    constexpr double never_degC = 1e6;
    entry["reaction"] = asked.reaction.text;
    entry["pressure_atm"] = asked.pressure_atm;
    entry["allowed_above_degC"] = at ? at->value : (always ? absolute_zero_degC : never_degC);
    entry["sigma_K"] = at ? at->sigma : 0.0;
    out[driver.name] = std::move(entry);
  }
  return out;
}

}  // namespace hotstage::study::detail
