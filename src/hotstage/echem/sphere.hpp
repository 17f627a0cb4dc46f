// SPDX-License-Identifier: GPL-3.0-or-later
// Diffusion in a sphere with a given flux through its surface: finite volumes, implicit, exact in mass.

#pragma once

#include <cstddef>
#include <vector>

namespace hotstage::echem {

/// D(x) = D0·(1 + (f − 1)·x^8): constant for f = 1, falling (f < 1) towards the full lattice, where vacancies that
/// carry the diffusion run out (doi:10.1149/1.1391130 computes orders of magnitude; the form is ours).
struct Diffusivity {
  double value_m2_per_s = 1e-14;
  double factor_at_full = 1.0;

  [[nodiscard]] double at(double x) const;
};

/// Lithium content x(r, t) of a sphere of radius R on shells of equal thickness.
///
/// dx/dt = r⁻² ∂(r² D ∂x/∂r)/∂r, −D ∂x/∂r = flux at R. Time steps by TR-BDF2 (second order, L-stable,
/// doi:10.1016/0168-9274(95)00115-8); D(x) is taken at the start of the step. The content changes by exactly what
/// flows through the surface.
class Sphere {
 public:
  Sphere(double radius_m, std::size_t shells, double x);

  /// One step of `dt_s` with the outward flux −D ∂x/∂r at the surface in m/s (positive: lithium leaves).
  void step(double dt_s, double flux_m_per_s, const Diffusivity& diffusivity);

  /// x at the surface for that flux: outermost shell, extrapolated along the gradient the flux needs.
  [[nodiscard]] double surface(double flux_m_per_s, const Diffusivity& diffusivity) const;
  [[nodiscard]] double mean() const;

  [[nodiscard]] const std::vector<double>& content() const { return x_; }

  [[nodiscard]] double radius_m() const { return radius_m_; }

 private:
  void assemble(double dt_s, const Diffusivity& diffusivity);
  void apply(const std::vector<double>& x, double source, double factor, std::vector<double>& out) const;
  void solve(std::vector<double>& x);

  double radius_m_;
  double dr_m_;
  std::vector<double> x_;
  std::vector<double> volume_;  // of each shell over the whole sphere
  std::vector<double> area_;    // of each inner face over the volume of the sphere, 1/m
  std::vector<double> couple_;  // rate across each inner face, 1/s × volume fraction
  std::vector<double> diagonal_, upper_, stage_;
};

}  // namespace hotstage::echem
