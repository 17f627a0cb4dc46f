// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/edits.hpp"

#include "hotstage/core/fields.hpp"
#include "hotstage/io/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace hotstage::series {

constexpr auto enum_names(EditAction) {
  return std::array<EnumName<EditAction>, 6>{
      EnumName<EditAction>{EditAction::merge, "merge"},   EnumName<EditAction>{EditAction::split, "split"},
      EnumName<EditAction>{EditAction::give, "give"},     EnumName<EditAction>{EditAction::renumber, "renumber"},
      EnumName<EditAction>{EditAction::remove, "remove"}, EnumName<EditAction>{EditAction::add, "add"}};
}

constexpr auto enum_names(DarkKind) {
  return std::array<EnumName<DarkKind>, 2>{EnumName<DarkKind>{DarkKind::round, "void"},
                                           EnumName<DarkKind>{DarkKind::crack, "crack"}};
}

namespace {

/// A table [[edit]] as it stands in the file.
struct Entry {
  EditAction action = EditAction::merge;
  std::optional<EditPoint> at;
  std::vector<EditPoint> points;
  std::vector<EditPoint> line;
  std::vector<EditPoint> outline;
  std::optional<double> radius;
  std::optional<DarkKind> kind;
  std::optional<int> number;
  std::string reason;
  std::optional<std::string> author;
  std::optional<std::string> date;

  template <class V>
  void fields(V& v) {
    v("action", action, {.help = "what is done", .required = true});
    v("at", at, {.help = "[y, x] inside the grain or void"});
    v("points", points, {.help = "merge: [y, x] inside every grain, the first gives its number"});
    v("line", line, {.help = "split: the cut, from outside the grain to outside"});
    v("outline", outline, {.help = "give, add: corners of the area"});
    v("radius", radius, {.help = "add: of a circle around the point", .min = 0.0});
    v("kind", kind, {.help = "add: void (default) or crack"});
    v("number", number, {.help = "renumber: the new number", .min = 1, .max = 1000000});
    v("reason", reason, {.help = "why", .required = true});
    v("author", author, {.help = "who, if not the one named above"});
    v("date", date, {.help = "when, if not the date named above"});
  }
};

[[noreturn]] void fail(const Location& where, const std::string& message, const std::string& hint) {
  throw Error(Errc::bad_input, where, message, hint);
}

bool is_blank(const std::string& text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isspace(c) != 0; });
}

bool is_date(const std::string& text) {
  constexpr std::string_view form = "dddd-dd-dd";
  bool fits = text.size() >= form.size();
  for (std::size_t i = 0; fits && i < form.size(); ++i) {
    fits = form[i] == 'd' ? std::isdigit(static_cast<unsigned char>(text[i])) != 0 : text[i] == form[i];
  }
  return fits && (text.size() == form.size() || !std::isdigit(static_cast<unsigned char>(text[form.size()])));
}

/// From the coordinates of the file to pixels.
struct Scale {
  std::array<double, 2> first{};  ///< coordinate of pixel 0, y and x
  std::array<double, 2> per_px{1.0, 1.0};

  [[nodiscard]] EditPoint place(const EditPoint& p) const {
    return {(p[0] - first[0]) / per_px[0], (p[1] - first[1]) / per_px[1]};
  }

  [[nodiscard]] double length(double value) const { return value / std::sqrt(std::abs(per_px[0] * per_px[1])); }
};

Scale scale_of(const std::string& unit, const Location& where, const signal::Signal& frames) {
  Scale out;
  if (unit == "px") {
    return out;
  }
  const std::optional<Unit> named = find_unit(unit);
  if (!named || named->dimension != Length::dimension) {
    fail(where, fmt::format("\"{}\" is no unit of places", unit), "Use \"px\", or a unit of length such as \"nm\"");
  }
  for (std::size_t a = 0; a < 2; ++a) {
    const signal::Axis& axis = frames.axes[a];
    const std::optional<Unit> own = find_unit(axis.unit);
    if (!own || own->dimension != Length::dimension) {
      fail(where, fmt::format("places are given in {}, but the pixel size of the frames is not known", unit),
           "Give them in \"px\"");
    }
    const double factor = own->factor / named->factor;
    out.first[a] = axis.value(0.0) * factor;
    out.per_px[a] = axis.scale * factor;
  }
  return out;
}

