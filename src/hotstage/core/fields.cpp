// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/fields.hpp"

#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace hotstage {

namespace {

std::string toml_text(const Value& value) {
  if (value.is_text()) {
    return fmt::format("\"{}\"", value.as_text());
  }
  if (value.is_bool()) {
    return value.as_bool() ? "true" : "false";
  }
  if (value.is_integer()) {
    return fmt::format("{}", value.as_integer());
  }
  if (value.is_number()) {
    return fmt::format("{}", value.as_number());
  }
  if (value.is_array()) {
    std::vector<std::string> items;
    for (const Value& item : value.as_array()) {
      items.push_back(toml_text(item));
    }
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  return {};
}

std::string kind_text(FieldKind kind, const Field& field) {
  switch (kind) {
    case FieldKind::boolean:
      return "true | false";
    case FieldKind::integer:
      return "integer";
    case FieldKind::number:
      return "number";
    case FieldKind::quantity:
    case FieldKind::temperature:
      return fmt::format("\"number {}\"", field.unit);
    case FieldKind::text:
      return "text";
    case FieldKind::path:
      return "path";
    case FieldKind::choice:
      return fmt::format("{}", fmt::join(field.choices, " | "));
    case FieldKind::list:
      return "list";
    case FieldKind::table:
      return "table";
  }
  return {};
}

}  // namespace

namespace detail {

void check_range(const FieldInfo& info, double value, const Value& node) {
  const std::string unit = info.unit.empty() ? "" : fmt::format(" {}", info.unit);
  if (!std::isfinite(value)) {
    throw Error(Errc::bad_input, node.where, "is not a finite number");
  }
  if (info.min && value < *info.min) {
    throw Error(Errc::bad_input, node.where,
                fmt::format("{}{} is below the smallest allowed value {}{}", value, unit, *info.min, unit));
  }
  if (info.max && value > *info.max) {
    throw Error(Errc::bad_input, node.where,
                fmt::format("{}{} is above the largest allowed value {}{}", value, unit, *info.max, unit));
  }
}

namespace {

Measured read_measured(const Value& node, const FieldInfo& info) {
  if (!node.is_text()) {
    throw Error(Errc::bad_input, node.where,
                fmt::format("expected text with a number and a unit, found {}", node.kind()),
                fmt::format("Write for example \"10 {}\"", info.unit));
  }
  try {
    return parse_measured(node.as_text());
  } catch (const Error& error) {
    throw Error(error.code(), node.where, error.message(), error.hint());
  }
}

}  // namespace

double read_quantity(const Value& node, const Dimension& dimension, const FieldInfo& info) {
  const Unit shown = parse_unit(info.unit);
  HOTSTAGE_EXPECTS(shown.dimension == dimension);
  const Measured measured = read_measured(node, info);
  if (measured.unit.offset != 0.0) {
    throw Error(Errc::bad_input, node.where, "degC names an absolute temperature, this is a difference or a rate",
                "Use K");
  }
  try {
    check_range(info, convert(measured, shown), node);
  } catch (const Error& error) {
    throw Error(error.code(), node.where, error.message(), error.hint());
  }
  return measured.base();
}

Temperature read_temperature(const Value& node, const FieldInfo& info) {
  const Measured measured = read_measured(node, info);
  try {
    check_range(info, convert(measured, parse_unit(info.unit)), node);
  } catch (const Error& error) {
    throw Error(error.code(), node.where, error.message(), error.hint());
  }
  return Temperature::kelvin(measured.base());
}

Value write_quantity(double base, const FieldInfo& info) {
  const Unit unit = parse_unit(info.unit);
  // 15 digits are what a user can have meant: "30 pA" comes back as 30, not as 29.999999999999996.
  return Value(fmt::format("{:.15g} {}", (base - unit.offset) / unit.factor, info.unit));
}

std::size_t read_choice(const Value& node, const std::vector<std::string>& choices) {
  const std::string& word = node.as_text();
  const auto found = std::find(choices.begin(), choices.end(), word);
  if (found == choices.end()) {
    throw Error(Errc::bad_input, node.where, fmt::format("\"{}\" is not one of {}", word, fmt::join(choices, ", ")),
                nearest_hint(word, choices));
  }
  return static_cast<std::size_t>(found - choices.begin());
}

void check_size(const Value& node, std::size_t expected) {
  if (node.as_array().size() != expected) {
    throw Error(Errc::bad_input, node.where,
                fmt::format("expected {} values, found {}", expected, node.as_array().size()));
  }
}

}  // namespace detail

void set_fields(std::vector<Field>& fields, const Value& table) {
  std::vector<std::string> names;
  for (const Field& field : fields) {
    names.push_back(field.name);
  }
  for (const Member& member : table.as_object()) {
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == member.key; });
    if (field == fields.end()) {
      throw Error(Errc::bad_input, member.value.where, fmt::format("unknown key \"{}\"", member.key),
                  nearest_hint(member.key, names));
    }
    try {
      field->set(member.value);
    } catch (const Error& error) {
      const Location where = error.where().value_or(member.value.where);
      throw Error(error.code(), where, fmt::format("{}: {}", member.key, error.message()), error.hint());
    }
  }
  for (const Field& field : fields) {
    if (field.required && table.find(field.name) == nullptr) {
      throw Error(Errc::bad_input, table.where, fmt::format("\"{}\" is missing ({})", field.name, field.help),
                  fmt::format("Add {} = {}", field.name, type_text(field)));
    }
  }
}

Value canonical(const std::vector<Field>& fields) {
  Value out = Value::object();
  for (const Field& field : fields) {
    out[field.name] = field.get();
  }
  return out;
}

Value schema(const std::vector<Field>& fields) {
  Value properties = Value::object();
  Value required = Value::array();
  for (const Field& field : fields) {
    Value property = Value::object();
    const auto type_of = [](FieldKind kind) -> const char* {
      switch (kind) {
        case FieldKind::boolean:
          return "boolean";
        case FieldKind::integer:
          return "integer";
        case FieldKind::number:
          return "number";
        case FieldKind::list:
          return "array";
        case FieldKind::table:
          return "object";
        default:
          return "string";
      }
    };
    property["type"] = type_of(field.kind);
    property["description"] = field.unit.empty() ? field.help : fmt::format("{} [{}]", field.help, field.unit);
    Value choices = Value::array();
    for (const std::string& choice : field.choices) {
      choices.push_back(choice);
    }
    if (field.kind == FieldKind::list) {
      property["items"]["type"] = type_of(field.element);
      if (!field.choices.empty()) {
        property["items"]["enum"] = choices;
      }
    } else if (!field.choices.empty()) {
      property["enum"] = choices;
    }
    if (field.kind == FieldKind::table) {
      const Value nested = schema(field.fields);
      property["properties"] = nested.at("properties");
      property["additionalProperties"] = false;
    }
    const Value current = field.get();
    if (!field.required && !current.is_null()) {
      property["default"] = current;
    }
    if (field.required) {
      required.push_back(field.name);
    }
    properties[field.name] = property;
  }
  Value out = Value::object();
  out["type"] = "object";
  out["properties"] = properties;
  out["required"] = required;
  out["additionalProperties"] = false;
  return out;
}

std::string type_text(const Field& field) {
  if (field.kind == FieldKind::list) {
    const std::string element = kind_text(field.element, field);
    return field.fixed_size == 2 ? fmt::format("[{}, {}]", element, element) : fmt::format("[{}, …]", element);
  }
  return kind_text(field.kind, field);
}

std::string default_text(const Field& field) {
  return field.required ? std::string{} : toml_text(field.get());
}

}  // namespace hotstage
