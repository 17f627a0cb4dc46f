// SPDX-License-Identifier: GPL-3.0-or-later
// Stored counts as a fraction of the beam: black level and level of the whole beam on the detector.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/estimate.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace hotstage::series {

/// What an image shows for which the focused beam was scanned over the detector itself, without a specimen.
struct DetectorScan {
  Estimate black;                  ///< counts beside the sensitive area; σ from counting
  Estimate full;                   ///< counts on it, mean over its area
  double full_model = 0.0;         ///< σ of `full` because scattered electrons do not spread evenly over the area
  double inner = 0.0;              ///< mean over the half of the area next to its centre, counts
  double outer = 0.0;              ///< over the other half
  std::array<double, 8> octant{};  ///< (response − black)/(full − black) by azimuth, from +x towards +y
  double spread = 0.0;             ///< standard deviation of the same over pixels
  double y_px = 0.0;               ///< centre of the area
  double x_px = 0.0;
  std::size_t area_px = 0;
  std::size_t edge_px = 0;       ///< pixels of the area on the edge of the image: more than a few: it is cut off
  double clipped = 0.0;          ///< share of the area at the largest value of the image
  Buffer<std::uint8_t, 2> area;  ///< 1 on the sensitive area

  /// Largest less smallest octant: how far the detector is from rotational symmetry.
  [[nodiscard]] double asymmetry() const;
};

/// Two levels by Otsu's threshold (doi:10.1109/TSMC.1979.4310076); black is the median of the dark class, the area are
/// the pixels brighter than the middle between both levels, the largest 4-connected part of them: shadows below half of
/// the response, as beside the hole of a ring, are left out. The level of the whole beam is the mean over that area
/// (LeBeau and Stemmer 2008, doi:10.1016/j.ultramic.2008.07.001). Scattered electrons fall mostly on its inner part:
/// `full_model` is |inner − outer|/√12, any weight between the halves being as likely (MacArthur, Jones and Nellist
/// 2014, doi:10.1088/1742-6596/522/1/012018, show what uneven detectors do). Throws Error{bad_input} below 32 × 32 px,
/// Error{refused} when the image has no two levels or the area is below a hundredth of it.
[[nodiscard]] DetectorScan read_detector_scan(View<const float, 2> scan);

/// fraction = (counts − black)/(full − black of the scan) · scan's current over that of the frames.
struct BeamScale {
  Estimate black;  ///< of the frames, counts
  Estimate span;   ///< full − black, counts for the whole beam of the frames

  [[nodiscard]] double fraction(double counts) const { return (counts - black.value) / span.value; }

  /// Standard uncertainty common to all pixels of that fraction (not counting).
  [[nodiscard]] double sigma(double fraction) const;
};

}  // namespace hotstage::series
