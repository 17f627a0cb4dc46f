// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/run_study.hpp"

#include "hotstage/core/version.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/jobs/journal.hpp"
#include "hotstage/jobs/store.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/study/detail/data_files.hpp"
#include "hotstage/study/detail/publish.hpp"
#include "hotstage/study/step_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace hotstage::study {

namespace fs = std::filesystem;

namespace {

const NamedData& find_data(const StudyFile& study, const std::string& name) {
  const auto found =
      std::find_if(study.data.begin(), study.data.end(), [&](const NamedData& d) { return d.name == name; });
  HOTSTAGE_EXPECTS(found != study.data.end());
  return *found;
}

const FinishedStep& find_finished(const std::vector<FinishedStep>& done, const std::string& name) {
  const auto found = std::find_if(done.begin(), done.end(), [&](const FinishedStep& s) { return s.plan.name == name; });
  HOTSTAGE_EXPECTS(found != done.end());
  return *found;
}

fs::path data_path(const StudyFile& study, const NamedData& data) {
  try {
    return resolve_path(data.entry.file, study.file.parent_path());
  } catch (Error& error) {
    error.in_file(study.place());
    error.add_frame(fmt::format("data \"{}\" of the study", data.name));
    throw;
  }
}

/// What the user knows and the file does not say goes over the file's metadata; the same words are part of the key.
signal::Signal load_data(const StudyFile& study, const NamedData& data, Run& run) {
  const DataEntry& entry = data.entry;
  std::optional<std::size_t> which;
  if (entry.signal) {
    which = static_cast<std::size_t>(*entry.signal);
  }
  signal::Signal out = signal::load(data_path(study, data), run, which);
  out.metadata.beam_energy = entry.beam_energy ? entry.beam_energy : out.metadata.beam_energy;
  out.metadata.convergence = entry.convergence ? entry.convergence : out.metadata.convergence;
  out.metadata.collection = entry.collection ? entry.collection : out.metadata.collection;
  if (entry.energy_shift) {
    const signal::Axis energy = signal::energy_axis(out);
    out.axes.front().offset += entry.energy_shift->in(units::eV)*out.axes.front().scale / energy.scale;
  }
  return out;
}

Value input_identity(const StudyFile& study, const Binding& binding, const std::vector<FinishedStep>& done,
                     const jobs::Store& store) {
  if (!binding.from_data()) {
    return Value(fmt::format("{}/{}", find_finished(done, binding.source).key, binding.output));
  }
  const NamedData& data = find_data(study, binding.source);
  DataEntry entry = data.entry;
  Value words = canonical(describe(entry));
  words["file"] = store.files_hash(detail::data_files(data_path(study, data)));
  return words;
}

StepInputs bind_inputs(const StudyFile& study, const PlannedStep& plan, const std::vector<FinishedStep>& done,
                       const jobs::Store& store, Run& run) {
  StepInputs inputs;
  for (const Binding& binding : plan.bindings) {
    if (!binding.from_data()) {
      const fs::path file = output_file(store.folder(find_finished(done, binding.source).key), binding.output);
      read_input(binding.input, binding.kind, file, inputs, run);
      continue;
    }
    const NamedData& data = find_data(study, binding.source);
    if (binding.kind == Kind::signal) {
      inputs.signals[binding.input] = load_data(study, data, run);
    } else {
      read_input(binding.input, binding.kind, data_path(study, data), inputs, run);
    }
  }
  return inputs;
}

/// A run whose progress is one step's share of the whole.
Run step_run(const Run& run, const PlannedStep& plan, std::size_t index, std::size_t count) {
  Run out;
  out.threads = run.threads;
  out.memory = run.memory;
  out.seed = run.seed;
  out.stop = run.stop;
  out.log_sink = run.log_sink;
  if (run.progress_sink) {
    out.progress_sink = [sink = run.progress_sink, name = plan.name, index, count](double fraction,
                                                                                   std::string_view phase) {
      sink((static_cast<double>(index) + fraction) / static_cast<double>(count), fmt::format("{}: {}", name, phase));
    };
  }
  return out;
}

/// The report says which numbers came from the study because the file does not hold them.
void note_stated(const StudyFile& study, const PlannedStep& plan, StepOutput& output) {
  for (const Binding& binding : plan.bindings) {
    if (!binding.from_data()) {
      continue;
    }
    DataEntry entry = find_data(study, binding.source).entry;
    const Value words = canonical(describe(entry));
    std::string stated;
    for (const Member& member : words.as_object()) {
      if (member.value.is_text() && member.key != "file") {
        stated += fmt::format("{}{} {}", stated.empty() ? "" : ", ", member.key, member.value.as_text());
      }
    }
    if (!stated.empty()) {
      output.assumptions.push_back(
          {fmt::format("{}: {}", binding.source, stated), "stated in the study, not in the file"});
    }
  }
}

/// A number that stands on a simulated experiment is twin evidence, whatever a step or a study says.
bool stands_on_simulation(const PlannedStep& plan, const std::vector<FinishedStep>& done) {
  if (plan.step->role == Role::generator) {
    return true;
  }
  return std::any_of(plan.bindings.begin(), plan.bindings.end(), [&](const Binding& binding) {
    return !binding.from_data() && stands_on_simulation(find_finished(done, binding.source).plan, done);
  });
}

void name_evidence(const std::string& by_default, bool simulated, std::vector<Result>& results) {
  for (Result& result : results) {
    if (result.evidence.empty() || (simulated && result.evidence == "real")) {
      result.evidence = simulated ? "twin" : by_default;
    }
  }
}

StepOutput execute(const StudyFile& study, const PlannedStep& plan, const std::vector<FinishedStep>& done,
                   const jobs::Store& store, Run& run) {
  const StepInputs inputs = bind_inputs(study, plan, done, store, run);
  StepOutput output = plan.step->run(inputs, plan.options, run);
  name_evidence(study.evidence, stands_on_simulation(plan, done), output.results);
  note_stated(study, plan, output);
  for (const WarningCount& counted :
       run.warnings()) {  // those the step returned as part of its result stand there already
    const bool known = std::any_of(output.warnings.begin(), output.warnings.end(),
                                   [&](const WarningCount& w) { return w.kind == counted.kind; });
    if (!known) {
      output.warnings.push_back(counted);
    }
  }
  return output;
}

/// A file that is not there stops the run before anything is made.
void require_files(const StudyFile& study, const std::vector<PlannedStep>& plan) {
  for (const PlannedStep& planned : plan) {
    for (const Binding& binding : planned.bindings) {
      if (binding.from_data()) {
        (void)detail::data_files(data_path(study, find_data(study, binding.source)));
      }
    }
  }
}

/// A run that fails before any step is finished leaves no folders behind.
class LeaveNothingEmpty {
 public:
  explicit LeaveNothingEmpty(fs::path out) : out_(std::move(out)), was_there_(fs::exists(out_)) {}

