// SPDX-License-Identifier: GPL-3.0-or-later

#include "strength.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace gos {

namespace {

double log_factorial(int n) {
  return std::lgamma(n + 1.0);
}

// Wigner 3j symbol with doubled arguments (Racah's sum).
double wigner(int j1, int j2, int j3, int m1, int m2, int m3) {
  if (m1 + m2 + m3 != 0 || j3 < std::abs(j1 - j2) || j3 > j1 + j2 || std::abs(m1) > j1 || std::abs(m2) > j2 ||
      std::abs(m3) > j3 || (j1 + j2 + j3) % 2 != 0) {
    return 0.0;
  }
  const auto half = [](int twice) { return twice / 2; };
  const int t1 = half(j2 - m1 - j3);
  const int t2 = half(j1 + m2 - j3);
  const int t3 = half(j1 + j2 - j3);
  const int t4 = half(j1 - m1);
  const int t5 = half(j2 + m2);
  const double common =
      0.5 *
      (log_factorial(t3) + log_factorial(half(j1 - j2 + j3)) + log_factorial(half(-j1 + j2 + j3)) -
       log_factorial(half(j1 + j2 + j3) + 1) + log_factorial(half(j1 + m1)) + log_factorial(t4) + log_factorial(t5) +
       log_factorial(half(j2 - m2)) + log_factorial(half(j3 + m3)) + log_factorial(half(j3 - m3)));
  double sum = 0.0;
  for (int t = std::max({0, t1, t2}); t <= std::min({t3, t4, t5}); ++t) {
    const double term = common - log_factorial(t) - log_factorial(t - t1) - log_factorial(t - t2) -
                        log_factorial(t3 - t) - log_factorial(t4 - t) - log_factorial(t5 - t);
    sum += (t % 2 == 0 ? 1.0 : -1.0) * std::exp(term);
  }
  return sum;  // the sign does not matter here: only squares are used
}

int twice_j(int kappa) {
  return 2 * std::abs(kappa) - 1;
}

// Index behind which the orbital holds nothing.
std::size_t extent(const Mesh& mesh, const Wave& wave) {
  std::size_t last = wave.p.size() - 1;
  double greatest = 0.0;
  for (const double p : wave.p) {
    greatest = std::max(greatest, std::abs(p));
  }
  while (last > 8 && std::abs(wave.p[last]) < 1e-9 * greatest) {
    --last;
  }
  return std::min(last + 2, mesh.size() - 2);
}

class Transform {
 public:
  Transform(const Mesh& mesh, std::size_t keep, const std::vector<double>& q, int most)
      : keep_(keep), q_(q.size()), values_(static_cast<std::size_t>(most + 1) * q.size() * keep) {
    std::vector<double> j;
    for (std::size_t k = 0; k < q_; ++k) {
      for (std::size_t i = 0; i < keep; ++i) {
        spherical_bessel(q[k] * mesh.r[i], most, j);
        for (std::size_t order = 0; order < j.size(); ++order) {
          values_[(order * q_ + k) * keep_ + i] = j[order];
        }
      }
    }
  }

  [[nodiscard]] double of(const std::vector<double>& product, std::size_t order, std::size_t k) const {
    const double* const j = &values_[(order * q_ + k) * keep_];
    double sum = 0.0;
    for (std::size_t i = 0; i < keep_; ++i) {
      sum += product[i] * j[i];
    }
    return sum;
  }

 private:
  std::size_t keep_;
  std::size_t q_;
  std::vector<double> values_;
};

// (P P' + Q Q') dr at the mesh points, made orthogonal to the initial orbital when κ is the same.
std::vector<double> transition_density(const Mesh& mesh, const Wave& initial, const Wave& final, std::size_t keep) {
  std::vector<double> out(keep);
  double overlap = 0.0;
  for (std::size_t i = 0; i < keep; ++i) {
    out[i] = (initial.p[i] * final.p[i] + initial.q[i] * final.q[i]) * mesh.slope[i] * mesh.step;
    overlap += out[i];
  }
  if (final.kappa == initial.kappa) {
    for (std::size_t i = 0; i < keep; ++i) {
      const double own = initial.p[i] * initial.p[i] + initial.q[i] * initial.q[i];
      out[i] -= overlap * own * mesh.slope[i] * mesh.step;
    }
  }
  return out;
}

// Adds 2/q² Σ_L w_L |R_L(q)|² to `sums`; returns the largest relative addition.
double add(const std::vector<double>& density, const Transform& transform, int kappa, int final_kappa, int most,
           const std::vector<double>& q, std::vector<double>& sums) {
  std::vector<double> more(q.size(), 0.0);
  const int j1 = twice_j(kappa);
  const int j2 = twice_j(final_kappa);
  for (int order = std::abs(j1 - j2) / 2; order <= std::min((j1 + j2) / 2, most); ++order) {
    const double weight = angular_weight(kappa, order, final_kappa);
    if (weight == 0.0) {
      continue;
    }
    for (std::size_t k = 0; k < q.size(); ++k) {
      const double radial = transform.of(density, static_cast<std::size_t>(order), k);
      more[k] += weight * 2.0 / (q[k] * q[k]) * radial * radial;
    }
  }
  double greatest = 0.0;
  for (std::size_t k = 0; k < q.size(); ++k) {
    sums[k] += more[k];
    greatest = std::max(greatest, more[k] / std::max(sums[k], 1e-16));
  }
  return greatest;
}

}  // namespace

