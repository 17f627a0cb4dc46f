// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/lattice_fit.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/lock_in.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <map>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr double two_pi = 2.0 * std::numbers::pi;
using Four = std::array<double, 4>;
using Matrix4 = std::array<Four, 4>;

/// One phase of one spot in one window, as a path along the spot in cycles.
struct PhaseDatum {
  std::size_t spot = 0;
  std::size_t row = 0;  ///< of windows
  std::size_t column = 0;
  Four design{};  ///< d(cycles)/d(g₁y, g₁x, g₂y, g₂x), mean of the spot taken off
  double cycles = 0.0;
  double counting = 0.0;  ///< variance, cycles²
  double g = 0.0;         ///< |g|, cycles/px
  double weight = 0.0;
};

bool invert(Matrix4 m, Matrix4& out) {
  out = {};
  for (std::size_t i = 0; i < 4; ++i) {
    out[i][i] = 1.0;
  }
  for (std::size_t c = 0; c < 4; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c + 1; r < 4; ++r) {
      pivot = std::abs(m[r][c]) > std::abs(m[pivot][c]) ? r : pivot;
    }
    if (std::abs(m[pivot][c]) < 1e-300) {
      return false;
    }
    std::swap(m[pivot], m[c]);
    std::swap(out[pivot], out[c]);
    const double scale = 1.0 / m[c][c];
    for (std::size_t j = 0; j < 4; ++j) {
      m[c][j] *= scale;
      out[c][j] *= scale;
    }
    for (std::size_t r = 0; r < 4; ++r) {
      const double factor = m[r][c];
      for (std::size_t j = 0; r != c && j < 4; ++j) {
        m[r][j] -= factor * m[c][j];
        out[r][j] -= factor * out[c][j];
      }
    }
  }
  return true;
}

Matrix4 product(const Matrix4& a, const Matrix4& b) {
  Matrix4 out{};
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      for (std::size_t k = 0; k < 4; ++k) {
        out[i][j] += a[i][k] * b[k][j];
      }
    }
  }
  return out;
}

/// Takes the weighted mean of every spot off its phases and its design: the spot's own phase is free.
void centre(std::vector<PhaseDatum>& data, std::size_t spots) {
  std::vector<double> weight(spots);
  std::vector<double> mean(spots);
  std::vector<Four> design(spots);
  for (const PhaseDatum& d : data) {
    weight[d.spot] += d.weight;
    mean[d.spot] += d.weight * d.cycles;
    for (std::size_t i = 0; i < 4; ++i) {
      design[d.spot][i] += d.weight * d.design[i];
    }
  }
  for (PhaseDatum& d : data) {
    if (weight[d.spot] > 0.0) {
      d.cycles -= mean[d.spot] / weight[d.spot];
      for (std::size_t i = 0; i < 4; ++i) {
        d.design[i] -= design[d.spot][i] / weight[d.spot];
      }
    }
  }
}

struct PhaseFit {
  Four shift{};
  Matrix4 inverse{};  ///< of the normal matrix
  bool ok = false;
};

PhaseFit solve(const std::vector<PhaseDatum>& data) {
  Matrix4 normal{};
  Four right{};
  for (const PhaseDatum& d : data) {
    for (std::size_t i = 0; i < 4; ++i) {
      right[i] += d.weight * d.design[i] * d.cycles;
      for (std::size_t j = 0; j < 4; ++j) {
        normal[i][j] += d.weight * d.design[i] * d.design[j];
      }
    }
  }
  PhaseFit out;
  out.ok = invert(normal, out.inverse);
  for (std::size_t i = 0; out.ok && i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      out.shift[i] += out.inverse[i][j] * right[j];
    }
  }
  return out;
}

double residual(const PhaseDatum& d, const Four& shift) {
  double out = d.cycles;
  for (std::size_t i = 0; i < 4; ++i) {
    out -= d.design[i] * shift[i];
  }
  return out;
}

/// Σ over clusters of (Σ w x r)(Σ w x r)ᵀ, times clusters/(clusters − 1).
template <class Key>
Matrix4 cluster_scores(const std::vector<PhaseDatum>& data, const Four& shift, const Key& key) {
  std::map<std::size_t, Four> scores;
  for (const PhaseDatum& d : data) {
    Four& s = scores[key(d)];
    for (std::size_t i = 0; i < 4; ++i) {
      s[i] += d.weight * d.design[i] * residual(d, shift);
    }
  }
  Matrix4 out{};
  const auto n = static_cast<double>(scores.size());
  for (const auto& [cluster, s] : scores) {
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        out[i][j] += s[i] * s[j] * n / std::max(1.0, n - 1.0);
      }
    }
  }
  return out;
}

