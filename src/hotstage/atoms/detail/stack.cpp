// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/detail/stack.hpp"

#include "hotstage/atoms/edit.hpp"
#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace hotstage::atoms::detail {

namespace {

/// Miller indices in the primitive cell: smallest whole numbers along the same normal.
IntVector primitive_indices(const IntVector& miller, const Cell& conventional, const Cell& primitive_cell) {
  const Cell reciprocal = Lattice(conventional).reciprocal();
  const Vector normal = combine({double(miller[0]), double(miller[1]), double(miller[2])}, reciprocal);
  Vector h{};
  for (std::size_t k = 0; k < 3; ++k) {
    h[k] = dot(normal, primitive_cell[k]);
  }
  // A primitive vector is a fraction of the conventional ones, so some small multiple is whole.
  constexpr int most = 1000;
  constexpr double whole = 1e-3;
  for (int q = 1; q <= most; ++q) {
    if (std::ranges::all_of(h, [&](double x) { return std::abs(x * q - std::round(x * q)) < whole; })) {
      IntVector out{};
      for (std::size_t k = 0; k < 3; ++k) {
        out[k] = int(std::lround(h[k] * q));
      }
      const int divisor = std::gcd(std::gcd(out[0], out[1]), out[2]);
      return {out[0] / divisor, out[1] / divisor, out[2] / divisor};
    }
  }
  HOTSTAGE_ENSURES(false && "Miller indices of the primitive cell are rational");
  return {};
}

/// Whole-number combinations x of the lattice vectors with h·x = level, shortest first.
std::vector<Vector> vectors_at_level(const Cell& cell, const IntVector& h, int level) {
  const int reach = std::max({std::abs(h[0]), std::abs(h[1]), std::abs(h[2])}) + 1;
  std::vector<Vector> out;
  for (int i = -reach; i <= reach; ++i) {
    for (int j = -reach; j <= reach; ++j) {
      for (int k = -reach; k <= reach; ++k) {
        if (h[0] * i + h[1] * j + h[2] * k == level && (i != 0 || j != 0 || k != 0)) {
          out.push_back(combine({double(i), double(j), double(k)}, cell));
        }
      }
    }
  }
  // Equal lengths are ordered by place, so that the same cell is chosen on every machine.
  std::ranges::sort(out, [](const Vector& a, const Vector& b) {
    const double difference = norm(a) - norm(b);
    return std::abs(difference) > 1e-6 ? difference < 0.0 : a > b;
  });
  return out;
}

/// Planes stay readable in the file: within an element by height, equal heights in the order of the bulk.
void sort_by_element_and_height(Pile& pile) {
  constexpr double same_height_A = 1e-6;
  const Structure& s = pile.structure;
  std::vector<std::size_t> order(s.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [&](std::size_t i) { return std::ranges::find(s.elements, s.elements[i]) - s.elements.begin(); };
  const auto level = [&](std::size_t i) { return std::llround(s.positions_A[i][2] / same_height_A); };
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return std::pair(rank(a), level(a)) < std::pair(rank(b), level(b)); });
  std::vector<std::size_t> origin;
  for (const std::size_t i : order) {
    origin.push_back(pile.origin[i]);
  }
  pile = {wrapped(take(s, order)), origin};
}

}  // namespace

Stack stack_along(const Structure& bulk, const IntVector& miller) {
  Stack out{.bulk = primitive(bulk)};
  const Cell& cell = out.bulk.cell_A;
  const IntVector h = primitive_indices(miller, bulk.cell_A, cell);
  const Vector g = combine({double(h[0]), double(h[1]), double(h[2])}, Lattice(cell).reciprocal());
  out.period_A = 1.0 / norm(g);
  out.normal = scale(g, out.period_A);
  out.area_A2 = std::abs(volume_A3(cell)) / out.period_A;
  const std::vector<Vector> flat = vectors_at_level(cell, h, 0);
  out.u = flat.front();
  // The shortest vector that is not along u completes a basis of the plane lattice.
  constexpr double flattest = 1e-6;
  out.v = *std::ranges::find_if(flat, [&](const Vector& x) { return norm(cross(out.u, x)) > flattest; });
  if (dot(cross(out.u, out.v), out.normal) < 0.0) {
    out.v = scale(out.v, -1.0);
  }
  HOTSTAGE_ENSURES(std::abs(norm(cross(out.u, out.v)) - out.area_A2) < 1e-6 * out.area_A2);
  out.climb = vectors_at_level(cell, h, 1).front();
  return out;
}

/// Heights in the middle of the gaps between planes, in [0, period). At least one: the widest gap.
std::vector<double> cut_heights(const Stack& stack, double tolerance_A) {
  std::vector<double> heights;
  for (const Vector& place : stack.bulk.positions_A) {
    const double t = dot(place, stack.normal);
    heights.push_back(t - std::floor(t / stack.period_A) * stack.period_A);
  }
  std::ranges::sort(heights);
  heights.push_back(heights.front() + stack.period_A);
  std::vector<double> out;
  double widest = 0.0;
  double widest_middle = 0.0;
  for (std::size_t i = 0; i + 1 < heights.size(); ++i) {
    const double gap = heights[i + 1] - heights[i];
    const double middle = 0.5 * (heights[i + 1] + heights[i]);
    if (gap > tolerance_A) {
      out.push_back(middle);
    }
    if (gap > widest) {
      widest = gap;
      widest_middle = middle;
    }
  }
  return out.empty() ? std::vector<double>{widest_middle} : out;
}

Pile piled(const Stack& stack, double cut, int periods, double vacuum_A) {
  const Vector x = scale(stack.u, 1.0 / norm(stack.u));
  const Vector y = cross(stack.normal, x);
  const auto turned = [&](const Vector& r) { return Vector{dot(r, x), dot(r, y), dot(r, stack.normal)}; };
  Pile out;
  Structure& s = out.structure;
  s.comment = stack.bulk.comment;
  for (int n = 0; n < periods; ++n) {
    for (std::size_t i = 0; i < stack.bulk.size(); ++i) {
      const Vector& place = stack.bulk.positions_A[i];
      const double lift = n - std::floor((dot(place, stack.normal) - cut) / stack.period_A);
      s.elements.push_back(stack.bulk.elements[i]);
      s.positions_A.push_back(turned(add(place, scale(stack.climb, lift))));
      if (!stack.bulk.moments_muB.empty()) {
        s.moments_muB.push_back(stack.bulk.moments_muB[i]);
      }
      out.origin.push_back(i);
    }
  }
  const auto [low, high] = std::ranges::minmax(s.positions_A, {}, [](const Vector& r) { return r[2]; });
  const double bottom = low[2];
  s.cell_A = {turned(stack.u), turned(stack.v), Vector{0.0, 0.0, high[2] - low[2] + vacuum_A}};
  s.cell_A[0][1] = s.cell_A[0][2] = s.cell_A[1][2] = 0.0;  // exact zeros instead of rounding
  for (Vector& r : s.positions_A) {
    r[2] += 0.5 * vacuum_A - bottom;
  }
  sort_by_element_and_height(out);
  return out;
}

}  // namespace hotstage::atoms::detail
