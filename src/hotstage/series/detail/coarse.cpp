// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/coarse.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/fft.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/series/detail/band.hpp"
#include "hotstage/series/detail/tracker.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t small_px = 256;  // frames are made about this large
constexpr double band_cycles = 0.3;    // per small pixel: what the low pass leaves alone
constexpr double band_undecimated = 0.45;
constexpr double taps_per_factor = 9.0;  // 60 dB over a transition of 0.4/factor
constexpr double kaiser_beta = 5.65;     // 60 dB
constexpr double jump_px = 4.0;          // of the frames: see TrackerOptions

/// Modified Bessel function I₀ by its series.
double bessel_i0(double x) {
  double term = 1.0, sum = 1.0;
  for (int k = 1; k < 40; ++k) {
    term *= (0.5 * x / k) * (0.5 * x / k);
    sum += term;
  }
  return sum;
}

/// Low pass at 0.5/factor cycles/px, symmetric about the middle of a small pixel.
std::vector<float> low_pass(std::size_t factor) {
  auto taps = static_cast<std::size_t>(taps_per_factor * static_cast<double>(factor));
  taps += (taps + factor) % 2;  // same parity as the factor
  std::vector<float> out(taps);
  const double middle = 0.5 * static_cast<double>(taps - 1);
  double sum = 0.0;
  for (std::size_t i = 0; i < taps; ++i) {
    const double x = static_cast<double>(i) - middle;
    const double u = x / (middle + 0.5);
    const double phase = std::numbers::pi * x / static_cast<double>(factor);
    const double sinc = x == 0.0 ? 1.0 : std::sin(phase) / phase;
    out[i] = static_cast<float>(sinc * bessel_i0(kaiser_beta * std::sqrt(std::max(0.0, 1.0 - u * u))));
    sum += static_cast<double>(out[i]);
  }
  for (float& value : out) {
    value = static_cast<float>(static_cast<double>(value) / sum);
  }
  return out;
}

struct Coarse {
  std::size_t factor = 1;
  num::RealFft2 fft;
  Band band;
  std::vector<float> window_y;
  std::vector<float> window_x;
};

Coarse make_coarse(const FrameShape& shape, double taper) {
  const std::size_t factor = std::max<std::size_t>(1, std::min(shape.rows, shape.columns) / small_px);
  const auto even = [&](std::size_t size) {
    std::size_t length = size / factor;
    while (length % 2 != 0 || !num::is_good_size(length)) {
      --length;
    }
    return length;
  };
  const std::size_t rows = even(shape.rows);
  const std::size_t columns = even(shape.columns);
  return {factor, num::RealFft2(rows, columns), make_band(rows, columns, factor > 1 ? band_cycles : band_undecimated),
          taper_window(rows, taper), taper_window(columns, taper)};
}

Spectrum transform(const Coarse& coarse, View<const float, 2> image) {
  const Buffer<float, 2> cut_out = windowed(image, {0, 0}, coarse.window_y, coarse.window_x);
  Buffer<std::complex<float>, 2> full({coarse.fft.rows(), coarse.fft.bins()});
  coarse.fft.forward(cut_out.view(), full.view());
  return cut(coarse.band, full.view());
}

constexpr std::size_t lanes = 8;  // sums that run side by side: always the same order, and vectors can do it

double sum_of(std::span<const float> values) {
  std::array<float, lanes> sums{};
  const std::size_t whole = values.size() / lanes * lanes;
  const float* const from = values.data();
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      sums[k] += from[i + k];
    }
  }
  double out = 0.0;
  for (const float sum : sums) {
    out += static_cast<double>(sum);
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    out += static_cast<double>(values[i]);
  }
  return out;
}

double product_of(const float* a, std::span<const float> b) {
  std::array<float, lanes> sums{};
  const std::size_t whole = b.size() / lanes * lanes;
  const float* const weight = b.data();
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      sums[k] += a[i + k] * weight[i + k];
    }
  }
  double out = 0.0;
  for (const float sum : sums) {
    out += static_cast<double>(sum);
  }
  for (std::size_t i = whole; i < b.size(); ++i) {
    out += static_cast<double>(a[i] * b[i]);
  }
  return out;
}

double mean_value(View<const float, 2> image) {
  double sum = 0.0;
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    sum += sum_of(image.row(y));
  }
  return sum / static_cast<double>(image.size());
}

