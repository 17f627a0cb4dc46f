// SPDX-License-Identifier: GPL-3.0-or-later
// Local shifts of a frame against a smooth reference: one pair of normal equations per tile, and models through them.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/series/frame_warp.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace hotstage::series::detail {

/// Noise variance of a pixel, counts², over its brightness; level > 0.
struct PixelNoise {
  double level = 1.0;
  double slope = 0.0;
  double least = 1e-3;

  [[nodiscard]] double at(double counts) const { return std::max(least, level + slope * counts); }
};

/// What a tile says about the shift δ of the frame's content from where the reference was put: information H (1/px²,
/// brightness and contrast of the tile fitted along) and H δ.
struct TileFit {
  double y = 0.0;  ///< px of the frame, centre of the information
  double x = 0.0;
  std::array<double, 3> information{};  ///< yy, yx, xx
  std::array<double, 2> pull{};         ///< H δ
  /// Σ of the reference's gradient times the frame's own: what δ really does to the pull. Against the trace of H it
  /// says by how much noise (or blur) of the reference makes H too large (or too small); noise of the two is
  /// independent.
  double response = 0.0;
  double scale = 1.0;       ///< scatter of the pull over what PixelNoise says (variance)
  double brightness = 0.0;  ///< mean of the reference
  double residual = 0.0;    ///< mean square left, counts²
  std::size_t pixels = 0;

  [[nodiscard]] bool usable() const { return pixels > 0; }
};

/// Fits every tile of about `edge` px. `moved` is the reference as the frame shows it, with `seen` 0 where it shows
/// nothing. Tiles less than half seen are not usable.
[[nodiscard]] std::vector<TileFit> fit_tiles(View<const float, 2> frame, View<const float, 2> moved,
                                             View<const unsigned char, 2> seen, std::size_t edge,
                                             const PixelNoise& noise, const Run& run);

/// Displacement model linear in its parameters: the six terms of FrameDistortion, then the spline's functions for y and
/// for x. Linear terms are scaled to px at `half` from the centre.
class DistortionModel {
 public:
  DistortionModel(std::size_t rows, std::size_t columns, std::size_t knots);

  [[nodiscard]] std::size_t parameters(bool with_knots) const {
    return FrameDistortion::terms + (with_knots ? 2 * knots_.functions() : 0);
  }

  /// Rows (y then x) of the design at a place.
  void design(double y, double x, std::vector<double>& dy, std::vector<double>& dx) const;
  /// Adds a solution to a distortion.
  void add(const std::vector<double>& solution, FrameDistortion& to) const;

  [[nodiscard]] double half() const { return half_; }

  [[nodiscard]] const ScanKnots& knots() const { return knots_; }

 private:
  double half_ = 1.0;
  std::array<double, 2> centre_{};
  ScanKnots knots_;
};

/// Weighted robust least squares of the model through the tiles.
struct ModelFit {
  std::vector<double> solution;
  Buffer<double, 2> covariance;  ///< parameters², px²
  double chi2 = 0.0;             ///< of the tiles about the model, robust
  double dof = 0.0;
  bool ok = false;
};

[[nodiscard]] ModelFit fit_model(const std::vector<TileFit>& tiles, const DistortionModel& model, bool with_knots);

/// Inverse of a symmetric positive matrix in place (Cholesky); false when it is not positive.
[[nodiscard]] bool invert(Buffer<double, 2>& matrix);

/// Squared distance of a tile from a displacement, in units of its σ; two degrees of freedom.
[[nodiscard]] double distance2(const TileFit& tile, double scale, double dy, double dx);

/// Scatter scale of the tiles of one frame: the median, at least a tenth.
[[nodiscard]] double common_scale(const std::vector<TileFit>& tiles);

}  // namespace hotstage::series::detail
