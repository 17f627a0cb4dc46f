// SPDX-License-Identifier: GPL-3.0-or-later
// The specimen as the detector sees it: fraction of the beam scattered into the ring, on the grid of the scene.

#pragma once

#include "hotstage/stem/frames.hpp"

namespace hotstage::stem::detail {

/// Draws what a series shares. Streams are separate, so that one option does not change what another draws.
[[nodiscard]] InstrumentTruth draw_instrument(const ImagingOptions& options);

[[nodiscard]] std::vector<GrainContrast> draw_grains(const Scene& scene, const InstrumentTruth& instrument,
                                                     const ImagingOptions& options);

/// Signal of the specimen without channelling at the saved times that a stretch of a series touches.
struct States {
  std::vector<double> times_s;
  double blend_s = 0.0;       ///< how long before a state its predecessor starts to turn into it
  Buffer<float, 3> channels;  ///< of the materials that channel, per state
  Buffer<float, 3> rest;      ///< of all other materials
};

class Contrast {
 public:
  /// Keeps references.
  Contrast(const Scene& scene, const ImagingOptions& options, const InstrumentTruth& instrument,
           const std::vector<GrainContrast>& grains);

  /// The saved states from the last one before the stretch to the first one behind it.
  [[nodiscard]] States load(const TimeWindow& stretch) const;

  /// rows × columns of the scene, at a time inside the stretch.
  void fraction_at(const States& states, double time_s, View<float, 2> out) const;

 private:
  void make_layer();

  const Scene& scene_;
  const ImagingOptions& options_;
  const InstrumentTruth& instrument_;
  Buffer<float, 2> layer_;
  Buffer<std::int32_t, 2> labels_;
  std::vector<GrainContrast> by_label_;
  double blend_s_ = 0.0;
  double fading_rate_ = 0.0;  ///< exponent of channelling per kelvin above 300 K
};

}  // namespace hotstage::stem::detail
