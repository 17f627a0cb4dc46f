// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/atoms_pages.hpp"

#include "hotstage/atoms/bonding.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/atoms/symmetry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

/// The colours that structure viewers use for these elements, as far as the palette has them.
report::Colour colour_of(const atoms::Element& element) {
  if (element.symbol == "O") {
    return report::Colour::vermilion;
  }
  if (element.symbol == "Co") {
    return report::Colour::blue;
  }
  return element.symbol == "Li" ? report::Colour::green : report::Colour::automatic;
}

/// Shown smaller than ions are, so that what lies behind is seen.
constexpr double ball_A = 0.42;
constexpr double small_ball_A = 0.32;  // Li

/// Copies of atoms on the faces of the cell, so that it looks whole from every side.
std::vector<std::pair<std::size_t, atoms::Vector>> drawn_atoms(const atoms::Structure& s) {
  constexpr double on_face = 1e-3;  // of the edge
  std::vector<std::pair<std::size_t, atoms::Vector>> out;
  const std::vector<atoms::Vector> places = atoms::fractional_positions(s);
  for (std::size_t i = 0; i < s.size(); ++i) {
    const atoms::Vector& f = places[i];
    std::array<int, 3> copies{};
    for (std::size_t k = 0; k < 3; ++k) {
      copies[k] = s.periodic[k] && std::abs(f[k] - std::floor(f[k] + on_face)) < on_face ? 1 : 0;
    }
    for (int a = 0; a <= copies[0]; ++a) {
      for (int b = 0; b <= copies[1]; ++b) {
        for (int c = 0; c <= copies[2]; ++c) {
          const atoms::Vector shift = atoms::add(atoms::add(atoms::scale(s.cell_A[0], a), atoms::scale(s.cell_A[1], b)),
                                                 atoms::scale(s.cell_A[2], c));
          out.emplace_back(i, atoms::add(s.positions_A[i], shift));
        }
      }
    }
  }
  return out;
}

/// The twelve edges, six numbers each.
std::vector<double> cell_edges(const atoms::Cell& cell) {
  std::vector<double> out;
  for (std::size_t along = 0; along < 3; ++along) {
    const atoms::Vector& u = cell[(along + 1) % 3];
    const atoms::Vector& v = cell[(along + 2) % 3];
    for (int a = 0; a < 2; ++a) {
      for (int b = 0; b < 2; ++b) {
        const atoms::Vector start = atoms::add(atoms::scale(u, a), atoms::scale(v, b));
        const atoms::Vector end = atoms::add(start, cell[along]);
        out.insert(out.end(), start.begin(), start.end());
        out.insert(out.end(), end.begin(), end.end());
      }
    }
  }
  return out;
}

/// Outline of the cell along two Cartesian directions.
report::Line outline(const atoms::Cell& cell, std::size_t across, std::size_t up, std::array<std::size_t, 2> edges) {
  report::Line out{.name = "cell", .dash = report::Dash::dotted, .colour = report::Colour::grey};
  const atoms::Vector& p = cell[edges[0]];
  const atoms::Vector& q = cell[edges[1]];
  out.x = {0.0, p[across], p[across] + q[across], q[across], 0.0};
  out.y = {0.0, p[up], p[up] + q[up], q[up], 0.0};
  return out;
}

/// Plot area of a half-width panel of normal height: width over height.
constexpr double panel_ratio = 1.5;
constexpr double margin_A = 1.0;

struct View {
  std::string title;
  std::size_t across = 0;
  std::size_t up = 1;
  std::array<std::size_t, 2> edges{0, 1};
};

/// What a panel shows: equal scales on both axes, the cell in the middle.
struct Window {
  std::array<double, 2> across{};
  std::array<double, 2> up{};

  [[nodiscard]] bool holds(double x, double y) const {
    return x >= across[0] && x <= across[1] && y >= up[0] && y <= up[1];
  }
};

Window window_of(const report::Line& cell, double height) {
  const auto [left, right] = std::ranges::minmax(cell.x);
  const auto [low, high] = std::ranges::minmax(cell.y);
  const double tall = std::max(high - low + 2.0 * margin_A, (right - left + 2.0 * margin_A) * height / panel_ratio);
  const double wide = tall * panel_ratio / height;
  return {{0.5 * (left + right - wide), 0.5 * (left + right + wide)},
          {0.5 * (low + high - tall), 0.5 * (low + high + tall)}};
}

