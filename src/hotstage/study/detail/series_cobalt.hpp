// SPDX-License-Identifier: GPL-3.0-or-later
// A particle that grows in a void, out of the table `voids` of series.segment.

#pragma once

#include "hotstage/series/growth_start.hpp"
#include "hotstage/study/step.hpp"

#include <optional>
#include <vector>

namespace hotstage::study::detail {

/// Every fifth value of one void (they are running means of five frames).
struct VoidCourse {
  int spot = 0;
  std::vector<double> time_s;
  std::vector<double> brightness_nm2;
  std::vector<double> particle_nm2;
};

[[nodiscard]] std::vector<VoidCourse> void_courses(const io::Table& voids);

/// Mean brightness of all courses but one, and but one more; empty without others of the same length.
[[nodiscard]] std::vector<double> reference_of(const std::vector<VoidCourse>& courses, std::size_t without,
                                               std::size_t also_without);

struct CobaltReading {
  std::size_t voids = 0;
  std::optional<std::size_t> best;  ///< index of the void in which growth is seen earliest
  series::FirstSeen seen;           ///< there
  series::GrowthFit growth;         ///< there
  std::optional<Estimate> start_s;  ///< there; nothing when incubation cannot be told from activated growth
  std::vector<int> elsewhere;       ///< spots of other voids in which growth is seen too
};

[[nodiscard]] CobaltReading read_cobalt(const std::vector<VoidCourse>& courses);

}  // namespace hotstage::study::detail