  LeaveNothingEmpty(const LeaveNothingEmpty&) = delete;
  LeaveNothingEmpty& operator=(const LeaveNothingEmpty&) = delete;

  ~LeaveNothingEmpty() {
    std::error_code ignored;
    const fs::path store = out_ / ".store";
    const bool finished =
        std::any_of(fs::directory_iterator(store, ignored), fs::directory_iterator(),
                    [](const fs::directory_entry& entry) { return entry.path().filename() != "files"; });
    if (!finished) {
      fs::remove_all(store, ignored);  // hashes of inputs serve finished steps only
    }
    if (!was_there_) {
      fs::remove(out_, ignored);
    }
  }

 private:
  fs::path out_;
  bool was_there_;
};

/// The key says what is done to which data; the program and the seed must be the same as well.
std::shared_ptr<PassJournal> open_journal(const jobs::Store& store, const std::string& key, const StudyOptions& options,
                                          Run& run) {
  return std::make_shared<jobs::FileJournal>(
      store.journal_folder(key), fmt::format("key {} program {} seed {}", key, version(), run.seed),
      jobs::JournalOptions{options.journal_interval, [&run](std::string_view text) { run.info(text); }});
}

}  // namespace

StudyOutcome run_study(const StudyFile& study, const StudyOptions& options, Run& run) {
  const std::vector<PlannedStep> plan = make_plan(study);
  require_files(study, plan);
  const LeaveNothingEmpty tidy(options.out);
  const jobs::Store store(options.out / ".store");
  StudyOutcome outcome;
  for (const PlannedStep& planned : plan) {
    run.check_stop();
    const auto begin = std::chrono::steady_clock::now();
    FinishedStep finished{.plan = planned};
    jobs::KeyParts parts{std::string(planned.step->id), planned.step->version, planned.options, Value::object()};
    for (const Binding& binding : planned.bindings) {
      parts.inputs[binding.input] = input_identity(study, binding, outcome.steps, store);
    }
    parts.inputs["evidence"] = study.evidence;
    finished.key = jobs::make_key(parts);
    Run part = step_run(run, planned, outcome.steps.size(), plan.size());
    part.progress(0.0, "starts");
    if (options.reuse == Reuse::fresh) {
      store.remove(finished.key);
    }
    finished.from_store = store.has(finished.key);
    if (!finished.from_store) {
      try {
        part.journal = open_journal(store, finished.key, options, part);
        const StepOutput output = execute(study, planned, outcome.steps, store, part);
        store.put(finished.key, [&](const fs::path& folder) { write_output(output, folder, part); });
        part.journal = nullptr;
      } catch (Error& error) {
        part.journal = nullptr;
        if (error.code() != Errc::stopped) {
          store.remove_journal(finished.key);
        }
        error.add_frame(fmt::format("in step \"{}\" ({})", planned.name, planned.step->id));
        throw;
      }
    }
    finished.output = read_output(store.folder(finished.key), part);
    finished.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    part.progress(1.0, "done");
    outcome.steps.push_back(std::move(finished));
  }
  detail::publish(study, options, store, outcome, run);
  return outcome;
}

}  // namespace hotstage::study