report::Panel panel_of(const View& view, const atoms::Cell& cell, std::size_t column) {
  constexpr std::array names{"x", "y", "z"};
  constexpr double height = 1.5;
  report::Panel out{.title = view.title, .column = column, .height = height};
  const report::Line frame = outline(cell, view.across, view.up, view.edges);
  const Window window = window_of(frame, height);
  out.x = {.label = names[view.across], .unit = "Å", .range = window.across};
  out.y = {.label = names[view.up], .unit = "Å", .range = window.up};
  out.marks.emplace_back(frame);
  return out;
}

/// Atoms and their periodic images along the two edges that are seen, as far as the panel reaches.
void draw_atoms(report::Panel& panel, const View& view, const atoms::Structure& s) {
  constexpr int copies = 12;
  const Window window{*panel.x.range, *panel.y.range};
  const auto reach = [&](std::size_t edge) { return s.periodic[edge] ? copies : 0; };
  for (const auto& [element, count] : atoms::composition(s)) {
    report::Points points{.name = std::string(element.symbol), .colour = colour_of(element)};
    for (std::size_t atom = 0; atom < s.size(); ++atom) {
      for (int i = -reach(view.edges[0]); i <= reach(view.edges[0]) && s.elements[atom] == element; ++i) {
        for (int j = -reach(view.edges[1]); j <= reach(view.edges[1]); ++j) {
          const atoms::Vector shift =
              atoms::add(atoms::scale(s.cell_A[view.edges[0]], i), atoms::scale(s.cell_A[view.edges[1]], j));
          const atoms::Vector place = atoms::add(s.positions_A[atom], shift);
          if (window.holds(place[view.across], place[view.up])) {
            points.x.push_back(place[view.across]);
            points.y.push_back(place[view.up]);
          }
        }
      }
    }
    panel.marks.emplace_back(std::move(points));
  }
}

/// From above, and from the side along the shorter edge of the base, where columns of atoms line up.
std::array<View, 2> views_of(const atoms::Structure& s) {
  const View above{"from above", 0, 1, {0, 1}};
  const bool along_a = atoms::norm(s.cell_A[0]) < 0.9 * atoms::norm(s.cell_A[1]);
  return {above, along_a ? View{"from the side", 1, 2, {1, 2}} : View{"from the side", 0, 2, {0, 2}}};
}

}  // namespace

atoms::Structure crystal_of(const StepInputs& inputs, const CrystalOptions& options) {
  if (const auto file = inputs.files.find("structure"); file != inputs.files.end()) {
    return atoms::load_structure(file->second);
  }
  const auto angstroms = [](const std::optional<Length>& length) {
    return length ? std::optional(length->in(units::angstrom)) : std::nullopt;
  };
  return atoms::phase_structure(
      options.phase, {.a_A = angstroms(options.a), .c_A = angstroms(options.c), .z = options.z, .cell = options.cell});
}

std::string origin_of(const StepInputs& inputs, const CrystalOptions& options) {
  if (const auto file = inputs.files.find("structure"); file != inputs.files.end()) {
    return file->second.filename().string();
  }
  const std::string changed = options.a || options.c || options.z ? "; lattice changed by options" : "";
  return atoms::find_phase(options.phase).source + changed;
}

io::Table atom_table(const atoms::Structure& s) {
  const atoms::Symmetry symmetry = atoms::find_symmetry(s);
  const std::vector<int> bonds = atoms::bond_counts(s, atoms::Bonding(s));
  std::vector<double> number, x, y, z, same_as, bond;
  std::vector<std::string> symbol;
  for (std::size_t i = 0; i < s.size(); ++i) {
    number.push_back(double(i));
    symbol.emplace_back(s.elements[i].symbol);
    x.push_back(s.positions_A[i][0]);
    y.push_back(s.positions_A[i][1]);
    z.push_back(s.positions_A[i][2]);
    same_as.push_back(double(symmetry.representative[i]));
    bond.push_back(double(bonds[i]));
  }
  io::Table out;
  out.columns = {io::number_column("atom", "", number),           io::text_column("element", symbol),
                 io::number_column("x", "angstrom", x),           io::number_column("y", "angstrom", y),
                 io::number_column("z", "angstrom", z),           io::text_column("wyckoff", symmetry.wyckoff),
                 io::number_column("equivalent_to", "", same_as), io::number_column("bonds", "", bond)};
  return out;
}

