// SPDX-License-Identifier: GPL-3.0-or-later
// What starts when: nucleation by the pristine law, and crossings of boundaries whose other side has transformed.

#pragma once

#include "hotstage/meso/simulation.hpp"

#include <queue>
#include <span>
#include <vector>

namespace hotstage::meso::detail {

struct Start {
  double time_s = 0.0;
  std::uint32_t cell = 0;
  int from_grain = 0;  ///< of a crossing

  /// For a queue with the earliest first; equal times in order of cells.
  friend bool operator<(const Start& a, const Start& b) {
    return a.time_s != b.time_s ? a.time_s > b.time_s : a.cell > b.cell;
  }
};

class StartQueue {
 public:
  StartQueue(const Polycrystal& crystal, const Scenario& scenario);

  /// Beyond the programme when nothing is left.
  [[nodiscard]] double next_time_s() const;
  [[nodiscard]] Start pop();

  /// Starts the clock of every crossing site whose one side is transformed and whose other is not.
  void watch(std::span<const double> eta, std::span<const double> vacancies, double time_s);

 private:
  void schedule(const std::vector<Site>& sites, double barrier_eV);

  const Polycrystal& crystal_;
  const Scenario& scenario_;
  std::vector<Site> waiting_;
  std::priority_queue<Start> queue_;
};

}  // namespace hotstage::meso::detail
