// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/core/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "console.hpp"
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
