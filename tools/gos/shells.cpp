// SPDX-License-Identifier: GPL-3.0-or-later

#include "shells.hpp"

#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace gos {

std::vector<double> table_energies_eV(int points) {
  constexpr double scale = 5.0;
  constexpr double last = 4000.0;
  std::vector<double> out;
  for (int i = 0; i < points; ++i) {
    out.push_back(scale * std::expm1(std::log1p(last / scale) * i / (points - 1)));
  }
  out.front() = 0.01;  // the wave has a limit at 0, the equation for its amplitude has none
  return out;
}

std::vector<double> table_momenta(int points) {
  constexpr double first = 0.03;
  constexpr double last = 30.0;
  std::vector<double> out;
  for (int i = 0; i < points; ++i) {
    out.push_back(first * std::pow(last / first, static_cast<double>(i) / (points - 1)));
  }
  return out;
}

Subshell subshell(const std::string& name) {
  constexpr std::array kappas{-1, 1, -2, 2, -3};
  const std::string letters = "KLM";
  const auto shell = name.empty() ? std::string::npos : letters.find(name[0]);
  const int index = name.size() == 1 ? 1 : (name.size() == 2 ? name[1] - '0' : 0);
  if (shell == std::string::npos || index < 1 || index > 2 * static_cast<int>(shell) + 1) {
    throw std::runtime_error("no subshell " + name);
  }
  return {name, static_cast<int>(shell) + 1, kappas[static_cast<std::size_t>(index - 1)]};
}

Maker::Maker(std::string element, Settings settings)
    : element_(std::move(element)),
      settings_(std::move(settings)),
      number_(atomic_number(element_)),
      mesh_(1e-6 / number_, settings_.mesh_end, settings_.mesh_linear, settings_.mesh_step),
      neutral_(solve_atom(mesh_, number_, ground_state(number_), {.exchange = settings_.exchange})) {}

std::vector<Orbital> Maker::with_hole(const Subshell& shell) const {
  std::vector<Orbital> out = ground_state(number_);
  for (Orbital& o : out) {
    if (o.n == shell.n && o.kappa == shell.kappa) {
      o.electrons -= 1.0;
    }
  }
  return out;
}

Table Maker::table(const std::string& name) const {
  Table out;
  out.element = element_;
  out.shell = subshell(name);
  const Orbital& initial = neutral_.orbital(out.shell.n, out.shell.kappa);
  out.electrons = initial.electrons;
  out.orbital_energy_eV = initial.wave.energy * hartree_eV;
  Potential escaping = neutral_.potential;
  if (settings_.field == Field::relaxed) {
    escaping = solve_atom(mesh_, number_, with_hole(out.shell), {.exchange = settings_.exchange}, &neutral_).escaping;
  }
  Strength strength = oscillator_strength(mesh_, initial.wave, escaping, settings_.strength);
  out.l_used = strength.l_used;
  out.over_energy = std::move(strength.over_energy);
  for (auto& row : out.over_energy) {
    for (double& value : row) {
      value *= out.electrons / (hartree_eV * hartree_eV);
    }
  }
  return out;
}

double Maker::delta_scf_eV(const std::string& name) const {
  const AtomOptions options{.correlation = true, .latter = false};
  const Atom neutral = solve_atom(mesh_, number_, ground_state(number_), options, &neutral_);
  const Atom ion = solve_atom(mesh_, number_, with_hole(subshell(name)), options, &neutral);
  return (ion.total_energy - neutral.total_energy) * hartree_eV;
}

}  // namespace gos
