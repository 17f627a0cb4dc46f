// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/publish.hpp"

#include "hotstage/core/version.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/report/svg.hpp"
#include "hotstage/study/detail/data_files.hpp"
#include "hotstage/study/step_record.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <set>
#include <system_error>

namespace hotstage::study::detail {

namespace fs = std::filesystem;

namespace {

void make_folder(const fs::path& folder) {
  std::error_code status;
  fs::create_directories(folder, status);
  if (status) {
    throw io::os_error(status.value(), folder, "making the folder");
  }
}

/// A file of the store appears under a readable name; the store's copy stays the only one on the same disk.
void link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code status;
  fs::remove(to, status);
  fs::create_hard_link(from, to, status);
  if (status) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, status);
  }
  if (status) {
    throw io::os_error(status.value(), to, "copying a result");
  }
}

void publish_files(const FinishedStep& step, const jobs::Store& store, const fs::path& out) {
  const auto place = [&](const std::string& output, const char* kind) {
    const fs::path from = output_file(store.folder(step.key), output);
    make_folder(out / kind);
    link_or_copy(from, out / kind / fmt::format("{}.{}{}", step.plan.name, output, from.extension().string()));
  };
  for (const auto& [output, table] : step.output.tables) {
    place(output, "tables");
  }
  for (const auto& [output, record] : step.output.records) {
    place(output, "records");
  }
  for (const auto& [output, data] : step.output.signals) {
    place(output, "signals");
  }
  for (const auto& [output, data] : step.output.raw) {
    place(output, "raw");
  }
  for (const report::Figure& figure : step.output.figures) {
    make_folder(out / "figures");
    io::write_text(out / "figures" / fmt::format("{}.{}.svg", step.plan.name, figure.id), report::to_svg(figure));
  }
}

Value provenance_document(const StudyFile& study, const StudyOutcome& outcome, const jobs::Store& store,
                          const Run& run) {
  Value out = Value::object();
  out["schema"] = "hotstage.provenance/1";
  out["program"] = fmt::format("hotstage {}", version());
  out["finished"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
  std::array<char, 256> host{};
  out["host"] = ::gethostname(host.data(), host.size() - 1) == 0 ? std::string(host.data()) : std::string("unknown");
  out["threads"] = run.threads;
  out["memory_MiB"] = run.memory >> 20;
  out["study"] = study.file.string();
  out["data"] = Value::array();
  for (const NamedData& data : study.data) {
    Value entry = Value::object();
    const fs::path file = resolve_path(data.entry.file, study.file.parent_path());
    const std::vector<fs::path> files = data_files(file);
    DataEntry words = data.entry;
    entry["name"] = data.name;
    entry["file"] = file.string();
    std::int64_t bytes = 0;
    for (const fs::path& each : files) {
      std::error_code status;
      bytes += static_cast<std::int64_t>(fs::file_size(each, status));
    }
    entry["bytes"] = bytes;
    entry["sha256"] = store.files_hash(files);
    for (std::size_t i = 0; files.size() > 1 && i < files.size(); ++i) {
      entry["files"][files[i].filename().string()] = store.file_hash(files[i]);
    }
    entry["stated"] = canonical(describe(words));
    out["data"].push_back(entry);
  }
  out["steps"] = Value::array();
  for (const FinishedStep& step : outcome.steps) {
    Value entry = Value::object();
    entry["name"] = step.plan.name;
    entry["use"] = step.plan.step->id;
    entry["version"] = step.plan.step->version;
    for (const Binding& binding : step.plan.bindings) {
      entry["inputs"][binding.input] =
          binding.from_data() ? "data." + binding.source : binding.source + "." + binding.output;
    }
    entry["options"] = step.plan.options;
    entry["key"] = step.key;
    entry["seconds"] = step.seconds;
    entry["from_store"] = step.from_store;
    out["steps"].push_back(entry);
  }
  return out;
}

/// Folders of results hold what this run made and nothing older.
void clear_published(const fs::path& out) {
  std::error_code status;
  for (const char* folder : {"tables", "records", "signals", "raw", "figures"}) {
    fs::remove_all(out / folder, status);
  }
}

/// results.json knows plain numbers only: an absent one is null.
Value optional_number(const std::optional<double>& number) {
  return number ? Value(*number) : Value{};
}

Value claim_value(const JudgedClaim& claim) {
  Value out = Value::object();
  out["id"] = claim.entry.id;
  out["statement"] = claim.entry.statement;
  out["verdict"] = name(claim.verdict);
  out["kind"] = name(claim.kind);
  out["evidence"] = claim.evidence;
  out["ours"] = optional_number(claim.ours);
  out["sigma"] = optional_number(claim.sigma);
  out["unit"] = claim.unit;
  out["paper"] = claim.entry.paper;
  out["paper_interval"] = Value{};
  if (claim.entry.paper_interval) {
    out["paper_interval"] = Value::array();
    for (const double end : *claim.entry.paper_interval) {
      out["paper_interval"].push_back(end);
    }
  }
  out["why"] = claim.why;
  return out;
}

}  // namespace

