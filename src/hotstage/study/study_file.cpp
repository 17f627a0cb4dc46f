// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/study_file.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/io/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace hotstage::study {

namespace fs = std::filesystem;

namespace {

struct StudyHeader {
  std::string name;
  std::string title;
  std::string summary;
  std::string evidence = "real";
  std::optional<std::filesystem::path> claims;

  template <class V>
  void fields(V& v) {
    v("name", name, {.help = "short name: letters, digits, - and _", .required = true});
    v("title", title, {.help = "title of the report", .required = true});
    v("summary", summary, {.help = "one or two sentences on top of the report"});
    v("evidence", evidence, {.help = "what the data are: real | twin"});
    v("claims", claims, {.help = "claims file, relative to the study"});
  }
};

void check_name(const std::string& word, const Location& where) {
  const bool valid = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (!valid) {
    throw Error(Errc::bad_input, where, fmt::format("\"{}\" is not a name", word), "Use letters, digits, - and _");
  }
}

std::vector<NamedData> read_data(const Value& table) {
  std::vector<NamedData> out;
  for (const Member& member : table.as_object()) {
    check_name(member.key, member.value.where);
    Value entry = member.value;
    if (entry.is_text()) {  // core = "file.dm3" is short for [data.core] file = "file.dm3"
      Value table_form = Value::object();
      table_form.where = entry.where;
      table_form["file"] = entry;
      entry = table_form;
    }
    out.push_back({member.key, from_table<DataEntry>(entry), member.value.where});
  }
  return out;
}

std::vector<StepEntry> read_steps(const Value& table) {
  std::vector<StepEntry> out;
  for (const Member& member : table.as_object()) {
    check_name(member.key, member.value.where);
    StepEntry entry{.name = member.key, .where = member.value.where};
    entry.use = member.value.at("use").as_text();
    entry.table = Value::object();
    entry.table.where = member.value.where;
    for (const Member& field : member.value.as_object()) {
      if (field.key == "title") {
        entry.title = field.value.as_text();
      } else if (field.key != "use") {
        entry.table[field.key] = field.value;
      }
    }
    out.push_back(std::move(entry));
  }
  return out;
}

void check_sections(const Value& document) {
  const std::vector<std::string> known = {"study", "data", "step", "reference", "variant"};
  for (const Member& member : document.as_object()) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      throw Error(Errc::bad_input, member.value.where, fmt::format("unknown section [{}]", member.key),
                  nearest_hint(member.key, known));
    }
  }
  for (const char* section : {"study", "step"}) {
    if (document.find(section) == nullptr) {
      throw Error(Errc::bad_input, document.where, fmt::format("the section [{}] is missing", section),
                  "A study has [study], [data], [step.NAME] and optionally [[reference]]");
    }
  }
}

/// Puts the options of a variant over those of the steps.
void vary(const Value& document, std::string_view variant, StudyFile& study) {
  const Value* variants = document.find("variant");
  const Value* chosen = variants == nullptr ? nullptr : variants->find(variant);
  if (chosen == nullptr) {
    std::vector<std::string> known;
    for (std::size_t i = 0; variants != nullptr && i < variants->as_object().size(); ++i) {
      known.push_back(variants->as_object()[i].key);
    }
    throw Error(Errc::bad_input, document.where, fmt::format("the study has no variant \"{}\"", variant),
                nearest_hint(std::string(variant), known));
  }
  for (const Member& member : chosen->as_object()) {
    const auto entry = std::find_if(study.steps.begin(), study.steps.end(),
                                    [&](const StepEntry& step) { return step.name == member.key; });
    if (entry == study.steps.end()) {
      throw Error(Errc::bad_input, member.value.where,
                  fmt::format("variant \"{}\": there is no step \"{}\"", variant, member.key));
    }
    for (const Member& option : member.value.as_object()) {
      entry->table[option.key] = option.value;
    }
  }
  study.variant += fmt::format("{}{}", study.variant.empty() ? "" : ",", variant);
  study.name += fmt::format("-{}", variant);
  study.title += fmt::format(" ({})", variant);
}

}  // namespace

StudyFile read_study(const fs::path& file, std::string_view variant) {
  const Value document = io::read_document(file);
  try {
    check_sections(document);
    const auto header = from_table<StudyHeader>(document.at("study"));
    check_name(header.name, document.at("study").where);
    StudyFile study{.name = header.name,
                    .title = header.title,
                    .summary = header.summary,
                    .evidence = header.evidence,
                    .file = file};
    if (header.evidence != "real" && header.evidence != "twin") {
      throw Error(Errc::bad_input, document.at("study").at("evidence").where,
                  fmt::format("evidence = \"{}\"", header.evidence), "Use real or twin");
    }
    if (const Value* data = document.find("data")) {
      study.data = read_data(*data);
    }
    study.steps = read_steps(document.at("step"));
    for (std::string_view rest = variant; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      vary(document, rest.substr(0, comma), study);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (header.claims) {
      study.claims = read_claims(resolve_path(*header.claims, file.parent_path()));
    }
    if (const Value* references = document.find("reference")) {
      for (const Value& entry : references->as_array()) {
        study.references.push_back(from_table<Reference>(entry));
      }
    }
    return study;
  } catch (Error& error) {
    error.in_file(file.string());
    throw;
  }
}

fs::path resolve_path(const fs::path& path, const fs::path& folder) {
  constexpr std::string_view shared = "shared:";
  const std::string text = path.string();
  if (text.starts_with(shared)) {
    const auto root = shared_data_folder();
    if (!root) {
      throw Error(Errc::io, fmt::format("\"{}\" needs the folder of shared measurements, which is not there", text),
                  "Set HOTSTAGE_SHARED_DATA to the folder that holds it");
    }
    return *root / text.substr(shared.size());
  }
  return path.is_absolute() ? path : folder / path;
}

}  // namespace hotstage::study
