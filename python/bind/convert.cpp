// SPDX-License-Identifier: GPL-3.0-or-later

#include "convert.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/units.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace hotstage::python {

namespace {

constexpr int max_depth = 128;

bool is_path(py::handle object) {
  return py::hasattr(object, "__fspath__");
}

std::string path_text(py::handle object) {
  return py::module_::import("os").attr("fspath")(object).cast<std::string>();
}

Value integer_or_number(py::handle object) {
  int overflow = 0;
  const long long whole = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  return overflow == 0 ? Value(static_cast<std::int64_t>(whole)) : Value(PyLong_AsDouble(object.ptr()));
}

Value convert_any(py::handle object, int depth) {
  if (depth > max_depth) {
    throw Error(Errc::bad_input, fmt::format("nested deeper than {} levels", max_depth));
  }
  if (object.is_none()) {
    return {};
  }
  if (py::isinstance<py::bool_>(object)) {
    return Value(object.cast<bool>());
  }
  if (py::isinstance<py::int_>(object)) {
    return integer_or_number(object);
  }
  if (py::isinstance<py::float_>(object)) {
    return Value(object.cast<double>());
  }
  if (py::isinstance<py::str>(object)) {
    return Value(object.cast<std::string>());
  }
  if (py::isinstance<py::dict>(object)) {
    Value out = Value::object();
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(object)) {
      out[py::str(key).cast<std::string>()] = convert_any(value, depth + 1);
    }
    return out;
  }
  if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    Value out = Value::array();
    for (const py::handle item : object) {
      out.push_back(convert_any(item, depth + 1));
    }
    return out;
  }
  if (py::hasattr(object, "tolist") && py::hasattr(object, "dtype")) {  // NumPy arrays and scalars
    return convert_any(object.attr("tolist")(), depth + 1);
  }
  return Value(is_path(object) ? path_text(object) : py::str(object).cast<std::string>());
}

std::optional<double> number_of(py::handle object) {
  if (py::isinstance<py::bool_>(object) || py::isinstance<py::str>(object) || !py::hasattr(object, "__float__")) {
    return std::nullopt;
  }
  return py::float_(py::reinterpret_borrow<py::object>(object)).cast<double>();
}

bool is_sequence(py::handle object) {
  return py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object) || py::hasattr(object, "tolist");
}

Value convert_quantity(py::handle object, const Field& field, std::string_view unit) {
  const auto number = number_of(object);
  if (number && unit.empty()) {
    throw Error(
        Errc::bad_input, fmt::format("\"{}\" needs a unit, found the bare number {}", field.name, *number),
        fmt::format("Write {0}_{1}={2} or {0}=\"{2} {3}\"", field.name, keyword_unit(field.unit), *number, field.unit));
  }
  if (number) {
    return Value(fmt::format("{} {}", *number, unit));
  }
  return convert_any(object, 0);
}

Value convert_as(py::handle object, const Field& field, FieldKind kind, std::string_view unit);

/// A table from a dict, or from a sequence in field order: window_eV=(470, 525).
Value convert_table(py::handle object, const Field& field, std::string_view unit) {
  if (py::isinstance<py::dict>(object)) {
    return options_table(py::reinterpret_borrow<py::dict>(object), field.fields);
  }
  if (is_sequence(object) && py::len(object) == field.fields.size()) {
    Value out = Value::object();
    std::size_t i = 0;
    for (const py::handle item : object) {
      const Field& part = field.fields[i++];
      out[part.name] = convert_as(item, part, part.kind, unit);
    }
    return out;
  }
  return convert_any(object, 0);
}

Value convert_as(py::handle object, const Field& field, FieldKind kind, std::string_view unit) {
  switch (kind) {
    case FieldKind::quantity:
    case FieldKind::temperature:
      return convert_quantity(object, field, unit);
    case FieldKind::list: {
      if (!is_sequence(object)) {
        return convert_any(object, 0);
      }
      Value out = Value::array();
      for (const py::handle item : object) {
        out.push_back(convert_as(item, field, field.element, unit));
      }
      return out;
    }
    case FieldKind::table:
      return convert_table(object, field, unit);
    default:
      return convert_any(object, 0);
  }
}

