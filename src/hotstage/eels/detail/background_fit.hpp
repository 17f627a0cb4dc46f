// SPDX-License-Identifier: GPL-3.0-or-later
// What the fits of one background window share.

#pragma once

#include "hotstage/eels/background.hpp"
#include "hotstage/eels/detail/power_law_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace hotstage::eels::detail {

inline constexpr std::size_t fewest_channels = 4;
inline constexpr double fewest_steps_shifted =
    8.0;  // window start in channel widths, for an item whose axis is shifted
inline constexpr int most_iterations = 40;
inline constexpr double r_tolerance = 1e-12;

/// The channels of one fit, in ℓ = ln(E/reference) ∈ [−half, half].
struct FitWindow {
  EnergyAxis axis;
  ChannelRange range;
  double reference = 1.0;
  double half = 0.0;

  [[nodiscard]] Grid grid() const { return {axis.value(static_cast<double>(range.first)), axis.step_eV, range.size()}; }
};

[[nodiscard]] FitWindow make_window(const EnergyAxis& axis, const Window& window);

/// A function of r that changes sign at the wanted exponent, falling with r.
struct Score {
  double value = 0.0;
  double slope = 0.0;
};

struct Exponent {
  double r = 0.0;
  BackgroundStatus status = BackgroundStatus::ok;
};

/// Root of a falling score within the bounds; the sign at a bound tells on which side the root lies.
template <class F>
Exponent solve_exponent(const F& score, const BackgroundOptions& options, double start) {
  if (score(options.r_min).value <= 0.0) {
    const bool rising = score(0.0).value <= 0.0;
    return {options.r_min, rising ? BackgroundStatus::not_decreasing : BackgroundStatus::at_bound};
  }
  if (score(options.r_max).value >= 0.0) {
    return {options.r_max, BackgroundStatus::at_bound};
  }
  double low = options.r_min;
  double high = options.r_max;
  double r = std::clamp(start, low, high);
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    const Score at = score(r);
    (at.value > 0.0 ? low : high) = r;
    double step = -at.value / at.slope;
    if (std::abs(step) < r_tolerance * (1.0 + r)) {
      return {std::clamp(r + step, options.r_min, options.r_max), BackgroundStatus::ok};
    }
    if (!(r + step > low && r + step < high)) {
      step = 0.5 * (low + high) - r;
    }
    r += step;
  }
  return {r, BackgroundStatus::did_not_converge};
}

/// A law of these channels without counts.
[[nodiscard]] PowerLaw empty_law(const FitWindow& w, BackgroundStatus status);

[[nodiscard]] PowerLaw fit_exponential(const FitWindow& w, std::span<const float> counts,
                                       const BackgroundOptions& options);
[[nodiscard]] PowerLaw fit_two_window(const FitWindow& w, const FitWindow& after, std::span<const float> counts,
                                      const BackgroundOptions& options);
[[nodiscard]] PowerLaw fit_basis(const FitWindow& w, std::span<const float> counts, const BackgroundOptions& options);

/// Single power laws of a basis.
[[nodiscard]] PowerLaw basis_term(const PowerLaw& background, std::size_t k);

}  // namespace hotstage::eels::detail
