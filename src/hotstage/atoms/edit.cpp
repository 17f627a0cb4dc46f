// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/edit.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>

namespace hotstage::atoms {

namespace {

std::string written(const std::vector<std::pair<Element, std::size_t>>& parts, std::size_t divisor) {
  std::string out;
  for (const auto& [element, count] : parts) {
    out += count == divisor ? std::string(element.symbol) : fmt::format("{}{}", element.symbol, count / divisor);
  }
  return out;
}

bool same_kind(const Structure& s, std::size_t i, std::size_t j) {
  // Starting moments are written with few digits; anything closer is the same magnetic atom.
  constexpr double moment_tolerance_muB = 1e-3;
  return s.elements[i] == s.elements[j] &&
         (s.moments_muB.empty() || std::abs(s.moments_muB[i] - s.moments_muB[j]) < moment_tolerance_muB) &&
         (s.fixed.empty() || s.fixed[i] == s.fixed[j]);
}

int determinant(const IntCell& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/// Translations of the old lattice that lie in one cell of the new one.
std::vector<Vector> translations_within(const IntCell& rows, const Cell& old_cell, const Lattice& fresh) {
  // Corner sums bound the integer box that covers the new cell.
  IntVector low{0, 0, 0};
  IntVector high{0, 0, 0};
  for (std::size_t k = 0; k < 3; ++k) {
    for (const IntVector& row : rows) {
      (row[k] < 0 ? low : high)[k] += row[k];
    }
  }
  constexpr double edge = 1e-7;
  std::vector<Vector> out;
  for (int i = low[0]; i <= high[0]; ++i) {
    for (int j = low[1]; j <= high[1]; ++j) {
      for (int k = low[2]; k <= high[2]; ++k) {
        const Vector place = combine({double(i), double(j), double(k)}, old_cell);
        const Vector f = fresh.fractional(place);
        if (std::ranges::all_of(f, [](double x) { return x > -edge && x < 1.0 - edge; })) {
          out.push_back(place);
        }
      }
    }
  }
  return out;
}

/// True when moving everything by `shift_A` puts every atom on one of its kind.
bool is_translation(const Structure& s, const Lattice& lattice, const Vector& shift_A, double tolerance_A) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    const Vector moved = add(s.positions_A[i], shift_A);
    bool found = false;
    for (std::size_t j = 0; j < s.size() && !found; ++j) {
      found = same_kind(s, i, j) &&
              norm(lattice.nearest_image(subtract(s.positions_A[j], moved), s.periodic)) < tolerance_A;
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

/// A lattice vector finer than the cell, as exact fractions of it (denominators divide the number of atoms).
std::optional<Vector> finer_translation(const Structure& s, double tolerance_A) {
  const Lattice lattice(s.cell_A);
  // The rarest element leaves the fewest candidates.
  const auto parts = composition(s);
  const auto rarest = std::ranges::min_element(parts, {}, [](const auto& p) { return p.second; })->first;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (!(s.elements[i] == rarest)) {
      continue;
    }
    if (!first) {
      first = i;
      continue;
    }
    const Vector shift = subtract(s.positions_A[i], s.positions_A[*first]);
    if (same_kind(s, *first, i) && is_translation(s, lattice, shift, tolerance_A)) {
      Vector f = lattice.fractional(shift);
      const auto n = double(s.size());
      for (double& x : f) {
        for (double q = 1.0; q <= n; q += 1.0) {  // the smallest denominator that fits
          const double snapped = std::round(x * q) / q;
          if (std::abs(snapped - x) * norm(s.cell_A[std::size_t(&x - f.data())]) < tolerance_A) {
            x = snapped;
            break;
          }
        }
      }
      return lattice.cartesian(f);
    }
  }
  return std::nullopt;
}

/// The lattice spanned by `cell` and one finer vector: three shortest independent vectors of the generated set.
Cell refined(const Cell& cell, const Vector& shift_A) {
  const Lattice lattice(cell);
  std::vector<Vector> candidates{cell[0], cell[1], cell[2]};
  Vector f = lattice.fractional(shift_A);
  Vector multiple = f;
  constexpr double whole = 1e-6;
  while (std::ranges::any_of(multiple, [](double x) { return std::abs(x - std::round(x)) > whole; })) {
    candidates.push_back(lattice.nearest_image(lattice.cartesian(multiple), {true, true, true}));
    multiple = add(multiple, f);
  }
  const double fraction = 1.0 / double(candidates.size() - 2);  // the finer lattice's share of the old volume
  const double target = std::abs(volume_A3(cell)) * fraction;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (std::size_t j = i + 1; j < candidates.size(); ++j) {
      for (std::size_t k = j + 1; k < candidates.size(); ++k) {
        const Cell trial{candidates[i], candidates[j], candidates[k]};
        if (std::abs(std::abs(volume_A3(trial)) - target) < 0.1 * target) {
          return reduced(trial);
        }
      }
    }
  }
  HOTSTAGE_ENSURES(false && "a finer translation must refine the lattice");
  return cell;
}

}  // namespace

void require_consistent(const Structure& s) {
  const auto wrong_length = [&](std::size_t length) { return length != 0 && length != s.size(); };
  if (s.positions_A.size() != s.size() || wrong_length(s.moments_muB.size()) || wrong_length(s.fixed.size())) {
    throw Error(Errc::bad_input,
                fmt::format("a structure of {} atoms has {} places, {} moments and {} flags", s.size(),
                            s.positions_A.size(), s.moments_muB.size(), s.fixed.size()),
                "Give every list once per atom, or leave moments and flags out");
  }
  const auto finite = [](const Vector& v) { return std::ranges::all_of(v, [](double x) { return std::isfinite(x); }); };
  if (!std::ranges::all_of(s.positions_A, finite) || !std::ranges::all_of(s.cell_A, finite)) {
    throw Error(Errc::bad_input, "a structure holds a coordinate that is not a finite number");
  }
}

std::vector<std::pair<Element, std::size_t>> composition(const Structure& s) {
  std::vector<std::pair<Element, std::size_t>> out;
  for (const Element& e : s.elements) {
    const auto place = std::ranges::find(out, e, [](const auto& part) { return part.first; });
    if (place == out.end()) {
      out.emplace_back(e, 1);
    } else {
      ++place->second;
    }
  }
  return out;
}

std::string formula(const Structure& s) {
  return written(composition(s), 1);
}

std::size_t formula_units(const Structure& s) {
  std::size_t divisor = 0;
  for (const auto& part : composition(s)) {
    divisor = std::gcd(divisor, part.second);
  }
  return divisor;
}

std::string reduced_formula(const Structure& s) {
  return s.size() == 0 ? std::string() : written(composition(s), formula_units(s));
}

std::vector<Vector> fractional_positions(const Structure& s) {
  const Lattice lattice(s.cell_A);
  std::vector<Vector> out;
  out.reserve(s.size());
  for (const Vector& place : s.positions_A) {
    out.push_back(lattice.fractional(place));
  }
  return out;
}

Structure take(const Structure& s, std::span<const std::size_t> which) {
  Structure out;
  out.cell_A = s.cell_A;
  out.periodic = s.periodic;
  out.comment = s.comment;
  for (const std::size_t i : which) {
    if (i >= s.size()) {
      throw Error(Errc::bad_input, fmt::format("there is no atom {} in a structure of {} atoms", i, s.size()),
                  "Atoms are counted from 0");
    }
    out.elements.push_back(s.elements[i]);
    out.positions_A.push_back(s.positions_A[i]);
    if (!s.moments_muB.empty()) {
      out.moments_muB.push_back(s.moments_muB[i]);
    }
    if (!s.fixed.empty()) {
      out.fixed.push_back(s.fixed[i]);
    }
  }
  return out;
}

Structure without(const Structure& s, std::span<const std::size_t> which) {
  std::vector<char> drop(s.size(), 0);
  for (const std::size_t i : which) {
    if (i >= s.size()) {
      throw Error(Errc::bad_input, fmt::format("there is no atom {} in a structure of {} atoms", i, s.size()),
                  "Atoms are counted from 0");
    }
    drop[i] = 1;
  }
  std::vector<std::size_t> keep;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (drop[i] == 0) {
      keep.push_back(i);
    }
  }
  return take(s, keep);
}

