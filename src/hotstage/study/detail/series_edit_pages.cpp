// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_edit_pages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::study::detail {

namespace {

constexpr double gap = std::numeric_limits<double>::quiet_NaN();
constexpr const char* tag = "hotstage_edits";

void add_author(const std::string& author, std::vector<std::string>& to) {
  if (std::ranges::find(to, author) == to.end()) {
    to.push_back(author);
  }
}

/// Line, outline or circle of an edit in the axes of the frames.
report::Line drawing(const signal::Signal& frames, std::span<const series::AppliedEdit> applied) {
  report::Line line{.name = "drawn", .colour = report::Colour::orange};
  const auto add = [&](double y, double x) {
    line.y.push_back(frames.axes[0].value(y));
    line.x.push_back(frames.axes[1].value(x));
  };
  const auto lift = [&] {
    line.y.push_back(gap);
    line.x.push_back(gap);
  };
  for (const series::AppliedEdit& a : applied) {
    const series::Edit& e = a.edit;
    for (const series::EditPoint& p : e.line) {
      add(p[0], p[1]);
    }
    if (!e.line.empty()) {
      if (e.action != series::EditAction::split) {
        add(e.line.front()[0], e.line.front()[1]);
      }
      lift();
    }
    if (e.radius_px) {
      constexpr int corners = 32;
      for (int i = 0; i <= corners; ++i) {
        const double angle = 2.0 * std::numbers::pi * i / corners;
        add(e.points.front()[0] + *e.radius_px * std::sin(angle), e.points.front()[1] + *e.radius_px * std::cos(angle));
      }
      lift();
    }
  }
  return line;
}

void draw_edits(const signal::Signal& frames, std::span<const series::AppliedEdit> applied, report::Panel& panel) {
  report::Line line = drawing(frames, applied);
  if (!line.x.empty()) {
    panel.marks.emplace_back(std::move(line));
  }
  const double aside = 0.02 * frames.axes[1].scale * static_cast<double>(frames.axes[1].size);
  report::Points points{.name = "named", .symbol = report::Symbol::diamond, .colour = report::Colour::orange};
  for (std::size_t i = 0; i < applied.size(); ++i) {
    for (const series::EditPoint& p : applied[i].edit.points) {
      points.y.push_back(frames.axes[0].value(p[0]));
      points.x.push_back(frames.axes[1].value(p[1]));
    }
    panel.marks.emplace_back(report::Text{.text = fmt::format("{}", i + 1),
                                          .x = frames.axes[1].value(applied[i].x_px) + aside,
                                          .y = frames.axes[0].value(applied[i].y_px),
                                          .anchor = report::Anchor::left});
  }
  if (!points.x.empty()) {
    panel.marks.emplace_back(std::move(points));
  }
}

}  // namespace

std::vector<series::DarkSpot> read_spot_table(const io::Table& table, const signal::Signal& frames) {
  std::vector<series::DarkSpot> out(table.rows());
  if (out.empty()) {
    return out;
  }
  const double nm = series::pixel_nm(frames);
  const auto fill = [&](const char* column, double series::DarkSpot::*member, double unit) {
    const std::vector<double>& values = table.numbers(column);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].*member = values[i] / unit;
    }
  };
  using S = series::DarkSpot;
  fill("y", &S::y_px, 1.0);
  fill("x", &S::x_px, 1.0);
  fill("radius", &S::radius_px, nm);
  fill("area", &S::area_px, nm * nm);
  fill("depth", &S::depth, 1.0);
  fill("missing", &S::missing_px, nm * nm);
  fill("aspect", &S::aspect, 1.0);
  fill("hexagonality", &S::hexagonality, 1.0);
  fill("facet_angle", &S::facet_angle_deg, 1.0);
  fill("length", &S::length_px, nm);
  fill("width", &S::width_px, nm);
  const std::vector<std::string>& kind = table.column("kind").texts;
  const std::vector<double>& grain = table.numbers("grain");
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].kind = kind[i] == "crack" ? series::DarkKind::crack : series::DarkKind::round;
    out[i].y_px = (out[i].y_px - frames.axes[0].value(0.0)) / frames.axes[0].scale;
    out[i].x_px = (out[i].x_px - frames.axes[1].value(0.0)) / frames.axes[1].scale;
    out[i].grain = static_cast<int>(grain[i]);
  }
  return out;
}

std::string ManualEdits::text() const {
  return count == 0 ? std::string()
                    : fmt::format("{} manual edit{} by {}", count, count == 1 ? "" : "s", fmt::join(authors, ", "));
}

ManualEdits manual_edits(const signal::Signal& labels) {
  ManualEdits out;
  const Value* found = labels.original.find(tag);
  if (const Value* own = labels.original.find("original_metadata"); found == nullptr && own != nullptr) {
    found = own->find(tag);
  }
  if (found == nullptr) {
    return out;
  }
  out.count = static_cast<std::size_t>(std::max(0.0, found->number_at("count").value_or(0.0)));
  out.authors = {found->text_at("authors").value_or("an unnamed author")};
  return out;
}

