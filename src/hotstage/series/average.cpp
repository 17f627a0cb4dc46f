// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/average.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr std::size_t chunk_rows = 32;

/// A value between pixels, linear along both axes, and what that does to white noise.
struct Sample {
  float value = 0.0F;
  float kept = 0.0F;     ///< of the variance
  float along_y = 0.0F;  ///< covariance with the value one row on, over the variance of a pixel
  float along_x = 0.0F;
};

/// Every row is read where its content stands: `row_shift` px towards larger x (empty: nowhere). False outside.
bool sample(View<const float, 2> image, std::span<const double> row_shift, double y, double x, Sample& out) {
  if (y < 0.0 || y >= static_cast<double>(image.extent(0)) - 1.0) {
    return false;
  }
  const auto y0 = static_cast<std::size_t>(y);
  const auto below = static_cast<float>(y - static_cast<double>(y0));
  const std::array<float, 2> weight{1.0F - below, below};
  out = {};
  float next_row = 0.0F;
  for (std::size_t r = 0; r < 2; ++r) {
    const double at = row_shift.empty() ? x : x + row_shift[y0 + r];
    if (at < 0.0 || at >= static_cast<double>(image.extent(1)) - 1.0) {
      return false;
    }
    const auto x0 = static_cast<std::size_t>(at);
    const auto part = static_cast<float>(at - static_cast<double>(x0));
    const float* const p = image.row(y0 + r).data() + x0;
    const float both = part * (1.0F - part);
    out.value += weight[r] * (p[0] + part * (p[1] - p[0]));
    out.kept += weight[r] * weight[r] * (1.0F - 2.0F * both);
    out.along_x += weight[r] * weight[r] * both;
    next_row = 1.0F - 2.0F * both;
  }
  out.along_y = weight[0] * weight[1] * next_row;
  return true;
}

struct Sums {
  Buffer<double, 2> all;
  Buffer<double, 2> squares;
  Buffer<double, 2> odd;    ///< of every second frame
  Buffer<double, 2> steps;  ///< squared differences to the frame before
  Buffer<float, 2> before;
  Buffer<float, 2> number;
  Buffer<float, 2> number_odd;
  std::array<double, 4> noise{};  ///< kept, along y, along x, values

  Sums(std::size_t rows, std::size_t columns)
      : all({rows, columns}),
        squares({rows, columns}),
        odd({rows, columns}),
        steps({rows, columns}),
        before({rows, columns}),
        number({rows, columns}),
        number_odd({rows, columns}) {}
};

void add(Sums& sums, View<const float, 2> frame, const FrameWarp& warp, std::span<const double> row_shift, bool odd,
         const Run& run) {
  std::vector<std::array<double, 4>> of_row(frame.extent(0), std::array<double, 4>{});
  parallel_chunks(run, frame.extent(0), chunk_rows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      for (std::size_t x = 0; x < frame.extent(1); ++x) {
        const auto [sy, sx] = warp.to_frame(static_cast<double>(y), static_cast<double>(x));
        Sample s;
        if (!sample(frame, row_shift, sy, sx, s)) {
          continue;
        }
        const auto v = static_cast<double>(s.value);
        const std::array<float, 4> noise{s.kept, s.along_y, s.along_x, 1.0F};
        for (std::size_t k = 0; k < noise.size(); ++k) {
          of_row[y][k] += static_cast<double>(noise[k]);
        }
        sums.all.view()(y, x) += v;
        sums.squares.view()(y, x) += v * v;
        if (odd) {
          sums.odd.view()(y, x) += v;
          sums.number_odd.view()(y, x) += 1.0F;
        }
        if (sums.number.view()(y, x) > 0.0F) {
          const double step = v - static_cast<double>(sums.before.view()(y, x));
          sums.steps.view()(y, x) += step * step;
        }
        sums.before.view()(y, x) = s.value;
        sums.number.view()(y, x) += 1.0F;
      }
    }
  });
  for (const std::array<double, 4>& row : of_row) {
    for (std::size_t k = 0; k < row.size(); ++k) {
      sums.noise[k] += row[k];
    }
  }
}

