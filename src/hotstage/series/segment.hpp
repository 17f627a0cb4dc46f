// SPDX-License-Identifier: GPL-3.0-or-later
// Grains, boundaries, voids and cracks of a drift-corrected mean image.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/fields.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotstage::series {

struct SegmentOptions {
  double min_contrast = 0.03;
  double min_grain = 0.004;
  double void_contrast = 0.15;
  double min_void_radius = 2.5;
  double max_void_radius_px = 30.0;  ///< set in nm by the step
  double crack_aspect = 3.5;

  template <class V>
  void fields(V& v) {
    v("min_contrast", min_contrast,
      {.help = "relative difference of brightness from which two neighbours are two grains", .min = 0.005, .max = 0.5});
    v("min_grain", min_grain, {.help = "smallest grain, fraction of the field", .min = 1e-4, .max = 0.5});
    v("void_contrast", void_contrast,
      {.help = "missing share of the brightness from which a spot is a void", .min = 0.02, .max = 0.95});
    v("min_void_radius", min_void_radius, {.help = "smallest void, radius in px", .min = 1.0, .max = 100.0});
    v("crack_aspect", crack_aspect, {.help = "length over width from which a dark spot is a crack", .min = 1.5});
  }
};

struct Grain {
  int id = 0;  ///< 1 … n
  std::size_t area_px = 0;
  double y_px = 0.0;  ///< centre of mass
  double x_px = 0.0;
  double level = 0.0;  ///< mean brightness, unit of the image
};

/// Where two grains touch.
struct Boundary {
  int a = 0;  ///< a < b
  int b = 0;
  double length_px = 0.0;
  double y_px = 0.0;  ///< middle of the pixels
  double x_px = 0.0;
  double contrast = 0.0;  ///< |level a − level b| / mean close to the boundary
};

enum class DarkKind { round, crack };

/// A spot where thickness is missing. Radii are those of the circle of equal area.
struct DarkSpot {
  DarkKind kind = DarkKind::round;
  double y_px = 0.0;
  double x_px = 0.0;
  double area_px = 0.0;
  double radius_px = 0.0;
  double depth = 0.0;            ///< missing share of the brightness in the core
  double missing_px = 0.0;       ///< ∫ missing share, px²: area × mean depth
  double aspect = 1.0;           ///< length over width of the smallest box
  double length_px = 0.0;        ///< √(12 λ) of the larger second moment λ of the missing signal: a bar's length
  double width_px = 0.0;         ///< missing signal over depth and length
  double hexagonality = 0.0;     ///< share of the sixth harmonic in the outline's shape, 0 … 1
  double facet_angle_deg = 0.0;  ///< of a facet's normal to +x, modulo 60°; only with a large hexagonality
  int grain = 0;                 ///< around it
};

struct Segmentation {
  Buffer<std::int32_t, 2> labels;  ///< grain number; 0: void, crack, or not covered
  std::vector<Grain> grains;
  std::vector<Boundary> boundaries;
  std::vector<DarkSpot> spots;
};

/// An image in electrons per pixel, the number of frames it averages, and where it holds anything.
struct GrainImage {
  View<const float, 2> mean;
  View<const float, 2> n_averaged;
};

/// Grains differ in brightness (channelling): dark spots are closed, the relative gradient is flooded from the flat
/// places (watershed by priority flood), and regions are merged while the step of brightness across their common
/// boundary stays below `min_contrast` or what noise makes. Voids are then the spots darker than their own grain. Two
/// grains of equal brightness cannot be told apart.
[[nodiscard]] Segmentation segment(const GrainImage& image, const SegmentOptions& options);

/// Grains of a label map with their brightness in the image, in the order of their numbers; 0 is none.
[[nodiscard]] std::vector<Grain> describe_grains(View<const std::int32_t, 2> labels, View<const float, 2> image);

/// Boundaries of a label map, in the order of their pairs of numbers.
[[nodiscard]] std::vector<Boundary> describe_boundaries(View<const std::int32_t, 2> labels, View<const float, 2> image);

/// Boundary pixels of a label map, two per step across a boundary, one on each side.
struct BoundaryPixel {
  int a = 0;  ///< grain at (y, x)
  int b = 0;  ///< its neighbour
  std::size_t y = 0;
  std::size_t x = 0;
};

/// Pixels with a different grain among their four neighbours.
[[nodiscard]] std::vector<BoundaryPixel> boundary_pixels(View<const std::int32_t, 2> labels);

/// Label map with the zeros (voids, cracks) given to the nearest grain; zero stays where there is no grain at all.
[[nodiscard]] Buffer<std::int32_t, 2> filled_labels(View<const std::int32_t, 2> labels);

}  // namespace hotstage::series
