// SPDX-License-Identifier: GPL-3.0-or-later
// Dark and bright spots in means of a few frames: voids and particles with radius, place and their uncertainties.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/series/registration.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hotstage::series {

enum class SpotKind {
  hole,     ///< darker than its grain: a void
  particle  ///< brighter: heavier or thicker
};

[[nodiscard]] const char* name(SpotKind kind) noexcept;

struct SpotOptions {
  int average = 5;
  double contrast = 0.15;
  double significance = 5.0;
  double min_radius = 2.0;
  double max_aspect = 3.0;

  template <class V>
  void fields(V& v) {
    v("spot_average", average, {.help = "frames averaged before spots are looked for", .min = 1, .max = 1000});
    v("spot_contrast", contrast, {.help = "relative difference of brightness from which a spot counts", .min = 0.02});
    v("spot_significance", significance, {.help = "the same in standard deviations of the smoothed mean", .min = 2.0});
    v("spot_min_radius", min_radius, {.help = "smallest spot, radius in px", .min = 1.0, .max = 100.0});
    v("spot_max_aspect", max_aspect,
      {.help = "length over width from which a spot is a crack and left out", .min = 1.2});
  }
};

/// A hole is a disc of constant depth, r = √(M/(π c)); a particle a sphere, r = √(3 M/(2π c)): M = Σ |I/L − 1| over a
/// disc around it, c the contrast at its middle (of a sphere: at the thickest place), L the brightness of the grain.
struct Spot {
  SpotKind kind = SpotKind::hole;
  double y_px = 0.0;  ///< of frame 0
  double x_px = 0.0;
  double radius_px = 0.0;
  double sigma_px = 0.0;        ///< of the radius, from counting and from the brightness around it
  double place_sigma_px = 0.0;  ///< per axis, from counting
  double contrast = 0.0;        ///< c, positive
  double signal_px2 = 0.0;      ///< M
};

/// Spots of one window of frames.
struct SpotFrame {
  std::size_t first = 0;  ///< frames [first, last)
  std::size_t last = 0;
  double middle = 0.0;  ///< frame number of its middle
  std::vector<Spot> spots;
};

/// Windows of `average` frames one after the other. The brightness of a grain is its local mean without the spots
/// (two passes, Gaussian of 12 px within the grain), so that fronts do not count; close to a boundary a spot must
/// stand out against both grains. `labels` as filled_labels() gives them. Every frame is read once; windows are
/// searched side by side as far as run.memory goes. Throws Error{no_space}.
[[nodiscard]] std::vector<SpotFrame> find_spots(const signal::Signal& series, std::span<const FrameDrift> drift,
                                                View<const std::int32_t, 2> labels, const DetectorResponse& detector,
                                                const SpotOptions& options, Run& run);

}  // namespace hotstage::series
