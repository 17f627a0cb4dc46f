// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/detail/ewald.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/core/error.hpp"

#include <array>
#include <cmath>
#include <complex>
#include <numbers>

namespace hotstage::calc::detail {

namespace {

constexpr double coulomb_eV_A = 14.399645478425667;  ///< e²/(4πε0), CODATA 2018

using atoms::Cell;
using atoms::Vector;

void add_outer(const Vector& a, const Vector& b, double factor, Cell& out) {
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      out[i][j] += factor * a[i] * b[j];
    }
  }
}

void add_real_space(const atoms::Structure& s, std::span<const double> q, double alpha, double cutoff_A,
                    EwaldSum& out) {
  const double two_over_root_pi = 2.0 * std::numbers::inv_sqrtpi;
  for (const atoms::Neighbour& pair : atoms::neighbours(s, cutoff_A)) {
    const double r = pair.distance_A;
    const double qq = coulomb_eV_A * q[pair.from] * q[pair.to];
    const double screened = std::erfc(alpha * r) / r;
    out.energy_eV += 0.5 * qq * screened;
    // Each pair is met from both ends: half of the radial force in the virial, the whole on `from`.
    const double slope = -qq * (screened + two_over_root_pi * alpha * std::exp(-alpha * alpha * r * r)) / (r * r);
    for (std::size_t k = 0; k < 3; ++k) {
      out.forces_eV_A[pair.from][k] += slope * pair.step_A[k];
    }
    add_outer(pair.step_A, pair.step_A, 0.5 * slope, out.virial_eV);
  }
}

struct WaveSum {
  double volume_A3 = 0.0;
  double alpha = 0.0;
};

void add_wave(const atoms::Structure& s, std::span<const double> q, const Vector& g, const WaveSum& sum,
              EwaldSum& out) {
  const double g2 = atoms::dot(g, g);
  const double weight =
      coulomb_eV_A * 2.0 * std::numbers::pi / sum.volume_A3 * std::exp(-g2 / (4.0 * sum.alpha * sum.alpha)) / g2;
  std::complex<double> density{};
  std::vector<std::complex<double>> phase(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    const double angle = atoms::dot(g, s.positions_A[i]);
    phase[i] = {std::cos(angle), std::sin(angle)};
    density += q[i] * phase[i];
  }
  // The half-space of waves is summed, so everything counts twice.
  const double energy = 2.0 * weight * std::norm(density);
  out.energy_eV += energy;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const double f = 4.0 * weight * q[i] * (phase[i] * std::conj(density)).imag();
    for (std::size_t k = 0; k < 3; ++k) {
      out.forces_eV_A[i][k] += f * g[k];
    }
  }
  for (std::size_t k = 0; k < 3; ++k) {
    out.virial_eV[k][k] -= energy;
  }
  add_outer(g, g, energy * (2.0 / g2 + 1.0 / (2.0 * sum.alpha * sum.alpha)), out.virial_eV);
}

void add_waves(const atoms::Structure& s, std::span<const double> q, const WaveSum& sum, double cutoff_per_A,
               EwaldSum& out) {
  const atoms::Lattice lattice(s.cell_A);
  std::array<int, 3> most{};
  for (std::size_t k = 0; k < 3; ++k) {
    most[k] = static_cast<int>(std::ceil(cutoff_per_A * atoms::norm(s.cell_A[k]) / (2.0 * std::numbers::pi)));
  }
  for (int h = 0; h <= most[0]; ++h) {
    for (int k = h == 0 ? 0 : -most[1]; k <= most[1]; ++k) {
      for (int l = h == 0 && k == 0 ? 1 : -most[2]; l <= most[2]; ++l) {
        const Vector g =
            atoms::scale(atoms::combine({static_cast<double>(h), static_cast<double>(k), static_cast<double>(l)},
                                        lattice.reciprocal()),
                         2.0 * std::numbers::pi);
        if (atoms::dot(g, g) <= cutoff_per_A * cutoff_per_A) {
          add_wave(s, q, g, sum, out);
        }
      }
    }
  }
}

}  // namespace

EwaldSum ewald(const atoms::Structure& structure, std::span<const double> charges_e, double accuracy) {
  HOTSTAGE_EXPECTS(charges_e.size() == structure.size() && accuracy > 0.0 && accuracy < 1.0);
  EwaldSum out;
  out.forces_eV_A.resize(structure.size());
  if (structure.size() == 0) {
    return out;
  }
  atoms::Structure s = structure;
  s.periodic = {true, true, true};
  const double volume_A3 = atoms::volume_A3(s.cell_A);
  const double reach = std::sqrt(-std::log(accuracy));
  // Equal numbers of pairs and of atoms × waves (Perram, Petersen, de Leeuw 1988, doi:10.1080/00268978800101031).
  const double alpha =
      std::sqrt(std::numbers::pi) * std::pow(static_cast<double>(s.size()) / (volume_A3 * volume_A3), 1.0 / 6.0);
  add_real_space(s, charges_e, alpha, reach / alpha, out);
  add_waves(s, charges_e, {volume_A3, alpha}, 2.0 * alpha * reach, out);
  double squares = 0.0;
  double total = 0.0;
  for (const double q : charges_e) {
    squares += q * q;
    total += q;
  }
  out.energy_eV -= coulomb_eV_A * alpha * std::numbers::inv_sqrtpi * squares;
  const double background = -coulomb_eV_A * std::numbers::pi * total * total / (2.0 * volume_A3 * alpha * alpha);
  out.energy_eV += background;
  for (std::size_t k = 0; k < 3; ++k) {
    out.virial_eV[k][k] -= background;
  }
  return out;
}

}  // namespace hotstage::calc::detail
