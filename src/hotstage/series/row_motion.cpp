// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/row_motion.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::series {

namespace {

/// Catmull–Rom between pixels; the ends repeat.
float at(std::span<const float> row, double x) {
  const auto last = static_cast<long>(row.size()) - 1;
  const double whole = std::floor(x);
  const auto i = static_cast<long>(whole);
  const auto t = static_cast<float>(x - whole);
  const auto pixel = [&](long k) { return row[static_cast<std::size_t>(std::clamp(k, 0L, last))]; };
  const float a = pixel(i - 1), b = pixel(i), c = pixel(i + 1), d = pixel(i + 2);
  return b + 0.5F * t * (c - a + t * (2.0F * a - 5.0F * b + 4.0F * c - d + t * (3.0F * (b - c) + d - a)));
}

/// 1 4 6 4 1 along the row.
std::vector<float> smooth(std::span<const float> row) {
  std::vector<float> out(row.size());
  const auto last = static_cast<long>(row.size()) - 1;
  const auto pixel = [&](long k) { return row[static_cast<std::size_t>(std::clamp(k, 0L, last))]; };
  for (long x = 0; x <= last; ++x) {
    out[static_cast<std::size_t>(x)] =
        (pixel(x - 2) + 4.0F * pixel(x - 1) + 6.0F * pixel(x) + 4.0F * pixel(x + 1) + pixel(x + 2)) / 16.0F;
  }
  return out;
}

struct RowFit {
  double shift = 0.0;
  double sigma = 0.0;
  bool found = false;
};

/// Misfit of a row to the reference moved by `shift` and times the best factor, over the columns both have. The
/// reference is moved, not the row: interpolation takes noise away, and less noise would look like a better fit.
double misfit(std::span<const float> row, std::span<const float> reference, double shift, std::size_t edge) {
  double rr = 0.0, rm = 0.0, mm = 0.0, r = 0.0, m = 0.0;
  const std::size_t end = row.size() - edge;
  for (std::size_t x = edge; x < end; ++x) {
    const auto v = static_cast<double>(row[x]);
    const auto w = static_cast<double>(at(reference, static_cast<double>(x) - shift));
    r += v;
    m += w;
    rr += v * v;
    rm += v * w;
    mm += w * w;
  }
  const auto n = static_cast<double>(end - edge);
  const double vv = rr - r * r / n, vw = rm - r * m / n, ww = mm - m * m / n;
  return ww > 0.0 && vw > 0.0 ? vv - vw * vw / ww : vv;
}

/// Every half pixel, then parabolas around the lowest.
RowFit fit_row(std::span<const float> row, std::span<const float> sharp, double centre, double largest) {
  const std::vector<float> reference = smooth(sharp);
  const auto edge = static_cast<std::size_t>(std::ceil(largest)) + 3;
  RowFit out;
  if (row.size() < 4 * edge) {
    return out;
  }
  constexpr double coarse = 0.5;
  const int steps = static_cast<int>(std::ceil(largest / coarse));
  double best = centre, lowest = misfit(row, reference, centre, edge);
  for (int k = -steps; k <= steps; ++k) {
    const double shift = centre + coarse * k;
    const double here = std::abs(shift) <= largest ? misfit(row, reference, shift, edge) : lowest;
    if (here < lowest) {
      lowest = here;
      best = shift;
    }
  }
  double step = coarse;
  double bend = 0.0;
  for (int round = 0; round < 5; ++round, step = std::max(0.15, 0.5 * step)) {
    const double before = misfit(row, reference, best - step, edge);
    const double here = misfit(row, reference, best, edge);
    const double after = misfit(row, reference, best + step, edge);
    bend = (before - 2.0 * here + after) / (step * step);
    if (!(bend > 0.0)) {
      return out;
    }
    best += std::clamp(0.5 * (before - after) / (bend * step), -step, step);
  }
  const auto n = static_cast<double>(row.size() - 2 * edge);
  out.shift = best;
  out.sigma = std::sqrt(2.0 * misfit(row, reference, best, edge) / n / bend);
  // Pure noise reaches about 9 in the shifts tried.
  constexpr double clear = 20.0;
  const double alone = misfit(row, std::vector<float>(row.size(), 0.0F), 0.0, edge);
  out.found = n * (1.0 - misfit(row, reference, best, edge) / alone) > clear && out.sigma < 0.5 * largest;
  return out;
}

/// What is left along y once the row stands right along x: least squares on the reference's slopes along both axes,
/// its brightness and a constant, twice, as slopes reach half a pixel. `sigma` 0: the row says nothing.
RowFit fit_across(View<const float, 2> image, View<const float, 2> reference, std::size_t y, double dx,
                  double largest) {
  const auto edge = static_cast<std::size_t>(std::ceil(largest)) + 3;
  RowFit out;
  if (y < 2 || y + 2 >= image.extent(0) || image.extent(1) < 4 * edge) {
    return out;
  }
  const std::size_t n = image.extent(1) - 2 * edge;
  std::array<std::vector<float>, 5> rows;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    rows[k] = smooth(reference.row(y + k - 2));
  }
  Buffer<double, 2> design({n, 4});
  std::vector<double> values(n);
  for (int round = 0; round < 2; ++round) {
    const double place = std::clamp(2.0 - out.shift, 1.0, 2.999);
    const auto above = static_cast<std::size_t>(place);
    const double part = place - static_cast<double>(above);
    for (std::size_t i = 0; i < n; ++i) {
      const double x = static_cast<double>(i + edge) - dx;
      const auto value = [&](double at_x, std::size_t k) { return static_cast<double>(at(rows[k], at_x)); };
      const auto between = [&](double at_x) {
        return (1.0 - part) * value(at_x, above) + part * value(at_x, above + 1);
      };
      // Slope from one row before to one row after the place.
      const std::size_t first = above - 1, last = above + 1;
      const double slope = (1.0 - part) * 0.5 * (value(x, last) - value(x, first)) +
                           part * 0.5 * (value(x, std::min<std::size_t>(4, last + 1)) - value(x, above));
      design.view()(i, 0) = -slope;
      design.view()(i, 1) = -0.5 * (between(x + 1.0) - between(x - 1.0));
      design.view()(i, 2) = between(x);
      design.view()(i, 3) = 1.0;
      values[i] = static_cast<double>(image(y, i + edge));
    }
    const num::Fit fit = num::fit_linear(design.view(), values);
    if (!fit.ok() || !(std::abs(fit.parameters[2]) > 0.0)) {
      return {};
    }
    // The slopes stand at the brightness of the reference.
    out.shift = std::clamp(out.shift + fit.parameters[0] / fit.parameters[2], -1.0, 1.0);
    out.sigma = fit.sigma(0) / std::abs(fit.parameters[2]) * std::sqrt(fit.chi2 / static_cast<double>(fit.dof));
  }
  constexpr double of_use_px = 0.5;
  out.found = out.sigma < of_use_px;
  return out;
}

