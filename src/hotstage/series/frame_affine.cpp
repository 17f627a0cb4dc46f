// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/frame_affine.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/series/detail/distortion_verdict.hpp"
#include "hotstage/series/detail/reference_filter.hpp"
#include "hotstage/series/detail/resample.hpp"
#include "hotstage/series/detail/tile_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::series {

namespace {

using detail::ModelFit;
using detail::TileFit;

constexpr std::size_t chunk_rows = 32;
constexpr int fewest_frames = 4;

/// A sum of frames in the coordinates of frame 0.
struct Sum {
  Buffer<double, 2> counts;
  Buffer<float, 2> number;

  explicit Sum(const FrameShape& shape) : counts({shape.rows, shape.columns}), number({shape.rows, shape.columns}) {}
};

struct Moved {
  Buffer<float, 2> image;
  Buffer<unsigned char, 2> seen;
};

struct Work {
  const signal::Signal& series;
  std::span<const FrameDrift> drift;
  FrameShape shape;
  detail::DistortionModel model;
  std::size_t edge;
  const Run& run;
  std::optional<detail::ReferenceFilter> filter = std::nullopt;
  Buffer<unsigned char, 2> covered{};  ///< pixels of frame 0 where a reference can be used
  double level = 0.0;
  detail::PixelNoise noise{};
  std::array<double, 5> noise_sums{};  ///< n, b, b², r, rb of tiles
  std::vector<FrameDistortion> found{};
  std::vector<std::vector<double>> knots{};  ///< coefficients per frame
  std::vector<ModelFit> linear{}, spline{};  ///< last fits, about `found`
  std::vector<std::vector<TileFit>> tiles{};
};

/// The frame brought to the coordinates of frame 0.
Moved back(const Work& w, View<const float, 2> frame, const FrameWarp& warp) {
  Moved out{Buffer<float, 2>({w.shape.rows, w.shape.columns}),
            Buffer<unsigned char, 2>({w.shape.rows, w.shape.columns})};
  parallel_chunks(w.run, w.shape.rows, chunk_rows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      for (std::size_t x = 0; x < w.shape.columns; ++x) {
        const auto [sy, sx] = warp.to_frame(static_cast<double>(y), static_cast<double>(x));
        out.seen.view()(y, x) = detail::cubic(frame, sy, sx, out.image.view()(y, x)) ? 1 : 0;
      }
    }
  });
  return out;
}

void add(Sum& sum, const Moved& frame, double keep = 1.0) {
  for (std::size_t i = 0; i < frame.image.size(); ++i) {
    if (frame.seen.data()[i] != 0) {
      sum.counts.data()[i] = keep * sum.counts.data()[i] + static_cast<double>(frame.image.data()[i]);
      sum.number.data()[i] = static_cast<float>(keep) * sum.number.data()[i] + 1.0F;
    }
  }
}

/// Mean without `own`, filtered. Pixels that nothing shows stand at the level.
Buffer<float, 2> reference_of(const Work& w, const Sum& sum, const Moved* own, double frames) {
  Buffer<float, 2> out({w.shape.rows, w.shape.columns});
  for (std::size_t i = 0; i < out.size(); ++i) {
    double counts = sum.counts.data()[i], number = static_cast<double>(sum.number.data()[i]);
    if (own != nullptr && own->seen.data()[i] != 0) {
      counts -= static_cast<double>(own->image.data()[i]);
      number -= 1.0;
    }
    out.data()[i] = number >= 1.0 ? static_cast<float>(counts / number - w.level) : 0.0F;
  }
  w.filter->apply(out.view(), frames);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out.data()[i] += static_cast<float>(w.level);
  }
  return out;
}

/// The reference as the frame shows it.
Moved forth(const Work& w, View<const float, 2> reference, const FrameWarp& warp) {
  Moved out{Buffer<float, 2>({w.shape.rows, w.shape.columns}),
            Buffer<unsigned char, 2>({w.shape.rows, w.shape.columns})};
  parallel_chunks(w.run, w.shape.rows, chunk_rows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      for (std::size_t x = 0; x < w.shape.columns; ++x) {
        const auto [sy, sx] = warp.to_reference(static_cast<double>(y), static_cast<double>(x));
        if (detail::cubic(reference, sy, sx, out.image.view()(y, x))) {
          out.seen.view()(y, x) = w.covered.view()(static_cast<std::size_t>(sy), static_cast<std::size_t>(sx));
        }
      }
    }
  });
  return out;
}

