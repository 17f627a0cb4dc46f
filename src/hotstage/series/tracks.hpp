// SPDX-License-Identifier: GPL-3.0-or-later
// Voids and particles followed over time: who appears, vanishes, merges and splits.

#pragma once

#include "hotstage/series/particles.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::series {

struct TrackPoint {
  std::size_t window = 0;  ///< index into the list of SpotFrame
  Spot spot;
};

struct Track {
  int id = 0;  ///< 1 … n
  SpotKind kind = SpotKind::hole;
  std::vector<TrackPoint> points;  ///< in the order of time; windows may be missing
};

enum class TrackChange { appears, vanishes, merges, splits };

[[nodiscard]] const char* name(TrackChange change) noexcept;

struct TrackEvent {
  TrackChange change = TrackChange::appears;
  int track = 0;
  int other = 0;              ///< the track it merges into or splits from; 0: none
  double frame = 0.0;         ///< between the last window before and the first one after
  double sigma_frames = 0.0;  ///< of a uniform distribution between them
  double y_px = 0.0;
  double x_px = 0.0;
};

struct TrackOptions {
  double gate_sigma = 4.0;
  double gate_px = 2.0;
  int longest_gap = 2;
  int shortest = 2;

  template <class V>
  void fields(V& v) {
    v("track_gate_sigma", gate_sigma,
      {.help = "a spot farther away than this many standard deviations is another one", .min = 1.0});
    v("track_gate_px", gate_px, {.help = "motion between two windows that is allowed on top, px", .min = 0.0});
    v("track_longest_gap", longest_gap, {.help = "windows in which a spot may be missed", .min = 0, .max = 100});
    v("track_shortest", shortest, {.help = "windows in which a spot must be seen", .min = 1, .max = 100});
  }
};

struct Tracks {
  std::vector<Track> tracks;
  std::vector<TrackEvent> events;
};

/// Links the spots of each kind window by window: the assignment of least Σ (d/gate)² (linear_assignment), pairs beyond
/// the gate forbidden, leaving a spot alone costs 1. A track that ends inside a spot of its kind whose signal grows by
/// a good part of its own has merged, one that begins inside a spot that loses signal has split from it.
[[nodiscard]] Tracks link_spots(std::span<const SpotFrame> windows, const TrackOptions& options);

/// Column of every row such that the sum of costs is least (Hungarian algorithm, doi:10.1002/nav.3800020109, in O(n³)).
/// `costs` is rows × columns with rows ≤ columns, finite.
[[nodiscard]] std::vector<std::size_t> linear_assignment(View<const double, 2> costs);

}  // namespace hotstage::series