void tag_edits(signal::Signal& labels, std::span<const series::AppliedEdit> applied, const ManualEdits& before) {
  ManualEdits all = before;
  for (const series::AppliedEdit& a : applied) {
    ++all.count;
    add_author(a.edit.author, all.authors);
  }
  if (!labels.original.is_object()) {
    labels.original = Value::object();
  }
  Value note = Value::object();
  note["count"] = all.count;
  note["authors"] = fmt::format("{}", fmt::join(all.authors, ", "));
  labels.original[tag] = std::move(note);
  labels.metadata.title = fmt::format("Labels, {}", all.text());
}

void note_edits(const signal::Signal& labels, StepOutput& out) {
  const ManualEdits edits = manual_edits(labels);
  if (edits.count == 0) {
    return;
  }
  out.checks.push_back({"Labels", CheckStatus::attention, edits.text(), "found by rule",
                        "Everything by grain rests on corrections by hand: see edits of series.edit"});
  out.assumptions.push_back({"Grains and voids as corrected by hand", edits.text()});
  if (const auto record = out.records.find("record"); record != out.records.end()) {
    record->second["manual_edits"] = edits.text();
  }
}

io::Table edit_table(std::span<const series::AppliedEdit> applied, const signal::Signal& frames, double nm) {
  std::vector<double> number, line, y, x, before, after, changed;
  std::vector<std::string> action, what, author, date, reason;
  for (const series::AppliedEdit& a : applied) {
    number.push_back(static_cast<double>(number.size() + 1));
    line.push_back(static_cast<double>(a.edit.where.line));
    y.push_back(frames.axes[0].value(a.y_px));
    x.push_back(frames.axes[1].value(a.x_px));
    before.push_back(a.area_before_px * nm * nm);
    after.push_back(a.area_after_px * nm * nm);
    changed.push_back(static_cast<double>(a.changed_px));
    action.emplace_back(series::name(a.edit.action));
    what.push_back(a.what);
    author.push_back(a.edit.author);
    date.push_back(a.edit.date);
    reason.push_back(a.edit.reason);
  }
  io::Table out;
  out.columns = {io::number_column("edit", "", number),
                 io::number_column("line", "", line),
                 io::text_column("action", action),
                 io::number_column("y", frames.axes[0].unit, y),
                 io::number_column("x", frames.axes[1].unit, x),
                 io::number_column("area_before", "nm^2", before),
                 io::number_column("area_after", "nm^2", after),
                 io::number_column("changed", "px", changed),
                 io::text_column("what", what),
                 io::text_column("author", author),
                 io::text_column("date", date),
                 io::text_column("reason", reason)};
  return out;
}

Value edit_record(const series::EditedSegmentation& edited, const ManualEdits& before) {
  Value out = Value::object();
  out["schema"] = "hotstage.edits/1";
  out["edits_before"] = before.count;
  out["edits"] = edited.applied.size();
  out["changed_px"] = edited.changed_px;
  out["covered_px"] = edited.covered_px;
  Value list = Value::array();
  for (const series::AppliedEdit& a : edited.applied) {
    Value item = Value::object();
    item["line"] = a.edit.where.line;
    item["action"] = std::string(series::name(a.edit.action));
    item["what"] = a.what;
    item["area_before_px"] = a.area_before_px;
    item["area_after_px"] = a.area_after_px;
    item["changed_px"] = a.changed_px;
    item["author"] = a.edit.author;
    item["date"] = a.edit.date;
    item["reason"] = a.edit.reason;
    list.push_back(std::move(item));
  }
  out["list"] = std::move(list);
  return out;
}

report::Figure edit_figure(const signal::Signal& frames, const series::MeanImage& mean,
                           const series::Segmentation& before, const series::EditedSegmentation& after) {
  report::Figure out{.id = "edits", .title = "Grains and voids before and after correction by hand"};
  out.caption =
      "Mean of the first frames with boundaries (yellow), voids (circles) and cracks (triangles); orange, on the "
      "left: lines, outlines and points of the edits with their numbers in the table.";
  for (const series::Segmentation* s : {&before, &after.segmentation}) {
    report::Panel panel = std::move(grain_figure(frames, mean, *s).panels.front());
    panel.column = out.panels.size();
    panel.title = out.panels.empty() ? "Before" : "After";
    if (out.panels.empty()) {
      draw_edits(frames, after.applied, panel);
      std::get<report::Image>(panel.marks.front()).bar = false;
    }
    out.panels.push_back(std::move(panel));
  }
  return out;
}

}  // namespace hotstage::study::detail
