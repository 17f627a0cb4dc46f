// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/grain_trend.hpp"

#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/survival.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr std::size_t fewest_blocks = 16;
constexpr double significant = 0.01;

struct Block {
  double y = 0.0;
  double x = 0.0;
  double value = 0.0;
  double variance = 0.0;  ///< from counting
  double pixels = 0.0;
};

/// 1 where a pixel lies inside its grain, further than the margin from anything else.
std::vector<unsigned char> interior(const GrainImage& image, View<const std::int32_t, 2> labels, double margin_px) {
  const std::size_t rows = labels.extent(0);
  const std::size_t columns = labels.extent(1);
  const std::size_t wide = columns + 1;
  std::vector<std::uint32_t> sum((rows + 1) * wide, 0);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      const std::int32_t label = labels(y, x);
      const bool edge = label <= 0 || !(image.n_averaged(y, x) > 0.0F) ||
                        (x + 1 < columns && labels(y, x + 1) != label) || (y + 1 < rows && labels(y + 1, x) != label);
      sum[(y + 1) * wide + x + 1] =
          (edge ? 1U : 0U) + sum[y * wide + x + 1] + sum[(y + 1) * wide + x] - sum[y * wide + x];
    }
  }
  const auto m = static_cast<std::size_t>(std::lround(margin_px));
  std::vector<unsigned char> out(rows * columns, 0);
  for (std::size_t y = m; y + m < rows; ++y) {
    for (std::size_t x = m; x + m < columns; ++x) {
      const std::uint32_t edges = sum[(y + m + 1) * wide + x + m + 1] - sum[(y - m) * wide + x + m + 1] -
                                  sum[(y + m + 1) * wide + x - m] + sum[(y - m) * wide + x - m];
      out[y * columns + x] = edges == 0 ? 1 : 0;
    }
  }
  return out;
}

/// Means over squares of the image that lie at least half in the grain.
std::vector<Block> blocks_of(const GrainImage& image, const std::vector<std::size_t>& pixels, std::size_t side) {
  const std::size_t columns = image.mean.extent(1);
  std::map<std::size_t, Block> cells;
  for (const std::size_t i : pixels) {
    const std::size_t y = i / columns;
    const std::size_t x = i % columns;
    Block& b = cells[(y / side) * (columns / side + 1) + x / side];
    const auto v = static_cast<double>(image.mean(y, x));
    b.pixels += 1.0;
    b.y += static_cast<double>(y);
    b.x += static_cast<double>(x);
    b.value += v;
    b.variance += std::max(v, 0.0) / static_cast<double>(image.n_averaged(y, x));
  }
  std::vector<Block> out;
  for (auto& [key, b] : cells) {
    if (2.0 * b.pixels >= static_cast<double>(side * side)) {
      b.y /= b.pixels;
      b.x /= b.pixels;
      b.value /= b.pixels;
      b.variance /= b.pixels * b.pixels;
      out.push_back(b);
    }
  }
  return out;
}

using Terms = std::vector<std::vector<double>>;  ///< one row of the design per block

struct Surface {
  std::vector<double> parameters;
  Buffer<double, 2> influence;   ///< parameters × blocks: d parameter / d value
  Buffer<double, 2> covariance;  ///< with residuals correlated as they are
  std::vector<double> counting;  ///< variance of each parameter from counting alone
  double variance = 0.0;         ///< of one block about the surface
  double independent = 0.0;      ///< blocks, less by their correlation
  bool ok = false;
};

/// Autocovariance of the residuals in steps of one block, until it first falls to zero or below.
std::vector<double> autocovariance(const std::vector<Block>& blocks, const std::vector<double>& residual,
                                   double side_px, double parameters) {
  const std::size_t n = blocks.size();
  const auto reach = static_cast<std::size_t>(std::max(1.0, 0.5 * std::sqrt(static_cast<double>(n))));
  std::vector<double> sum(reach + 1, 0.0);
  std::vector<double> pairs(reach + 1, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) {
      const double d = std::hypot(blocks[i].y - blocks[j].y, blocks[i].x - blocks[j].x) / side_px;
      const auto bin = static_cast<std::size_t>(std::lround(d));
      if (bin <= reach && (bin > 0 || i == j)) {
        sum[bin] += residual[i] * residual[j];
        pairs[bin] += 1.0;
      }
    }
  }
  const auto count = static_cast<double>(n);
  std::vector<double> out{sum[0] / std::max(1.0, count - parameters)};
  for (std::size_t b = 1; b <= reach && pairs[b] > 0.0; ++b) {
    // Residuals of a fit are anticorrelated by about parameters/n of the variance.
    const double c = sum[b] / pairs[b] + out[0] * parameters / count;
    // A correlation this small is what noise of this many pairs looks like.
    if (c <= out[0] * 0.5 / std::sqrt(pairs[b])) {
      break;
    }
    out.push_back(c);
  }
  return out;
}

