// SPDX-License-Identifier: GPL-3.0-or-later
// Where TIFF files keep pixel sizes: ImageJ's description, private tags of DigitalMicrograph and FEI, OME, resolution.

#pragma once

#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hotstage::signal::tiff {

struct Calibration {
  Axis x{.name = "x"};
  Axis y{.name = "y"};
  Axis z{.name = "image"};    ///< of a stack, without its size
  std::vector<Axis> stack{};  ///< several axes of a stack, with sizes; used when they fit the pages
  Metadata metadata{};        ///< beam energy, frame time, detector and date, where the file says them
  double intensity_scale = 1.0;
  double intensity_offset = 0.0;
  std::size_t images = 0;   ///< as ImageJ's description says; 0: it does not
  std::string description;  ///< our own line of JSON, if any
};

/// `width` and `height` in pixels.
[[nodiscard]] Calibration read_calibration(const Value& tags, std::size_t width = 0, std::size_t height = 0);

/// What the first page says besides the numbers.
struct Labels {
  std::string description;  ///< ImageJ's, with our own line of JSON
  double x_per_unit = 0.0;  ///< pixels per unit of the description; 0: not stated
  double y_per_unit = 0.0;
  std::vector<Axis> axes;  ///< x, y and, for a stack, z: for DigitalMicrograph's tags
};

[[nodiscard]] Labels make_labels(const Signal& signal, const std::string& json);

}  // namespace hotstage::signal::tiff
