// SPDX-License-Identifier: GPL-3.0-or-later
// A finished step on disk: what the step gave back, as files other programs read, and back again.

#pragma once

#include "hotstage/study/step.hpp"

#include <filesystem>

namespace hotstage::study {

/// Writes everything but the raw files' truth of memory into `folder`: step.json, NAME.csv, NAME.json, NAME.hspy, raw
/// files.
void write_output(const StepOutput& output, const std::filesystem::path& folder, Run& run);

/// Reads what write_output wrote. Signals come back lazily; raw files are not loaded. Throws Error when the folder was
/// damaged.
[[nodiscard]] StepOutput read_output(const std::filesystem::path& folder, Run& run);

/// Reads an artefact or a user's file into the place where a step looks for that input: a raw input gets the path, a
/// truth is read by its file type.
void read_input(const std::string& input, Kind kind, const std::filesystem::path& file, StepInputs& inputs, Run& run);

/// The file of one output inside a step's folder. Throws Error{bad_input} when the step did not make it.
[[nodiscard]] std::filesystem::path output_file(const std::filesystem::path& folder, const std::string& output);

[[nodiscard]] std::string_view name(CheckStatus status) noexcept;

}  // namespace hotstage::study
