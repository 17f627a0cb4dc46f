// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/dark_spots.hpp"
#include "hotstage/series/detail/spot_pixels.hpp"
#include "hotstage/series/edits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

namespace hotstage::series {

namespace {

constexpr std::array<std::array<long, 2>, 4> four{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
constexpr std::size_t smallest_piece = 9;  // px; less is where a cut runs along an edge

/// A spot that may have been removed, and its number in the table (0: added).
struct Held {
  DarkSpot spot;
  std::size_t number = 0;
  bool present = true;
};

class Editor {
 public:
  Editor(const EditInput& input, const SegmentOptions& options);

  AppliedEdit apply(const Edit& edit);
  [[nodiscard]] EditedSegmentation finish();

 private:
  [[noreturn]] void fail(const std::string& message, const std::string& hint) const {
    throw Error(Errc::bad_input, edit_->where, fmt::format("{}: {}", name(edit_->action), message), hint);
  }

  [[nodiscard]] std::array<std::size_t, 2> pixel(const EditPoint& p) const;
  [[nodiscard]] int grain_at(const EditPoint& p) const;
  [[nodiscard]] std::size_t area_of(int grain) const;
  [[nodiscard]] std::vector<std::array<std::size_t, 2>> enclosed() const;
  [[nodiscard]] std::vector<std::uint8_t> cut_pixels() const;

  void merge(AppliedEdit& out);
  void split(AppliedEdit& out);
  void give(AppliedEdit& out);
  void renumber(AppliedEdit& out);
  void remove(AppliedEdit& out);
  void add(AppliedEdit& out);

  const EditInput& input_;
  const SegmentOptions& options_;
  std::size_t rows_;
  std::size_t columns_;
  Buffer<std::uint8_t, 2> covered_;
  Buffer<std::int32_t, 2> labels_;
  Buffer<std::int32_t, 2> owner_;  ///< index of the spot + 1; 0: none
  std::vector<Held> spots_;
  const Edit* edit_ = nullptr;
};

Editor::Editor(const EditInput& input, const SegmentOptions& options)
    : input_(input),
      options_(options),
      rows_(input.labels.extent(0)),
      columns_(input.labels.extent(1)),
      covered_({rows_, columns_}),
      labels_({rows_, columns_}) {
  HOTSTAGE_EXPECTS(input.image.mean.extents() == input.labels.extents());
  float most = 0.0F;
  for (std::size_t y = 0; y < rows_; ++y) {
    for (const float n : input.image.n_averaged.row(y)) {
      most = std::max(most, n);
    }
  }
  for (std::size_t y = 0; y < rows_; ++y) {
    std::copy_n(input.labels.row(y).data(), columns_, labels_.row(y).data());
    for (std::size_t x = 0; x < columns_; ++x) {
      const float n = input.image.n_averaged(y, x);
      covered_.view()(y, x) = n > 0.0F && n >= 0.5F * most ? 1 : 0;
    }
  }
  owner_ = detail::spot_pixels(labels_.view(), input.spots);
  for (std::size_t i = 0; i < input.spots.size(); ++i) {
    spots_.push_back({.spot = input.spots[i], .number = i + 1});
  }
}

std::array<std::size_t, 2> Editor::pixel(const EditPoint& p) const {
  const double y = std::round(p[0]);
  const double x = std::round(p[1]);
  if (!(y >= 0.0 && x >= 0.0 && y < static_cast<double>(rows_) && x < static_cast<double>(columns_))) {
    fail(fmt::format("the point lies outside the frame of {} × {} px, at row {:.1f}, column {:.1f}", rows_, columns_,
                     p[0], p[1]),
         "Points are [y, x]: rows first. Check the unit");
  }
  return {static_cast<std::size_t>(y), static_cast<std::size_t>(x)};
}

int Editor::grain_at(const EditPoint& p) const {
  const auto [y, x] = pixel(p);
  const int grain = labels_.view()(y, x);
  if (grain > 0) {
    return grain;
  }
  const std::int32_t owner = owner_.view()(y, x);
  fail(fmt::format("no grain at row {}, column {}, {}", y, x,
                   owner > 0                    ? "but a void or crack"
                   : covered_.view()(y, x) == 0 ? "which half of the frames do not cover"
                                                : "the label there is 0"),
       "Give a point inside the grain");
}

std::size_t Editor::area_of(int grain) const {
  return static_cast<std::size_t>(std::count(labels_.data(), labels_.data() + labels_.size(), grain));
}

/// Pixels whose centre the outline or circle of the edit encloses. All of them must be covered.
std::vector<std::array<std::size_t, 2>> Editor::enclosed() const {
  const Edit& e = *edit_;
  std::array<double, 2> low{1e300, 1e300};
  std::array<double, 2> high{-1e300, -1e300};
  const auto reach = [&](const EditPoint& p, double by) {
    for (std::size_t a = 0; a < 2; ++a) {
      low[a] = std::min(low[a], p[a] - by);
      high[a] = std::max(high[a], p[a] + by);
    }
  };
  for (const EditPoint& p : e.line) {
    reach(p, 0.0);
  }
  if (e.line.empty()) {
    reach(e.points.front(), *e.radius_px);
  }
  if (low[0] < -0.5 || low[1] < -0.5 || high[0] > static_cast<double>(rows_) - 0.5 ||
      high[1] > static_cast<double>(columns_) - 0.5) {
    fail(fmt::format("the outline leaves the frame of {} × {} px", rows_, columns_),
         "Points are [y, x]: rows first. Check the unit");
  }
  const auto inside = [&](double y, double x) {
    if (e.line.empty()) {
      return std::hypot(y - e.points.front()[0], x - e.points.front()[1]) <= *e.radius_px;
    }
    bool in = false;
    for (std::size_t i = 0, j = e.line.size() - 1; i < e.line.size(); j = i++) {
      const auto& [yi, xi] = e.line[i];
      const auto& [yj, xj] = e.line[j];
      if ((yi > y) != (yj > y) && x < xi + (xj - xi) * (y - yi) / (yj - yi)) {
        in = !in;
      }
    }
    return in;
  };
  std::vector<std::array<std::size_t, 2>> out;
  for (auto y = static_cast<std::size_t>(std::max(0.0, std::floor(low[0])));
       y < rows_ && static_cast<double>(y) <= high[0]; ++y) {
    for (auto x = static_cast<std::size_t>(std::max(0.0, std::floor(low[1])));
         x < columns_ && static_cast<double>(x) <= high[1]; ++x) {
      if (inside(static_cast<double>(y), static_cast<double>(x))) {
        if (covered_.view()(y, x) == 0) {
          fail(fmt::format("half of the frames do not cover row {}, column {} inside the outline", y, x),
               "Keep to the area that is shown");
        }
        out.push_back({y, x});
      }
    }
  }
  if (out.size() < smallest_piece) {
    fail(fmt::format("the outline encloses {} px", out.size()), fmt::format("Enclose at least {}", smallest_piece));
  }
  return out;
}

void Editor::merge(AppliedEdit& out) {
  std::vector<int> grains;
  for (const EditPoint& p : edit_->points) {
    const int grain = grain_at(p);
    if (std::ranges::find(grains, grain) != grains.end()) {
      fail(fmt::format("two of the points lie in the same grain {}", grain), "Give one point per grain");
    }
    grains.push_back(grain);
  }
  // Grains that touch the group so far, again and again.
  std::set<int> reached{grains.front()};
  const Buffer<std::int32_t, 2> whole = filled_labels(labels_.view());
  const std::vector<BoundaryPixel> pixels = boundary_pixels(whole.view());
  for (std::size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (const BoundaryPixel& p : pixels) {
      if (reached.contains(p.a) && std::ranges::find(grains, p.b) != grains.end()) {
        reached.insert(p.b);
      }
    }
  }
  for (const int grain : grains) {
    if (!reached.contains(grain)) {
      fail(fmt::format("grain {} does not touch the others", grain), "Only neighbours can be one grain");
    }
  }
  out.area_before_px = static_cast<double>(area_of(grains.front()));
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    std::int32_t& label = labels_.data()[i];
    if (label > 0 && label != grains.front() && std::ranges::find(grains, label) != grains.end()) {
      label = grains.front();
      ++out.changed_px;
    }
  }
  out.area_after_px = static_cast<double>(area_of(grains.front()));
  out.what = fmt::format("grain{} {} merged into grain {}", grains.size() > 2 ? "s" : "",
                         fmt::join(grains.begin() + 1, grains.end(), ", "), grains.front());
}

/// Marks the pixels that the line of the edit passes, connected by corners.
std::vector<std::uint8_t> Editor::cut_pixels() const {
  std::vector<std::uint8_t> out(rows_ * columns_, 0);
  constexpr double farthest = 1e6;  // px; a line that leaves the field by more has a wrong unit
  for (std::size_t i = 1; i < edit_->line.size(); ++i) {
    const EditPoint& a = edit_->line[i - 1];
    const EditPoint& b = edit_->line[i];
    const double length = std::max(std::abs(b[0] - a[0]), std::abs(b[1] - a[1]));
    if (!(length < farthest) || !(std::abs(a[0]) < farthest) || !(std::abs(a[1]) < farthest)) {
      fail("the line leaves the frame by far", "Points are [y, x]. Check the unit");
    }
    const auto steps = static_cast<long>(std::ceil(2.0 * length)) + 1;
    for (long k = 0; k <= steps; ++k) {
      const double t = static_cast<double>(k) / static_cast<double>(steps);
      const long y = std::lround(a[0] + t * (b[0] - a[0]));
      const long x = std::lround(a[1] + t * (b[1] - a[1]));
      if (y >= 0 && x >= 0 && y < static_cast<long>(rows_) && x < static_cast<long>(columns_)) {
        out[static_cast<std::size_t>(y) * columns_ + static_cast<std::size_t>(x)] = 1;
      }
    }
  }
  return out;
}

void Editor::split(AppliedEdit& out) {
  const int grain = grain_at(edit_->points.front());
  const auto [y0, x0] = pixel(edit_->points.front());
  const std::vector<std::uint8_t> cut = cut_pixels();
  if (cut[y0 * columns_ + x0] != 0) {
    fail("the point lies on the line", "Give a point on the side that keeps the number");
  }
  // Voids in the grain do not stop the line: pieces are those of the filled map.
  const Buffer<std::int32_t, 2> whole = filled_labels(labels_.view());
  const auto free_pixel = [&](std::size_t i) { return whole.data()[i] == grain && cut[i] == 0; };
  std::vector<std::int32_t> piece(rows_ * columns_, 0);
  std::vector<std::size_t> size{0};
  std::vector<std::size_t> stack;
  for (std::size_t start = 0; start < piece.size(); ++start) {
    if (!free_pixel(start) || piece[start] != 0) {
      continue;
    }
    const auto id = static_cast<std::int32_t>(size.size());
    size.push_back(0);
    piece[start] = id;
    stack.push_back(start);
    while (!stack.empty()) {
      const std::size_t i = stack.back();
      stack.pop_back();
      size.back() += labels_.data()[i] == grain ? 1U : 0U;
      for (const auto& [dy, dx] : four) {
        const long y = static_cast<long>(i / columns_) + dy;
        const long x = static_cast<long>(i % columns_) + dx;
        if (y < 0 || x < 0 || y >= static_cast<long>(rows_) || x >= static_cast<long>(columns_)) {
          continue;
        }
        const std::size_t k = static_cast<std::size_t>(y) * columns_ + static_cast<std::size_t>(x);
        if (free_pixel(k) && piece[k] == 0) {
          piece[k] = id;
          stack.push_back(k);
        }
      }
    }
  }
  const std::int32_t own = piece[y0 * columns_ + x0];
  // Pieces that the cut does not touch were apart before and stay with the number.
  std::set<std::int32_t> beside;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (cut[i] == 0 || whole.data()[i] != grain) {
      continue;
    }
    for (const auto& [dy, dx] : four) {
      const long y = static_cast<long>(i / columns_) + dy;
      const long x = static_cast<long>(i % columns_) + dx;
      if (y >= 0 && x >= 0 && y < static_cast<long>(rows_) && x < static_cast<long>(columns_)) {
        beside.insert(piece[static_cast<std::size_t>(y) * columns_ + static_cast<std::size_t>(x)]);
      }
    }
  }
  std::map<std::int32_t, int> number;
  int next = *std::max_element(labels_.data(), labels_.data() + labels_.size()) + 1;
  std::vector<int> made;
  for (const std::int32_t id : beside) {
    if (id > 0 && id != own && size[static_cast<std::size_t>(id)] >= smallest_piece) {
      number[id] = next;
      made.push_back(next++);
    }
  }
  if (made.empty() || !beside.contains(own)) {
    fail(fmt::format("the line does not divide grain {}", grain),
         "Let it run from outside the grain through it to outside, beside the point");
  }
  out.area_before_px = static_cast<double>(area_of(grain));
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (labels_.data()[i] == grain && number.contains(piece[i])) {
      labels_.data()[i] = number[piece[i]];
      ++out.changed_px;
    }
  }
  out.area_after_px = static_cast<double>(area_of(grain));
  out.what = fmt::format("grain{} {} cut off grain {}", made.size() > 1 ? "s" : "", fmt::join(made, ", "), grain);
}

