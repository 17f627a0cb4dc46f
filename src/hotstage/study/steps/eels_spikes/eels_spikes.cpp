// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.spikes: X-ray spikes found, replaced and listed.

#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/spikes.hpp"
#include "hotstage/study/detail/eels_low_loss.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::eels_spikes {

namespace {

/// A row of the scan at a time: neighbours in a row saw nearly the same specimen, those across its end did not.
std::size_t row_items(const signal::Signal& core) {
  constexpr std::size_t most = 4096;
  const std::size_t row = core.navigation.empty() ? 1 : core.navigation.back().size;
  return std::clamp<std::size_t>(row, 1, most);
}

io::Table spike_table(const eels::EnergyAxis& axis, const std::vector<eels::Spike>& spikes) {
  std::vector<double> item, channel, energy, counts, replacement, deviation;
  for (const eels::Spike& spike : spikes) {
    item.push_back(static_cast<double>(spike.item));
    channel.push_back(static_cast<double>(spike.channel));
    energy.push_back(axis.value(static_cast<double>(spike.channel)));
    counts.push_back(spike.counts);
    replacement.push_back(spike.replacement);
    deviation.push_back(spike.deviation);
  }
  io::Table table;
  table.columns = {io::number_column("item", "", item),
                   io::number_column("channel", "", channel),
                   io::number_column("energy", "eV", energy),
                   io::number_column("counts", "counts", counts),
                   io::number_column("replacement", "counts", replacement),
                   io::number_column("deviation", "sigma", deviation)};
  return table;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::SpikeOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::EnergyAxis axis = eels::energy_axis_of(core);
  const std::size_t bytes = core.items() * axis.size * sizeof(float);
  if (bytes > run.memory) {
    throw Error(Errc::no_space,
                fmt::format("the cleaned cube needs {} MiB, --memory allows {} MiB", bytes >> 20, run.memory >> 20),
                "Raise --memory");
  }
  Buffer<float, 2> cube({core.items(), axis.size});
  const std::size_t row = row_items(core);
  std::vector<std::vector<eels::Spike>> found((core.items() + row - 1) / row);
  parallel_chunks(run, core.items(), row, [&](std::size_t begin, std::size_t end) {
    const View<float, 2> rows = cube.view().rows(begin, end - begin);
    signal::read(core, {begin, end - begin, 0, axis.size}, rows);
    found[begin / row] = eels::remove_spikes(rows, begin, options);
    run.progress(static_cast<double>(end) / static_cast<double>(core.items()), "spikes");
  });
  std::vector<eels::Spike> spikes;
  std::vector<char> hit(core.items(), 0);
  for (const std::vector<eels::Spike>& some : found) {
    for (const eels::Spike& spike : some) {
      spikes.push_back(spike);
      hit[spike.item] = 1;
    }
  }
  StepOutput out;
  const double expected = options.false_positives * static_cast<double>(core.items());
  out.results.push_back({.id = "spikes",
                         .value = static_cast<double>(spikes.size()),
                         .sigma = {},
                         .unit = "channels",
                         .method = fmt::format("replaced in {} of {} spectra; counting alone would give at most {:.3g}",
                                               std::count(hit.begin(), hit.end(), 1), core.items(), expected),
                         .label = "Channels taken for X-ray spikes",
                         .headline = true});
  out.tables["spikes"] = spike_table(axis, spikes);
  detail::ItemQuantity count{.name = "spikes", .unit = "channels"};
  count.value.assign(core.items(), 0.0);
  for (const eels::Spike& spike : spikes) {
    count.value[spike.item] += 1.0;
  }
  out.figures = detail::scaled_maps(core, std::vector{count});
  if (!spikes.empty()) {
    out.warnings.push_back({"counts replaced",
                            fmt::format("{} channels of {} were replaced; see the table", spikes.size(), core.file),
                            spikes.size()});
  }
  signal::Signal clean = core;
  clean.intensity_scale = 1.0;
  clean.intensity_offset = 0.0;
  clean.source = signal::memory_source(std::move(cube));
  out.signals["clean"] = std::move(clean);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.spikes",
    .version = 1,
    .title = "X-ray spikes",
    .help =
        "Finds channels that neither their surroundings nor the adjacent items explain at a stated false-positive "
        "rate, replaces them by a straight line and lists every one",
    .example = "hotstage eels spikes --core scan.hspy --false_positives 0.01",
    .inputs = {{"core", Kind::signal, true, "spectra of one kind"}},
    .outputs = {{"spikes", Kind::table, "one row per replaced channel"},
                {"clean", Kind::signal, "spectra without them"}},
    .options = make_options<eels::SpikeOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_spikes
