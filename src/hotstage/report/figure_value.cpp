// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/base64.hpp"
#include "hotstage/report/detail/check.hpp"
#include "hotstage/report/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>
#include <type_traits>

namespace hotstage::report {

namespace {

constexpr std::string_view schema_name = "hotstage.figure/";
constexpr int schema_version = 1;
constexpr std::size_t longest_plain_list = 64;  ///< longer arrays are base64: smaller and exact

// The words of each enumeration, in the order of its enumerators.
constexpr std::array<std::string_view, 2> words(Scale) {
  return {"linear", "log"};
}

constexpr std::array<std::string_view, 2> words(Side) {
  return {"left", "right"};
}

constexpr std::array<std::string_view, 4> words(Dash) {
  return {"solid", "dashed", "dotted", "dash_dot"};
}

constexpr std::array<std::string_view, 4> words(Symbol) {
  return {"circle", "square", "diamond", "triangle"};
}

constexpr std::array<std::string_view, 10> words(Colour) {
  return {"automatic", "ink", "blue", "vermilion", "green", "orange", "sky", "purple", "yellow", "grey"};
}

constexpr std::array<std::string_view, 4> words(ColourMap) {
  return {"viridis", "inferno", "grey", "diverging"};
}

constexpr std::array<std::string_view, 2> words(Origin) {
  return {"top", "bottom"};
}

constexpr std::array<std::string_view, 3> words(Anchor) {
  return {"left", "centre", "right"};
}

constexpr std::array<std::string_view, 2> words(Width) {
  return {"full", "half"};
}

// The words of the marks, in the order of the alternatives of Mark.
constexpr std::array<std::string_view, 9> mark_words{
    "line", "points", "bars", "image", "contour", "span", "text", "horizontal_line", "vertical_line"};
static_assert(std::variant_size_v<Mark> == mark_words.size());

// One list of members per struct; a visitor reads or writes them.
template <class V, class T>
void members(V& v, T& m) {
  using M = std::remove_const_t<T>;
  if constexpr (std::is_same_v<M, AxisSpec>) {
    v("label", m.label), v("unit", m.unit), v("scale", m.scale), v("range", m.range);
  } else if constexpr (std::is_same_v<M, Line>) {
    v("name", m.name), v("x", m.x), v("y", m.y), v("sigma", m.sigma);
    v("dash", m.dash), v("colour", m.colour), v("side", m.side);
  } else if constexpr (std::is_same_v<M, Points>) {
    v("name", m.name), v("x", m.x), v("y", m.y), v("sigma_x", m.sigma_x), v("sigma_y", m.sigma_y);
    v("symbol", m.symbol), v("colour", m.colour), v("side", m.side);
  } else if constexpr (std::is_same_v<M, Bars>) {
    v("name", m.name), v("labels", m.labels), v("values", m.values), v("sigma", m.sigma), v("colour", m.colour);
  } else if constexpr (std::is_same_v<M, Grid>) {
    v("rows", m.rows), v("columns", m.columns), v("values", m.values), v("x", m.x), v("y", m.y);
  } else if constexpr (std::is_same_v<M, ScaleBar>) {
    v("length", m.length), v("label", m.label);
  } else if constexpr (std::is_same_v<M, Image>) {
    v("name", m.name), v("grid", m.grid), v("origin", m.origin), v("colour_map", m.colour_map), v("range", m.range);
    v("bar_label", m.bar_label), v("bar_unit", m.bar_unit), v("bar", m.bar), v("scale_bar", m.scale_bar);
  } else if constexpr (std::is_same_v<M, Contour>) {
    v("name", m.name), v("grid", m.grid), v("levels", m.levels), v("colour", m.colour);
  } else if constexpr (std::is_same_v<M, Span>) {
    v("label", m.label), v("first", m.first), v("last", m.last), v("colour", m.colour);
  } else if constexpr (std::is_same_v<M, Text>) {
    v("text", m.text), v("x", m.x), v("y", m.y), v("anchor", m.anchor), v("side", m.side);
  } else if constexpr (std::is_same_v<M, HorizontalLine>) {
    v("label", m.label), v("value", m.value), v("dash", m.dash), v("colour", m.colour), v("side", m.side);
  } else if constexpr (std::is_same_v<M, VerticalLine>) {
    v("label", m.label), v("value", m.value), v("dash", m.dash), v("colour", m.colour);
  } else if constexpr (std::is_same_v<M, Panel>) {
    v("title", m.title), v("x", m.x), v("y", m.y), v("y2", m.y2), v("marks", m.marks);
    v("row", m.row), v("column", m.column), v("height", m.height), v("x_link", m.x_link);
  } else if constexpr (std::is_same_v<M, BallKind>) {
    v("name", m.name), v("radius", m.radius), v("colour", m.colour);
  } else if constexpr (std::is_same_v<M, Model>) {
    v("unit", m.unit), v("kinds", m.kinds), v("x", m.x), v("y", m.y), v("z", m.z), v("kind", m.kind);
    v("from", m.from), v("to", m.to), v("edges", m.edges), v("view", m.view);
  } else {
    static_assert(std::is_same_v<M, Figure>);
    v("id", m.id), v("title", m.title), v("caption", m.caption), v("panels", m.panels), v("model", m.model);
    v("width", m.width), v("notes", m.notes);
  }
}

template <class T>
constexpr bool is_vector = false;
template <class T>
constexpr bool is_vector<std::vector<T>> = true;
template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

template <class T>
Value write(const T& item);

struct Writer {
  Value out = Value::object();

