// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/working_memory.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::series::detail {

namespace {

void fit(Work& w, std::size_t kept, std::size_t per_thread) {
  if (kept + per_thread > w.run.memory) {
    throw Error(Errc::no_space, Location{.file = w.series.file},
                fmt::format("the registration needs {} MiB, --memory allows {} MiB", ((kept + per_thread) >> 20) + 1,
                            w.run.memory >> 20),
                "Raise --memory, or bin the frames");
  }
  const std::size_t threads = (w.run.memory - kept) / per_thread;
  w.run.threads = static_cast<int>(std::min(threads, static_cast<std::size_t>(std::max(1, w.run.threads))));
}

}  // namespace

void fit_coarse(Work& w) {
  const std::size_t pixels = w.shape.rows * w.shape.columns;
  // The photon-transfer line holds two frames and their difference; the power of a pair, two frames, their spectra and
  // those cut to the band, which is here all of it.
  fit(w, 0, pixels * (2 * sizeof(float) + 5 * sizeof(float)));
}

void fit_fine(Work& w) {
  const std::size_t pixels = w.shape.rows * w.shape.columns;
  const std::size_t field = w.field.rows * w.field.columns;
  const std::size_t spectrum = w.band.size() * sizeof(std::complex<float>);
  const auto anchor = static_cast<std::size_t>(w.options.anchor);
  const auto groups = static_cast<double>(w.shape.frames) / static_cast<double>(anchor);
  const auto levels = 1 + static_cast<std::size_t>(std::max(0.0, std::log(std::max(1.0, groups)) / std::log(8.0)));
  // Three blocks, twelve nodes and a growing one per level and its weights, sixteen parts; sums and weights.
  const std::size_t nodes = std::min(levels * 14, 2 * static_cast<std::size_t>(groups) + 2);
  const std::size_t spectra = 3 * anchor + nodes + (w.options.mask ? std::min<std::size_t>(16, nodes) : 0) + 6;
  const std::size_t per_thread = pixels * sizeof(float) + field * 2 * sizeof(float) + 4 * spectrum;
  fit(w, spectra * spectrum + field * (sizeof(double) + 2 * sizeof(float)), per_thread);
}

}  // namespace hotstage::series::detail