Surface fit_surface(const std::vector<Block>& blocks, const Terms& terms, double side_px) {
  const std::size_t n = blocks.size();
  const std::size_t k = terms.front().size();
  Surface out;
  Buffer<double, 2> design({n, k});
  std::vector<double> value, base, weight, residual(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    std::copy(terms[i].begin(), terms[i].end(), design.row(i).begin());
    value.push_back(blocks[i].value);
    base.push_back(blocks[i].pixels / (side_px * side_px));
  }
  weight = base;
  num::Fit fit;
  constexpr int rounds = 12;
  constexpr double tukey = 4.685;  // 95 % efficiency for normal residuals
  for (int round = 0; round < rounds; ++round) {
    fit = num::fit_linear(design.view(), value, weight);
    if (!fit.ok()) {
      return out;
    }
    for (std::size_t i = 0; i < n; ++i) {
      residual[i] = value[i];
      for (std::size_t j = 0; j < k; ++j) {
        residual[i] -= design.view()(i, j) * fit.parameters[j];
      }
    }
    const double scale = std::max(num::median_deviation(residual), 1e-12 * std::abs(fit.parameters[0]));
    for (std::size_t i = 0; i < n; ++i) {
      const double u = residual[i] / (tukey * scale);
      weight[i] = std::abs(u) < 1.0 ? base[i] * (1.0 - u * u) * (1.0 - u * u) : 0.0;
    }
  }
  // ψ(r) = w r takes the place of the residuals; its mean slope puts the σ right (Huber 1981, §7.6).
  double slope = 0.0;
  std::vector<double> psi(n, 0.0);
  const double scale = std::max(num::median_deviation(residual), 1e-12 * std::abs(fit.parameters[0]));
  for (std::size_t i = 0; i < n; ++i) {
    const double u = residual[i] / (tukey * scale);
    psi[i] = residual[i] * weight[i] / base[i];
    slope += std::abs(u) < 1.0 ? (1.0 - u * u) * (1.0 - 5.0 * u * u) / static_cast<double>(n) : 0.0;
  }
  slope = std::max(slope, 0.3);
  const num::Fit plain = num::fit_linear(design.view(), value, base);
  out.influence = Buffer<double, 2>({k, n});
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0.0;
      for (std::size_t l = 0; l < k; ++l) {
        sum += plain.covariance.view()(j, l) * design.view()(i, l);
      }
      out.influence.view()(j, i) = sum * base[i];
    }
  }
  std::vector<double> covariance = autocovariance(blocks, psi, side_px, static_cast<double>(k));
  for (double& c : covariance) {
    c /= slope * slope;
  }
  out.variance = covariance[0];
  double together = 0.0;
  out.covariance = Buffer<double, 2>({k, k});
  out.counting.assign(k, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double d = std::hypot(blocks[i].y - blocks[j].y, blocks[i].x - blocks[j].x) / side_px;
      const auto bin = static_cast<std::size_t>(std::lround(d));
      if (bin >= covariance.size() || (bin == 0 && i != j)) {
        continue;
      }
      const double c = covariance[bin];
      together += c;
      for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b < k; ++b) {
          out.covariance.view()(a, b) += out.influence.view()(a, i) * c * out.influence.view()(b, j);
        }
      }
    }
    for (std::size_t a = 0; a < k; ++a) {
      out.counting[a] += out.influence.view()(a, i) * out.influence.view()(a, i) * blocks[i].variance;
    }
  }
  out.independent = together > 0.0
                        ? std::min(1.0, static_cast<double>(n) * out.variance / together) * static_cast<double>(n)
                        : static_cast<double>(n);
  out.parameters = fit.parameters;
  out.ok = true;
  return out;
}

/// p' C⁻¹ p of parameters first … last.
double wald(const Surface& s, std::size_t first, std::size_t last) {
  const std::size_t k = last - first;
  // Cholesky.
  std::vector<double> l(k * k, 0.0);
  std::vector<double> z(k, 0.0);
  double out = 0.0;
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = s.covariance.view()(first + i, first + j);
      for (std::size_t m = 0; m < j; ++m) {
        sum -= l[i * k + m] * l[j * k + m];
      }
      l[i * k + j] = i == j ? std::sqrt(std::max(sum, 1e-300)) : sum / l[j * k + j];
    }
    double sum = s.parameters[first + i];
    for (std::size_t m = 0; m < i; ++m) {
      sum -= l[i * k + m] * z[m];
    }
    z[i] = sum / l[i * k + i];
    out += z[i] * z[i];
  }
  return out;
}

struct Reading {
  const std::vector<Block>& blocks;
  double side_px = 0.0;
  double y = 0.0;
  double x = 0.0;
  double size_px = 0.0;  ///< lengths are scaled by this, so that the design is well conditioned
};