void Editor::give(AppliedEdit& out) {
  const int grain = grain_at(edit_->points.front());
  out.area_before_px = static_cast<double>(area_of(grain));
  const auto area = enclosed();
  std::set<int> donors;
  bool touches = false;
  for (const auto& [y, x] : area) {
    const int label = labels_.view()(y, x);
    touches = touches || label == grain;
    if (label > 0 && label != grain) {
      donors.insert(label);
    }
    for (const auto& [dy, dx] : four) {
      const std::size_t ny = y + static_cast<std::size_t>(dy);
      const std::size_t nx = x + static_cast<std::size_t>(dx);
      touches = touches || (ny < rows_ && nx < columns_ && labels_.view()(ny, nx) == grain);
    }
  }
  if (donors.empty()) {
    fail(fmt::format("the outline encloses no pixel of another grain than {}", grain),
         "The point tells which grain gets what the outline encloses");
  }
  if (!touches) {
    fail(fmt::format("the outline does not touch grain {}", grain), "Draw it across the boundary that moves");
  }
  for (const auto& [y, x] : area) {
    std::int32_t& label = labels_.view()(y, x);
    if (label > 0 && label != grain) {
      label = grain;
      ++out.changed_px;
    }
  }
  for (const int donor : donors) {
    if (area_of(donor) == 0) {
      fail(fmt::format("nothing is left of grain {}", donor), "Use action = \"merge\" to join whole grains");
    }
  }
  out.area_after_px = static_cast<double>(area_of(grain));
  out.what = fmt::format("grain {} got {} px of grain{} {}", grain, out.changed_px, donors.size() > 1 ? "s" : "",
                         fmt::join(donors, ", "));
}

