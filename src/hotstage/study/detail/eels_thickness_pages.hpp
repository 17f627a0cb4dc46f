// SPDX-License-Identifier: GPL-3.0-or-later
// Options, table, maps and checks of a thickness measurement.

#pragma once

#include "hotstage/eels/fourier_log.hpp"
#include "hotstage/eels/thickness.hpp"
#include "hotstage/study/detail/eels_low_loss.hpp"
#include "hotstage/study/step.hpp"

#include <optional>
#include <span>
#include <string>

namespace hotstage::study::detail {

struct ThicknessOptions {
  std::string material;
  std::optional<Density> density;
  std::optional<double> effective_z;
  eels::PathModel model = eels::PathModel::iakoubovskii;
  std::optional<Energy> beam_energy;
  std::optional<Angle> convergence;
  std::optional<Angle> collection;
  double max_thickness = 3.0;
  eels::ZeroLossOptions zero_loss;
  eels::FourierLogOptions fourier_log;

  template <class V>
  void fields(V& v) {
    v("material", material,
      {.help = "name of a material (data/materials) that gives density and mean Z; empty: t/lambda only"});
    v("density", density, {.help = "density of the specimen; that of the material when unset", .unit = "g/cm^3"});
    v("effective_z", effective_z,
      {.help = "effective atomic number; that of the material when unset", .min = 1.0, .max = 100.0});
    v("model", model, {.help = "mean free path: iakoubovskii (density), malis (mean Z)"});
    v("beam_energy", beam_energy, {.help = "beam energy; from the file when unset", .unit = "keV", .min = 1.0});
    v("convergence", convergence,
      {.help = "convergence semi-angle of the probe; from the file when unset", .unit = "mrad", .min = 0.0});
    v("collection", collection,
      {.help = "collection semi-angle of the spectrometer; from the file when unset", .unit = "mrad", .min = 1e-3});
    v("max_thickness", max_thickness,
      {.help = "t/lambda above which an item is refused: the log-ratio fails between 2 and 3", .min = 0.1});
    v("zero_loss", zero_loss, {.help = "zero-loss peak"});
    v("fourier_log", fourier_log, {.help = "single scattering by Fourier-log deconvolution"});
  }
};

/// Mean free paths for the file's beam and angles; nothing when neither material, density nor Z is given. Throws
/// Error{bad_input} when the beam or an angle is missing, or the chosen model lacks its input.
[[nodiscard]] std::optional<eels::MeanFreePaths> paths_of(const signal::Signal& low, const ThicknessOptions& options);

[[nodiscard]] StepOutput thickness_page(const signal::Signal& low, std::span<const eels::ZeroLoss> peaks,
                                        std::span<const eels::RelativeThickness> items,
                                        const std::optional<eels::MeanFreePaths>& paths,
                                        const ThicknessOptions& options);

/// Adds what Fourier-log says: t/λ with the tail beyond the axis, the mean single-scattering distribution, refusals.
void add_single_scattering(const signal::Signal& low, const SingleScattering& single, StepOutput& out);

}  // namespace hotstage::study::detail
