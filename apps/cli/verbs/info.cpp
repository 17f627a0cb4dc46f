// SPDX-License-Identifier: GPL-3.0-or-later
// hotstage info: what a file holds.

#include "hotstage/core/error.hpp"
#include "hotstage/core/expected.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/signal/format.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "console.hpp"
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

namespace hotstage::cli::info_verb {

namespace {

struct Typed {
  std::vector<std::string> files;
  bool tags = false;
};

template <class Q>
void note(Value& out, const char* key, const std::optional<Q>& value, Q unit) {
  if (value) {
    out[key] = value->in(unit);
  }
}

Value describe_axis(const signal::Axis& axis) {
  Value out = Value::object();
  out["name"] = axis.name;
  out["size"] = axis.size;
  out["first"] = axis.value(0.0);
  out["last"] = axis.value(static_cast<double>(axis.size) - 1.0);
  out["step"] = axis.is_uniform() ? Value(axis.scale) : Value{};
  out["unit"] = axis.unit;
  return out;
}

Value describe_signal(const signal::Signal& data) {
  Value out = Value::object();
  out["title"] = data.metadata.title;
  out["shape"] = data.shape_text();
  out["dtype"] = data.source ? signal::name(data.source->dtype()) : "";
  out["navigation"] = Value::array();
  for (const signal::Axis& axis : data.navigation) {
    out["navigation"].push_back(describe_axis(axis));
  }
  out["axes"] = Value::array();
  for (const signal::Axis& axis : data.axes) {
    out["axes"].push_back(describe_axis(axis));
  }
  const signal::Metadata& known = data.metadata;
  Value& metadata = out["metadata"];
  metadata = Value::object();
  if (!known.signal_type.empty()) {
    metadata["signal_type"] = known.signal_type;
  }
  note(metadata, "beam_energy_keV", known.beam_energy, units::keV);
  note(metadata, "convergence_mrad", known.convergence, units::mrad);
  note(metadata, "collection_mrad", known.collection, units::mrad);
  note(metadata, "exposure_s", known.exposure, units::s);
  note(metadata, "live_time_s", known.live_time, units::s);
  note(metadata, "elevation_rad", known.elevation, units::rad);
  note(metadata, "resolution_eV", known.resolution, units::eV);
  if (known.frames) {
    metadata["frames"] = *known.frames;
  }
  if (!known.detector.empty()) {
    metadata["detector"] = known.detector;
  }
  if (!known.acquired.empty()) {
    metadata["acquired"] = known.acquired;
  }
  if (!data.intensity_unit.empty()) {
    metadata["intensity_unit"] = data.intensity_unit;
  }
  return out;
}

std::string clock_text(double wall_s) {
  const auto seconds = static_cast<long long>(wall_s) % 86400;
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

Value describe_log(const std::string& file, const heater::LogFormat& format) {
  const heater::HeaterLog log = heater::read_log(file, {.on_backstep = heater::BackStep::drop});
  const auto [coldest, hottest] = std::ranges::minmax(log.temperature_degC);
  Value out = Value::object();
  out["file"] = file;
  out["format"] = format.title;
  Value& known = out["log"];
  known = Value::object();
  known["rows"] = log.size();
  known["first_s"] = log.time_s.front();
  known["last_s"] = log.time_s.back();
  known["step_s"] = heater::sampling_s(log);
  known["coldest_degC"] = coldest;
  known["hottest_degC"] = hottest;
  known["gaps"] = heater::gaps(log).size();
  known["repairs"] = log.repairs.size();
  if (!log.wall_s.empty()) {
    known["wall_clock"] = fmt::format("{} … {}", clock_text(log.wall_s.front()), clock_text(log.wall_s.back()));
  }
  if (!log.date.empty()) {
    known["date"] = log.date;
  }
  if (!log.notes.empty()) {
    known["notes"] = Value::array();
  }
  for (const heater::LogNote& note : log.notes) {
    known["notes"].push_back(fmt::format("{:.3f} s: {}", note.time_s, note.text));
  }
  return out;
}

Value describe_file(const std::string& file, bool tags, Run& run) {
  std::error_code none;
  const heater::LogFormat* log = std::filesystem::is_regular_file(file, none) ? heater::sniff_log(file) : nullptr;
  if (log != nullptr) {
    return describe_log(file, *log);
  }
  Value out = Value::object();
  out["file"] = file;
  out["format"] = signal::sniff(file).title;
  out["signals"] = Value::array();
  for (const signal::Signal& data : signal::load_all(file, run)) {
    Value entry = describe_signal(data);
    if (tags) {
      entry["tags"] = data.original;
    }
    out["signals"].push_back(entry);
  }
  return out;
}

void print_axis(const char* role, const Value& axis) {
  const std::string step =
      axis.at("step").is_null() ? "not uniform" : fmt::format("step {:.6g}", axis.at("step").as_number());
  fmt::print("     {} {:<12} {:>6} × {}   {:.6g} … {:.6g} {}\n", role,
             axis.at("name").as_text().empty() ? "(no name)" : axis.at("name").as_text(), axis.at("size").as_integer(),
             step, axis.at("first").as_number(), axis.at("last").as_number(), axis.at("unit").as_text());
}

void print_log(const Value& log) {
  fmt::print("  {} rows   {:.6g} … {:.6g} s, step {:.6g} s   {:.6g} … {:.6g} degC\n", log.at("rows").as_integer(),
             log.at("first_s").as_number(), log.at("last_s").as_number(), log.at("step_s").as_number(),
             log.at("coldest_degC").as_number(), log.at("hottest_degC").as_number());
  fmt::print("     gaps = {}, repairs = {}", log.at("gaps").as_integer(), log.at("repairs").as_integer());
  for (const char* key : {"wall_clock", "date"}) {
    if (const auto text = log.text_at(key)) {
      fmt::print(", {} = {}", key, *text);
    }
  }
  fmt::print("\n");
  if (const Value* notes = log.find("notes")) {
    for (const Value& note : notes->as_array()) {
      fmt::print("     note at {}\n", note.as_text());
    }
  }
}

void print_file(const Value& file) {
  fmt::print("{}: {}\n", file.at("file").as_text(), file.at("format").as_text());
  if (const Value* log = file.find("log")) {
    print_log(*log);
    return;
  }
  int number = 0;
  for (const Value& entry : file.at("signals").as_array()) {
    fmt::print("  {}  {} {} {}\n", number++, entry.at("shape").as_text(), entry.at("dtype").as_text(),
               entry.at("title").as_text());
    for (const Value& axis : entry.at("navigation").as_array()) {
      print_axis("item   ", axis);
    }
    for (const Value& axis : entry.at("axes").as_array()) {
      print_axis("channel", axis);
    }
    std::string known;
    for (const Member& member : entry.at("metadata").as_object()) {
      const std::string value =
          member.value.is_text() ? member.value.as_text() : fmt::format("{:.6g}", member.value.as_number());
      known += fmt::format("{}{} = {}", known.empty() ? "" : ", ", member.key, value);
    }
    if (!known.empty()) {
      fmt::print("     {}\n", known);
    }
    if (const Value* tags = entry.find("tags")) {
      fmt::print("{}\n", io::to_json(*tags, io::JsonStyle::pretty));
    }
  }
}

Work add(CLI::App& app) {
  app.description("Says what any supported file holds: type, axes with units, metadata");
  auto typed = std::make_shared<Typed>();
  app.add_option("file", typed->files, "files")->required()->type_name("FILE…");
  app.add_flag("--tags", typed->tags, "also print the file's own tags");
  app.footer(
      "Examples:\n  hotstage info scan.dm4\n  hotstage info *.dm3 --json\n  hotstage info run/   (a folder of frames "
      "is one series)\n  hotstage info \"Heat raw.csv\"\n  hotstage info scan.dm4 --tags");
  return [typed](Run& run, const Common& common) {
    Value all = Value::array();
    std::optional<Error> first;
    for (const std::string& file : typed->files) {  // one broken file does not hide the others
      const Expected<Value> described = attempt([&] { return describe_file(file, typed->tags, run); });
      if (!described) {
        fmt::print(stderr, "hotstage: {}: {}\n", name(described.error().code()), described.error().what());
        first = first ? first : described.error();
      } else if (common.json) {
        all.push_back(*described);
      } else {
        print_file(*described);
      }
    }
    if (common.json) {
      print_json(all);
    }
    return first ? static_cast<int>(first->code()) : 0;
  };
}

}  // namespace

extern const Verb verb;
const Verb verb{"info", add};

}  // namespace hotstage::cli::info_verb
