// SPDX-License-Identifier: GPL-3.0-or-later
// The report of a study: numbers beside known values first, then figures and tables step by step.

#include "hotstage/core/version.hpp"
#include "hotstage/report/html.hpp"
#include "hotstage/study/detail/publish.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::detail {

namespace {

constexpr std::size_t rows_in_page = 400;  // longer tables stand in their CSV file only

report::Table page_table(const std::string& step, const std::string& output, const io::Table& table) {
  report::Table out{.id = fmt::format("{}-{}", step, output),
                    .title = fmt::format("{}.{}", step, output),
                    .caption = fmt::format("tables/{}.{}.csv", step, output)};
  for (const io::Column& column : table.columns) {
    out.columns.push_back({.name = column.name,
                           .unit = column.unit,
                           .kind = column.is_text ? report::ColumnKind::text : report::ColumnKind::number});
  }
  const std::size_t shown = std::min(table.rows(), rows_in_page);
  if (shown < table.rows()) {
    out.caption += fmt::format(" holds all {} rows, the first {} are shown", table.rows(), shown);
  }
  for (std::size_t row = 0; row < shown; ++row) {
    std::vector<report::Cell> cells;
    for (const io::Column& column : table.columns) {
      if (column.is_text) {
        cells.emplace_back(column.texts[row]);
      } else if (std::isfinite(column.numbers[row])) {
        cells.emplace_back(column.numbers[row]);
      } else {
        cells.emplace_back(std::monostate{});
      }
    }
    out.rows.push_back(std::move(cells));
  }
  return out;
}

report::KeyResult key_result(const StudyFile& study, const std::string& step, const Result& result) {
  report::KeyResult out{.label = result.label.empty() ? result.id : result.label,
                        .value = {result.value, result.sigma.value_or(0.0)},
                        .unit = result.unit,
                        .method = result.method};
  for (const Reference& reference : study.references) {
    if (reference.result == fmt::format("{}.{}", step, result.id)) {
      const double difference = 100.0 * (result.value / reference.value - 1.0);
      out.references.push_back({.label = reference.label,
                                .value = {reference.value, reference.sigma.value_or(0.0)},
                                .source = fmt::format("{}{}ours differs by {:+.1f} %", reference.source,
                                                      reference.source.empty() ? "" : "; ", difference)});
    }
  }
  return out;
}

/// "Ti/O = 0.513 ± 0.013": every result of a step that is not shown large.
report::Table result_table(const FinishedStep& step) {
  report::Table out{.id = step.plan.name + "-results", .title = "Results"};
  out.columns = {{.name = "quantity"},
                 {.name = "value", .kind = report::ColumnKind::estimate},
                 {.name = "unit"},
                 {.name = "method"}};
  for (const Result& result : step.output.results) {
    out.rows.push_back({result.label.empty() ? result.id : result.label,
                        Estimate{result.value, result.sigma.value_or(0.0)}, result.unit, result.method});
  }
  return out;
}

report::Section step_section(const FinishedStep& step) {
  report::Section out{.title = step.plan.title};
  out.blocks.emplace_back(
      report::Paragraph{fmt::format("{} ({}): {}.", step.plan.name, step.plan.step->id, step.plan.step->help)});
  if (!step.output.results.empty()) {
    out.blocks.emplace_back(result_table(step));
  }
  for (const report::Figure& figure : step.output.figures) {
    report::Figure shown = figure;
    shown.id = fmt::format("{}-{}", step.plan.name, figure.id);
    out.blocks.emplace_back(std::move(shown));
  }
  for (const OutputSpec& output : step.plan.step->outputs) {
    const auto table = step.output.tables.find(std::string(output.name));
    if (table != step.output.tables.end()) {
      out.blocks.emplace_back(page_table(step.plan.name, table->first, table->second));
    }
  }
  return out;
}

report::Claim page_claim(const JudgedClaim& claim) {
  report::Claim out{.id = claim.entry.id,
                    .statement = claim.entry.statement,
                    .verdict = claim.verdict,
                    .kind = std::string(name(claim.kind)),
                    .evidence = claim.evidence,
                    .unit = claim.unit,
                    .theirs = claim.entry.paper,
                    .why = claim.why};
  if (claim.ours) {
    out.ours = Estimate{*claim.ours, claim.sigma.value_or(0.0)};
  }
  return out;
}

/// The tables called "recovery" of all recovery steps under each other: truth beside what was read blind.
std::optional<report::Section> recovery_section(const StudyOutcome& outcome) {
  report::Table all{.id = "all-recovery", .title = "", .caption = "One table per step stands in tables/*.recovery.csv"};
  for (const FinishedStep& step : outcome.steps) {
    const auto found = step.output.tables.find("recovery");
    if (step.plan.step->role != Role::recovery || found == step.output.tables.end()) {
      continue;
    }
    report::Table part = page_table(step.plan.name, found->first, found->second);
    if (all.columns.empty()) {
      all.columns = part.columns;
      all.columns.insert(all.columns.begin(), report::Column{.name = "step"});
    }
    for (std::vector<report::Cell>& cells : part.rows) {
      cells.insert(cells.begin(), step.plan.name);
      all.rows.push_back(std::move(cells));
    }
  }
  if (all.rows.empty()) {
    return std::nullopt;
  }
  report::Section out{.title = "Recovery: the hidden truth beside what was read blind"};
  out.blocks.emplace_back(report::Paragraph{
      "Every quantity below was put into the simulated experiment and read back from its raw files alone. A good "
      "recovery shows that the tools would see it; it is no evidence that nature does it."});
  out.blocks.emplace_back(std::move(all));
  return out;
}

}  // namespace

std::string report_page(const StudyFile& study, const StudyOutcome& outcome, const Value& provenance) {
  report::Page page{.title = study.title, .summary = study.summary, .footnote = fmt::format("hotstage {}", version())};
  if (study.evidence == "twin") {
    page.assumptions.push_back(
        {"The data are simulated",
         "nothing here is evidence for nature; it shows that the chain recovers what was put in"});
  }
  for (const JudgedClaim& claim : outcome.claims) {
    page.claims.push_back(page_claim(claim));
  }
  if (auto section = recovery_section(outcome)) {
    page.sections.push_back(std::move(*section));
  }
  for (const FinishedStep& step : outcome.steps) {
    for (const Result& result : step.output.results) {
      if (result.headline && page.claims.empty()) {  // with claims, their table is the answer
        page.results.push_back(key_result(study, step.plan.name, result));
      }
    }
    page.checks.insert(page.checks.end(), step.output.checks.begin(), step.output.checks.end());
    page.warnings.insert(page.warnings.end(), step.output.warnings.begin(), step.output.warnings.end());
    page.assumptions.insert(page.assumptions.end(), step.output.assumptions.begin(), step.output.assumptions.end());
    page.sections.push_back(step_section(step));
  }
  report::Section again{.title = "How to make this again"};
  const std::string variant = study.variant.empty() ? "" : fmt::format(" --variant {}", study.variant);
  again.blocks.emplace_back(report::Code{
      study.command.empty() ? fmt::format("hotstage run {}{}", study.file.string(), variant) : study.command});
  again.blocks.emplace_back(
      report::Items{{"results.json: all numbers, the same bytes in every run",
                     "tables/: CSV with units in the column names", "figures/: the figures as SVG",
                     "provenance.json: files with their SHA-256, resolved options, versions, times"}});
  page.sections.push_back(std::move(again));
  page.provenance = provenance;
  return report::to_html(page);
}

}  // namespace hotstage::study::detail