bool positive_definite(Matrix4 m) {
  for (std::size_t c = 0; c < 4; ++c) {
    if (m[c][c] <= 0.0) {
      return false;
    }
    for (std::size_t r = c + 1; r < 4; ++r) {
      const double factor = m[r][c] / m[c][c];
      for (std::size_t j = c; j < 4; ++j) {
        m[r][j] -= factor * m[c][j];
      }
    }
  }
  return true;
}

/// Sandwich clustered by rows and columns of windows; neighbours overlap by half and count as one. With few clusters
/// rows + columns − both may be no covariance: then rows + columns, which is too large rather than too small.
Matrix4 scatter_covariance(const std::vector<PhaseDatum>& data, const PhaseFit& fit) {
  const Matrix4 by_row = cluster_scores(data, fit.shift, [](const PhaseDatum& d) { return d.row / 2; });
  const Matrix4 by_column = cluster_scores(data, fit.shift, [](const PhaseDatum& d) { return d.column / 2; });
  const Matrix4 by_both =
      cluster_scores(data, fit.shift, [](const PhaseDatum& d) { return d.row / 2 * 4096 + d.column / 2; });
  Matrix4 sum{};
  Matrix4 meat{};
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      sum[i][j] = by_row[i][j] + by_column[i][j];
      meat[i][j] = sum[i][j] - by_both[i][j];
    }
  }
  return product(product(fit.inverse, positive_definite(meat) ? meat : sum), fit.inverse);
}

std::vector<PhaseDatum> measure_phases(View<const float, 2> image, const ImageLattice& lattice,
                                       const detail::WindowGrid& grid) {
  std::vector<PhaseDatum> data;
  // Noise of a complex amplitude from the spot's own signal-to-noise ratio over the whole field, where the field's
  // window averages (area of the field)/(area of a window) times more.
  const double share = static_cast<double>(image.size()) / static_cast<double>(grid.size_y * grid.size_x);
  for (std::size_t s = 0; s < lattice.spots.size(); ++s) {
    const Spot& spot = lattice.spots[s];
    if (spot.h == 0 && spot.k == 0) {
      continue;
    }
    const Planar at = combine(spot.h, lattice.reciprocal[0], spot.k, lattice.reciprocal[1]);
    const std::vector<std::complex<double>> local = detail::lock_in(image, at, grid);
    std::complex<double> mean{};
    for (const auto& c : local) {
      mean += c;
    }
    const double noise = 0.25 * spot.amplitude * spot.amplitude / spot.snr * share;  // E|noise|²
    for (std::size_t r = 0; r < grid.rows; ++r) {
      for (std::size_t c = 0; c < grid.columns; ++c) {
        const std::complex<double>& value = local[r * grid.columns + c];
        const double power = std::norm(value);
        constexpr double least = 4.0;
        if (power < least * noise) {
          continue;
        }
        const Planar p = grid.centre(r, c);
        data.push_back({.spot = s,
                        .row = r,
                        .column = c,
                        .design = {spot.h * p.y, spot.h * p.x, spot.k * p.y, spot.k * p.x},
                        .cycles = std::arg(value * std::conj(mean)) / two_pi,
                        .counting = noise / (2.0 * power * two_pi * two_pi),
                        .g = length(at)});
      }
    }
  }
  return data;
}

/// Variance of the displacement common to a window that the residuals show beyond counting, px².
double wander(const std::vector<PhaseDatum>& data, const Four& shift) {
  std::vector<double> squares;
  for (const PhaseDatum& d : data) {
    const double r = residual(d, shift);
    squares.push_back((r * r - d.counting) / (d.g * d.g));
  }
  return std::max(0.0, num::mean(squares));
}

void set_weights(std::vector<PhaseDatum>& data, const Four& shift, double wander_squared, bool robust) {
  for (PhaseDatum& d : data) {
    const double variance = d.counting + wander_squared * d.g * d.g + 1e-12;
    d.weight = 1.0 / variance;
    if (robust) {
      constexpr double bend = 2.0;
      const double pull = std::abs(residual(d, shift)) / std::sqrt(variance);
      d.weight *= pull > bend ? bend / pull : 1.0;
    }
  }
}

