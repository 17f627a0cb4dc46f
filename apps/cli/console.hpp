// SPDX-License-Identifier: GPL-3.0-or-later
// What every verb shares: common options, the terminal (progress bar, log, JSON), and the stop button.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/core/value.hpp"
#include "hotstage/study/run_study.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace hotstage::cli {

/// Options each verb has.
struct Common {
  int threads = 0;             ///< 0: as many as there are processors
  std::string memory = "512";  ///< MiB of working buffers
  bool json = false;
  bool quiet = false;
};

/// A verb adds itself to the program; the returned work runs when the user called it and gives the exit code.
using Work = std::function<int(Run&, const Common&)>;

struct Verb {
  std::string_view name;
  Work (*add)(CLI::App& app) = nullptr;
};

/// Adds --json, --threads, --memory, --quiet.
void add_common(CLI::App& app, Common& common);

/// A run wired to the terminal: progress bar on stderr when it is one, log on stderr, Ctrl-C stops between tiles.
[[nodiscard]] Run make_run(const Common& common);

/// Ends the progress bar's line.
void end_progress();

/// Prints a document to stdout as JSON.
void print_json(const Value& value);

/// The results of a study for people: one line per number, its references, warnings, where the report is.
void print_outcome(const study::StudyFile& file, const study::StudyOutcome& outcome, const Common& common);

/// Adds `hotstage eels quantify …` and all other steps of the registry. Returns what to run when one was called.
[[nodiscard]] std::vector<std::pair<CLI::App*, Work>> add_step_verbs(CLI::App& app, Common& common);

}  // namespace hotstage::cli
