// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/tile_fit.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::series::detail {

namespace {

/// One pixel of a tile: gradient, reference, difference, weight.
struct Sample {
  double gy, gx, reference, difference, weight;
  double frame_gy, frame_gx;
};

/// Sums that take brightness and contrast off a column: regression on (1, reference).
struct Levels {
  double w = 0.0, r = 0.0, rr = 0.0;

  /// Coefficients of (1, r − mean r) for weighted sums Σ w v, Σ w v r.
  [[nodiscard]] std::array<double, 2> fit(double v, double vr) const {
    const double mean = r / w;
    const double spread = rr - r * mean;
    return {v / w, spread > 1e-12 * rr ? (vr - v * mean) / spread : 0.0};
  }
};

void solve_tile(std::vector<Sample>& samples, TileFit& out) {
  Levels levels;
  std::array<double, 3> sum{}, cross{};
  for (const Sample& s : samples) {
    levels.w += s.weight;
    levels.r += s.weight * s.reference;
    levels.rr += s.weight * s.reference * s.reference;
    const std::array<double, 3> v{s.gy, s.gx, s.difference};
    for (std::size_t i = 0; i < 3; ++i) {
      sum[i] += s.weight * v[i];
      cross[i] += s.weight * v[i] * s.reference;
    }
  }
  std::array<std::array<double, 2>, 3> fit{};
  for (std::size_t i = 0; i < 3; ++i) {
    fit[i] = levels.fit(sum[i], cross[i]);
  }
  const double mean = levels.r / levels.w;
  double hyy = 0.0, hyx = 0.0, hxx = 0.0, by = 0.0, bx = 0.0;
  for (Sample& s : samples) {
    const double r = s.reference - mean;
    s.gy -= fit[0][0] + fit[0][1] * r;
    s.gx -= fit[1][0] + fit[1][1] * r;
    s.difference -= fit[2][0] + fit[2][1] * r;
    hyy += s.weight * s.gy * s.gy;
    hyx += s.weight * s.gy * s.gx;
    hxx += s.weight * s.gx * s.gx;
    // Content moved by δ shows reference(x − δ): difference = −gradient · δ.
    by -= s.weight * s.gy * s.difference;
    bx -= s.weight * s.gx * s.difference;
    out.response += s.weight * (s.gy * s.frame_gy + s.gx * s.frame_gx);
  }
  out.information = {hyy, hyx, hxx};
  out.pull = {by, bx};
  out.brightness = mean;
  const double trace = hyy + hxx;
  const double determinant = hyy * hxx - hyx * hyx;
  constexpr double one_direction = 1e-4;
  double dy = 0.0, dx = 0.0;
  if (determinant > one_direction * trace * trace) {
    dy = (hxx * by - hyx * bx) / determinant;
    dx = (hyy * bx - hyx * by) / determinant;
  } else if (trace > 0.0) {
    dy = by / trace;
    dx = bx / trace;
  }
  double jyy = 0.0, jxx = 0.0, jyx = 0.0, left = 0.0;
  for (const Sample& s : samples) {
    const double e = s.difference + s.gy * dy + s.gx * dx;
    const double w = s.weight * s.weight * e * e;
    jyy += w * s.gy * s.gy;
    jyx += w * s.gy * s.gx;
    jxx += w * s.gx * s.gx;
    left += e * e;
  }
  out.scale = determinant > one_direction * trace * trace
                  ? 0.5 * (hxx * jyy - 2.0 * hyx * jyx + hyy * jxx) / determinant
                  : (trace > 0.0 ? (jyy + jxx) / trace : 1.0);
  out.residual = left / static_cast<double>(samples.size());
}

}  // namespace