/// Pixel noise is a line in the brightness of the tiles seen so far.
void learn_noise(Work& w, const std::vector<TileFit>& tiles) {
  for (const TileFit& t : tiles) {
    if (t.usable()) {
      const std::array<double, 5> v{1.0, t.brightness, t.brightness * t.brightness, t.residual,
                                    t.residual * t.brightness};
      for (std::size_t i = 0; i < v.size(); ++i) {
        w.noise_sums[i] += v[i];
      }
    }
  }
  const auto [n, b, bb, r, rb] = w.noise_sums;
  if (!(n > 0.0)) {
    return;
  }
  const double spread = bb - b * b / n;
  constexpr double least_spread = 1e-4, floor = 0.1;
  const double slope = spread > least_spread * bb ? (rb - r * b / n) / spread : 0.0;
  w.noise.slope = std::max(0.0, slope);
  w.noise.level = r / n - w.noise.slope * b / n;
  w.noise.least = floor * r / n;
}

/// Gauss–Newton rounds of one frame against a reference; `found` and the last fits of frame f change.
void fit_frame(Work& w, std::size_t f, View<const float, 2> frame, View<const float, 2> reference, bool with_knots,
               int rounds) {
  FrameDistortion& at = w.found[f];
  for (int round = 0; round <= rounds; ++round) {
    at.measured = true;
    const Moved moved = forth(w, reference, FrameWarp(w.drift[f], &at, w.shape.rows, w.shape.columns));
    w.tiles[f] = detail::fit_tiles(frame, moved.image.view(), moved.seen.view(), w.edge, w.noise, w.run);
    ModelFit fit = detail::fit_model(w.tiles[f], w.model, with_knots);
    at.measured = fit.ok;
    if (!fit.ok) {
      return;
    }
    constexpr double settled_px = 2e-3;
    const double largest = std::abs(*std::max_element(fit.solution.begin(), fit.solution.end(),
                                                      [](double a, double b) { return std::abs(a) < std::abs(b); }));
    w.model.add(fit.solution, at);
    for (std::size_t j = FrameDistortion::terms; j < fit.solution.size(); ++j) {
      w.knots[f][j - FrameDistortion::terms] += fit.solution[j];
    }
    w.linear[f] = std::move(fit);
    if (largest < settled_px) {
      break;
    }
  }
}

bool lost(const FrameDrift& frame) {
  return (frame.flags & static_cast<std::uint32_t>(frame_lost)) != 0;
}

/// Even and odd means by drift alone: what is signal, where frames overlap.
void prepare(Work& w, Run& run) {
  Sum even(w.shape), odd(w.shape);
  std::size_t count = 0;
  for (std::size_t f = 0; f < w.shape.frames; ++f) {
    run.check_stop();
    run.progress(static_cast<double>(f) / static_cast<double>(w.shape.frames), "distortion: signal");
    if (!lost(w.drift[f])) {
      const Buffer<float, 2> frame = read_frame(w.series, f);
      add(count % 2 == 0 ? even : odd,
          back(w, frame.view(), FrameWarp(w.drift[f], nullptr, w.shape.rows, w.shape.columns)));
      ++count;
    }
  }
  double sum = 0.0, pixels = 0.0;
  const float most = 0.5F * static_cast<float>(count);
  Buffer<unsigned char, 2> enough({w.shape.rows, w.shape.columns});
  for (std::size_t i = 0; i < enough.size(); ++i) {
    const float number = even.number.data()[i] + odd.number.data()[i];
    if (number >= most && even.number.data()[i] >= 1.0F && odd.number.data()[i] >= 1.0F) {
      enough.data()[i] = 1;
      sum += (even.counts.data()[i] + odd.counts.data()[i]) / static_cast<double>(number);
      pixels += 1.0;
    }
  }
  w.level = pixels > 0.0 ? sum / pixels : 0.0;
  // The filter and the edge reach a few pixels.
  constexpr std::size_t rim = 4;
  w.covered = Buffer<unsigned char, 2>({w.shape.rows, w.shape.columns});
  for (std::size_t y = rim; y + rim < w.shape.rows; ++y) {
    for (std::size_t x = rim; x + rim < w.shape.columns; ++x) {
      const auto e = enough.view();
      w.covered.view()(y, x) =
          static_cast<unsigned char>(e(y, x) & e(y - rim, x) & e(y + rim, x) & e(y, x - rim) & e(y, x + rim));
    }
  }
  for (Sum* half : {&even, &odd}) {
    for (std::size_t i = 0; i < enough.size(); ++i) {
      const auto number = static_cast<double>(half->number.data()[i]);
      half->number.data()[i] = number >= 1.0 ? static_cast<float>(half->counts.data()[i] / number - w.level) : 0.0F;
    }
  }
  w.filter.emplace(even.number.view(), odd.number.view(), static_cast<double>(count));
  if (count < fewest_frames || w.filter->empty()) {
    throw Error(Errc::refused, Location{.file = w.series.file},
                count < fewest_frames ? fmt::format("{} frames are not lost, {} are needed", count, fewest_frames)
                                      : "the frames have nothing in common that stands out of their noise",
                "Distortion is measured against the mean of the other frames: give more frames or more dose");
  }
}

