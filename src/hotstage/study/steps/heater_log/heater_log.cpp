// SPDX-License-Identifier: GPL-3.0-or-later
// Step heater.log: a holder's log to the programme it followed.

#include "hotstage/heater/format.hpp"
#include "hotstage/heater/lamella.hpp"
#include "hotstage/heater/programme_fit.hpp"
#include "hotstage/study/detail/heater_pages.hpp"

#include <fmt/format.h>

#include <map>

namespace hotstage::study::heater_log {

namespace {

struct Options {
  heater::ReadOptions read;
  heater::FitOptions fit;
  heater::Mounting mounting;

  template <class V>
  void fields(V& v) {
    v("on_backstep", read.on_backstep, {.help = "what to do with rows whose time runs backwards"});
    v("columns", read.columns, {.help = "of a log that no format knows: which column of the table is what"});
    fit.fields(v);
    mounting.fields(v);
  }
};

Result measured(const std::string& id, const Estimate& value, const std::string& unit, const std::string& label) {
  return {.id = id,
          .value = value.value,
          .sigma = value.sigma,
          .unit = unit,
          .method = "continuous broken line fitted to the log; σ from its residuals; chip reading, not the lamella",
          .label = label,
          .headline = true};
}

Value make_record(const heater::ProgrammeFit& fit, const heater::Mounting& mounting) {
  Value out = fit.programme.to_value();
  out["schema"] = "hotstage.programme/1";
  out["ramp_rate_K_per_s"] = fit.ramp_rate_K_per_s.value;
  out["ramp_rate_sigma_K_per_s"] = fit.ramp_rate_K_per_s.sigma;
  out["end_degC"] = fit.end_degC.value;
  out["end_sigma_K"] = fit.end_degC.sigma;
  out["duration_s"] = fit.duration_s.value;
  out["duration_sigma_s"] = fit.duration_s.sigma;
  out["ramp_start_s"] = fit.ramp_start_s;
  out["ramp_start_sigma_s"] = fit.ramp_start_sigma_s;
  out["residual_K"] = fit.residual_K;
  out["clock_offset_s"] = mounting.clock_offset.in(units::s);
  out["clock_sigma_s"] = mounting.clock_sigma.in(units::s);
  out["chip_sigma_K"] = mounting.chip.base();
  out["weld_sigma_K"] = mounting.weld.base();
  out["position_sigma_K"] = mounting.position.base();
  return out;
}

void check_log(const heater::HeaterLog& log, StepOutput& out) {
  const std::vector<heater::Gap> gaps = heater::gaps(log);
  out.checks.push_back({"Gaps in the log", gaps.empty() ? CheckStatus::ok : CheckStatus::attention,
                        gaps.empty() ? fmt::format("none, a row every {:.3f} s", heater::sampling_s(log))
                                     : fmt::format("{}, the first after {:.1f} s", gaps.size(), gaps.front().from_s),
                        "none", "The programme is a straight line across a gap"});
  std::map<std::string, std::size_t> kinds;
  for (const heater::Repair& repair : log.repairs) {
    ++kinds[repair.kind];
    out.warnings.push_back({repair.kind, fmt::format("line {}: {}", repair.line, repair.text), 1});
  }
  std::string text;
  for (const auto& [kind, count] : kinds) {
    text += fmt::format("{}{} × {}", text.empty() ? "" : ", ", count, kind);
  }
  out.checks.push_back({"Repairs of the log", kinds.empty() ? CheckStatus::ok : CheckStatus::attention,
                        kinds.empty() ? "none" : text, "none", "Listed line by line under warnings"});
}

void check_fit(const heater::ProgrammeFit& fit, StepOutput& out) {
  constexpr double noisy = 3.0;
  const double floor_K = std::max(fit.noise_K, 0.05);
  out.checks.push_back({"Straight pieces", fit.residual_K < noisy * floor_K ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("residual {:.3g} K, largest {:.3g} K, noise {:.3g} K", fit.residual_K,
                                    fit.largest_residual_K, fit.noise_K),
                        "residual below 3 × noise", "A curved or stepping programme is only followed"});
  constexpr double misfit = 5.0;
  out.checks.push_back({"One ramp rate", fit.rate_misfit < misfit ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("χ²/dof {:.2f} over the rising pieces", fit.rate_misfit), "below 5",
                        "Else the mean rate is not the rate of any piece"});
}

/// Middle of the first rise, where the clocks count.
Time on_the_ramp(const heater::ProgrammeFit& fit) {
  const heater::Piece& rise = fit.piece_at(fit.ramp_start_s);
  return (0.5 * (rise.begin_s + rise.end_s) - fit.ramp_start_s) * units::s;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const heater::HeaterLog log = heater::read_log(inputs.files.at("log"), options.read);
  const std::optional<heater::ProgrammeFit> fit = heater::programme_of(log, options.fit);
  if (!fit) {
    throw Error(Errc::refused, Location{.file = log.file}, "the log shows no ramp",
                "Give the log of a heating run, or lower `resolution`");
  }
  StepOutput out;
  out.results.push_back(measured("ramp_rate", fit->ramp_rate_K_per_s, "K/s", "Heating rate"));
  out.results.push_back(measured("end_temperature", fit->end_degC, "degC", "Temperature at the end of the ramp"));
  out.results.push_back(measured("duration", fit->duration_s, "s", "From the start of the ramp to its end"));
  const heater::LamellaTemperature lamella = heater::temperature_at(*fit, on_the_ramp(*fit), options.mounting);
  out.results.push_back({.id = "lamella_sigma",
                         .value = lamella.budget.total(),
                         .unit = "K",
                         .method = fmt::format("in quadrature: log {:.2g}, clock {:.2g}, chip {:.3g}, weld {:.3g}, "
                                               "position {:.3g} K; the last three are declared, not measured",
                                               lamella.budget.log, lamella.budget.clock, lamella.budget.chip,
                                               lamella.budget.weld, lamella.budget.position),
                         .label = "Uncertainty of the lamella's temperature during the ramp"});
  out.tables["timeline"] = detail::timeline_table(log, *fit);
  out.records["programme"] = make_record(*fit, options.mounting);
  out.figures.push_back(detail::programme_figure(log, *fit));
  check_log(log, out);
  check_fit(*fit, out);
  out.assumptions.push_back({"The log is the chip's thermometer",
                             "The lamella differs by a constant that no log contains; its spread is declared"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "heater.log",
    .version = 1,
    .title = "Heating programme from the holder's log",
    .help =
        "Reads a heater log, lists repairs, finds ramp, pauses and end temperature with uncertainties, and the "
        "error budget of the lamella's temperature",
    .example = "hotstage heater log --log \"Heat raw.csv\"",
    .inputs = {{"log", Kind::raw, true, "log of the heating holder"}},
    .outputs = {{"timeline", Kind::table, "time since the start of the ramp, temperature, fitted temperature"},
                {"programme", Kind::record, "corners of the programme, ramp rate, end temperature, budget"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::heater_log