std::vector<TileFit> fit_tiles(View<const float, 2> frame, View<const float, 2> moved,
                               View<const unsigned char, 2> seen, std::size_t edge, const PixelNoise& noise,
                               const Run& run) {
  const std::size_t rows = frame.extent(0), columns = frame.extent(1);
  const std::size_t down = std::max<std::size_t>(1, rows / edge), across = std::max<std::size_t>(1, columns / edge);
  std::vector<TileFit> tiles(down * across);
  parallel_chunks(run, down, 1, [&](std::size_t begin, std::size_t end) {
    std::vector<Sample> samples;
    for (std::size_t k = begin * across; k < end * across; ++k) {
      const std::size_t j = k / across, i = k % across;
      const std::size_t y0 = std::max<std::size_t>(1, j * rows / down), y1 = std::min(rows - 1, (j + 1) * rows / down);
      const std::size_t x0 = std::max<std::size_t>(1, i * columns / across),
                        x1 = std::min(columns - 1, (i + 1) * columns / across);
      samples.clear();
      double sy = 0.0, sx = 0.0, sw = 0.0;
      for (std::size_t y = y0; y < y1; ++y) {
        for (std::size_t x = x0; x < x1; ++x) {
          if (seen(y, x) == 0 || seen(y - 1, x) == 0 || seen(y + 1, x) == 0 || seen(y, x - 1) == 0 ||
              seen(y, x + 1) == 0) {
            continue;
          }
          const double reference = static_cast<double>(moved(y, x));
          const Sample s{0.5 * static_cast<double>(moved(y + 1, x) - moved(y - 1, x)),
                         0.5 * static_cast<double>(moved(y, x + 1) - moved(y, x - 1)),
                         reference,
                         static_cast<double>(frame(y, x)) - reference,
                         1.0 / noise.at(reference),
                         0.5 * static_cast<double>(frame(y + 1, x) - frame(y - 1, x)),
                         0.5 * static_cast<double>(frame(y, x + 1) - frame(y, x - 1))};
          const double information = s.weight * (s.gy * s.gy + s.gx * s.gx);
          sw += information;
          sy += information * static_cast<double>(y);
          sx += information * static_cast<double>(x);
          samples.push_back(s);
        }
      }
      if (2 * samples.size() < (y1 - y0) * (x1 - x0) || !(sw > 0.0)) {
        continue;
      }
      TileFit& tile = tiles[k];
      tile.pixels = samples.size();
      tile.y = sy / sw;
      tile.x = sx / sw;
      solve_tile(samples, tile);
    }
  });
  return tiles;
}

DistortionModel::DistortionModel(std::size_t rows, std::size_t columns, std::size_t knots)
    : half_(0.5 * static_cast<double>(std::max(rows, columns))),
      centre_{0.5 * (static_cast<double>(rows) - 1.0), 0.5 * (static_cast<double>(columns) - 1.0)},
      knots_(rows, knots) {}

void DistortionModel::design(double y, double x, std::vector<double>& dy, std::vector<double>& dx) const {
  const double a = (y - centre_[0]) / half_, b = (x - centre_[1]) / half_;
  const std::array<double, FrameDistortion::terms> fy{1.0, 0.0, a, b, -a, b}, fx{0.0, 1.0, b, -a, b, a};
  dy.assign(parameters(true), 0.0);
  dx.assign(parameters(true), 0.0);
  std::copy(fy.begin(), fy.end(), dy.begin());
  std::copy(fx.begin(), fx.end(), dx.begin());
  const std::size_t n = knots_.functions();
  for (std::size_t j = 0; j < n; ++j) {
    const std::vector<double>& f = knots_.at_row(j);
    const auto row = static_cast<std::size_t>(std::clamp(y + 0.5, 0.0, static_cast<double>(f.size()) - 1.0));
    dy[FrameDistortion::terms + j] = f[row];
    dx[FrameDistortion::terms + n + j] = f[row];
  }
}

void DistortionModel::add(const std::vector<double>& solution, FrameDistortion& to) const {
  for (std::size_t k = 0; k < FrameDistortion::terms; ++k) {
    to.value[k] += k < FrameDistortion::magnification ? solution[k] : solution[k] / half_;
  }
  const std::size_t n = knots_.functions();
  if (solution.size() == FrameDistortion::terms) {
    return;
  }
  to.knot_y_px.resize(n + 2, 0.0);
  to.knot_x_px.resize(n + 2, 0.0);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t k = 0; k < n + 2; ++k) {
      to.knot_y_px[k] += solution[FrameDistortion::terms + j] * knots_.at_knot(j)[k];
      to.knot_x_px[k] += solution[FrameDistortion::terms + n + j] * knots_.at_knot(j)[k];
    }
  }
}

double distance2(const TileFit& tile, double scale, double dy, double dx) {
  const auto [hyy, hyx, hxx] = tile.information;
  const double gy = tile.pull[0] - hyy * dy - hyx * dx, gx = tile.pull[1] - hyx * dy - hxx * dx;
  const double ridge = 1e-6 * (hyy + hxx);
  const double a = hyy + ridge, b = hxx + ridge;
  const double determinant = a * b - hyx * hyx;
  return determinant > 0.0 ? (b * gy * gy - 2.0 * hyx * gy * gx + a * gx * gx) / (determinant * scale) : 0.0;
}