void Editor::renumber(AppliedEdit& out) {
  const int grain = grain_at(edit_->points.front());
  const int to = edit_->number;
  if (to == grain) {
    fail(fmt::format("the grain has the number {} already", to), "Remove the edit");
  }
  out.area_before_px = out.area_after_px = static_cast<double>(area_of(grain));
  const bool taken = area_of(to) > 0;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    std::int32_t& label = labels_.data()[i];
    if (label == grain || label == to) {
      label = label == grain ? to : grain;
      ++out.changed_px;
    }
  }
  out.what = taken ? fmt::format("grains {} and {} changed numbers", grain, to)
                   : fmt::format("grain {} is grain {} now", grain, to);
}

void Editor::remove(AppliedEdit& out) {
  const auto [y0, x0] = pixel(edit_->points.front());
  const std::int32_t owner = owner_.view()(y0, x0);
  if (owner == 0) {
    double nearest = 1e300;
    for (const Held& held : spots_) {
      if (held.present) {
        nearest = std::min(
            nearest, std::hypot(held.spot.y_px - edit_->points.front()[0], held.spot.x_px - edit_->points.front()[1]));
      }
    }
    fail(fmt::format("no void or crack at row {}, column {}", y0, x0),
         nearest < 1e300 ? fmt::format("The nearest has its centre {:.0f} px away", nearest) : "There is none left");
  }
  Held& held = spots_[static_cast<std::size_t>(owner - 1)];
  held.present = false;
  const Buffer<std::int32_t, 2> whole = filled_labels(labels_.view());
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (owner_.data()[i] == owner) {
      owner_.data()[i] = 0;
      if (covered_.data()[i] != 0) {
        labels_.data()[i] = whole.data()[i];
        ++out.changed_px;
      }
    }
  }
  out.area_before_px = held.spot.area_px;
  out.y_px = held.spot.y_px;
  out.x_px = held.spot.x_px;
  out.what = fmt::format("{} {}is none", held.spot.kind == DarkKind::crack ? "crack" : "void",
                         held.number > 0 ? fmt::format("{} ", held.number) : "added above ");
}

