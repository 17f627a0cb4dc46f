// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/working_memory.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::series::detail {

namespace {

std::size_t mebibytes(std::size_t bytes) {
  return (bytes >> 20) + 1;
}

/// `enough`: bytes with which the registration will not be refused, whatever is found on the way.
void fit(Work& w, std::size_t kept, std::size_t per_thread, std::size_t enough) {
  if (kept + per_thread > w.run.memory) {
    throw Error(Errc::no_space, Location{.file = w.series.file},
                fmt::format("the registration of {} × {} px needs {} MiB, --memory allows {} MiB", w.shape.rows,
                            w.shape.columns, mebibytes(kept + per_thread), w.run.memory >> 20),
                fmt::format("Give --memory {}MiB, which is enough, or bin the frames", mebibytes(enough)));
  }
  const std::size_t threads = (w.run.memory - kept) / per_thread;
  w.run.threads = static_cast<int>(std::min(threads, static_cast<std::size_t>(std::max(1, w.run.threads))));
}

struct Need {
  std::size_t kept = 0;
  std::size_t per_thread = 0;
};

/// With spectra of `modes` modes of a field of `field` pixels.
Need fine_need(const Work& w, std::size_t field, std::size_t modes) {
  const std::size_t pixels = w.shape.rows * w.shape.columns;
  const std::size_t spectrum = modes * sizeof(std::complex<float>);
  const auto anchor = static_cast<std::size_t>(w.options.anchor);
  const auto groups = static_cast<double>(w.shape.frames) / static_cast<double>(anchor);
  const auto levels = 1 + static_cast<std::size_t>(std::max(0.0, std::log(std::max(1.0, groups)) / std::log(8.0)));
  // Three blocks, twelve nodes and a growing one per level and its weights, sixteen parts; sums and weights.
  const std::size_t nodes = std::min(levels * 14, 2 * static_cast<std::size_t>(groups) + 2);
  const std::size_t spectra = 3 * anchor + nodes + (w.options.mask ? std::min<std::size_t>(16, nodes) : 0) + 6;
  return {spectra * spectrum + field * (sizeof(double) + 2 * sizeof(float)),
          pixels * sizeof(float) + field * 2 * sizeof(float) + 4 * spectrum};
}

}  // namespace

void fit_coarse(Work& w) {
  const std::size_t pixels = w.shape.rows * w.shape.columns;
  const Need widest = fine_need(w, pixels, detail::make_band(w.shape.rows, w.shape.columns, 0.5).size());
  // The photon-transfer line holds two frames and their difference; the power of a pair, two frames, their spectra and
  // those cut to the band, which is here all of it.
  const std::size_t per_thread = pixels * (2 * sizeof(float) + 5 * sizeof(float));
  fit(w, 0, per_thread, std::max(per_thread, widest.kept + widest.per_thread));
}

void fit_fine(Work& w) {
  const Need need = fine_need(w, w.field.rows * w.field.columns, w.band.size());
  fit(w, need.kept, need.per_thread, need.kept + need.per_thread);
}

}  // namespace hotstage::series::detail
