// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/document.hpp"

#include "hotstage/io/files.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

namespace hotstage::io {

namespace {

Location location(const toml::source_region& region, const std::string& file) {
  return {.file = file, .line = static_cast<int>(region.begin.line), .column = static_cast<int>(region.begin.column)};
}

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Value convert(const toml::node& node, const std::string& file, int depth);

Value convert_table(const toml::table& table, const std::string& file, int depth) {
  using Entry = std::pair<toml::source_position, Member>;
  std::vector<Entry> entries;
  for (const auto& [key, child] : table) {
    Member member{std::string(key.str()), convert(child, file, depth + 1)};
    // A dotted or header table starts where its key stands; the value of a plain key tells its own place.
    entries.emplace_back(key.source().begin, std::move(member));
  }
  std::ranges::stable_sort(entries, [](const Entry& a, const Entry& b) { return a.first < b.first; });
  Value::Object members;
  for (Entry& entry : entries) {
    members.push_back(std::move(entry.second));
  }
  return Value(std::move(members));
}

Value convert_plain(const toml::node& node, const std::string& file, int depth) {
  if (const auto* table = node.as_table()) {
    return convert_table(*table, file, depth);
  }
  if (const auto* list = node.as_array()) {
    Value out = Value::array();
    for (const toml::node& child : *list) {
      out.push_back(convert(child, file, depth + 1));
    }
    return out;
  }
  if (const auto* text = node.as_string()) {
    return Value(text->get());
  }
  if (const auto* integer = node.as_integer()) {
    return Value(integer->get());
  }
  if (const auto* number = node.as_floating_point()) {
    return Value(number->get());
  }
  if (const auto* flag = node.as_boolean()) {
    return Value(flag->get());
  }
  if (const auto* date = node.as_date()) {
    return Value(printed(date->get()));
  }
  if (const auto* time = node.as_time()) {
    return Value(printed(time->get()));
  }
  if (const auto* moment = node.as_date_time()) {
    return Value(printed(moment->get()));
  }
  return {};
}

Value convert(const toml::node& node, const std::string& file, int depth) {
  if (depth > max_document_depth) {
    throw Error(Errc::bad_input, location(node.source(), file),
                fmt::format("nested deeper than {} levels", max_document_depth));
  }
  Value value = convert_plain(node, file, depth);
  value.where = location(node.source(), file);
  return value;
}

}  // namespace

Value parse_toml(std::string_view text, const std::string& file) {
  try {
    const toml::table table = toml::parse(text, file);
    Value root = convert_table(table, file, 0);
    root.where = {.file = file, .line = 1, .column = 1};
    return root;
  } catch (const toml::parse_error& error) {
    throw Error(Errc::bad_input, location(error.source(), file),
                fmt::format("not valid TOML: {}", error.description()));
  }
}

Value read_document(const std::filesystem::path& path) {
  const std::string kind = extension(path);
  if (kind != "toml" && kind != "json") {
    throw Error(Errc::unsupported, Location{.file = path.string()},
                fmt::format("not a document: the extension is \"{}\"", kind), "Documents end in .toml or .json");
  }
  const std::string text = read_text(path);
  return kind == "toml" ? parse_toml(text, path.string()) : parse_json(text, path.string());
}

}  // namespace hotstage::io
