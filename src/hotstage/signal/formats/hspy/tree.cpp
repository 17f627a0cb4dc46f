// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/hspy/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <span>

namespace hotstage::signal::hspy {

namespace {

constexpr int most_depth = 64;
/// Hard links can form loops; no honest file has this many entries.
constexpr int most_nodes = 200000;

/// Removes `prefix` from `name`; false when it does not stand there.
bool strip(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return false;
  }
  name.remove_prefix(prefix.size());
  return true;
}

bool strip_list(std::string_view& name) {
  return strip(name, "_list_") || strip(name, "_tuple_");
}

/// "_list_3_outputs" → "outputs": a list of 3 kept as a group with the members "0", "1", "2".
std::optional<std::string_view> list_group(std::string_view name) {
  if (!strip_list(name)) {
    return std::nullopt;
  }
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  if (digits == 0 || digits == name.size() || name[digits] != '_') {
    return std::nullopt;
  }
  return name.substr(digits + 1);
}

std::size_t to_index(const std::string& key) {
  std::size_t index = 0;
  std::from_chars(key.data(), key.data() + key.size(), index);
  return index;
}

class Reader {
 public:
  explicit Reader(const io::Hdf5File& file) : file_(file) {}

  Value group(const std::string& path, int depth) {
    if (depth > most_depth || nodes_ > most_nodes) {
      throw Error(Errc::bad_input, fmt::format("{}: the metadata never end (more than {} levels or {} entries)", path,
                                               most_depth, most_nodes));
    }
    Value out = Value::object();
    const Value attributes = file_.attributes(path);
    for (const Member& attribute : attributes.as_object()) {
      ++nodes_;
      add_attribute(out, attribute);
    }
    for (const std::string& name : file_.members(path)) {
      ++nodes_;
      add_member(out, path, name, depth);
    }
    return out;
  }

 private:
  static void add(Value& out, std::string_view key, Value value) {
    out.as_object().push_back({std::string(key), std::move(value)});
  }

  static void add_attribute(Value& out, const Member& attribute) {
    std::string_view key = attribute.key;
    const bool none = attribute.value.is_text() && attribute.value.as_text() == "_None_";
    if (none && (strip(key, "_list_empty_") || strip(key, "_tuple_empty_"))) {
      add(out, key, Value::array());
    } else {
      strip(key, "_bs_");
      add(out, key, none ? Value() : attribute.value);
    }
  }

  void add_member(Value& out, const std::string& path, const std::string& name, int depth) {
    const std::string child = fmt::format("{}/{}", path, name);
    std::string_view key = name;
    switch (file_.kind(child)) {
      case io::Hdf5Kind::dataset:
        strip_list(key);
        add(out, key, file_.dataset(child).value(most_metadata_elements));
        break;
      case io::Hdf5Kind::group:
        if (const auto list = list_group(name)) {
          add(out, *list, in_order(group(child, depth + 1)));
        } else {
          add(out, key, group(child, depth + 1));
        }
        break;
      default:
        break;
    }
  }

  static Value in_order(Value members) {
    Value::Object& list = members.as_object();
    std::ranges::stable_sort(list, {}, [](const Member& member) { return to_index(member.key); });
    Value out = Value::array();
    for (Member& member : list) {
      out.push_back(std::move(member.value));
    }
    return out;
  }

  const io::Hdf5File& file_;
  int nodes_ = 0;
};

bool all(std::span<const Value> list, bool (Value::*is)() const) {
  return std::ranges::all_of(list, [is](const Value& value) { return (value.*is)(); });
}

class Writer {
 public:
  explicit Writer(const io::Hdf5File& file) : file_(file) {}

  void group(const std::string& path, const Value& tree, int depth) {
    if (depth > most_depth) {
      throw Error(Errc::unsupported, fmt::format("{}: metadata nested deeper than {} levels", path, most_depth));
    }
    file_.make_group(path);
    std::set<std::string, std::less<>> used;
    for (const Member& member : tree.as_object()) {
      std::string key = link_name(member.key);
      while (!used.insert(key).second) {
        key += '_';
      }
      entry(path, key, member.value, depth);
    }
  }

 private:
  void entry(const std::string& path, const std::string& key, const Value& value, int depth) {
    if (value.is_object()) {
      group(fmt::format("{}/{}", path, key), value, depth + 1);
    } else if (value.is_array()) {
      list(path, key, value.as_array(), depth);
    } else {
      file_.write_attribute(path, key, value.is_null() ? Value("_None_") : value);
    }
  }

  void list(const std::string& path, const std::string& key, const Value::Array& values, int depth) {
    const std::string dataset = fmt::format("{}/_list_{}", path, key);
    if (values.empty()) {
      file_.write_attribute(path, "_list_empty_" + key, Value("_None_"));
    } else if (all(values, &Value::is_integer)) {
      std::vector<std::int64_t> numbers;
      for (const Value& value : values) {
        numbers.push_back(value.as_integer());
      }
      write(dataset, io::NumberType::i64, std::as_bytes(std::span(numbers)));
    } else if (all(values, &Value::is_number)) {
      std::vector<double> numbers;
      for (const Value& value : values) {
        numbers.push_back(value.as_number());
      }
      write(dataset, io::NumberType::f64, std::as_bytes(std::span(numbers)));
    } else if (all(values, &Value::is_text)) {
      std::vector<std::string> texts;
      for (const Value& value : values) {
        texts.push_back(value.as_text());
      }
      file_.make_text_dataset(dataset, texts);
    } else {
      Value members = Value::object();
      for (std::size_t i = 0; i < values.size(); ++i) {
        members.as_object().push_back({fmt::format("{}", i), values[i]});
      }
      group(fmt::format("{}/_list_{}_{}", path, values.size(), key), members, depth + 1);
    }
  }

  void write(const std::string& path, io::NumberType type, std::span<const std::byte> bytes) const {
    const std::size_t count = bytes.size() / io::size_of(type);
    const std::size_t first = 0;
    file_.make_dataset(path, {.type = type, .shape = {count}}).write({&first, 1}, {&count, 1}, bytes);
  }

  const io::Hdf5File& file_;
};

}  // namespace

Value read_tree(const io::Hdf5File& file, const std::string& group) {
  return Reader(file).group(group, 0);
}

void write_tree(const io::Hdf5File& file, const std::string& group, const Value& tree) {
  Writer(file).group(group, tree, 0);
}

std::string link_name(std::string_view key) {
  std::string out(key.substr(0, key.find('\0')));
  std::ranges::replace(out, '/', '-');
  if (out.empty() || out == "." || out == "..") {
    out += '_';
  }
  return out;
}

}  // namespace hotstage::signal::hspy
