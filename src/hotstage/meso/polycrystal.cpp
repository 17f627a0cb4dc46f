// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/polycrystal.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

namespace hotstage::meso {

namespace {

constexpr std::uint64_t grain_stream = 0x6d65736f'00000001ULL;
constexpr std::uint64_t void_stream = 0x6d65736f'00000002ULL;
constexpr std::uint64_t crack_stream = 0x6d65736f'00000003ULL;

double squared_distance(const Point& a, const Point& b) {
  const double dx = a.x_nm - b.x_nm;
  const double dy = a.y_nm - b.y_nm;
  return dx * dx + dy * dy;
}

std::size_t nearest(const std::vector<Point>& centres, const Point& p) {
  std::size_t best = 0;
  double least = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < centres.size(); ++i) {
    const double d = squared_distance(centres[i], p);
    if (d < least) {
      least = d;
      best = i;
    }
  }
  return best;
}

/// Random centres, made more even by two Lloyd rounds on a grid that does not depend on the cells.
std::vector<Point> grain_centres(const PolycrystalOptions& options, double field_nm) {
  constexpr std::size_t coarse = 96;
  constexpr int rounds = 2;
  std::vector<Point> centres;
  for (std::size_t i = 0; i < options.grains; ++i) {
    Rng rng(options.seed, grain_stream, i);
    const double x = rng.uniform() * field_nm;
    centres.push_back({x, rng.uniform() * field_nm});
  }
  const double h = field_nm / static_cast<double>(coarse);
  for (int round = 0; round < rounds; ++round) {
    std::vector<Point> sums(centres.size());
    std::vector<double> counts(centres.size(), 0.0);
    for (std::size_t cell = 0; cell < coarse * coarse; ++cell) {
      const std::size_t row = cell / coarse;
      const Point p{(static_cast<double>(cell % coarse) + 0.5) * h, (static_cast<double>(row) + 0.5) * h};
      const std::size_t g = nearest(centres, p);
      sums[g].x_nm += p.x_nm;
      sums[g].y_nm += p.y_nm;
      counts[g] += 1.0;
    }
    for (std::size_t g = 0; g < centres.size(); ++g) {
      if (counts[g] > 0.0) {
        centres[g] = {sums[g].x_nm / counts[g], sums[g].y_nm / counts[g]};
      }
    }
  }
  return centres;
}

bool inside(const Void& v, const Point& p) {
  constexpr int normals = 3;  // opposite faces are parallel
  for (int i = 0; i < normals; ++i) {
    const double angle = (v.angle_deg + 60.0 * i) * std::numbers::pi / 180.0;
    const double along = (p.x_nm - v.centre.x_nm) * std::cos(angle) + (p.y_nm - v.centre.y_nm) * std::sin(angle);
    if (std::abs(along) > v.inradius_nm()) {
      return false;
    }
  }
  return true;
}

bool inside(const Crack& c, const Point& p) {
  const double dx = c.to.x_nm - c.from.x_nm;
  const double dy = c.to.y_nm - c.from.y_nm;
  const double along = ((p.x_nm - c.from.x_nm) * dx + (p.y_nm - c.from.y_nm) * dy) / (dx * dx + dy * dy);
  const double t = std::clamp(along, 0.0, 1.0);
  return squared_distance(p, {c.from.x_nm + t * dx, c.from.y_nm + t * dy}) <= 0.25 * c.width_nm * c.width_nm;
}

std::vector<Void> draw_voids(const PolycrystalOptions& options, double field_nm) {
  constexpr int attempts = 2000;
  constexpr double spread = 0.2;
  std::vector<Void> voids;
  Rng rng(options.seed, void_stream, 0);
  for (int i = 0; i < attempts && voids.size() < options.voids; ++i) {
    Void v;
    v.radius_nm = options.void_radius_nm * std::exp(spread * std::clamp(rng.normal(), -2.0, 2.0));
    v.angle_deg = 60.0 * rng.uniform();
    const double margin = 3.0 * v.radius_nm;
    v.centre.x_nm = margin + rng.uniform() * (field_nm - 2.0 * margin);
    v.centre.y_nm = margin + rng.uniform() * (field_nm - 2.0 * margin);
    v.special = voids.empty();
    const bool apart = std::all_of(voids.begin(), voids.end(), [&](const Void& other) {
      return squared_distance(other.centre, v.centre) >
             9.0 * (v.radius_nm + other.radius_nm) * (v.radius_nm + other.radius_nm) / 4.0;
    });
    if (margin < 0.5 * field_nm && apart) {
      voids.push_back(v);
    }
  }
  if (voids.size() < options.voids) {
    throw Error(Errc::bad_input,
                fmt::format("{} voids of {:.4g} nm do not fit into a field of {:.4g} nm", options.voids,
                            options.void_radius_nm, field_nm),
                "Use fewer or smaller voids, or a larger field");
  }
  return voids;
}

std::vector<Crack> draw_cracks(const PolycrystalOptions& options, const std::vector<Void>& voids, double field_nm) {
  constexpr int attempts = 2000;
  constexpr double share_of_field = 0.2;
  std::vector<Crack> cracks;
  Rng rng(options.seed, crack_stream, 0);
  const double width = std::max(6.0, 2.0 * options.pixel_nm);
  for (int i = 0; i < attempts && cracks.size() < options.cracks; ++i) {
    const double angle = 2.0 * std::numbers::pi * rng.uniform();
    const double length = share_of_field * field_nm * (0.7 + 0.6 * rng.uniform());
    const Point from{rng.uniform() * field_nm, rng.uniform() * field_nm};
    const Point to{from.x_nm + length * std::cos(angle), from.y_nm + length * std::sin(angle)};
    const Crack crack{from, to, width};
    const bool in_field = std::min(to.x_nm, to.y_nm) > 0.0 && std::max(to.x_nm, to.y_nm) < field_nm;
    // Not connected to a void: claim C10 sets one against the other.
    const bool apart = std::all_of(voids.begin(), voids.end(), [&](const Void& v) {
      return !inside(Crack{from, to, width + 4.0 * v.radius_nm}, v.centre);
    });
    if (in_field && apart) {
      cracks.push_back(crack);
    }
  }
  return cracks;  // fewer than asked for when voids leave no room
}

/// Chamfer distance in two passes: exact along rows, columns and diagonals, at most 8 % too long between.
std::vector<double> chamfer(const std::vector<char>& source, std::size_t n, double h) {
  constexpr double far = 1e9;
  std::vector<double> d(n * n, far);
  const auto relax = [&](std::size_t cell, std::size_t row, std::size_t column, double step) {
    if (row < n && column < n) {
      d[cell] = std::min(d[cell], d[row * n + column] + step);
    }
  };
  const double diagonal = h * std::numbers::sqrt2;
  for (std::size_t cell = 0; cell < n * n; ++cell) {
    const std::size_t r = cell / n;
    const std::size_t c = cell % n;
    if (source[cell] != 0) {
      d[cell] = 0.0;
    }
    relax(cell, r, c - 1, h);
    relax(cell, r - 1, c, h);
    relax(cell, r - 1, c - 1, diagonal);
    relax(cell, r - 1, c + 1, diagonal);
  }
  for (std::size_t cell = n * n; cell-- > 0;) {
    const std::size_t r = cell / n;
    const std::size_t c = cell % n;
    relax(cell, r, c + 1, h);
    relax(cell, r + 1, c, h);
    relax(cell, r + 1, c + 1, diagonal);
    relax(cell, r + 1, c - 1, diagonal);
  }
  return d;
}

void find_faces(Polycrystal& crystal) {
  const std::size_t n = crystal.cells;
  crystal.faces.clear();
  const auto add = [&](std::size_t a, std::size_t b) {
    if (crystal.label[a] != crystal.label[b] && crystal.label[a] > 0 && crystal.label[b] > 0) {
      crystal.faces.push_back({static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)});
    }
  };
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < n; ++c) {
      if (c + 1 < n) {
        add(r * n + c, r * n + c + 1);
      }
      if (r + 1 < n) {
        add(r * n + c, (r + 1) * n + c);
      }
    }
  }
}

