// SPDX-License-Identifier: GPL-3.0-or-later
// The truth of a simulated series in the coordinates and definitions of its analysis.

#pragma once

#include "hotstage/study/step.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// Where the pixels of frame 0 lie on the simulated scene.
struct FieldOnScene {
  double pixel_nm = 1.0;       ///< true
  double file_pixel_nm = 1.0;  ///< as the file says
  double x0_nm = 0.0;          ///< scene coordinates of the first pixel
  double y0_nm = 0.0;
  std::size_t rows = 0;
  std::size_t columns = 0;
};

[[nodiscard]] FieldOnScene field_on_scene(const Value& frames_truth, const signal::Signal& labels);

/// True grain of every pixel of frame 0 (0: none).
[[nodiscard]] Buffer<std::int32_t, 2> labels_on_field(const signal::Signal& truth, const FieldOnScene& field);

/// Which true grain covers most of each recovered one.
[[nodiscard]] std::map<int, int> match_grains(View<const std::int32_t, 2> recovered, View<const std::int32_t, 2> truth);

/// Harmonic mean of recall and precision of boundary pixels within 3 px.
[[nodiscard]] double boundary_f1(View<const std::int32_t, 2> recovered, View<const std::int32_t, 2> truth);

/// Time at which a tenth of the layered material of each pixel of frame 0 is gone, s; infinite: never, NaN: no
/// material.
[[nodiscard]] Buffer<double, 2> true_onset_s(const signal::Signal& state, const FieldOnScene& field);

}  // namespace hotstage::study::detail