void summarise(const Sums& sums, SeriesAverage& out) {
  const float most = *std::max_element(sums.number.data(), sums.number.data() + sums.number.size());
  if (sums.noise[0] > 0.0) {
    out.kept = sums.noise[0] / sums.noise[3];
    out.along_y = sums.noise[1] / sums.noise[0];
    out.along_x = sums.noise[2] / sums.noise[0];
  }
  double steps = 0.0, halves = 0.0, pixels = 0.0;
  for (std::size_t i = 0; i < sums.number.size(); ++i) {
    const auto n = static_cast<double>(sums.number.data()[i]);
    if (n < 1.0) {
      continue;
    }
    const double mean = sums.all.data()[i] / n;
    out.image.mean.data()[i] = static_cast<float>(mean);
    out.image.n_averaged.data()[i] = sums.number.data()[i];
    if (n < 2.0) {
      continue;
    }
    const double scatter = std::max(0.0, sums.squares.data()[i] - n * mean * mean);
    out.image.variance.data()[i] = static_cast<float>(scatter / (n * (n - 1.0)));
    const auto n_odd = static_cast<double>(sums.number_odd.data()[i]);
    if (sums.number.data()[i] < most || n_odd < 1.0 || n_odd >= n) {
      continue;
    }
    const double difference = sums.odd.data()[i] / n_odd - (sums.all.data()[i] - sums.odd.data()[i]) / (n - n_odd);
    halves += difference * difference * n_odd * (n - n_odd) / (n * n);
    steps += sums.steps.data()[i] / (2.0 * (n - 1.0));
    pixels += 1.0;
  }
  if (pixels > 0.0) {
    out.frame_noise = std::sqrt(steps / pixels);
    out.mean_noise = std::sqrt(halves / pixels);
  }
}

/// The mean as this frame shows it.
Buffer<float, 2> moved_to(View<const float, 2> mean, const FrameWarp& warp, const Run& run) {
  Buffer<float, 2> out({mean.extent(0), mean.extent(1)});
  const double last_y = static_cast<double>(mean.extent(0)) - 1.001;
  const double last_x = static_cast<double>(mean.extent(1)) - 1.001;
  parallel_chunks(run, mean.extent(0), chunk_rows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      for (std::size_t x = 0; x < mean.extent(1); ++x) {
        const auto [sy, sx] = warp.to_reference(static_cast<double>(y), static_cast<double>(x));
        Sample s;
        static_cast<void>(sample(mean, {}, std::clamp(sy, 0.0, last_y), std::clamp(sx, 0.0, last_x), s));
        out.view()(y, x) = s.value;
      }
    }
  });
  return out;
}

/// A shift no better known than rows scatter would add noise.
void shrink(RowMotion& motion) {
  const double power = motion.rms_px * motion.rms_px;
  for (std::size_t y = 0; y < motion.dx_px.size(); ++y) {
    const double noise = motion.sigma_px[y] * motion.sigma_px[y];
    motion.dx_px[y] *= power > 0.0 ? power / (power + noise) : 0.0;
  }
}

}  // namespace

SeriesAverage average_series(const signal::Signal& series, std::span<const FrameDrift> drift,
                             std::span<const FrameDistortion> distortion, const std::optional<RowMotionOptions>& rows,
                             Run& run) {
  const FrameShape shape = shape_of(series, 2);
  if (drift.size() != shape.frames || (!distortion.empty() && distortion.size() != shape.frames)) {
    throw Error(Errc::bad_input, Location{.file = series.file},
                fmt::format("a drift of {} and a distortion of {} frames for a series of {}", drift.size(),
                            distortion.size(), shape.frames),
                "Give drift and distortion of this series");
  }
  const auto warp_of = [&](std::size_t frame) {
    return FrameWarp(drift[frame], distortion.empty() ? nullptr : &distortion[frame], shape.rows, shape.columns);
  };
  // Four maps of 8 bytes, seven of 4, one or two frames, the mean they are compared with.
  const std::size_t bytes = shape.rows * shape.columns * (4 * sizeof(double) + (rows ? 11U : 8U) * sizeof(float));
  if (bytes > run.memory) {
    throw Error(Errc::no_space, Location{.file = series.file},
                fmt::format("the average needs {} MiB, --memory allows {} MiB", (bytes >> 20) + 1, run.memory >> 20),
                "Raise --memory, or bin the frames");
  }
  SeriesAverage out{.image = {Buffer<float, 2>({shape.rows, shape.columns}),
                              Buffer<float, 2>({shape.rows, shape.columns}),
                              Buffer<float, 2>({shape.rows, shape.columns})}};
  out.frames = static_cast<std::size_t>(
      std::count_if(drift.begin(), drift.end(), [](const FrameDrift& frame) { return frame.usable(); }));
  if (out.frames < 2) {
    throw Error(Errc::refused, Location{.file = series.file},
                fmt::format("{} of {} frames are usable", out.frames, shape.frames),
                "Frames that are lost or of sudden focus or intensity are left out; look at the drift table");
  }
  Buffer<float, 2> first_mean;
  if (rows) {
    Sums first(shape.rows, shape.columns);
    for (std::size_t i = 0; i < shape.frames; ++i) {
      run.check_stop();
      if (drift[i].usable()) {
        add(first, read_frame(series, i).view(), warp_of(i), {}, false, run);
      }
    }
    first_mean = Buffer<float, 2>({shape.rows, shape.columns});
    for (std::size_t i = 0; i < first_mean.size(); ++i) {
      const auto n = static_cast<double>(first.number.data()[i]);
      first_mean.data()[i] = n > 0.0 ? static_cast<float>(first.all.data()[i] / n) : 0.0F;
    }
  }
  Sums sums(shape.rows, shape.columns);
  bool odd = false;
  for (std::size_t i = 0; i < shape.frames; ++i) {
    run.check_stop();
    run.progress(static_cast<double>(i) / static_cast<double>(shape.frames), "average");
    if (!drift[i].usable()) {
      continue;
    }
    const Buffer<float, 2> frame = read_frame(series, i);
    const FrameWarp warp = warp_of(i);
    std::vector<double> row_shift;
    if (rows) {
      RowMotion motion = row_motion(frame.view(), moved_to(first_mean.view(), warp, run).view(), *rows, run);
      out.row_rms_px.push_back(motion.rms_px);
      if (motion.found) {
        shrink(motion);
        row_shift = std::move(motion.dx_px);
      }
    }
    add(sums, frame.view(), warp, row_shift, odd, run);
    odd = !odd;
  }
  summarise(sums, out);
  return out;
}

