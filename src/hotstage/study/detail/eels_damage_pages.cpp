// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_damage_pages.hpp"

#include "hotstage/study/detail/eels_low_loss.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

bool judged(const eels::DamageMeasure& measure) {
  return measure.verdict != eels::DamageVerdict::not_measured;
}

/// "12 %" or "0.21 eV".
std::string amount(double value, const eels::DamageMeasure& measure) {
  const double shown = measure.relative ? 100.0 * value : value;
  const std::string number = shown >= 100.0 ? fmt::format("{:.0f}", shown) : fmt::format("{:.2g}", shown);
  const std::string unit = measure.relative ? "%" : measure.unit;
  return unit.empty() ? number : number + " " + unit;
}

std::string change_text(const eels::DamageMeasure& measure) {
  const double scale = measure.relative ? 100.0 : 1.0;
  return fmt::format("{} {}", text(Estimate{scale * measure.change.value, scale * measure.change.sigma}),
                     measure.relative ? "%" : measure.unit);
}

std::string verdict_text(const eels::DamageMeasure& measure, double limit) {
  switch (measure.verdict) {
    case eels::DamageVerdict::changed:
      return fmt::format("changed: {:+.1f} σ", measure.significance);
    case eels::DamageVerdict::unchanged:
      return fmt::format("unchanged within {:g} σ: a change above {} is excluded, one above {} would have been seen",
                         limit, amount(measure.upper_limit, measure), amount(measure.detectable, measure));
    case eels::DamageVerdict::no_power:
      return fmt::format("no verdict: only a change above {} would be seen", amount(measure.detectable, measure));
    case eels::DamageVerdict::not_measured:
      break;
  }
  return "not measured: " + measure.reason;
}

io::Table change_table(const eels::DamageResult& result, const eels::DamageOptions& options) {
  std::vector<std::string> measure, unit, kind, verdict;
  std::vector<double> before, before_sigma, after, after_sigma, change, change_sigma, significance, detectable, upper,
      per_dose, per_dose_sigma;
  for (const eels::DamageMeasure& m : result.measures) {
    const bool there = judged(m);
    const auto shown = [&](double value) { return there ? value : nothing; };
    measure.push_back(m.label);
    unit.push_back(m.unit);
    kind.emplace_back(m.relative ? "relative" : "difference");
    before.push_back(m.n_before > 0 ? m.before.value : nothing);
    before_sigma.push_back(m.n_before > 0 ? m.before.sigma : nothing);
    after.push_back(m.n_after > 0 ? m.after.value : nothing);
    after_sigma.push_back(m.n_after > 0 ? m.after.sigma : nothing);
    change.push_back(shown(m.change.value));
    change_sigma.push_back(shown(m.change.sigma));
    significance.push_back(shown(m.significance));
    detectable.push_back(shown(m.detectable));
    upper.push_back(shown(m.upper_limit));
    per_dose.push_back(m.per_dose ? m.per_dose->value : nothing);
    per_dose_sigma.push_back(m.per_dose ? m.per_dose->sigma : nothing);
    verdict.push_back(verdict_text(m, options.limit));
  }
  io::Table table;
  table.columns = {io::text_column("measure", measure),
                   io::text_column("unit", unit),
                   io::number_column("before", "", before),
                   io::number_column("before_sigma", "", before_sigma),
                   io::number_column("after", "", after),
                   io::number_column("after_sigma", "", after_sigma),
                   io::text_column("change_is", kind),
                   io::number_column("change", "", change),
                   io::number_column("change_sigma", "", change_sigma),
                   io::number_column("significance", "sigma", significance),
                   io::number_column("detectable", "", detectable),
                   io::number_column("upper_limit", "", upper),
                   io::number_column("change_per_1e4_e_A2", "", per_dose),
                   io::number_column("change_per_1e4_e_A2_sigma", "", per_dose_sigma),
                   io::text_column("verdict", verdict)};
  return table;
}

void warn(const std::string& kind, const std::string& text, StepOutput& out, Run& run) {
  run.warn(kind, text);
  out.warnings.push_back({kind, text, 1});
}

void add_results(const eels::DamageResult& result, const eels::DamageOptions& options, StepOutput& out, Run& run) {
  for (const eels::DamageMeasure& m : result.measures) {
    if (!judged(m)) {
      warn(m.id + "_not_measured", "not measured: " + m.label + ": " + m.reason, out, run);
      continue;
    }
    const std::string unit = m.relative ? "" : m.unit;
    out.results.push_back(
        {.id = m.id,
         .value = m.change.value,
         .sigma = m.change.sigma,
         .unit = unit,
         .method = fmt::format("{}; {} and {} spectra; {}", m.relative ? "after/before − 1" : "after − before",
                               m.n_before, m.n_after, verdict_text(m, options.limit)),
         .label = "Change of " + m.label,
         .headline = true});
    if (m.per_dose) {
      out.results.push_back({.id = m.id + ".per_dose",
                             .value = m.per_dose->value,
                             .sigma = m.per_dose->sigma,
                             .unit = unit,
                             .method = fmt::format("per 1e4 e/Å²; {:.4g} e/Å² between the two", result.exposed_per_A2),
                             .label = "Change of " + m.label + " per 1e4 e/Å²"});
    }
    const bool changed = m.verdict == eels::DamageVerdict::changed;
    out.checks.push_back(
        {.name = m.label,
         .status = m.verdict == eels::DamageVerdict::unchanged ? CheckStatus::ok : CheckStatus::attention,
         .measured = change_text(m),
         .limit = fmt::format("{:g} σ = {}", options.limit, amount(m.detectable, m)),
         .meaning = (changed ? "The exposure, or another place, did this; " : "") + verdict_text(m, options.limit)});
  }
  if (result.dose) {
    out.results.push_back({.id = "dose",
                           .value = result.dose->electrons_per_A2,
                           .unit = "e/Å²",
                           .method = result.dose->from,
                           .label = "Dose of one spectrum"});
  }
}

