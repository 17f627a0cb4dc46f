// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/step.hpp"

#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>

#include <array>

#define HOTSTAGE_PLUGIN(name)       \
  namespace hotstage::study::name { \
  extern const Step step;           \
  }
#include "hotstage/study/steps.inc"
#undef HOTSTAGE_PLUGIN

namespace hotstage::study {

std::string_view name(Kind kind) noexcept {
  static constexpr std::string_view names[] = {"signal", "table", "record", "raw", "truth"};
  return names[static_cast<std::size_t>(kind)];
}

const signal::Signal& StepInputs::signal(const std::string& input) const {
  const signal::Signal* found = find_signal(input);
  HOTSTAGE_EXPECTS(found != nullptr);
  return *found;
}

const signal::Signal* StepInputs::find_signal(const std::string& input) const {
  const auto found = signals.find(input);
  return found == signals.end() ? nullptr : &found->second;
}

std::span<const Step* const> steps() {
#define HOTSTAGE_PLUGIN(name) &name::step,
  static const std::array table{
#include "hotstage/study/steps.inc"
  };
#undef HOTSTAGE_PLUGIN
  return table;
}

const Step& find_step(std::string_view id) {
  std::vector<std::string> names;
  for (const Step* step : steps()) {
    if (step->id == id) {
      return *step;
    }
    names.emplace_back(step->id);
  }
  throw Error(Errc::bad_input, fmt::format("there is no step \"{}\"", id), nearest_hint(id, names));
}

}  // namespace hotstage::study
