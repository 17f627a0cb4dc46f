// SPDX-License-Identifier: GPL-3.0-or-later
// Step thermo.reactions: at which temperature and gas pressure oxygen and metal can come out of the cathode at all.

#include "hotstage/study/detail/thermo_pages.hpp"
#include "hotstage/study/step.hpp"
#include "hotstage/thermo/self_heating.hpp"

#include <fmt/format.h>

#include <array>

namespace hotstage::study::thermo_reactions {

namespace {

struct Options {
  double vacuum_atm = 1e-10;
  double carbon_monoxide_atm = 1.0;
  double low_carbon_monoxide_atm = 1e-3;
  double x = 0.9;
  Temperature metal = Temperature::celsius(450.0);
  Temperature end = Temperature::celsius(650.0);
  double heat_J_per_g = 300.0;
  Length thickness = 100.0 * units::nm;
  Time duration = 50.0 * units::s;

  template <class V>
  void fields(V& v) {
    v("vacuum", vacuum_atm, {.help = "oxygen pressure in the column, atm", .min = 1e-20, .max = 1.0});
    v("carbon_monoxide", carbon_monoxide_atm, {.help = "CO pressure at a contact with carbon, atm", .min = 1e-20});
    v("low_carbon_monoxide", low_carbon_monoxide_atm, {.help = "a lower CO pressure, atm", .min = 1e-20});
    v("x", x, {.help = "Li per Co of the delithiated oxide", .min = 0.0, .max = 0.999});
    v("metal", metal, {.help = "temperature at which metal was seen", .unit = "degC"});
    v("end", end, {.help = "highest temperature", .unit = "degC"});
    v("heat", heat_J_per_g, {.help = "heat of the decomposition, J/g", .min = 0.0});
    v("thickness", thickness, {.help = "foil thickness", .unit = "nm", .min = 0.1});
    v("duration", duration, {.help = "time in which the foil reacts", .unit = "s", .min = 1e-3});
  }
};

std::vector<detail::Asked> questions(const Options& o) {
  const std::array extra{thermo::delithiated(o.x)};
  const double share = (1.0 - o.x) / 3.0;
  const std::string own_oxygen =
      fmt::format("{} -> {:.12g} LiCoO2 + {:.12g} Co3O4 + {:.12g} O2", extra[0].name, o.x, share, share);
  const auto ask = [&](const char* id, const char* text, double atm) {
    return detail::Asked{id, thermo::parse_reaction(text), atm};
  };
  const char* carbon = "2 LiCoO2 + C -> Li2O + 2 CoO + CO";
  const char* metal = "CoO + C -> Co + CO";
  return {ask("vacuum", "2 LiCoO2 -> Li2O + 2 CoO + 0.5 O2", o.vacuum_atm),
          ask("carbon", carbon, o.carbon_monoxide_atm),
          ask("carbon, low CO", carbon, o.low_carbon_monoxide_atm),
          ask("carbon, column", carbon, o.vacuum_atm),
          ask("metal", "CoO -> Co + 0.5 O2", o.vacuum_atm),
          ask("metal and carbon", metal, o.carbon_monoxide_atm),
          ask("metal and carbon, low CO", metal, o.low_carbon_monoxide_atm),
          ask("spinel", "2 Co3O4 -> 6 CoO + O2", o.vacuum_atm),
          ask("spinel, NBS 1982", "2 Co3O4 NBS -> 6 CoO + O2", o.vacuum_atm),
          {"own oxygen", thermo::parse_reaction(own_oxygen, extra), o.vacuum_atm}};
}

void add_self_heating(const Options& options, StepOutput& out) {
  const thermo::ReactingFoil foil{.heat_J_per_g = options.heat_J_per_g,
                                  .thickness = options.thickness,
                                  .duration = options.duration,
                                  .temperature = options.end};
  out.results.push_back({.id = "p5_rise",
                         .value = foil.rise().base(),
                         .unit = "K",
                         .method = fmt::format("{:.3g} W/m² of reaction against {:.3g} W/m² radiated from both faces; "
                                               "no conduction, so an upper bound",
                                               foil.reaction_flux(), foil.radiation_flux()),
                         .evidence = "literature",
                         .label = "Rise of temperature by the heat of reaction"});
}

StepOutput run(const StepInputs&, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const std::vector<detail::Asked> asked = questions(options);
  StepOutput out;
  detail::add_temperature(asked[0], "p3_temperature", "LiCoO2 loses oxygen by heat alone", out);
  detail::add_temperature(asked[1], "p3_carbon_temperature", "LiCoO2 loses oxygen to carbon", out);
  detail::add_temperature(asked[2], "p3_carbon_low_temperature", "LiCoO2 loses oxygen to carbon, low CO pressure", out);
  detail::add_temperature(asked[5], "p4_carbon_temperature", "Carbon reduces CoO to metal", out);
  detail::add_temperature(asked[6], "p4_carbon_low_temperature", "Carbon reduces CoO to metal, low CO pressure", out);
  detail::add_temperature(asked[7], "spinel_temperature", "Co3O4 loses oxygen to CoO", out);
  const Estimate oxygen = thermo::equilibrium_log10_atm(asked[4].reaction, options.metal);
  out.results.push_back({.id = "p4_po2",
                         .value = oxygen.value,
                         .sigma = oxygen.sigma,
                         .method = fmt::format("log10 of the oxygen pressure (atm) of {} at {:.0f} degC",
                                               asked[4].reaction.text, options.metal.in_degC()),
                         .evidence = "literature",
                         .label = "Oxygen pressure below which CoO gives metal, log10 atm"});
  const Estimate own = thermo::gibbs_energy(asked[9].reaction, options.end, options.vacuum_atm);
  out.checks.push_back({"Delithiated oxide releases oxygen by itself",
                        own.value < -2.0 * own.sigma ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("ΔG {:.2f} ± {:.2f} kJ/mol at {:.0f} degC, x = {:.3g}", own.value, own.sigma,
                                    options.end.in_degC(), options.x),
                        "below zero by 2 σ", "Only the (1 − x)/3 O2 per Co of " + asked[9].reaction.text});
  add_self_heating(options, out);
  out.tables["reactions"] = detail::reaction_table(asked, options.metal);
  const std::array drivers{detail::Driver{"vacuum", asked[0]},        detail::Driver{"carbon", asked[1]},
                           detail::Driver{"carbon_column", asked[3]}, detail::Driver{"metal_vacuum", asked[4]},
                           detail::Driver{"metal_carbon", asked[5]},  detail::Driver{"spinel", asked[7]},
                           detail::Driver{"own_oxygen", asked[9]}};
  out.records["drivers"] = detail::drivers_record(drivers, options.end);
  out.figures.push_back(
      detail::pressure_figure(std::span(asked).first(asked.size() - 1), options.vacuum_atm, options.end));
  out.assumptions.push_back({"Pure stoichiometric solids, carbon as graphite",
                             "Amorphous carbon is less stable by about 10 kJ/mol and acts some 50 K lower; defects and "
                             "surfaces are left out"});
  out.assumptions.push_back(
      {"ΔCp = 0", "Heat capacities of the solids could not all be checked; the shift they cause is in σ"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "thermo.reactions",
    .version = 2,
    .title = "What thermodynamics allows",
    .help =
        "Equilibrium temperatures and gas pressures of the reactions that take oxygen or metal out of LiCoO2, with "
        "and without carbon, and the temperature rise by the heat of reaction",
    .example = "hotstage thermo reactions --vacuum 1e-10",
    .inputs = {},
    .outputs = {{"reactions", Kind::table, "reactions with heats, entropies, equilibrium temperatures and pressures"},
                {"drivers", Kind::record, "temperature above which each driver of oxygen loss is allowed"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::thermo_reactions
