// SPDX-License-Identifier: GPL-3.0-or-later
// Beam damage: the same measures before and after an exposure, their change with σ, and the smallest change seen.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/dose.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::eels {

struct DamageOptions {
  std::string oxygen = "O K";
  std::string metal;
  Energy peak_low = 527.0 * units::eV;
  Energy peak_high = 533.0 * units::eV;
  Energy main_low = 533.0 * units::eV;
  Energy main_high = 545.0 * units::eV;
  Energy post_low = 545.0 * units::eV;
  Energy post_high = 580.0 * units::eV;
  bool same_places = false;
  double limit = 2.0;
  DoseOptions dose;
  double dose_between = 0.0;
  ChainOptions chain;

  template <class V>
  void fields(V& v) {
    v("oxygen", oxygen, {.help = "edge with the pre-peak"});
    v("metal", metal,
      {.help = "L3 edge whose lines and amount are compared (\"Co L3\"); none: oxygen and thickness only"});
    v("peak_low", peak_low, {.help = "start of the pre-peak window", .unit = "eV"});
    v("peak_high", peak_high, {.help = "end of the pre-peak window", .unit = "eV"});
    v("main_low", main_low, {.help = "start of the main-peak window", .unit = "eV"});
    v("main_high", main_high, {.help = "end of the main-peak window", .unit = "eV"});
    v("post_low", post_low, {.help = "start of the post-edge window", .unit = "eV"});
    v("post_high", post_high, {.help = "end of the post-edge window", .unit = "eV"});
    v("same_places", same_places,
      {.help = "spectrum i of both is the same place: differences are taken one by one, and what varies over the scan "
               "cancels"});
    v("limit", limit, {.help = "σ from which a change is called one", .min = 1.0, .max = 10.0});
    v("dose", dose, {.help = "electron dose of one spectrum"});
    v("dose_between", dose_between,
      {.help = "dose (e/Å²) given between the two measurements, beside their own", .min = 0.0});
    chain.fields(v);
  }
};

enum class DamageVerdict { changed, unchanged, no_power, not_measured };

[[nodiscard]] std::string_view name(DamageVerdict verdict) noexcept;

/// One quantity before and after. σ of a mean: the larger of counting and scatter between spectra.
struct DamageMeasure {
  std::string id;
  std::string label;
  std::string unit;       ///< of before and after
  bool relative = false;  ///< change is after/before − 1, else after − before
  Estimate before;
  Estimate after;
  std::size_t n_before = 0;
  std::size_t n_after = 0;
  Estimate change;
  double significance = 0.0;         ///< change/σ
  double detectable = 0.0;           ///< smallest change that would be called one: limit·σ
  double upper_limit = 0.0;          ///< |change| + limit·σ
  std::optional<Estimate> per_dose;  ///< change per 1e4 e/Å²
  DamageVerdict verdict = DamageVerdict::not_measured;
  std::string reason;  ///< why it was not measured
};

struct DamageResult {
  std::vector<DamageMeasure> measures;
  std::optional<Dose> dose;         ///< of one spectrum
  double exposed_per_A2 = 0.0;      ///< dose between the middles of the two measurements
  std::string dose_missing;         ///< what is not known when there is none
  double expected_by_chance = 0.0;  ///< measures called changed when nothing changed
  std::vector<Warning> warnings;
};

struct DamageInput {
  const signal::Signal& before;
  const signal::Signal& after;
  const signal::Signal* before_low = nullptr;  ///< as many spectra as `before`, or one
  const signal::Signal* after_low = nullptr;
  double exposures = 1.0;                ///< of one spectrum between the middles of both: a series has more than 1
  const signal::Signal* scan = nullptr;  ///< whose axes tell the area of a pixel; `before` when null
};

/// Measures both in one pass of the chain over all spectra together, so that windows, onsets, background rule and noise
/// factor are the same by construction. Quantities that cannot be measured say why. The dose is left out when nothing
/// of it was given and the file does not know it. Throws Error{bad_input} when the axes differ, and what electron_dose
/// throws when part of the dose was given.
[[nodiscard]] DamageResult compare_damage(const DamageInput& input, const DamageOptions& options, Run& run);

/// Spectra `first` … `first + count` of a signal as a signal over items.
[[nodiscard]] signal::Signal some_items(const signal::Signal& signal, std::size_t first, std::size_t count);

/// Fills change, significance, limits and verdict from before and after. `difference`: measured place by place.
void judge(DamageMeasure& measure, double limit, double exposed_per_A2, const std::optional<Estimate>& difference = {});

}  // namespace hotstage::eels
