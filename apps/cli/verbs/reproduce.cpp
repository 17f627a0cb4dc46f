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
  bool fresh = false;
};

Work add(CLI::App& app) {
  app.description(
      "Reproduces the first study: the composition of TiO2 from a real dual-EELS pair, or the same chain on a "
      "generated\n"
      "pair when the shared measurements are absent");
  auto typed = std::make_shared<Typed>();
  app.add_option("--out", typed->out, "folder for the results (default: reproduce)")->type_name("DIR");
  app.add_flag("--fresh", typed->fresh, "compute every step again");
  app.footer("Example:\n  hotstage reproduce --out build/reproduce");
  return [typed](Run& run, const Common& common) {
    const bool real = shared_data_folder().has_value();
    if (!real) {
      run.log(LogLevel::warning,
              "the shared measurements are absent (HOTSTAGE_SHARED_DATA): a generated pair goes through the same chain "
              "instead");
    }
    const study::StudyFile file =
        study::read_study(study_folder(real ? "tio2-composition" : "generated-pair") / "study.toml");
    const study::StudyOptions options{.out = typed->out,
                                      .reuse = typed->fresh ? study::Reuse::fresh : study::Reuse::resume};
    print_outcome(file, study::run_study(file, options, run), common);
    if (!common.json) {
      fmt::print(
          "claims C1-C20 of the in situ heating study: not yet (they need the experiment's chain and the "
          "energetics)\n");
    }
    return 0;
  };
}

}  // namespace

extern const Verb verb;
const Verb verb{"reproduce", add};

}  // namespace hotstage::cli::reproduce_verb
