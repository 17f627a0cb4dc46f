// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/lock_in.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series::detail {

std::vector<double> hann_window(std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double s = std::sin(std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(n));
    out[i] = s * s;
  }
  return out;
}

WindowGrid window_grid(std::array<std::size_t, 2> image, std::size_t window, std::size_t step) {
  HOTSTAGE_EXPECTS(step > 0 && window > 1);
  WindowGrid grid{.size_y = std::min(window, image[0]), .size_x = std::min(window, image[1]), .step = step};
  grid.rows = (image[0] - grid.size_y) / step + 1;
  grid.columns = (image[1] - grid.size_x) / step + 1;
  return grid;
}

namespace {

using Complex = std::complex<double>;

std::vector<Complex> carrier(double f, std::size_t n) {
  std::vector<Complex> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = std::polar(1.0, -2.0 * std::numbers::pi * f * static_cast<double>(i));
  }
  return out;
}

/// Separable windowed sums: along x first, then along y.
std::vector<Complex> sums(View<const float, 2> image, const Planar& frequency, const WindowGrid& grid) {
  const std::vector<double> wy = hann_window(grid.size_y);
  const std::vector<double> wx = hann_window(grid.size_x);
  const std::vector<Complex> ey = carrier(frequency.y, image.extent(0));
  const std::vector<Complex> ex = carrier(frequency.x, image.extent(1));
  const std::size_t used_rows = (grid.rows - 1) * grid.step + grid.size_y;
  std::vector<Complex> along(used_rows * grid.columns);
  for (std::size_t y = 0; y < used_rows; ++y) {
    for (std::size_t c = 0; c < grid.columns; ++c) {
      const std::size_t x0 = c * grid.step;
      Complex sum{};
      for (std::size_t i = 0; i < grid.size_x; ++i) {
        sum += ex[x0 + i] * (wx[i] * static_cast<double>(image(y, x0 + i)));
      }
      along[y * grid.columns + c] = sum * ey[y];
    }
  }
  std::vector<Complex> out(grid.size());
  for (std::size_t r = 0; r < grid.rows; ++r) {
    for (std::size_t i = 0; i < grid.size_y; ++i) {
      for (std::size_t c = 0; c < grid.columns; ++c) {
        out[r * grid.columns + c] += wy[i] * along[(r * grid.step + i) * grid.columns + c];
      }
    }
  }
  return out;
}

double total(const std::vector<double>& w) {
  double sum = 0.0;
  for (const double v : w) {
    sum += v;
  }
  return sum;
}

Complex window_transform(double f, std::size_t n) {
  const std::vector<double> w = hann_window(n);
  const std::vector<Complex> e = carrier(f, n);
  Complex sum{};
  for (std::size_t i = 0; i < n; ++i) {
    sum += w[i] * e[i];
  }
  return sum;
}

}  // namespace

std::vector<double> window_means(View<const float, 2> image, const WindowGrid& grid) {
  const double norm = total(hann_window(grid.size_y)) * total(hann_window(grid.size_x));
  std::vector<double> out;
  for (const Complex& sum : sums(image, {}, grid)) {
    out.push_back(sum.real() / norm);
  }
  return out;
}

std::vector<std::complex<double>> lock_in(View<const float, 2> image, const Planar& frequency, const WindowGrid& grid) {
  const double norm = total(hann_window(grid.size_y)) * total(hann_window(grid.size_x));
  std::vector<Complex> out = sums(image, frequency, grid);
  const std::vector<double> means = window_means(image, grid);
  const Complex leak = window_transform(frequency.y, grid.size_y) * window_transform(frequency.x, grid.size_x);
  for (std::size_t r = 0; r < grid.rows; ++r) {
    for (std::size_t c = 0; c < grid.columns; ++c) {
      const double phase =
          -2.0 * std::numbers::pi *
          (frequency.y * static_cast<double>(r * grid.step) + frequency.x * static_cast<double>(c * grid.step));
      Complex& value = out[r * grid.columns + c];
      value = (value - means[r * grid.columns + c] * leak * std::polar(1.0, phase)) / norm;
    }
  }
  return out;
}

double noise_factor(const WindowGrid& grid) {
  double out = 1.0;
  for (const std::size_t n : {grid.size_y, grid.size_x}) {
    double sum = 0.0;
    double squares = 0.0;
    for (const double w : hann_window(n)) {
      sum += w;
      squares += w * w;
    }
    out *= squares / (sum * sum);
  }
  return out;
}

}  // namespace hotstage::series::detail
