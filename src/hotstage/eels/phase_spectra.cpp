// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/phase_spectra.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace hotstage::eels {

namespace {

std::vector<PhaseSpectrum> read_phases() {
  const io::Table table = io::read_table(data_folder("eels_phases") / "phases.csv");
  std::vector<PhaseSpectrum> out(table.rows());
  const auto fill = [&](std::string_view column, double PhaseSpectrum::*member) {
    const std::vector<double>& values = table.numbers(column);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].*member = values[i];
    }
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].phase = table.column("phase").texts[i];
  }
  fill("o_per_co", &PhaseSpectrum::o_per_co);
  fill("pre_eV", &PhaseSpectrum::pre_eV);
  fill("pre_f", &PhaseSpectrum::pre_f);
  fill("pre_fwhm_eV", &PhaseSpectrum::pre_fwhm_eV);
  fill("main_eV", &PhaseSpectrum::main_eV);
  fill("main_f", &PhaseSpectrum::main_f);
  fill("main_fwhm_eV", &PhaseSpectrum::main_fwhm_eV);
  fill("step_eV", &PhaseSpectrum::step_eV);
  fill("l3_eV", &PhaseSpectrum::l3_eV);
  fill("l2_eV", &PhaseSpectrum::l2_eV);
  fill("holes", &PhaseSpectrum::holes);
  fill("l3_l2", &PhaseSpectrum::l3_l2);
  fill("l3_fwhm_eV", &PhaseSpectrum::l3_fwhm_eV);
  fill("l2_fwhm_eV", &PhaseSpectrum::l2_fwhm_eV);
  fill("side_share", &PhaseSpectrum::side_share);
  fill("side_eV", &PhaseSpectrum::side_eV);
  return out;
}

double gaussian(double energy_eV, double centre_eV, double fwhm_eV) {
  const double sigma = fwhm_eV / 2.3548200450309493;
  const double x = (energy_eV - centre_eV) / sigma;
  return std::abs(x) > 8.0 ? 0.0 : std::exp(-0.5 * x * x) / (sigma * std::sqrt(2.0 * std::numbers::pi));
}

double line(const PhaseSpectrum& phase, double energy_eV, double centre_eV, double fwhm_eV) {
  return (1.0 - phase.side_share) * gaussian(energy_eV, centre_eV, fwhm_eV) +
         phase.side_share * gaussian(energy_eV, centre_eV + phase.side_eV, 1.5 * fwhm_eV);
}

}  // namespace

std::span<const PhaseSpectrum> phase_spectra() {
  static const std::vector<PhaseSpectrum> table = read_phases();
  return table;
}

std::optional<std::size_t> phase_of(const atoms::Material& material) {
  const double oxygen = material.atoms_per_nm3(atoms::element("O"));
  const double cobalt = material.atoms_per_nm3(atoms::element("Co"));
  const std::span<const PhaseSpectrum> phases = phase_spectra();
  std::optional<std::size_t> best;
  if (oxygen <= 0.0 && cobalt <= 0.0) {
    return best;
  }
  double least = 1e300;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const double ratio = phases[i].o_per_co;
    if ((ratio < 0.0) != (cobalt <= 0.0) || (ratio == 0.0) != (oxygen <= 0.0)) {
      continue;
    }
    const double distance = ratio > 0.0 ? std::abs(std::log(oxygen / cobalt / ratio)) : 0.0;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

double oxygen_lines(const PhaseSpectrum& phase, double energy_eV) {
  double sum = 0.0;
  if (phase.pre_f > 0.0) {
    sum += phase.pre_f * gaussian(energy_eV, phase.pre_eV, phase.pre_fwhm_eV);
  }
  if (phase.main_f > 0.0) {
    sum += phase.main_f * gaussian(energy_eV, phase.main_eV, phase.main_fwhm_eV);
  }
  return sum;
}

double cobalt_lines(const PhaseSpectrum& phase, double energy_eV) {
  if (phase.holes <= 0.0) {
    return 0.0;
  }
  const double total = phase.holes * strength_per_hole;
  const double l2 = total / (1.0 + phase.l3_l2);
  return (total - l2) * line(phase, energy_eV, phase.l3_eV, phase.l3_fwhm_eV) +
         l2 * line(phase, energy_eV, phase.l2_eV, phase.l2_fwhm_eV);
}

double edge_step(double energy_eV, double at_eV, double width_eV) {
  return 0.5 * std::erfc((at_eV - energy_eV) * 2.3548200450309493 / (width_eV * std::numbers::sqrt2));
}

Reference reference_value(std::string_view quantity) {
  static const io::Table table = io::read_table(data_folder("eels_phases") / "references.csv");
  const std::vector<std::string>& names = table.column("quantity").texts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == quantity) {
      return {table.numbers("value")[i], table.numbers("sigma")[i]};
    }
  }
  throw Error(Errc::bad_input, fmt::format("data/eels_phases/references.csv holds no \"{}\"", quantity));
}

}  // namespace hotstage::eels
