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

/// Whether the means of the four quarters of a tile differ by no more than noise makes.
bool quarters_alike(View<const float, 2> image, std::array<long, 2> corner, double variance) {
  constexpr std::size_t half = tile_px / 2;
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (std::size_t q = 0; q < 4; ++q) {
    double sum = 0.0;
    for (std::size_t k = 0; k < half * half; ++k) {
      sum += static_cast<double>(image(static_cast<std::size_t>(corner[0]) + q / 2 * half + k / half,
                                       static_cast<std::size_t>(corner[1]) + q % 2 * half + k % half));
    }
    least = std::min(least, sum);
    most = std::max(most, sum);
  }
  constexpr double clear = 4.5;
  return most - least < clear * std::sqrt(variance * static_cast<double>(half * half));
}

/// Tiles of one pair of frames.
std::vector<Tile> tiles_of(View<const float, 2> a, View<const float, 2> b, std::array<long, 2> shift) {
  std::vector<Tile> out;
  const auto rows = static_cast<long>(a.extent(0));
  const auto columns = static_cast<long>(a.extent(1));
  const auto step = static_cast<long>(tile_px);
  const auto difference = [&](long y, long x) {
    return static_cast<double>(a(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) -
                               b(static_cast<std::size_t>(y + shift[0]), static_cast<std::size_t>(x + shift[1])));
  };
  const long y_first = std::max(1L, 1 - shift[0]);
  const long x_first = std::max(1L, 1 - shift[1]);
  for (long y0 = y_first; y0 + step < std::min(rows, rows - shift[0]); y0 += step) {
    for (long x0 = x_first; x0 + step < std::min(columns, columns - shift[1]); x0 += step) {
      Tile tile;
      for (long y = y0; y < y0 + step; ++y) {
        for (long x = x0; x < x0 + step; ++x) {
          const double corners =
              difference(y - 1, x - 1) + difference(y - 1, x + 1) + difference(y + 1, x - 1) + difference(y + 1, x + 1);
          const double sides =
              difference(y - 1, x) + difference(y + 1, x) + difference(y, x - 1) + difference(y, x + 1);
          const double masked = corners - 2.0 * sides + 4.0 * difference(y, x);
          tile.variance += masked * masked;
          tile.mean += static_cast<double>(a(static_cast<std::size_t>(y), static_cast<std::size_t>(x)));
        }
      }
      constexpr auto pixels = static_cast<double>(tile_px * tile_px);
      tile.mean /= pixels;
      tile.even = quarters_alike(a, {y0, x0}, tile.variance / (2.0 * mask_power * pixels));
      tile.variance /= 2.0 * mask_power * pixels;  // two frames
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
