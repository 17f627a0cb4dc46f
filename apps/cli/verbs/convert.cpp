// SPDX-License-Identifier: GPL-3.0-or-later
// hotstage convert: from one format to another, tile by tile.

#include "hotstage/core/error.hpp"
#include "hotstage/signal/format.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "console.hpp"
#include <memory>
#include <optional>

namespace hotstage::cli::convert_verb {

namespace {

struct Typed {
  std::string from;
  std::string to;
  std::optional<std::size_t> which;
  bool force = false;
};

Work add(CLI::App& app) {
  app.description(
      "Converts between formats; axes, units, metadata and counts are kept. Formats that write: DM4, HSPY, MSA, TIFF, "
      "CSV");
  auto typed = std::make_shared<Typed>();
  app.add_option("in", typed->from, "file to read")->required()->type_name("IN");
  app.add_option("out", typed->to, "file to write; the extension chooses the format")->required()->type_name("OUT");
  app.add_option("--signal", typed->which, "which signal of the file (from 0; hotstage info lists them); default all")
      ->type_name("N");
  app.add_flag("--force", typed->force, "replace OUT when it exists");
  app.footer("Examples:\n  hotstage convert scan.dm4 scan.hspy\n  hotstage convert survey.dm3 haadf.tif --signal 1");
  return [typed](Run& run, const Common& common) {
    if (std::filesystem::exists(typed->to) && !typed->force) {
      throw Error(Errc::usage, fmt::format("{} exists already", typed->to), "Use --force to replace it");
    }
    const std::vector<signal::Signal> signals =
        typed->which ? std::vector{signal::load(typed->from, run, typed->which)} : signal::load_all(typed->from, run);
    signal::save(signals, typed->to, run);
    if (common.json) {
      Value out = Value::object();
      out["written"] = typed->to;
      out["signals"] = signals.size();
      print_json(out);
    } else {
      fmt::print("{}: {} signal{}\n", typed->to, signals.size(), signals.size() == 1 ? "" : "s");
    }
    return 0;
  };
}

}  // namespace

extern const Verb verb;
const Verb verb{"convert", add};

}  // namespace hotstage::cli::convert_verb
