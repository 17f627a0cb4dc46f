// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/plan.hpp"

#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hotstage::study {

namespace {

/// A signal input takes signals and raw instrument files; a truth goes nowhere but into a truth input.
bool fits(Kind from, Kind to) {
  return from == to || (from == Kind::raw && to == Kind::signal);
}

/// The wall between a simulated experiment and its analysis (README.md). Empty: the binding may stand.
std::string_view why_walled(Role from, Kind output, Role to) {
  if (to != Role::analysis) {
    return {};
  }
  if (from == Role::generator && output != Kind::raw) {
    return "An analysis sees nothing of a simulated experiment but its raw files";
  }
  return from == Role::recovery ? "A recovery step has seen the truth: nothing of it may flow back into an analysis"
                                : std::string_view{};
}

const StepEntry* find_entry(const StudyFile& study, const std::string& name) {
  const auto found =
      std::find_if(study.steps.begin(), study.steps.end(), [&](const StepEntry& e) { return e.name == name; });
  return found == study.steps.end() ? nullptr : &*found;
}

std::vector<std::string> known_sources(const StudyFile& study) {
  std::vector<std::string> out;
  for (const NamedData& data : study.data) {
    out.push_back("data." + data.name);
  }
  for (const StepEntry& entry : study.steps) {
    for (const OutputSpec& output : find_step(entry.use).outputs) {
      out.push_back(fmt::format("{}.{}", entry.name, output.name));
    }
  }
  return out;
}

Binding bind(const StudyFile& study, const Step& step, const InputSpec& input, const Value& node) {
  const std::string& text = node.as_text();
  const std::size_t dot = text.find('.');
  const std::string head = text.substr(0, dot);
  const std::string tail = dot == std::string::npos ? "" : text.substr(dot + 1);
  if (head == "data") {
    for (const NamedData& data : study.data) {
      if (data.name == tail && input.kind != Kind::truth) {
        return {std::string(input.name), tail, "", input.kind};
      }
    }
  } else if (const StepEntry* entry = find_entry(study, head)) {
    for (const OutputSpec& output : find_step(entry->use).outputs) {
      if (output.name != tail) {
        continue;
      }
      if (!fits(output.kind, input.kind)) {
        throw Error(Errc::bad_input, node.where,
                    fmt::format("{}: \"{}\" is a {}, this input takes a {}", input.name, text, name(output.kind),
                                name(input.kind)),
                    output.kind == Kind::truth
                        ? "The truth of a simulated experiment may only be bound by generators and recovery steps"
                        : "");
      }
      if (const std::string_view reason = why_walled(find_step(entry->use).role, output.kind, step.role);
          !reason.empty()) {
        throw Error(Errc::bad_input, node.where, fmt::format("{}: {} may not read \"{}\"", input.name, step.id, text),
                    std::string(reason));
      }
      return {std::string(input.name), head, tail, input.kind};
    }
  }
  throw Error(Errc::bad_input, node.where, fmt::format("{}: nothing is called \"{}\"", input.name, text),
              nearest_hint(text, known_sources(study)));
}

PlannedStep plan_step(const StudyFile& study, const StepEntry& entry) {
  PlannedStep planned{.name = entry.name, .title = entry.title};
  try {
    planned.step = &find_step(entry.use);
  } catch (const Error& error) {
    throw Error(error.code(), entry.where, error.message(), error.hint());
  }
  if (planned.title.empty()) {
    planned.title = planned.step->title;
  }
  OptionSet set = planned.step->options();
  Value options = Value::object();
  options.where = entry.where;
  std::vector<std::string> names;
  for (const InputSpec& input : planned.step->inputs) {
    names.emplace_back(input.name);
    if (const Value* node = entry.table.find(input.name)) {
      planned.bindings.push_back(bind(study, *planned.step, input, *node));
    } else if (input.required) {
      throw Error(Errc::bad_input, entry.where,
                  fmt::format("step \"{}\" needs the input \"{}\" ({})", entry.name, input.name, input.help),
                  fmt::format("Add {} = \"data.NAME\"", input.name));
    }
  }
  const std::size_t inputs = names.size();
  for (const Field& field : set.fields) {
    names.push_back(field.name);
  }
  for (const Member& member : entry.table.as_object()) {
    const auto found = std::find(names.begin(), names.end(), member.key);
    if (found == names.end()) {
      throw Error(Errc::bad_input, member.value.where,
                  fmt::format("{} has no input or option \"{}\"", entry.use, member.key),
                  nearest_hint(member.key, names));
    }
    if (static_cast<std::size_t>(found - names.begin()) >= inputs) {
      options[member.key] = member.value;
    }
  }
  set_fields(set.fields, options);
  planned.options = canonical(set.fields);
  return planned;
}

}  // namespace

std::vector<PlannedStep> make_plan(const StudyFile& study) {
  std::vector<PlannedStep> waiting;
  for (const StepEntry& entry : study.steps) {
    try {
      waiting.push_back(plan_step(study, entry));
    } catch (Error& error) {
      error.in_file(study.place());
      throw;
    }
  }
  std::vector<PlannedStep> ordered;
  std::set<std::string> done;
  while (!waiting.empty()) {
    const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const PlannedStep& step) {
      return std::all_of(step.bindings.begin(), step.bindings.end(),
                         [&](const Binding& b) { return b.from_data() || done.contains(b.source); });
    });
    if (ready == waiting.end()) {
      throw Error(Errc::bad_input, Location{.file = study.place()},
                  fmt::format("the steps wait for each other in a circle, \"{}\" among them", waiting.front().name));
    }
    done.insert(ready->name);
    ordered.push_back(std::move(*ready));
    waiting.erase(ready);
  }
  return ordered;
}

}  // namespace hotstage::study