Spectra spectra_of(const Band& band, std::span<const Spectrum> block) {
  std::vector<float> power(band.size(), 0.0F);
  for (const Spectrum& s : block) {
    for (std::size_t i = 0; i < s.size(); ++i) {
      power[i] += std::norm(s[i]) / static_cast<float>(block.size());
    }
  }
  Spectra out = spectra_of_power(band, power);
  add_spots(band, power, static_cast<double>(block.size()), out);
  return out;
}

}  // namespace

Buffer<float, 2> decimate(View<const float, 2> image, std::size_t factor) {
  const std::size_t rows = image.extent(0) / factor;
  const std::size_t columns = image.extent(1) / factor;
  Buffer<float, 2> out({rows, columns});
  if (factor == 1) {
    for (std::size_t y = 0; y < rows; ++y) {
      std::copy_n(image.row(y).data(), columns, out.row(y).data());
    }
    return out;
  }
  const std::vector<float> taps = low_pass(factor);
  const long before = (static_cast<long>(taps.size()) - static_cast<long>(factor)) / 2;
  const auto last_row = static_cast<long>(image.extent(0)) - 1;
  const std::size_t width = image.extent(1);
  std::vector<float> line(width + taps.size() + factor, 0.0F);
  const std::size_t long_phase = line.size() / factor;
  std::vector<float> phase(factor * long_phase);
  for (std::size_t y = 0; y < rows; ++y) {
    float* const middle = line.data() + before;
    std::fill_n(middle, width, 0.0F);
    for (std::size_t t = 0; t < taps.size(); ++t) {
      const long from = static_cast<long>(y * factor) - before + static_cast<long>(t);
      const float* const row = image.row(static_cast<std::size_t>(std::clamp(from, 0L, last_row))).data();
      const float tap = taps[t];
      for (std::size_t x = 0; x < width; ++x) {
        middle[x] += tap * row[x];
      }
    }
    std::fill_n(line.data(), before, middle[0]);
    std::fill(middle + width, line.data() + line.size(), middle[width - 1]);
    // One array per place in a small pixel: the sums run along them.
    float* const apart = phase.data();
    const float* const joined = line.data();
    for (std::size_t x = 0; x < long_phase; ++x) {
      for (std::size_t p = 0; p < factor; ++p) {
        apart[p * long_phase + x] = joined[x * factor + p];
      }
    }
    float* const to = out.row(y).data();
    for (std::size_t t = 0; t < taps.size(); ++t) {
      const float* const from = phase.data() + t % factor * long_phase + t / factor;
      const float tap = taps[t];
      for (std::size_t x = 0; x < columns; ++x) {
        to[x] += tap * from[x];
      }
    }
  }
  return out;
}

CoarsePass coarse_pass(const signal::Signal& series, const CoarseOptions& options, std::span<const double> pause,
                       Run& run) {
  const FrameShape shape = shape_of(series, 2);
  const Coarse coarse = make_coarse(shape, options.taper);
  const auto factor = static_cast<double>(coarse.factor);
  const double rows = static_cast<double>(coarse.fft.rows());
  const double columns = static_cast<double>(coarse.fft.columns());
  const double lowest = 1.0 / (options.longest * std::max(rows, columns));
  std::optional<Matcher> first, steady;
  std::optional<Tracker> tracker;
  CoarsePass out;
  out.mean.resize(shape.frames);
  for (std::size_t begin = 0; begin < shape.frames; begin += options.block) {
    run.check_stop();
    run.progress(0.3 * static_cast<double>(begin) / static_cast<double>(shape.frames), "coarse drift");
    const std::size_t count = std::min(options.block, shape.frames - begin);
    std::vector<Spectrum> block(count);
    parallel_chunks(run, count, 1, [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) {
        const Buffer<float, 2> frame = read_frame(series, begin + i);
        out.mean[begin + i] = mean_value(frame.view());
        block[i] = transform(coarse, decimate(frame.view(), coarse.factor).view());
      }
    });
    const std::vector<Guess> guess(count);
    if (!tracker) {
      const TrackerOptions how{.search_y_px = options.search * rows,
                               .search_x_px = options.search * columns,
                               .jump_px = jump_px / factor,
                               .all_maxima = true,
                               .apart_px = 3.0};
      const auto begin_with = [&](const Spectra& spectra) {
        first.emplace(coarse.band, spectra, 1.0, 1.0, lowest, options.taper);
        steady.emplace(coarse.band, spectra, 1.0, 1.0 / static_cast<double>(options.block), lowest, options.taper);
        tracker.emplace(*first, *steady, how);
      };
      // What is signal is known when frames are aligned, and they are aligned well when the signal is known.
      begin_with(spectra_of(coarse.band, block));
      std::vector<Spectrum> trial = block;
      const std::vector<Tracked> rough = tracker->track(trial, guess, pause.subspan(begin, count), run);
      std::vector<Spectrum> found;
      for (std::size_t i = 0; i < count; ++i) {
        if (rough[i].found) {
          found.push_back(std::move(trial[i]));
        }
      }
      if (found.size() > 2) {
        begin_with(spectra_of_aligned(coarse.band, found));
      } else {
        tracker.emplace(*first, *steady, how);
      }
    }
    for (const Tracked& t : tracker->track(block, guess, pause.subspan(begin, count), run)) {
      out.positions.push_back({factor * t.position[0], factor * t.position[1], t.found, {}});
      for (const Choice& c : t.choices) {
        if (t.choices.size() > 1) {
          out.positions.back().choices.push_back({factor * c.dy, factor * c.dx, c.probability});
        }
      }
    }
  }
  return out;
}

