// SPDX-License-Identifier: GPL-3.0-or-later
// gos_maker: tables of generalised oscillator strengths from a self-consistent Dirac atom.

#include "checks.hpp"
#include "shells.hpp"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Onsets = std::map<std::string, double>;  // eV, by shell

constexpr int energy_points = 40;
constexpr int momentum_points = 44;

const std::vector<std::string> variants{"frozen", "frozen_kohn_sham", "relaxed", "relaxed_kohn_sham"};

gos::Settings settings_of(const std::string& variant) {
  gos::Settings out;
  out.strength.q = gos::table_momenta(momentum_points);
  for (const double e : gos::table_energies_eV(energy_points)) {
    out.strength.energies.push_back(e / gos::hartree_eV);
  }
  if (variant == "frozen_kohn_sham" || variant == "relaxed_kohn_sham") {
    out.exchange = 2.0 / 3.0;
  }
  if (variant == "relaxed" || variant == "relaxed_kohn_sham") {
    out.field = gos::Field::relaxed;
  }
  if (variant == "fine") {
    out.mesh_step /= 1.6;
    out.mesh_linear = 1.0;
    out.mesh_end = 90.0;
    out.strength.settled = 1e-8;
  } else if (std::ranges::find(variants, variant) == variants.end()) {
    throw std::runtime_error("no variant " + variant);
  }
  return out;
}

/// "O" → {"K": 532, …} from data/eels_edges/edges.csv.
std::map<std::string, Onsets> read_edges(const std::string& file) {
  std::ifstream in(file);
  std::map<std::string, Onsets> out;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::stringstream fields(line);
    std::string element;
    std::string shell;
    std::string onset;
    std::getline(fields, element, ',');
    std::getline(fields, shell, ',');
    std::getline(fields, onset, ',');
    out[element][shell] = std::atof(onset.c_str());
  }
  if (out.empty()) {
    throw std::runtime_error("cannot read " + file);
  }
  return out;
}

bool wanted(int number, const std::string& shell) {
  return (shell == "K" && number >= 3 && number <= 14) || (shell[0] == 'L' && number >= 13 && number <= 36) ||
         ((shell == "M5" || shell == "M4") && (number == 38 || number == 57));
}

/// ∫ E s(ε, q → 0) dε over [0, width] behind the threshold; ln s is linear in u between the points.
double dipole(const gos::Table& table, double onset, double width) {
  const std::vector<double> energies = gos::table_energies_eV(energy_points);
  const auto u = [](double x) { return std::log1p(x / 5.0); };
  constexpr int steps = 2000;
  double sum = 0.0;
  std::size_t i = 1;
  for (int k = 0; k < steps && width > 0.0; ++k) {
    const double e = width * (k + 0.5) / steps;
    while (i + 1 < energies.size() && energies[i] < e) {
      ++i;
    }
    const double t = (u(e) - u(energies[i - 1])) / (u(energies[i]) - u(energies[i - 1]));
    const double s =
        std::exp((1.0 - t) * std::log(table.over_energy[i - 1][0]) + t * std::log(table.over_energy[i][0]));
    sum += s * (onset + e) * width / steps;
  }
  return sum;
}

constexpr double widths_eV[] = {50.0, 100.0, 200.0};

template <class... Numbers>
std::string text(const char* format, Numbers... numbers) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, format, numbers...);
  return buffer;
}

/// Dipole f of one subshell over 50, 100 and 200 eV behind its own onset.
std::vector<double> strengths(const gos::Table& table, double onset) {
  std::vector<double> out;
  for (const double width : widths_eV) {
    out.push_back(dipole(table, onset, width));
  }
  return out;
}

std::vector<std::string> shells_of(const std::string& element, const Onsets& edges) {
  std::vector<std::string> out;
  for (const char* shell : {"K", "L3", "L2", "L1", "M5", "M4"}) {
    if (edges.contains(shell) && wanted(gos::atomic_number(element), shell)) {
      out.emplace_back(shell);
    }
  }
  return out;
}

// data/gos/<element>.txt: see SOURCE.md there.
void write_tables(const std::string& folder, const std::string& element, const Onsets& edges) {
  std::vector<gos::Maker> makers;
  for (const std::string& variant : variants) {
    makers.emplace_back(element, settings_of(variant));
  }
  std::ofstream out(folder + "/" + element + ".txt");
  out << "# hotstage gos 1: rows energies, columns momenta, entries round(1000 ln(E^-1 df/dE eV^2)) of the subshell\n";
  out << "energies_eV";
  for (const double energy : gos::table_energies_eV(energy_points)) {
    out << text(" %.6g", energy);
  }
  out << "\nq_per_bohr";
  for (const double q : gos::table_momenta(momentum_points)) {
    out << text(" %.6g", q);
  }
  out << '\n';
  for (const std::string& shell : shells_of(element, edges)) {
    const double onset = edges.at(shell);
    const gos::Table table = makers[0].table(shell);
    const std::vector<double> own = strengths(table, onset);
    double scale[2] = {1.0, 1.0};
    double shape[2] = {1.0, 1.0};
    for (std::size_t v = 1; v < makers.size(); ++v) {
      const std::vector<double> other = strengths(makers[v].table(shell), onset);
      const double factor = other[1] / own[1];
      const double bend = other[0] / own[0] / factor;
      scale[0] = std::min(scale[0], factor);
      scale[1] = std::max(scale[1], factor);
      shape[0] = std::min(shape[0], bend);
      shape[1] = std::max(shape[1], bend);
    }
    out << text("shell %s electrons %g orbital_eV %.2f delta_scf_eV %.2f scale_spread %.3f shape_spread %.3f\n",
                shell.c_str(), table.electrons, table.orbital_energy_eV, makers[0].delta_scf_eV(shell),
                0.5 * (scale[1] - scale[0]), 0.5 * (shape[1] - shape[0]));
    for (const auto& row : table.over_energy) {
      for (std::size_t k = 0; k < row.size(); ++k) {
        out << (k == 0 ? "" : " ") << std::lround(1000.0 * std::log(row[k]));
      }
      out << '\n';
    }
    std::fprintf(stderr, "%s %s: l' to %d\n", element.c_str(), shell.c_str(), table.l_used);
  }
}

