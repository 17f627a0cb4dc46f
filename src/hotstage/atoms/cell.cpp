// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/cell.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::atoms {

namespace {

constexpr double degree = std::numbers::pi / 180.0;

/// A cell this flat (volume over the product of its edges) is a mistake, not a crystal.
constexpr double flattest = 1e-6;

double angle_deg(const Vector& a, const Vector& b) {
  return std::acos(std::clamp(dot(a, b) / (norm(a) * norm(b)), -1.0, 1.0)) / degree;
}

/// Exact zeros and halves at 60°, 90° and 120°, else cells do not compare equal to their textbook form.
double clean_cosine(double angle) {
  constexpr double rounding = 1e-14;
  const double x = std::cos(angle * degree);
  const double halves = std::round(2.0 * x) / 2.0;
  return std::abs(x - halves) < rounding ? halves : x;
}

Cell reciprocal_of(const Cell& cell) {
  const double volume = volume_A3(cell);
  return {scale(cross(cell[1], cell[2]), 1.0 / volume), scale(cross(cell[2], cell[0]), 1.0 / volume),
          scale(cross(cell[0], cell[1]), 1.0 / volume)};
}

/// Shortens cell[i] by the best sum of -1, 0, 1 times the others. True when it became shorter.
bool shorten(Cell& cell, std::size_t i) {
  // Steps smaller than this are rounding, and would let the loop run for ever.
  constexpr double gain = 1.0 - 1e-10;
  const Vector& j = cell[(i + 1) % 3];
  const Vector& k = cell[(i + 2) % 3];
  Vector best = cell[i];
  for (int m = -1; m <= 1; ++m) {
    for (int n = -1; n <= 1; ++n) {
      const Vector trial = add(cell[i], add(scale(j, m), scale(k, n)));
      if (norm(trial) < norm(best) * gain) {
        best = trial;
      }
    }
  }
  const bool changed = best != cell[i];
  cell[i] = best;
  return changed;
}

}  // namespace

Vector add(const Vector& a, const Vector& b) {
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}

Vector subtract(const Vector& a, const Vector& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

Vector scale(const Vector& a, double factor) {
  return {a[0] * factor, a[1] * factor, a[2] * factor};
}

double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double norm(const Vector& a) {
  return std::sqrt(dot(a, a));
}

Vector combine(const Vector& v, const Cell& m) {
  return add(scale(m[0], v[0]), add(scale(m[1], v[1]), scale(m[2], v[2])));
}

double volume_A3(const Cell& cell) {
  return dot(cell[0], cross(cell[1], cell[2]));
}

CellParameters parameters(const Cell& cell) {
  return {norm(cell[0]),
          norm(cell[1]),
          norm(cell[2]),
          angle_deg(cell[1], cell[2]),
          angle_deg(cell[0], cell[2]),
          angle_deg(cell[0], cell[1])};
}

Cell cell_from(const CellParameters& p) {
  const double cos_alpha = clean_cosine(p.alpha_deg);
  const double cos_beta = clean_cosine(p.beta_deg);
  const double cos_gamma = clean_cosine(p.gamma_deg);
  const double sin_gamma = std::sin(p.gamma_deg * degree);
  const double along_y = (cos_alpha - cos_beta * cos_gamma) / sin_gamma;
  const double along_z = 1.0 - cos_beta * cos_beta - along_y * along_y;
  if (!(p.a_A > 0.0 && p.b_A > 0.0 && p.c_A > 0.0) || !(along_z > 0.0)) {
    throw Error(Errc::bad_input,
                fmt::format("a = {} Å, b = {} Å, c = {} Å with angles {}°, {}°, {}° close no cell", p.a_A, p.b_A, p.c_A,
                            p.alpha_deg, p.beta_deg, p.gamma_deg),
                "Lengths must be positive and the three angles must be able to meet in a corner");
  }
  return {Vector{p.a_A, 0.0, 0.0}, Vector{cos_gamma * p.b_A, sin_gamma * p.b_A, 0.0},
          Vector{cos_beta * p.c_A, along_y * p.c_A, std::sqrt(along_z) * p.c_A}};
}

Cell reduced(const Cell& cell) {
  Cell out = cell;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < 3; ++i) {
      changed = shorten(out, i) || changed;
    }
  }
  std::ranges::stable_sort(out, {}, norm);
  if (volume_A3(out) < 0.0) {
    out[2] = scale(out[2], -1.0);
  }
  return out;
}

Lattice::Lattice(const Cell& cell) : cell_(cell) {
  const double box = norm(cell[0]) * norm(cell[1]) * norm(cell[2]);
  if (!(std::abs(volume_A3(cell)) > flattest * box) || !std::isfinite(box)) {
    throw Error(Errc::bad_input,
                fmt::format("the lattice vectors span no volume ({:.6g} Å³)", std::abs(volume_A3(cell))),
                "Give three independent vectors; a molecule needs a box around it");
  }
  reciprocal_ = reciprocal_of(cell);
  short_ = reduced(cell);
  short_reciprocal_ = reciprocal_of(short_);
  // Nothing is nearer than a vector below half the shortest lattice vector.
  sure_squared_ = 0.25 * dot(short_[0], short_[0]);
}

Vector Lattice::fractional(const Vector& place_A) const {
  return {dot(place_A, reciprocal_[0]), dot(place_A, reciprocal_[1]), dot(place_A, reciprocal_[2])};
}

Vector Lattice::cartesian(const Vector& fraction) const {
  return combine(fraction, cell_);
}

Vector Lattice::nearest_image(const Vector& step_A, const std::array<bool, 3>& periodic) const {
  const bool all = periodic[0] && periodic[1] && periodic[2];
  if (all && dot(step_A, step_A) < sure_squared_) {
    return step_A;
  }
  const Cell& cell = all ? short_ : cell_;
  const Cell& reciprocal = all ? short_reciprocal_ : reciprocal_;
  Vector start = step_A;
  for (std::size_t k = 0; k < 3; ++k) {
    if (periodic[k]) {
      start = subtract(start, scale(cell[k], std::round(dot(step_A, reciprocal[k]))));
    }
  }
  Vector best = start;
  const auto reach = [&](std::size_t k) { return periodic[k] ? 1 : 0; };
  for (int i = -reach(0); i <= reach(0); ++i) {
    for (int j = -reach(1); j <= reach(1); ++j) {
      for (int k = -reach(2); k <= reach(2); ++k) {
        const Vector trial = add(start, combine({double(i), double(j), double(k)}, cell));
        if (norm(trial) < norm(best)) {
          best = trial;
        }
      }
    }
  }
  return best;
}

}  // namespace hotstage::atoms