Buffer<float, 2> windowed(View<const float, 2> image, std::array<long, 2> origin, std::span<const float> window_y,
                          std::span<const float> window_x) {
  Buffer<float, 2> out({window_y.size(), window_x.size()});
  const auto last_row = static_cast<long>(image.extent(0)) - 1;
  const auto last_column = static_cast<long>(image.extent(1)) - 1;
  const auto width = static_cast<long>(window_x.size());
  const bool inside = origin[1] >= 0 && origin[1] + width <= last_column + 1;
  std::vector<float> repeated(inside ? 0 : window_x.size());
  /// Pixels of a row of the window.
  const auto pixels = [&](std::size_t y) {
    const float* const row =
        image.row(static_cast<std::size_t>(std::clamp(origin[0] + static_cast<long>(y), 0L, last_row))).data();
    if (inside) {
      return row + origin[1];
    }
    for (long x = 0; x < width; ++x) {
      repeated[static_cast<std::size_t>(x)] = row[std::clamp(origin[1] + x, 0L, last_column)];
    }
    return static_cast<const float*>(repeated.data());
  };
  double sum = 0.0;
  for (std::size_t y = 0; y < window_y.size(); ++y) {
    sum += static_cast<double>(window_y[y]) * product_of(pixels(y), window_x);
  }
  const auto mean = static_cast<float>(sum / (sum_of(window_y) * sum_of(window_x)));
  for (std::size_t y = 0; y < window_y.size(); ++y) {
    const float* const from = pixels(y);
    float* const to = out.row(y).data();
    const float of_row = window_y[y];
    const float* const window = window_x.data();
    for (std::size_t x = 0; x < window_x.size(); ++x) {
      to[x] = (from[x] - mean) * of_row * window[x];
    }
  }
  return out;
}

Field common_field(std::span<const CoarsePosition> positions, std::size_t rows, std::size_t columns) {
  Field field;
  std::array<long, 2> low{};
  std::array<long, 2> high{};
  for (const CoarsePosition& p : positions) {
    const std::array<long, 2> offset{std::lround(p.dy), std::lround(p.dx)};
    field.offset.push_back(offset);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], offset[axis]);
      high[axis] = std::max(high[axis], offset[axis]);
    }
  }
  const auto fit = [&](std::size_t size, std::size_t axis) {
    const auto range = static_cast<std::size_t>(high[axis] - low[axis]);
    std::size_t length = std::max(size / 2, size > range ? size - range : 0);
    while (length % 2 != 0 || !num::is_good_size(length)) {
      --length;
    }
    // What the rectangle leaves free is shared out on both sides.
    const auto spare = static_cast<long>(size) - static_cast<long>(length) - static_cast<long>(range);
    field.base[axis] = -low[axis] + (spare >= 0 ? spare / 2 : spare / 2 - 1);
    return length;
  };
  field.rows = fit(rows, 0);
  field.columns = fit(columns, 1);
  for (const auto& offset : field.offset) {
    const long y = field.base[0] + offset[0];
    const long x = field.base[1] + offset[1];
    const bool inside = y >= 0 && x >= 0 && y + static_cast<long>(field.rows) <= static_cast<long>(rows) &&
                        x + static_cast<long>(field.columns) <= static_cast<long>(columns);
    field.clipped.push_back(inside ? 0 : 1);
  }
  return field;
}

}  // namespace hotstage::series::detail