  template <class T>
  void operator()(std::string_view key, const T& member) {
    out[key] = write(member);
  }
};

Value write_numbers(std::span<const double> numbers) {
  const bool finite = std::ranges::all_of(numbers, [](double number) { return std::isfinite(number); });
  if (!finite || numbers.size() > longest_plain_list) {
    Value packed = Value::object();
    packed["f64"] = detail::base64_of_doubles(numbers);
    return packed;
  }
  Value list = Value::array();
  for (const double number : numbers) {
    list.push_back(Value(number));
  }
  return list;
}

template <class T>
Value write(const T& item) {
  if constexpr (std::is_enum_v<T>) {
    return Value(words(T{})[static_cast<std::size_t>(item)]);
  } else if constexpr (std::is_same_v<T, double>) {
    return std::isfinite(item) ? Value(item) : write_numbers(std::span(&item, 1));
  } else if constexpr (std::is_same_v<T, std::vector<double>> || std::is_same_v<T, std::array<double, 2>>) {
    return write_numbers(item);
  } else if constexpr (std::is_same_v<T, Mark>) {
    Value out = Value::object();
    out["mark"] = mark_words[item.index()];
    Value body = std::visit([](const auto& mark) { return write(mark); }, item);
    for (Member& member : body.as_object()) {
      out.as_object().push_back(std::move(member));
    }
    return out;
  } else if constexpr (is_vector<T>) {
    Value list = Value::array();
    for (const auto& element : item) {
      list.push_back(write(element));
    }
    return list;
  } else if constexpr (is_optional<T>) {
    return item ? write(*item) : Value();
  } else if constexpr (std::is_constructible_v<Value, T>) {
    return Value(item);
  } else {
    Writer writer;
    members(writer, item);
    return std::move(writer.out);
  }
}

template <class T>
void read(const Value& node, T& item);

struct Reader {
  const Value& node;

