// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/coarse.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/fft.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/band.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace hotstage::series::detail {

namespace {

constexpr double low_pass_cycles_per_px = 0.15;  // of the Gaussian that damps noise in binned images
constexpr double high_pass_fields = 0.1;         // slower than a tenth of the field is no landmark
constexpr std::size_t running_frames = 12;       // length of the running anchor
constexpr double reach_px = 3.0;

struct Coarse {
  Band band;
  std::vector<float> weights;
  num::RealFft2 fft;
  std::vector<float> window_y;
  std::vector<float> window_x;
};

Coarse make_coarse(std::size_t rows, std::size_t columns, double taper) {
  Coarse out{make_band(rows, columns, 0.45),
             {},
             num::RealFft2(rows, columns),
             taper_window(rows, taper),
             taper_window(columns, taper)};
  out.weights.resize(out.band.size());
  const double lowest = 1.0 / (high_pass_fields * static_cast<double>(std::max(rows, columns)));
  for (std::size_t row = 0; row < out.band.height(); ++row) {
    for (std::size_t k = 0; k < out.band.width(); ++k) {
      const double f = std::hypot(out.band.fy(row), out.band.fx(k));
      const double low = f / low_pass_cycles_per_px;
      const double high = f / lowest;
      out.weights[row * out.band.width() + k] =
          static_cast<float>((k == 0 ? 1.0 : 2.0) * std::exp(-0.5 * low * low) * (1.0 - std::exp(-high * high)));
    }
  }
  return out;
}

Spectrum transform(const Coarse& coarse, View<const float, 2> image, std::array<long, 2> origin) {
  const Buffer<float, 2> cut_out = windowed(image, origin, coarse.window_y, coarse.window_x);
  Buffer<std::complex<float>, 2> full({coarse.fft.rows(), coarse.fft.bins()});
  coarse.fft.forward(cut_out.view(), full.view());
  return cut(coarse.band, full.view());
}

/// Integer displacement of a against b with the highest correlation within `search` px of `start`.
std::array<double, 2> peak(const Coarse& coarse, const Spectrum& a, const Spectrum& b, std::array<double, 2> start,
                           std::array<double, 2> search) {
  const std::size_t rows = coarse.fft.rows();
  const std::size_t columns = coarse.fft.columns();
  Buffer<std::complex<float>, 2> full({rows, coarse.fft.bins()});
  for (std::size_t row = 0; row < coarse.band.height(); ++row) {
    const std::size_t to = row >= coarse.band.ky_max ? row - coarse.band.ky_max : row + rows - coarse.band.ky_max;
    for (std::size_t k = 0; k < coarse.band.width(); ++k) {
      const std::size_t i = row * coarse.band.width() + k;
      const float half = coarse.weights[i] * (k == 0 ? 1.0F : 0.5F);
      full.view()(to, k) = half * std::complex<float>(a[i].real() * b[i].real() + a[i].imag() * b[i].imag(),
                                                      a[i].imag() * b[i].real() - a[i].real() * b[i].imag());
    }
  }
  Buffer<float, 2> map({rows, columns});
  coarse.fft.inverse(full.view(), map.view());
  std::array<double, 2> best = start;
  float highest = -1e30F;
  const auto n_rows = static_cast<long>(rows);
  const auto n_columns = static_cast<long>(columns);
  for (long dy = std::lround(start[0] - search[0]); dy <= std::lround(start[0] + search[0]); ++dy) {
    for (long dx = std::lround(start[1] - search[1]); dx <= std::lround(start[1] + search[1]); ++dx) {
      const auto y = static_cast<std::size_t>((dy % n_rows + n_rows) % n_rows);
      const auto x = static_cast<std::size_t>((dx % n_columns + n_columns) % n_columns);
      if (map.view()(y, x) > highest) {
        highest = map.view()(y, x);
        best = {static_cast<double>(dy), static_cast<double>(dx)};
      }
    }
  }
  return best;
}

/// Below this share of the median correlation an image is lost.
constexpr double lost_share = 0.35;

struct Follower {
  const Coarse& coarse;
  std::array<double, 2> search;
  Spectrum anchor;
  std::size_t averaged = 0;
  std::vector<double> correlations{};

