// SPDX-License-Identifier: GPL-3.0-or-later
// Random streams of the virtual microscope: one per cause, so that switching one off leaves the others as they are.

#pragma once

#include <cstdint>

namespace hotstage::stem::streams {

inline constexpr std::uint64_t drift = 0x57E401;
inline constexpr std::uint64_t instrument = 0x57E402;  ///< gain, current, angles, scan calibration
inline constexpr std::uint64_t grains = 0x57E403;      ///< index: grain number
inline constexpr std::uint64_t specimen = 0x57E404;    ///< bending, vibration amplitude, bulge
inline constexpr std::uint64_t layer = 0x57E405;       ///< roughness of the surface layer
inline constexpr std::uint64_t rows = 0x57E406;        ///< jitter and counts; index: frame · rows + row

}  // namespace hotstage::stem::streams
