// SPDX-License-Identifier: GPL-3.0-or-later
// Real measurements of specimens of known composition, and what the cross-sections allow of a deviation from it.

#pragma once

#include "hotstage/core/units.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace hotstage::eels::testing {

/// One measurement: its files below the shared folder eels/, how it was taken, and the atomic ratio of the formula.
struct TruthSet {
  const char* name;
  const char* core;
  const char* low;
  std::vector<std::string> edges;
  const char* reference;
  double beam_keV, convergence_mrad, collection_mrad;
  double truth;  ///< the other edge's element over the reference's
};

inline TruthSet titania() {
  return {.name = "TiO2",
          .core = "roundrobin_emat/TiO2_B3r1_SI_HL_cal.dm3",
          .low = "roundrobin_emat/TiO2_B3r1_SI_LL_cal.dm3",
          .edges = {"Ti L3", "O K"},
          .reference = "O K",
          .beam_keV = 300,
          .convergence_mrad = 0.2,
          .collection_mrad = 4.12,
          .truth = 0.5};
}

inline TruthSet boron_nitride() {
  return {.name = "BN",
          .core = "roundrobin_emat/BN_A3r3_SI_HL2_cal.dm3",
          .low = "roundrobin_emat/BN_A3r3_SI_LL_cal.dm3",
          .edges = {"B K", "N K"},
          .reference = "N K",
          .beam_keV = 300,
          .convergence_mrad = 0.2,
          .collection_mrad = 4.12,
          .truth = 1.0};
}

inline TruthSet strontium_titanate() {
  return {.name = "SrTiO3",
          .core = "srtio3_emat/hl.dm3",
          .low = "srtio3_emat/ll.dm3",
          .edges = {"Ti L3", "O K"},
          .reference = "Ti L3",
          .beam_keV = 300,
          .convergence_mrad = 0.9,
          .collection_mrad = 2.675,
          .truth = 3.0};
}

inline TruthSet manganite() {
  return {.name = "LSMO",
          .core = "lsmo_linescan/LSMO_linescan.hdf5",
          .low = "lsmo_linescan/LSMO_linescan_low_loss.hdf5",
          .edges = {"O K", "Mn L3"},
          .reference = "Mn L3",
          .beam_keV = 80,
          .convergence_mrad = 27.42,
          .collection_mrad = 33.19,
          .truth = 3.0};
}

/// QuantifyOptions or ModelFitOptions of a set.
template <typename Options>
Options options_of(const TruthSet& set) {
  Options options;
  options.edges = set.edges;
  options.reference = set.reference;
  options.chain.beam_energy = set.beam_keV * units::keV;
  options.chain.convergence = set.convergence_mrad * units::mrad;
  options.chain.collection = set.collection_mrad * units::mrad;
  return options;
}

// Relative σ of a ratio from the cross-sections alone: 5 % a K shell, 15 % a white-line L shell, in quadrature.
inline constexpr double one_sigma_kl = 0.16;
inline constexpr double one_sigma_kk = 0.07;
/// A change of a measured ratio by more must be looked at: README.md prints the numbers.
inline constexpr double reproduction = 0.01;

}  // namespace hotstage::eels::testing
