// SPDX-License-Identifier: GPL-3.0-or-later
// Onsets and barriers with the freedom that prefactor and walked distance leave.

#pragma once

#include "hotstage/kinetics/onset.hpp"

#include <array>
#include <optional>

namespace hotstage::kinetics {

/// What is not known about a walk: low, central, high.
struct WalkBand {
  std::array<Frequency, 3> prefactor{Frequency(1e12), Frequency(1e13), Frequency(1e14)};
  std::array<Length, 3> distance{5.0 * units::nm, 10.0 * units::nm, 20.0 * units::nm};
  Length hop = 0.2816 * units::nm;
};

template <class T>
struct Band {
  std::optional<T> low;
  std::optional<T> central;
  std::optional<T> high;
};

/// Onsets of a barrier: earliest for the high prefactor and the short walk. A member is absent where the programme ends
/// before the onset.
[[nodiscard]] Band<Temperature> onset_band(Energy barrier, const WalkBand& band, const Programme& programme);

/// Barriers that fit something seen at a time of the programme: lowest for the low prefactor and the long walk.
[[nodiscard]] Band<Energy> barrier_band(Time seen, const WalkBand& band, const Programme& programme);

/// dE/dT of the central barrier at an onset, eV/K: what a wrong temperature does to the barrier. Nothing when the
/// programme never reaches the onset or stands still there.
[[nodiscard]] std::optional<double> barrier_slope(Temperature onset, const WalkBand& band, const Programme& programme);

}  // namespace hotstage::kinetics