  template <class T>
  void operator()(std::string_view key, T& member) {
    if constexpr (is_optional<T>) {
      if (node.find(key) == nullptr) {
        member.reset();
        return;
      }
    }
    read(node.at(key), member);
  }
};

std::vector<double> read_numbers(const Value& node) {
  if (node.is_object()) {
    const Value& packed = node.at("f64");
    auto numbers = detail::doubles_from_base64(packed.as_text());
    if (!numbers) {
      throw Error(Errc::bad_input, packed.where, "expected base64 of doubles");
    }
    return std::move(*numbers);
  }
  return node.as_numbers();
}

template <std::size_t N>
std::array<double, N> read_some(const Value& node) {
  const std::vector<double> numbers = read_numbers(node);
  if (numbers.size() != N) {
    throw Error(Errc::bad_input, node.where, fmt::format("expected {} numbers, found {}", N, numbers.size()));
  }
  std::array<double, N> out{};
  std::ranges::copy(numbers, out.begin());
  return out;
}

/// Index of the node's word among the known ones.
std::size_t read_word(const Value& node, std::span<const std::string_view> known) {
  const auto found = std::ranges::find(known, std::string_view(node.as_text()));
  if (found == known.end()) {
    throw Error(Errc::bad_input, node.where,
                fmt::format("\"{}\" is none of {}", node.as_text(), fmt::join(known, ", ")));
  }
  return static_cast<std::size_t>(found - known.begin());
}

template <std::size_t I = 0>
void emplace_mark(Mark& mark, std::size_t index) {
  if constexpr (I < std::variant_size_v<Mark>) {
    if (index == I) {
      mark.emplace<I>();
    } else {
      emplace_mark<I + 1>(mark, index);
    }
  }
}

void read_mark(const Value& node, Mark& mark) {
  emplace_mark(mark, read_word(node.at("mark"), mark_words));
  std::visit([&node](auto& body) { read(node, body); }, mark);
  if (const std::string wrong = detail::problem(mark); !wrong.empty()) {
    throw Error(Errc::bad_input, node.where, wrong);
  }
}

template <class T>
void read(const Value& node, T& item) {
  if constexpr (std::is_enum_v<T>) {
    const auto known = words(T{});
    item = static_cast<T>(read_word(node, known));
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    item = read_numbers(node);
  } else if constexpr (std::is_same_v<T, double>) {
    item = node.is_object() ? read_some<1>(node)[0] : node.as_number();
  } else if constexpr (std::is_same_v<T, std::array<double, 2>>) {
    item = read_some<2>(node);
  } else if constexpr (std::is_same_v<T, std::size_t>) {
    if (node.as_integer() < 0) {
      throw Error(Errc::bad_input, node.where, fmt::format("expected a count, found {}", node.as_integer()));
    }
    item = static_cast<std::size_t>(node.as_integer());
  } else if constexpr (std::is_same_v<T, std::string>) {
    item = node.as_text();
  } else if constexpr (std::is_same_v<T, bool>) {
    item = node.as_bool();
  } else if constexpr (std::is_same_v<T, Mark>) {
    read_mark(node, item);
  } else if constexpr (is_vector<T>) {
    item.clear();
    for (const Value& element : node.as_array()) {
      read(element, item.emplace_back());
    }
  } else if constexpr (is_optional<T>) {
    item.reset();
    if (!node.is_null()) {
      read(node, item.emplace());
    }
  } else {
    Reader reader{node};
    members(reader, item);
  }
}

void check_schema(const Value& value) {
  const Value& node = value.at("schema");
  const std::string& text = node.as_text();
  int version = 0;
  const char* end = text.data() + text.size();
  const bool known = text.starts_with(schema_name) &&
                     std::from_chars(text.data() + schema_name.size(), end, version).ptr == end && version > 0;
  if (!known) {
    throw Error(Errc::bad_input, node.where, fmt::format("\"{}\" is not a figure", text));
  }
  if (version > schema_version) {
    throw Error(Errc::unsupported, node.where,
                fmt::format("figure written as {}, this program reads up to {}{}", text, schema_name, schema_version),
                "use a newer version of Hotstage");
  }
}

}  // namespace

Value to_value(const Figure& figure) {
  Value out = Value::object();
  out["schema"] = fmt::format("{}{}", schema_name, schema_version);
  Value body = write(figure);
  for (Member& member : body.as_object()) {
    out.as_object().push_back(std::move(member));
  }
  return out;
}

Figure figure_from_value(const Value& value) {
  check_schema(value);
  Figure figure;
  read(value, figure);
  if (const std::string wrong = detail::problem(figure); !wrong.empty()) {
    throw Error(Errc::bad_input, value.where, wrong);
  }
  return figure;
}

}  // namespace hotstage::report
