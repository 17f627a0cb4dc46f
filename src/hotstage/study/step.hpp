// SPDX-License-Identifier: GPL-3.0-or-later
// A step: one pass over data, named inputs to named outputs. One registry drives studies, command line, Python and
// docs.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/report/figure.hpp"
#include "hotstage/report/html.hpp"
#include "hotstage/signal/signal.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::study {

/// What an artefact is. `raw` is a file as an instrument writes it: a raw input gets its path, a signal input reads it.
/// `truth` (any file type) may be bound by generators and recovery steps only.
enum class Kind { signal, table, record, raw, truth };

/// Which side of the wall a step stands on. A simulated experiment is made by generators; an analysis may bind nothing
/// of theirs but raw files, and nothing that a recovery step made; a recovery step compares the two.
enum class Role { analysis, generator, recovery };

[[nodiscard]] std::string_view name(Kind kind) noexcept;

struct InputSpec {
  std::string_view name;
  Kind kind = Kind::signal;
  bool required = true;
  std::string_view help;
};

struct OutputSpec {
  std::string_view name;
  Kind kind = Kind::table;
  std::string_view help;
};

/// One number of the answer. `sigma` is the total standard uncertainty; parts are named in `method`.
struct Result {
  std::string id;
  double value = 0.0;
  std::optional<double> sigma;
  std::string unit;       ///< empty for pure numbers
  std::string method;     ///< how it was obtained, in a phrase
  std::string evidence;   ///< real | twin | engine | literature
  std::string label;      ///< for people: "Ti/O atomic ratio"
  bool headline = false;  ///< shown large on the first screen
};

using report::Assumption;
using report::Check;
using report::CheckStatus;

/// A file as an instrument writes it, extension without the dot.
struct RawText {
  std::string extension;
  std::string text;
};

/// Everything a step gives back. All of it is stored, so that a report can be made without computing again.
struct StepOutput {
  std::vector<Result> results;
  std::map<std::string, io::Table> tables;
  std::map<std::string, Value> records;
  std::map<std::string, signal::Signal> signals;
  std::map<std::string, std::vector<signal::Signal>> raw;  ///< written as .dm4, or as `raw_format` says
  std::map<std::string, std::string> raw_format;           ///< extension per raw output: "tif"
  std::map<std::string, RawText> raw_text;                 ///< text files of instruments: logs, cycler files
  std::vector<report::Figure> figures;
  std::vector<Check> checks;
  std::vector<Assumption> assumptions;
  std::vector<WarningCount> warnings;
};

/// The bound inputs of one execution.
class StepInputs {
 public:
  std::map<std::string, signal::Signal> signals;
  std::map<std::string, io::Table> tables;
  std::map<std::string, Value> records;
  std::map<std::string, std::filesystem::path> files;  ///< of raw inputs

  /// The named signal; throws Bug when the registry promised it and it is absent.
  [[nodiscard]] const signal::Signal& signal(const std::string& input) const;
  /// nullptr when an optional input was not bound.
  [[nodiscard]] const signal::Signal* find_signal(const std::string& input) const;
};

/// Options of a step, type-erased: the struct and its description.
struct OptionSet {
  std::shared_ptr<void> owner;
  std::vector<Field> fields;
};

struct Step {
  std::string_view id;  ///< "eels.quantify"; also the command `hotstage eels quantify`
  int version = 1;
  std::string_view title;
  std::string_view help;
  std::string_view example;  ///< one command line
  std::vector<InputSpec> inputs;
  std::vector<OutputSpec> outputs;
  Role role = Role::analysis;
  OptionSet (*options)() = nullptr;
  /// `options` is the resolved table of the option set.
  StepOutput (*run)(const StepInputs& inputs, const Value& options, Run& run) = nullptr;
};

template <class Options>
[[nodiscard]] OptionSet make_options() {
  auto owner = std::make_shared<Options>();
  auto fields = describe(*owner);
  return {owner, std::move(fields)};
}

/// All steps built in.
[[nodiscard]] std::span<const Step* const> steps();

/// The step of that id. Throws Error{bad_input} with the nearest name.
[[nodiscard]] const Step& find_step(std::string_view id);

}  // namespace hotstage::study
