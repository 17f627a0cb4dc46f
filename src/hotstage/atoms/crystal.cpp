// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/crystal.hpp"

#include "hotstage/atoms/edit.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/io/document.hpp"

#include <fmt/format.h>
#include <spglib.h>

#include <algorithm>
#include <cmath>

namespace hotstage::atoms {

namespace {

constexpr int hall_numbers = 530;
constexpr int most_operations = 192;

/// Images of one site closer than this are the same atom: special positions are written with four digits.
constexpr double same_place_A = 0.02;
/// Different atoms closer than this are a mistake in the table (the shortest bond, H–H, is 0.74 Å).
constexpr double too_close_A = 0.5;

struct Operations {
  int rotation[most_operations][3][3]{};
  double translation[most_operations][3]{};
  int count = 0;
};

Operations operations_of(int hall_number) {
  if (hall_number < 1 || hall_number > hall_numbers) {
    throw Error(Errc::bad_input, fmt::format("there is no Hall number {}", hall_number),
                "Hall numbers run from 1 to 530");
  }
  Operations out;
  out.count = spg_get_symmetry_from_database(out.rotation, out.translation, hall_number);
  HOTSTAGE_ENSURES(out.count > 0);
  return out;
}

Vector applied(const Operations& ops, int n, const Vector& x) {
  Vector out{};
  for (std::size_t i = 0; i < 3; ++i) {
    out[i] = ops.translation[n][i];
    for (std::size_t j = 0; j < 3; ++j) {
      out[i] += ops.rotation[n][i][j] * x[j];
    }
  }
  return out;
}

/// The metric of a cell must not change under the rotations of its group.
void require_symmetric(const Cell& cell, const Operations& ops, int hall_number) {
  constexpr double relative = 1e-4;
  for (int n = 0; n < ops.count; ++n) {
    for (std::size_t i = 0; i < 3; ++i) {
      Vector column{};
      for (std::size_t j = 0; j < 3; ++j) {
        column[j] = ops.rotation[n][j][i];
      }
      if (std::abs(norm(combine(column, cell)) - norm(cell[i])) > relative * norm(cell[i])) {
        throw Error(
            Errc::bad_input,
            fmt::format("a cell with a = {:.5g}, b = {:.5g}, c = {:.5g} Å has not the symmetry of Hall number {}",
                        norm(cell[0]), norm(cell[1]), norm(cell[2]), hall_number),
            "Cubic groups need a = b = c, hexagonal settings a = b and 120° between them");
      }
    }
  }
}

void add_orbit(Structure& structure, const Lattice& lattice, const Site& site, const Operations& ops) {
  const std::size_t first = structure.size();
  for (int n = 0; n < ops.count; ++n) {
    Vector f = applied(ops, n, site.fraction);
    for (double& x : f) {
      x -= std::floor(x + 1e-7);
    }
    const Vector place = lattice.cartesian(f);
    double nearest = too_close_A;
    std::size_t hit = structure.size();
    for (std::size_t i = 0; i < structure.size(); ++i) {
      const double d = norm(lattice.nearest_image(subtract(structure.positions_A[i], place), structure.periodic));
      if (d < nearest) {
        nearest = d;
        hit = i;
      }
    }
    if (hit >= first && nearest < same_place_A) {
      continue;
    }
    if (nearest < too_close_A) {
      throw Error(Errc::bad_input,
                  fmt::format("{} at ({:.4f}, {:.4f}, {:.4f}) lies {:.3f} Å from an atom of {}", site.element.symbol,
                              f[0], f[1], f[2], nearest, structure.elements[hit].symbol),
                  "Check the coordinate: special positions need all their digits");
    }
    structure.elements.push_back(site.element);
    structure.positions_A.push_back(place);
    structure.moments_muB.push_back(site.moment_muB);
  }
}

/// Primitive vectors in units of the conventional ones, as the International Tables choose them (R: obverse).
Cell centring(int hall_number) {
  constexpr double h = 0.5;
  constexpr double t = 1.0 / 3.0;
  const SpglibSpacegroupType type = spg_get_spacegroup_type(hall_number);
  switch (type.international_short[0]) {
    case 'F':
      return {Vector{0, h, h}, Vector{h, 0, h}, Vector{h, h, 0}};
    case 'I':
      return {Vector{-h, h, h}, Vector{h, -h, h}, Vector{h, h, -h}};
    case 'R':
      if (type.choice[0] == 'H') {
        return {Vector{2 * t, t, t}, Vector{-t, t, t}, Vector{-t, -2 * t, t}};
      }
      break;
    case 'A':
      return {Vector{1, 0, 0}, Vector{0, h, -h}, Vector{0, h, h}};
    case 'C':
      return {Vector{h, h, 0}, Vector{-h, h, 0}, Vector{0, 0, 1}};
    default:
      break;
  }
  return {Vector{1, 0, 0}, Vector{0, 1, 0}, Vector{0, 0, 1}};
}

double number_or(const Value& table, std::string_view key, double other) {
  return table.number_at(key).value_or(other);
}

Site read_site(const Value& value) {
  Site out;
  out.element = element(value.at("element").as_text());
  const Value::Array& at = value.at("at").as_array();
  if (at.size() != 3) {
    throw Error(Errc::bad_input, value.where, fmt::format("a site has {} coordinates instead of 3", at.size()));
  }
  for (std::size_t k = 0; k < 3; ++k) {
    out.fraction[k] = at[k].as_number();
  }
  out.moment_muB = number_or(value, "moment", 0.0);
  return out;
}

/// Hexagonal axes: trigonal in the hexagonal setting and hexagonal groups.
bool hexagonal_axes(int hall_number) {
  const SpglibSpacegroupType type = spg_get_spacegroup_type(hall_number);
  return type.number >= 143 && type.number <= 194 && type.choice[0] != 'R';
}

Phase read_phase(const Member& member) {
  const Value& table = member.value;
  Phase out;
  out.name = member.key;
  out.description = table.at("description").as_text();
  out.space_group = static_cast<int>(table.at("space_group").as_integer());
  out.crystal.hall_number = static_cast<int>(table.at("hall").as_integer());
  out.source = table.at("source").as_text();
  out.molecule = table.find("molecule") != nullptr;
  const double a = table.at("a").as_number();
  const bool hexagonal = hexagonal_axes(out.crystal.hall_number);
  out.crystal.cell = {a, number_or(table, "b", a), number_or(table, "c", a), 90.0, 90.0, hexagonal ? 120.0 : 90.0};
  for (const Value& site : table.at("sites").as_array()) {
    out.crystal.sites.push_back(read_site(site));
  }
  return out;
}

/// Sets c or refuses: a cubic cell has none of its own.
void set_c(Phase& phase, double c_A) {
  const double a = phase.crystal.cell.a_A;
  if (phase.crystal.cell.gamma_deg == 90.0 && !phase.molecule) {
    throw Error(Errc::bad_input,
                fmt::format("{} is cubic and has no lattice constant c of its own (c = {} Å given, a = {} Å)",
                            phase.name, c_A, a),
                "Leave c out");
  }
  phase.crystal.cell.c_A = c_A;
}

void set_z(Phase& phase, double z) {
  if (phase.name != "LiCoO2") {
    throw Error(Errc::bad_input, fmt::format("{} has no free height z", phase.name), "Only LiCoO2 has; leave z out");
  }
  for (Site& site : phase.crystal.sites) {
    if (site.element == element("O")) {
      site.fraction[2] = z;
    }
  }
}

}  // namespace

Structure build(const Crystal& crystal) {
  const Operations ops = operations_of(crystal.hall_number);
  Structure out;
  out.cell_A = cell_from(crystal.cell);
  require_symmetric(out.cell_A, ops, crystal.hall_number);
  const Lattice lattice(out.cell_A);
  for (const Site& site : crystal.sites) {
    add_orbit(out, lattice, site, ops);
  }
  if (std::ranges::all_of(out.moments_muB, [](double m) { return m == 0.0; })) {
    out.moments_muB.clear();
  }
  return grouped_by_element(out);
}

const std::vector<Phase>& phases() {
  static const std::vector<Phase> table = [] {
    const Value document = io::read_document(data_folder("structures") / "phases.toml");
    std::vector<Phase> out;
    for (const Member& member : document.as_object()) {
      out.push_back(read_phase(member));
    }
    return out;
  }();
  return table;
}

const Phase& find_phase(std::string_view name) {
  std::vector<std::string> names;
  for (const Phase& phase : phases()) {
    if (phase.name == name) {
      return phase;
    }
    names.push_back(phase.name);
  }
  const auto guess = nearest(name, names);
  throw Error(
      Errc::bad_input, fmt::format("\"{}\" is not a phase of data/structures", name),
      guess ? fmt::format("Did you mean \"{}\"?", *guess) : fmt::format("Known are {}", fmt::join(names, ", ")));
}

Structure phase_structure(std::string_view name, const PhaseOptions& options) {
  Phase phase = find_phase(name);
  if (options.a_A) {
    const CellParameters old = phase.crystal.cell;
    CellParameters& cell = phase.crystal.cell;
    cell.a_A = *options.a_A;
    cell.b_A = old.b_A == old.a_A ? *options.a_A : old.b_A;
    cell.c_A = old.c_A == old.a_A ? *options.a_A : old.c_A;
  }
  if (options.c_A) {
    set_c(phase, *options.c_A);
  }
  if (options.z) {
    set_z(phase, *options.z);
  }
  Structure out = build(phase.crystal);
  out.comment = fmt::format("{}: {}", phase.name, phase.description);
  if (options.cell == CellKind::conventional || phase.molecule) {
    return out;
  }
  const Cell rows = centring(phase.crystal.hall_number);
  return folded(out, {combine(rows[0], out.cell_A), combine(rows[1], out.cell_A), combine(rows[2], out.cell_A)});
}

}  // namespace hotstage::atoms
