// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detector.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::series {

namespace {

constexpr std::size_t tile_px = 8;
constexpr std::size_t most_pairs = 24;
constexpr std::size_t bins = 24;
constexpr std::size_t fewest_in_bin = 40;
constexpr double mask_power = 36.0;  // Σ of the squared mask

struct Tile {
  double mean = 0.0;
  double variance = 0.0;
  bool even = false;  ///< no edge of the specimen runs through it
};

/// Whether the means of the four quarters of a tile (sums given) differ by no more than noise makes.
bool quarters_alike(const std::array<double, 4>& sums, double variance) {
  constexpr double pixels = 0.25 * static_cast<double>(tile_px * tile_px);
  constexpr double clear = 4.5;
  const auto [least, most] = std::minmax_element(sums.begin(), sums.end());
  return *most - *least < clear * std::sqrt(variance * pixels);
}

double sum_of(const float* values, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += static_cast<double>(values[i]);
  }
  return sum;
}

/// Tiles of one pair of frames: the mask [1 −2 1] ⊗ [1 −2 1] on their difference, row by row.
std::vector<Tile> tiles_of(View<const float, 2> a, View<const float, 2> b, std::array<long, 2> shift) {
  std::vector<Tile> out;
  const auto rows = static_cast<long>(a.extent(0));
  const auto columns = static_cast<long>(a.extent(1));
  constexpr auto step = static_cast<long>(tile_px);
  constexpr std::size_t half = tile_px / 2;
  const long y_first = std::max(1L, 1 - shift[0]);
  const long x_first = std::max(1L, 1 - shift[1]);
  const long along = std::max(0L, (std::min(columns, columns - shift[1]) - 1 - x_first) / step);
  const auto width = static_cast<std::size_t>(along * step);
  if (width == 0) {
    return out;
  }
  std::array<std::vector<float>, 3> bent;  // second difference along x of the last three rows
  bent.fill(std::vector<float>(width));
  std::vector<float> difference(width + 2), squares(width), upper(width), lower(width);
  for (long y0 = y_first; y0 + step < std::min(rows, rows - shift[0]); y0 += step) {
    std::fill(squares.begin(), squares.end(), 0.0F);
    std::fill(upper.begin(), upper.end(), 0.0F);
    std::fill(lower.begin(), lower.end(), 0.0F);
    for (long k = 0; k < step + 2; ++k) {
      const float* const of_a = a.row(static_cast<std::size_t>(y0 - 1 + k)).data() + x_first - 1;
      const float* const of_b = b.row(static_cast<std::size_t>(y0 - 1 + k + shift[0])).data() + x_first - 1 + shift[1];
      float* const d = difference.data();
      for (std::size_t x = 0; x < width + 2; ++x) {
        d[x] = of_a[x] - of_b[x];
      }
      std::rotate(bent.begin(), bent.begin() + 1, bent.end());
      const float* const before = bent[0].data();
      const float* const here = bent[1].data();
      float* const after = bent[2].data();
      for (std::size_t x = 0; x < width; ++x) {
        after[x] = d[x] - 2.0F * d[x + 1] + d[x + 2];
      }
      if (k >= 2) {
        float* const square = squares.data();
        for (std::size_t x = 0; x < width; ++x) {
          const float masked = before[x] - 2.0F * here[x] + after[x];
          square[x] += masked * masked;
        }
      }
      if (k >= 1 && k <= step) {
        float* const sum = (k <= static_cast<long>(half) ? upper : lower).data();
        for (std::size_t x = 0; x < width; ++x) {
          sum[x] += of_a[x + 1];
        }
      }
    }
    for (std::size_t x = 0; x < width; x += tile_px) {
      const std::array<double, 4> quarter{sum_of(&upper[x], half), sum_of(&upper[x + half], half),
                                          sum_of(&lower[x], half), sum_of(&lower[x + half], half)};
      constexpr auto pixels = static_cast<double>(tile_px * tile_px);
      Tile tile{.mean = (quarter[0] + quarter[1] + quarter[2] + quarter[3]) / pixels,
                .variance = sum_of(&squares[x], tile_px) / (2.0 * mask_power * pixels)};  // two frames
      tile.even = quarters_alike(quarter, tile.variance);
      if (tile.even) {
        out.push_back(tile);
      }
    }
  }
  return out;
}

