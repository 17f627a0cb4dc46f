// SPDX-License-Identifier: GPL-3.0-or-later
// Test specimens for the quantification chain: dual spectra whose edges are the hydrogenic cross-sections themselves.

#pragma once

#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/forward.hpp"

#include <string>
#include <vector>

namespace hotstage::eels::detail {

inline Illumination test_illumination() {
  return {.beam = 200.0 * units::keV, .convergence = 10.0 * units::mrad, .collection = 20.0 * units::mrad};
}

struct SyntheticElement {
  std::string edge;
  double atoms_per_barn = 1e-7;  ///< areal density; 1e-7 per barn is 1000 atoms/nm²
};

/// A row of `items` spectra from B K to beyond O K. Counts and background are those of a good 50 nm lamella.
inline DualPairModel synthetic_oxide(std::size_t items, const std::vector<SyntheticElement>& elements) {
  DualPairModel model;
  model.columns = items;
  model.low = {-30.0, 0.5, 600};
  model.core = {100.0, 0.5, 1024};
  model.thickness = {0.5};
  model.low_electrons = 1e7;
  model.core_electrons = 1e9;
  model.background_per_eV = 1e-6;
  model.background_reference_eV = 500.0;
  for (const SyntheticElement& element : elements) {
    const Edge edge = find_edge(element.edge);
    const double scale = element.atoms_per_barn;
    model.components.push_back({.label = element.edge, .density = [edge, scale](double energy_eV) {
                                  return scale *
                                         differential_cross_section(edge, energy_eV * units::eV, test_illumination());
                                }});
  }
  return model;
}

}  // namespace hotstage::eels::detail
