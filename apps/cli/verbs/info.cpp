// SPDX-License-Identifier: GPL-3.0-or-later
// hotstage info: what a file holds.

#include "hotstage/core/error.hpp"
#include "hotstage/core/expected.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/signal/format.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "console.hpp"
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

Value describe_file(const std::string& file, bool tags, Run& run) {
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

void print_file(const Value& file) {
  fmt::print("{}: {}\n", file.at("file").as_text(), file.at("format").as_text());
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
  app.footer("Examples:\n  hotstage info scan.dm4\n  hotstage info *.dm3 --json\n  hotstage info scan.dm4 --tags");
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
