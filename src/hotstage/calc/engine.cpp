// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/engine.hpp"

#include "hotstage/calc/pair.hpp"
#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::calc {

#define HOTSTAGE_PLUGIN(word)   \
  namespace engine_##word {     \
    extern const Engine engine; \
  }
#include "hotstage/calc/engines.inc"
#undef HOTSTAGE_PLUGIN

std::span<const Engine* const> engines() {
#define HOTSTAGE_PLUGIN(word) &engine_##word::engine,
  static constexpr const Engine* all[] = {
#include "hotstage/calc/engines.inc"
  };
#undef HOTSTAGE_PLUGIN
  return all;
}

bool is_magnetic(const atoms::Structure& structure) {
  return std::ranges::any_of(structure.moments_muB, [](double m) { return std::abs(m) > 0.0; });
}

const Engine& find_engine(std::string_view id) {
  std::vector<std::string> names{"pair"};
  for (const Engine* engine : engines()) {
    if (engine->id == id) {
      return *engine;
    }
    names.emplace_back(engine->id);
  }
  throw Error(Errc::bad_input, fmt::format("there is no engine \"{}\"", id), nearest_hint(id, names));
}

std::vector<EngineStatus> engine_statuses() {
  std::vector<EngineStatus> out{{.id = "pair",
                                 .title = "Ewald and Buckingham terms, built in",
                                 .installed = true,
                                 .version = "",
                                 .program = "",
                                 .hint = ""}};
  for (const Engine* engine : engines()) {
    out.push_back(engine->detect());
  }
  return out;
}

std::unique_ptr<Calculator> make_calculator(std::string_view engine, const DftOptions& options,
                                            const atoms::Structure& like, const std::filesystem::path& folder) {
  if (engine == "pair") {
    return make_pair_calculator(read_pair_potential("licoo2"));
  }
  const Engine& chosen = find_engine(engine);
  const EngineStatus status = chosen.detect();
  if (!status.installed) {
    throw Error(Errc::missing_tool, fmt::format("the engine {} is not installed", chosen.title), status.hint);
  }
  IpiOptions ipi;
  ipi.settings = {.engine = std::string(chosen.id),
                  .parameters = chosen.parameters(options, like),
                  .label = options.paper_settings ? Label::paper_settings : Label::reduced};
  ipi.folder = folder;
  ipi.virial = chosen.virial;
  ipi.prepare = [&chosen, options, folder, moments = like.moments_muB](const atoms::Structure& structure) {
    atoms::Structure with_moments = structure;
    with_moments.moments_muB = moments;
    IpiLaunch launch = chosen.prepare(options, with_moments, folder);
    for (const auto& variable : engine_environment()) {
      launch.environment.push_back(variable);
    }
    return launch;
  };
  return make_ipi_calculator(std::move(ipi));
}

}  // namespace hotstage::calc