/// One round: phases about the current lattice, weights, straight line. False when there are too few windows.
bool refine_once(View<const float, 2> image, const detail::WindowGrid& grid, ImageLattice& lattice) {
  std::vector<PhaseDatum> data = measure_phases(image, lattice, grid);
  constexpr std::size_t fewest = 24;
  if (data.size() < fewest) {
    return false;
  }
  Four shift{};
  PhaseFit fit;
  double wander_squared = 0.0;
  constexpr int rounds = 4;
  for (int i = 0; i < rounds; ++i) {
    set_weights(data, shift, wander_squared, i > 0);
    centre(data, lattice.spots.size());
    fit = solve(data);
    if (!fit.ok) {
      return false;
    }
    shift = fit.shift;
    wander_squared = wander(data, shift);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    lattice.reciprocal[i].y += shift[2 * i];
    lattice.reciprocal[i].x += shift[2 * i + 1];
  }
  Matrix4 counting{};
  {
    std::vector<PhaseDatum> ideal = data;
    set_weights(ideal, shift, 0.0, false);
    counting = solve(ideal).inverse;
  }
  // Windows overlap by half in both directions: about four share the information of one.
  lattice.covariance = scatter_covariance(data, fit);
  lattice.counting_sigma = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    constexpr double overlap = 2.25;
    lattice.counting_sigma = std::max(lattice.counting_sigma, std::sqrt(overlap * counting[i][i]));
    lattice.covariance[i][i] = std::max(lattice.covariance[i][i], overlap * counting[i][i]);
  }
  lattice.wander_px = std::sqrt(wander_squared);
  lattice.blocks = grid.size();
  return true;
}

}  // namespace

ImageLattice fit_lattice(View<const float, 2> image, const LatticeOptions& options) {
  ImageLattice lattice = index_spots(find_spots(image, options), {image.extent(0), image.extent(1)});
  const double period = 1.0 / std::min(length(lattice.reciprocal[0]), length(lattice.reciprocal[1]));
  const std::size_t shorter = std::min(image.extent(0), image.extent(1));
  const auto window = std::max({static_cast<std::size_t>(std::ceil(4.0 * period)), shorter / 8, std::size_t{16}});
  constexpr std::size_t least_windows = 2;
  if (shorter < least_windows * window) {
    return lattice;
  }
  const detail::WindowGrid grid = detail::window_grid({image.extent(0), image.extent(1)}, window, window / 2);
  constexpr int rounds = 3;
  ImageLattice refined = lattice;
  for (int i = 0; i < rounds; ++i) {
    if (!refine_once(image, grid, refined)) {
      return lattice;
    }
  }
  return refined;
}

KnownLattice known_lattice(double d1_A, double d2_A, double angle_deg) {
  if (d1_A <= 0.0 || d2_A <= 0.0 || angle_deg < 1.0 || angle_deg > 179.0) {
    throw Error(Errc::bad_input,
                fmt::format("two spacings of {:g} and {:g} Å at {:g}° make no lattice", d1_A, d2_A, angle_deg),
                "Give two positive spacings and the angle between their normals, 1° to 179°");
  }
  const double a = angle_deg * std::numbers::pi / 180.0;
  return {.name = fmt::format("d = {:g} and {:g} Å at {:g}°", d1_A, d2_A, angle_deg),
          .reciprocal = {Planar{0.0, 1.0 / d1_A}, Planar{std::sin(a) / d2_A, std::cos(a) / d2_A}}};
}

namespace {

/// [[yy, yx], [xy, xx]] acting on [y, x].
using Matrix2 = std::array<std::array<double, 2>, 2>;

/// Å per px: the matrix M with K M = T G, rows of K the known and of G the found base vectors.
Matrix2 map_of(const KnownLattice& known, const std::array<Planar, 2>& assigned) {
  const auto& [k1, k2] = known.reciprocal;
  const double det = k1.y * k2.x - k1.x * k2.y;
  const Matrix2 inverse{{{k2.x / det, -k1.x / det}, {-k2.y / det, k1.y / det}}};
  Matrix2 out{};
  for (std::size_t i = 0; i < 2; ++i) {
    out[i][0] = inverse[i][0] * assigned[0].y + inverse[i][1] * assigned[1].y;
    out[i][1] = inverse[i][0] * assigned[0].x + inverse[i][1] * assigned[1].x;
  }
  return out;
}

struct Axes {
  double x = 0.0;
  double y = 0.0;
  double shear = 0.0;
  double rotation = 0.0;
};

/// M = rotation (or mirror) × upper triangle: the fast axis keeps its direction.
Axes axes_of(const Matrix2& m) {
  const double x = std::hypot(m[0][1], m[1][1]);
  const double across = std::abs(m[0][0] * m[1][1] - m[0][1] * m[1][0]) / x;
  const double along = (m[0][0] * m[0][1] + m[1][0] * m[1][1]) / x;
  return {x, across, std::atan2(along, across), std::atan2(m[0][1], m[1][1])};
}

/// Long over short axis of the image of a circle.
double anisotropy(const Matrix2& m) {
  const double det = std::abs(m[0][0] * m[1][1] - m[0][1] * m[1][0]);
  const double sum = m[0][0] * m[0][0] + m[0][1] * m[0][1] + m[1][0] * m[1][0] + m[1][1] * m[1][1];
  const double root = std::sqrt(std::max(0.0, sum * sum - 4.0 * det * det));
  return std::sqrt((sum + root) / std::max(1e-300, sum - root));
}

struct Assignment {
  std::array<Planar, 2> g;
  std::array<std::array<int, 2>, 2> indices{};
  double cost = 1e300;
};

Assignment assign(const ImageLattice& found, const KnownLattice& known, std::optional<double> stated, double limit) {
  constexpr int reach = 2;
  constexpr double most_distorted = 1.15;
  Assignment best;
  for (int code = 0; code < 625; ++code) {
    const std::array<int, 4> t{code % 5 - reach, code / 5 % 5 - reach, code / 25 % 5 - reach, code / 125 - reach};
    const int det = t[0] * t[3] - t[1] * t[2];
    // Without a stated size nothing tells a lattice from one of twice its cell.
    if (det == 0 || (!stated && std::abs(det) != 1)) {
      continue;
    }
    const std::array<Planar, 2> g{combine(t[0], found.reciprocal[0], t[1], found.reciprocal[1]),
                                  combine(t[2], found.reciprocal[0], t[3], found.reciprocal[1])};
    const Matrix2 m = map_of(known, g);
    const double ratio = anisotropy(m);
    const Axes axes = axes_of(m);
    const double change = stated ? std::log(std::sqrt(axes.x * axes.y) / *stated) : 0.0;
    if (ratio > most_distorted || std::abs(change) > limit) {
      continue;
    }
    const double cost = std::log(ratio) + 0.3 * std::abs(change) + 0.01 * (std::abs(det) - 1) + (det < 0 ? 1e-4 : 0.0) +
                        1e-5 * std::abs(axes.rotation);
    if (cost < best.cost) {
      best = {g, {{{t[0], t[1]}, {t[2], t[3]}}}, cost};
    }
  }
  return best;
}

}  // namespace

