// SPDX-License-Identifier: GPL-3.0-or-later
// Fine structure of O K and Co L2,3 per phase, as the generator of simulated scans puts it in.
//
// Nothing of this is known to the analysis (product.hpp), which has three references of its own.

#pragma once

#include "hotstage/atoms/material.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// One row of data/eels_phases/phases.csv. Strengths f are dipole oscillator strengths per atom, energies in eV.
struct PhaseSpectrum {
  std::string phase;
  double o_per_co = 0.0;  ///< < 0: an oxide without cobalt
  double pre_eV = 0.0;    ///< O K pre-peak
  double pre_f = 0.0;
  double pre_fwhm_eV = 1.0;
  double main_eV = 0.0;  ///< O K main peak
  double main_f = 0.0;
  double main_fwhm_eV = 1.0;
  double step_eV = 0.0;  ///< O K continuum
  double l3_eV = 0.0;
  double l2_eV = 0.0;
  double holes = 0.0;  ///< empty 3d states
  double l3_l2 = 1.0;
  double l3_fwhm_eV = 1.0;
  double l2_fwhm_eV = 1.0;
  double side_share = 0.0;  ///< of each white line, `side_eV` above its maximum
  double side_eV = 0.0;
};

/// White-line oscillator strength per empty 3d state of Co (data/eels_phases/SOURCE.md).
inline constexpr double strength_per_hole = 0.071;

/// The table, in its order: layered, spinel, rock_salt, metal, ionic.
[[nodiscard]] std::span<const PhaseSpectrum> phase_spectra();

/// Index into phase_spectra() by O per Co of the formula (nearest in the logarithm); nothing for a material without O
/// and Co.
[[nodiscard]] std::optional<std::size_t> phase_of(const atoms::Material& material);

/// df/dE (1/eV) of the pre-peak and the main peak of O K.
[[nodiscard]] double oxygen_lines(const PhaseSpectrum& phase, double energy_eV);

/// df/dE (1/eV) of the white lines of Co.
[[nodiscard]] double cobalt_lines(const PhaseSpectrum& phase, double energy_eV);

/// Rise of a continuum from 0 to 1: a step broadened by a Gaussian of FWHM `width_eV` (the analysis has arctan steps).
[[nodiscard]] double edge_step(double energy_eV, double at_eV, double width_eV);

/// A number the analysis brings along: a row of data/eels_phases/references.csv.
struct Reference {
  double value = 0.0;
  double sigma = 0.0;
};

/// Throws Error{bad_input} when the table has no such quantity.
[[nodiscard]] Reference reference_value(std::string_view quantity);

}  // namespace hotstage::eels
