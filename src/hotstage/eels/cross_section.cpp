// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/cross_section.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/num/quadrature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <numbers>
#include <vector>

namespace hotstage::eels {

namespace {

/// ∫ f over [a, b] with a fixed rule; f is inlined, unlike in num::integrate.
template <class F>
double integrate(const num::Quadrature& rule, double a, double b, F&& f) {
  const double half = 0.5 * (b - a);
  const double middle = 0.5 * (a + b);
  double sum = 0.0;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
    sum += rule.weights[i] * f(middle + half * rule.nodes[i]);
  }
  return half * sum;
}

/// ∫ f over [a, b] on panels that start at `first` and double, for functions that vary fastest at a.
template <class F>
double integrate_graded(double a, double b, double first, F&& f) {
  static const num::Quadrature rule = num::gauss_legendre(8);
  double sum = 0.0;
  for (double width = first; a < b; width *= 2.0) {
    const double end = a + 1.5 * width >= b ? b : a + width;
    sum += integrate(rule, a, end, f);
    a = end;
  }
  return sum;
}

constexpr double rydberg = constants::rydberg_eV;

// Exponents u of Egerton's L shape factor ((E − E_L3)/(1.8 Z²))^u, Al (13) to Kr (36): the values tabulated with
// SIGMAL3 (R. F. Egerton, EELS in the Electron Microscope, 3rd ed., appendix B; fitted there to photo-absorption).
constexpr int first_l_number = 13;
constexpr std::array l_exponent{0.52, 0.42, 0.30, 0.29, 0.22, 0.30, 0.22, 0.16, 0.12, 0.13, 0.13, 0.14,
                                0.16, 0.18, 0.19, 0.22, 0.14, 0.11, 0.12, 0.12, 0.12, 0.10, 0.10, 0.10};

bool is_k(const Edge& edge) {
  return edge.shell == "K";
}

bool is_l(const Edge& edge) {
  return edge.shell == "L3" && edge.number >= first_l_number &&
         edge.number < first_l_number + static_cast<int>(l_exponent.size());
}

// Elements whose L2,3 threshold is dominated by 2p → 3d lines: no shape factor within 20 eV (V ± 5, as in SIGMAL3).
constexpr double white_line_range_eV = 20.0;

bool has_white_lines(const Edge& edge) {
  return std::abs(edge.number - 23) <= 5;
}

[[noreturn]] void refuse(const Edge& edge, const Gos* gos) {
  if (gos != nullptr) {
    throw Error(Errc::unsupported, fmt::format("no {} for {}", gos->name(), edge.name()),
                "Take the hydrogenic model (K; L3 from Al to Kr), another table, or give a k factor");
  }
  throw Error(
      Errc::unsupported, fmt::format("no cross-section model for {}", edge.name()),
      "Hydrogenic models exist for K shells and for L3 (with L2 and L1) from Al to Kr; for others give a k factor");
}

/// A tabulated subshell and its onset.
struct Part {
  const GosTable* table = nullptr;
  double onset = 0.0;
};

/// One shell with every number that does not depend on q: hydrogenic, or the tables of its subshells.
struct Shell {
  std::vector<Part> parts;  // empty: hydrogenic
  bool k = true;
  double onset = 0.0;
  double l1_onset = 0.0;
  double zs2 = 1.0;
  double electrons = 2.0;  // of the K shell
  double exponent = 0.0;
  double shape_energy = 1.0;
  bool white_lines = false;
};

std::vector<Part> parts_of(const Edge& edge, const Gos& gos) {
  std::vector<Part> out;
  const GosTable* own = gos.find(edge.element, edge.shell);
  if (own == nullptr) {
    return out;
  }
  const double onset = edge.onset.in(units::eV);
  out.push_back({own, onset});
  if (edge.shell != "L3" && edge.shell != "M5") {
    return out;
  }
  const std::vector<Edge> edges = element_edges(edge.element);
  double tabulated = onset;
  for (const Edge& other : edges) {
    tabulated = other.shell == edge.shell ? other.onset.in(units::eV) : tabulated;
  }
  for (const Edge& other : edges) {
    const bool member = edge.shell == "M5" ? other.shell == "M4" : other.shell == "L2" || other.shell == "L1";
    const GosTable* table = member ? gos.find(edge.element, other.shell) : nullptr;
    if (table != nullptr) {
      out.push_back({table, other.onset.in(units::eV) + onset - tabulated});
    }
  }
  return out;
}

Shell shell_of(const Edge& edge, const Gos* gos) {
  Shell out;
  out.onset = edge.onset.in(units::eV);
  if (gos != nullptr) {
    out.k = is_k(edge);
    out.parts = parts_of(edge, *gos);
    if (out.parts.empty()) {
      refuse(edge, gos);
    }
    return out;
  }
  const double z = edge.number;
  if (is_k(edge)) {
    const double zs = edge.number == 1 ? 1.0 : z - 0.5;
    out.zs2 = zs * zs;
    out.electrons = edge.number == 1 ? 1.0 : 2.0;
    return out;
  }
  if (!is_l(edge)) {
    refuse(edge, gos);
  }
  out.k = false;
  const double zs = z - 0.35 * 7.0 - 1.7;  // Slater: seven other L electrons, two K electrons
  out.zs2 = zs * zs;
  out.exponent = l_exponent[static_cast<std::size_t>(edge.number - first_l_number)];
  out.shape_energy = 1.8 * z * z;
  out.white_lines = has_white_lines(edge);
  out.l1_onset = std::numeric_limits<double>::infinity();
  for (const Edge& other : element_edges(edge.element)) {
    if (other.shell == "L1") {
      out.l1_onset = other.onset.in(units::eV);
    }
  }
  return out;
}

// exp(−(2/κ) arctan(s κ/(Q − κ² + s²/4))) / (1 − exp(−2π/κ)) continued to κ² < 0 (loss below the hydrogenic threshold);
// s = 2 for K and 1 for L.
double coulomb_factor(double q, double kappa2, double s) {
  const double kappa = std::max(std::sqrt(std::abs(kappa2)), 1e-3);
  const double base = q - kappa2 + 0.25 * s * s;
  if (kappa2 >= 0.0) {
    return std::exp(-2.0 / kappa * std::atan2(s * kappa, base)) / -std::expm1(-2.0 * std::numbers::pi / kappa);
  }
  return std::exp(-std::log((base + s * kappa) / (base - s * kappa)) / kappa);
}

// Hydrogenic K shell (Bethe; Egerton, 3rd ed., eqs. 3.125–3.130), per eV.
double k_strength(const Shell& shell, double loss, double qa02) {
  const double q = qa02 / shell.zs2;
  const double k2 = loss / (rydberg * shell.zs2) - 1.0;
  const double d = (q - k2 + 1.0) * (q - k2 + 1.0) + 4.0 * k2;
  return 128.0 * shell.electrons * loss / (rydberg * rydberg * shell.zs2 * shell.zs2) * (q + (k2 + 1.0) / 3.0) *
         coulomb_factor(q, k2, 2.0) / (d * d * d);
}

// Hydrogenic L shell: 2p alone below the L1 onset, 2s + 2p above (Walske, Phys. Rev. 101, 940 (1956);
// Choi, Merzbacher & Khandelwal, At. Data 5, 291 (1973)), times the empirical shape factor, per eV.
double l_strength(const Shell& shell, double loss, double qa02) {
  const double q = qa02 / shell.zs2;
  const double k = loss / (rydberg * shell.zs2) - 0.25;
  const double d = (q - k + 0.25) * (q - k + 0.25) + k;
  const double d4 = d * d * d * d;
  double radial = 0.0;
  if (loss < shell.l1_onset) {
    const double c3 = 0.75 + 3.0 * k;
    const double c2 = 19.0 / 32.0 - k * (0.75 + 0.5 * k);
    const double c1 = 107.0 / 960.0 + k * (41.0 / 48.0 + k * (113.0 / 60.0 + k));
    const double c0 = 11.0 / 3072.0 + k * (3.0 / 64.0 + k * (7.0 / 32.0 + k * (5.0 / 12.0 + 0.25 * k)));
    radial = (((2.25 * q - c3) * q + c2) * q + c1) * q + c0;
    radial /= d4 * d;
  } else {
    const double c2 = 11.0 / 12.0 + 5.0 * k / 3.0;
    const double c1 = 65.0 / 48.0 + k * (1.5 + k / 3.0);
    const double c0 = 5.0 / 64.0 + k * (23.0 / 48.0 + k * (0.75 + k / 3.0));
    radial = (((q - c2) * q + c1) * q + c0) / d4;
  }
  double shape = 1.0;
  if (!shell.white_lines || loss - shell.onset > white_line_range_eV) {
    shape = std::pow(std::max(loss - shell.onset, 0.1) / shell.shape_energy, shell.exponent);
  }
  return 32.0 * loss / (rydberg * rydberg * shell.zs2 * shell.zs2) * shape * radial * coulomb_factor(q, k, 1.0);
}

/// df/dE of a shell at one loss: what does not depend on q is done once.
class AtLoss {
 public:
  AtLoss(const Shell& shell, double loss) : shell_(shell), loss_(loss) {
    for (const Part& part : shell.parts) {
      if (loss >= part.onset) {
        slices_.emplace_back(*part.table, loss - part.onset, loss);
      }
    }
  }