/// In order of time against a running mean: a distortion that grows may go further than structure is wide.
void follow(Work& w, Run& run) {
  constexpr double remembered = 16.0;
  Sum running(w.shape);
  std::size_t begun = 0;
  for (std::size_t f = 0; f < w.shape.frames && begun < static_cast<std::size_t>(remembered); ++f) {
    if (!lost(w.drift[f])) {
      const Buffer<float, 2> frame = read_frame(w.series, f);
      add(running, back(w, frame.view(), FrameWarp(w.drift[f], nullptr, w.shape.rows, w.shape.columns)));
      ++begun;
    }
  }
  const double keep = 1.0 - 1.0 / static_cast<double>(begun);
  const FrameDistortion* before = nullptr;
  for (std::size_t f = 0; f < w.shape.frames; ++f) {
    run.check_stop();
    run.progress(static_cast<double>(f) / static_cast<double>(w.shape.frames), "distortion: follow");
    if (lost(w.drift[f])) {
      continue;
    }
    if (before != nullptr) {
      w.found[f] = *before;
      w.found[f].value[FrameDistortion::shift_y] = w.found[f].value[FrameDistortion::shift_x] = 0.0;
    }
    const Buffer<float, 2> frame = read_frame(w.series, f);
    const Buffer<float, 2> reference = reference_of(w, running, nullptr, static_cast<double>(begun));
    fit_frame(w, f, frame.view(), reference.view(), false, 2);
    if (!w.found[f].measured) {
      continue;
    }
    learn_noise(w, w.tiles[f]);
    add(running, back(w, frame.view(), FrameWarp(w.drift[f], &w.found[f], w.shape.rows, w.shape.columns)), keep);
    before = &w.found[f];
  }
}

std::size_t measured(const Work& w) {
  return static_cast<std::size_t>(
      std::count_if(w.found.begin(), w.found.end(), [](const FrameDistortion& d) { return d.measured; }));
}

/// Takes what the frames share off: the mean of the series stays where it is.
void take_mean_off(Work& w) {
  std::array<double, FrameDistortion::terms> mean{};
  std::vector<double> knots(w.knots.front().size(), 0.0);
  const auto n = static_cast<double>(measured(w));
  for (std::size_t f = 0; f < w.found.size(); ++f) {
    if (w.found[f].measured) {
      for (std::size_t k = 0; k < mean.size(); ++k) {
        mean[k] += w.found[f].value[k] / n;
      }
      for (std::size_t j = 0; j < knots.size(); ++j) {
        knots[j] += w.knots[f][j] / n;
      }
    }
  }
  for (std::size_t f = 0; f < w.found.size(); ++f) {
    FrameDistortion& d = w.found[f];
    if (d.measured) {
      for (std::size_t k = 0; k < mean.size(); ++k) {
        d.value[k] -= mean[k];
      }
      for (std::size_t j = 0; j < knots.size(); ++j) {
        w.knots[f][j] -= knots[j];
      }
      detail::put_knots(w.model, w.knots[f], d);
    }
  }
}