void find_junctions(Polycrystal& crystal) {
  const std::size_t n = crystal.cells;
  crystal.junctions.clear();
  for (std::size_t r = 0; r + 1 < n; ++r) {
    for (std::size_t c = 0; c + 1 < n; ++c) {
      const std::size_t cell = r * n + c;
      std::set<int> grains{crystal.label[cell], crystal.label[cell + 1], crystal.label[cell + n],
                           crystal.label[cell + n + 1]};
      grains.erase(0);
      if (grains.size() >= 3) {
        crystal.junctions.push_back(static_cast<std::uint32_t>(cell));
      }
    }
  }
}

}  // namespace

double Void::inradius_nm() const {
  return radius_nm * std::sqrt(std::numbers::pi / (2.0 * std::numbers::sqrt3));  // area of a hexagon: 2√3 · inradius²
}

double Void::perimeter_nm() const {
  return 4.0 * std::numbers::sqrt3 * inradius_nm();
}

Point Polycrystal::position(std::size_t cell) const {
  const std::size_t row = cell / cells;
  return {(static_cast<double>(cell % cells) + 0.5) * pixel_nm, (static_cast<double>(row) + 0.5) * pixel_nm};
}

double Polycrystal::boundary_nm() const {
  return static_cast<double>(faces.size()) * pixel_nm * std::numbers::pi / 4.0;
}

