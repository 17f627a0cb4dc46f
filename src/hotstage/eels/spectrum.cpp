// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/spectrum.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {
namespace {

constexpr double on_the_limit = 1e-6;  // channels

std::size_t first_channel_at_or_above(const EnergyAxis& axis, double energy_eV) {
  const double channel = std::ceil(axis.channel(energy_eV) - on_the_limit);
  return static_cast<std::size_t>(std::clamp(channel, 0.0, static_cast<double>(axis.size)));
}

}  // namespace

EnergyAxis energy_axis_of(const signal::Signal& signal) {
  const signal::Axis axis = signal::energy_axis(signal);
  return {axis.offset, axis.scale, axis.size};
}

ChannelRange channels_in(const EnergyAxis& axis, const Window& window) {
  HOTSTAGE_EXPECTS(axis.step_eV > 0.0);
  const std::size_t first = first_channel_at_or_above(axis, window.low_eV);
  return {first, std::max(first, first_channel_at_or_above(axis, window.high_eV))};
}

Window edges_of(const EnergyAxis& axis, const ChannelRange& range) {
  return {axis.value(static_cast<double>(range.first) - 0.5), axis.value(static_cast<double>(range.last) - 0.5)};
}

bool covers(const EnergyAxis& axis, const Window& window, std::size_t channels) {
  const double tolerance = on_the_limit * axis.step_eV;
  // Limits may lie half a channel beyond the outer edges: the rule asks for centres only.
  return window.low_eV >= axis.value(-1.0) - tolerance &&
         window.high_eV <= axis.value(static_cast<double>(axis.size)) + tolerance &&
         channels_in(axis, window).size() >= channels;
}

double integrate(std::span<const float> counts, const ChannelRange& range) {
  HOTSTAGE_EXPECTS(range.last <= counts.size() && range.first <= range.last);
  return detail::sum(counts.data() + range.first, range.size());
}

double integrate(std::span<const double> counts, const ChannelRange& range) {
  HOTSTAGE_EXPECTS(range.last <= counts.size() && range.first <= range.last);
  return detail::sum(counts.data() + range.first, range.size());
}

}  // namespace hotstage::eels