std::vector<JudgedClaim> judge_claims(const StudyFile& study, const StudyOutcome& outcome) {
  Evidence evidence;
  for (const FinishedStep& step : outcome.steps) {
    for (const Result& result : step.output.results) {
      evidence.results[fmt::format("{}.{}", step.plan.name, result.id)] = result;
    }
    for (const auto& [output, record] : step.output.records) {
      if (const Value* fitted = record.find("fitted_to")) {
        for (const Value& id : fitted->as_array()) {
          evidence.fitted_to.insert(id.as_text());
        }
      }
    }
  }
  std::vector<JudgedClaim> out;
  for (const ClaimEntry& entry : study.claims) {
    out.push_back(judge(entry, evidence));
  }
  return out;
}

Value results_document(const StudyFile& study, const StudyOutcome& outcome) {
  Value out = Value::object();
  out["schema"] = "hotstage.results/1";
  out["study"] = study.name;
  out["results"] = Value::array();
  out["claims"] = Value::array();
  for (const JudgedClaim& claim : outcome.claims) {
    out["claims"].push_back(claim_value(claim));
  }
  out["warnings"] = Value::array();
  for (const FinishedStep& step : outcome.steps) {
    for (const Result& result : step.output.results) {
      Value entry = Value::object();
      entry["id"] = fmt::format("{}.{}", step.plan.name, result.id);
      entry["value"] = result.value;
      entry["sigma"] = result.sigma ? Value(*result.sigma) : Value{};
      entry["unit"] = result.unit;
      entry["method"] = result.method;
      entry["step"] = step.plan.step->id;
      entry["evidence"] = result.evidence;
      out["results"].push_back(entry);
    }
    for (const WarningCount& warning : step.output.warnings) {
      Value entry = Value::object();
      entry["step"] = step.plan.name;
      entry["kind"] = warning.kind;
      entry["count"] = warning.count;
      entry["text"] = warning.example;
      out["warnings"].push_back(entry);
    }
  }
  return out;
}

void publish(const StudyFile& study, const StudyOptions& options, const jobs::Store& store, StudyOutcome& outcome,
             Run& run) {
  outcome.claims = judge_claims(study, outcome);
  outcome.results = results_document(study, outcome);
  outcome.report = options.out / "report.html";
  clear_published(options.out);
  for (const FinishedStep& step : outcome.steps) {
    publish_files(step, store, options.out);
  }
  const Value provenance = provenance_document(study, outcome, store, run);
  io::write_text(options.out / "results.json", io::to_json(outcome.results, io::JsonStyle::pretty) + "\n");
  io::write_text(options.out / "provenance.json", io::to_json(provenance, io::JsonStyle::pretty) + "\n");
  io::write_text(outcome.report, report_page(study, outcome, provenance));
}

}  // namespace hotstage::study::detail