/// Labels that fit under a bar.
std::string short_label(const eels::DamageMeasure& measure) {
  return measure.id == "pre_peak"           ? "pre-peak"
         : measure.id == "oxygen_per_metal" ? "O/metal"
         : measure.id == "l3_l2"            ? "L3/L2"
                                            : measure.label;
}

report::Figure change_figure(const eels::DamageResult& result, const eels::DamageOptions& options) {
  report::Bars bars{.name = "", .colour = report::Colour::blue};
  for (const eels::DamageMeasure& m : result.measures) {
    if (judged(m)) {
      bars.labels.push_back(short_label(m));
      bars.values.push_back(m.significance);
      bars.sigma.push_back(1.0);
    }
  }
  report::Figure figure{.id = "changes", .title = "Change in units of its uncertainty", .width = report::Width::half};
  figure.caption =
      fmt::format("Bars beyond the dashed lines ({:g} σ) are called changes; {:.2g} of {} would be by chance.",
                  options.limit, result.expected_by_chance, bars.labels.size());
  report::Panel panel{.y = {.label = "Change / σ"}};
  panel.marks.emplace_back(std::move(bars));
  panel.marks.emplace_back(report::HorizontalLine{.value = options.limit});
  panel.marks.emplace_back(report::HorizontalLine{.value = -options.limit});
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure spectra_figure(const eels::DamageInput& input, const eels::DamageOptions& options, Run& run) {
  const eels::EnergyAxis axis = eels::energy_axis_of(input.before).shifted(options.chain.shift.in(units::eV));
  const auto mean = [&](const signal::Signal& signal) {
    std::vector<double> shift(signal.items(),
                              eels::energy_axis_of(signal).offset_eV - eels::energy_axis_of(input.before).offset_eV);
    for (std::size_t i = 0; signal.item_offset && i < shift.size(); ++i) {
      shift[i] += (*signal.item_offset)[i];
    }
    return mean_spectrum(signal, shift, run);
  };
  const std::vector<double> before = mean(input.before);
  const std::vector<double> after = mean(input.after);
  std::vector<double> energy(axis.size);
  std::vector<double> difference(axis.size);
  for (std::size_t c = 0; c < axis.size; ++c) {
    energy[c] = axis.value(static_cast<double>(c));
    difference[c] = after[c] - before[c];
  }
  report::Figure figure{.id = "before-after", .title = "Mean spectra before and after"};
  figure.caption = "Counts as recorded, mean of the spectra of each; below, their difference.";
  report::Panel both{.x = {.label = "Energy loss", .unit = "eV"}, .y = {.label = "Counts"}, .x_link = "energy"};
  const auto span = [&](const char* label, Energy low, Energy high, report::Colour colour) {
    both.marks.emplace_back(report::Span{label, low.in(units::eV), high.in(units::eV), colour});
  };
  span("pre-peak", options.peak_low, options.peak_high, report::Colour::sky);
  span("post-edge", options.post_low, options.post_high, report::Colour::grey);
  both.marks.emplace_back(report::Line{.name = "before", .x = energy, .y = before, .colour = report::Colour::ink});
  both.marks.emplace_back(report::Line{.name = "after", .x = energy, .y = after, .colour = report::Colour::vermilion});
  report::Panel below{.x = {.label = "Energy loss", .unit = "eV"},
                      .y = {.label = "After − before"},
                      .row = 1,
                      .height = 0.6,
                      .x_link = "energy"};
  below.marks.emplace_back(report::Line{.x = energy, .y = difference, .colour = report::Colour::blue});
  below.marks.emplace_back(report::HorizontalLine{.value = 0.0});
  figure.panels = {std::move(both), std::move(below)};
  return figure;
}

}  // namespace

StepOutput damage_page(const eels::DamageInput& input, const eels::DamageResult& result,
                       const eels::DamageOptions& options, Run& run) {
  StepOutput out;
  add_results(result, options, out, run);
  add_notes(result.warnings, {}, out);
  if (!result.dose) {
    warn("no_dose", result.dose_missing + ": changes are not given per dose", out, run);
  }
  out.assumptions.push_back({"chance", fmt::format("{:.2g} measures would be called changed although nothing changed",
                                                   result.expected_by_chance)});
  out.assumptions.push_back(
      {"same place", options.same_places ? "spectrum i of both saw the same place"
                                         : "both saw the same kind of specimen; variation over the scan is in σ"});
  out.tables["changes"] = change_table(result, options);
  out.figures = {spectra_figure(input, options, run)};
  if (std::ranges::any_of(result.measures, judged)) {
    out.figures.push_back(change_figure(result, options));
  }
  return out;
}

}  // namespace hotstage::study::detail