report::Figure projection_figure(const atoms::Structure& s, const std::string& id, const std::string& title) {
  report::Figure out{.id = id, .title = title};
  out.caption = fmt::format("{}, {} atoms; dotted: the cell, repeated around it", atoms::formula(s), s.size());
  const std::array views = views_of(s);
  for (std::size_t k = 0; k < views.size(); ++k) {
    out.panels.push_back(panel_of(views[k], s.cell_A, k));
    draw_atoms(out.panels.back(), views[k], s);
  }
  return out;
}

report::Figure model_figure(const atoms::Structure& s, const std::string& id, const std::string& title) {
  constexpr std::array spare{report::Colour::purple, report::Colour::orange, report::Colour::sky,
                             report::Colour::yellow, report::Colour::grey};
  report::Model model{.unit = "Å"};
  std::vector<atoms::Element> elements;
  for (const auto& [element, count] : atoms::composition(s)) {
    const report::Colour colour = colour_of(element);
    model.kinds.push_back(
        {.name = std::string(element.symbol),
         .radius = element.symbol == "Li" ? small_ball_A : ball_A,
         .colour = colour == report::Colour::automatic ? spare[elements.size() % spare.size()] : colour});
    elements.push_back(element);
  }
  const auto drawn = drawn_atoms(s);
  const atoms::Bonding bonding(s);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto& [atom, place] = drawn[i];
    model.x.push_back(place[0]);
    model.y.push_back(place[1]);
    model.z.push_back(place[2]);
    model.kind.push_back(std::size_t(std::ranges::find(elements, s.elements[atom]) - elements.begin()));
    for (std::size_t j = 0; j < i; ++j) {
      const double reach = bonding.cutoff_A(s.elements[atom], s.elements[drawn[j].first]);
      if (atoms::norm(atoms::subtract(place, drawn[j].second)) < reach) {
        model.from.push_back(j);
        model.to.push_back(i);
      }
    }
  }
  model.edges = cell_edges(s.cell_A);
  report::Figure out{.id = id, .title = title};
  out.caption = fmt::format("{}, {} atoms in the cell (dotted); drag to turn, double click to turn back",
                            atoms::formula(s), s.size());
  out.model = std::move(model);
  return out;
}

report::Figure path_figure(std::span<const atoms::Structure> images, const std::string& title) {
  constexpr double moved_A = 0.3;  // atoms that stay nearer than this to their place are not traced
  report::Figure out{.id = "path", .title = title};
  out.caption = fmt::format("{} images; lines: atoms that move by more than {} Å", images.size(), moved_A);
  const atoms::Structure& start = images.front();
  const std::array views = views_of(start);
  for (std::size_t k = 0; k < views.size(); ++k) {
    report::Panel panel = panel_of(views[k], start.cell_A, k);
    draw_atoms(panel, views[k], start);
    for (std::size_t i = 0; i < start.size(); ++i) {
      report::Line trace{.name = fmt::format("{} {}", start.elements[i].symbol, i), .colour = report::Colour::ink};
      double farthest = 0.0;
      for (const atoms::Structure& image : images) {
        farthest = std::max(farthest, atoms::norm(atoms::subtract(image.positions_A[i], start.positions_A[i])));
        trace.x.push_back(image.positions_A[i][views[k].across]);
        trace.y.push_back(image.positions_A[i][views[k].up]);
      }
      if (farthest > moved_A) {
        panel.marks.emplace_back(std::move(trace));
      }
    }
    out.panels.push_back(std::move(panel));
  }
  return out;
}

RawText extxyz(std::span<const atoms::Structure> images) {
  std::vector<atoms::Frame> frames;
  for (const atoms::Structure& s : images) {
    frames.push_back({.structure = s});
  }
  return {"extxyz", atoms::format_named("extxyz").write(frames)};
}

double closest_A(const atoms::Structure& s) {
  constexpr double search_A = 6.0;
  double out = search_A;
  for (const atoms::Neighbour& n : atoms::neighbours(s, search_A)) {
    out = std::min(out, n.distance_A);
  }
  return out;
}

Result geometric(const std::string& id, double value, const std::string& unit, const std::string& label) {
  return {.id = id,
          .value = value,
          .unit = unit,
          .method = "geometry of the cell as built, not relaxed",
          .evidence = "literature",
          .label = label};
}

}  // namespace hotstage::study::detail
