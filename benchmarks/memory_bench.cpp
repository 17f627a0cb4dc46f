// SPDX-License-Identifier: GPL-3.0-or-later
#include "hotstage/core/array.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/signal/format.hpp"

#include "cases.hpp"
#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

namespace hotstage::bench {

namespace {

/// Buffers of one tile; raw counts and net signal share memory.
struct Tile {
  Buffer<float, 2> core;
  Buffer<float, 2> low;
  Buffer<float, 2> single;
  std::vector<eels::ZeroLoss> peaks;
  std::vector<eels::PowerLaw> fits;
  std::vector<eels::Deconvolution> results;

  Tile(std::size_t items, std::size_t core_channels, std::size_t low_channels)
      : core({items, core_channels}),
        low({items, low_channels}),
        single({items, core_channels}),
        peaks(items),
        fits(items),
        results(items) {}
};

std::size_t bytes_per_item(std::size_t core_channels, std::size_t low_channels) {
  return sizeof(float) * (2 * core_channels + low_channels) + sizeof(eels::ZeroLoss) + sizeof(eels::PowerLaw) +
         sizeof(eels::Deconvolution);
}

}  // namespace

/// Both files → background → zero-loss peak → Fourier-ratio → file, tile by tile.
Report run_memory(const Job& job) {
  Run run;
  run.memory = job.memory;
  const double before = anonymous_now();
  double highest = before;
  std::size_t items = 0;
  std::size_t tile_size = 0;
  const Timing timing = repeated(1, [&] {
    const signal::Signal core = signal::load(job.core, run);
    const signal::Signal low = signal::load(job.low, run);
    const eels::EnergyAxis core_axis = eels::energy_axis_of(core);
    const eels::EnergyAxis low_axis = eels::energy_axis_of(low);
    const eels::FourierRatio plan(
        core_axis, low_axis, {.modifier = eels::Modifier::gaussian, .gaussian_fwhm = job.gaussian_fwhm_eV * units::eV});
    const eels::PowerLawFitter fitter(core_axis, {job.window_low_eV, job.window_high_eV},
                                      {.method = eels::BackgroundMethod::two_area});
    eels::FourierRatio::Scratch scratch = plan.make_scratch();
    items = core.items();
    const std::size_t budget = run.memory - std::min(run.memory, plan.scratch_bytes());
    tile_size = signal::tile_items(items, bytes_per_item(core.channels(), low.channels()), budget, run.threads);
    Tile tile(tile_size, core.channels(), low.channels());
    std::ofstream out(job.out.empty() ? "/dev/null" : job.out, std::ios::binary);
    for (std::size_t first = 0; first < items; first += tile_size) {
      const std::size_t count = std::min(tile_size, items - first);
      const auto counts = tile.core.view().rows(0, count);
      signal::read(core, {first, count, 0, core.channels()}, counts);
      signal::read(low, {first, count, 0, low.channels()}, tile.low.view().rows(0, count));
      const View<const float, 2> low_counts = tile.low.view().rows(0, count);
      const std::span<eels::ZeroLoss> peaks(tile.peaks.data(), count);
      eels::subtract_background({counts}, fitter, counts, {tile.fits.data(), count});
      eels::find_zero_loss({low_counts}, low_axis, {}, peaks);
      eels::deconvolve(plan, {counts, low_counts, peaks}, scratch, tile.single.view().rows(0, count),
                       {tile.results.data(), count});
      out.write(reinterpret_cast<const char*>(tile.single.data()),
                static_cast<std::streamsize>(count * core.channels() * sizeof(float)));
      highest = std::max(highest, anonymous_now());
    }
    if (!out.flush()) {
      throw Error(Errc::io, Location{.file = job.out}, "cannot write the result of the benchmark");
    }
  });
  Report report;
  report.text("case", "memory");
  report.number("spectra", static_cast<double>(items));
  report.timing("", timing);
  report.number("tile_items", static_cast<double>(tile_size));
  report.number("working_bytes", highest - before);
  report.number("peak_rss", peak_resident());
  return report;
}

}  // namespace hotstage::bench
