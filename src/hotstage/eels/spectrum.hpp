// SPDX-License-Identifier: GPL-3.0-or-later
// Energy axis of a spectrum, energy windows, and the one rule that turns a window into channels.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <span>

namespace hotstage::eels {

/// Uniform energy-loss axis. value(i) is the centre of channel i, which covers ± step/2; data are counts per channel.
struct EnergyAxis {
  double offset_eV = 0.0;
  double step_eV = 1.0;  ///< > 0
  std::size_t size = 0;

  [[nodiscard]] double value(double channel) const { return offset_eV + channel * step_eV; }

  [[nodiscard]] double channel(double energy_eV) const { return (energy_eV - offset_eV) / step_eV; }

  [[nodiscard]] double low_edge() const { return offset_eV - 0.5 * step_eV; }

  [[nodiscard]] double high_edge() const { return offset_eV + (static_cast<double>(size) - 0.5) * step_eV; }

  /// The axis of an item whose energies are shifted by `shift_eV` (an entry of Signal::item_offset).
  [[nodiscard]] EnergyAxis shifted(double shift_eV) const { return {offset_eV + shift_eV, step_eV, size}; }

  friend bool operator==(const EnergyAxis&, const EnergyAxis&) = default;
};

/// The axis of a spectrum signal; Hotstage keeps energies ascending. Throws Error{bad_input} when there is no uniform
/// energy axis or its step is not positive.
[[nodiscard]] EnergyAxis energy_axis_of(const signal::Signal& signal);

/// Energy-loss interval [low, high) of the specimen, in eV.
struct Window {
  double low_eV = 0.0;
  double high_eV = 0.0;

  [[nodiscard]] double width() const { return high_eV - low_eV; }

  friend bool operator==(const Window&, const Window&) = default;
};

/// A window as the user writes it: low = "470 eV", high = "525 eV".
struct WindowOptions {
  Energy low = 0.0 * units::eV;
  Energy high = 0.0 * units::eV;

  template <class V>
  void fields(V& v) {
    v("low", low, {.help = "lower limit of energy loss", .unit = "eV", .required = true});
    v("high", high, {.help = "upper limit of energy loss", .unit = "eV", .required = true});
  }

  [[nodiscard]] Window window() const { return {low.base(), high.base()}; }
};

/// Half-open range of channels.
struct ChannelRange {
  std::size_t first = 0;
  std::size_t last = 0;

  [[nodiscard]] std::size_t size() const { return last - first; }

  [[nodiscard]] bool empty() const { return last <= first; }

  friend bool operator==(const ChannelRange&, const ChannelRange&) = default;
};

/// The rule used everywhere: whole channels whose centre lies in [low, high), clipped to the axis. A centre within 1e-6
/// channel of a limit counts as lying on it. Two windows that share a limit therefore share no channel and leave none
/// out.
[[nodiscard]] ChannelRange channels_in(const EnergyAxis& axis, const Window& window);

/// The energies the range really covers, outer channel edge to outer channel edge: integrate cross-sections over this.
[[nodiscard]] Window edges_of(const EnergyAxis& axis, const ChannelRange& range);

/// True when the window lies inside the axis and holds at least `channels` of them.
[[nodiscard]] bool covers(const EnergyAxis& axis, const Window& window, std::size_t channels = 1);

/// Sum of counts, in double, independent of the instruction set.
[[nodiscard]] double integrate(std::span<const float> counts, const ChannelRange& range);
[[nodiscard]] double integrate(std::span<const double> counts, const ChannelRange& range);

/// Spectra of some items with the energy shift of each; an empty shift list means none. Rows are contiguous.
struct SpectrumTile {
  View<const float, 2> counts;         ///< items × channels
  std::span<const double> shift_eV{};  ///< added to the axis of each item

  [[nodiscard]] std::size_t items() const { return counts.extent(0); }

  [[nodiscard]] double shift(std::size_t item) const { return shift_eV.empty() ? 0.0 : shift_eV[item]; }
};

}  // namespace hotstage::eels