ScanCalibration calibrate_scan(const ImageLattice& found, const KnownLattice& known,
                               std::optional<std::array<double, 2>> stated_A, double limit) {
  const std::optional<double> stated =
      stated_A ? std::optional(std::sqrt((*stated_A)[0] * (*stated_A)[1])) : std::nullopt;
  const Assignment chosen = assign(found, known, stated, limit);
  if (chosen.cost > 1e299) {
    const std::array<Planar, 2> a = found.direct();
    throw Error(Errc::refused,
                fmt::format("the lattice found ({:.2f} × {:.2f} px) is not {} within 15 % distortion{}", length(a[0]),
                            length(a[1]), known.name,
                            stated ? fmt::format(" and {:g} % of the stated pixel", 100.0 * limit) : ""),
                "Check crystal and zone axis; a wider pixel_limit if the stored pixel size is further off");
  }
  const auto measure = [&](const std::array<Planar, 2>& g) { return axes_of(map_of(known, g)); };
  const Axes axes = measure(chosen.g);
  // Parameters: the four components of the found base; numerical derivatives.
  std::array<std::array<double, 4>, 4> jacobian{};
  for (std::size_t i = 0; i < 4; ++i) {
    const double step = 1e-6 * length(found.reciprocal[0]);
    std::array<Planar, 2> g = found.reciprocal;
    (i % 2 == 0 ? g[i / 2].y : g[i / 2].x) += step;
    std::array<Planar, 2> assigned;
    for (std::size_t j = 0; j < 2; ++j) {
      assigned[j] = combine(chosen.indices[j][0], g[0], chosen.indices[j][1], g[1]);
    }
    const Axes moved = measure(assigned);
    jacobian[0][i] = (moved.x - axes.x) / step;
    jacobian[1][i] = (moved.y - axes.y) / step;
    jacobian[2][i] = (moved.shear - axes.shear) / step;
    jacobian[3][i] = std::remainder(moved.rotation - axes.rotation, two_pi) / step;
  }
  std::array<double, 4> sigma{};
  for (std::size_t q = 0; q < 4; ++q) {
    double variance = 0.0;
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        variance += jacobian[q][i] * found.covariance[i][j] * jacobian[q][j];
      }
    }
    sigma[q] = std::sqrt(std::max(0.0, variance));
  }
  constexpr double degree = 180.0 / std::numbers::pi;
  ScanCalibration out;
  out.pixel_x_A = {axes.x, std::hypot(sigma[0], known.relative_sigma * axes.x)};
  out.pixel_y_A = {axes.y, std::hypot(sigma[1], known.relative_sigma * axes.y)};
  out.shear_deg = {axes.shear * degree, sigma[2] * degree};
  out.rotation_deg = {axes.rotation * degree, sigma[3] * degree};
  out.affine = {{{axes.y, 0.0}, {axes.y * std::tan(axes.shear), axes.x}}};
  out.indices = chosen.indices;
  out.distortion = anisotropy(map_of(known, chosen.g)) - 1.0;
  return out;
}

}  // namespace hotstage::series
