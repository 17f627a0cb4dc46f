// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/power_law_kernel.hpp"

#include "hotstage/core/clones.hpp"
#include "hotstage/eels/detail/elementary.hpp"

#include <cmath>
#include <cstdint>

namespace hotstage::eels::detail {
namespace {

/// Coefficients of the channel mean: ∫_channel E^−r = step·E^−r·(1 + a·u + b·u² + c·u³), u = (step/E)².
struct ChannelMean {
  double a;
  double b;
  double c;

  explicit ChannelMean(double r)
      : a(r * (r + 1.0) / 24.0), b(a * (r + 2.0) * (r + 3.0) / 80.0), c(b * (r + 4.0) * (r + 5.0) / 168.0) {}
};

/// A·step·(E/reference)^−r averaged over the channel.
struct Evaluator {
  double first;
  double step;
  double r;
  double constant;  // ln(A·step) + r·ln(reference)
  ChannelMean mean;

  Evaluator(const Grid& grid, const Law& law)
      : first(grid.first_eV),
        step(grid.step_eV),
        r(law.r),
        constant(std::log(law.A * grid.step_eV) + law.r * std::log(law.reference_eV)),
        mean(law.r) {}

  inline double operator()(double index) const {
    const double energy = first + index * step;
    const double q = step / energy;
    const double u = q * q;
    return fast_exp(constant - r * fast_log(energy)) * (1.0 + u * (mean.a + u * (mean.b + u * mean.c)));
  }
};

/// Channels handled at once: intermediate values stay in the first cache and never alias the caller's arrays.
constexpr std::size_t block = 64;
constexpr std::size_t lanes = 8;

inline double index_of(std::size_t i) {
  return static_cast<double>(static_cast<std::int32_t>(i));
}

/// Partial sums in a fixed order, the same for every instruction set.
struct Lanes {
  double partial[lanes] = {};

  [[nodiscard]] double total() const {
    return ((partial[0] + partial[4]) + (partial[1] + partial[5])) +
           ((partial[2] + partial[6]) + (partial[3] + partial[7]));
  }

  inline void add(const double (&values)[block]) {
    for (std::size_t i = 0; i < block; i += lanes) {
      for (std::size_t k = 0; k < lanes; ++k) {
        partial[k] += values[i + k];
      }
    }
  }
};

inline std::size_t rest_of(std::size_t i, std::size_t n) {
  return n - i < block ? n - i : block;
}

/// The next block of counts in double, zero beyond the end.
inline void load(const float* counts, std::size_t count, double (&y)[block]) {
  if (count == block) {
    for (std::size_t k = 0; k < block; ++k) {
      y[k] = static_cast<double>(counts[k]);
    }
    return;
  }
  for (std::size_t k = 0; k < block; ++k) {
    y[k] = k < count ? static_cast<double>(counts[k]) : 0.0;
  }
}

/// ∂lnB/∂r over a channel, to second order in u.
struct Slope {
  double first;   // α'
  double second;  // β' − αα'
  double reference;

  Slope(double r, double reference_eV)
      : first((2.0 * r + 1.0) / 24.0),
        second((4.0 * r * r * r + 18.0 * r * r + 22.0 * r + 6.0) / 1920.0 - r * (r + 1.0) / 24.0 * first),
        reference(std::log(reference_eV)) {}

