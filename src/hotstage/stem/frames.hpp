// SPDX-License-Identifier: GPL-3.0-or-later
// HAADF frame series of a changing specimen: mass thickness times tabulated cross-sections, scanned row by row through
// drift, heating and bulging, counted by a detector.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/signal/signal.hpp"
#include "hotstage/stem/cross_section.hpp"
#include "hotstage/stem/detector.hpp"
#include "hotstage/stem/drift.hpp"
#include "hotstage/stem/imaging.hpp"
#include "hotstage/stem/scene.hpp"

#include <vector>

namespace hotstage::stem {

/// First and last moment of a series on the microscope clock; frames start at equal distances in between.
struct TimeWindow {
  double first_s = 0.0;
  double last_s = 0.0;
};

/// How one grain departs from the mean scattering of its material.
struct GrainContrast {
  int grain = 0;
  double channelling = 0.0;  ///< relative, at 300 K
  double contour_nm = 0.0;   ///< where its bend contour stands at 25 °C along the bending direction
};

/// What was drawn once for a series.
struct InstrumentTruth {
  Scattering scattering;             ///< true angles
  double electrons_per_pixel = 0.0;  ///< true
  Detector detector;                 ///< true gain and black level
  double pixel_nm = 0.0;             ///< true; the file says pixel_nm · (1 + scan error)
  double file_pixel_nm = 0.0;
  double row_s = 0.0;      ///< flyback included
  double vibration = 1.0;  ///< true over tabulated B
  double layer = 1.0;      ///< true over nominal thickness of the surface layer
  double bulge_nm_per_K = 0.0;
  double bend_angle_rad = 0.0;  ///< direction along which contours move
};

/// What was true of one frame. Positions are axis values of the scene.
struct FrameTruth {
  double start_s = 0.0;
  double first_row_degC = 0.0;  ///< specimen
  double last_row_degC = 0.0;
  Displacement drift;   ///< mean over rows against the mean of the first frame
  Displacement shear;   ///< last row against first row
  Displacement origin;  ///< scene coordinates of the first pixel's centre, mean over rows
  double defocus_nm = 0.0;
  double probe_sigma_nm = 0.0;
  double mean_electrons = 0.0;  ///< expected electrons per pixel
};

struct FrameSeries {
  signal::Signal frames;  ///< {time | y, x} uint16, with the tags of an instrument
  InstrumentTruth instrument;
  std::vector<GrainContrast> grains;
  std::vector<FrameTruth> truth;
};

/// The relative signal of a grain at a place: 1 + channelling, which fades as lattice vibration grows, + bend contour.
/// Throws Error{bad_input} when frames do not fit into the window or the drifting field not into the scene.
[[nodiscard]] FrameSeries simulate_frames(const Scene& scene, const TimeWindow& window, const ImagingOptions& options,
                                          const Run& run);

/// {"schema": "hotstage.frames_truth/1", …}
[[nodiscard]] Value to_value(const FrameSeries& series);

}  // namespace hotstage::stem
