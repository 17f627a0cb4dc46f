// SPDX-License-Identifier: GPL-3.0-or-later
// Tables, records and figures of line scans through a void: what was put in, what was read, how the two compare.

#pragma once

#include "hotstage/eels/product.hpp"
#include "hotstage/eels/readings.hpp"
#include "hotstage/eels/scan_path.hpp"
#include "hotstage/eels/trials.hpp"
#include "hotstage/study/step.hpp"

#include <optional>

namespace hotstage::study::detail {

/// Maps of one saved time, with the memory behind their views.
struct SpecimenAt {
  double time_s = 0.0;
  Buffer<float, 3> thickness;
  Buffer<float, 2> labels;
  eels::SpecimenMaps maps;
  eels::VoidSite site;
};

/// State, labels and scene of meso.simulate at the saved time nearest to `time`; when unset, at the last one that
/// leaves half of the line through the void undamaged (the paper: surroundings unchanged). The void is the one marked
/// special, else the first. Throws Error{bad_input} when the scene has no void.
[[nodiscard]] SpecimenAt specimen_at(const StepInputs& inputs, const std::optional<Time>& time);

/// The truth record hotstage.scan_truth/1.
[[nodiscard]] Value scan_truth(const eels::ScanScene& scene, const eels::ScanPath& path, const eels::LineVoid& hole,
                               const eels::VoidFilling& filling);
void add_models(const eels::ScanModels& models, const eels::SimulatedScan& scan, Value& truth);

/// What lies on the line, as a figure.
[[nodiscard]] report::Figure scene_figure(const eels::ScanScene& scene, const eels::LineVoid& hole);

/// One row per position.
[[nodiscard]] io::Table profile_table(const signal::Signal& core, const eels::ProductReading& reading);

/// The record hotstage.product/1.
[[nodiscard]] Value product_record(const signal::Signal& core, const eels::ProductReading& reading);

void add_product_results(const eels::ProductReading& reading, StepOutput& out);
void add_product_checks(const eels::ProductReading& reading, StepOutput& out);
/// What a bright product may be called after Pt, Ga and C were looked for: in the core loss, or in the optional record
/// `eds`. Adds a check, and `bright_phase` to the record. Throws Error{bad_input} when the EDS record holds no
/// elements.
void add_bright_phase(const StepInputs& inputs, const eels::ProductReading& reading, StepOutput& out);
void add_product_figures(const StepInputs& inputs, const eels::ProductReading& reading, StepOutput& out);

[[nodiscard]] io::Table trial_table(const std::vector<eels::Trial>& matched,
                                    const std::vector<eels::Trial>& mismatched);
[[nodiscard]] io::Table confusion_table(const eels::TrialSummary& matched, const eels::TrialSummary& mismatched);
[[nodiscard]] report::Figure trial_figure(const std::vector<eels::Trial>& matched,
                                          const std::vector<eels::Trial>& mismatched);

}  // namespace hotstage::study::detail
