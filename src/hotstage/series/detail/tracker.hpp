// SPDX-License-Identifier: GPL-3.0-or-later
// Follows a specimen through blocks of frames: every frame against the mean of those before, the choice between
// several fitting shifts by likelihood and by how the specimen has moved so far.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/series/detail/matcher.hpp"

#include <array>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::series::detail {

/// A shift that was possible, with its probability among all that were looked at.
struct Choice {
  double dy = 0.0;  ///< px, position of the frame
  double dx = 0.0;
  double probability = 0.0;
};

struct Tracked {
  std::array<double, 2> position{};  ///< px; of the last frame that was found when this one was not
  double correlation = 0.0;
  bool found = false;
  std::vector<Choice> choices;  ///< more than one: the next best is not unlikely enough
};

/// Where a frame is thought to be, px; `others` are places nearly as likely, each with its probability.
struct Guess {
  std::array<double, 2> position{};
  double probability = 1.0;
  std::vector<Choice> others{};
};

struct TrackerOptions {
  double search_y_px = 32.0;  ///< from where a frame is expected
  double search_x_px = 32.0;
  double jump_px = 4.0;     ///< size of a jump that surprises nobody
  bool all_maxima = false;  ///< look at every maximum, not only at the nearest; a lost frame is always looked for
  double reach_px = 4.0;    ///< of the search for the nearest
  double apart_px = 2.0;    ///< shifts that differ by less are the same
};

class Tracker {
 public:
  /// `first`: for one frame against one, `steady`: for one against the mean of many. Kept by reference.
  Tracker(const Matcher& first, const Matcher& steady, TrackerOptions options);

  /// Finds the frames of the next block and moves their spectra back by what was found. `guess`: position of each
  /// frame as known so far (corrections found earlier are added here); `pause`: time since the frame before over the
  /// usual time.
  [[nodiscard]] std::vector<Tracked> track(std::vector<Spectrum>& block, std::span<const Guess> guess,
                                           std::span<const double> pause, Run& run);

  /// All frames so far stand further by this.
  void correct(std::array<double, 2> by);

  /// The last frame stands further by this, and frames at `positions`, moved back, have the mean `reference`.
  void settle(std::array<double, 2> by, Spectrum reference, double frames,
              const std::vector<std::array<double, 2>>& positions);

 private:
  void begin(std::vector<Spectrum>& block, std::span<const Guess> guess, Run& run);
  [[nodiscard]] std::vector<Candidate> look(const Spectrum& frame, std::array<double, 2> expected) const;
  [[nodiscard]] Tracked choose(const std::vector<Candidate>& candidates, const Guess& guess, double pause);
  void renew(const std::vector<Spectrum>& block, const std::vector<Tracked>& tracked);

  const Matcher& first_;
  const Matcher& steady_;
  TrackerOptions options_;
  void keep_flat(const std::vector<std::array<double, 2>>& positions);

  Spectrum reference_;
  std::vector<Box> flat_of_blocks_;
  Box flat_;
  double frames_in_reference_ = 0.0;
  std::array<double, 2> correction_{};
  std::optional<std::array<double, 2>> last_;
  std::vector<std::array<double, 2>> steps_;  // the last ones, per usual time
  std::vector<double> correlations_;          // the last ones
};

}  // namespace hotstage::series::detail