  [[nodiscard]] double strength(double qa02) const {
    if (loss_ < shell_.onset) {
      return 0.0;
    }
    if (shell_.parts.empty()) {
      return shell_.k ? k_strength(shell_, loss_, qa02) : l_strength(shell_, loss_, qa02);
    }
    double sum = 0.0;
    for (const GosSlice& slice : slices_) {
      sum += slice.at(qa02);
    }
    return sum;
  }

 private:
  const Shell& shell_;
  double loss_;
  std::vector<GosSlice> slices_;
};

/// (q a0)² at angle 0, and k0 k1 a0², exactly relativistic: (k a0)² = E(E + 2 m c²)/(2 m c² R).
struct Momentum {
  double least = 0.0;
  double product = 0.0;
};

Momentum momentum(double beam, double loss) {
  constexpr double rest = constants::electron_rest_energy_eV;
  const double unit = 1.0 / (2.0 * rest * rydberg);
  const double before = std::sqrt(beam * (beam + 2.0 * rest) * unit);
  const double after = std::sqrt((beam - loss) * (beam - loss + 2.0 * rest) * unit);
  const double difference = loss * (2.0 * beam + 2.0 * rest - loss) * unit / (before + after);
  return {difference * difference, before * after};
}

// Transverse part of the dipole cross-section in units of the logarithm ln(1 + β²/θE²): the integral of
// (v/c)⁴ θE² θ² / [(θ² + θE²)(θ² + θE²/γ²)²] dθ² (Fano, Annu. Rev. Nucl. Sci. 13, 1 (1963), eq. 12).
double transverse_term(double beta, double theta, const Kinematics& kin) {
  const double s = beta * beta;
  const double a = theta * theta;
  const double b = a / (kin.gamma * kin.gamma);
  return std::log((s + b) / b) - std::log((s + a) / a) - kin.beta_squared * s / (s + b);
}

double differential(const Shell& shell, double loss, const Illumination& illumination, Interaction interaction) {
  const double beam = illumination.beam.in(units::eV);
  if (loss < shell.onset || loss >= beam) {
    return 0.0;
  }
  const Kinematics kin = kinematics(illumination.beam);
  const Momentum q = momentum(beam, loss);
  const double beta = illumination.collection.in(units::rad);
  const double sine = std::sin(0.5 * beta);
  const double greatest = q.least + 4.0 * q.product * sine * sine;
  static const num::Quadrature rule = num::gauss_legendre(64);
  const AtLoss at(shell, loss);
  double integral =
      integrate(rule, std::log(q.least), std::log(greatest), [&](double x) { return at.strength(std::exp(x)); });
  if (interaction == Interaction::full) {
    integral += at.strength(q.least) * transverse_term(beta, loss / kin.gamma_m_v2_eV, kin);
  }
  constexpr double four_pi_a02_barn =
      4.0 * std::numbers::pi * constants::bohr_radius_nm * constants::bohr_radius_nm / constants::barn_nm2;
  const double factor = convergence_correction(loss * units::eV, illumination).f2;
  return four_pi_a02_barn * rydberg * rydberg / (kin.t_eV * loss) * integral * factor;
}

/// "O K" → oscillator strength of the first 100 eV.
std::map<std::string, double> read_strengths() {
  const std::string file = (data_folder("dipole_strength") / "strength.csv").string();
  std::ifstream in(file);
  std::map<std::string, double> out;
  std::string line;
  std::getline(in, line);
  for (int number = 2; std::getline(in, line); ++number) {
    const std::size_t first = line.find(',');
    const std::size_t second = line.find(',', first == std::string::npos ? first : first + 1);
    double value = 0.0;
    if (second == std::string::npos ||
        std::from_chars(line.data() + second + 1, line.data() + line.size(), value).ec != std::errc{} || value <= 0.0) {
      throw Error(Errc::bad_input, Location{.file = file, .line = number},
                  fmt::format(R"("{}" is not "element,shell,strength")", line));
    }
    out[line.substr(0, first) + ' ' + line.substr(first + 1, second - first - 1)] = value;
  }
  return out;
}

const std::map<std::string, double>& strengths() {
  static const std::map<std::string, double> table = read_strengths();
  return table;
}

bool in_strength_table(const Edge& edge) {
  return strengths().contains(edge.name());
}

// Steps of the model inside (begin, end): the integral is cut there.
std::vector<double> cuts(const Shell& shell, double begin, double end) {
  std::vector<double> steps;
  for (const Part& part : shell.parts) {
    steps.push_back(part.onset);
  }
  if (!shell.k && shell.parts.empty()) {
    steps = {shell.onset + white_line_range_eV, shell.l1_onset};
  }
  std::ranges::sort(steps);
  std::vector<double> out{begin};
  for (const double energy : steps) {
    if (energy > out.back() && energy < end) {
      out.push_back(energy);
    }
  }
  out.push_back(end);
  return out;
}

}  // namespace

