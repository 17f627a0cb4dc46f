// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/phase_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series::detail {

double log_bessel_i0(double x) {
  constexpr double large = 30.0;
  return x > large
             ? x - 0.5 * std::log(2.0 * std::numbers::pi * x) + std::log1p(1.0 / (8.0 * x) + 9.0 / (128.0 * x * x))
             : std::log(std::cyl_bessel_i(0.0, x));
}

namespace {

struct Hypothesis {
  CathodePhase phase;
  int layers;
  double a_A;                      ///< of the metal sublattice
  std::array<double, 5> relative;  ///< |F| over |F{111}| of the metal columns
};

// Columns of equal atoms, oxygen left out. Layered: every second {111} layer empty, so ½{111} and the ½{311} that
// differs from it by a sublattice vector are as strong as {111}. Spinel: 16d and 8a of Fd-3m; |F| of 111 : 220 : 311 :
// 222 is 0.586 : 2 : 3.414 : 4. LiCoO2 √2 · 2.816 Å, Co3O4 8.084/2 Å, CoO 4.261 Å, fcc Co 3.545 Å.
constexpr std::array<Hypothesis, 5> hypotheses{{{CathodePhase::layered, 1, 3.982, {1.0, 0.0, 0.0, 1.0, 0.0}},
                                                {CathodePhase::layered, 2, 3.982, {0.0, 1.0, 0.0, 0.0, 1.0}},
                                                {CathodePhase::spinel, 0, 4.042, {0.146, 0.146, 0.5, 0.854, 0.854}},
                                                {CathodePhase::rock_salt, 0, 4.261, {0.0, 0.0, 0.0, 0.0, 0.0}},
                                                {CathodePhase::metal, 0, 3.545, {0.0, 0.0, 0.0, 0.0, 0.0}}}};

/// Expected amplitudes at scale m of the superlattice.
std::array<double, 5> expected(const Hypothesis& h, const SpotEvidence& e, const PhaseMapOptions& o) {
  const double width = o.column_width.in(units::angstrom);
  std::array<double, 5> out{};
  for (std::size_t s = 0; s < 5; ++s) {
    const double fade = 2.0 * std::numbers::pi * std::numbers::pi * width * width *
                        (e.frequency_111 * e.frequency_111 - e.frequency[s] * e.frequency[s]);
    out[s] = h.relative[s] * e.unit * std::exp(fade);
  }
  return out;
}

/// ln of the Rice density over that of noise alone at the same noise, up to terms equal for all hypotheses.
double log_likelihood(const std::array<double, 5>& nu, const SpotEvidence& e, double noise, double scale) {
  double sum = 0.0;
  for (std::size_t s = 0; s < 5; ++s) {
    const double v = scale * nu[s];
    sum += -v * v / noise + log_bessel_i0(2.0 * e.amplitude[s] * v / noise);
  }
  return sum;
}

/// Squared misfit in units of what noise and the spread of amplitudes allow.
double misfit(const std::array<double, 5>& nu, const SpotEvidence& e, double noise, double spread) {
  double sum = 0.0;
  for (std::size_t s = 0; s < 5; ++s) {
    const double away = e.amplitude[s] - nu[s];
    sum += away * away / (noise + spread * spread * nu[s] * nu[s]);
  }
  return sum;
}

}  // namespace

Verdict judge(const SpotEvidence& e, const PhaseMapOptions& o) {
  const double noise = e.noise + o.leak * o.leak * e.unit * e.unit;
  std::array<double, hypotheses.size()> log_p{};
  for (std::size_t h = 0; h < hypotheses.size(); ++h) {
    const std::array<double, 5> nu = expected(hypotheses[h], e, o);
    // Common scale of the superlattice: log-normal, by a sum over ±2.4 spreads.
    double sum = 0.0;
    double weights = 0.0;
    constexpr int nodes = 9;
    double most = -1e300;
    std::array<double, nodes> terms{};
    for (int i = 0; i < nodes; ++i) {
      const double z = 0.6 * (i - nodes / 2);
      terms[static_cast<std::size_t>(i)] = log_likelihood(nu, e, noise, std::exp(o.spread * z)) - 0.5 * z * z;
      weights += std::exp(-0.5 * z * z);
      most = std::max(most, terms[static_cast<std::size_t>(i)]);
    }
    for (const double t : terms) {
      sum += std::exp(t - most);
    }
    const double size = std::log(e.a_A / hypotheses[h].a_A) / o.size_tolerance;
    // Both directions of layers share the prior of one phase.
    const double prior = hypotheses[h].phase == CathodePhase::layered ? 0.5 : 1.0;
    log_p[h] = std::log(prior * sum / weights) + most - 0.5 * size * size;
  }
  const double top = *std::max_element(log_p.begin(), log_p.end());
  double total = 0.0;
  for (const double l : log_p) {
    total += std::exp(l - top);
  }
  Verdict out;
  std::size_t best = 0;
  for (std::size_t h = 0; h < hypotheses.size(); ++h) {
    out.probability[static_cast<std::size_t>(hypotheses[h].phase)] += std::exp(log_p[h] - top) / total;
    best = log_p[h] > log_p[best] ? h : best;
  }
  constexpr double too_far = 25.0;  // for five amplitudes and a size: p < 1e-3
  const double size = std::log(e.a_A / hypotheses[best].a_A) / o.size_tolerance;
  const bool fits = misfit(expected(hypotheses[best], e, o), e, noise, o.spread) + size * size < too_far;
  if (fits && out.probability[static_cast<std::size_t>(hypotheses[best].phase)] >= o.sure) {
    out.phase = hypotheses[best].phase;
    out.layers = hypotheses[best].layers;
  }
  return out;
}

}  // namespace hotstage::series::detail
