// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/neighbours.hpp"

#include "hotstage/atoms/edit.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::atoms {

namespace {

constexpr double most_pairs = 1e8;

/// Bins in fractional space. A bin is at least one cutoff thick, or the whole cell when the cell is thinner; then
/// several images of it are searched.
struct Bins {
  IntVector count{1, 1, 1};
  IntVector reach{1, 1, 1};  ///< bins to look at on either side
  std::vector<Vector> fraction;
  std::vector<IntVector> shift;  ///< lattice vectors that wrapped each atom
  std::vector<std::vector<std::size_t>> atoms;

  [[nodiscard]] std::size_t index(const IntVector& bin) const {
    return (std::size_t(bin[0]) * std::size_t(count[1]) + std::size_t(bin[1])) * std::size_t(count[2]) +
           std::size_t(bin[2]);
  }

  [[nodiscard]] IntVector bin_of(const Vector& f) const {
    IntVector out{};
    for (std::size_t k = 0; k < 3; ++k) {
      out[k] = std::clamp(int(std::floor(f[k] * count[k])), 0, count[k] - 1);
    }
    return out;
  }
};

/// Along open directions places can lie outside [0, 1): the end bins then take what is beyond, and reach everywhere.
Bins sorted_into_bins(const Structure& s, const Lattice& lattice, double cutoff_A) {
  constexpr int most_bins_per_edge = 64;
  Bins out;
  for (std::size_t k = 0; k < 3; ++k) {
    const double thickness = 1.0 / norm(lattice.reciprocal()[k]);
    if (s.periodic[k]) {
      out.count[k] = std::clamp(int(std::floor(thickness / cutoff_A)), 1, most_bins_per_edge);
      out.reach[k] = int(std::ceil(cutoff_A * out.count[k] / thickness));
    } else {
      out.count[k] = 1;
      out.reach[k] = 0;
    }
  }
  out.atoms.resize(std::size_t(out.count[0]) * std::size_t(out.count[1]) * std::size_t(out.count[2]));
  for (std::size_t i = 0; i < s.size(); ++i) {
    Vector f = lattice.fractional(s.positions_A[i]);
    IntVector shift{};
    for (std::size_t k = 0; k < 3; ++k) {
      if (s.periodic[k]) {
        shift[k] = int(std::floor(f[k]));
        f[k] -= shift[k];
      }
    }
    out.fraction.push_back(f);
    out.shift.push_back(shift);
    out.atoms[out.index(out.bin_of(f))].push_back(i);
  }
  return out;
}

/// Looks at one bin of a periodic image for neighbours of `from`.
void search_bin(const Structure& s, const Bins& bins, std::size_t from, const IntVector& bin, double cutoff_A,
                std::vector<Neighbour>& out) {
  IntVector wrap{};
  IntVector home{};
  for (std::size_t k = 0; k < 3; ++k) {
    wrap[k] = int(std::floor(double(bin[k]) / bins.count[k]));
    home[k] = bin[k] - wrap[k] * bins.count[k];
  }
  for (const std::size_t to : bins.atoms[bins.index(home)]) {
    Neighbour n{.from = from, .to = to};
    for (std::size_t k = 0; k < 3; ++k) {
      n.image[k] = wrap[k] + bins.shift[from][k] - bins.shift[to][k];
    }
    if (from == to && n.image == IntVector{}) {
      continue;
    }
    const Vector image = combine({double(n.image[0]), double(n.image[1]), double(n.image[2])}, s.cell_A);
    n.step_A = add(subtract(s.positions_A[to], s.positions_A[from]), image);
    n.distance_A = norm(n.step_A);
    if (n.distance_A < cutoff_A) {
      out.push_back(n);
    }
  }
}

void require_sensible(const Structure& s, double cutoff_A) {
  if (!(cutoff_A > 0.0) || !std::isfinite(cutoff_A)) {
    throw Error(Errc::bad_input, fmt::format("a neighbour distance of {} Å is not positive", cutoff_A));
  }
  const double density = double(s.size()) / std::abs(volume_A3(s.cell_A));
  const double expected = double(s.size()) * density * 4.0 / 3.0 * std::numbers::pi * std::pow(cutoff_A, 3.0);
  if (expected > most_pairs) {
    throw Error(Errc::no_space,
                fmt::format("{:.2g} pairs of neighbours within {} Å would not fit in memory", expected, cutoff_A),
                "Use a shorter distance");
  }
}

}  // namespace

std::vector<Neighbour> neighbours(const Structure& s, double cutoff_A) {
  require_consistent(s);
  const Lattice lattice(s.cell_A);
  require_sensible(s, cutoff_A);
  const Bins bins = sorted_into_bins(s, lattice, cutoff_A);
  std::vector<Neighbour> out;
  for (std::size_t from = 0; from < s.size(); ++from) {
    const std::size_t start = out.size();
    const IntVector centre = bins.bin_of(bins.fraction[from]);
    for (int i = -bins.reach[0]; i <= bins.reach[0]; ++i) {
      for (int j = -bins.reach[1]; j <= bins.reach[1]; ++j) {
        for (int k = -bins.reach[2]; k <= bins.reach[2]; ++k) {
          search_bin(s, bins, from, {centre[0] + i, centre[1] + j, centre[2] + k}, cutoff_A, out);
        }
      }
    }
    std::ranges::stable_sort(out.begin() + std::ptrdiff_t(start), out.end(), {}, &Neighbour::distance_A);
  }
  return out;
}

std::vector<int> coordination(const Structure& s, const Pair& pair) {
  std::vector<int> out(s.size(), 0);
  for (const Neighbour& n : neighbours(s, pair.cutoff_A)) {
    if (s.elements[n.from] == pair.centre && s.elements[n.to] == pair.ligand) {
      ++out[n.from];
    }
  }
  return out;
}

}  // namespace hotstage::atoms
