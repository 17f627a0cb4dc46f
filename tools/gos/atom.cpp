// SPDX-License-Identifier: GPL-3.0-or-later

#include "atom.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace gos {

namespace {

constexpr std::array symbols{"H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",
                             "S",  "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn",
                             "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh",
                             "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La"};

struct Shell {
  int n, l;
};

constexpr std::array order{Shell{1, 0}, Shell{2, 0}, Shell{2, 1}, Shell{3, 0}, Shell{3, 1}, Shell{4, 0}, Shell{3, 2},
                           Shell{4, 1}, Shell{5, 0}, Shell{4, 2}, Shell{5, 1}, Shell{6, 0}, Shell{5, 2}};

// Electrons moved from the last s into the last d shell.
int promoted(int number) {
  switch (number) {
    case 24:  // Cr
    case 29:  // Cu
    case 41:  // Nb
    case 42:  // Mo
    case 44:  // Ru
    case 45:  // Rh
    case 47:  // Ag
      return 1;
    case 46:  // Pd
      return 2;
    default:
      return 0;
  }
}

struct Correlation {
  double energy, potential;
};

// Vosko, Wilk & Nusair, Can. J. Phys. 58, 1200 (1980), paramagnetic.
Correlation vwn(double rs) {
  constexpr double a = 0.0310907;
  constexpr double b = 3.72744;
  constexpr double c = 12.9352;
  constexpr double x0 = -0.10498;
  const double q = std::sqrt(4.0 * c - b * b);
  const double x = std::sqrt(rs);
  const double xx = rs + b * x + c;
  const double xx0 = x0 * x0 + b * x0 + c;
  const double angle = std::atan(q / (2.0 * x + b));
  const double energy = a * (std::log(rs / xx) + 2.0 * b / q * angle -
                             b * x0 / xx0 * (std::log((x - x0) * (x - x0) / xx) + 2.0 * (b + 2.0 * x0) / q * angle));
  const double slope = a * (c * (x - x0) - b * x0 * x) / ((x - x0) * xx);  // rs dε/drs
  return {energy, energy - slope / 3.0};
}

struct Fields {
  std::vector<double> hartree;   // r V_H
  std::vector<double> exchange;  // r V_x (+ c)
  double hartree_energy = 0.0;
  double exchange_energy = 0.0;
  double exchange_double = 0.0;  // ∫ρ v_xc
};

// `density` = 4πr²ρ.
Fields fields_of(const Mesh& mesh, const std::vector<double>& density, const AtomOptions& options) {
  const std::size_t n = mesh.size();
  Fields out;
  const std::vector<double> inner = mesh.running_integral(density);
  std::vector<double> shell(n);
  for (std::size_t i = 0; i < n; ++i) {
    shell[i] = density[i] / mesh.r[i];
  }
  const std::vector<double> outer = mesh.running_integral(shell);
  out.hartree.resize(n);
  out.exchange.resize(n);
  std::vector<double> eh(n);
  std::vector<double> ex(n);
  std::vector<double> vx(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double r = mesh.r[i];
    out.hartree[i] = inner[i] + r * (outer.back() - outer[i]);
    const double rho = std::max(density[i] / (4.0 * std::numbers::pi * r * r), 1e-300);
    const double kohn_sham = -std::cbrt(3.0 * rho / std::numbers::pi);
    double v = 1.5 * options.exchange * kohn_sham;
    double e = 0.75 * v;
    if (options.correlation) {
      const Correlation c = vwn(std::cbrt(3.0 / (4.0 * std::numbers::pi * rho)));
      v += c.potential;
      e += c.energy;
    }
    out.exchange[i] = r * v;
    eh[i] = 0.5 * density[i] * out.hartree[i] / r;
    ex[i] = density[i] * e;
    vx[i] = density[i] * v;
  }
  out.hartree_energy = mesh.integral(eh);
  out.exchange_energy = mesh.integral(ex);
  out.exchange_double = mesh.integral(vx);
  return out;
}

std::vector<double> thomas_fermi(const Mesh& mesh, double z, double ion) {
  std::vector<double> rv(mesh.size());
  for (std::size_t i = 0; i < mesh.size(); ++i) {
    const double x = mesh.r[i] * std::cbrt(z) / 0.8853;
    const double root = std::sqrt(x);
    // Rational fit of the Thomas–Fermi function in √x.
    const double sum =
        0.02747 + root * (1.243 + root * (-0.1486 + root * (0.2302 + root * (0.007298 + root * 0.006944))));
    const double screening = 1.0 / (1.0 + root * sum);
    rv[i] = -std::max(z * screening, ion + 1.0);
  }
  return rv;
}

std::vector<double> density_of(const Mesh& mesh, const std::vector<Orbital>& orbitals) {
  std::vector<double> out(mesh.size(), 0.0);
  for (const Orbital& o : orbitals) {
    for (std::size_t i = 0; i < mesh.size(); ++i) {
      out[i] += o.electrons * (o.wave.p[i] * o.wave.p[i] + o.wave.q[i] * o.wave.q[i]);
    }
  }
  return out;
}

}  // namespace