  inline double operator()(double energy, double step) const {
    const double q = step / energy;
    const double u = q * q;
    return reference - fast_log(energy) + u * (first + u * second);
  }
};

}  // namespace

HOTSTAGE_CLONES void power_law(const Grid& grid, const Law& law, double* out) {
  const Evaluator value(grid, law);
  for (std::size_t i = 0; i < grid.n; ++i) {
    out[i] = value(index_of(i));
  }
}

HOTSTAGE_CLONES void exponential(double log_first, double slope, double* out, std::size_t n) {
  const double ratio = std::exp(slope);
  double power[block];
  double value = 1.0;
  for (double& p : power) {
    p = value;
    value *= ratio;
  }
  for (std::size_t i = 0; i < n; i += block) {
    const double first = std::exp(log_first + slope * static_cast<double>(i));
    const std::size_t count = rest_of(i, n);
    for (std::size_t k = 0; k < count; ++k) {
      out[i + k] = first * power[k];
    }
  }
}

HOTSTAGE_CLONES void subtract_power_law(const Grid& grid, const Law& law, const float* counts, float* out) {
  const Evaluator value(grid, law);
  for (std::size_t i = 0; i < grid.n; i += block) {
    const std::size_t count = rest_of(i, grid.n);
    double y[block];
    float net[block];
    load(counts + i, count, y);
    for (std::size_t k = 0; k < block; ++k) {
      net[k] = static_cast<float>(y[k] - value(index_of(i + k)));
    }
    for (std::size_t k = 0; k < count; ++k) {
      out[i + k] = net[k];
    }
  }
}

HOTSTAGE_CLONES void power_law_tail(const Grid& grid, const Law& law, const float* bell, float* out) {
  const Evaluator value(grid, law);
  for (std::size_t i = 0; i < grid.n; ++i) {
    out[i] = bell[i] * static_cast<float>(value(index_of(i)));
  }
}

HOTSTAGE_CLONES Moments moments(const Grid& grid, double reference_eV, const float* counts) {
  const double reference = std::log(reference_eV);
  const double first = grid.first_eV;
  const double step = grid.step_eV;
  Lanes sum_y;
  Lanes sum_yl;
  Lanes sum_yu;
  Lanes sum_yuu;
  for (std::size_t i = 0; i < grid.n; i += block) {
    double y[block];
    double yl[block];
    double yu[block];
    double yuu[block];
    load(counts + i, rest_of(i, grid.n), y);
    for (std::size_t k = 0; k < block; ++k) {
      const double energy = first + index_of(i + k) * step;
      const double q = step / energy;
      const double u = q * q;
      yl[k] = y[k] * (fast_log(energy) - reference);
      yu[k] = y[k] * u;
      yuu[k] = yu[k] * u;
    }
    sum_y.add(y);
    sum_yl.add(yl);
    sum_yu.add(yu);
    sum_yuu.add(yuu);
  }
  return {sum_y.total(), sum_yl.total(), sum_yu.total(), sum_yuu.total()};
}

HOTSTAGE_CLONES double pearson(const Grid& grid, const Law& law, const float* counts) {
  const Evaluator value(grid, law);
  Lanes sum;
  for (std::size_t i = 0; i < grid.n; i += block) {
    const std::size_t count = rest_of(i, grid.n);
    double y[block];
    double term[block];
    load(counts + i, count, y);
    for (std::size_t k = 0; k < block; ++k) {
      const double b = value(index_of(i + k));
      term[k] = (y[k] - b) * (y[k] - b) / b;
    }
    for (std::size_t k = count; k < block; ++k) {
      term[k] = 0.0;
    }
    sum.add(term);
  }
  return sum.total();
}

HOTSTAGE_CLONES NormalEquations normal_equations(const Grid& grid, const Law& law, const Law& weight,
                                                 const float* counts) {
  const Evaluator value(grid, law);
  const Evaluator weight_value(grid, weight);
  const Slope slope(law.r, law.reference_eV);
  Lanes aa;
  Lanes ar;
  Lanes rr;
  Lanes ga;
  Lanes gr;
  for (std::size_t i = 0; i < grid.n; i += block) {
    const std::size_t count = rest_of(i, grid.n);
    double y[block];
    double terms[5][block];
    load(counts + i, count, y);
    for (std::size_t k = 0; k < block; ++k) {
      const double index = index_of(i + k);
      const double b = value(index);
      const double d = slope(grid.first_eV + index * grid.step_eV, grid.step_eV);
      const double wb = b / weight_value(index);
      terms[0][k] = wb * b;
      terms[1][k] = wb * b * d;
      terms[2][k] = wb * b * d * d;
      terms[3][k] = wb * (y[k] - b);
      terms[4][k] = wb * (y[k] - b) * d;
    }
    for (auto& term : terms) {
      for (std::size_t k = count; k < block; ++k) {
        term[k] = 0.0;
      }
    }
    aa.add(terms[0]);
    ar.add(terms[1]);
    rr.add(terms[2]);
    ga.add(terms[3]);
    gr.add(terms[4]);
  }
  return {aa.total(), ar.total(), rr.total(), ga.total(), gr.total()};
}

HOTSTAGE_CLONES void power_law_slope(const Grid& grid, const Law& law, double* out_law, double* out_slope) {
  const Evaluator value(grid, law);
  const Slope slope(law.r, law.reference_eV);
  for (std::size_t i = 0; i < grid.n; ++i) {
    out_law[i] = value(index_of(i));
    out_slope[i] = slope(grid.first_eV + index_of(i) * grid.step_eV, grid.step_eV);
  }
}

}  // namespace hotstage::eels::detail
