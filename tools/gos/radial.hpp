// SPDX-License-Identifier: GPL-3.0-or-later
// Radial Dirac equation in a central field: mesh, bound orbitals, energy-normalised continuum waves. Hartree atomic
// units.

#pragma once

#include <cstddef>
#include <vector>

namespace gos {

inline constexpr double hartree_eV = 27.211386245988;
inline constexpr double light_speed = 137.035999084;
inline constexpr double bohr_m = 5.29177210903e-11;

/// Mesh with uniform x = ln r + r/linear: logarithmic near the nucleus, equidistant far out.
struct Mesh {
  double step = 0.0;           ///< of x
  std::vector<double> r;       ///< points
  std::vector<double> slope;   ///< dr/dx at the points
  std::vector<double> gauss1;  ///< r at the first Gauss point of the interval i … i + 1
  std::vector<double> gauss2;
  std::vector<double> slope1;
  std::vector<double> slope2;

  Mesh(double first, double last, double linear, double step_of_x);

  [[nodiscard]] std::size_t size() const { return r.size(); }

  /// ∫ f dr of values at the points; f must vanish at both ends (trapezoidal sums then converge exponentially).
  [[nodiscard]] double integral(const std::vector<double>& f) const;
  /// ∫_0^r f dr at every point (sixth order).
  [[nodiscard]] std::vector<double> running_integral(const std::vector<double>& f) const;
  /// Index of the first point at or behind a radius.
  [[nodiscard]] std::size_t index(double radius) const;
};

/// Spherical potential energy V(r), kept as r·V at mesh and Gauss points.
struct Potential {
  std::vector<double> rv;
  std::vector<double> rv1;
  std::vector<double> rv2;
  double charge = 1.0;  ///< of the nucleus

  Potential() = default;
  Potential(const Mesh& mesh, std::vector<double> r_times_v, double nuclear_charge);
};

/// l of the large component for κ.
[[nodiscard]] int orbital_number(int kappa);

/// One normalised orbital, or one continuum wave.
struct Wave {
  int kappa = -1;
  double energy = 0.0;    ///< without rest energy
  std::vector<double> p;  ///< large component times r
  std::vector<double> q;  ///< small component times r
};

/// Solves the Dirac equation; `speed` = light_speed × 1000 is the Schrödinger limit.
class Dirac {
 public:
  Dirac(const Mesh& mesh, const Potential& potential, double speed = light_speed);

  /// The orbital with principal number n; `guess` is a starting energy (0: none). Throws std::runtime_error when it is
  /// not bound.
  [[nodiscard]] Wave bound(int n, int kappa, double guess = 0.0) const;

  /// The wave of energy ε > 0, normalised per hartree; values kept at the first `keep` points.
  [[nodiscard]] Wave continuum(double energy, int kappa, std::size_t keep) const;

 private:
  struct Step;

  [[nodiscard]] Step step(std::size_t i, double energy, int kappa) const;
  void start(std::size_t i, double energy, int kappa, double& p, double& q) const;

  const Mesh& mesh_;
  const Potential& potential_;
  double c_;
};

}  // namespace gos
