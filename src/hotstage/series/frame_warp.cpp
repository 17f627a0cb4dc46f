// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/frame_warp.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::series {

namespace {

/// Second derivatives of the natural cubic spline through values one knot apart (tridiagonal 1 4 1, Thomas).
std::vector<double> bends(const std::vector<double>& values) {
  const std::size_t n = values.size();
  std::vector<double> out(n, 0.0), upper(n, 0.0);
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double right = 6.0 * (values[i - 1] - 2.0 * values[i] + values[i + 1]);
    const double pivot = 4.0 - upper[i - 1];
    upper[i] = 1.0 / pivot;
    out[i] = (right - out[i - 1]) / pivot;
  }
  for (std::size_t i = n - 1; i-- > 1;) {
    out[i] -= upper[i] * out[i + 1];
  }
  return out;
}

/// Takes the mean and the slope of `rows` values off both lists; knots stand at the same places.
void take_line_off(std::vector<double>& rows, std::vector<double>& knots) {
  const auto n = static_cast<double>(rows.size());
  const double middle = 0.5 * (n - 1.0);
  double mean = 0.0, slope = 0.0, lever = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double place = static_cast<double>(i) - middle;
    mean += rows[i] / n;
    slope += place * rows[i];
    lever += place * place;
  }
  slope /= lever;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] -= mean + slope * (static_cast<double>(i) - middle);
  }
  for (std::size_t k = 0; k < knots.size(); ++k) {
    const double place = (n - 1.0) * static_cast<double>(k) / static_cast<double>(knots.size() - 1) - middle;
    knots[k] -= mean + slope * place;
  }
}

double between_rows(const std::vector<double>& values, double y) {
  if (values.empty()) {
    return 0.0;
  }
  const double place = std::clamp(y, 0.0, static_cast<double>(values.size()) - 1.0);
  const auto below = std::min(static_cast<std::size_t>(place), values.size() - 2);
  const double part = place - static_cast<double>(below);
  return (1.0 - part) * values[below] + part * values[below + 1];
}

}  // namespace

std::vector<double> natural_spline(const std::vector<double>& values, std::size_t rows) {
  HOTSTAGE_EXPECTS(values.size() > 2 && rows > values.size());
  const std::vector<double> bend = bends(values);
  std::vector<double> out(rows);
  for (std::size_t y = 0; y < rows; ++y) {
    const double place =
        static_cast<double>(y) * static_cast<double>(values.size() - 1) / static_cast<double>(rows - 1);
    const auto k = std::min(static_cast<std::size_t>(place), values.size() - 2);
    const double b = place - static_cast<double>(k), a = 1.0 - b;
    out[y] = a * values[k] + b * values[k + 1] + ((a * a * a - a) * bend[k] + (b * b * b - b) * bend[k + 1]) / 6.0;
  }
  return out;
}

ScanKnots::ScanKnots(std::size_t rows, std::size_t knots) {
  HOTSTAGE_EXPECTS(knots > 2 && rows > knots);
  for (std::size_t k = 1; k + 1 < knots; ++k) {
    std::vector<double> knot(knots, 0.0);
    knot[k] = 1.0;
    std::vector<double> row = natural_spline(knot, rows);
    take_line_off(row, knot);
    for (std::size_t j = 0; j < at_row_.size(); ++j) {
      double common = 0.0;
      for (std::size_t y = 0; y < rows; ++y) {
        common += row[y] * at_row_[j][y] / static_cast<double>(rows);
      }
      for (std::size_t y = 0; y < rows; ++y) {
        row[y] -= common * at_row_[j][y];
      }
      for (std::size_t i = 0; i < knots; ++i) {
        knot[i] -= common * at_knot_[j][i];
      }
    }
    double power = 0.0;
    for (const double v : row) {
      power += v * v / static_cast<double>(rows);
    }
    const double scale = 1.0 / std::sqrt(power);
    for (double& v : row) {
      v *= scale;
    }
    for (double& v : knot) {
      v *= scale;
    }
    at_row_.push_back(std::move(row));
    at_knot_.push_back(std::move(knot));
  }
}

FrameWarp::FrameWarp(const FrameDrift& drift, const FrameDistortion* distortion, std::size_t rows, std::size_t columns)
    : drift_{drift.dy_px, drift.dx_px},
      centre_{0.5 * (static_cast<double>(rows) - 1.0), 0.5 * (static_cast<double>(columns) - 1.0)} {
  if (distortion == nullptr || !distortion->measured) {
    return;
  }
  const auto& v = distortion->value;
  using D = FrameDistortion;
  rigid_ = false;
  shift_ = {v[D::shift_y], v[D::shift_x]};
  linear_ = {v[D::magnification] - v[D::stretch], v[D::shear] + v[D::rotation], v[D::shear] - v[D::rotation],
             v[D::magnification] + v[D::stretch]};
  if (!distortion->knot_y_px.empty()) {
    scan_y_ = natural_spline(distortion->knot_y_px, rows);
    scan_x_ = natural_spline(distortion->knot_x_px, rows);
  }
}

FrameWarp::Place FrameWarp::displacement(double qy, double qx) const {
  if (rigid_) {
    return {0.0, 0.0};
  }
  const double y = qy - centre_[0], x = qx - centre_[1];
  return {shift_[0] + linear_[0] * y + linear_[1] * x + between_rows(scan_y_, qy),
          shift_[1] + linear_[2] * y + linear_[3] * x + between_rows(scan_x_, qy)};
}

}  // namespace hotstage::series