Structure grouped_by_element(const Structure& s) {
  std::vector<std::size_t> order;
  for (const auto& part : composition(s)) {
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (s.elements[i] == part.first) {
        order.push_back(i);
      }
    }
  }
  return take(s, order);
}

Structure wrapped(const Structure& s, double edge) {
  const Lattice lattice(s.cell_A);
  Structure out = s;
  for (Vector& place : out.positions_A) {
    Vector f = lattice.fractional(place);
    for (std::size_t k = 0; k < 3; ++k) {
      if (s.periodic[k]) {
        f[k] -= std::floor(f[k] + edge);
      }
    }
    place = lattice.cartesian(f);
  }
  return out;
}

Structure repeated(const Structure& s, const IntVector& count) {
  if (std::ranges::any_of(count, [](int n) { return n < 1; })) {
    throw Error(Errc::bad_input, fmt::format("cannot repeat a cell {}×{}×{} times", count[0], count[1], count[2]),
                "Give three counts of at least 1");
  }
  return supercell(s, {IntVector{count[0], 0, 0}, IntVector{0, count[1], 0}, IntVector{0, 0, count[2]}});
}

Structure supercell(const Structure& s, const IntCell& rows) {
  const int size = std::abs(determinant(rows));
  if (size == 0) {
    throw Error(Errc::bad_input, "the supercell matrix is flat (determinant 0)",
                "Give three independent integer rows, for example 2 0 0 / 0 2 0 / 0 0 1");
  }
  Structure out;
  out.periodic = s.periodic;
  out.comment = s.comment;
  for (std::size_t k = 0; k < 3; ++k) {
    out.cell_A[k] = combine({double(rows[k][0]), double(rows[k][1]), double(rows[k][2])}, s.cell_A);
  }
  const std::vector<Vector> shifts = translations_within(rows, s.cell_A, Lattice(out.cell_A));
  HOTSTAGE_ENSURES(shifts.size() == std::size_t(size));
  for (const Vector& shift : shifts) {
    for (std::size_t i = 0; i < s.size(); ++i) {
      out.elements.push_back(s.elements[i]);
      out.positions_A.push_back(add(s.positions_A[i], shift));
      if (!s.moments_muB.empty()) {
        out.moments_muB.push_back(s.moments_muB[i]);
      }
      if (!s.fixed.empty()) {
        out.fixed.push_back(s.fixed[i]);
      }
    }
  }
  return grouped_by_element(wrapped(out));
}

Structure folded(const Structure& s, const Cell& cell, double tolerance_A) {
  const Lattice lattice(cell);
  std::vector<std::size_t> keep;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool seen = std::ranges::any_of(keep, [&](std::size_t j) {
      return same_kind(s, i, j) &&
             norm(lattice.nearest_image(subtract(s.positions_A[i], s.positions_A[j]), s.periodic)) < tolerance_A;
    });
    if (!seen) {
      keep.push_back(i);
    }
  }
  Structure out = take(s, keep);
  out.cell_A = cell;
  return wrapped(out);
}

Structure primitive(const Structure& s, double tolerance_A) {
  HOTSTAGE_EXPECTS(s.periodic[0] && s.periodic[1] && s.periodic[2]);
  if (s.size() == 0) {
    throw Error(Errc::bad_input, "a structure without atoms has no primitive cell");
  }
  Structure out = s;
  out.cell_A = reduced(s.cell_A);
  out = wrapped(out);
  while (const auto shift = finer_translation(out, tolerance_A)) {
    out = folded(out, refined(out.cell_A, *shift), tolerance_A);
  }
  return grouped_by_element(out);
}

}  // namespace hotstage::atoms
