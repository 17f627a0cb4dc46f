// SPDX-License-Identifier: GPL-3.0-or-later
// Options of eds.quantify, and what they mean for the fit of one file.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/eds/quantify.hpp"
#include "hotstage/study/step.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::study::eds_quantify {

/// As eds::Calibrate and eds::KBasis, with the names a user writes.
enum class Calibration { none, energy, full };

constexpr auto enum_names(Calibration) {
  return std::array{EnumName<Calibration>{Calibration::none, "none"},
                    EnumName<Calibration>{Calibration::energy, "energy"},
                    EnumName<Calibration>{Calibration::full, "full"}};
}

enum class Basis { weight, atom };

constexpr auto enum_names(Basis) {
  return std::array{EnumName<Basis>{Basis::weight, "weight"}, EnumName<Basis>{Basis::atom, "atom"}};
}

struct Options {
  std::vector<std::string> elements;
  std::vector<std::string> lines;
  std::vector<std::string> quantify;
  std::vector<std::string> suspects{"C",  "O",  "F",  "Na", "Al", "Si", "P",  "S", "Cl",
                                    "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Mo", "Pt"};
  std::optional<Energy> low;
  std::optional<Energy> high;
  std::optional<Energy> resolution;
  std::optional<Energy> beam_energy;
  Calibration calibrate = Calibration::full;
  double detection = 3.0;
  double k_uncertainty = 0.1;
  Basis k_basis = Basis::weight;
  std::optional<Length> thickness;
  std::optional<double> density;
  std::optional<Angle> take_off;

  template <class V>
  void fields(V& v) {
    v("elements", elements,
      {.help = "elements to fit, all their lines in the range, for example [\"O\", \"Co\", \"Cu\"]", .required = true});
    v("lines", lines, {.help = "families to fit instead, for example [\"Co K\", \"O K\"]; empty: all of the elements"});
    v("quantify", quantify,
      {.help = "families that make the composition, one per element; empty: those with a k-factor"});
    v("suspects", suspects, {.help = "elements whose lines are checked for overlap although they are not fitted"});
    v("low", low, {.help = "start of the fitted range", .unit = "eV"});
    v("high", high, {.help = "end of the fitted range", .unit = "eV"});
    v("resolution", resolution, {.help = "FWHM at Mn Kα; default: of the file, else 130 eV", .unit = "eV"});
    v("beam_energy", beam_energy, {.help = "beam energy when the file does not say", .unit = "keV"});
    v("calibrate", calibrate, {.help = "what strong lines may correct; full: energy and resolution"});
    v("detection", detection, {.help = "a line is found above this many σ", .min = 1.0, .max = 10.0});
    v("k_uncertainty", k_uncertainty, {.help = "relative σ of k-factors that state none", .min = 0.0, .max = 1.0});
    v("k_basis", k_basis, {.help = "what the k-factors give"});
    v("thickness", thickness, {.help = "specimen thickness: corrects absorption, needs density", .unit = "nm"});
    v("density", density, {.help = "density in g/cm³", .min = 0.0});
    v("take_off", take_off, {.help = "take-off angle of the detector; default: of the file", .unit = "mrad"});
  }
};

/// Families to fit: `lines`, or those of `elements` on the axis. Throws Error{bad_input}.
[[nodiscard]] std::vector<const eds::LineFamily*> fitted_families(const Options& options, const eds::LineTable& table,
                                                                  const eds::EnergyAxis& axis);

/// One family per element for the composition: `quantify`, or the first fitted one with a k-factor.
[[nodiscard]] std::vector<const eds::LineFamily*> quantified_families(const Options& options,
                                                                      std::span<const eds::LineFamily* const> fitted,
                                                                      std::span<const eds::KFactor> factors);

[[nodiscard]] eds::FitOptions fit_options(const Options& options, const signal::Metadata& metadata,
                                          std::vector<Assumption>& assumptions);
[[nodiscard]] eds::QuantifyOptions quantify_options(const Options& options, const signal::Metadata& metadata);
[[nodiscard]] std::vector<atoms::Element> suspects(const Options& options);

}  // namespace hotstage::study::eds_quantify
