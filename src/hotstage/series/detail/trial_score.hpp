// SPDX-License-Identifier: GPL-3.0-or-later
// What was read beside what was drawn: matches by place, errors by number.

#pragma once

#include "hotstage/series/events_front.hpp"
#include "hotstage/series/trials.hpp"
#include "hotstage/series/voids.hpp"

#include <span>

namespace hotstage::series::detail {

/// Rms per axis of what the registration says, frame 0 as it stands.
[[nodiscard]] double drift_error(const TrialScene& truth, std::span<const FrameDrift> drift);

/// Voids and cracks in the mean of the first frames. A void of radius r ≥ 4 px is hit by a spot closer than r; a spot
/// that lies on nothing drawn is invented.
void score_spots(const TrialScene& truth, std::span<const DarkSpot> spots, std::size_t frames_averaged, Trial& out);

/// Radius of matched voids (r ≥ 4 px), every tenth frame.
void score_radii(const TrialScene& truth, std::span<const DarkSpot> spots, std::span<const VoidTrack> tracks,
                 Trial& out);

/// Voids and particles of r ≥ 4 px in every window, and what became of them.
void score_tracks(const TrialScene& truth, std::span<const SpotFrame> windows, const Tracks& tracks, Trial& out);

/// The part of frame 0 that all frames show.
struct Field {
  double top = 0.0;
  double bottom = 0.0;
  double left = 0.0;
  double right = 0.0;

  [[nodiscard]] bool holds(double y, double x, double inset) const {
    return y >= top + inset && y <= bottom - inset && x >= left + inset && x <= right - inset;
  }
};

[[nodiscard]] Field common_field(const TrialScene& truth);

/// Distance of a place from the middle line of a crack, px.
[[nodiscard]] double distance_to(const TrueCrack& crack, double y, double x);

struct GrainReading {
  View<const std::int32_t, 2> labels;
  std::span<const GrainOnset> onsets;
  std::span<const FrontFit> fronts;
  std::span<const EntryReading> entries;
  const TemperatureLog& log;
  double last_s = 0.0;  ///< end of the series
};

/// Grains that cover at least 1200 px of the field common to all frames.
void score_grains(const TrialScene& truth, const GrainReading& reading, Trial& out);

}  // namespace hotstage::series::detail
