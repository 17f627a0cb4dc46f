// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/low_loss_parts.hpp"

#include "hotstage/eels/detail/power_law_kernel.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels::detail {
namespace {

constexpr double largest_tail_exponent = 8.0;
constexpr double fewest_steps = 8.0;   // energy in channel widths below which a power-law tail makes no sense
constexpr double refused_share = 0.5;  // of the range required

/// What the end of a spectrum says about its continuation: sums s1, s2 of the two halves of the window.
struct Tail {
  std::size_t half = 1;
  double s1 = 0.0;
  double s2 = 0.0;
  double e1 = 0.0;
  double e2 = 0.0;
  double first_eV = 0.0;
  bool falls = false;  ///< by `law`, else a constant
  Law law;

  Tail(std::span<const float> data, const EnergyAxis& axis, std::size_t window)
      : half(std::max<std::size_t>(window / 2, 1)) {
    const std::size_t n = data.size();
    s1 = integrate(data, {n - 2 * half, n - half});
    s2 = integrate(data, {n - half, n});
    e1 = axis.value(static_cast<double>(n) - 1.5 * static_cast<double>(half) - 0.5);
    e2 = axis.value(static_cast<double>(n) - 0.5 * static_cast<double>(half) - 0.5);
    first_eV = axis.value(static_cast<double>(n));
    falls = s1 > s2 && s2 > 0.0 && e1 > 0.0 && first_eV > fewest_steps * axis.step_eV;
    if (falls) {
      const double r = std::min(std::log(s1 / s2) / std::log(e2 / e1), largest_tail_exponent);
      law = {s2 / static_cast<double>(half) / axis.step_eV, r, e2};
    }
  }
};

/// The inelastic counts under the right flank of the peak: level·share, a parabola from half maximum to the minimum.
struct Foot {
  double start = 0.0;
  double reach = 1.0;
  double level = 0.0;
  std::size_t first = 0;
  std::size_t box_first = 0;  ///< channels around the minimum whose mean is the level
  std::size_t box_last = 0;

  Foot(std::span<const float> low, const EnergyAxis& axis, const ZeroLoss& peak)
      : start(peak.centre_channel + 0.5 * peak.fwhm_eV / axis.step_eV),
        reach(static_cast<double>(peak.minimum) - start),
        first(static_cast<std::size_t>(std::max(std::ceil(start), 0.0))),
        box_first(peak.minimum > 1 ? peak.minimum - 1 : 0),
        box_last(std::min(peak.minimum + 2, axis.size)) {
    level =
        std::max(sum(low.data() + box_first, box_last - box_first) / static_cast<double>(box_last - box_first), 0.0);
  }

  [[nodiscard]] double share(std::size_t i) const {
    const double x = (static_cast<double>(i) - start) / reach;
    return x * x;
  }

  [[nodiscard]] double at(std::size_t i) const { return level * share(i); }
};

}  // namespace

std::vector<float> cosine_bell(std::size_t n) {
  std::vector<float> bell(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double phase = std::numbers::pi * static_cast<double>(i + 1) / static_cast<double>(n + 1);
    bell[i] = static_cast<float>(0.5 * (1.0 + std::cos(phase)));
  }
  return bell;
}

void extend(std::span<float> values, std::size_t n, const EnergyAxis& axis, std::size_t window,
            std::span<const float> bell) {
  if (values.size() == n) {
    return;
  }
  const Tail tail(values.first(n), axis, window);
  float* const out = values.data() + n;
  const std::size_t count = values.size() - n;
  if (tail.falls) {
    power_law_tail({tail.first_eV, axis.step_eV, count}, tail.law, bell.data(), out);
    return;
  }
  const auto level = static_cast<float>((tail.s1 + tail.s2) / static_cast<double>(2 * tail.half));
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = level * bell[i];
  }
}

std::size_t tail_channels(const EnergyAxis& axis, Energy window) {
  const auto channels = static_cast<std::size_t>(std::llround(window.base() / axis.step_eV));
  return std::clamp<std::size_t>(channels, 2, std::max<std::size_t>(axis.size / 4, 2));
}

double split_inelastic(std::span<const float> low, const EnergyAxis& axis, const ZeroLoss& peak, ZeroLossTail tail,
                       std::span<float> out) {
  const std::span<float> measured = out.first(axis.size);
  if (tail == ZeroLossTail::mirror) {
    extract_zero_loss(low.first(axis.size), axis, peak, tail, measured);
    for (std::size_t i = 0; i < axis.size; ++i) {
      measured[i] = low[i] - measured[i];
    }
    std::copy(low.begin() + static_cast<std::ptrdiff_t>(axis.size), low.end(),
              out.begin() + static_cast<std::ptrdiff_t>(axis.size));
    return sum(out.data(), out.size());
  }
  const Foot foot(low, axis, peak);
  std::fill(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(std::min(foot.first, peak.minimum)), 0.0F);
  for (std::size_t i = foot.first; i < peak.minimum; ++i) {
    out[i] = std::min(static_cast<float>(foot.at(i)), std::max(low[i], 0.0F));
  }
  std::copy(low.begin() + static_cast<std::ptrdiff_t>(peak.minimum), low.end(),
            out.begin() + static_cast<std::ptrdiff_t>(peak.minimum));
  return sum(out.data(), out.size());
}

