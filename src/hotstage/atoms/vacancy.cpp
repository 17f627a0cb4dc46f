// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/vacancy.hpp"

#include "hotstage/atoms/bonding.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hotstage::atoms {

namespace {

/// Formula of the atoms bonded to one, in the order of the host's elements.
std::string bonded_to(const Structure& host, const std::vector<Neighbour>& near, const Bonding& bonding,
                      std::size_t site) {
  std::vector<std::size_t> partners;
  for (const Neighbour& n : near) {
    if (n.from == site && n.distance_A < bonding.cutoff_A(host.elements[site], host.elements[n.to])) {
      partners.push_back(n.to);
    }
  }
  std::ranges::sort(partners);
  return partners.empty() ? std::string("nothing") : formula(take(host, partners));
}

}  // namespace

std::vector<Vacancy> vacancies(const Structure& host, const Element& element, double tolerance_A) {
  const Symmetry symmetry = find_symmetry(host, tolerance_A);
  const Bonding bonding(host);
  const std::vector<Neighbour> near =
      bonding.longest_A() > 0.0 ? neighbours(host, bonding.longest_A()) : std::vector<Neighbour>{};
  std::vector<Vacancy> out;
  for (const std::size_t site : distinct_atoms(symmetry)) {
    if (!(host.elements[site] == element)) {
      continue;
    }
    Vacancy v{.site = site};
    v.multiplicity = std::size_t(std::ranges::count(symmetry.representative, site));
    v.wyckoff = symmetry.wyckoff[site];
    v.neighbours = bonded_to(host, near, bonding, site);
    v.place_A = host.positions_A[site];
    v.structure = without(host, std::array{site});
    v.structure.comment = fmt::format("{} without one {} bonded to {}", formula(host), element.symbol, v.neighbours);
    out.push_back(std::move(v));
  }
  if (out.empty()) {
    throw Error(Errc::bad_input, fmt::format("{} holds no {}", formula(host), element.symbol));
  }
  return out;
}

}  // namespace hotstage::atoms