bool has_cross_section(const Edge& edge, const Gos* gos) {
  if (gos != nullptr) {
    return gos->find(edge.element, edge.shell) != nullptr;
  }
  return is_k(edge) || is_l(edge);
}

double model_uncertainty(const Edge& edge, const Gos* gos, Strength strength) {
  // Free atoms against solids, and FFAST itself near an edge; M shells (3d → 4f, 5p) are unchecked.
  const double k_or_l = is_k(edge) ? 0.05 : (edge.shell[0] == 'M' ? 0.25 : 0.10);
  const double base = edge.shell[0] == 'L' && has_white_lines(edge) ? 0.15 : k_or_l;
  const GosTable* table = gos != nullptr ? gos->find(edge.element, edge.shell) : nullptr;
  if (table == nullptr) {
    return base;
  }
  const bool known = in_strength_table(edge);
  const double scale = strength == Strength::photo_absorption && known
                           ? 0.0
                           : (known ? strength_correction(edge, gos) - 1.0 : table->scale_spread);
  return std::hypot(base, scale, table->shape_spread);
}

double generalised_oscillator_strength(const Edge& edge, Energy loss, double qa0_squared, const Gos* gos) {
  HOTSTAGE_EXPECTS(qa0_squared >= 0.0);
  const Shell shell = shell_of(edge, gos);
  return AtLoss(shell, loss.in(units::eV)).strength(qa0_squared);
}