double common_scale(const std::vector<TileFit>& tiles) {
  std::vector<double> scales;
  for (const TileFit& tile : tiles) {
    if (tile.usable()) {
      scales.push_back(tile.scale);
    }
  }
  constexpr double least = 0.1;
  return std::max(least, num::median(scales));
}

bool invert(Buffer<double, 2>& matrix) {
  const std::size_t n = matrix.extent(0);
  auto a = matrix.view();
  for (std::size_t j = 0; j < n; ++j) {
    const double before = a(j, j);
    for (std::size_t k = 0; k < j; ++k) {
      a(j, j) -= a(j, k) * a(j, k);
    }
    if (!(a(j, j) > 1e-10 * before) || !(before > 0.0)) {
      return false;
    }
    a(j, j) = std::sqrt(a(j, j));
    for (std::size_t i = j + 1; i < n; ++i) {
      for (std::size_t k = 0; k < j; ++k) {
        a(i, j) -= a(i, k) * a(j, k);
      }
      a(i, j) /= a(j, j);
    }
  }
  Buffer<double, 2> out({n, n});
  std::vector<double> column(n);
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t i = 0; i < n; ++i) {
      column[i] = i == c ? 1.0 : 0.0;
      for (std::size_t k = 0; k < i; ++k) {
        column[i] -= a(i, k) * column[k];
      }
      column[i] /= a(i, i);
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) {
        column[i] -= a(k, i) * column[k];
      }
      column[i] /= a(i, i);
    }
    for (std::size_t i = 0; i < n; ++i) {
      out.view()(i, c) = column[i];
    }
  }
  matrix = std::move(out);
  return true;
}

ModelFit fit_model(const std::vector<TileFit>& tiles, const DistortionModel& model, bool with_knots) {
  constexpr int rounds = 4;
  constexpr double soft = 3.0;  // of two normal components 1.1 % lie beyond
  const std::size_t n = model.parameters(with_knots);
  const double scale = common_scale(tiles);
  ModelFit out{.solution = std::vector<double>(n, 0.0)};
  std::vector<double> weight(tiles.size(), 1.0), dy, dx;
  for (int round = 0; round < rounds; ++round) {
    Buffer<double, 2> normal({n, n});
    std::vector<double> right(n, 0.0);
    std::size_t used = 0;
    for (std::size_t k = 0; k < tiles.size(); ++k) {
      const TileFit& t = tiles[k];
      if (!t.usable()) {
        continue;
      }
      ++used;
      model.design(t.y, t.x, dy, dx);
      const double w = weight[k] / scale;
      const auto [hyy, hyx, hxx] = t.information;
      for (std::size_t i = 0; i < n; ++i) {
        right[i] += w * (dy[i] * t.pull[0] + dx[i] * t.pull[1]);
        const double ay = w * (hyy * dy[i] + hyx * dx[i]), ax = w * (hyx * dy[i] + hxx * dx[i]);
        for (std::size_t j = 0; j <= i; ++j) {
          normal.view()(i, j) += ay * dy[j] + ax * dx[j];
        }
      }
    }
    if (2 * used < n + 2) {
      return out;
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        normal.view()(j, i) = normal.view()(i, j);
      }
    }
    if (!invert(normal)) {
      return out;
    }
    for (std::size_t i = 0; i < n; ++i) {
      out.solution[i] = 0.0;
      for (std::size_t j = 0; j < n; ++j) {
        out.solution[i] += normal.view()(i, j) * right[j];
      }
    }
    out.chi2 = 0.0;
    for (std::size_t k = 0; k < tiles.size(); ++k) {
      const TileFit& t = tiles[k];
      if (!t.usable()) {
        continue;
      }
      model.design(t.y, t.x, dy, dx);
      double uy = 0.0, ux = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        uy += dy[i] * out.solution[i];
        ux += dx[i] * out.solution[i];
      }
      const double d2 = distance2(t, scale, uy, ux);
      out.chi2 += std::min(d2, soft * std::sqrt(d2));
      weight[k] = d2 > soft * soft ? soft / std::sqrt(d2) : 1.0;
    }
    out.dof = 2.0 * static_cast<double>(used) - static_cast<double>(n);
    out.covariance = std::move(normal);
  }
  out.ok = true;
  return out;
}

}  // namespace hotstage::series::detail
