// SPDX-License-Identifier: GPL-3.0-or-later

#include "checks.hpp"

#include "atom.hpp"
#include "strength.hpp"
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace gos {

namespace {

constexpr double slow = 1000.0 * light_speed;  // the Schrödinger limit

struct Level {
  int n, kappa;
  double value;
};

bool report(const std::string& what, double measured, double expected, double tolerance) {
  const double error = std::abs(measured / expected - 1.0);
  const bool ok = error <= tolerance;
  std::printf("%-58s %15.8g %15.8g %9.1e %9.1e %s\n", what.c_str(), measured, expected, error, tolerance,
              ok ? "ok" : "FAILED");
  return ok;
}

Potential coulomb(const Mesh& mesh, double z) {
  return {mesh, std::vector<double>(mesh.size(), -z), z};
}

// Hydrogen 1s → ε, exact (Bethe): df/dE in 1/hartree at momentum transfer q.
double hydrogen_k(double q2, double loss) {
  const double k2 = 2.0 * loss - 1.0;
  const double k = std::sqrt(k2);
  const double base = q2 - k2 + 1.0;
  const double d = base * base + 4.0 * k2;
  return 2.0 * 256.0 * (0.5 * loss * 2.0) * (q2 + (k2 + 1.0) / 3.0) / (d * d * d) *
         std::exp(-2.0 / k * std::atan2(2.0 * k, base)) / -std::expm1(-2.0 * std::numbers::pi / k);
}

bool check_hydrogen() {
  const Mesh mesh(1e-7, 120.0, 1.0, 0.01);
  const Potential potential = coulomb(mesh, 1.0);
  const Dirac dirac(mesh, potential, slow);
  bool ok = true;
  for (const auto& [n, kappa] : {std::pair{1, -1}, {2, 1}, {2, -2}, {3, -3}, {4, -1}}) {
    ok &= report("hydrogen n = " + std::to_string(n) + ", kappa = " + std::to_string(kappa) + ": energy (hartree)",
                 dirac.bound(n, kappa).energy, -0.5 / (n * n), 1e-8);
  }
  const Wave first = dirac.bound(1, -1);
  StrengthOptions options;
  options.q = {0.05, 0.5, 1.0, 2.0, 4.0, 8.0};
  options.energies = {0.001, 0.1, 1.0, 4.0, 16.0};
  options.speed = slow;
  const Strength strength = oscillator_strength(mesh, first, potential, options);
  for (std::size_t e = 0; e < options.energies.size(); ++e) {
    for (std::size_t k = 0; k < options.q.size(); ++k) {
      const double loss = options.energies[e] + 0.5;
      const double exact = hydrogen_k(options.q[k] * options.q[k], loss);
      if (exact < 1e-9) {
        continue;
      }
      ok &=
          report("hydrogen 1s, q = " + std::to_string(options.q[k]) + ", eps = " + std::to_string(options.energies[e]),
                 loss * strength.over_energy[e][k], exact, 1e-4);
    }
  }
  // Dipole strength of the whole continuum (Bethe & Salpeter 1957, table 13: three digits).
  StrengthOptions dipole;
  dipole.q = {0.002};
  dipole.speed = slow;
  std::vector<double> weights;
  for (int i = 0; i < 120; ++i) {
    const double u = std::exp(-12.0 + 0.15 * i);
    dipole.energies.push_back(u);
    weights.push_back(0.15 * u);
  }
  for (const Level& level : {Level{1, -1, 0.435}, {2, -1, 0.351}, {2, -2, 0.191}}) {
    const auto& [n, kappa, expected] = level;
    const Wave wave = dirac.bound(n, kappa);
    const Strength s = oscillator_strength(mesh, wave, potential, dipole);
    double sum = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      sum += weights[i] * (dipole.energies[i] - wave.energy) * s.over_energy[i][0];
    }
    ok &= report("hydrogen n = " + std::to_string(n) + ", l = " + std::to_string(orbital_number(kappa)) +
                     ": dipole f of the continuum",
                 sum, expected, 5e-3);
  }
  return ok;
}

bool check_relativity() {
  bool ok = true;
  const double z = 80.0;
  const Mesh mesh(1e-9, 3.0, 0.05, 0.01);
  const Potential potential = coulomb(mesh, z);
  const Dirac dirac(mesh, potential);
  for (const auto& [n, kappa] : {std::pair{1, -1}, {2, -1}, {2, 1}, {2, -2}, {3, -3}}) {
    const double a = z / light_speed;
    const double s = std::sqrt(kappa * kappa - a * a);
    const double b = a / (n - std::abs(kappa) + s);
    const double exact = light_speed * light_speed * (1.0 / std::sqrt(1.0 + b * b) - 1.0);
    ok &= report("Dirac, Z = 80, n = " + std::to_string(n) + ", kappa = " + std::to_string(kappa) + " (hartree)",
                 dirac.bound(n, kappa).energy, exact, 1e-8);
  }
  return ok;
}

struct Case {
  const char* element;
  int n, kappa;
  double q;
};

struct Published {
  const char* element;
  double total;
  std::vector<Level> levels;
};

// NIST atomic reference data for electronic structure calculations (LDA, Vosko–Wilk–Nusair), written from memory.
bool check_lda() {
  const std::vector<Published> table{
      {"C", -37.425749, {{1, -1, -9.947718}, {2, -1, -0.500866}, {2, -2, -0.199186}}},
      {"O", -74.473077, {{1, -1, -18.758245}, {2, -1, -0.871362}, {2, -2, -0.338381}}},
      {"Ne", -128.233481, {{1, -1, -30.305855}, {2, -1, -1.322809}, {2, -2, -0.498034}}},
      {"Ar", -525.946195, {{1, -1, -113.800134}, {2, -1, -10.794172}, {2, -2, -8.443439}, {3, -1, -0.883384}}},
      {"Fe", -1261.093056, {{1, -1, -254.225505}, {2, -2, -25.551766}, {3, -3, -0.295049}, {4, -1, -0.197978}}},
  };
  bool ok = true;
  for (const Published& p : table) {
    const int z = atomic_number(p.element);
    const Mesh mesh(1e-6 / z, 60.0, 1.5, 0.0125);
    const Atom atom = solve_atom(mesh, z, ground_state(z), {.correlation = true, .latter = false, .speed = slow});
    ok &= report(std::string(p.element) + " LDA total energy (hartree)", atom.total_energy, p.total, 2e-7);
    for (const auto& [n, kappa, energy] : p.levels) {
      ok &=
          report(std::string(p.element) + " LDA level n = " + std::to_string(n) + ", kappa = " + std::to_string(kappa),
                 atom.orbital(n, kappa).wave.energy, energy, 2e-5);
    }
  }
  return ok;
}

// Bethe sum rule: at a momentum transfer far above all bound states, lower ones (of negative f) included, the continuum
// holds all electrons of the shell.
bool check_sum_rule() {
  bool ok = true;
  for (const auto& [element, n, kappa, q] : {Case{"C", 1, -1, 16.0}, {"O", 1, -1, 24.0}, {"Ti", 2, -2, 50.0}}) {
    const int z = atomic_number(element);
    const Mesh mesh(1e-6 / z, 30.0, 0.25, 0.0125);
    const Atom atom = solve_atom(mesh, z, ground_state(z), {.exchange = 1.0, .speed = slow});
    const Wave& initial = atom.orbital(n, kappa).wave;
    StrengthOptions options;
    options.q = {q};
    options.speed = slow;
    options.most_l = 80;
    options.settled = 1e-7;
    std::vector<double> weights;
    constexpr double step = 0.05;
    for (int i = 0; i < 200; ++i) {
      options.energies.push_back(0.2 * std::exp(step * i));
      weights.push_back(step * options.energies.back());
    }
    const Strength strength = oscillator_strength(mesh, initial, atom.potential, options);
    double sum = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      sum += weights[i] * (options.energies[i] - initial.energy) * strength.over_energy[i][0];
    }
    ok &= report(std::string("Bethe sum of ") + element + " n = " + std::to_string(n) + " at q = " + std::to_string(q),
                 sum, 1.0, 2e-3);
  }
  return ok;
}

}  // namespace

bool run_checks() {
  std::printf("%-58s %15s %15s %9s %9s\n", "quantity", "measured", "exact", "error", "allowed");
  bool ok = check_hydrogen();
  ok &= check_relativity();
  ok &= check_lda();
  ok &= check_sum_rule();
  return ok;
}

}  // namespace gos
