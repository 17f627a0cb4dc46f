// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/step_record.hpp"

#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include <array>

namespace hotstage::study {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view step_schema = "hotstage.step/1";
constexpr std::array status_names = {"ok", "attention", "failed"};

Value to_value(const Result& result) {
  Value out = Value::object();
  out["id"] = result.id;
  out["label"] = result.label;
  out["value"] = result.value;
  out["sigma"] = result.sigma ? Value(*result.sigma) : Value{};
  out["unit"] = result.unit;
  out["method"] = result.method;
  out["evidence"] = result.evidence;
  out["headline"] = result.headline;
  return out;
}

Result result_from(const Value& value) {
  Result out{.id = value.at("id").as_text(),
             .unit = value.at("unit").as_text(),
             .method = value.at("method").as_text(),
             .evidence = value.at("evidence").as_text(),
             .label = value.at("label").as_text(),
             .headline = value.at("headline").as_bool()};
  out.value = value.at("value").as_number();
  out.sigma = value.number_at("sigma");
  return out;
}

Value to_value(const Check& check) {
  Value out = Value::object();
  out["name"] = check.name;
  out["status"] = name(check.status);
  out["measured"] = check.measured;
  out["limit"] = check.limit;
  out["meaning"] = check.meaning;
  return out;
}

Check check_from(const Value& value) {
  const std::string& status = value.at("status").as_text();
  const auto index = status == status_names[0] ? 0 : (status == status_names[1] ? 1 : 2);
  return {value.at("name").as_text(), static_cast<CheckStatus>(index), value.at("measured").as_text(),
          value.at("limit").as_text(), value.at("meaning").as_text()};
}

template <class T, class F>
Value list_of(const std::vector<T>& items, F&& convert) {
  Value out = Value::array();
  for (const T& item : items) {
    out.push_back(convert(item));
  }
  return out;
}

Value summary_of(const StepOutput& output) {
  Value out = Value::object();
  out["schema"] = step_schema;
  out["results"] = list_of(output.results, [](const Result& r) { return to_value(r); });
  out["checks"] = list_of(output.checks, [](const Check& c) { return to_value(c); });
  out["assumptions"] = list_of(output.assumptions, [](const Assumption& a) {
    Value entry = Value::object();
    entry["what"] = a.what;
    entry["why"] = a.why;
    return entry;
  });
  out["warnings"] = list_of(output.warnings, [](const WarningCount& w) {
    Value entry = Value::object();
    entry["kind"] = w.kind;
    entry["example"] = w.example;
    entry["count"] = w.count;
    return entry;
  });
  out["figures"] = list_of(output.figures, [](const report::Figure& f) { return report::to_value(f); });
  return out;
}

void note_file(Value& files, const std::string& output, std::string_view kind, const std::string& file) {
  Value entry = Value::object();
  entry["output"] = output;
  entry["kind"] = kind;
  entry["file"] = file;
  files.push_back(entry);
}

}  // namespace

std::string_view name(CheckStatus status) noexcept {
  return status_names[static_cast<std::size_t>(status)];
}

void write_output(const StepOutput& output, const fs::path& folder, Run& run) {
  Value summary = summary_of(output);
  Value files = Value::array();
  for (const auto& [key, table] : output.tables) {
    io::write_table(folder / (key + ".csv"), table);
    note_file(files, key, "table", key + ".csv");
  }
  for (const auto& [key, record] : output.records) {
    io::write_text(folder / (key + ".json"), io::to_json(record, io::JsonStyle::pretty));
    note_file(files, key, "record", key + ".json");
  }
  for (const auto& [key, data] : output.signals) {
    signal::save(std::span(&data, 1), folder / (key + ".hspy"), run);
    note_file(files, key, "signal", key + ".hspy");
  }
  for (const auto& [key, signals] : output.raw) {
    const auto format = output.raw_format.find(key);
    const std::string file = key + "." + (format == output.raw_format.end() ? "dm4" : format->second);
    signal::save(signals, folder / file, run);
    note_file(files, key, "raw", file);
  }
  for (const auto& [key, raw] : output.raw_text) {
    const std::string file = key + "." + raw.extension;
    io::write_text(folder / file, raw.text);
    note_file(files, key, "raw", file);
  }
  summary["files"] = files;
  io::write_text(folder / "step.json", io::to_json(summary, io::JsonStyle::pretty));
}

StepOutput read_output(const fs::path& folder, Run& run) {
  const Value summary = io::read_document(folder / "step.json");
  if (summary.text_at("schema") != step_schema) {
    throw Error(Errc::unsupported, {.file = (folder / "step.json").string()}, "was written by another version",
                "Run again with --fresh");
  }
  StepOutput out;
  for (const Value& entry : summary.at("results").as_array()) {
    out.results.push_back(result_from(entry));
  }
  for (const Value& entry : summary.at("checks").as_array()) {
    out.checks.push_back(check_from(entry));
  }
  for (const Value& entry : summary.at("assumptions").as_array()) {
    out.assumptions.push_back({entry.at("what").as_text(), entry.at("why").as_text()});
  }
  for (const Value& entry : summary.at("warnings").as_array()) {
    out.warnings.push_back({entry.at("kind").as_text(), entry.at("example").as_text(),
                            static_cast<std::size_t>(entry.at("count").as_integer())});
  }
  for (const Value& entry : summary.at("figures").as_array()) {
    out.figures.push_back(report::figure_from_value(entry));
  }
  for (const Value& entry : summary.at("files").as_array()) {
    const std::string& key = entry.at("output").as_text();
    const std::string& kind = entry.at("kind").as_text();
    const fs::path file = folder / entry.at("file").as_text();
    if (kind == "table") {
      out.tables[key] = io::read_written_table(file);
    } else if (kind == "record") {
      out.records[key] = io::read_document(file);
    } else if (kind == "signal") {
      out.signals[key] = signal::load(file, run);
    } else {
      out.raw[key] = {};
    }
  }
  return out;
}

void read_input(const std::string& input, Kind kind, const fs::path& file, StepInputs& inputs, Run& run) {
  switch (kind) {
    case Kind::signal:
      inputs.signals[input] = signal::load(file, run);
      break;
    case Kind::raw:
      inputs.files[input] = file;
      break;
    case Kind::table:
      inputs.tables[input] = io::read_table(file);
      break;
    case Kind::record:
      inputs.records[input] = io::read_document(file);
      break;
    case Kind::truth: {
      const std::string type = io::extension(file);
      const Kind as = type == "json" ? Kind::record : (type == "csv" ? Kind::table : Kind::signal);
      read_input(input, as, file, inputs, run);
      break;
    }
  }
}

fs::path output_file(const fs::path& folder, const std::string& output) {
  const Value summary = io::read_document(folder / "step.json");
  for (const Value& entry : summary.at("files").as_array()) {
    if (entry.at("output").as_text() == output) {
      return folder / entry.at("file").as_text();
    }
  }
  throw Error(Errc::bad_input, fmt::format("the output \"{}\" was not made with these options", output));
}

}  // namespace hotstage::study
