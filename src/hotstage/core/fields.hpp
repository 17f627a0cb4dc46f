// SPDX-License-Identifier: GPL-3.0-or-later
// One description per options struct: it drives TOML, command line, Python keywords, schema, docs and cache text.
//
//   struct WindowOptions {
//     Energy width = 50.0 * units::eV;
//     Method method = Method::poisson;
//     template <class V> void fields(V& v) {
//       v("width", width, {.help = "width of the signal window", .unit = "eV", .min = 0.0});
//       v("method", method, {.help = "how the background is fitted"});
//     }
//   };
//   constexpr auto enum_names(Method) { return std::array{EnumName{Method::poisson, "poisson"}, …}; }

#pragma once

#include "hotstage/core/units.hpp"
#include "hotstage/core/value.hpp"

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hotstage {

struct FieldInfo {
  std::string_view help;
  std::string_view unit = {};      ///< for quantities: the unit in which defaults and limits are shown
  std::optional<double> min = {};  ///< in `unit`, inclusive
  std::optional<double> max = {};
  bool required = false;  ///< no default: the user must say it
};

template <class E>
struct EnumName {
  E value;
  std::string_view name;
};

enum class FieldKind { boolean, integer, number, quantity, temperature, text, path, choice, list, table };

/// One option, type-erased. `set` validates and throws Error{bad_input} at the node's place; `get` gives the canonical
/// value.
struct Field {
  std::string name;
  FieldKind kind = FieldKind::text;
  FieldKind element = FieldKind::text;  ///< kind of the elements of a list
  bool optional = false;                ///< may stay unset
  bool required = false;
  std::string help;
  std::string unit;
  std::optional<double> min;
  std::optional<double> max;
  std::size_t fixed_size = 0;        ///< number of elements of a fixed-size list, else 0
  std::vector<std::string> choices;  ///< of a choice (or of a list of choices)
  std::vector<Field> fields;         ///< of a table
  std::function<void(const Value&)> set;
  std::function<Value()> get;
};

namespace detail {

void check_range(const FieldInfo& info, double value, const Value& node);
[[nodiscard]] double read_quantity(const Value& node, const Dimension& dimension, const FieldInfo& info);
[[nodiscard]] Temperature read_temperature(const Value& node, const FieldInfo& info);
[[nodiscard]] Value write_quantity(double base, const FieldInfo& info);
[[nodiscard]] std::size_t read_choice(const Value& node, const std::vector<std::string>& choices);
void check_size(const Value& node, std::size_t expected);

template <class T>
inline constexpr bool is_quantity = false;
template <Dimension D>
inline constexpr bool is_quantity<Quantity<D>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

struct AnyVisitor {
  template <class T>
  void operator()(std::string_view, T&, const FieldInfo&) {}
};

template <class T>
concept HasFields = requires(T& options, AnyVisitor& visitor) {
  options.fields(visitor);
};

template <class T>
std::vector<Field> describe_fields(T& options);

/// Reads, writes and describes one C++ type.
template <class T>
struct Codec {
  static void describe(Field& field) {
    if constexpr (std::is_same_v<T, bool>) {
      field.kind = FieldKind::boolean;
    } else if constexpr (std::is_enum_v<T>) {
      field.kind = FieldKind::choice;
      for (const auto& entry : enum_names(T{})) {
        field.choices.emplace_back(entry.name);
      }
    } else if constexpr (std::is_integral_v<T>) {
      field.kind = FieldKind::integer;
    } else if constexpr (std::is_floating_point_v<T>) {
      field.kind = FieldKind::number;
    } else if constexpr (is_quantity<T>) {
      field.kind = FieldKind::quantity;
    } else if constexpr (std::is_same_v<T, Temperature>) {
      field.kind = FieldKind::temperature;
    } else if constexpr (std::is_same_v<T, std::string>) {
      field.kind = FieldKind::text;
    } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
      field.kind = FieldKind::path;
    } else if constexpr (is_optional<T>) {
      Codec<typename T::value_type>::describe(field);
      field.optional = true;
    } else if constexpr (is_vector<T> || is_array<T>) {
      Codec<typename T::value_type>::describe(field);
      field.element = field.kind;
      field.kind = FieldKind::list;
      if constexpr (is_array<T>) {
        field.fixed_size = std::tuple_size_v<T>;
      }
    } else {
      static_assert(HasFields<T>, "this type cannot be an option");
      field.kind = FieldKind::table;
      static T defaults;
      field.fields = describe_fields(defaults);
    }
  }

  static T read(const Value& node, const FieldInfo& info);
  static Value write(const T& value, const FieldInfo& info);
};

}  // namespace detail

