// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/symmetry.hpp"

#include "hotstage/atoms/edit.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>
#include <spglib.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace hotstage::atoms {

namespace {

/// The arrays spglib wants: lattice vectors as columns, fractions, one number per kind of atom.
struct Input {
  double lattice[3][3];
  std::vector<std::array<double, 3>> places;
  std::vector<int> kinds;

  [[nodiscard]] double (*positions())[3] { return reinterpret_cast<double(*)[3]>(places.data()); }

  [[nodiscard]] int count() const { return static_cast<int>(kinds.size()); }
};

void set_lattice(Input& input, const Cell& cell) {
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      input.lattice[j][i] = cell[i][j];
    }
  }
}

int kind_of(const Structure& s, std::size_t i, Moments moments) {
  // Kinds only have to differ; starting moments are told apart in steps of 0.01 Bohr magnetons.
  constexpr int elements_apart = 100000;
  const int moment = moments == Moments::distinguish && !s.moments_muB.empty()
                         ? static_cast<int>(std::lround(s.moments_muB[i] * 100.0)) + elements_apart / 2
                         : 0;
  return s.elements[i].number * elements_apart + moment;
}

Input input_of(const Structure& s, Moments moments) {
  require_consistent(s);
  if (s.size() == 0) {
    throw Error(Errc::bad_input, "a structure without atoms has no space group");
  }
  Input out{};
  set_lattice(out, s.cell_A);
  out.places = fractional_positions(s);
  for (std::size_t i = 0; i < s.size(); ++i) {
    out.kinds.push_back(kind_of(s, i, moments));
  }
  return out;
}

[[noreturn]] void refuse(const Structure& s, double tolerance_A) {
  throw Error(Errc::refused,
              fmt::format("no space group found for {} within {} Å: {}", formula(s), tolerance_A,
                          spg_get_error_message(spg_get_error_code())),
              "Look for atoms on top of each other, or use a smaller tolerance");
}

using Dataset = std::unique_ptr<SpglibDataset, decltype(&spg_free_dataset)>;

Symmetry from_dataset(const SpglibDataset& d) {
  Symmetry out;
  out.number = d.spacegroup_number;
  out.international = d.international_symbol;
  out.point_group = d.pointgroup_symbol;
  out.hall_number = d.hall_number;
  for (int n = 0; n < d.n_operations; ++n) {
    Operation op;
    for (std::size_t i = 0; i < 3; ++i) {
      op.translation[i] = d.translations[n][i];
      std::copy_n(d.rotations[n][i], 3, op.rotation[i].begin());
    }
    out.operations.push_back(op);
  }
  for (int i = 0; i < d.n_atoms; ++i) {
    out.representative.push_back(static_cast<std::size_t>(d.equivalent_atoms[i]));
    // Letters run a…z, then A (only Pmmm reaches it).
    out.wyckoff.emplace_back(1, d.wyckoffs[i] < 26 ? static_cast<char>('a' + d.wyckoffs[i]) : 'A');
  }
  return out;
}

}  // namespace

Symmetry find_symmetry(const Structure& s, double tolerance_A, Moments moments) {
  Input input = input_of(s, moments);
  const Dataset dataset(
      spg_get_dataset(input.lattice, input.positions(), input.kinds.data(), input.count(), tolerance_A),
      &spg_free_dataset);
  if (!dataset || dataset->spacegroup_number == 0) {
    refuse(s, tolerance_A);
  }
  return from_dataset(*dataset);
}

std::vector<std::size_t> distinct_atoms(const Symmetry& symmetry) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < symmetry.representative.size(); ++i) {
    if (symmetry.representative[i] == i) {
      out.push_back(i);
    }
  }
  return out;
}

Structure standard_cell(const Structure& s, double tolerance_A) {
  Input input = input_of(s, Moments::ignored);
  const Dataset dataset(
      spg_get_dataset(input.lattice, input.positions(), input.kinds.data(), input.count(), tolerance_A),
      &spg_free_dataset);
  if (!dataset || dataset->spacegroup_number == 0) {
    refuse(s, tolerance_A);
  }
  Structure out;
  out.comment = s.comment;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      out.cell_A[i][j] = dataset->std_lattice[j][i];
    }
  }
  for (int n = 0; n < dataset->n_std_atoms; ++n) {
    const auto hit = std::ranges::find(input.kinds, dataset->std_types[n]);
    out.elements.push_back(s.elements[static_cast<std::size_t>(hit - input.kinds.begin())]);
    const double* f = dataset->std_positions[n];
    out.positions_A.push_back(combine({f[0], f[1], f[2]}, out.cell_A));
  }
  return grouped_by_element(out);
}

std::vector<std::size_t> permutation(const Structure& s, const Operation& op, double tolerance_A) {
  const std::vector<Vector> fractions = fractional_positions(s);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    Vector moved = op.translation;
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 3; ++k) {
        moved[j] += op.rotation[j][k] * fractions[i][k];
      }
    }
    std::size_t best = s.size();
    double nearest = tolerance_A;
    for (std::size_t j = 0; j < s.size(); ++j) {
      if (s.elements[j] == s.elements[i]) {
        // Rounding is enough to find an image that lies within a small tolerance.
        Vector off = subtract(fractions[j], moved);
        for (double& x : off) {
          x -= std::round(x);
        }
        const double d = norm(combine(off, s.cell_A));
        best = d < nearest ? j : best;
        nearest = std::min(d, nearest);
      }
    }
    HOTSTAGE_EXPECTS(best < s.size());
    out.push_back(best);
  }
  return out;
}

}  // namespace hotstage::atoms