/// The mean of a χ²-like sample from its median: tile variances are averages of correlated squares, skewed to the left
/// of their mean by the third of their relative variance (Wilson–Hilferty).
double mean_from_median(double median, double relative_variance) {
  return median * (1.0 + relative_variance / 3.0);
}

void bin_tiles(std::vector<Tile> tiles, DetectorResponse& out) {
  std::sort(tiles.begin(), tiles.end(), [](const Tile& a, const Tile& b) { return a.mean < b.mean; });
  // Equal steps of brightness between the 0.2 and 99.8 percentiles: the dark tiles are few and worth most.
  const double low = tiles[tiles.size() / 500].mean;
  const double high = tiles[tiles.size() - 1 - tiles.size() / 500].mean;
  const double width = (high - low) / static_cast<double>(bins);
  std::size_t at = 0;
  for (std::size_t b = 0; b < bins; ++b) {
    std::vector<double> means, variances;
    const double end =
        b + 1 == bins ? std::numeric_limits<double>::infinity() : low + width * static_cast<double>(b + 1);
    for (; at < tiles.size() && tiles[at].mean < end; ++at) {
      means.push_back(tiles[at].mean);
      variances.push_back(tiles[at].variance);
    }
    if (means.size() < fewest_in_bin) {
      continue;
    }
    const double middle = num::median(variances);
    const double spread = num::median_deviation(variances);
    if (!(middle > 0.0)) {
      continue;
    }
    constexpr double median_efficiency = 1.2533;  // √(π/2)
    out.mean.push_back(num::mean(means));
    out.variance.push_back(mean_from_median(middle, spread * spread / (middle * middle)));
    out.sigma.push_back(median_efficiency * spread / std::sqrt(static_cast<double>(means.size())));
  }
}

}  // namespace

DetectorResponse photon_transfer(const signal::Signal& series, std::span<const std::array<long, 2>> offset, Run& run) {
  const FrameShape shape = shape_of(series, 2);
  HOTSTAGE_EXPECTS(offset.size() == shape.frames);
  const std::size_t pairs = std::min(most_pairs, shape.frames - 1);
  std::vector<std::vector<Tile>> parts(pairs);
  parallel_chunks(run, pairs, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      const std::size_t i = p * (shape.frames - 1) / pairs;
      const Buffer<float, 2> a = read_frame(series, i);
      const Buffer<float, 2> b = read_frame(series, i + 1);
      parts[p] = tiles_of(a.view(), b.view(), {offset[i + 1][0] - offset[i][0], offset[i + 1][1] - offset[i][1]});
    }
  });
  std::vector<Tile> tiles;
  for (const std::vector<Tile>& part : parts) {
    tiles.insert(tiles.end(), part.begin(), part.end());
  }
  DetectorResponse out{.gain = {1.0, 0.0}, .black = {0.0, 0.0}};
  if (tiles.size() < 2 * fewest_in_bin) {
    return out;
  }
  bin_tiles(std::move(tiles), out);
  const std::size_t n = out.mean.size();
  if (n < 4) {
    return out;
  }
  const double centre = num::mean(out.mean);
  Buffer<double, 2> design({n, 2});
  std::vector<double> weights;
  for (std::size_t i = 0; i < n; ++i) {
    design.view()(i, 0) = 1.0;
    design.view()(i, 1) = out.mean[i] - centre;
    weights.push_back(1.0 / (out.sigma[i] * out.sigma[i]));
  }
  const num::Fit fit = num::fit_linear(design.view(), out.variance, weights);
  constexpr double clear_slope = 5.0;
  if (!fit.ok() || fit.parameters[1] < clear_slope * fit.sigma(1)) {
    return out;
  }
  const double inflate = std::sqrt(std::max(1.0, fit.chi2 / std::max(1, fit.dof)));
  const double slope = fit.parameters[1];
  out.found = true;
  out.gain = {slope, inflate * fit.sigma(1)};
  // black = centre − variance(centre)/slope
  const double at_centre = fit.parameters[0];
  const double covariance = fit.covariance.view()(0, 1);
  const double variance = fit.covariance.view()(0, 0) / (slope * slope) +
                          at_centre * at_centre * fit.covariance.view()(1, 1) / std::pow(slope, 4) -
                          2.0 * at_centre * covariance / std::pow(slope, 3);
  out.black = {centre - at_centre / slope, inflate * std::sqrt(std::max(0.0, variance))};
  return out;
}

}  // namespace hotstage::series
