// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/photo_absorption.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace hotstage::eels {

namespace {

constexpr double jump_ratio = 1.05;  // a rise of the table by more than this is an edge

struct Row {
  double energy_eV = 0.0;
  double strength_per_eV = 0.0;
};

const io::Table& absorption_table() {
  static const io::Table table = io::read_table(data_folder("photo_absorption") / "photo_absorption.csv");
  return table;
}

std::vector<Row> rows_of(std::string_view element) {
  const io::Table& table = absorption_table();
  const io::Column& names = table.column("element");
  const std::vector<double>& mass = table.numbers("mass_u");
  const std::vector<double>& energy = table.numbers("energy_eV");
  const std::vector<double>& absorption = table.numbers("mass_absorption_cm2_per_g");
  std::vector<Row> out;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (names.texts[i] == element) {
      const double barn = absorption[i] * mass[i] / constants::avogadro_per_mol * 1e24;
      out.push_back({energy[i], barn / barn_eV_per_strength});
    }
  }
  return out;
}

/// ½ ∫ over the probe cone of the Lorentzian collected inside β, as an equivalent ln(1 + β²/θE²).
double collected_logarithm(double alpha, double beta, double theta_e) {
  constexpr int rings = 12;
  constexpr int steps = 200;
  const double full = std::log1p(beta * beta / (theta_e * theta_e));
  if (alpha <= 0.0) {
    return full;
  }
  double sum = 0.0;
  for (int r = 0; r < rings; ++r) {
    const double tilt = alpha * std::sqrt((r + 0.5) / rings);  // rings of equal current
    const double inside = beta - tilt;
    double logarithm = inside > 0.0 ? std::log1p(inside * inside / (theta_e * theta_e)) : 0.0;
    const double from = std::abs(inside);
    const double width = (beta + tilt - from) / steps;
    for (int s = 0; s < steps; ++s) {
      const double theta = from + (s + 0.5) * width;
      const double cosine = (tilt * tilt + theta * theta - beta * beta) / (2.0 * tilt * theta);
      logarithm += 2.0 * theta * width / (theta * theta + theta_e * theta_e) *
                   std::acos(std::clamp(cosine, -1.0, 1.0)) / std::numbers::pi;
    }
    sum += logarithm / rings;
  }
  return sum;
}

double transverse(double beta, double theta_e, const Kinematics& kin) {
  const double g2 = kin.gamma * kin.gamma;
  const double s = beta * beta;
  const double t = theta_e * theta_e;
  return 2.0 * std::log(kin.gamma) - std::log((s + t) / (s + t / g2)) - kin.beta_squared * s / (s + t / g2);
}

}  // namespace

PhotoAbsorption::PhotoAbsorption(std::string_view element) {
  const std::vector<Row> rows = rows_of(element);
  if (rows.empty()) {
    throw Error(Errc::unsupported, fmt::format("no photo-absorption data for \"{}\"", element),
                "data/photo_absorption holds O and Co");
  }
  branches_.emplace_back();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i].strength_per_eV > jump_ratio * rows[i - 1].strength_per_eV) {
      jumps_.push_back(rows[i - 1].energy_eV / 0.999);  // FFAST puts a point at 0.999 of every edge
      branches_.emplace_back();
    }
    branches_.back().log_energy.push_back(std::log(rows[i].energy_eV));
    branches_.back().log_strength.push_back(std::log(rows[i].strength_per_eV));
  }
}

double PhotoAbsorption::interpolate(const Branch& branch, double energy_eV) {
  const double x = std::log(energy_eV);
  const auto& xs = branch.log_energy;
  const auto& ys = branch.log_strength;
  HOTSTAGE_EXPECTS(xs.size() > 1);
  const auto above = std::upper_bound(xs.begin() + 1, xs.end() - 1, x);
  const auto i = static_cast<std::size_t>(above - xs.begin());
  return std::exp(ys[i - 1] + (x - xs[i - 1]) / (xs[i] - xs[i - 1]) * (ys[i] - ys[i - 1]));
}

double PhotoAbsorption::part(std::size_t part, double energy_eV) const {
  return std::max(interpolate(branches_[part + 1], energy_eV) - interpolate(branches_[part], energy_eV), 0.0);
}

double PhotoAbsorption::strength(double energy_eV) const {
  double sum = 0.0;
  for (std::size_t p = 0; p < jumps_.size() && energy_eV >= jumps_[p]; ++p) {
    sum += part(p, energy_eV);
  }
  return sum;
}

double dipole_factor_barn(Energy loss, const Illumination& illumination) {
  const Kinematics kin = kinematics(illumination.beam);
  const double loss_eV = loss.in(units::eV);
  const double theta_e = loss_eV / kin.gamma_m_v2_eV;
  const double ridge = std::sqrt(loss_eV / illumination.beam.in(units::eV));
  const double beta = std::min(illumination.collection.in(units::rad), ridge);
  constexpr double four_pi_a02_barn =
      4.0 * std::numbers::pi * constants::bohr_radius_nm * constants::bohr_radius_nm / constants::barn_nm2;
  const double logarithm = collected_logarithm(illumination.convergence.in(units::rad), beta, theta_e);
  return four_pi_a02_barn * constants::rydberg_eV * constants::rydberg_eV / (loss_eV * kin.t_eV) *
         (logarithm + transverse(beta, theta_e, kin));
}

}  // namespace hotstage::eels
