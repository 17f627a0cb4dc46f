// SPDX-License-Identifier: GPL-3.0-or-later
// What series.edit says: tables, figure and record of corrections by hand, and the tag that makes later steps say so.

#pragma once

#include "hotstage/series/edits.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// Voids and cracks as spot_table wrote them. Throws Error{bad_input} when a column is missing.
[[nodiscard]] std::vector<series::DarkSpot> read_spot_table(const io::Table& table, const signal::Signal& frames);

/// Corrections by hand that a label map carries.
struct ManualEdits {
  std::size_t count = 0;
  std::vector<std::string> authors;

  /// "3 manual edits by A. Author"; empty without any.
  [[nodiscard]] std::string text() const;
};

/// As tag_edits wrote them, also after a HyperSpy file; none when the labels were not corrected.
[[nodiscard]] ManualEdits manual_edits(const signal::Signal& labels);

/// Writes the tag, on top of `before`.
void tag_edits(signal::Signal& labels, std::span<const series::AppliedEdit> applied, const ManualEdits& before);

/// Check, assumption and member `manual_edits` of the output "record" of a step that uses corrected labels; nothing for
/// others.
void note_edits(const signal::Signal& labels, StepOutput& out);

/// One row per edit: what was done where, areas before and after, who, when, why.
[[nodiscard]] io::Table edit_table(std::span<const series::AppliedEdit> applied, const signal::Signal& frames,
                                   double nm);

[[nodiscard]] Value edit_record(const series::EditedSegmentation& edited, const ManualEdits& before);

/// Before and after, the edits drawn over both with their numbers.
[[nodiscard]] report::Figure edit_figure(const signal::Signal& frames, const series::MeanImage& mean,
                                         const series::Segmentation& before, const series::EditedSegmentation& after);

}  // namespace hotstage::study::detail
