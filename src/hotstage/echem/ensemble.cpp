// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/ensemble.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/expected.hpp"
#include "hotstage/core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hotstage::echem {

namespace {

/// The aged cell of one draw; nothing when the retention is out of reach.
Expected<std::pair<AgeingCell, std::vector<CycleState>>> fitted(AgeingCell aged, const OpenCircuit& curve,
                                                                double retention, const Run& run) {
  const auto fit = attempt([&] { return fit_loss(aged, curve, retention, run); });
  if (!fit) {
    if (fit.error().code() != Errc::refused) {
      throw Error(fit.error());
    }
    return tl::unexpected(fit.error());
  }
  aged.law.loss = fit->loss;
  return std::pair{aged, simulate_cycles(aged, curve, {}, run)};
}

FadeDraw one_draw(const EnsembleOptions& options, std::uint64_t index, const Run& run) {
  FadeDraw out;
  out.values = draw_priors(options.seed, index);
  const OpenCircuit curve = make_curve(out.values);
  AgeingCell aged = make_cell(out.values, options.build, options.protocol);
  const auto whole = fitted(aged, curve, options.retention, run);
  if (!whole) {
    return out;
  }
  const std::vector<CycleState>& states = whole->second;
  const CycleState& second = states.size() > 1 ? states[1] : states.front();
  const CycleState& last = states.back();
  out.reached = true;
  out.loss = whole->first.law.loss;
  out.capacity_first_mAh_per_g = states.front().discharge_Ah * 1e3 / options.build.weighed_active_mass_g;
  out.lam = 1.0 - last.active_fraction;
  out.film_growth = last.film_ohm_m2 / states.front().film_ohm_m2;
  out.polarisation_first_V = second.polarisation_V;
  out.polarisation_last_V = last.polarisation_V;
  out.x_discharged = last.x_discharged;
  out.x_charged = last.x_charged;
  out.dose = last.dose;
  aged.law.film_per_loss = 0.0;
  if (const auto bare = fitted(aged, curve, options.retention, run)) {
    out.growth_without_film_V = bare->second.back().polarisation_V - bare->second[1].polarisation_V;
  }
  return out;
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    out[order[i]] = static_cast<double>(i);
  }
  return out;
}

}  // namespace

std::vector<FadeDraw> draw_fades(const EnsembleOptions& options, const Run& run) {
  HOTSTAGE_EXPECTS(options.draws > 0 && options.protocol.cycles >= 2);
  std::vector<FadeDraw> out(static_cast<std::size_t>(options.draws));
  parallel_chunks(run, out.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      out[i] = one_draw(options, i, run);
    }
  });
  return out;
}

double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  HOTSTAGE_EXPECTS(a.size() == b.size());
  if (a.size() < 3) {
    return 0.0;
  }
  const std::vector<double> x = ranks(a);
  const std::vector<double> y = ranks(b);
  const double middle = 0.5 * static_cast<double>(a.size() - 1);
  double xy = 0.0;
  double xx = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - middle) * (y[i] - middle);
    xx += (x[i] - middle) * (x[i] - middle);
  }
  return xy / xx;
}

}  // namespace hotstage::echem