const Orbital& Atom::orbital(int n, int kappa) const {
  for (const Orbital& o : orbitals) {
    if (o.n == n && o.kappa == kappa) {
      return o;
    }
  }
  throw std::runtime_error("no such orbital");
}

int atomic_number(const std::string& element) {
  const auto found = std::ranges::find(symbols, element);
  if (found == symbols.end()) {
    throw std::runtime_error("no element " + element);
  }
  return static_cast<int>(found - symbols.begin()) + 1;
}

std::vector<Orbital> ground_state(int number) {
  std::vector<Orbital> out;
  int left = number;
  const int moved = promoted(number);
  for (std::size_t k = 0; k < order.size() && left > 0; ++k) {
    const auto [n, l] = order[k];
    double here = std::min(left, 2 * (2 * l + 1));
    left -= static_cast<int>(here);
    if (moved > 0 && l == 0 && k + 1 < order.size() && order[k + 1].l == 2 && left > 0 && left < 10) {
      here -= moved;
      left += moved;
    }
    if (here == 0.0) {
      continue;
    }
    const double full = 2.0 * (2 * l + 1);
    if (l > 0) {
      out.push_back({n, l, here * 2.0 * l / full, {}});
    }
    out.push_back({n, -l - 1, here * 2.0 * (l + 1) / full, {}});
  }
  return out;
}

Atom solve_atom(const Mesh& mesh, int number, std::vector<Orbital> orbitals, const AtomOptions& options,
                const Atom* start) {
  Atom out;
  out.number = number;
  double electrons = 0.0;
  for (const Orbital& o : orbitals) {
    electrons += o.electrons;
  }
  const double z = number;
  out.removed = z - electrons;
  const std::size_t n = mesh.size();
  std::vector<double> rv = start != nullptr ? start->potential.rv : thomas_fermi(mesh, z, out.removed);
  constexpr int most = 400;
  constexpr double settled = 1e-9;
  std::vector<double> energies(orbitals.size(), 0.0);
  std::vector<double> last_in;
  std::vector<double> last_residual;
  for (int iteration = 1; iteration <= most; ++iteration) {
    out.potential = Potential(mesh, rv, z);
    const Dirac dirac(mesh, out.potential, options.speed);
    double eigenvalues = 0.0;
    double moved = 0.0;
    for (std::size_t k = 0; k < orbitals.size(); ++k) {
      Orbital& o = orbitals[k];
      o.wave = dirac.bound(o.n, o.kappa, energies[k]);
      moved = std::max(moved, std::abs(o.wave.energy - energies[k]) / (1.0 + std::abs(o.wave.energy)));
      energies[k] = o.wave.energy;
      eigenvalues += o.electrons * o.wave.energy;
    }
    const Fields f = fields_of(mesh, density_of(mesh, orbitals), options);
    std::vector<double> wanted(n);
    for (std::size_t i = 0; i < n; ++i) {
      wanted[i] = -z + f.hartree[i] + f.exchange[i];
      if (options.latter) {
        wanted[i] = std::min(wanted[i], -(out.removed + 1.0));
      }
    }
    out.iterations = iteration;
    if (moved < settled && iteration > 3) {
      out.total_energy = eigenvalues - f.hartree_energy + f.exchange_energy - f.exchange_double;
      std::vector<double> escaping(n);
      for (std::size_t i = 0; i < n; ++i) {
        escaping[i] = -z + f.hartree[i] + f.exchange[i];
      }
      out.escaping = Potential(mesh, std::move(escaping), z);
      out.orbitals = std::move(orbitals);
      return out;
    }
    // Anderson mixing with one step of history, weighted by 1/r² so that the inner and outer parts count alike.
    std::vector<double> residual(n);
    for (std::size_t i = 0; i < n; ++i) {
      residual[i] = wanted[i] - rv[i];
    }
    double theta = 0.0;
    if (!last_in.empty()) {
      double top = 0.0;
      double bottom = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        const double change = residual[i] - last_residual[i];
        top += residual[i] * change * mesh.slope[i] / mesh.r[i];
        bottom += change * change * mesh.slope[i] / mesh.r[i];
      }
      theta = bottom > 0.0 ? std::clamp(top / bottom, -1.0, 0.9) : 0.0;
    }
    constexpr double mixing = 0.35;
    std::vector<double> next(n);
    for (std::size_t i = 0; i < n; ++i) {
      double from = rv[i];
      double step = residual[i];
      if (!last_in.empty()) {
        from += theta * (last_in[i] - rv[i]);
        step += theta * (last_residual[i] - residual[i]);
      }
      next[i] = from + mixing * step;
    }
    last_in = rv;
    last_residual = std::move(residual);
    rv = std::move(next);
  }
  throw std::runtime_error("the atom does not become self-consistent");
}

}  // namespace gos
