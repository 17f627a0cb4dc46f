// SPDX-License-Identifier: GPL-3.0-or-later
// Affine distortion and slow scan distortion of every frame of a series, with uncertainty, and whether there is any.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/series/frame_warp.hpp"

#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace hotstage::series {

enum class DistortionTerms { affine, knots };

constexpr auto enum_names(DistortionTerms) {
  return std::array{EnumName{DistortionTerms::affine, "affine"}, EnumName{DistortionTerms::knots, "knots"}};
}

struct DistortionOptions {
  DistortionTerms terms = DistortionTerms::knots;
  int knots = 6;
  int tile_px = 0;

  template <class V>
  void fields(V& v) {
    v("terms", terms,
      {.help = "what is looked for: magnification, rotation, stretch, shear; with knots also a spline of the row"});
    v("knots", knots, {.help = "knots of the spline along the slow axis", .min = 4, .max = 32});
    v("tile", tile_px,
      {.help = "edge of a tile that gives one local shift, px; 0: a tenth of the field, 16 … 64",
       .min = 0,
       .max = 512});
  }
};

/// Whether one term of the linear distortion is there.
struct TermVerdict {
  double scatter_z = 0.0;  ///< χ² of the frames about their mean as a normal deviate (Wilson–Hilferty)
  double trend = 0.0;      ///< slope against time over its σ
  double rms = 0.0;        ///< of the frames about their mean, noise taken off
  bool found = false;
  bool smoothed = false;  ///< a random walk explains the frames better than independent ones: smoothed over time
};

/// What the model leaves at a place: mean of the late half of the frames against the early half.
struct ResidualVector {
  double y = 0.0;  ///< px of the frame
  double x = 0.0;
  double dy_px = 0.0;
  double dx_px = 0.0;
  double sigma_y_px = 0.0;
  double sigma_x_px = 0.0;
};

struct SeriesDistortion {
  std::vector<FrameDistortion> measured;  ///< frame by frame, against the mean of the series
  std::vector<FrameDistortion> applied;   ///< what the data ask for: terms not found are zero, others weighed by what
                                          ///< is known of the frames around; not measured where nothing was found
  std::array<TermVerdict, 4> verdict{};   ///< magnification, rotation, stretch, shear
  bool knots_found = false;               ///< seen, and known well enough to be undone
  bool knots_seen = false;
  double knots_sigma_px = 0.0;  ///< of the spline of a frame, rms over its rows and axes, median of frames
  double knots_z = 0.0;         ///< χ² of the spline over all frames as a normal deviate; 0 when not looked for
  double knots_rms_px = 0.0;    ///< of the spline over rows and frames, per axis, noise taken off
  double dispersion = 1.0;  ///< χ² of the local shifts about the model over its degrees of freedom; in σ when above 1
  double response = 1.0;    ///< of the fit to a shift, true over taken: below 1 when the reference is noisy; in σ
  std::size_t frames = 0;   ///< measured
  int rounds = 0;           ///< passes over the frames
  std::vector<ResidualVector> residuals;

  [[nodiscard]] bool any() const;
};

/// Measures the distortion of every frame of a series {time | y, x} that has been registered.
///
/// Local shifts come from tiles that share no pixel: weighted least squares of the frame to the mean of the other
/// frames, cut down to what stands out of its noise (Wiener) and moved to the frame, brightness and contrast of every
/// tile fitted along. That is the weighted correlation of registration.hpp in the space of pixels, where noise may
/// depend on brightness. The model goes through the tiles' normal equations by robust least squares, and is iterated
/// with the reference warped by it, so that tiles need not be uniform. First in order of time against a running mean
/// (a ramp may go far), then against the mean of all others. What all frames share cannot be seen.
///
/// A term counts as found when its frames scatter by more than their σ (3.5 normal deviates) or follow a slope in time
/// (4 σ). A spline with more than 0.3 px of σ is said to be seen and left alone: steps of that size are not small
/// against structure, and its σ would be too small. Throws Error{bad_input} for a drift of another series,
/// Error{no_space} when the maps do not fit run.memory, Error{refused} when fewer than four frames can be measured.
[[nodiscard]] SeriesDistortion measure_distortion(const signal::Signal& series, std::span<const FrameDrift> drift,
                                                  const DistortionOptions& options, Run& run);

}  // namespace hotstage::series
