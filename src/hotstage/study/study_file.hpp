// SPDX-License-Identifier: GPL-3.0-or-later
// study.toml: which data, which steps with which options, and the known values the results stand beside.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/core/value.hpp"
#include "hotstage/study/claims.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::study {

/// One entry of [data]: a file and what the user knows about it that the file does not say.
struct DataEntry {
  std::filesystem::path file;
  std::optional<int> signal;  ///< which of several signals in the file
  std::optional<Energy> beam_energy;
  std::optional<Angle> convergence;
  std::optional<Angle> collection;
  std::optional<Energy> energy_shift;  ///< added to the energy axis

  template <class V>
  void fields(V& v) {
    v("file", file,
      {.help = "path; shared: is the folder of shared measurements, else relative to the study", .required = true});
    v("signal", signal, {.help = "number of the signal when the file holds several (from 0)", .min = 0});
    v("beam_energy", beam_energy,
      {.help = "beam energy when the file does not say", .unit = "keV", .min = 10, .max = 3000});
    v("convergence", convergence,
      {.help = "convergence semi-angle when the file does not say", .unit = "mrad", .min = 0, .max = 200});
    v("collection", collection,
      {.help = "collection semi-angle when the file does not say", .unit = "mrad", .min = 0, .max = 500});
    v("energy_shift", energy_shift, {.help = "added to the energy axis", .unit = "eV"});
  }
};

struct NamedData {
  std::string name;
  DataEntry entry;
  Location where;
};

/// One [step.NAME] table.
struct StepEntry {
  std::string name;
  std::string use;
  Value table;  ///< inputs and options, `use` and `title` left out
  std::string title;
  Location where;
};

/// A known value shown beside a result: the truth, a peer's number, the literature.
struct Reference {
  std::string result;  ///< "STEP.RESULT"
  std::string label;
  double value = 0.0;
  std::optional<double> sigma;
  std::string source;
  bool truth = false;

  template <class V>
  void fields(V& v) {
    v("result", result, {.help = "result it stands beside: STEP.RESULT", .required = true});
    v("label", label, {.help = "what it is", .required = true});
    v("value", value, {.help = "value in the unit of the result", .required = true});
    v("sigma", sigma, {.help = "its standard uncertainty", .min = 0});
    v("source", source, {.help = "where it comes from"});
    v("truth", truth, {.help = "the composition is known: the difference is an error of ours"});
  }
};

struct StudyFile {
  std::string name;
  std::string title;
  std::string summary;
  std::string evidence = "real";  ///< real | twin: what the data are
  std::vector<NamedData> data;
  std::vector<StepEntry> steps;
  std::vector<Reference> references;
  std::vector<ClaimEntry> claims;  ///< of the claims file, in its order
  std::filesystem::path file;
  std::string variant;  ///< empty: none; several with commas
  std::string command;  ///< what was typed, for a study that has no file; `file` then only says where paths begin

  /// Where a mistake in the study stands.
  [[nodiscard]] std::string place() const { return command.empty() ? file.string() : "command line"; }
};

/// Reads and checks a study. Unknown keys are errors with line and nearest name. Throws Error.
///
/// A `variant` is the same study with some options changed: [variant.NAME.STEP] stands over [step.STEP]. Several with
/// commas between them, the last one on top.
[[nodiscard]] StudyFile read_study(const std::filesystem::path& file, std::string_view variant = {});

/// "shared:eels/x.dm3" → the file; other paths relative to `folder`. Throws Error{io} when the shared folder is absent.
[[nodiscard]] std::filesystem::path resolve_path(const std::filesystem::path& path,
                                                 const std::filesystem::path& folder);

}  // namespace hotstage::study
