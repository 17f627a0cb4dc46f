// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/overlaps.hpp"

#include "hotstage/eels/background.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::eels {

namespace {

/// Net counts of a window above the law fitted in front of it, over all items.
NetIntegral above_law(std::span<const float> counts, const EnergyAxis& axis, const Window& fit, const Window& window,
                      double noise_factor) {
  const PowerLaw law = PowerLawFitter(axis, fit, {}).fit(counts);
  NetIntegral out = net_integral(counts, axis, law, window);
  out.net.sigma *= std::sqrt(std::max(noise_factor, 1.0));
  return out;
}

}  // namespace

std::vector<Warning> cobalt_overlaps(const MeanSpectra& means, std::size_t items, const PlacedEdge& cobalt) {
  constexpr double significant = 5.0;
  constexpr double least_fluorine = 0.01;
  constexpr double least_oxygen = 0.10;
  std::vector<Warning> out;
  const EnergyAxis& axis = means.core_axis;
  const double shift = cobalt.observed ? cobalt.displacement_eV : 0.0;
  std::vector<float> counts(means.core.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = static_cast<float>(means.core[i] * static_cast<double>(items));
  }
  const auto moved = [shift](double low, double high) { return Window{low + shift, high + shift}; };
  const Window before_fluorine = moved(640.0, 681.0);
  const Window fluorine = moved(686.0, 712.0);
  if (covers(axis, before_fluorine, 8) && covers(axis, fluorine, 4)) {
    const NetIntegral f = above_law(counts, axis, before_fluorine, fluorine, cobalt.noise_factor);
    if (f.net.value > significant * f.net.sigma && f.net.value > least_fluorine * f.background) {
      out.push_back({"fluorine_under_cobalt",
                     fmt::format("F K stands {:.1f} % above the background between 686 and 712 eV: the power law under "
                                 "Co L contains its tail (PVDF, LiF)",
                                 100.0 * f.net.value / f.background)});
    }
  }
  const Window before_oxygen = moved(475.0, 522.0);
  const Window window = moved(cobalt_background.low_eV, cobalt_background.high_eV);
  if (covers(axis, before_oxygen, 8) && covers(axis, window, 8)) {
    const NetIntegral o = above_law(counts, axis, before_oxygen, window, cobalt.noise_factor);
    const double share = o.raw > 0.0 ? o.net.value / o.raw : 0.0;
    if (share > least_oxygen && o.net.value > significant * o.net.sigma) {
      out.push_back({"oxygen_under_cobalt",
                     fmt::format("{:.0f} % of the counts between 715 and 770 eV are the tail of O K: one power law "
                                 "stands for background and tail together",
                                 100.0 * share)});
    }
  }
  return out;
}

}  // namespace hotstage::eels
