// SPDX-License-Identifier: GPL-3.0-or-later
// The focused probe as images of nanometre pixels see it: a width that grows with defocus, and the blur it makes.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/units.hpp"

namespace hotstage::stem {

struct Probe {
  Energy beam_energy = 300.0 * units::keV;
  Angle convergence = 17.8 * units::mrad;  ///< semi-angle
  Length source_fwhm = 0.056 * units::nm;  ///< demagnified source
};

/// Standard deviation along one axis, in nm: diffraction (a Gaussian of the FWHM 0.514 λ/α of the aberration-free
/// probe), source, and the geometric disc of radius αΔf (α|Δf|/2 along one axis), added in quadrature. The shape of a
/// defocused probe, a disc with rings, is replaced by a Gaussian of the same second moment.
[[nodiscard]] double probe_sigma_nm(const Probe& probe, Length defocus);

/// Gaussian blur in place with mirrored borders: the sum over the image stays. `scratch` has the size of the image.
///
/// Below half a pixel a Gaussian cannot be sampled; three weights with the same second moment stand for it.
void blur(View<float, 2> image, double sigma_pixels, View<float, 2> scratch);

}  // namespace hotstage::stem
