// SPDX-License-Identifier: GPL-3.0-or-later
// hotstage reproduce: the study this installation must reproduce, on real data when they are there.

#include "hotstage/core/data_folders.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "console.hpp"
#include <memory>

namespace hotstage::cli::reproduce_verb {

namespace {

struct Typed {
  std::string out = "reproduce";
  std::string variant;
  bool fresh = false;
  bool recompute = false;
};

Work add(CLI::App& app) {
  app.description(
      "Reproduces the first study: cell, lamella, heating, raw files, blind analysis, mechanism, and every claim of "
      "the\n"
      "publication against its evidence. Needs no measured data: the experiment is simulated as raw instrument files");
  auto typed = std::make_shared<Typed>();
  app.add_option("--out", typed->out, "folder for the results (default: reproduce)")->type_name("DIR");
  app.add_option("--variant", typed->variant, "smoke: small images and few seeds, in less than a minute")
      ->type_name("NAME");
  app.add_flag(
      "--recompute", typed->recompute,
      "run one small first-principles job for real (GPAW, half a minute) instead of only reading stored results");
  app.add_flag("--fresh", typed->fresh, "compute every step again");
  app.footer(
      "Examples:\n  hotstage reproduce --out build/reproduce\n  hotstage reproduce --variant smoke\n"
      "  hotstage reproduce --recompute");
  return [typed](Run& run, const Common& common) {
    std::string variants = typed->variant;
    if (typed->recompute) {
      variants += variants.empty() ? "recompute" : ",recompute";
    }
    const study::StudyFile file = study::read_study(study_folder("wang2023") / "study.toml", variants);
    const study::StudyOptions options{.out = typed->out,
                                      .reuse = typed->fresh ? study::Reuse::fresh : study::Reuse::resume};
    print_outcome(file, study::run_study(file, options, run), common);
    return 0;
  };
}

}  // namespace

extern const Verb verb;
const Verb verb{"reproduce", add};

}  // namespace hotstage::cli::reproduce_verb
