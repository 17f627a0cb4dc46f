// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/cross_section.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/num/quadrature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

namespace hotstage::stem {

namespace {

constexpr double A2_per_nm2 = 100.0;
constexpr std::size_t quadrature_points = 96;  // f²q is smooth; the whole sphere of angles converges to 1e-6
constexpr double reference_K = 300.0;

using Rows = std::map<int, std::vector<double>>;

/// Numbers of each element of a table of data/elastic.
Rows read_rows(const std::string& name) {
  const std::filesystem::path file = data_folder("elastic") / name;
  const io::Table table = io::read_table(file, {.delimiter = ',', .header = io::Header::present});
  const io::Column& elements = table.column("element");
  Rows out;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::vector<double>& numbers = out[atoms::element(elements.texts[row]).number];
    for (std::size_t column = 1; column < table.columns.size(); ++column) {
      numbers.push_back(io::numbers_of(table.columns[column])[row]);
    }
  }
  return out;
}

const std::vector<double>& row_of(const Rows& rows, const atoms::Element& element, std::string_view what) {
  const auto found = rows.find(element.number);
  if (found == rows.end()) {
    throw Error(Errc::bad_input, fmt::format("there is no {} of {}", what, element.name),
                "Add it to data/elastic or choose another material");
  }
  return found->second;
}

double lobato(const std::vector<double>& row, double q2) {
  double sum = 0.0;
  for (std::size_t i = 0; i < 5; ++i) {
    const double b = row[i + 5];
    const double base = 1.0 + b * q2;
    sum += row[i] * (2.0 + b * q2) / (base * base);
  }
  return sum;
}

double kirkland(const std::vector<double>& row, double q2) {
  double sum = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    sum += row[i] / (q2 + row[i + 3]) + row[i + 6] * std::exp(-row[i + 9] * q2);
  }
  return sum;
}

void check(const Annulus& annulus) {
  const double inner = annulus.inner.base();
  const double outer = annulus.outer.base();
  if (!(inner >= 0.0) || !(outer > inner) || !(outer <= std::numbers::pi)) {
    throw Error(Errc::bad_input,
                fmt::format("a detector from {} to {} mrad is not a ring", annulus.inner.in(units::mrad),
                            annulus.outer.in(units::mrad)),
                "Give inner and outer semi-angles between 0 and pi, inner below outer");
  }
}

}  // namespace

Length scattering_factor(const atoms::Element& element, double q_per_A, Parametrisation table) {
  static const Rows lobato_rows = read_rows("lobato.csv");
  static const Rows kirkland_rows = read_rows("kirkland.csv");
  const double q2 = q_per_A * q_per_A;
  const double f_A = table == Parametrisation::lobato
                         ? lobato(row_of(lobato_rows, element, "scattering factor"), q2)
                         : kirkland(row_of(kirkland_rows, element, "scattering factor"), q2);
  return f_A * units::angstrom;
}

double lorentz_factor(Energy beam_energy) {
  return 1.0 + beam_energy.in(units::eV) / constants::electron_rest_energy_eV;
}

Length wavelength(Energy beam_energy) {
  const double energy_eV = beam_energy.in(units::eV);
  const double hc_eV_nm = constants::planck_eV_s * constants::speed_of_light_nm_per_s;
  return hc_eV_nm / std::sqrt(energy_eV * (energy_eV + 2.0 * constants::electron_rest_energy_eV)) * units::nm;
}

Area debye_waller(const atoms::Element& element, Temperature temperature) {
  static const Rows rows = read_rows("debye_waller.csv");
  const double at_300_K_A2 = row_of(rows, element, "Debye-Waller factor").front();
  return at_300_K_A2 * temperature.in_K() / reference_K * (units::angstrom * units::angstrom);
}

double cross_section_nm2(const atoms::Element& element, Order order, Temperature temperature,
                         const Scattering& scattering) {
  check(scattering.annulus);
  const double lambda_A = wavelength(scattering.beam_energy).in(units::angstrom);
  const double gamma = lorentz_factor(scattering.beam_energy);
  const double b_A2 = order == Order::crystal ? debye_waller(element, temperature).base() * A2_per_nm2 : 0.0;
  const auto q_of = [&](Angle angle) { return 2.0 * std::sin(0.5 * angle.base()) / lambda_A; };
  const double first = q_of(scattering.annulus.inner);
  const double last = q_of(scattering.annulus.outer);
  static const num::Quadrature rule = num::gauss_legendre(quadrature_points);
  // With q = (q0 + first) e^u − q0 the steep forward part of a whole-sphere integral is spread out.
  constexpr double q0_per_A = 0.2;
  const double integral = num::integrate(rule, std::log(first + q0_per_A), std::log(last + q0_per_A), [&](double u) {
    const double shifted = std::exp(u);
    const double q = shifted - q0_per_A;
    const double f = scattering_factor(element, q, scattering.table).in(units::angstrom);
    const double share = order == Order::crystal ? -std::expm1(-0.5 * b_A2 * q * q) : 1.0;
    return f * f * share * q * shifted;
  });
  return 2.0 * std::numbers::pi * lambda_A * lambda_A * gamma * gamma * integral / A2_per_nm2;
}

double fraction_per_nm(const atoms::Material& material, Order order, Temperature temperature,
                       const Scattering& scattering) {
  double sum = 0.0;
  for (const atoms::FormulaPart& part : material.formula) {
    sum += material.atoms_per_nm3(part.element) * cross_section_nm2(part.element, order, temperature, scattering);
  }
  return sum;
}

}  // namespace hotstage::stem
