// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/denoise.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/series/anscombe.hpp"
#include "hotstage/series/detail/patch_groups.hpp"
#include "hotstage/series/detail/residual_noise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

namespace hotstage::series {

namespace {

constexpr std::size_t chunk_rows = 32;

std::size_t power_of_two(int most, std::size_t available) {
  std::size_t out = 1;
  while (2 * out <= std::min(static_cast<std::size_t>(most), available)) {
    out *= 2;
  }
  return out;
}

/// A frame in work.
struct Member {
  std::size_t frame = 0;
  std::array<long, 2> shift{};
  Buffer<float, 2> recorded;  ///< of unit variance
  Buffer<float, 2> sum;
  Buffer<float, 2> weight;
};

class Denoiser {
 public:
  Denoiser(const signal::Signal& series, std::span<const FrameDrift> drift, const DetectorResponse& detector,
           const DenoiseOptions& options, const FrameSink& sink, Run& run)
      : series_(series),
        drift_(drift),
        shape_(shape_of(series, 1)),
        gain_(detector.found ? detector.gain.value : 1.0),
        black_(detector.found ? detector.black.value : 0.0),
        sink_(sink),
        run_(run),
        residual_(shape_.frames, shape_.rows, shape_.columns) {
    for (std::size_t f = 0; f < shape_.frames; ++f) {
      if (drift[f].usable()) {
        usable_.push_back(f);
      }
    }
    window_ = power_of_two(options.window, std::max<std::size_t>(1, usable_.size()));
    patches_ = {.group = power_of_two(options.group, 16), .threshold = options.threshold};
    constexpr std::size_t per_member = 5, beside = 5;  // patch_groups holds two of the five
    const std::size_t bytes = shape_.rows * shape_.columns * (per_member * window_ + beside) * sizeof(float);
    if (bytes > run.memory) {
      throw Error(Errc::no_space, Location{.file = series.file},
                  fmt::format("denoising {} frames together needs {} MiB, --memory allows {} MiB", window_,
                              (bytes >> 20) + 1, run.memory >> 20),
                  "Raise --memory, lower window, or cut or bin the frames");
    }
  }

  ResidualNoise run() {
    const std::size_t stride = std::max<std::size_t>(1, window_ / 4);
    std::size_t first = 0;
    while (!usable_.empty()) {
      while (members_.size() < window_) {
        members_.push_back(open(usable_[first + members_.size()]));
      }
      filter(members_, 0, members_.size());
      const std::size_t last = usable_.size() - window_;
      if (first == last) {
        break;
      }
      const std::size_t next = std::min(first + stride, last);
      for (; first < next; ++first) {
        close_front();
      }
    }
    while (!members_.empty()) {
      close_front();
    }
    emit_alone(shape_.frames);
    return residual_.result();
  }

 private:
  Member open(std::size_t frame) const {
    run_.check_stop();
    Member out{.frame = frame,
               .shift = {std::lround(drift_[frame].dy_px), std::lround(drift_[frame].dx_px)},
               .recorded = read_frame(series_, frame),
               .sum = Buffer<float, 2>({shape_.rows, shape_.columns}),
               .weight = Buffer<float, 2>({shape_.rows, shape_.columns})};
    const double gain = gain_, black = black_;
    parallel_chunks(run_, shape_.rows, chunk_rows, [&](std::size_t begin, std::size_t end) {
      for (std::size_t y = begin; y < end; ++y) {
        for (float& value : out.recorded.row(y)) {
          value = anscombe((static_cast<double>(value) - black) / gain);
        }
      }
    });
    return out;
  }

  void filter(std::deque<Member>& members, std::size_t first, std::size_t count) const {
    std::vector<detail::PatchFrame> frames;
    for (std::size_t i = first; i < first + count; ++i) {
      Member& m = members[i];
      frames.push_back({m.recorded.view(), m.shift, m.sum.view(), m.weight.view()});
    }
    detail::filter_window(frames, patches_, run_);
  }

  void close_front() {
    emit_alone(members_.front().frame);
    emit(members_.front(), window_);
    members_.pop_front();
  }

  /// Frames before `end` that no window takes.
  void emit_alone(std::size_t end) {
    while (next_ < end) {
      std::deque<Member> alone;
      alone.push_back(open(next_));
      alone.front().shift = {};
      filter(alone, 0, 1);
      emit(alone.front(), 1);
    }
  }

  /// Back to counts; `sum` ends as denoised electrons, `recorded` as recorded ones, `weight` as counts.
  void emit(Member& m, std::size_t together) {
    parallel_chunks(run_, shape_.rows, chunk_rows, [&](std::size_t begin, std::size_t end) {
      for (std::size_t y = begin; y < end; ++y) {
        for (std::size_t x = 0; x < shape_.columns; ++x) {
          float& sum = m.sum.view()(y, x);
          float& weight = m.weight.view()(y, x);
          float& recorded = m.recorded.view()(y, x);
          const double mean = inverse_anscombe(static_cast<double>(sum / weight));
          sum = static_cast<float>(mean);
          weight = static_cast<float>(black_ + gain_ * mean);
          recorded = 0.25F * recorded * recorded - 0.375F;
        }
      }
    });
    residual_.add(m.frame, m.recorded.view(), m.sum.view(), m.shift, together);
    sink_(m.frame, m.weight.view());
    next_ = m.frame + 1;
    run_.progress(static_cast<double>(next_) / static_cast<double>(shape_.frames), "denoise");
  }

  const signal::Signal& series_;
  std::span<const FrameDrift> drift_;
  FrameShape shape_;
  double gain_;
  double black_;
  const FrameSink& sink_;
  Run& run_;
  detail::ResidualSums residual_;
  std::vector<std::size_t> usable_;
  std::size_t window_ = 1;
  detail::PatchOptions patches_;
  std::deque<Member> members_;
  std::size_t next_ = 0;
};

}  // namespace

ResidualNoise denoise_series(const signal::Signal& series, std::span<const FrameDrift> drift,
                             const DetectorResponse& detector, const DenoiseOptions& options, const FrameSink& sink,
                             Run& run) {
  const FrameShape shape = shape_of(series, 1);
  if (drift.size() != shape.frames) {
    throw Error(Errc::bad_input, Location{.file = series.file},
                fmt::format("a drift of {} frames for a series of {}", drift.size(), shape.frames),
                "Give the drift of this series");
  }
  if (is_denoised(series)) {
    throw Error(Errc::bad_input, Location{.file = series.file}, "these frames are denoised already",
                "Give the counts as recorded: noise that is gone cannot be told from signal");
  }
  return Denoiser(series, drift, detector, options, sink, run).run();
}

}  // namespace hotstage::series
