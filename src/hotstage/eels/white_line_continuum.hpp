// SPDX-License-Identifier: GPL-3.0-or-later
// The continuum under L3 and L2: two steps in the ratio 2 : 1, sharp, arctan or shaped like the cross-section.

#pragma once

#include "hotstage/eels/convergence.hpp"
#include "hotstage/eels/edges.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <optional>
#include <vector>

namespace hotstage::eels {

enum class StepShape { arctan, sharp, cross_section };

/// Maxima of the two lines and the valley between them, on the aligned axis.
struct LinePositions {
  double l3_eV = 0.0;
  double l2_eV = 0.0;
  double valley_eV = 0.0;
  bool found = false;
};

/// One step of unit height 2/3 + 1/3: primitives of the three shapes.
class WhiteLineContinuum {
 public:
  /// `arctan`: full width at half maximum of its derivative. `cross_section`: dσ/dE of the 2p shell behind its onset
  /// (its power law from 20 eV on continued to the onset), folded with a Gaussian of `zero_loss_fwhm_eV`: what a
  /// deconvolved spectrum holds of cross-section ⊗ low loss.
  WhiteLineContinuum(StepShape shape, double step_width_eV);
  WhiteLineContinuum(const Edge& l3_edge, const Illumination& illumination, double zero_loss_fwhm_eV);

  /// ∫ of (2·step at L3 + step at L2)/3 over a window, eV times an arbitrary height (the level behind L2 fixes it).
  [[nodiscard]] double integral(const LinePositions& lines, const Window& window) const;

 private:
  [[nodiscard]] double primitive(double behind_eV) const;

  StepShape shape_;
  double gamma_ = 0.5;
  std::vector<double> table_;  // primitive of the folded cross-section from table_low_eV on
};

}  // namespace hotstage::eels