double differential_cross_section(const Edge& edge, Energy loss, const Illumination& illumination,
                                  Interaction interaction, const Gos* gos) {
  return differential(shell_of(edge, gos), loss.in(units::eV), illumination, interaction);
}

CrossSection partial_cross_section(const Edge& edge, const Window& window, const Illumination& illumination,
                                   Interaction interaction, const Gos* gos) {
  HOTSTAGE_EXPECTS(illumination.beam.base() > 0.0 && illumination.collection.base() > 0.0);
  const Shell shell = shell_of(edge, gos);
  const double begin = std::max(window.low_eV, shell.onset);
  const double end = window.high_eV;
  if (end <= begin || end >= illumination.beam.in(units::eV)) {
    throw Error(Errc::bad_input,
                fmt::format("the window {:g}–{:g} eV holds nothing of {} (onset {:g} eV)", window.low_eV, end,
                            edge.name(), shell.onset),
                "Move the signal window behind the onset");
  }
  constexpr double first_panel_eV = 5.0;
  const std::vector<double> pieces = cuts(shell, begin, end);
  double barn = 0.0;
  double dipole = 0.0;
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    barn += integrate_graded(pieces[i], pieces[i + 1], first_panel_eV,
                             [&](double loss) { return differential(shell, loss, illumination, interaction); });
    dipole += integrate_graded(pieces[i], pieces[i + 1], first_panel_eV, [&](double loss) {
      return AtLoss(shell, loss).strength(momentum(illumination.beam.in(units::eV), loss).least);
    });
  }
  CrossSection out;
  out.value = Area(barn * constants::barn_nm2);
  out.model_uncertainty = model_uncertainty(edge, gos);
  out.oscillator_strength = dipole;
  out.convergence_factor = convergence_correction(0.5 * (begin + end) * units::eV, illumination).f2;
  out.model = (gos != nullptr ? gos->name() : "hydrogenic") + ' ' + edge.shell.substr(0, 1);
  return out;
}

double strength_correction(const Edge& edge, const Gos* gos) {
  constexpr double width_eV = 100.0;  // of the table
  if (!in_strength_table(edge) || !has_cross_section(edge, gos)) {
    return 1.0;
  }
  const Shell shell = shell_of(edge, gos);
  const std::vector<double> pieces = cuts(shell, shell.onset, shell.onset + width_eV);
  double ours = 0.0;
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    ours +=
        integrate_graded(pieces[i], pieces[i + 1], 5.0, [&](double loss) { return AtLoss(shell, loss).strength(0.0); });
  }
  return strengths().at(edge.name()) / ours;
}

}  // namespace hotstage::eels
