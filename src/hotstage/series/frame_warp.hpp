// SPDX-License-Identifier: GPL-3.0-or-later
// Where a pixel of the specimen stands in a frame: drift, linear distortion about the centre, slow scan distortion.

#pragma once

#include "hotstage/series/registration.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace hotstage::series {

/// Distortion of one frame against the mean of its series, beyond the drift. A place q = p + drift (px of the frame)
/// stands at q + t + A (q − c) + s(row of q), c the centre of the frame:
///   u_y = t_y + (m − e) y' + (h + r) x' + s_y,   u_x = t_x + (m + e) x' + (h − r) y' + s_x
/// with magnification m, rotation r (x towards y), stretch e (x over y, half the difference) and shear h, each a
/// fraction (rotation: rad). s is a natural cubic spline of the row, free of constant and linear parts.
struct FrameDistortion {
  enum Term : std::size_t { shift_y, shift_x, magnification, rotation, stretch, shear };

  static constexpr std::size_t terms = 6;

  std::array<double, terms> value{};  ///< shifts in px, the others as fractions
  std::array<double, terms> sigma{};
  std::vector<double> knot_y_px;  ///< spline at knots spread evenly from the first row to the last; empty: none
  std::vector<double> knot_x_px;
  std::vector<double> knot_sigma_y_px;
  std::vector<double> knot_sigma_x_px;
  bool measured = false;  ///< false: the frame is lost or shares too little with the others; all zero
};

/// Natural cubic splines on `knots` places spread evenly over `rows`, constant and linear parts taken off, orthonormal
/// over the rows: knots − 2 functions of mean square 1.
class ScanKnots {
 public:
  ScanKnots(std::size_t rows, std::size_t knots);

  [[nodiscard]] std::size_t functions() const { return at_row_.size(); }

  [[nodiscard]] const std::vector<double>& at_row(std::size_t function) const { return at_row_[function]; }

  [[nodiscard]] const std::vector<double>& at_knot(std::size_t function) const { return at_knot_[function]; }

 private:
  std::vector<std::vector<double>> at_row_;
  std::vector<std::vector<double>> at_knot_;
};

/// The spline through values at knots spread evenly over `rows`, at every row.
[[nodiscard]] std::vector<double> natural_spline(const std::vector<double>& values, std::size_t rows);

/// Maps places of frame 0 to a frame and back.
class FrameWarp {
 public:
  using Place = std::array<double, 2>;  ///< y, x in px

  /// `distortion` may be null: drift alone.
  FrameWarp(const FrameDrift& drift, const FrameDistortion* distortion, std::size_t rows, std::size_t columns);

  [[nodiscard]] Place to_frame(double y, double x) const {
    const double qy = y + drift_[0], qx = x + drift_[1];
    const Place u = displacement(qy, qx);
    return {qy + u[0], qx + u[1]};
  }

  /// The inverse, to 1e-3 px for distortions of a per cent of 1000 px.
  [[nodiscard]] Place to_reference(double y, double x) const {
    Place u = displacement(y, x);
    if (!rigid_) {
      u = displacement(y - u[0], x - u[1]);
      u = displacement(y - u[0], x - u[1]);
    }
    return {y - u[0] - drift_[0], x - u[1] - drift_[1]};
  }

 private:
  [[nodiscard]] Place displacement(double qy, double qx) const;

  Place drift_{};
  Place shift_{};
  Place centre_{};
  std::array<double, 4> linear_{};  ///< yy, yx, xy, xx
  std::vector<double> scan_y_;
  std::vector<double> scan_x_;
  bool rigid_ = true;
};

}  // namespace hotstage::series