/// Dipole f of a whole shell (L: L3, L2 and L1 from their own onsets) for every variant.
void compare(const std::string& element, const Onsets& edges) {
  for (const std::string& variant : variants) {
    const gos::Maker maker(element, settings_of(variant));
    std::string first;
    double f[3] = {};
    const auto print = [&] {
      if (!first.empty()) {
        std::printf("%-3s %-3s %-18s f50 %.4f f100 %.4f f200 %.4f\n", element.c_str(), first.c_str(), variant.c_str(),
                    f[0], f[1], f[2]);
      }
    };
    for (const std::string& shell : shells_of(element, edges)) {
      if (first.empty() || shell[0] != first[0]) {
        print();
        first = shell;
        std::fill(std::begin(f), std::end(f), 0.0);
      }
      const gos::Table table = maker.table(shell);
      for (int w = 0; w < 3; ++w) {
        f[w] += dipole(table, edges.at(shell), widths_eV[w] - (edges.at(shell) - edges.at(first)));
      }
    }
    print();
  }
}

/// Largest change of the table when mesh, range and l' are refined, where df/dE is at least 10^-4 of its dipole value.
void converge(const std::string& element, const Onsets& edges) {
  const gos::Maker coarse(element, settings_of("frozen"));
  const gos::Maker fine(element, settings_of("fine"));
  for (const std::string& shell : shells_of(element, edges)) {
    const gos::Table a = coarse.table(shell);
    const gos::Table b = fine.table(shell);
    double all = 0.0;
    double strong = 0.0;
    for (std::size_t i = 0; i < a.over_energy.size(); ++i) {
      for (std::size_t k = 0; k < a.over_energy[i].size(); ++k) {
        const double error = std::abs(std::log(a.over_energy[i][k] / b.over_energy[i][k]));
        all = std::max(all, error);
        if (b.over_energy[i][k] > 1e-4 * b.over_energy[i][0]) {
          strong = std::max(strong, error);
        }
      }
    }
    std::printf("%-3s %-3s largest change: %.1e where it matters, %.1e anywhere; l' to %d and %d\n", element.c_str(),
                shell.c_str(), strong, all, a.l_used, b.l_used);
  }
}

/// (1/E) df/dE in 1/eV² at one energy (eV) and momentum transfer (1/bohr), not from the table's grid.
void probe(const std::string& element, const std::string& shell, double energy, double q) {
  gos::Settings settings = settings_of("frozen");
  settings.strength.energies = {energy / gos::hartree_eV};
  settings.strength.q = {q};
  const gos::Maker maker(element, settings);
  std::printf("{\"%s\", \"%s\", %g, %g, %.5e},\n", element.c_str(), shell.c_str(), energy, q,
              maker.table(shell).over_energy[0][0]);
}

int run(const std::vector<std::string>& arguments) {
  const std::string command = arguments.empty() ? "" : arguments[0];
  if (command == "check") {
    return gos::run_checks() ? 0 : 1;
  }
  if (command == "make" && arguments.size() >= 4) {
    const auto edges = read_edges(arguments[1]);
    for (std::size_t i = 3; i < arguments.size(); ++i) {
      write_tables(arguments[2], arguments[i], edges.at(arguments[i]));
    }
    return 0;
  }
  if ((command == "compare" || command == "converge") && arguments.size() >= 3) {
    const auto edges = read_edges(arguments[1]);
    for (std::size_t i = 2; i < arguments.size(); ++i) {
      (command == "compare" ? compare : converge)(arguments[i], edges.at(arguments[i]));
    }
    return 0;
  }
  if (command == "probe" && arguments.size() == 5) {
    probe(arguments[1], arguments[2], std::stod(arguments[3]), std::stod(arguments[4]));
    return 0;
  }
  std::cerr << "usage: gos_maker check\n"
               "       gos_maker make data/eels_edges/edges.csv FOLDER ELEMENT…\n"
               "       gos_maker compare|converge data/eels_edges/edges.csv ELEMENT…\n"
               "       gos_maker probe ELEMENT SHELL EPSILON_EV Q_PER_BOHR\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "gos_maker: " << error.what() << '\n';
    return 1;
  }
}
