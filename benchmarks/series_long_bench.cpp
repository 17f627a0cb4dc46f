// SPDX-License-Identifier: GPL-3.0-or-later
// Registration, segmentation and tracking of a series of any length, as the steps series.register, series.segment and
// series.track do it: noisy tiles over and over, so that neither disk nor memory grows with the series.
#include "hotstage/core/run.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/series/blocks.hpp"
#include "hotstage/series/change_point.hpp"
#include "hotstage/series/detail/test_long_series.hpp"
#include "hotstage/series/particles.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/series/tracks.hpp"
#include "hotstage/series/voids.hpp"

#include "cases.hpp"
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>

namespace hotstage::bench {

namespace {

namespace scene = series::detail;

/// Grains of some 200 px and, per 1024², some 130 voids and bright spheres of 4 to 10 px.
scene::LongSeries draw(std::size_t size, std::size_t frames) {
  const double wide = static_cast<double>(size) / 256.0;
  scene::TestScene out = scene::make_test_scene(3, static_cast<std::size_t>(std::max(4.0, 1.5 * wide * wide)));
  for (std::array<double, 2>& seed : out.seeds) {
    seed = {seed[0] * wide, seed[1] * wide * 256.0 / 240.0};
  }
  out.rows = size;
  out.columns = size;
  Rng rng(5, 1, 0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(8.0 * wide * wide); ++i) {
    const double radius = 4.0 + 6.0 * rng.uniform();
    const double depth = rng.uniform() < 0.3 ? -0.6 : 0.7;
    out.voids.push_back(
        {rng.uniform() * static_cast<double>(size), rng.uniform() * static_cast<double>(size), radius, depth});
  }
  constexpr double counts = 20.0;
  return make_long_series(out, {.frames = frames, .rows = size, .columns = size, .changes_at = frames / 2}, counts);
}

struct Found {
  series::Registration registration;
  std::size_t grains = 0;
  std::size_t voids = 0;
  std::size_t tracks = 0;
  std::size_t spots = 0;  ///< in all windows
  std::size_t steps = 0;  ///< blocks with one
  std::size_t wrong = 0;  ///< of these, off by more than two frames
  bool on_disk = false;
};

/// Times stages one after the other.
class Stages {
 public:
  explicit Stages(Report& report, const scene::RepeatedTiles& source) : report_(report), source_(source) {}

  void time(const std::string& stage, const std::function<void()>& work) {
    const Timing timing = repeated(1, work);
    wall += timing.wall.front();
    cpu += timing.cpu.front();
    report_.number(stage + "_wall_s", timing.wall.front());
    report_.number(stage + "_cpu_s", timing.cpu.front());
    const double read = source_.frames_read();
    report_.number(stage + "_frames_read", read);
    frames_read += read;
  }

  double wall = 0.0;
  double cpu = 0.0;
  double frames_read = 0.0;

