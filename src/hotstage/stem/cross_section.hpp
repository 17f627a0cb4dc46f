// SPDX-License-Identifier: GPL-3.0-or-later
// Elastic electron scattering into an annular detector: tabulated scattering factors, thermal diffuse share, fraction
// of the beam per nanometre of a material.

#pragma once

#include "hotstage/atoms/material.hpp"
#include "hotstage/core/units.hpp"

namespace hotstage::stem {

/// Published scattering factors of free atoms (data/elastic): Lobato and Van Dyck (doi:10.1107/S205327331401643X) or
/// Kirkland (doi:10.1007/978-1-4419-6533-2).
enum class Parametrisation { lobato, kirkland };

/// Electron scattering factor f for the rest mass; q = 2 sin(θ/2)/λ in 1/Å. Throws Error{bad_input} for an
/// element that the table lacks.
[[nodiscard]] Length scattering_factor(const atoms::Element& element, double q_per_A,
                                       Parametrisation table = Parametrisation::lobato);

/// Relativistic de Broglie wavelength.
[[nodiscard]] Length wavelength(Energy beam_energy);

/// Total over rest energy of the beam electron.
[[nodiscard]] double lorentz_factor(Energy beam_energy);

/// Debye–Waller B = 8π²⟨u²⟩: the tabulated value at 300 K scaled with the absolute temperature, which holds above
/// the Debye temperature (doi:10.1107/S0567739472000361). No zero-point motion. Throws Error{bad_input} for an element
/// that the table lacks.
[[nodiscard]] Area debye_waller(const atoms::Element& element, Temperature temperature);

/// A ring of scattering angles.
struct Annulus {
  Angle inner = 84.0 * units::mrad;
  Angle outer = 200.0 * units::mrad;
};

/// Which part of the elastic scattering reaches a detector.
enum class Order {
  amorphous,  ///< all of it: ∫ f²
  crystal,  ///< the thermal diffuse part, ∫ f² (1 − exp(−B q²/2)) of independent atoms (Einstein); Bragg beams miss
};

struct Scattering {
  Energy beam_energy = 300.0 * units::keV;
  Annulus annulus;
  Parametrisation table = Parametrisation::lobato;
};

/// Cross-section per atom in nm², first Born approximation: 2πλ²γ² ∫ f² q dq over the annulus. `temperature` matters to
/// crystals only. Throws Error{bad_input} when the angles do not rise from 0 to below π.
[[nodiscard]] double cross_section_nm2(const atoms::Element& element, Order order, Temperature temperature,
                                       const Scattering& scattering);

/// Fraction of the beam scattered into the annulus per nm of a dense material: Σ nᵢ σᵢ.
[[nodiscard]] double fraction_per_nm(const atoms::Material& material, Order order, Temperature temperature,
                                     const Scattering& scattering);

}  // namespace hotstage::stem
