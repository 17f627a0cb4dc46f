// SPDX-License-Identifier: GPL-3.0-or-later
// Before anything bright is called cobalt: Pt, Ga and C of the preparation must have been looked for and not found.

#pragma once

#include "hotstage/eels/product_call.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// Protection layer, ion beam, contamination: what scatters brightly in a lamella and is no product.
inline constexpr std::array<std::string_view, 3> bright_suspects{"Pt", "Ga", "C"};

/// Whether one element was looked for, and seen.
struct ElementCheck {
  std::string element;
  bool looked = false;
  bool found = false;
  std::string how;  ///< "C K, 0.3 σ", "EDS, 5.2 σ", "not recorded"
};

/// Net counts of the element's first edge on the axis (K, L3 or M5), per position: void against reference, spectra
/// summed over their positions. Found when the void holds more by 3σ. Not looked for when no edge, with 40 eV in front
/// and 30 eV behind it, lies on the axis.
[[nodiscard]] ElementCheck look_for(std::string_view element, std::span<const float> void_counts,
                                    std::size_t void_positions, std::span<const float> reference_counts,
                                    std::size_t reference_positions, const EnergyAxis& axis, double noise_factor);

/// What a bright particle may be called.
struct BrightPhase {
  std::string name;    ///< "metal", …, or "unidentified bright phase"
  std::string reason;  ///< empty when it has its name
};

/// Rule: a call that holds metal keeps its name only when Co L was measured (the call itself), and each of Pt, Ga and C
/// was looked for and not found. `unidentified` is an unidentified bright phase always. Other calls are not bright.
[[nodiscard]] BrightPhase name_bright_phase(Product call, std::span<const ElementCheck> checks);

}  // namespace hotstage::eels
