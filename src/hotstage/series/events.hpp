// SPDX-License-Identifier: GPL-3.0-or-later
// Events in the onset map: where and when each grain starts, how fast the front runs, whether it crossed a boundary.

#pragma once

#include "hotstage/series/change_point.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::series {

/// The clock and thermometer of a series. Standard deviations of what the log cannot say are stated by the user.
struct Thermometry {
  const signal::Timeline& timeline;
  const TemperatureLog& log;  ///< already on the microscope clock
  double log_sigma_K = 0.5;
  double clock_sigma_s = 1.0;  ///< of the offset between heater and microscope clock
  double chip_sigma_K = 10.0;  ///< chip, weld and place of the lamella
};

/// Onset of one block in time and temperature.
struct BlockOnset {
  bool found = false;
  double frame = 0.0;
  double sigma_frames = 0.0;
  double time_s = 0.0;
  double degC = 0.0;
};

/// Converts frame numbers into times of the rows, and these into temperatures. One per block.
[[nodiscard]] std::vector<BlockOnset> onset_map(const BlockGrid& grid, const ChangeMap& changes,
                                                std::span<const FrameDrift> drift, const Thermometry& thermometry,
                                                OnsetDefinition definition);

/// Parts of an uncertainty in kelvin.
struct SigmaParts {
  double frame_K = 0.0;  ///< sampling by frames and counting noise
  double log_K = 0.0;    ///< heater log and clock
  double chip_K = 0.0;   ///< common to all onsets of a series
  double model_K = 0.0;  ///< spread over the definitions of onset and of "first part of a grain"

  [[nodiscard]] double total_K() const;
};

struct GrainOnset {
  int grain = 0;
  bool found = false;
  double changed_share = 0.0;  ///< of its searched blocks
  double time_s = 0.0;
  double degC = 0.0;
  SigmaParts sigma;
  std::optional<double> completed_degC;  ///< nine tenths of the blocks done; only when most of the grain changed
  double y_px = 0.0;                     ///< where it started
  double x_px = 0.0;
  std::optional<double> velocity_nm_per_s;  ///< median 1/|∇t₀|
  double velocity_sigma = 0.0;
  double velocity_degC = 0.0;  ///< median temperature of the blocks that gave it
  double mean_change = 0.0;    ///< median relative change of brightness
};

struct EventInput {
  const BlockGrid& grid;
  const ChangeMap& changes;
  std::span<const FrameDrift> drift;
  const Thermometry& thermometry;
  OnsetDefinition definition = OnsetDefinition::ten_percent;
  double pixel_nm = 1.0;
  std::uint64_t seed = 1;
  double window_s = 42.0;  ///< around a step, over which the brightness is a parabola
};

/// The onset of a grain is that of its first part: the hundredth (at least two) of its blocks that changed earliest,
/// after a median over neighbours.
[[nodiscard]] std::vector<GrainOnset> grain_onsets(const EventInput& input);

enum class CrossingVerdict {
  crossing,     ///< the grain starts where its neighbour had already changed, and chance does not explain the place
  independent,  ///< it starts away from changed neighbours
  undecided
};

[[nodiscard]] const char* name(CrossingVerdict verdict) noexcept;

/// How the front came into a grain from a neighbour.
struct Crossing {
  int from = 0;
  int into = 0;
  CrossingVerdict verdict = CrossingVerdict::undecided;
  double arrival_degC = 0.0;  ///< of the front at this place of the boundary
  double degC = 0.0;          ///< start of the grain behind it
  SigmaParts sigma;
  double wait_s = 0.0;      ///< between arrival and start
  bool continuous = false;  ///< the wait is not longer than the front's speed, sampling and noise explain
  double bootstrap = 0.0;   ///< share of resampled onset maps in which the grain starts beside this changed neighbour
  double chance = 1.0;      ///< share of the grain's rim that lay beside a changed neighbour at that time
  double y_px = 0.0;
  double x_px = 0.0;
};

/// For every grain with an onset and every neighbour beside its starting place. Crossing: bootstrap ≥ 0.68 and chance
/// ≤ 0.32; independent: bootstrap ≤ 0.32.
[[nodiscard]] std::vector<Crossing> crossings(const EventInput& input, std::span<const GrainOnset> onsets);

}  // namespace hotstage::series
