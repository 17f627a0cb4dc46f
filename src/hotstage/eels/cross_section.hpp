// SPDX-License-Identifier: GPL-3.0-or-later
// Ionisation cross-sections: hydrogenic or tabulated oscillator strength, relativistic kinematics, both angles.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/eels/convergence.hpp"
#include "hotstage/eels/edges.hpp"
#include "hotstage/eels/gos.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <array>
#include <string>

namespace hotstage::eels {

/// Which part of the relativistic interaction is counted.
enum class Interaction {
  longitudinal,  ///< Coulomb term only: what SIGMAK3 and SIGMAL3 compute
  full,          ///< plus the transverse (retarded) term in the dipole limit, 3 to 12 % at 80 to 300 kV
};

constexpr auto enum_names(Interaction) {
  return std::array{EnumName<Interaction>{Interaction::longitudinal, "longitudinal"},
                    EnumName<Interaction>{Interaction::full, "full"}};
}

/// Where the absolute scale of a shell comes from.
enum class Strength {
  photo_absorption,  ///< shape of the model, scaled to the NIST FFAST oscillator strength of the first 100 eV
  hydrogenic,        ///< the model alone (hydrogenic or tabulated)
};

constexpr auto enum_names(Strength) {
  return std::array{EnumName<Strength>{Strength::photo_absorption, "photo_absorption"},
                    EnumName<Strength>{Strength::hydrogenic, "hydrogenic"}};
}

/// A partial cross-section σ(window, α, β) per atom.
struct CrossSection {
  Area value;                        ///< signal per atom and per incident electron per area
  double model_uncertainty = 0.0;    ///< relative, systematic; never part of a counting error
  double oscillator_strength = 0.0;  ///< dipole f of the window, electrons
  double convergence_factor = 1.0;   ///< F2 in the middle of the window, already part of the value
  std::string model;                 ///< "hydrogenic K", "own GOS L", …
};

/// Whether a model exists; `gos` is nullptr for hydrogenic shells here and below. Hydrogenic: K shells, and L shells
/// from Al to Kr. Tables: when they hold the subshell.
[[nodiscard]] bool has_cross_section(const Edge& edge, const Gos* gos = nullptr);

/// Generalised oscillator strength per energy df/dE (1/eV, whole shell of one atom) at a loss and (q a0)².
///
/// Hydrogenic K: with Z − 0.5. Hydrogenic L: Slater screening, times Egerton's empirical shape factor, L1 from its own
/// onset. Tables: "L3" is L3, L2 and L1 (as far as there are tables), "M5" is M5 and M4, each from its own onset; other
/// edges are one subshell. Zero below the onset. Throws Error{unsupported} for shells without a model.
[[nodiscard]] double generalised_oscillator_strength(const Edge& edge, Energy loss, double qa0_squared,
                                                     const Gos* gos = nullptr);

/// dσ/dE in barn/eV at a loss, including the convergence factor F2.
[[nodiscard]] double differential_cross_section(const Edge& edge, Energy loss, const Illumination& illumination,
                                                Interaction interaction = Interaction::full, const Gos* gos = nullptr);

/// σ of the part of the edge that falls into a window; the part of the window below the onset counts nothing.
/// Throws Error{unsupported} for shells without a model, Error{bad_input} when the window ends below the onset.
[[nodiscard]] CrossSection partial_cross_section(const Edge& edge, const Window& window,
                                                 const Illumination& illumination,
                                                 Interaction interaction = Interaction::full, const Gos* gos = nullptr);

/// Photo-absorption over model oscillator strength of the first 100 eV: the factor of Strength::photo_absorption.
/// 1 for shells without an entry in data/dipole_strength.
[[nodiscard]] double strength_correction(const Edge& edge, const Gos* gos = nullptr);

/// Relative uncertainty of the model for this shell (README.md, "Cross-sections" and "Own oscillator strengths").
[[nodiscard]] double model_uncertainty(const Edge& edge, const Gos* gos = nullptr,
                                       Strength strength = Strength::photo_absorption);

}  // namespace hotstage::eels
