// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/bright_phase.hpp"

#include "hotstage/eels/background.hpp"
#include "hotstage/eels/edges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

namespace {

constexpr double significant = 3.0;
constexpr double front_eV = 40.0;
constexpr double gap_eV = 6.0;
constexpr double behind_eV = 30.0;

Estimate per_position(std::span<const float> counts, std::size_t positions, const EnergyAxis& axis, double onset,
                      double noise_factor) {
  const PowerLaw law = PowerLawFitter(axis, {onset - front_eV, onset - gap_eV}, {}).fit(counts);
  const Estimate net = net_integral(counts, axis, law, {onset, onset + behind_eV}).net;
  const auto n = static_cast<double>(positions);
  return {net.value / n, net.sigma * std::sqrt(std::max(noise_factor, 1.0)) / n};
}

}  // namespace

ElementCheck look_for(std::string_view element, std::span<const float> void_counts, std::size_t void_positions,
                      std::span<const float> reference_counts, std::size_t reference_positions, const EnergyAxis& axis,
                      double noise_factor) {
  ElementCheck out{.element = std::string(element), .how = "not recorded"};
  for (const Edge& edge : element_edges(element)) {
    const bool major = edge.shell == "K" || edge.shell == "L3" || edge.shell == "M5";
    const double onset = edge.onset.in(units::eV);
    if (!major || !covers(axis, {onset - front_eV, onset + behind_eV}, 16) || void_positions == 0 ||
        reference_positions == 0) {
      continue;
    }
    const Estimate inside = per_position(void_counts, void_positions, axis, onset, noise_factor);
    const Estimate outside = per_position(reference_counts, reference_positions, axis, onset, noise_factor);
    const double sigma = std::hypot(inside.sigma, outside.sigma);
    const double excess = sigma > 0.0 ? (inside.value - outside.value) / sigma : 0.0;
    out.looked = sigma > 0.0;
    out.found = excess > significant;
    out.how = fmt::format("{}, {:.1f} σ above the reference", edge.name(), excess);
    return out;
  }
  return out;
}

BrightPhase name_bright_phase(Product call, std::span<const ElementCheck> checks) {
  const std::string unidentified = "unidentified bright phase";
  if (call == Product::unidentified) {
    return {unidentified, "it scatters without O K and Co L"};
  }
  if (call != Product::metal && call != Product::mix) {
    return {std::string(name(call)), ""};
  }
  std::string missing;
  for (const std::string_view suspect : bright_suspects) {
    const auto check = std::ranges::find(checks, suspect, &ElementCheck::element);
    if (check != checks.end() && check->found) {
      return {unidentified, fmt::format("{} was found ({})", suspect, check->how)};
    }
    if (check == checks.end() || !check->looked) {
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", suspect);
    }
  }
  if (!missing.empty()) {
    return {unidentified, fmt::format("not looked for: {}; give an EDS record of the void", missing)};
  }
  return {std::string(name(call)), ""};
}

}  // namespace hotstage::eels