void Editor::add(AppliedEdit& out) {
  const auto area = enclosed();
  Buffer<std::uint8_t, 2> mask({rows_, columns_});
  for (const auto& [y, x] : area) {
    if (const std::int32_t owner = owner_.view()(y, x)) {
      const DarkSpot& other = spots_[static_cast<std::size_t>(owner - 1)].spot;
      fail(fmt::format("the outline overlaps the void or crack at row {:.0f}, column {:.0f}", other.y_px, other.x_px),
           "Remove that one first: edits are applied in their order");
    }
    mask.view()(y, x) = 1;
  }
  const Buffer<std::int32_t, 2> whole = filled_labels(labels_.view());
  const DarkSpot spot = detail::measure_dark_spot({.image = input_.image.mean}, whole.view(), mask.view(), options_);
  if (!(spot.missing_px > 0.0) || !(spot.depth > 0.0)) {
    fail("nothing is missing inside the outline: it is as bright as its grain", "Check place and unit");
  }
  spots_.push_back({.spot = spot});
  spots_.back().spot.kind = edit_->kind;
  const auto owner = static_cast<std::int32_t>(spots_.size());
  for (const auto& [y, x] : area) {
    labels_.view()(y, x) = 0;
    owner_.view()(y, x) = owner;
    ++out.changed_px;
  }
  out.area_after_px = spot.area_px;
  out.y_px = spot.y_px;
  out.x_px = spot.x_px;
  out.what = fmt::format("{} of {} px added, {:.0f} % of the brightness missing in its core",
                         edit_->kind == DarkKind::crack ? "crack" : "void", area.size(), 100.0 * spot.depth);
}

