// SPDX-License-Identifier: GPL-3.0-or-later
// What every deconvolution does to a low loss first: continue its end, split off the zero-loss peak, judge it.

#pragma once

#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::eels::detail {

/// Cosine bell from 1 to 0 over n channels.
[[nodiscard]] std::vector<float> cosine_bell(std::size_t n);

/// Extends `values` (first `n` set) to its end: the power law through the two halves of the last `window` channels,
/// times the bell (one value per added channel). Levels that no power law fits (rising, zero, negative) are continued
/// as a constant. Energies of `axis` count from the zero-loss peak.
void extend(std::span<float> values, std::size_t n, const EnergyAxis& axis, std::size_t window,
            std::span<const float> bell);

/// Channels of the window the tail is fitted in: at least 2, at most a quarter of the axis.
[[nodiscard]] std::size_t tail_channels(const EnergyAxis& axis, Energy window);

/// Writes the inelastic part D = J − Z of an extended low loss into `out` (same length); returns its sum. Up to the
/// first minimum the inelastic counts are continued by a parabola to zero at the peak, so that Z has no cliff.
double split_inelastic(std::span<const float> low, const EnergyAxis& axis, const ZeroLoss& peak, ZeroLossTail tail,
                       std::span<float> out);

/// What `extend` does, backwards: adds to the first n entries of `gradient` what its entries for the added channels say
/// about the counts the tail is fitted in.
void extend_adjoint(std::span<double> gradient, std::span<const float> counts, const EnergyAxis& axis,
                    std::size_t window, std::span<const float> bell);

/// What `split_inelastic` does, backwards: adds the gradient by D to that by the counts (same channels). The place of
/// the minimum and the scale of a mirrored tail are held.
void split_adjoint(std::span<const float> low, const EnergyAxis& axis, const ZeroLoss& peak, ZeroLossTail tail,
                   std::span<const float> by_inelastic, std::span<double> gradient);

/// How far a low loss serves deconvolution: ok, short_low_loss, refused_short or refused_zero_loss. `required` is the
/// energy loss it should reach; below half of it nothing can be done.
[[nodiscard]] DeconvolutionStatus grade(const EnergyAxis& low, const ZeroLoss& peak, Energy required);

}  // namespace hotstage::eels::detail
