// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/path.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/detail/assignment.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hotstage::atoms {

namespace {

/// Cells written with few digits differ in the last one.
constexpr double same_cell_A = 1e-4;

/// Sums of squared distances this close are the same assignment (Å²).
constexpr double same_cost_A2 = 1e-6;

void require_same_cell(const Structure& a, const Structure& b) {
  for (std::size_t k = 0; k < 3; ++k) {
    if (norm(subtract(a.cell_A[k], b.cell_A[k])) > same_cell_A || a.periodic[k] != b.periodic[k]) {
      throw Error(Errc::bad_input,
                  fmt::format("the two ends have different cells (lattice vector {} differs by {:.4g} Å)", k + 1,
                              norm(subtract(a.cell_A[k], b.cell_A[k]))),
                  "Relax both ends in the same fixed cell");
    }
  }
}

void require_same_composition(const Structure& a, const Structure& b) {
  std::vector<int> left;
  std::vector<int> right;
  std::ranges::transform(a.elements, std::back_inserter(left), &Element::number);
  std::ranges::transform(b.elements, std::back_inserter(right), &Element::number);
  std::ranges::sort(left);
  std::ranges::sort(right);
  if (left != right) {
    throw Error(Errc::bad_input, fmt::format("the two ends hold different atoms: {} and {}", formula(a), formula(b)),
                "Both ends of a path must hold the same atoms");
  }
}

Vector step_between(const Structure& a, const Structure& b, const Lattice& lattice, std::size_t i, std::size_t j) {
  return lattice.nearest_image(subtract(b.positions_A[j], a.positions_A[i]), a.periodic);
}

double squared(const Vector& v) {
  return dot(v, v);
}

void require_same_order(const Structure& start, const Structure& end) {
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (!(start.elements[i] == end.elements[i])) {
      throw Error(Errc::bad_input,
                  fmt::format("the order of atoms differs: atom {} is {} at one end and {} at the other", i,
                              start.elements[i].symbol, end.elements[i].symbol),
                  "Bring the end into the order of the start (in_order_of)");
    }
  }
}

void require_comparable(const Structure& start, const Structure& next) {
  require_consistent(next);
  require_same_cell(start, next);
  require_same_composition(start, next);
  require_same_order(start, next);
}

/// Refuses when exchanging atoms would shorten the path: then the files list them in different orders.
void require_shortest_order(const Structure& start, const Structure& end) {
  const Lattice lattice(start.cell_A);
  const std::vector<std::size_t> match = match_atoms(start, end);
  double as_given = 0.0;
  double best = 0.0;
  std::size_t moved = 0;
  for (std::size_t i = 0; i < start.size(); ++i) {
    as_given += squared(step_between(start, end, lattice, i, i));
    best += squared(step_between(start, end, lattice, i, match[i]));
    moved += match[i] != i ? 1 : 0;
  }
  if (as_given > best + same_cost_A2) {
    throw Error(
        Errc::bad_input,
        fmt::format("the order of atoms differs: with {} atoms exchanged for others of their element the path is "
                    "{:.2f} Å long instead of {:.2f} Å",
                    moved, std::sqrt(best), std::sqrt(as_given)),
        "Bring the end into the order of the start (in_order_of), or say that the order is meant (Order::as_given)");
  }
}

/// `to` in the images nearest to `from`.
Structure unwrapped_from(const Structure& from, const Structure& to) {
  const Lattice lattice(from.cell_A);
  Structure out = from;
  for (std::size_t i = 0; i < from.size(); ++i) {
    out.positions_A[i] = add(from.positions_A[i], step_between(from, to, lattice, i, i));
  }
  return out;
}

double apart(const Structure& a, const Structure& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += squared(subtract(b.positions_A[i], a.positions_A[i]));
  }
  return std::sqrt(sum);
}

Structure between(const Structure& a, const Structure& b, double fraction) {
  Structure out = a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out.positions_A[i] = add(a.positions_A[i], scale(subtract(b.positions_A[i], a.positions_A[i]), fraction));
  }
  return out;
}

}  // namespace

std::vector<std::size_t> match_atoms(const Structure& start, const Structure& end) {
  require_consistent(start);
  require_consistent(end);
  require_same_cell(start, end);
  require_same_composition(start, end);
  const Lattice lattice(start.cell_A);
  std::vector<std::size_t> out(start.size());
  for (const auto& [kind, count] : composition(start)) {
    std::vector<std::size_t> from;
    std::vector<std::size_t> to;
    for (std::size_t i = 0; i < start.size(); ++i) {
      if (start.elements[i] == kind) {
        from.push_back(i);
      }
      if (end.elements[i] == kind) {
        to.push_back(i);
      }
    }
    std::vector<double> cost;
    for (const std::size_t i : from) {
      for (const std::size_t j : to) {
        cost.push_back(squared(step_between(start, end, lattice, i, j)));
      }
    }
    const std::vector<std::size_t> columns = detail::cheapest_assignment(cost, count);
    for (std::size_t i = 0; i < count; ++i) {
      out[from[i]] = to[columns[i]];
    }
  }
  return out;
}

Structure in_order_of(const Structure& start, const Structure& end) {
  return take(end, match_atoms(start, end));
}

StraightPath straight_path(const Structure& start, const Structure& end, const PathOptions& options) {
  constexpr std::size_t most_images = 1000;
  if (options.images < 1 || options.images > most_images) {
    throw Error(Errc::bad_input, fmt::format("a path with {} images between its ends is out of range", options.images));
  }
  StraightPath out{.corners = {start}};
  std::vector<Structure> rest = options.stops;
  rest.push_back(end);
  std::vector<double> length{0.0};
  for (const Structure& next : rest) {
    require_comparable(start, next);
    if (options.order == Order::checked) {
      require_shortest_order(out.corners.back(), next);
    }
    out.corners.push_back(unwrapped_from(out.corners.back(), next));
    length.push_back(length.back() + apart(out.corners[out.corners.size() - 2], out.corners.back()));
  }
  for (std::size_t n = 0; n <= options.images + 1; ++n) {
    const double at = length.back() * double(n) / double(options.images + 1);
    std::size_t leg = 0;
    while (leg + 2 < length.size() && length[leg + 1] < at) {
      ++leg;
    }
    const double span = length[leg + 1] - length[leg];
    const PathPlace place{leg, span > 0.0 ? (at - length[leg]) / span : 0.0};
    out.images.push_back(between(out.corners[leg], out.corners[leg + 1], place.fraction));
    out.places.push_back(place);
  }
  // Ends exactly as given, not through a sum.
  out.images.front() = start;
  out.images.back() = out.corners.back();
  return out;
}

std::vector<Structure> linear_path(const Structure& start, const Structure& end, const PathOptions& options) {
  return straight_path(start, end, options).images;
}

std::vector<double> path_length_A(std::span<const Structure> images) {
  std::vector<double> out(images.size(), 0.0);
  for (std::size_t n = 1; n < images.size(); ++n) {
    const Lattice lattice(images[n].cell_A);
    double sum = 0.0;
    for (std::size_t i = 0; i < images[n].size(); ++i) {
      sum += squared(step_between(images[n - 1], images[n], lattice, i, i));
    }
    out[n] = out[n - 1] + std::sqrt(sum);
  }
  return out;
}

}  // namespace hotstage::atoms
