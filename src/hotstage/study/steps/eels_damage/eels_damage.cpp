// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.damage: what an exposure changed: two measurements, or the first and last spectra of a series.

#include "hotstage/core/error.hpp"
#include "hotstage/study/detail/eels_damage_pages.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::eels_damage {

namespace {

struct Options {
  std::optional<std::int64_t> frames;
  eels::DamageOptions damage;

  template <class V>
  void fields(V& v) {
    v("frames", frames,
      {.help = "without `after`: how many steps of the slowest axis at its start and end are compared", .min = 1});
    damage.fields(v);
  }
};

/// Start and end of a series along its slowest axis.
struct Ends {
  std::size_t steps = 0;
  std::size_t taken = 0;
  std::size_t items_per_step = 0;
};

Ends ends_of(const signal::Signal& core, const Options& options) {
  if (core.navigation.empty() || core.navigation.front().size < 2) {
    throw Error(Errc::bad_input, Location{.file = core.file},
                "one measurement and no series: there is nothing to compare",
                "Give --after, or a series with --frames");
  }
  const std::size_t steps = core.navigation.front().size;
  if (!options.frames) {
    throw Error(Errc::bad_input, fmt::format("a series of {} steps, and frames is not set", steps),
                "Set frames: how many steps at its start and end are compared; or give --after");
  }
  const auto taken = static_cast<std::size_t>(*options.frames);
  if (2 * taken > steps) {
    throw Error(Errc::bad_input, fmt::format("{} steps at each end of a series of {}", taken, steps),
                fmt::format("At most {}", steps / 2));
  }
  return {steps, taken, core.items() / steps};
}

signal::Signal part(const signal::Signal& signal, const Ends& ends, bool last) {
  if (signal.items() == 1) {
    return signal;
  }
  const std::size_t per_step = signal.items() / ends.steps;
  if (per_step * ends.steps != signal.items()) {
    throw Error(Errc::bad_input, Location{.file = signal.file},
                fmt::format("{} low-loss spectra for a series of {} steps", signal.items(), ends.steps),
                "Give as many as core-loss spectra, or one");
  }
  const std::size_t first = last ? (ends.steps - ends.taken) * per_step : 0;
  return eels::some_items(signal, first, ends.taken * per_step);
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  auto options = from_table<Options>(table);
  const signal::Signal& core = inputs.signal("core");
  const signal::Signal* low = inputs.find_signal("low");
  if (const signal::Signal* after = inputs.find_signal("after")) {
    const eels::DamageInput input{core, *after, low, inputs.find_signal("after_low")};
    return detail::damage_page(input, eels::compare_damage(input, options.damage, run), options.damage, run);
  }
  const Ends ends = ends_of(core, options);
  const signal::Axis& axis = core.navigation.front();
  const bool of_places = detail::nanometres_per(axis.unit) > 0.0;
  const signal::Signal before = part(core, ends, false);
  const signal::Signal after = part(core, ends, true);
  std::optional<signal::Signal> low_before;
  std::optional<signal::Signal> low_after;
  if (low != nullptr) {
    low_before = part(*low, ends, false);
    low_after = part(*low, ends, true);
  }
  // Between places no dose has passed.
  const double exposures = of_places ? 0.0 : static_cast<double>(ends.steps - ends.taken);
  const eels::DamageInput input{
      before, after, low_before ? &*low_before : nullptr, low_after ? &*low_after : nullptr, exposures, &core};
  StepOutput out = detail::damage_page(input, eels::compare_damage(input, options.damage, run), options.damage, run);
  if (of_places) {
    out.warnings.push_back(
        {"places_compared",
         fmt::format("the axis {} is a length: what differs may be the specimen, not the dose", axis.name), 1});
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.damage",
    .version = 1,
    .title = "Beam damage",
    .help =
        "Compares O K pre-peak, O/metal, L3/L2, L3 position and t/λ before and after an exposure: change ± σ, per "
        "dose, "
        "and the smallest change that would have been seen",
    .example =
        "hotstage eels damage --core before.hspy --after after.hspy --metal \"Co L3\" --dose.beam_current \"50 pA\"",
    .inputs = {{"core", Kind::signal, true, "core loss before, or a series"},
               {"after", Kind::signal, false, "core loss after; without it the ends of the series are compared"},
               {"low", Kind::signal, false, "low loss of `core`"},
               {"after_low", Kind::signal, false, "low loss of `after`"}},
    .outputs = {{"changes", Kind::table, "one row per measure"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_damage
