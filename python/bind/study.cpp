// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/study/run_study.hpp"
#include "hotstage/study/step.hpp"
#include "hotstage/study/step_record.hpp"

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "arrays.hpp"
#include "bind.hpp"
#include "convert.hpp"
#include "long_call.hpp"
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hotstage::python {

namespace {

namespace fs = std::filesystem;
using signal::Signal;
using study::Step;
using study::StepOutput;

py::dict step_dict(const Step& step) {
  py::dict out;
  out["id"] = std::string(step.id);
  out["version"] = step.version;
  out["title"] = std::string(step.title);
  out["help"] = std::string(step.help);
  py::list inputs;
  for (const study::InputSpec& input : step.inputs) {
    py::dict entry;
    entry["name"] = std::string(input.name);
    entry["kind"] = std::string(study::name(input.kind));
    entry["required"] = input.required;
    entry["help"] = std::string(input.help);
    inputs.append(entry);
  }
  py::list outputs;
  for (const study::OutputSpec& output : step.outputs) {
    py::dict entry;
    entry["name"] = std::string(output.name);
    entry["kind"] = std::string(study::name(output.kind));
    entry["help"] = std::string(output.help);
    outputs.append(entry);
  }
  out["inputs"] = inputs;
  out["outputs"] = outputs;
  out["options"] = describe_options(step.options().fields);
  return out;
}

// ---------------------------------------------------------------------------------------------------------- tables

py::dict table_dict(const io::Table& table) {
  py::dict columns;
  py::dict units;
  for (const io::Column& column : table.columns) {
    const py::object key = to_python(Value(column.name));
    if (column.is_text) {
      columns[key] = py::cast(column.texts);
    } else {
      columns[key] = copied(std::span(column.numbers));
    }
    units[key] = to_python(Value(column.unit));
  }
  py::dict out;
  out["columns"] = columns;
  out["units"] = units;
  return out;
}

io::Column column_from(const std::string& name, const std::string& unit, py::handle values) {
  const Value list = from_python(values);
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const Value& item : list.as_array()) {
    if (item.is_text()) {
      texts.push_back(item.as_text());
    } else {
      numbers.push_back(item.as_number());
    }
  }
  if (!texts.empty() && !numbers.empty()) {
    throw Error(Errc::bad_input, fmt::format("column \"{}\" mixes numbers and texts", name));
  }
  return texts.empty() ? io::number_column(name, unit, std::move(numbers)) : io::text_column(name, std::move(texts));
}

/// A dict of columns, with a dict `units` beside it when it is a hotstage.Table.
io::Table table_from(py::handle object) {
  const py::dict units = py::hasattr(object, "units") ? py::dict(object.attr("units")) : py::dict();
  io::Table out;
  for (const auto& [key, values] : py::dict(py::reinterpret_borrow<py::object>(object))) {
    const std::string unit = units.contains(key) ? units[key].cast<std::string>() : std::string{};
    out.columns.push_back(column_from(key.cast<std::string>(), unit, values));
    if (out.columns.back().size() != out.columns.front().size()) {
      throw Error(Errc::bad_input, fmt::format("column \"{}\" has {} rows, the first one {}", out.columns.back().name,
                                               out.columns.back().size(), out.columns.front().size()));
    }
  }
  return out;
}

// ---------------------------------------------------------------------------------------------------------- inputs

bool is_file_name(py::handle object) {
  return py::isinstance<py::str>(object) || py::hasattr(object, "__fspath__");
}

/// Inputs as given: signals, tables and records are converted, names of files are read later without the lock.
struct GivenInputs {
  study::StepInputs ready;
  std::map<std::string, std::pair<study::Kind, fs::path>> files;
};

void take_input(GivenInputs& out, const study::InputSpec& spec, py::handle object) {
  const std::string name(spec.name);
  if (is_file_name(object)) {
    out.files[name] = {spec.kind, object.cast<fs::path>()};
    return;
  }
  switch (spec.kind) {
    case study::Kind::raw:
      throw Error(Errc::bad_input, fmt::format("input \"{}\" is an instrument's file", name), "Give its name");
    case study::Kind::signal:
      if (!py::isinstance<Signal>(object)) {
        throw Error(Errc::bad_input,
                    fmt::format("input \"{}\" is a {}", name,
                                py::str(py::type::of(object).attr("__name__")).cast<std::string>()),
                    "Give a hotstage.Signal (see hotstage.from_array, hotstage.from_hyperspy) or the name of a file");
      }
      out.ready.signals[name] = object.cast<const Signal&>();
      break;
    case study::Kind::table:
      out.ready.tables[name] = table_from(object);
      break;
    case study::Kind::truth:
      if (py::isinstance<Signal>(object)) {
        out.ready.signals[name] = object.cast<const Signal&>();
        break;
      }
      [[fallthrough]];
    case study::Kind::record:
      out.ready.records[name] = from_python(object);
      break;
  }
}

GivenInputs given_inputs(const Step& step, const py::dict& inputs) {
  GivenInputs out;
  for (const study::InputSpec& spec : step.inputs) {
    const py::str name{std::string(spec.name)};
    if (inputs.contains(name) && !inputs[name].is_none()) {
      take_input(out, spec, inputs[name]);
    } else if (spec.required) {
      throw Error(Errc::bad_input, fmt::format("the input \"{}\" of {} is missing", spec.name, step.id),
                  fmt::format("{}: {}", spec.name, spec.help));
    }
  }
  return out;
}

study::StepInputs read_files(GivenInputs given, Run& run) {
  for (const auto& [name, file] : given.files) {
    study::read_input(name, file.first, file.second, given.ready, run);
  }
  return std::move(given.ready);
}

// --------------------------------------------------------------------------------------------------------- outputs

py::dict result_dict(const study::Result& result) {
  py::dict out;
  out["id"] = result.id;
  out["value"] = result.value;
  out["sigma"] = py::cast(result.sigma);
  out["unit"] = result.unit;
  out["label"] = result.label;
  out["method"] = result.method;
  out["evidence"] = result.evidence;
  out["headline"] = result.headline;
  return out;
}

py::list checks_list(const StepOutput& output) {
  py::list out;
  for (const study::Check& check : output.checks) {
    py::dict entry;
    entry["name"] = check.name;
    entry["status"] = std::string(study::name(check.status));
    entry["measured"] = check.measured;
    entry["limit"] = check.limit;
    entry["meaning"] = check.meaning;
    out.append(entry);
  }
  return out;
}

template <class T, class F>
py::dict mapped(const std::map<std::string, T>& items, F&& convert) {
  py::dict out;
  for (const auto& [key, item] : items) {
    out[py::str(key)] = convert(item);
  }
  return out;
}

py::dict output_dict(const StepOutput& output) {
  py::dict out;
  py::list results;
  for (const study::Result& result : output.results) {
    results.append(result_dict(result));
  }
  py::list assumptions;
  for (const study::Assumption& assumption : output.assumptions) {
    py::dict entry;
    entry["what"] = assumption.what;
    entry["why"] = assumption.why;
    assumptions.append(entry);
  }
  py::list warnings;
  for (const WarningCount& warning : output.warnings) {
    py::dict entry;
    entry["kind"] = warning.kind;
    entry["example"] = warning.example;
    entry["count"] = warning.count;
    warnings.append(entry);
  }
  py::list figures;
  for (const report::Figure& figure : output.figures) {
    figures.append(to_python(report::to_value(figure)));
  }
  out["results"] = results;
  out["tables"] = mapped(output.tables, &table_dict);
  out["records"] = mapped(output.records, &to_python);
  out["signals"] = mapped(output.signals, [](const Signal& signal) { return py::cast(signal); });
  out["raw"] = mapped(output.raw, [](const std::vector<Signal>& signals) { return py::cast(signals); });
  out["texts"] = mapped(output.raw_text, [](const study::RawText& file) { return py::cast(file.text); });
  out["figures"] = figures;
  out["checks"] = checks_list(output);
  out["assumptions"] = assumptions;
  out["warnings"] = warnings;
  return out;
}

py::dict run_step(const std::string& id, const py::dict& inputs, const py::dict& keywords, const py::dict& how) {
  const Step& step = study::find_step(id);
  study::OptionSet set = step.options();
  set_fields(set.fields, options_table(keywords, set.fields));
  const Value options = canonical(set.fields);
  GivenInputs given = given_inputs(step, inputs);
  const StepOutput output =
      long_call(how, [&](Run& run) { return step.run(read_files(std::move(given), run), options, run); });
  return output_dict(output);
}

// ----------------------------------------------------------------------------------------------------------- study

/// Replaces files of [data]. A signal is written into the folder of the results first, so that the run can be repeated.
void replace_data(study::StudyFile& file, const py::dict& replaced, const fs::path& out, const py::dict& how) {
  std::vector<std::string> names;
  for (const study::NamedData& data : file.data) {
    names.push_back(data.name);
  }
  for (const auto& [key, object] : replaced) {
    const auto name = key.cast<std::string>();
    const auto found = std::find_if(file.data.begin(), file.data.end(), [&](const auto& d) { return d.name == name; });
    if (found == file.data.end()) {
      throw Error(Errc::bad_input, {.file = file.file.string()}, fmt::format("the study has no data \"{}\"", name),
                  nearest_hint(name, names));
    }
    if (is_file_name(object)) {
      found->entry.file = fs::absolute(object.cast<fs::path>());
      continue;
    }
    found->entry.file = fs::absolute(out / "inputs" / (name + ".hspy"));
    fs::create_directories(found->entry.file.parent_path());
    const auto& signal = object.cast<const Signal&>();
    call_without_lock(how, [&](Run& run) { signal::save(std::span(&signal, 1), found->entry.file, run); });
  }
}

py::dict run_study(const fs::path& study_file, const py::dict& where, const py::dict& how) {
  study::StudyFile file = study::read_study(study_file);
  const fs::path out = where["out"].is_none() ? fs::path(file.name) : where["out"].cast<fs::path>();
  replace_data(file, where["data"], out, how);
  const study::StudyOptions options{.out = out,
                                    .reuse = where["fresh"].cast<bool>() ? study::Reuse::fresh : study::Reuse::resume};
  const study::StudyOutcome outcome = long_call(how, [&](Run& run) { return study::run_study(file, options, run); });
  py::dict steps;
  for (const study::FinishedStep& finished : outcome.steps) {
    py::dict step = output_dict(finished.output);
    step["id"] = std::string(finished.plan.step->id);
    step["options"] = to_python(finished.plan.options);
    step["seconds"] = finished.seconds;
    step["from_store"] = finished.from_store;
    steps[py::str(finished.plan.name)] = step;
  }
  py::dict result;
  result["name"] = file.name;
  result["title"] = file.title;
  result["steps"] = steps;
  result["results"] = to_python(outcome.results);
  result["report"] = outcome.report;
  result["out"] = out;
  return result;
}

}  // namespace

void bind_study(py::module_& module) {
  module.def("steps", [] {
    py::list out;
    for (const Step* step : study::steps()) {
      out.append(step_dict(*step));
    }
    return out;
  });
  module.def("run_step", &run_step, py::arg("id"), py::arg("inputs"), py::arg("options"), py::arg("how"));
  module.def("run_study", &run_study, py::arg("study"), py::arg("where"), py::arg("how"));
}

}  // namespace hotstage::python