double fringe_jitter_px(View<const float, 2> image) {
  const std::size_t rows = image.extent(0);
  const std::size_t columns = image.extent(1);
  constexpr std::size_t shortest_px = 3;
  constexpr std::size_t fewest_periods = 4;
  const std::size_t last = columns / shortest_px;
  if (rows < 4 || last <= fewest_periods + 2) {
    return 0.0;
  }
  // One transform per row: a two-dimensional one of a single row.
  const num::RealFft2 fft(1, columns);
  Buffer<std::complex<float>, 2> spectra({rows, fft.bins()});
  std::vector<double> power(fft.bins(), 0.0);
  Buffer<float, 2> row({1, columns});
  Buffer<std::complex<float>, 2> bins({1, fft.bins()});
  for (std::size_t y = 0; y < rows; ++y) {
    const std::span<const float> from = image.row(y);
    double mean = 0.0;
    for (const float v : from) {
      mean += static_cast<double>(v) / static_cast<double>(columns);
    }
    for (std::size_t x = 0; x < columns; ++x) {
      const double hann =
          0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * (static_cast<double>(x) + 0.5) / static_cast<double>(columns));
      row.view()(0, x) = static_cast<float>(hann * (static_cast<double>(from[x]) - mean));
    }
    fft.forward(row.view(), bins.view());
    for (std::size_t k = 0; k < fft.bins(); ++k) {
      spectra.view()(y, k) = bins.view()(0, k);
      power[k] += static_cast<double>(std::norm(bins.view()(0, k)));
    }
  }
  const auto strongest = std::max_element(power.begin() + fewest_periods, power.begin() + static_cast<long>(last));
  const auto k = static_cast<std::size_t>(strongest - power.begin());
  constexpr double stands_out = 4.0;
  if (*strongest < stands_out * num::median(std::span(power).subspan(fewest_periods, last - fewest_periods))) {
    return 0.0;
  }
  std::complex<double> lean{};
  std::vector<std::complex<double>> steps;
  for (std::size_t y = 1; y < rows; ++y) {
    const std::complex<double> a(spectra.view()(y - 1, k)), b(spectra.view()(y, k));
    const std::complex<double> product = b * std::conj(a);
    const double size = std::abs(product);
    steps.push_back(size > 0.0 ? product / std::sqrt(size) : product);  // amplitude, phase
    lean += steps.back();
  }
  std::vector<double> strength, phases;
  for (const std::complex<double>& step : steps) {
    strength.push_back(std::abs(step));
  }
  const double usual = num::median(strength);
  for (const std::complex<double>& step : steps) {
    if (std::abs(step) >= usual && std::abs(step) > 0.0) {
      phases.push_back(std::arg(step * std::conj(lean)));
    }
  }
  const double period = static_cast<double>(columns) / static_cast<double>(k);
  return phases.size() > 2 ? num::median_deviation(phases) * period / (2.0 * std::numbers::pi) : 0.0;
}

}  // namespace hotstage::series
