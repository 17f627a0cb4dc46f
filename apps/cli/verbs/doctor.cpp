// SPDX-License-Identifier: GPL-3.0-or-later
// hotstage doctor: what is installed, what is missing, how to get it.

#include "hotstage/calc/engine.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/version.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/study/step.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "console.hpp"
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

namespace hotstage::cli::doctor_verb {

namespace {

namespace fs = std::filesystem;

struct Tool {
  const char* program;
  const char* purpose;
  const char* how;
};

constexpr std::array tools = {
    Tool{"chromium", "browser tests of the report", "apt-get install chromium"},
    Tool{"rsvg-convert", "figures as PDF", "apt-get install librsvg2-bin"},
    Tool{"node", "building the report's plot library", "apt-get install nodejs npm"},
    Tool{"clang-14", "fuzzing the readers", "apt-get install clang-14 libclang-rt-14-dev"},
};

std::string find_program(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  std::string folder;
  std::error_code status;
  while (std::getline(folders, folder, ':')) {
    if (fs::is_regular_file(fs::path(folder) / program, status)) {
      return (fs::path(folder) / program).string();
    }
  }
  return {};
}

Value diagnose() {
  Value out = Value::object();
  out["version"] = version();
  out["processors"] = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  const auto shared = shared_data_folder();
  out["shared_data"] = shared ? Value(shared->string()) : Value{};
  for (const Tool& tool : tools) {
    Value entry = Value::object();
    entry["name"] = tool.program;
    entry["for"] = tool.purpose;
    entry["found"] = find_program(tool.program);
    entry["how"] = tool.how;
    out["tools"].push_back(entry);
  }
  for (const calc::EngineStatus& engine : calc::engine_statuses()) {
    Value entry = Value::object();
    entry["id"] = engine.id;
    entry["title"] = engine.title;
    entry["installed"] = engine.installed;
    entry["version"] = engine.version;
    entry["program"] = engine.program;
    entry["how"] = engine.hint;
    out["engines"].push_back(entry);
  }
  for (const calc::Trap& trap : calc::check_engine({})) {
    Value entry = Value::object();
    entry["name"] = trap.name;
    entry["ok"] = trap.state == calc::TrapState::ok;
    entry["found"] = trap.found;
    entry["remedy"] = trap.remedy;
    out["traps"].push_back(entry);
  }
  for (const signal::Format* format : signal::formats()) {
    Value entry = Value::object();
    entry["id"] = format->id;
    entry["title"] = format->title;
    entry["writes"] = format->write != nullptr;
    out["formats"].push_back(entry);
  }
  for (const study::Step* step : study::steps()) {
    out["steps"].push_back(Value(step->id));
  }
  return out;
}

Work add(CLI::App& app) {
  app.description("Says what is installed, what is missing and how to get it");
  app.footer("Example:\n  hotstage doctor --json");
  return [](Run&, const Common& common) {
    const Value found = diagnose();
    if (common.json) {
      print_json(found);
      return 0;
    }
    fmt::print("hotstage {} on {} processors\n", version(), found.at("processors").as_integer());
    fmt::print("shared measurements: {}\n", found.text_at("shared_data").value_or("absent (set HOTSTAGE_SHARED_DATA)"));
    for (const Value& tool : found.at("tools").as_array()) {
      const std::string& place = tool.at("found").as_text();
      fmt::print("  {:<13} {:<36} {}\n", tool.at("name").as_text(), tool.at("for").as_text(),
                 place.empty() ? "missing: " + tool.at("how").as_text() : place);
    }
    for (const Value& engine : found.at("engines").as_array()) {
      fmt::print("  {:<13} {:<36} {}\n", engine.at("id").as_text(), engine.at("title").as_text(),
                 engine.at("installed").as_bool()
                     ? fmt::format("{} {}", engine.at("program").as_text(), engine.at("version").as_text())
                     : "missing: " + engine.at("how").as_text());
    }
    for (const Value& trap : found.at("traps").as_array()) {
      fmt::print("  {:<13} {:<36} {}\n", trap.at("ok").as_bool() ? "ok" : "look at", trap.at("name").as_text(),
                 trap.at("ok").as_bool() ? trap.at("found").as_text()
                                         : trap.at("found").as_text() + ": " + trap.at("remedy").as_text());
    }
    for (const Value& format : found.at("formats").as_array()) {
      fmt::print("  {:<13} {} ({})\n", format.at("id").as_text(), format.at("title").as_text(),
                 format.at("writes").as_bool() ? "reads and writes" : "reads");
    }
    return 0;
  };
}

}  // namespace

extern const Verb verb;
const Verb verb{"doctor", add};

}  // namespace hotstage::cli::doctor_verb