/// Every frame against the mean of all others, each put right as known so far. Returns the largest change, px.
double refine(Work& w, bool with_knots, Run& run) {
  take_mean_off(w);
  const std::vector<FrameDistortion> placed = detail::placed_frames({w.model, w.found, w.knots, w.linear, w.tiles});
  Sum all(w.shape);
  for (std::size_t f = 0; f < w.shape.frames; ++f) {
    run.check_stop();
    run.progress(0.5 * static_cast<double>(f) / static_cast<double>(w.shape.frames), "distortion: refine");
    if (w.found[f].measured) {
      const Buffer<float, 2> frame = read_frame(w.series, f);
      add(all, back(w, frame.view(), FrameWarp(w.drift[f], &placed[f], w.shape.rows, w.shape.columns)));
    }
  }
  const auto others = static_cast<double>(measured(w)) - 1.0;
  double largest = 0.0;
  w.noise_sums = {};
  std::array<double, 5> sums{};
  for (std::size_t f = 0; f < w.shape.frames; ++f) {
    run.check_stop();
    run.progress(0.5 + 0.5 * static_cast<double>(f) / static_cast<double>(w.shape.frames), "distortion: refine");
    if (!w.found[f].measured) {
      continue;
    }
    const Buffer<float, 2> frame = read_frame(w.series, f);
    const Moved own = back(w, frame.view(), FrameWarp(w.drift[f], &placed[f], w.shape.rows, w.shape.columns));
    const Buffer<float, 2> reference = reference_of(w, all, &own, others);
    const FrameDistortion was = w.found[f];
    fit_frame(w, f, frame.view(), reference.view(), with_knots, 2);
    if (!w.found[f].measured) {
      continue;
    }
    for (std::size_t k = FrameDistortion::magnification; k < FrameDistortion::terms; ++k) {
      largest = std::max(largest, w.model.half() * std::abs(w.found[f].value[k] - was.value[k]));
    }
    // Weights stay the same through a pass.
    const detail::PixelNoise noise = w.noise;
    w.noise_sums = sums;
    learn_noise(w, w.tiles[f]);
    sums = w.noise_sums;
    w.noise = noise;
    w.spline[f] = detail::fit_model(w.tiles[f], w.model, true);
  }
  learn_noise(w, {});
  return largest;
}

}  // namespace

bool SeriesDistortion::any() const {
  return knots_found || std::any_of(verdict.begin(), verdict.end(), [](const TermVerdict& v) { return v.found; });
}

SeriesDistortion measure_distortion(const signal::Signal& series, std::span<const FrameDrift> drift,
                                    const DistortionOptions& options, Run& run) {
  const FrameShape shape = shape_of(series, 2);
  if (drift.size() != shape.frames) {
    throw Error(Errc::bad_input, Location{.file = series.file},
                fmt::format("a drift of {} frames for a series of {}", drift.size(), shape.frames),
                "Give the drift of this series");
  }
  const std::size_t shortest = std::min(shape.rows, shape.columns);
  const std::size_t edge =
      options.tile_px > 0 ? static_cast<std::size_t>(options.tile_px) : std::clamp<std::size_t>(shortest / 10, 16, 64);
  const auto knots = static_cast<std::size_t>(options.knots);
  if (shortest / edge < 4 || (options.terms == DistortionTerms::knots && shape.rows / edge < knots)) {
    throw Error(Errc::bad_input, Location{.file = series.file},
                fmt::format("frames of {} × {} px hold too few tiles of {} px for {} knots", shape.rows, shape.columns,
                            edge, knots),
                "Give a smaller tile, fewer knots or terms = \"affine\"");
  }
  const std::size_t bytes = shape.rows * shape.columns * (4 * sizeof(double) + 12 * sizeof(float));
  if (bytes > run.memory) {
    throw Error(Errc::no_space, Location{.file = series.file},
                fmt::format("the distortion needs {} MiB, --memory allows {} MiB", (bytes >> 20) + 1, run.memory >> 20),
                "Raise --memory, or bin the frames");
  }
  Work w{.series = series,
         .drift = drift,
         .shape = shape,
         .model = detail::DistortionModel(shape.rows, shape.columns, knots),
         .edge = edge,
         .run = run};
  w.found.resize(shape.frames);
  w.knots.assign(shape.frames, std::vector<double>(2 * w.model.knots().functions(), 0.0));
  w.linear.resize(shape.frames);
  w.spline.resize(shape.frames);
  w.tiles.resize(shape.frames);
  prepare(w, run);
  follow(w, run);
  SeriesDistortion out{.rounds = 2};
  const auto settle = [&](bool with_knots) {
    constexpr int most = 4;
    constexpr double settled_px = 0.02;
    for (int round = 0; round < most; ++round) {
      if (measured(w) < fewest_frames) {
        throw Error(Errc::refused, Location{.file = series.file},
                    fmt::format("{} of {} frames show enough of the others", measured(w), shape.frames),
                    "Distortion needs frames that overlap by half; look at the drift table");
      }
      out.rounds += 2;
      const double change = refine(w, with_knots, run);
      if (round > 0 && change < settled_px) {
        break;
      }
    }
  };
  settle(false);
  const bool look = options.terms == DistortionTerms::knots;
  if (look) {
    detail::judge_knots(w.model, w.spline, w.tiles, out);
    if (out.knots_found) {
      settle(true);
    }
  }
  take_mean_off(w);
  detail::conclude({w.model, w.found, w.knots, w.linear, w.tiles}, out);
  return out;
}

}  // namespace hotstage::series