/// The unit in which a field may be given as a bare number: its own, or that of all fields of a table (a window).
std::string_view unit_of(const Field& field) {
  const FieldKind kind = field.kind == FieldKind::list ? field.element : field.kind;
  if (kind == FieldKind::quantity || kind == FieldKind::temperature) {
    return field.unit;
  }
  if (kind != FieldKind::table || field.fields.empty()) {
    return {};
  }
  const std::string_view first = unit_of(field.fields.front());
  const bool alike =
      std::all_of(field.fields.begin(), field.fields.end(), [&](const Field& part) { return unit_of(part) == first; });
  return alike ? first : std::string_view{};
}

/// "mrad" of collection_mrad when the field is an angle.
std::optional<std::string> suffix_unit(std::string_view suffix, const Field& field) {
  const std::string_view own = unit_of(field);
  if (own.empty()) {
    return std::nullopt;
  }
  if (suffix == keyword_unit(own)) {
    return std::string(own);
  }
  const auto other = find_unit(suffix);
  const auto shown = find_unit(own);
  return other && shown && other->dimension == shown->dimension ? std::optional(std::string(suffix)) : std::nullopt;
}

struct Target {
  const Field* field = nullptr;
  std::string unit;
};

/// The field a keyword names, directly or with a unit at its end; the longest name wins.
Target find_target(std::string_view keyword, const std::vector<Field>& fields) {
  Target target;
  for (const Field& field : fields) {
    if (field.name == keyword) {
      return {&field, {}};
    }
    if (keyword.size() <= field.name.size() + 1 || !keyword.starts_with(field.name) ||
        keyword[field.name.size()] != '_' || (target.field && target.field->name.size() > field.name.size())) {
      continue;
    }
    if (const auto unit = suffix_unit(keyword.substr(field.name.size() + 1), field)) {
      target = {&field, *unit};
    }
  }
  return target;
}

}  // namespace

Value from_python(py::handle object) {
  return convert_any(object, 0);
}

py::object to_python(const Value& value) {
  if (value.is_bool()) {
    return py::bool_(value.as_bool());
  }
  if (value.is_integer()) {
    return py::int_(value.as_integer());
  }
  if (value.is_number()) {
    return py::float_(value.as_number());
  }
  if (value.is_text()) {  // tags of instruments are not always UTF-8
    const std::string& text = value.as_text();
    return py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
  }
  if (value.is_array()) {
    py::list out;
    for (const Value& item : value.as_array()) {
      out.append(to_python(item));
    }
    return out;
  }
  if (value.is_object()) {
    py::dict out;
    for (const Member& member : value.as_object()) {
      out[to_python(Value(member.key))] = to_python(member.value);
    }
    return out;
  }
  return py::none();
}

std::string keyword_unit(std::string_view unit) {
  if (unit == "%") {
    return "percent";
  }
  std::string out;
  for (std::size_t i = 0; i < unit.size(); ++i) {
    const char c = unit[i];
    if (c == '/') {
      out = out == "1" ? "per_" : out + "_per_";
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += c;
    } else if (c == ' ' || c == '*') {
      out += '_';
    }
  }
  return out;
}

Value options_table(const py::dict& keywords, const std::vector<Field>& fields) {
  Value out = Value::object();
  for (const auto& [key, object] : keywords) {
    if (object.is_none()) {
      continue;
    }
    const auto keyword = key.cast<std::string>();
    const Target target = find_target(keyword, fields);
    if (target.field == nullptr) {
      out[keyword] = convert_any(object, 0);
      continue;
    }
    if (out.find(target.field->name) != nullptr) {
      throw Error(Errc::bad_input,
                  fmt::format("\"{}\" is given twice, the second time as {}", target.field->name, keyword));
    }
    out[target.field->name] = convert_as(object, *target.field, target.field->kind, target.unit);
  }
  return out;
}

py::list describe_options(const std::vector<Field>& fields) {
  py::list out;
  for (const Field& field : fields) {
    py::dict entry;
    const std::string_view unit = unit_of(field);
    entry["name"] = field.name;
    entry["keyword"] = unit.empty() ? field.name : fmt::format("{}_{}", field.name, keyword_unit(unit));
    entry["unit"] = std::string(unit);
    entry["type"] = type_text(field);
    entry["default"] = default_text(field);
    entry["required"] = field.required;
    entry["help"] = field.help;
    entry["fields"] = describe_options(field.fields);
    out.append(entry);
  }
  return out;
}

}  // namespace hotstage::python