/// Linear between knots `spacing` rows apart: least squares by hat functions is a weighted mean for rows of a knot.
void through_knots(std::vector<double>& shift, const std::vector<double>& sigma, double spacing) {
  if (!(spacing > 1.0)) {
    return;
  }
  const auto rows = static_cast<double>(shift.size());
  const auto knots = static_cast<std::size_t>(std::ceil(rows / spacing)) + 1;
  std::vector<double> value(knots, 0.0), weight(knots, 0.0);
  for (std::size_t y = 0; y < shift.size(); ++y) {
    const double place = static_cast<double>(y) / spacing;
    for (std::size_t k = static_cast<std::size_t>(place); k <= static_cast<std::size_t>(place) + 1 && k < knots; ++k) {
      const double hat = std::max(0.0, 1.0 - std::abs(place - static_cast<double>(k)));
      const double w = hat / std::max(1e-6, sigma[y] * sigma[y]);
      value[k] += w * shift[y];
      weight[k] += w;
    }
  }
  for (std::size_t y = 0; y < shift.size(); ++y) {
    const double place = static_cast<double>(y) / spacing;
    double sum = 0.0;
    for (std::size_t k = static_cast<std::size_t>(place); k <= static_cast<std::size_t>(place) + 1 && k < knots; ++k) {
      const double hat = std::max(0.0, 1.0 - std::abs(place - static_cast<double>(k)));
      sum += weight[k] > 0.0 ? hat * value[k] / weight[k] : 0.0;
    }
    shift[y] = sum;
  }
}

void summarise(RowMotion& motion, std::size_t found) {
  double power = 0.0, noise = 0.0;
  const double mean = num::mean(motion.dx_px);
  for (std::size_t y = 0; y < motion.dx_px.size(); ++y) {
    motion.dx_px[y] -= mean;
    power += motion.dx_px[y] * motion.dx_px[y];
    noise += motion.sigma_px[y] * motion.sigma_px[y];
  }
  const auto rows = static_cast<double>(motion.dx_px.size());
  motion.rms_px = std::sqrt(std::max(0.0, (power - noise) / rows));
  constexpr double most = 0.5;
  motion.found = static_cast<double>(found) > most * rows;
  if (!motion.found) {
    std::fill(motion.dx_px.begin(), motion.dx_px.end(), 0.0);
    motion.rms_px = 0.0;
  }
}

}  // namespace