void read_plane(const Reading& r, const Surface& s, GrainTrend& out) {
  const double level = s.parameters[0];
  const double unit = 1.0 / (level * r.size_px);
  const auto c = s.covariance.view();
  out.level = {level, std::sqrt(c(0, 0))};
  out.slope_x = {s.parameters[1] * unit, std::sqrt(c(1, 1)) * unit};
  out.slope_y = {s.parameters[2] * unit, std::sqrt(c(2, 2)) * unit};
  out.covariance = c(1, 2) * unit * unit;
  out.counting_sigma_x = std::sqrt(s.counting[1]) * unit;
  out.counting_sigma_y = std::sqrt(s.counting[2]) * unit;
  const double gx = out.slope_x.value;
  const double gy = out.slope_y.value;
  const double g = std::hypot(gx, gy);
  out.slope.value = g;
  const double ux = g > 0.0 ? gx / g : 1.0;
  const double uy = g > 0.0 ? gy / g : 0.0;
  const double vx = out.slope_x.sigma * out.slope_x.sigma;
  const double vy = out.slope_y.sigma * out.slope_y.sigma;
  out.slope.sigma = std::sqrt(ux * ux * vx + uy * uy * vy + 2.0 * ux * uy * out.covariance);
  const double across = std::sqrt(std::max(0.0, uy * uy * vx + ux * ux * vy - 2.0 * ux * uy * out.covariance));
  constexpr double unknown_deg = 103.9;  // 360°/√12: of an angle about which nothing is known
  out.direction_deg = {std::atan2(gy, gx) * 180.0 / std::numbers::pi,
                       g > 0.0 ? std::min(unknown_deg, across / g * 180.0 / std::numbers::pi) : unknown_deg};
  double counting = 0.0;
  for (const Block& b : r.blocks) {
    counting += b.variance / static_cast<double>(r.blocks.size());
  }
  out.texture = std::sqrt(std::max(0.0, s.variance - counting)) / level;
  out.chi2_flat = wald(s, 1, 3);
  out.p_flat = detail::f_survival(0.5 * out.chi2_flat, 2, std::max(2.0, s.independent - 3.0));
}

void read_curvature(const Reading& r, const Surface& s, GrainTrend& out) {
  constexpr int second_order = 3;
  out.chi2_curved = wald(s, 3, 6);
  out.p_plane = detail::f_survival(out.chi2_curved / second_order, second_order, std::max(2.0, s.independent - 6.0));
  std::vector<double> part;
  for (const Block& b : r.blocks) {
    const double y = (b.y - r.y) / r.size_px;
    const double x = (b.x - r.x) / r.size_px;
    part.push_back(s.parameters[3] * x * x + s.parameters[4] * x * y + s.parameters[5] * y * y);
  }
  out.bend = num::standard_deviation(part) / out.level.value;
}

GrainTrend trend_of(const GrainImage& image, int grain, const std::vector<std::size_t>& pixels) {
  GrainTrend out{.grain = grain};
  // About a hundred blocks: enough to see how texture is correlated, few enough that a block's counts are many.
  const auto side =
      static_cast<std::size_t>(std::clamp(std::sqrt(static_cast<double>(pixels.size()) / 100.0), 4.0, 64.0));
  const std::vector<Block> blocks = blocks_of(image, pixels, side);
  out.blocks = blocks.size();
  out.block_px = static_cast<double>(side);
  if (blocks.size() < fewest_blocks) {
    return out;
  }
  Reading r{.blocks = blocks, .side_px = static_cast<double>(side)};
  for (const Block& b : blocks) {
    r.y += b.y / static_cast<double>(blocks.size());
    r.x += b.x / static_cast<double>(blocks.size());
  }
  r.size_px = std::sqrt(static_cast<double>(pixels.size()));
  Terms plane, second;
  for (const Block& b : blocks) {
    const double y = (b.y - r.y) / r.size_px;
    const double x = (b.x - r.x) / r.size_px;
    plane.push_back({1.0, x, y});
    second.push_back({1.0, x, y, x * x, x * y, y * y});
  }
  const Surface s = fit_surface(blocks, plane, r.side_px);
  const Surface s2 = fit_surface(blocks, second, r.side_px);
  if (!s.ok || !s2.ok || !(s.parameters[0] > 0.0)) {
    return out;
  }
  read_plane(r, s, out);
  read_curvature(r, s2, out);
  out.kind = out.p_plane < significant  ? TrendKind::curved
             : out.p_flat < significant ? TrendKind::plane
                                        : TrendKind::flat;
  return out;
}

}  // namespace

std::string_view name(TrendKind kind) {
  constexpr std::array<std::string_view, 4> names{"too small", "flat", "plane", "curved"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<GrainTrend> grain_trends(const GrainImage& image, View<const std::int32_t, 2> labels, double margin_px) {
  if (image.mean.extents() != labels.extents() || image.n_averaged.extents() != labels.extents()) {
    throw Error(Errc::bad_input, "image, number of frames and labels have different shapes",
                "Give labels that were made of this image");
  }
  const std::vector<unsigned char> inside = interior(image, labels, margin_px);
  std::map<int, std::vector<std::size_t>> pixels;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const int label = labels(i / labels.extent(1), i % labels.extent(1));
    if (label > 0) {
      std::vector<std::size_t>& of = pixels[label];
      if (inside[i] != 0) {
        of.push_back(i);
      }
    }
  }
  std::vector<GrainTrend> out;
  for (const auto& [grain, list] : pixels) {
    out.push_back(trend_of(image, grain, list));
  }
  return out;
}

}  // namespace hotstage::series