/// Which members an action needs and takes besides reason, author and date.
void check_members(const Entry& e, const Location& where) {
  using A = EditAction;
  const auto need = [&](bool there, const char* member) {
    if (!there) {
      fail(where, fmt::format("action = \"{}\" without {}", name(e.action), member), fmt::format("Give {}", member));
    }
  };
  const auto refuse = [&](bool there, const char* member) {
    if (there) {
      fail(where, fmt::format("action = \"{}\" takes no {}", name(e.action), member), fmt::format("Remove {}", member));
    }
  };
  constexpr std::size_t corners = 3;
  switch (e.action) {
    case A::merge:
      need(e.points.size() >= 2, "points, one [y, x] in each of two or more grains");
      break;
    case A::split:
      need(e.line.size() >= 2, "line, two or more [y, x]");
      break;
    case A::give:
      need(e.outline.size() >= corners, "outline, three or more [y, x]");
      break;
    case A::renumber:
      need(e.number.has_value(), "number");
      break;
    case A::add:
      need(e.outline.size() >= corners || (e.at && e.radius && *e.radius > 0.0),
           "outline (three or more [y, x]), or at and radius");
      refuse(!e.outline.empty() && (e.at || e.radius), "at and radius beside an outline");
      break;
    case A::remove:
      break;
  }
  need(e.at.has_value() || e.action == A::merge || e.action == A::add, "at, [y, x] inside the grain or void");
  refuse(e.at.has_value() && e.action == A::merge, "at (merge has points)");
  refuse(!e.points.empty() && e.action != A::merge, "points");
  refuse(!e.line.empty() && e.action != A::split, "line");
  refuse(!e.outline.empty() && e.action != A::give && e.action != A::add, "outline");
  refuse(e.radius.has_value() && e.action != A::add, "radius");
  refuse(e.kind.has_value() && e.action != A::add, "kind");
  refuse(e.number.has_value() && e.action != A::renumber, "number");
}

struct Header {
  std::string author;
  std::string date;
  std::string unit = "px";

  template <class V>
  void fields(V& v) {
    v("author", author, {.help = "who corrected"});
    v("date", date, {.help = "when, year-month-day"});
    v("unit", unit, {.help = "of all places: px, or a unit of length along the axes of the frames"});
  }
};

Edit read_entry(const Value& node, const Header& header, const Scale& scale) {
  const auto e = from_table<Entry>(node);
  check_members(e, node.where);
  Edit out{.action = e.action,
           .kind = e.kind.value_or(DarkKind::round),
           .number = e.number.value_or(0),
           .author = e.author.value_or(header.author),
           .date = e.date.value_or(header.date),
           .reason = e.reason,
           .where = node.where};
  if (is_blank(out.author) || is_blank(out.reason)) {
    fail(node.where, is_blank(out.reason) ? "an edit without a reason" : "an edit without an author",
         is_blank(out.reason) ? "Give reason = \"…\": readers must be able to judge it"
                              : "Give author = \"…\" at the top of the file or here");
  }
  if (!is_date(out.date)) {
    fail(node.where, out.date.empty() ? "an edit without a date" : fmt::format("\"{}\" is no date", out.date),
         "Give date = 2026-03-31 (year-month-day) at the top of the file or here");
  }
  const auto add = [&](const EditPoint& point, std::vector<EditPoint>& to) {
    if (!std::isfinite(point[0]) || !std::isfinite(point[1])) {
      fail(node.where, "a place that is not a pair of finite numbers", "Give [y, x]");
    }
    to.push_back(scale.place(point));
  };
  if (e.at) {
    add(*e.at, out.points);
  }
  for (const EditPoint& point : e.points) {
    add(point, out.points);
  }
  for (const std::vector<EditPoint>* corners : {&e.line, &e.outline}) {
    for (const EditPoint& point : *corners) {
      add(point, out.line);
    }
  }
  if (e.radius) {
    out.radius_px = scale.length(*e.radius);
  }
  return out;
}

}  // namespace

std::string_view name(EditAction action) noexcept {
  for (const auto& entry : enum_names(EditAction{})) {
    if (entry.value == action) {
      return entry.name;
    }
  }
  return "";
}

std::vector<Edit> parse_edits(const Value& document, const signal::Signal& frames) {
  HOTSTAGE_EXPECTS(frames.axes.size() == 2);
  Value top = Value::object();
  top.where = document.where;
  for (const Member& member : document.as_object()) {
    if (member.key != "edit") {
      top[member.key] = member.value;
    }
  }
  const auto header = from_table<Header>(top);
  const Value* unit = document.find("unit");
  const Scale scale = scale_of(header.unit, unit == nullptr ? document.where : unit->where, frames);
  const Value* entries = document.find("edit");
  if (entries == nullptr || entries->as_array().empty()) {
    fail(document.where, "the file holds no edit", "Write one table [[edit]] per correction");
  }
  std::vector<Edit> out;
  for (const Value& node : entries->as_array()) {
    out.push_back(read_entry(node, header, scale));
  }
  return out;
}

std::vector<Edit> read_edits(const std::filesystem::path& file, const signal::Signal& frames) {
  return parse_edits(io::read_document(file), frames);
}

}  // namespace hotstage::series