AppliedEdit Editor::apply(const Edit& edit) {
  edit_ = &edit;
  AppliedEdit out{.edit = edit};
  if (!edit.points.empty()) {
    out.y_px = edit.points.front()[0];
    out.x_px = edit.points.front()[1];
  }
  switch (edit.action) {
    case EditAction::merge:
      merge(out);
      break;
    case EditAction::split:
      split(out);
      break;
    case EditAction::give:
      give(out);
      break;
    case EditAction::renumber:
      renumber(out);
      break;
    case EditAction::remove:
      remove(out);
      break;
    case EditAction::add:
      add(out);
      break;
  }
  return out;
}

EditedSegmentation Editor::finish() {
  EditedSegmentation out;
  const Buffer<std::int32_t, 2> whole = filled_labels(labels_.view());
  for (std::size_t s = 0; s < spots_.size(); ++s) {
    if (!spots_[s].present) {
      continue;
    }
    std::map<int, std::size_t> votes;
    for (std::size_t i = 0; i < owner_.size(); ++i) {
      if (owner_.data()[i] == static_cast<std::int32_t>(s + 1)) {
        ++votes[whole.data()[i]];
      }
    }
    out.segmentation.spots.push_back(spots_[s].spot);
    if (!votes.empty()) {
      out.segmentation.spots.back().grain =
          std::ranges::max_element(votes, {}, &std::map<int, std::size_t>::value_type::second)->first;
    }
  }
  for (std::size_t y = 0; y < rows_; ++y) {
    for (std::size_t x = 0; x < columns_; ++x) {
      out.covered_px += covered_.view()(y, x);
      out.changed_px += labels_.view()(y, x) != input_.labels(y, x) ? 1U : 0U;
    }
  }
  out.segmentation.grains = describe_grains(labels_.view(), input_.image.mean);
  out.segmentation.boundaries = describe_boundaries(labels_.view(), input_.image.mean);
  out.segmentation.labels = std::move(labels_);
  return out;
}

}  // namespace

EditedSegmentation apply_edits(const EditInput& input, std::span<const Edit> edits, const SegmentOptions& options) {
  Editor editor(input, options);
  std::vector<AppliedEdit> applied;
  for (const Edit& edit : edits) {
    applied.push_back(editor.apply(edit));
  }
  EditedSegmentation out = editor.finish();
  out.applied = std::move(applied);
  return out;
}

}  // namespace hotstage::series
