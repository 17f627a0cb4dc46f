// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/bonding.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/neighbours.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::atoms {

namespace {

constexpr int lithium = 3;
constexpr int oxygen = 8;

bool is_oxide(const Structure& s) {
  const auto parts = composition(s);
  return parts.size() > 1 && std::ranges::any_of(parts, [](const auto& p) { return p.first.number == oxygen; });
}

/// A distance within which every atom of a dense crystal has a neighbour: twice the cube root of the volume per atom.
double search_distance_A(const Structure& s) {
  return 2.0 * std::cbrt(std::abs(volume_A3(s.cell_A)) / double(s.size()));
}

}  // namespace

Bonding::Bonding(const Structure& bulk, double stretch) {
  const bool oxide = is_oxide(bulk);
  for (const Neighbour& n : neighbours(bulk, search_distance_A(bulk))) {
    const int low = std::min(bulk.elements[n.from].number, bulk.elements[n.to].number);
    const int high = std::max(bulk.elements[n.from].number, bulk.elements[n.to].number);
    if (oxide && (low == oxygen) == (high == oxygen)) {
      continue;
    }
    const auto known = std::ranges::find_if(kinds_, [&](const Kind& k) { return k.low == low && k.high == high; });
    if (known == kinds_.end()) {
      kinds_.push_back({low, high, n.distance_A * stretch});
    } else {
      known->cutoff_A = std::min(known->cutoff_A, n.distance_A * stretch);
    }
  }
}

double Bonding::cutoff_A(const Element& a, const Element& b) const {
  const auto [low, high] = std::minmax(a.number, b.number);
  for (const Kind& k : kinds_) {
    if (k.low == low && k.high == high) {
      return k.cutoff_A;
    }
  }
  return 0.0;
}

double Bonding::longest_A() const {
  double out = 0.0;
  for (const Kind& k : kinds_) {
    out = std::max(out, k.cutoff_A);
  }
  return out;
}

std::vector<int> bond_counts(const Structure& s, const Bonding& bonding) {
  std::vector<int> out(s.size(), 0);
  if (bonding.longest_A() > 0.0) {
    for (const Neighbour& n : neighbours(s, bonding.longest_A())) {
      out[n.from] += n.distance_A < bonding.cutoff_A(s.elements[n.from], s.elements[n.to]) ? 1 : 0;
    }
  }
  return out;
}

std::vector<double> formal_charges(const Structure& s) {
  std::vector<double> out(s.size(), 0.0);
  if (!is_oxide(s)) {
    return out;
  }
  double left = 0.0;
  double sharing = 0.0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const int z = s.elements[i].number;
    out[i] = z == oxygen ? -2.0 : (z == lithium ? 1.0 : 0.0);
    left -= out[i];
    sharing += z != oxygen && z != lithium ? 1.0 : 0.0;
  }
  for (std::size_t i = 0; i < s.size() && sharing > 0.0; ++i) {
    if (s.elements[i].number != oxygen && s.elements[i].number != lithium) {
      out[i] = left / sharing;
    }
  }
  return out;
}

}  // namespace hotstage::atoms
