// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/detector.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::stem {

std::uint16_t stored_counts(double expected_electrons, const Detector& detector, Noise noise, Rng& rng) {
  double counts = detector.black_level;
  if (noise == Noise::none) {
    counts += detector.gain * expected_electrons;
  } else {
    const auto electrons = static_cast<double>(rng.poisson(expected_electrons));
    const double pulses = detector.gain * detector.spread;
    const double sigma = std::sqrt(pulses * pulses * electrons + detector.read_noise * detector.read_noise);
    counts += detector.gain * electrons + sigma * rng.normal();
  }
  return static_cast<std::uint16_t>(std::lround(std::clamp(counts, 0.0, detector.largest)));
}

}  // namespace hotstage::stem