void extend_adjoint(std::span<double> gradient, std::span<const float> counts, const EnergyAxis& axis,
                    std::size_t window, std::span<const float> bell) {
  const std::size_t n = counts.size();
  const std::size_t count = gradient.size() - n;
  const Tail tail(counts, axis, window);
  double by_s1 = 0.0;
  double by_s2 = 0.0;
  if (tail.falls) {
    std::vector<double> law(count);
    std::vector<double> slope(count);
    power_law_slope({tail.first_eV, axis.step_eV, count}, tail.law, law.data(), slope.data());
    double by_log_amplitude = 0.0;
    double by_r = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      const double part = gradient[n + i] * law[i] * static_cast<double>(bell[i]);
      by_log_amplitude += part;
      by_r += part * slope[i];
    }
    const double r_per_log = tail.law.r < largest_tail_exponent ? 1.0 / std::log(tail.e2 / tail.e1) : 0.0;
    by_s1 = by_r * r_per_log / tail.s1;
    by_s2 = (by_log_amplitude - by_r * r_per_log) / tail.s2;
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      by_s1 += gradient[n + i] * static_cast<double>(bell[i]);
    }
    by_s1 /= static_cast<double>(2 * tail.half);
    by_s2 = by_s1;
  }
  for (std::size_t i = n - 2 * tail.half; i < n; ++i) {
    gradient[i] += i < n - tail.half ? by_s1 : by_s2;
  }
}

namespace {

/// The mirrored part of the peak: z_i = scale·counts(2·centre − i) where that is below the counts.
void mirror_adjoint(std::span<const float> low, const EnergyAxis& axis, const ZeroLoss& peak,
                    std::span<const float> by_inelastic, std::span<double> gradient) {
  std::vector<float> elastic(axis.size);
  extract_zero_loss(low.first(axis.size), axis, peak, ZeroLossTail::mirror, elastic);
  for (std::size_t i = 0; i < axis.size; ++i) {
    if (elastic[i] >= low[i]) {
      continue;  // all zero loss: D stays 0
    }
    const auto g = static_cast<double>(by_inelastic[i]);
    gradient[i] += g;
    const double x = 2.0 * peak.centre_channel - static_cast<double>(i);
    if (elastic[i] <= 0.0F || x < 0.0) {
      continue;
    }
    const auto below = static_cast<std::size_t>(x);
    const double fraction = x - static_cast<double>(below);
    const double image =
        (1.0 - fraction) * static_cast<double>(low[below]) + fraction * static_cast<double>(low[below + 1]);
    const double scale = static_cast<double>(elastic[i]) / image;
    gradient[below] -= g * scale * (1.0 - fraction);
    gradient[below + 1] -= g * scale * fraction;
  }
}

}  // namespace

void split_adjoint(std::span<const float> low, const EnergyAxis& axis, const ZeroLoss& peak, ZeroLossTail tail,
                   std::span<const float> by_inelastic, std::span<double> gradient) {
  std::size_t plain = axis.size;
  if (tail == ZeroLossTail::mirror) {
    mirror_adjoint(low, axis, peak, by_inelastic, gradient);
  } else {
    const Foot foot(low, axis, peak);
    plain = peak.minimum;
    double by_level = 0.0;
    for (std::size_t i = foot.first; i < peak.minimum; ++i) {
      const auto g = static_cast<double>(by_inelastic[i]);
      if (foot.at(i) < std::max(static_cast<double>(low[i]), 0.0)) {
        by_level += g * foot.share(i);
      } else if (low[i] > 0.0F) {
        gradient[i] += g;
      }
    }
    for (std::size_t i = foot.box_first; foot.level > 0.0 && i < foot.box_last; ++i) {
      gradient[i] += by_level / static_cast<double>(foot.box_last - foot.box_first);
    }
  }
  for (std::size_t i = plain; i < gradient.size(); ++i) {
    gradient[i] += static_cast<double>(by_inelastic[i]);
  }
}

DeconvolutionStatus grade(const EnergyAxis& low, const ZeroLoss& peak, Energy required) {
  for (const ZeroLossFlag flag :
       {ZeroLossFlag::not_found, ZeroLossFlag::split, ZeroLossFlag::cut, ZeroLossFlag::saturated}) {
    if (has(peak.flags, flag)) {
      return DeconvolutionStatus::refused_zero_loss;
    }
  }
  const double reach = low.high_edge() - peak.centre_eV;
  if (reach < refused_share * required.base()) {
    return DeconvolutionStatus::refused_short;
  }
  return reach < required.base() ? DeconvolutionStatus::short_low_loss : DeconvolutionStatus::ok;
}

}  // namespace hotstage::eels::detail
