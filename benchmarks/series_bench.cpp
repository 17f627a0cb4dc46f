// SPDX-License-Identifier: GPL-3.0-or-later
// Registration of a frame series, and the whole chain on a series of any length: mapped noisy frames to and fro, so
// that only the program's own memory grows with the length.
#include "hotstage/core/run.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/series/blocks.hpp"
#include "hotstage/series/change_point.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/series/voids.hpp"
#include "hotstage/signal/signal.hpp"

#include "cases.hpp"
#include "npy_file.hpp"
#include <algorithm>
#include <complex>
#include <cstring>
#include <memory>
#include <utility>

namespace hotstage::bench {

namespace {

/// Frames of a mapped stack 0 1 … n−1 n−2 … 1 0 1 …: the specimen moves to and fro, the memory stays.
class ToAndFro final : public signal::Source {
 public:
  ToAndFro(NpyCube stack, std::size_t frames) : stack_(std::move(stack)), frames_(frames) {}

  [[nodiscard]] signal::DType dtype() const override { return signal::DType::f32; }

  [[nodiscard]] std::size_t items() const override { return frames_; }

  [[nodiscard]] std::size_t channels() const override { return stack_.view().extent(1); }

  void read(const signal::Region& region, std::span<std::byte> out) const override {
    const std::size_t n = stack_.view().extent(0);
    const std::size_t period = n > 1 ? 2 * n - 2 : 1;
    const std::size_t bytes = region.channels * sizeof(float);
    for (std::size_t k = 0; k < region.items; ++k) {
      const std::size_t at = (region.first_item + k) % period;
      const auto row = stack_.view().row(std::min(at, period - at));
      std::memcpy(out.data() + k * bytes, row.data() + region.first_channel, bytes);
    }
  }

 private:
  NpyCube stack_;
  std::size_t frames_;
};

/// The stack is frames × pixels; `rows` says how a frame is cut.
signal::Signal series_of(const Job& job) {
  NpyCube stack(job.core);
  const std::size_t frames = job.items == 0 ? stack.view().extent(0) : job.items;
  const std::size_t pixels = stack.view().extent(1);
  signal::Signal out;
  out.navigation = {{.name = "time", .size = frames, .scale = 2.0, .unit = "s"}};
  out.axes = {{.name = "y", .size = job.rows, .scale = 0.5, .unit = "nm"},
              {.name = "x", .size = pixels / job.rows, .scale = 0.5, .unit = "nm"}};
  out.metadata.exposure = 2.0 * units::s;
  out.source = std::make_shared<ToAndFro>(std::move(stack), frames);
  out.file = job.core;
  return out;
}

}  // namespace

Report run_register(const Job& job) {
  Run run;
  run.memory = job.memory;
  run.threads = job.threads;
  const signal::Signal series = series_of(job);
  series::Registration result;
  const Timing timing = repeated(job.repeat, [&] { result = series::register_series(series, {}, run); });
  Buffer<float, 2> drift({result.frames.size(), 4});
  double flagged = 0.0;
  for (std::size_t i = 0; i < result.frames.size(); ++i) {
    const series::FrameDrift& f = result.frames[i];
    const std::array<double, 4> row{f.dy_px, f.dx_px, f.sigma_y_px, f.sigma_x_px};
    std::transform(row.begin(), row.end(), drift.row(i).begin(), [](double v) { return static_cast<float>(v); });
    flagged += f.flags != 0 ? 1.0 : 0.0;
  }
  if (!job.out.empty()) {
    write_npy(job.out, drift.view());
  }
  const std::size_t columns = series.axes[1].size;
  const num::RealFft2 fft(job.rows, columns);
  Buffer<float, 2> image({job.rows, columns});
  Buffer<std::complex<float>, 2> spectrum({fft.rows(), fft.bins()});
  constexpr int transforms = 8;
  const Timing bare = repeated(1, [&] {
    for (int i = 0; i < transforms; ++i) {
      fft.forward(image.view(), spectrum.view());
    }
  });
  Report report;
  report.text("case", "register");
  report.number("fft_s", bare.cpu.front() / transforms);
  report.number("frames", static_cast<double>(result.frames.size()));
  report.timing("", timing);
  report.number("bound_px", result.bound_px);
  report.number("cutoff", result.cutoff_cycles_per_px);
  report.number("flagged", flagged);
  report.number("ambiguous", static_cast<double>(result.ambiguous.size()));
  report.number("working_bytes", anonymous_now());
  report.number("peak_rss", peak_resident());
  return report;
}

/// Registration → mean of the first frames → grains and voids → radius of the voids, boxes of 16 px and their steps.
Report run_series_pass(const Job& job) {
  Run run;
  run.memory = job.memory;
  run.threads = job.threads;
  const signal::Signal series = series_of(job);
  std::size_t voids = 0, grains = 0;
  const Timing timing = repeated(job.repeat, [&] {
    const series::Registration r = series::register_series(series, {}, run);
    constexpr std::size_t first_frames = 30;
    series::MeanImage mean =
        series::drift_corrected_mean(series, r.frames, 0, std::min(first_frames, r.frames.size() / 3), run);
    const series::Segmentation s = series::segment({mean.mean.view(), mean.n_averaged.view()}, {});
    voids = series::track_voids(series, r.frames, s.spots, r.detector, run).size();
    grains = s.grains.size();
    constexpr std::size_t block_px = 16;
    const series::BlockGrid grid = series::make_blocks({series, r.frames, r.detector, s.labels.view(), block_px}, run);
    (void)series::find_changes(grid, r.frames, {}, run);
  });
  Report report;
  report.text("case", "series_pass");
  report.number("frames", static_cast<double>(series.items()));
  report.number("threads", job.threads);
  report.timing("", timing);
  report.number("voids", static_cast<double>(voids));
  report.number("grains", static_cast<double>(grains));
  report.number("working_bytes", anonymous_now());
  report.number("peak_rss", peak_resident());
  return report;
}

}  // namespace hotstage::bench
