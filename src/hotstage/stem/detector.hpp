// SPDX-License-Identifier: GPL-3.0-or-later
// The annular detector: electrons to stored counts.

#pragma once

#include "hotstage/core/rng.hpp"

#include <cstdint>

namespace hotstage::stem {

/// Whether electrons arrive by chance; `none` gives expected counts, for tests and for looking at a scene.
enum class Noise { counting, none };

struct Detector {
  double gain = 20.0;          ///< counts per electron
  double spread = 0.3;         ///< relative standard deviation of the pulse of one electron
  double black_level = 100.0;  ///< counts without beam
  double read_noise = 2.0;     ///< standard deviation in counts
  double largest = 65535.0;    ///< the converter clips here
};

/// One pixel: Poisson electrons, pulse heights (normal, of the right variance), read noise, black level, rounding and
/// clipping. Variance over mean of the counts above black is gain·(1 + spread²).
[[nodiscard]] std::uint16_t stored_counts(double expected_electrons, const Detector& detector, Noise noise, Rng& rng);

}  // namespace hotstage::stem
