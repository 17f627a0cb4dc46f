// SPDX-License-Identifier: GPL-3.0-or-later
// Corrections of grains and voids by hand: read from a file that says who, when and why, applied one after the other.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/signal/signal.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::series {

/// y, x in px; pixel centres at whole numbers.
using EditPoint = std::array<double, 2>;

enum class EditAction {
  merge,     ///< grains at the points become the one at the first point
  split,     ///< the grain at the point is cut along a line; the side of the point keeps the number
  give,      ///< what an outline encloses goes to the grain at the point: a boundary moves
  renumber,  ///< the grain at the point gets a number; one that has it gets the other's
  remove,    ///< the void or crack at the point is none
  add        ///< a void or a crack: outline, or circle around the point
};

[[nodiscard]] std::string_view name(EditAction action) noexcept;

struct Edit {
  EditAction action = EditAction::merge;
  DarkKind kind = DarkKind::round;  ///< of what is added
  std::vector<EditPoint> points;    ///< merge: one in every grain; others: one, or none for an outline that is added
  std::vector<EditPoint> line;      ///< split: the cut; give, add: corners of the outline
  std::optional<double> radius_px;  ///< add: of a circle
  int number = 0;                   ///< renumber
  std::string author;
  std::string date;  ///< as year-month-day
  std::string reason;
  Location where;  ///< in the file
};

/// Reads a TOML file: author, date, unit ("px", the default, or one of length: coordinates then count along the axes
/// of `frames`, as in tables and figures) for all, and tables [[edit]] with action, at, line, outline, radius, kind,
/// number, reason; author and date may differ per edit. Points are [y, x]. Throws Error{bad_input} with the line when a
/// member is missing, unknown, or does not belong to the action.
[[nodiscard]] std::vector<Edit> read_edits(const std::filesystem::path& file, const signal::Signal& frames);

/// As read_edits, of a document.
[[nodiscard]] std::vector<Edit> parse_edits(const Value& document, const signal::Signal& frames);

struct AppliedEdit {
  Edit edit;
  std::string what;  ///< "grains 4, 7 merged into grain 2"
  double y_px = 0.0;
  double x_px = 0.0;
  double area_before_px = 0.0;  ///< of the grain or void at the (first) point; 0 for one that is added
  double area_after_px = 0.0;   ///< of the same; 0 for one that is removed
  std::size_t changed_px = 0;   ///< pixels whose label changed
};

struct EditedSegmentation {
  Segmentation segmentation;  ///< grain numbers may have gaps
  std::vector<AppliedEdit> applied;
  std::size_t changed_px = 0;  ///< pixels whose label differs at the end from that before
  std::size_t covered_px = 0;  ///< pixels of the field
};

/// What is to be corrected: the image that was segmented (electrons per pixel), its labels and its spots.
struct EditInput {
  GrainImage image;
  View<const std::int32_t, 2> labels;
  std::span<const DarkSpot> spots;
};

/// Applies the edits in their order, then describes grains and boundaries anew as `segment` does; added voids are
/// measured as found ones are, the others stay as they are. Throws Error{bad_input} with the line of the first edit
/// that does not fit: no grain or void at the point, grains that do not touch, a cut that does not divide, an outline
/// outside the field, over another void, or around nothing missing.
[[nodiscard]] EditedSegmentation apply_edits(const EditInput& input, std::span<const Edit> edits,
                                             const SegmentOptions& options);

}  // namespace hotstage::series
