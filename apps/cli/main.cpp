// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/core/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "console.hpp"
#include <algorithm>
#include <array>
#include <exception>
#include <vector>

#define HOTSTAGE_VERB(word)              \
  namespace hotstage::cli::word##_verb { \
    extern const Verb verb;              \
  }
#include "hotstage/cli/verbs.inc"
#undef HOTSTAGE_VERB

namespace hotstage::cli {
namespace {

constexpr int exit_bug = 1;

std::vector<const Verb*> verbs() {
#define HOTSTAGE_VERB(word) &word##_verb::verb,
  return {
#include "hotstage/cli/verbs.inc"
  };
#undef HOTSTAGE_VERB
}

/// The command the arguments name: the deepest subcommand reached by its words.
const CLI::App& named_command(const CLI::App& app, int argc, char** argv, int& first_option) {
  const CLI::App* command = &app;
  first_option = 1;
  while (first_option < argc) {
    const std::string word(argv[first_option]);
    const auto below = command->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
    if (below.empty()) {
      break;
    }
    command = below.front();
    ++first_option;
  }
  return *command;
}

/// A mistyped step or option is the mistake to name: CLI11 would first complain that the right one is missing.
void refuse_unknown_words(const CLI::App& app, int argc, char** argv) {
  int first = 1;
  const CLI::App& command = named_command(app, argc, argv, first);
  std::vector<std::string> known;
  for (const CLI::App* below : command.get_subcommands({})) {
    known.push_back(below->get_name());
  }
  if (&command != &app && !known.empty() && (first == argc || argv[first][0] != '-')) {
    throw Error(
        Errc::usage,
        first == argc ? fmt::format("{}: no step named", command.get_name())
                      : fmt::format("{}: no step {}", command.get_name(), argv[first]),
        first == argc ? fmt::format("There are: {}", fmt::join(known, ", ")) : nearest_hint(argv[first], known));
  }
  known.clear();
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      known.push_back("--" + name);
    }
  }
  for (int i = first; i < argc; ++i) {
    const std::string word(argv[i]);
    const std::string name = word.substr(0, word.find('='));
    if (word == "--") {
      return;
    }
    if (name.starts_with("--") && std::find(known.begin(), known.end(), name) == known.end()) {
      throw Error(Errc::usage, fmt::format("{}: no option {}", command.get_name(), name), nearest_hint(name, known));
    }
  }
}

int call(const std::vector<std::pair<CLI::App*, Work>>& commands, const Common& common) {
  for (const auto& [command, work] : commands) {
    if (command->parsed()) {
      Run run = make_run(common);
      const int status = work(run, common);
      end_progress();
      return status;
    }
  }
  throw Error(Errc::usage, "no command given", "hotstage --help lists the commands");
}

int run_program(int argc, char** argv) {
  CLI::App app(
      "Hotstage: from an in situ heating experiment to its mechanism.\n"
      "Exit codes: 0 ok, 1 bug, 2 usage, 3 bad input, 4 unsupported, 5 io, 6 missing tool, 7 no space, 8 refused,\n"
      "9 engine failed, 130 stopped.",
      "hotstage");
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(0, 1);
  app.set_help_all_flag("--help-all", "help of all commands");
  Common common;
  std::vector<std::pair<CLI::App*, Work>> commands;
  for (const Verb* verb : verbs()) {
    CLI::App* command = app.add_subcommand(std::string(verb->name));
    add_common(*command, common);
    commands.emplace_back(command, verb->add(*command));
  }
  const auto steps = add_step_verbs(app, common);
  commands.insert(commands.end(), steps.begin(), steps.end());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      refuse_unknown_words(app, argc, argv);
    }
    const int status = app.exit(error);
    return status == 0 ? 0 : static_cast<int>(Errc::usage);
  }
  if (app.get_subcommands().empty()) {
    fmt::print("{}", app.help());
    return static_cast<int>(Errc::usage);
  }
  return call(commands, common);
}

}  // namespace
}  // namespace hotstage::cli

int main(int argc, char** argv) {
  try {
    return hotstage::cli::run_program(argc, argv);
  } catch (const hotstage::Error& error) {
    hotstage::cli::end_progress();
    fmt::print(stderr, "hotstage: {}: {}\n", hotstage::name(error.code()), error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    hotstage::cli::end_progress();
    fmt::print(stderr, "hotstage: this is a bug, please report it: {}\n", error.what());
    return hotstage::cli::exit_bug;
  }
}
