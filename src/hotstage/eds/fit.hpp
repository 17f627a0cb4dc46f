// SPDX-License-Identifier: GPL-3.0-or-later
// Areas of X-ray lines: Gaussians with fixed ratios within each subshell over a smooth background, Poisson weights.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/estimate.hpp"
#include "hotstage/eds/lines.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::eds {

/// Photon energies. value(i) is the centre of channel i, which covers ± step/2.
struct EnergyAxis {
  double offset_eV = 0.0;
  double step_eV = 10.0;  ///< > 0
  std::size_t size = 0;

  [[nodiscard]] double value(double channel) const { return offset_eV + channel * step_eV; }

  friend bool operator==(const EnergyAxis&, const EnergyAxis&) = default;
};

/// What is left free besides the areas. Each needs strong lines and is held when they are missing.
enum class Calibrate {
  none,    ///< energies and resolution as given
  energy,  ///< offset, and gain when two strong lines lie 2 keV apart
  full,    ///< energy and resolution
};

struct FitOptions {
  double low_eV =
      0.0;  ///< fitted range; 0, 0: from just below the lowest line to just above the highest, at least 150 eV
  double high_eV = 0.0;
  double beam_eV = 200e3;  ///< end of the bremsstrahlung
  Resolution resolution;
  Calibrate calibrate = Calibrate::full;
  double detection_sigma = 3.0;  ///< a line is found when its area exceeds this many σ
};

/// The model of one spectrum with everything but the areas fixed: what a spectrum image is fitted with.
struct LineModel {
  EnergyAxis axis;  ///< recalibrated
  Resolution resolution;
  std::size_t first = 0;    ///< first fitted channel
  std::size_t lines = 0;    ///< the first columns are families, then subshells left free, then background
  Buffer<double, 2> basis;  ///< fitted channels × columns, counts per unit of the parameter
};

struct FamilyArea {
  const LineFamily* family = nullptr;
  Estimate alpha;            ///< photons in the α lines and their counting σ; may be negative within it
  double sigma_model = 0.0;  ///< what the misfit adds: σ·√(max(0, χ²/ν − 1))
  bool found = false;
  std::optional<double> below;  ///< not found: the area is below this with 95 % confidence
};

enum class LineFitStatus { ok, too_few_counts, singular };

struct SpectrumFit {
  LineFitStatus status = LineFitStatus::too_few_counts;
  std::vector<FamilyArea> areas;  ///< in the order asked for
  Buffer<double, 2> covariance;   ///< of the α areas, counting only
  std::vector<double> model;      ///< counts per fitted channel
  std::vector<double> background;
  LineModel lines;
  double chi2_per_dof = 0.0;              ///< Pearson, over fitted channels
  std::optional<Estimate> shift_eV;       ///< at the strongest line: true − stated energy of a channel
  std::optional<Estimate> gain;           ///< relative change of the step
  std::optional<Estimate> resolution_eV;  ///< FWHM at Mn Kα, when fitted
  std::vector<std::string> held;          ///< what was not calibrated, and why
};

/// Fits counts per channel. Throws Error{bad_input} when a family lies outside the axis or the spectrum holds no counts
/// (negative or not finite numbers).
///
/// Lines that follow vacancies in other subshells of a family have a free scale of their own when they lie more than
/// one FWHM from the α line and that above 1.5 keV; else the weights of the table tie them to it. Poisson maximum
/// likelihood by Fisher scoring; the background is a Kramers shape (E0 − E)/E times a piecewise linear correction with
/// non-negative knots several FWHM apart; areas are signed, so that their mean is unbiased at zero.
[[nodiscard]] SpectrumFit fit_spectrum(std::span<const double> counts, const EnergyAxis& axis,
                                       std::span<const LineFamily* const> families, const FitOptions& options);

/// Fixed linear estimator of the α areas for the spectra of an image: area = Σ weights·counts, σ² = Σ weights²·counts.
///
/// Optimal for spectra shaped like the one fitted, unbiased for any mixture of its parts.
struct AreaEstimator {
  std::size_t first = 0;      ///< first channel
  Buffer<double, 2> weights;  ///< families × channels
};

[[nodiscard]] AreaEstimator area_estimator(const SpectrumFit& fit);

/// One line by two windows: counts within ± `half_width` FWHM of the α energy less the mean of windows on both sides,
/// corrected for the part of the line outside. For isolated lines; the counting σ includes the background's.
[[nodiscard]] std::optional<Estimate> two_window_area(std::span<const double> counts, const EnergyAxis& axis,
                                                      const LineFamily& family, const Resolution& resolution,
                                                      double half_width = 1.0);

/// Expected counts of families with the given α areas: the forward model, for simulations and tests.
[[nodiscard]] std::vector<double> expected_lines(const EnergyAxis& axis, std::span<const LineFamily* const> families,
                                                 std::span<const double> alpha_areas, const Resolution& resolution);

}  // namespace hotstage::eds
