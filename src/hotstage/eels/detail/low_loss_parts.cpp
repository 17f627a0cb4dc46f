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
  const std::size_t half = std::max<std::size_t>(window / 2, 1);
  const std::span<const float> data(values.data(), n);
  const double s1 = integrate(data, {n - 2 * half, n - half});
  const double s2 = integrate(data, {n - half, n});
  const double e1 = axis.value(static_cast<double>(n) - 1.5 * static_cast<double>(half) - 0.5);
  const double e2 = axis.value(static_cast<double>(n) - 0.5 * static_cast<double>(half) - 0.5);
  const double first = axis.value(static_cast<double>(n));
  float* const tail = values.data() + n;
  const std::size_t count = values.size() - n;
  if (s1 > s2 && s2 > 0.0 && e1 > 0.0 && first > fewest_steps * axis.step_eV) {
    const double r = std::min(std::log(s1 / s2) / std::log(e2 / e1), largest_tail_exponent);
    const double density = s2 / static_cast<double>(half) / axis.step_eV;
    power_law_tail({first, axis.step_eV, count}, {density, r, e2}, bell.data(), tail);
    return;
  }
  const auto level = static_cast<float>((s1 + s2) / static_cast<double>(2 * half));
  for (std::size_t i = 0; i < count; ++i) {
    tail[i] = level * bell[i];
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
  const double start = peak.centre_channel + 0.5 * peak.fwhm_eV / axis.step_eV;
  const auto first = static_cast<std::size_t>(std::max(std::ceil(start), 0.0));
  const std::size_t box_first = peak.minimum > 1 ? peak.minimum - 1 : 0;
  const std::size_t box_last = std::min(peak.minimum + 2, axis.size);
  const double level =
      std::max(sum(low.data() + box_first, box_last - box_first) / static_cast<double>(box_last - box_first), 0.0);
  const double reach = static_cast<double>(peak.minimum) - start;
  std::fill(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(std::min(first, peak.minimum)), 0.0F);
  for (std::size_t i = first; i < peak.minimum; ++i) {
    const double share = (static_cast<double>(i) - start) / reach;
    out[i] = std::min(static_cast<float>(level * share * share), std::max(low[i], 0.0F));
  }
  std::copy(low.begin() + static_cast<std::ptrdiff_t>(peak.minimum), low.end(),
            out.begin() + static_cast<std::ptrdiff_t>(peak.minimum));
  return sum(out.data(), out.size());
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