 private:
  Report& report_;
  const scene::RepeatedTiles& source_;
};

Found measure(const scene::LongSeries& long_series, Stages& stages, Run& run) {
  const signal::Signal& frames = long_series.frames;
  Found out;
  stages.time("register", [&] { out.registration = series::register_series(frames, {}, run); });
  const std::vector<series::FrameDrift>& drift = out.registration.frames;
  const series::DetectorResponse& detector = out.registration.detector;
  series::Segmentation found;
  stages.time("segment", [&] {
    constexpr std::size_t first_frames = 40;
    series::MeanImage mean = drift_corrected_mean(frames, drift, 0, std::min(first_frames, drift.size() / 3), run);
    for (std::size_t i = 0; i < mean.mean.size(); ++i) {
      mean.mean.data()[i] = static_cast<float>(detector.electrons(static_cast<double>(mean.mean.data()[i])));
    }
    found = series::segment({mean.mean.view(), mean.n_averaged.view()}, {});
  });
  out.grains = found.grains.size();
  std::vector<series::VoidTrack> voids;
  stages.time("voids", [&] { voids = track_voids(frames, drift, found.spots, detector, run); });
  out.voids = voids.size();
  std::vector<series::SpotFrame> windows;
  stages.time("spots", [&] {
    const Buffer<std::int32_t, 2> whole = series::filled_labels(found.labels.view());
    windows = series::find_spots(frames, drift, whole.view(), detector, {}, run);
  });
  for (const series::SpotFrame& window : windows) {
    out.spots += window.spots.size();
  }
  stages.time("link", [&] { out.tracks = series::link_spots(windows, {}).tracks.size(); });
  series::BlockGrid grid;
  constexpr std::size_t block_px = 8;
  stages.time("blocks", [&] {
    grid = series::make_blocks({frames, drift, detector, found.labels.view(), block_px}, run);
  });
  out.on_disk = grid.series.on_disk();
  series::ChangeMap changes;
  stages.time("changes", [&] { changes = series::find_changes(grid, drift, {}, run); });
  const double truth = static_cast<double>(drift.size() / 2) - 0.5;
  for (const series::ChangePoint& point : changes.points) {
    out.steps += point.found ? 1U : 0U;
    out.wrong += point.found && std::abs(point.at[2] - truth) > 2.0 ? 1U : 0U;
  }
  return out;
}

double drift_error(const scene::LongSeries& truth, const std::vector<series::FrameDrift>& drift) {
  double mean[2] = {0.0, 0.0};
  double square = 0.0;
  const auto n = static_cast<double>(drift.size());
  const auto off = [&](std::size_t f) {
    return std::array{drift[f].dy_px - truth.drift[f][0], drift[f].dx_px - truth.drift[f][1]};
  };
  for (std::size_t f = 0; f < drift.size(); ++f) {
    mean[0] += off(f)[0] / n;
    mean[1] += off(f)[1] / n;
  }
  for (std::size_t f = 0; f < drift.size(); ++f) {
    square += std::pow(off(f)[0] - mean[0], 2) + std::pow(off(f)[1] - mean[1], 2);
  }
  return std::sqrt(0.5 * square / n);
}

/// One thread: seconds of a real transform of a frame, and GB/s of copying frames that are in no cache.
void add_bounds(const scene::LongSeries& series, std::size_t size, Report& report) {
  const num::RealFft2 fft(size, size);
  Buffer<float, 2> image({size, size});
  Buffer<std::complex<float>, 2> spectrum({fft.rows(), fft.bins()});
  constexpr int transforms = 8;
  const Timing bare = repeated(1, [&] {
    for (int i = 0; i < transforms; ++i) {
      fft.forward(image.view(), spectrum.view());
    }
  });
  report.number("fft_s", bare.cpu.front() / transforms);
  const std::size_t copies = std::min<std::size_t>(64, series.frames.items());
  const Timing read = repeated(1, [&] {
    for (std::size_t f = 0; f < copies; ++f) {
      signal::read(series.frames, {f, 1, 0, size * size}, View<float, 2>(image.data(), {1, size * size}));
    }
  });
  report.number("read_s", read.cpu.front() / static_cast<double>(copies));
}

}  // namespace

/// job.rows: side of a frame; job.items: frames.
Report run_series_long(const Job& job) {
  Run run;
  run.memory = job.memory;
  run.threads = job.threads;
  const std::size_t frames = job.items == 0 ? 64 : job.items;
  const scene::LongSeries series = draw(job.rows, frames);
  Report report;
  report.text("case", "series_long");
  report.number("frames", static_cast<double>(frames));
  report.number("threads", job.threads);
  report.number("memory", static_cast<double>(job.memory));
  report.number("bytes", static_cast<double>(frames * job.rows * job.rows * sizeof(float)));
  const double tiles = anonymous_now();
  add_bounds(series, job.rows, report);
  (void)series.source->frames_read();
  Stages stages(report, *series.source);
  const Found found = measure(series, stages, run);
  report.number("wall_s", stages.wall);
  report.number("cpu_s", stages.cpu);
  report.number("frames_per_s", static_cast<double>(frames) / stages.wall);
  report.number("frames_read", stages.frames_read / static_cast<double>(frames));
  report.number("drift_error_px", drift_error(series, found.registration.frames));
  report.number("grains", static_cast<double>(found.grains));
  report.number("voids", static_cast<double>(found.voids));
  report.number("tracks", static_cast<double>(found.tracks));
  report.number("spots", static_cast<double>(found.spots));
  report.number("steps", static_cast<double>(found.steps));
  report.number("steps_wrong", static_cast<double>(found.wrong));
  report.number("blocks_on_disk", found.on_disk ? 1.0 : 0.0);
  report.number("tile_bytes", tiles);
  report.number("peak_rss", peak_resident());
  return report;
}

}  // namespace hotstage::bench
