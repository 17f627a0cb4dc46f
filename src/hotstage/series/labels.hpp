// SPDX-License-Identifier: GPL-3.0-or-later
// Hand-drawn outlines of real images, and how well a segmentation agrees with them.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::series {

/// x, y in px; 0 is the left or upper edge of the first pixel.
using LabelPoint = std::array<double, 2>;

struct Outline {
  std::string kind;     ///< "hole", "crack", "particle", "boundary", "interface"
  bool closed = false;  ///< polygon, else line
  std::vector<LabelPoint> points;
};

struct ImageLabels {
  std::string image;   ///< file name of the image
  std::string sha256;  ///< of the image file
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<Outline> outlines;
  std::vector<Outline> second_drawing;  ///< drawn again without sight of the first; empty when not done
};

/// Reads data/labels/NAME.json. Throws Error{bad_input} when a member is missing or an outline has too few points.
[[nodiscard]] ImageLabels read_labels(const std::filesystem::path& file);

/// As read_labels, of a document.
[[nodiscard]] ImageLabels parse_labels(const Value& root);

/// 1 where the centre of a pixel lies inside a polygon of that kind (even-odd rule), 0 elsewhere. rows × columns.
[[nodiscard]] Buffer<std::uint8_t, 2> fill_outlines(std::span<const Outline> outlines, std::string_view kind,
                                                    std::size_t rows, std::size_t columns);

/// |a ∧ b| / |a ∨ b| of two masks of one shape (Jaccard); 1 when both are empty.
[[nodiscard]] double intersection_over_union(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b);

struct LineScore {
  double precision = 0.0;       ///< share of the found line within the tolerance of the drawn one
  double recall = 0.0;          ///< share of the drawn line within the tolerance of the found one
  double f1 = 0.0;              ///< harmonic mean
  double mean_offset_px = 0.0;  ///< mean distance from the found line to the drawn one
};

/// Both lines are sampled every half pixel. Throws Error{bad_input} when one has fewer than two points or no length.
[[nodiscard]] LineScore score_line(std::span<const LabelPoint> found, std::span<const LabelPoint> drawn,
                                   double tolerance_px);

}  // namespace hotstage::series
