// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.align: zero-loss peak of every item: energy offset, width, t/λ; calibration by a known line.

#include "hotstage/eels/edges.hpp"
#include "hotstage/study/detail/eels_align_pages.hpp"
#include "hotstage/study/detail/eels_low_loss.hpp"

#include <fmt/format.h>

namespace hotstage::study::eels_align {

namespace {

enum class Keep { table, signals };

constexpr auto enum_names(Keep) {
  return std::array{EnumName<Keep>{Keep::table, "table"}, EnumName<Keep>{Keep::signals, "signals"}};
}

struct Options {
  Keep keep = Keep::table;
  bool resample = false;
  std::string anchor;
  std::optional<Energy> anchor_energy;
  Energy search = 15.0 * units::eV;
  eels::ZeroLossOptions zero_loss;

  template <class V>
  void fields(V& v) {
    v("keep", keep,
      {.help = "table: offsets as a table; signals: also the aligned signals, offsets stored with them as data"});
    v("resample", resample,
      {.help = "move the kept spectra once, in Fourier space, instead of storing offsets; narrow features ring"});
    v("anchor", anchor,
      {.help = "edge that calibrates the core loss by its onset (\"O K\"), or the name of the line at anchor_energy"});
    v("anchor_energy", anchor_energy,
      {.help = "true energy of the maximum of a known line in the core loss", .unit = "eV", .min = 1.0});
    v("search", search, {.help = "how far from its energy the known line may lie", .unit = "eV", .min = 1.0});
    zero_loss.fields(v);
  }
};

std::optional<eels::KnownLine> known_line(const Options& options) {
  if (options.anchor_energy) {
    return eels::KnownLine{.name = options.anchor.empty() ? "line" : options.anchor,
                           .energy = *options.anchor_energy,
                           .maximum = true,
                           .search = options.search};
  }
  if (options.anchor.empty()) {
    return std::nullopt;
  }
  const eels::Edge edge = eels::find_edge(options.anchor);
  return eels::KnownLine{.name = edge.name(), .energy = edge.onset, .search = options.search};
}

signal::Signal kept(const signal::Signal& aligned, const Options& options, Run& run) {
  return options.resample ? detail::resampled(aligned, run) : aligned;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& low = inputs.signal("low");
  const signal::Signal* core = inputs.find_signal("core");
  const std::optional<eels::KnownLine> line = known_line(options);
  if (line && core == nullptr) {
    throw Error(Errc::bad_input, "a known line calibrates the core loss, and none was given", "Give --core");
  }
  if (core != nullptr && core->items() != low.items()) {
    throw Error(Errc::bad_input, fmt::format("{} low-loss and {} core-loss items", low.items(), core->items()),
                "Offsets go from item to item: both must come from one scan");
  }
  const std::vector<eels::ZeroLoss> peaks = detail::find_peaks(low, options.zero_loss, run);
  StepOutput out = detail::align_page(low, peaks);
  const std::vector<double> offsets = detail::offsets_of(peaks);
  if (options.keep == Keep::signals) {
    out.signals["low"] = kept(detail::with_offsets(low, offsets), options, run);
  }
  if (core == nullptr) {
    return out;
  }
  // The members of a pair are calibrated apart: only the wander is common to both.
  signal::Signal aligned = detail::with_offsets(*core, detail::wander_of(offsets));
  if (line) {
    const eels::Calibration calibration =
        eels::calibrate(detail::mean_spectrum(*core, *aligned.item_offset, run), eels::energy_axis_of(*core), *line);
    aligned = eels::calibrated(aligned, calibration);
    detail::add_calibration(calibration, out);
  }
  if (options.keep == Keep::signals) {
    out.signals["core"] = kept(aligned, options, run);
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.align",
    .version = 3,
    .title = "Zero-loss alignment",
    .help =
        "Finds the zero-loss peak of every item: energy offset, width, t/λ, saturated or split peaks; calibrates the "
        "core loss by a known line. Offsets are kept as data; nothing is resampled unless asked",
    .example = "hotstage eels align --low LL.dm3 --core HL.dm3 --anchor \"O K\" --keep signals",
    .inputs = {{"low", Kind::signal, true, "low-loss spectra"},
               {"core", Kind::signal, false, "core-loss spectra of the same items"}},
    .outputs = {{"table", Kind::table, "one row per item"},
                {"flags", Kind::signal, "map of what is wrong with the zero-loss peaks"},
                {"low", Kind::signal, "low loss with its offsets, with keep = \"signals\""},
                {"core", Kind::signal, "core loss with its offsets and calibration, with keep = \"signals\""}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_align
