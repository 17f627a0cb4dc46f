// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/start_queue.hpp"

#include "hotstage/kinetics/hazard.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::meso::detail {

namespace {

constexpr double transformed = 0.5;

}  // namespace

StartQueue::StartQueue(const Polycrystal& crystal, const Scenario& scenario) : crystal_(crystal), scenario_(scenario) {
  const Parameters& p = scenario.parameters;
  schedule(draw_boundary_sites(crystal, p, scenario.seed), p.nucleation_barrier_eV - p.boundary_lowering_eV);
  schedule(draw_interior_sites(crystal, p, scenario.seed), p.nucleation_barrier_eV);
  if (scenario.rival == Rival::b) {
    waiting_ = draw_crossing_sites(crystal, p, scenario.seed);
  }
}

void StartQueue::schedule(const std::vector<Site>& sites, double barrier_eV) {
  const kinetics::RateLaw law{Frequency(scenario_.parameters.attempt_per_s), barrier_eV * units::eV};
  const Time begin = scenario_.programme.begin();
  for (const Site& site : sites) {
    if (const auto time = kinetics::event_time(law, scenario_.programme, begin, site.threshold)) {
      queue_.push({.time_s = time->in(units::s), .cell = site.a});
    }
  }
}

double StartQueue::next_time_s() const {
  return queue_.empty() ? std::numeric_limits<double>::max() : queue_.top().time_s;
}

Start StartQueue::pop() {
  const Start start = queue_.top();
  queue_.pop();
  return start;
}

void StartQueue::watch(std::span<const double> eta, std::span<const double> vacancies, double time_s) {
  const Parameters& p = scenario_.parameters;
  std::erase_if(waiting_, [&](const Site& site) {
    const bool a = eta[site.a] > transformed;
    const bool b = eta[site.b] > transformed;
    if (a == b) {
      return a;  // both transformed: nothing left to cross
    }
    const double vacant = std::max(vacancies[site.a], vacancies[site.b]);
    const double barrier_eV = std::max(0.0, p.crossing_barrier_eV - p.crossing_vacancy_eV * vacant);
    const kinetics::RateLaw law{Frequency(p.attempt_per_s), barrier_eV * units::eV};
    const auto time = kinetics::event_time(law, scenario_.programme, time_s * units::s, site.threshold);
    if (time) {
      queue_.push({.time_s = time->in(units::s),
                   .cell = a ? site.b : site.a,
                   .from_grain = crystal_.label[a ? site.a : site.b]});
    }
    return true;
  });
}

}  // namespace hotstage::meso::detail
