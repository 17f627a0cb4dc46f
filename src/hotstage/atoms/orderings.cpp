// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/orderings.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <tuple>
#include <unordered_set>

namespace hotstage::atoms {

namespace {

using Mask = std::uint64_t;

constexpr std::size_t most_sites = 64;
constexpr double most_choices = 2e6;

std::vector<std::size_t> sites_of(const Structure& host, const Element& element) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (host.elements[i] == element) {
      out.push_back(i);
    }
  }
  return out;
}

double choices(std::size_t n, std::size_t k) {
  double out = 1.0;
  for (std::size_t i = 1; i <= k; ++i) {
    out *= double(n - k + i) / double(i);
  }
  return out;
}

void require_countable(std::size_t sites, const OrderingOptions& o) {
  if (o.remove > sites) {
    throw Error(Errc::refused, fmt::format("cannot remove {} {} atoms from {}", o.remove, o.element.symbol, sites));
  }
  if (sites > most_sites || choices(sites, o.remove) > most_choices) {
    throw Error(Errc::refused,
                fmt::format("{} of {} {} sites can be chosen in {:.3g} ways, more than are enumerated here", o.remove,
                            sites, o.element.symbol, choices(sites, o.remove)),
                "Use a smaller supercell");
  }
}

/// How each operation moves the sites among themselves; the same move only once.
std::vector<std::vector<std::size_t>> site_moves(const Structure& host, const std::vector<std::size_t>& sites,
                                                 double tolerance_A) {
  const Symmetry symmetry = find_symmetry(host, tolerance_A);
  // An operation within the tolerance may land a little off.
  const double landing_A = 5.0 * tolerance_A;
  std::set<std::vector<std::size_t>> moves;
  for (const Operation& op : symmetry.operations) {
    const std::vector<std::size_t> all = permutation(host, op, landing_A);
    std::vector<std::size_t> move;
    for (const std::size_t site : sites) {
      const auto hit = std::ranges::lower_bound(sites, all[site]);
      move.push_back(std::size_t(hit - sites.begin()));
    }
    moves.insert(std::move(move));
  }
  return {moves.begin(), moves.end()};
}

Mask moved(Mask mask, const std::vector<std::size_t>& move) {
  Mask out = 0;
  for (std::size_t i = 0; i < move.size(); ++i) {
    if ((mask >> i & 1U) != 0) {
      out |= Mask{1} << move[i];
    }
  }
  return out;
}

/// The next larger number with as many bits (Gosper); 0 past the end.
Mask next_choice(Mask mask) {
  const Mask low = mask & (~mask + 1);
  const Mask ripple = mask + low;
  return ripple == 0 ? 0 : ripple | (((mask ^ ripple) >> 2) / low);
}

/// Pairs of sites at the shortest distance between them.
std::vector<std::pair<std::size_t, std::size_t>> closest_pairs(const Structure& host,
                                                               const std::vector<std::size_t>& sites) {
  const Structure alone = take(host, sites);
  constexpr double same_shell = 1.02;
  std::vector<std::pair<std::size_t, std::size_t>> out;
  // Twice the spacing of a sparse lattice always holds a neighbour.
  const auto near = neighbours(alone, 2.0 * std::cbrt(2.0 * std::abs(volume_A3(host.cell_A)) / double(sites.size())));
  double shortest = 1e300;
  for (const Neighbour& n : near) {
    shortest = std::min(shortest, n.distance_A);
  }
  for (const Neighbour& n : near) {
    if (n.distance_A < shortest * same_shell && n.from <= n.to) {
      out.emplace_back(n.from, n.to);
    }
  }
  return out;
}

}  // namespace

std::vector<Ordering> orderings(const Structure& host, const OrderingOptions& options) {
  const std::vector<std::size_t> sites = sites_of(host, options.element);
  require_countable(sites.size(), options);
  const auto moves = site_moves(host, sites, options.tolerance_A);
  const auto pairs = closest_pairs(host, sites);
  const Mask end = sites.size() == most_sites ? 0 : Mask{1} << sites.size();
  std::unordered_set<Mask> seen;
  std::vector<Ordering> out;
  Mask mask = options.remove == 0 ? 0 : (options.remove == most_sites ? ~Mask{0} : (Mask{1} << options.remove) - 1);
  do {
    if (seen.contains(mask)) {
      continue;
    }
    const std::size_t before = seen.size();
    for (const auto& move : moves) {
      seen.insert(moved(mask, move));
    }
    Ordering found{.multiplicity = seen.size() - before};
    for (std::size_t i = 0; i < sites.size(); ++i) {
      if ((mask >> i & 1U) != 0) {
        found.removed.push_back(sites[i]);
      }
    }
    found.close_pairs = int(std::ranges::count_if(
        pairs, [&](const auto& p) { return (mask >> p.first & 1U) == 0 && (mask >> p.second & 1U) == 0; }));
    found.structure = without(host, found.removed);
    out.push_back(std::move(found));
  } while (mask != 0 && (mask = next_choice(mask)) != 0 && (end == 0 || mask < end));
  std::ranges::stable_sort(out, {}, [](const Ordering& o) { return std::tuple(o.close_pairs, o.removed); });
  return out;
}

std::size_t lithium_to_remove(const Structure& host, double x) {
  const std::size_t lithium = sites_of(host, element("Li")).size();
  const std::size_t cobalt = sites_of(host, element("Co")).size();
  if (!(x >= 0.0) || cobalt == 0 || x * double(cobalt) > double(lithium) + 0.5) {
    throw Error(Errc::bad_input, fmt::format("Li{}CoO2 cannot be made from {}", x, formula(host)),
                "The Li content lies between 0 and what the host holds");
  }
  return lithium - std::size_t(std::lround(x * double(cobalt)));
}

}  // namespace hotstage::atoms