RowMotion row_motion(View<const float, 2> image, View<const float, 2> reference, const RowMotionOptions& options,
                     Run& run) {
  if (image.extents() != reference.extents()) {
    throw Error(Errc::bad_input, {},
                fmt::format("an image of {} × {} px against a reference of {} × {}", image.extent(0), image.extent(1),
                            reference.extent(0), reference.extent(1)),
                "Give the drift-corrected mean cut out like the frame");
  }
  const std::size_t rows = image.extent(0);
  RowMotion out{std::vector<double>(rows, 0.0), std::vector<double>(rows, 0.0)};
  out.dy_px.assign(rows, 0.0);
  out.sigma_y_px.assign(rows, 0.0);
  std::vector<char> found(rows, 0), across(rows, 0);
  parallel_chunks(run, rows, 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      const RowFit fit = fit_row(image.row(y), reference.row(y), 0.0, options.largest_px);
      const RowFit y_fit = fit.found ? fit_across(image, reference, y, fit.shift, options.largest_px) : RowFit{};
      out.dy_px[y] = y_fit.found ? y_fit.shift : 0.0;
      out.sigma_y_px[y] = y_fit.sigma;
      across[y] = y_fit.found ? 1 : 0;
      out.dx_px[y] = fit.found ? fit.shift : 0.0;
      out.sigma_px[y] = fit.sigma;
      found[y] = fit.found ? 1 : 0;
    }
  });
  through_knots(out.dx_px, out.sigma_px, options.knot_rows);
  summarise(out, static_cast<std::size_t>(std::count(found.begin(), found.end(), 1)));
  double mean = 0.0, power = 0.0, n = 0.0;
  for (std::size_t y = 0; y < rows; ++y) {
    mean += out.dy_px[y];
    n += across[y] != 0 ? 1.0 : 0.0;
  }
  for (std::size_t y = 0; y < rows; ++y) {
    if (across[y] != 0) {
      out.dy_px[y] -= mean / n;
      power += out.dy_px[y] * out.dy_px[y] - out.sigma_y_px[y] * out.sigma_y_px[y];
    }
  }
  out.rms_y_px = out.found && n > 0.0 ? std::sqrt(std::max(0.0, power / n)) : 0.0;
  return out;
}

RowMotion row_motion(View<const float, 2> image, const RowMotionOptions& options, Run& run) {
  const std::size_t rows = image.extent(0);
  RowMotion out{std::vector<double>(rows, 0.0), std::vector<double>(rows, 0.0)};
  std::vector<char> found(rows, 0);
  const auto around = static_cast<std::size_t>(options.rows_around);
  for (int round = 0; round < options.rounds; ++round) {
    const Buffer<float, 2> now = correct_rows(image, out);
    std::vector<double> next(rows, 0.0);
    parallel_chunks(run, rows, 16, [&](std::size_t begin, std::size_t end) {
      std::vector<float> mean(image.extent(1));
      for (std::size_t y = begin; y < end; ++y) {
        // Rows near by weigh more (a triangle): columns lean. The row itself is left out.
        const std::size_t first = y > around ? y - around : 0;
        const std::size_t last = std::min(rows, y + around + 1);
        std::fill(mean.begin(), mean.end(), 0.0F);
        for (std::size_t k = first; k < last; ++k) {
          const auto distance = static_cast<float>(k > y ? k - y : y - k);
          const float weight = k == y ? 0.0F : 1.0F - distance / static_cast<float>(around + 1);
          const std::span<const float> row = now.row(k);
          for (std::size_t x = 0; x < mean.size(); ++x) {
            mean[x] += weight * row[x];
          }
        }
        const RowFit fit = fit_row(image.row(y), mean, out.dx_px[y], options.largest_px);
        found[y] = fit.found ? 1 : 0;
        next[y] = fit.found ? fit.shift : out.dx_px[y];
        out.sigma_px[y] = fit.sigma;
      }
    });
    out.dx_px = std::move(next);
    // What the whole neighbourhood shares cannot be told from shear or drift: taken off.
    std::vector<double> slow(rows, 0.0);
    const std::size_t wide = 2 * around;
    for (std::size_t y = 0; y < rows; ++y) {
      const std::size_t reach = std::min({wide, y, rows - 1 - y});
      double sum = 0.0;
      for (std::size_t k = y - reach; k <= y + reach; ++k) {
        sum += out.dx_px[k];
      }
      slow[y] = sum / static_cast<double>(2 * reach + 1);
    }
    for (std::size_t y = 0; y < rows; ++y) {
      out.dx_px[y] -= slow[y];
    }
  }
  through_knots(out.dx_px, out.sigma_px, options.knot_rows);
  summarise(out, static_cast<std::size_t>(std::count(found.begin(), found.end(), 1)));
  return out;
}

Buffer<float, 2> correct_rows(View<const float, 2> image, const RowMotion& motion) {
  HOTSTAGE_EXPECTS(motion.dx_px.size() == image.extent(0));
  Buffer<float, 2> out({image.extent(0), image.extent(1)});
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (std::size_t x = 0; x < image.extent(1); ++x) {
      out.view()(y, x) = at(image.row(y), static_cast<double>(x) + motion.dx_px[y]);
    }
  }
  return out;
}

}  // namespace hotstage::series
