// SPDX-License-Identifier: GPL-3.0-or-later
// Plan of a study: every step bound to its inputs and options, checked before anything runs, in an order that works.

#pragma once

#include "hotstage/study/step.hpp"
#include "hotstage/study/study_file.hpp"

#include <string>
#include <vector>

namespace hotstage::study {

/// Where an input comes from: an entry of [data] or an output of an earlier step.
struct Binding {
  std::string input;
  std::string source;  ///< name of the data entry or of the step
  std::string output;  ///< empty for data
  Kind kind = Kind::signal;

  [[nodiscard]] bool from_data() const { return output.empty(); }
};

struct PlannedStep {
  std::string name;
  std::string title;
  const Step* step = nullptr;
  std::vector<Binding> bindings;
  Value options;  ///< resolved: every option with its value
};

/// Binds and orders the steps. Throws Error{bad_input} at the place in the study: unknown step, input, option or
/// source, a kind that does not fit, a truth bound to anything but a truth input, a circle.
[[nodiscard]] std::vector<PlannedStep> make_plan(const StudyFile& study);

}  // namespace hotstage::study
