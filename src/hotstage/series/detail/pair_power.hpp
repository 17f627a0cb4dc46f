// SPDX-License-Identifier: GPL-3.0-or-later
// Power of signal and noise of a series, from neighbouring frames that were aligned.

#pragma once

#include "hotstage/series/detail/registration_work.hpp"

#include <cstddef>
#include <vector>

namespace hotstage::series::detail {

constexpr std::size_t radial_bins = 64;  // of the power spectrum over 0 … 0.5 cycles/px

/// Means over `pairs` pairs spread over the series.
struct MeanPower {
  Band band;  ///< all frequencies
  std::size_t pairs = 0;
  std::vector<double> power = std::vector<double>(radial_bins, 0.0);  ///< per mode of a ring: signal and noise
  std::vector<double> cross = std::vector<double>(radial_bins, 0.0);  ///< what the frames of a pair have in common
  std::vector<double> modes = std::vector<double>(radial_bins, 0.0);  ///< of a ring, all pairs together
  std::vector<float> each{};                                          ///< power of every mode
};

/// Aligns every pair first: displaced frames have little in common at high frequencies. Which maximum of a lattice it
/// locks to does not matter here. 16 pairs, fewer of large frames.
[[nodiscard]] MeanPower mean_pair_power(const Work& w, const num::RealFft2& fft);

}  // namespace hotstage::series::detail