double Polycrystal::solid_nm2() const {
  const auto solid = std::count_if(label.begin(), label.end(), [](int g) { return g > 0; });
  return static_cast<double>(solid) * pixel_nm * pixel_nm;
}

void complete(Polycrystal& crystal) {
  HOTSTAGE_EXPECTS(crystal.label.size() == crystal.cells * crystal.cells);
  find_faces(crystal);
  find_junctions(crystal);
  std::vector<char> at_boundary(crystal.label.size(), 0);
  std::vector<std::set<int>> sets(crystal.grains());
  for (const BoundaryFace& face : crystal.faces) {
    at_boundary[face.a] = 1;
    at_boundary[face.b] = 1;
    sets[static_cast<std::size_t>(crystal.label[face.a] - 1)].insert(crystal.label[face.b]);
    sets[static_cast<std::size_t>(crystal.label[face.b] - 1)].insert(crystal.label[face.a]);
  }
  crystal.boundary_distance_nm = chamfer(at_boundary, crystal.cells, crystal.pixel_nm);
  crystal.neighbours.clear();
  for (const std::set<int>& set : sets) {
    crystal.neighbours.emplace_back(set.begin(), set.end());
  }
}

Polycrystal make_polycrystal(const PolycrystalOptions& options) {
  constexpr std::size_t fewest = 16;
  constexpr std::size_t most = 8192;
  if (options.cells < fewest || options.cells > most || options.grains == 0 || !(options.pixel_nm > 0.0)) {
    throw Error(Errc::bad_input,
                fmt::format("a field of {} cells of {:.4g} nm with {} grains: {} to {} cells and at least one grain",
                            options.cells, options.pixel_nm, options.grains, fewest, most));
  }
  Polycrystal out;
  out.cells = options.cells;
  out.pixel_nm = options.pixel_nm;
  out.centres = grain_centres(options, out.field_nm());
  out.voids = draw_voids(options, out.field_nm());
  out.cracks = draw_cracks(options, out.voids, out.field_nm());
  out.label.resize(options.cells * options.cells);
  for (std::size_t cell = 0; cell < out.label.size(); ++cell) {
    const Point p = out.position(cell);
    const bool empty = std::any_of(out.voids.begin(), out.voids.end(), [&](const Void& v) { return inside(v, p); }) ||
                       std::any_of(out.cracks.begin(), out.cracks.end(), [&](const Crack& c) { return inside(c, p); });
    out.label[cell] = empty ? 0 : static_cast<int>(nearest(out.centres, p)) + 1;
  }
  complete(out);
  return out;
}

}  // namespace hotstage::meso
