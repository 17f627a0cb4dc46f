// SPDX-License-Identifier: GPL-3.0-or-later
// hotstage run: the main job.

#include <CLI/CLI.hpp>

#include "console.hpp"
#include <memory>

namespace hotstage::cli::run_verb {

namespace {

struct Typed {
  std::string study;
  std::string out;
  std::string variant;
  bool resume = false;
  bool fresh = false;
};

Work add(CLI::App& app) {
  app.description("Runs every step of a study: results.json, tables, figures and report.html");
  auto typed = std::make_shared<Typed>();
  app.add_option("study", typed->study, "study.toml")->required()->type_name("STUDY.toml");
  app.add_option("--out", typed->out, "folder for the results (default: the study's name below the current folder)")
      ->type_name("DIR");
  app.add_option("--variant", typed->variant, "the study with the options of [variant.NAME]")->type_name("NAME");
  auto* resume = app.add_flag("--resume", typed->resume, "take finished steps from the store (the default)");
  app.add_flag("--fresh", typed->fresh, "compute every step again")->excludes(resume);
  app.footer(
      "Examples:\n  hotstage run studies/tio2-composition/study.toml\n  hotstage run study.toml --out results --json > "
      "results.json");
  return [typed](Run& run, const Common& common) {
    const study::StudyFile file = study::read_study(typed->study, typed->variant);
    const study::StudyOptions options{
        .out = typed->out.empty() ? std::filesystem::path(file.name) : std::filesystem::path(typed->out),
        .reuse = typed->fresh ? study::Reuse::fresh : study::Reuse::resume};
    print_outcome(file, study::run_study(file, options, run), common);
    return 0;
  };
}

}  // namespace

extern const Verb verb;
const Verb verb{"run", add};

}  // namespace hotstage::cli::run_verb
