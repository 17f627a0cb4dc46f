// SPDX-License-Identifier: GPL-3.0-or-later
// Every registered step as a command: `hotstage eels quantify --core A.dm3 --low B.dm3 --edges "Ti L3" "O K"`.

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/study/run_study.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "console.hpp"
#include <charconv>
#include <map>
#include <memory>

namespace hotstage::cli {

namespace {

/// What the user typed, by option name.
struct Typed {
  std::map<std::string, std::string> inputs;
  std::map<std::string, std::vector<std::string>> options;
  std::string out = "hotstage-out";
  bool fresh = false;
};

Value scalar(FieldKind kind, const std::string& word) {
  if (kind == FieldKind::boolean) {
    if (word != "true" && word != "false") {
      throw Error(Errc::usage, fmt::format("\"{}\" is neither true nor false", word));
    }
    return Value(word == "true");
  }
  if (kind == FieldKind::integer || kind == FieldKind::number) {
    try {
      std::size_t used = 0;
      const double value = std::stod(word, &used);
      if (used == word.size()) {
        const auto whole = static_cast<std::int64_t>(value);
        return kind == FieldKind::integer && static_cast<double>(whole) == value ? Value(whole) : Value(value);
      }
    } catch (const std::exception&) {  // the message below says it
    }
    throw Error(Errc::usage, fmt::format("\"{}\" is not a number", word));
  }
  return Value(word);
}

/// The typed words as the table a study would hold; nested options are typed as --outer.inner.
void fill_table(const std::vector<Field>& fields, const std::string& prefix, const Typed& typed, Value& table) {
  for (const Field& field : fields) {
    const std::string key = prefix + field.name;
    if (field.kind == FieldKind::table) {
      Value nested = Value::object();
      fill_table(field.fields, key + ".", typed, nested);
      if (!nested.as_object().empty()) {
        table[field.name] = nested;
      }
      continue;
    }
    const auto found = typed.options.find(key);
    if (found == typed.options.end() || found->second.empty()) {
      continue;
    }
    if (field.kind == FieldKind::list) {
      Value list = Value::array();
      for (const std::string& word : found->second) {
        list.push_back(scalar(field.element, word));
      }
      table[field.name] = list;
    } else {
      table[field.name] = scalar(field.kind, found->second.back());
    }
  }
}

void add_options(CLI::App& command, const std::vector<Field>& fields, const std::string& prefix, Typed& typed) {
  for (const Field& field : fields) {
    const std::string key = prefix + field.name;
    if (field.kind == FieldKind::table) {
      add_options(command, field.fields, key + ".", typed);
      continue;
    }
    const std::string fallback = default_text(field);
    std::string help = fmt::format("{}  [{}]", field.help, type_text(field));
    if (!fallback.empty()) {
      help += fmt::format("  default {}", fallback);
    }
    CLI::Option* option = command.add_option("--" + key, typed.options[key], help);
    option->type_name("")->required(field.required)->group("Options of the step");
    if (field.kind != FieldKind::list) {
      option->expected(1);
    }
  }
}

/// "scan.emd#2" is signal 2 of scan.emd, unless a file of that very name exists.
study::DataEntry data_entry(const std::string& typed) {
  study::DataEntry entry{.file = typed};
  const std::size_t mark = typed.rfind('#');
  int number = 0;
  if (mark == std::string::npos || std::filesystem::exists(typed)) {
    return entry;
  }
  const char* end = typed.data() + typed.size();
  const auto [stop, problem] = std::from_chars(typed.data() + mark + 1, end, number);
  if (problem == std::errc() && stop == end && number >= 0) {
    entry.file = typed.substr(0, mark);
    entry.signal = number;
  }
  return entry;
}

/// A word as a shell takes it.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789_-+=.,:/@%") == std::string::npos;
  std::string out;
  for (const char c : word) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return plain ? word : "'" + out + "'";
}

/// The command that does the same again.
std::string command_of(const study::Step& step, const Typed& typed) {
  std::string out = fmt::format("hotstage {}", step.id);
  out.replace(out.find('.'), 1, " ");
  for (const auto& [name, file] : typed.inputs) {
    out += file.empty() ? "" : fmt::format(" --{} {}", name, quoted(file));
  }
  for (const auto& [name, words] : typed.options) {
    out += words.empty() ? "" : fmt::format(" --{}", name);
    for (const std::string& word : words) {
      out += " " + quoted(word);
    }
  }
  return out;
}

study::StudyFile one_step_study(const study::Step& step, const Typed& typed) {
  study::StudyFile file;
  std::string plain(step.id);
  for (char& c : plain) {
    c = c == '.' ? '-' : c;
  }
  file.name = plain;
  file.title = step.title;
  file.file = std::filesystem::current_path() / "command-line";
  file.command = command_of(step, typed);
  study::StepEntry entry{.name = std::string(step.id.substr(step.id.find('.') + 1)),
                         .use = std::string(step.id),
                         .table = Value::object()};
  for (const study::InputSpec& input : step.inputs) {
    const auto found = typed.inputs.find(std::string(input.name));
    if (found != typed.inputs.end() && !found->second.empty()) {
      file.data.push_back({std::string(input.name), data_entry(found->second), {}});
      entry.table[input.name] = fmt::format("data.{}", input.name);
    }
  }
  study::OptionSet set = step.options();
  fill_table(set.fields, "", typed, entry.table);
  file.steps.push_back(std::move(entry));
  return file;
}

Work add_step(CLI::App& command, const study::Step& step) {
  auto typed = std::make_shared<Typed>();
  for (const study::InputSpec& input : step.inputs) {
    if (input.kind != study::Kind::truth) {
      command
          .add_option("--" + std::string(input.name), typed->inputs[std::string(input.name)], std::string(input.help))
          ->required(input.required)
          ->type_name("FILE")
          ->group("Inputs");
    }
  }
  const study::OptionSet set = step.options();
  add_options(command, set.fields, "", *typed);
  command.add_option("--out", typed->out, "folder for results and report (default hotstage-out)")->type_name("DIR");
  command.add_flag("--fresh", typed->fresh, "compute again even if the result is in the store");
  command.footer(fmt::format("Example:\n  {}", step.example));
  return [typed, &step](Run& run, const Common& common) {
    const study::StudyFile file = one_step_study(step, *typed);
    const study::StudyOptions options{.out = typed->out,
                                      .reuse = typed->fresh ? study::Reuse::fresh : study::Reuse::resume};
    const study::StudyOutcome outcome = study::run_study(file, options, run);
    print_outcome(file, outcome, common);
    return 0;
  };
}

}  // namespace

std::vector<std::pair<CLI::App*, Work>> add_step_verbs(CLI::App& app, Common& common) {
  std::vector<std::pair<CLI::App*, Work>> out;
  std::map<std::string, CLI::App*> groups;
  for (const study::Step* step : study::steps()) {
    const std::string id(step->id);
    const std::string area = id.substr(0, id.find('.'));
    CLI::App*& group = groups[area];
    if (group == nullptr) {
      group = app.add_subcommand(area, fmt::format("steps of {}: hotstage {} --help", area, area));
      group->require_subcommand(1);
    }
    CLI::App* command =
        group->add_subcommand(id.substr(id.find('.') + 1), fmt::format("{}\n{}", step->title, step->help));
    add_common(*command, common);
    out.emplace_back(command, add_step(*command, *step));
  }
  return out;
}

}  // namespace hotstage::cli