  /// Residual displacement of the next image; the anchor moves on.
  CoarsePosition next(const Spectrum& image, std::array<double, 2> start) {
    if (averaged == 0) {
      anchor = image;
      averaged = 1;
      return {.dy = start[0], .dx = start[1], .correlation = 1.0};
    }
    Alignment fit =
        align(coarse.band, coarse.weights, image, anchor, peak(coarse, image, anchor, start, search), reach_px);
    const bool found =
        fit.converged && (correlations.empty() || fit.correlation > lost_share * num::median(correlations));
    if (!found) {
      return {.dy = start[0], .dx = start[1], .correlation = fit.correlation, .found = false};
    }
    correlations.push_back(fit.correlation);
    averaged = std::min(averaged + 1, running_frames);
    const double share = 1.0 / static_cast<double>(averaged);
    for (std::complex<float>& value : anchor) {
      value *= static_cast<float>(1.0 - share);
    }
    add_moved_back(coarse.band, image, {fit.dy, fit.dx}, share, anchor);
    return {.dy = fit.dy, .dx = fit.dx, .correlation = fit.correlation};
  }
};

/// Where the next image is expected: where the last one was, or where the field was laid for it.
enum class Expect { last, field };

struct Pass {
  Expect expect = Expect::last;
  double search = 0.25;
};

std::vector<CoarsePosition> follow(std::span<const Buffer<float, 2>> images, const Field& field, double taper,
                                   const Pass& pass, Run& run) {
  const double search = pass.search;
  const Coarse coarse = make_coarse(field.rows, field.columns, taper);
  std::vector<Spectrum> spectra(images.size());
  parallel_chunks(run, images.size(), 4, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      spectra[i] =
          transform(coarse, images[i].view(), {field.base[0] + field.offset[i][0], field.base[1] + field.offset[i][1]});
    }
  });
  Follower follower{
      coarse, {search * static_cast<double>(field.rows), search * static_cast<double>(field.columns)}, {}};
  std::vector<CoarsePosition> out;
  std::array<double, 2> last{};
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::array<double, 2> offset{static_cast<double>(field.offset[i][0]),
                                       static_cast<double>(field.offset[i][1])};
    const std::array<double, 2> start{pass.expect == Expect::last ? last[0] - offset[0] : 0.0,
                                      pass.expect == Expect::last ? last[1] - offset[1] : 0.0};
    CoarsePosition position = follower.next(spectra[i], start);
    position.dy += offset[0];
    position.dx += offset[1];
    last = {position.dy, position.dx};
    out.push_back(position);
  }
  return out;
}

}  // namespace

Buffer<float, 2> bin(View<const float, 2> image, std::size_t factor) {
  Buffer<float, 2> out({image.extent(0) / factor, image.extent(1) / factor});
  const float scale = 1.0F / static_cast<float>(factor * factor);
  for (std::size_t y = 0; y < out.extent(0) * factor; ++y) {
    const float* const from = image.row(y).data();
    float* const to = out.row(y / factor).data();
    for (std::size_t x = 0; x < out.extent(1); ++x) {
      float sum = 0.0F;
      for (std::size_t j = 0; j < factor; ++j) {
        sum += from[x * factor + j];
      }
      to[x] += scale * sum;
    }
  }
  return out;
}

Buffer<float, 2> windowed(View<const float, 2> image, std::array<long, 2> origin, std::span<const float> window_y,
                          std::span<const float> window_x) {
  Buffer<float, 2> out({window_y.size(), window_x.size()});
  const auto last_row = static_cast<long>(image.extent(0)) - 1;
  const auto last_column = static_cast<long>(image.extent(1)) - 1;
  double sum = 0.0;
  double weight = 0.0;
  for (std::size_t y = 0; y < window_y.size(); ++y) {
    const auto row = static_cast<std::size_t>(std::clamp(origin[0] + static_cast<long>(y), 0L, last_row));
    const float* const from = image.row(row).data();
    float* const to = out.row(y).data();
    float row_sum = 0.0F;
    float row_weight = 0.0F;
    for (std::size_t x = 0; x < window_x.size(); ++x) {
      to[x] = from[static_cast<std::size_t>(std::clamp(origin[1] + static_cast<long>(x), 0L, last_column))];
      row_sum += window_x[x] * to[x];
      row_weight += window_x[x];
    }
    sum += static_cast<double>(window_y[y] * row_sum);
    weight += static_cast<double>(window_y[y] * row_weight);
  }
  const auto mean = static_cast<float>(sum / weight);
  for (std::size_t y = 0; y < window_y.size(); ++y) {
    float* const to = out.row(y).data();
    for (std::size_t x = 0; x < window_x.size(); ++x) {
      to[x] = (to[x] - mean) * window_y[y] * window_x[x];
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
    field.base[axis] = -low[axis] + (spare > 0 ? spare / 2 : spare / 2 - 1);
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

std::vector<CoarsePosition> coarse_positions(std::span<const Buffer<float, 2>> images, double taper, double search,
                                             Run& run) {
  const std::size_t rows = images.front().extent(0);
  const std::size_t columns = images.front().extent(1);
  std::vector<CoarsePosition> positions(images.size());
  // The first pass finds the drift with a fixed window, the second lets the window follow.
  for (const Pass& pass : {Pass{Expect::last, search}, Pass{Expect::field, 0.05}}) {
    positions = follow(images, common_field(positions, rows, columns), taper, pass, run);
  }
  return positions;
}

}  // namespace hotstage::series::detail