/// Sets the fields of an options struct from a table: unknown keys and missing required ones are errors with place and
/// hint.
void set_fields(std::vector<Field>& fields, const Value& table);

/// The resolved options as a table in field order; the text of it is part of the cache key.
[[nodiscard]] Value canonical(const std::vector<Field>& fields);

/// JSON schema of the options.
[[nodiscard]] Value schema(const std::vector<Field>& fields);

/// "energy [eV]", "list of text", "poisson | two_area": what a user may write.
[[nodiscard]] std::string type_text(const Field& field);

/// The default as the user would write it in TOML; empty if there is none.
[[nodiscard]] std::string default_text(const Field& field);

/// Describes an options struct. The struct must outlive the fields.
template <class T>
[[nodiscard]] std::vector<Field> describe(T& options) {
  return detail::describe_fields(options);
}

/// Reads an options struct from a table.
template <class T>
[[nodiscard]] T from_table(const Value& table) {
  T options;
  auto fields = detail::describe_fields(options);
  set_fields(fields, table);
  return options;
}

// ------------------------------------------------------------------------------------------------------- templates

namespace detail {

template <class T>
T Codec<T>::read(const Value& node, const FieldInfo& info) {
  if constexpr (std::is_same_v<T, bool>) {
    return node.as_bool();
  } else if constexpr (std::is_enum_v<T>) {
    Field field;
    describe(field);
    return enum_names(T{})[read_choice(node, field.choices)].value;
  } else if constexpr (std::is_integral_v<T>) {
    check_range(info, static_cast<double>(node.as_integer()), node);
    if (std::is_unsigned_v<T> && node.as_integer() < 0) {
      throw Error(Errc::bad_input, node.where, "must not be negative");
    }
    return static_cast<T>(node.as_integer());
  } else if constexpr (std::is_floating_point_v<T>) {
    check_range(info, node.as_number(), node);
    return static_cast<T>(node.as_number());
  } else if constexpr (is_quantity<T>) {
    return T(read_quantity(node, T::dimension, info));
  } else if constexpr (std::is_same_v<T, Temperature>) {
    return read_temperature(node, info);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return node.as_text();
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return std::filesystem::path(node.as_text());
  } else if constexpr (is_optional<T>) {
    return node.is_null() ? T{} : T(Codec<typename T::value_type>::read(node, info));
  } else if constexpr (is_vector<T>) {
    T out;
    for (const Value& item : node.as_array()) {
      out.push_back(Codec<typename T::value_type>::read(item, info));
    }
    return out;
  } else if constexpr (is_array<T>) {
    check_size(node, std::tuple_size_v<T>);
    T out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = Codec<typename T::value_type>::read(node.as_array()[i], info);
    }
    return out;
  } else {
    return from_table<T>(node);
  }
}

template <class T>
Value Codec<T>::write(const T& value, const FieldInfo& info) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    return Value(value);
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& entry : enum_names(T{})) {
      if (entry.value == value) {
        return Value(entry.name);
      }
    }
    return Value{};
  } else if constexpr (std::is_integral_v<T>) {
    return Value(static_cast<std::int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    return Value(static_cast<double>(value));
  } else if constexpr (is_quantity<T>) {
    return write_quantity(value.base(), info);
  } else if constexpr (std::is_same_v<T, Temperature>) {
    return write_quantity(value.in_K(), info);
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return Value(value.string());
  } else if constexpr (is_optional<T>) {
    return value ? Codec<typename T::value_type>::write(*value, info) : Value{};
  } else if constexpr (is_vector<T> || is_array<T>) {
    Value out = Value::array();
    for (const auto& item : value) {
      out.push_back(Codec<typename T::value_type>::write(item, info));
    }
    return out;
  } else {
    T copy = value;
    return canonical(describe_fields(copy));
  }
}

struct FieldCollector {
  std::vector<Field> fields;

  template <class T>
  void operator()(std::string_view name, T& target, const FieldInfo& info) {
    Field field;
    field.name = name;
    field.help = info.help;
    field.unit = info.unit;
    field.min = info.min;
    field.max = info.max;
    field.required = info.required;
    Codec<T>::describe(field);
    field.set = [&target, info](const Value& node) { target = Codec<T>::read(node, info); };
    field.get = [&target, info] { return Codec<T>::write(target, info); };
    fields.push_back(std::move(field));
  }
};

template <class T>
std::vector<Field> describe_fields(T& options) {
  FieldCollector collector;
  options.fields(collector);
  return std::move(collector.fields);
}

}  // namespace detail

}  // namespace hotstage