void spherical_bessel(double x, int most, std::vector<double>& out) {
  out.assign(static_cast<std::size_t>(most) + 1, 0.0);
  if (x < 1e-6) {
    double power = 1.0;
    for (int l = 0; l <= most && power > 1e-290; ++l) {
      out[static_cast<std::size_t>(l)] = power * (1.0 - 0.5 * x * x / (2 * l + 3));
      power *= x / (2 * l + 3);
    }
    return;
  }
  const double j0 = std::sin(x) / x;
  const double j1 = (j0 - std::cos(x)) / x;
  if (x > most + 1) {
    out[0] = j0;
    if (most > 0) {
      out[1] = j1;
    }
    for (std::size_t l = 1; l + 1 < out.size(); ++l) {
      out[l + 1] = (2.0 * static_cast<double>(l) + 1.0) / x * out[l] - out[l - 1];
    }
    return;
  }
  // Miller: downwards from far above, scaled by j_0 or j_1, whichever is larger.
  double above = 0.0;
  double here = 1e-280;
  for (int l = most + 20 + static_cast<int>(x); l > 0; --l) {
    const double below = (2 * l + 1) / x * here - above;
    above = here;
    here = below;
    if (l - 1 <= most) {
      out[static_cast<std::size_t>(l - 1)] = here;
    }
    if (std::abs(here) > 1e200) {
      here *= 1e-200;
      above *= 1e-200;
      for (int m = std::max(l - 1, 0); m <= most; ++m) {
        out[static_cast<std::size_t>(m)] *= 1e-200;
      }
    }
  }
  const double scale = most < 1 || std::abs(j0) >= std::abs(j1) ? j0 / out[0] : j1 / out[1];
  for (double& value : out) {
    value *= scale;
  }
}

double angular_weight(int kappa, int order, int final_kappa) {
  if ((orbital_number(kappa) + order + orbital_number(final_kappa)) % 2 != 0) {
    return 0.0;
  }
  const int j2 = twice_j(final_kappa);
  const double symbol = wigner(twice_j(kappa), 2 * order, j2, 1, 0, -1);
  return (2.0 * order + 1.0) * (j2 + 1.0) * symbol * symbol;
}

Strength oscillator_strength(const Mesh& mesh, const Wave& initial, const Potential& potential,
                             const StrengthOptions& options) {
  const std::size_t keep = extent(mesh, initial);
  const int most = options.most_l + std::abs(initial.kappa) + 1;
  const Transform transform(mesh, keep, options.q, most);
  const Dirac dirac(mesh, potential, options.speed);
  Strength out;
  for (const double energy : options.energies) {
    std::vector<double> sums(options.q.size(), 0.0);
    int quiet = 0;
    for (int l = 0; l <= options.most_l && quiet < 3; ++l) {
      double more = 0.0;
      for (const int kappa : {l, -l - 1}) {
        if (kappa != 0) {
          const Wave wave = dirac.continuum(energy, kappa, keep);
          const std::vector<double> density = transition_density(mesh, initial, wave, keep);
          more = std::max(more, add(density, transform, initial.kappa, kappa, most, options.q, sums));
        }
      }
      quiet = more < options.settled && l > orbital_number(initial.kappa) + 1 ? quiet + 1 : 0;
      out.l_used = std::max(out.l_used, l);
    }
    out.over_energy.push_back(std::move(sums));
  }
  return out;
}

}  // namespace gos
