// SPDX-License-Identifier: GPL-3.0-or-later
// Row jitter: how far each row of a scanned image stands from where it should, and the image put right.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/run.hpp"

#include <vector>

namespace hotstage::series {

struct RowMotionOptions {
  int rows_around = 6;      ///< rows on each side that make the local mean a row is compared with
  double largest_px = 4.0;  ///< shift looked for
  double knot_rows = 1.0;   ///< rows between knots of the shift along the slow axis
  int rounds = 4;           ///< the mean gets sharper as rows come into place

  template <class V>
  void fields(V& v) {
    v("rows_around", rows_around,
      {.help = "rows on each side that make the mean a row is compared with", .min = 1, .max = 64});
    v("largest", largest_px, {.help = "largest shift of a row that is looked for, px", .min = 0.5, .max = 64.0});
    v("knots", knot_rows,
      {.help = "rows between knots of the shift; 1: every row for itself", .min = 1.0, .max = 256.0});
    v("rounds", rounds, {.help = "rounds, when the image is its own reference", .min = 1, .max = 20});
  }
};

/// Of every row, px: the row's content stands this far towards larger x.
struct RowMotion {
  std::vector<double> dx_px;
  std::vector<double> sigma_px;  ///< from counting-like noise: the scatter of the row about its fit
  double rms_px = 0.0;           ///< of the shifts, noise taken off in quadrature
  /// Against a reference also along y: the row shows what stands this far above it in the reference (towards larger y).
  /// Measured beside dx, never undone by correct_rows(): rows out of order along y leave places that none has seen.
  /// Empty without a reference.
  std::vector<double> dy_px{};
  std::vector<double> sigma_y_px{};
  double rms_y_px = 0.0;
  bool found = false;  ///< false: rows have no structure in common; all shifts are then zero
};

/// Row shifts along the fast axis against a reference that shows the same area without jitter (the drift-corrected
/// mean of a series), along x and, for what is left of a pixel, along y. Shear and slower motion stay in. Throws
/// Error{bad_input} when the shapes differ.
[[nodiscard]] RowMotion row_motion(View<const float, 2> image, View<const float, 2> reference,
                                   const RowMotionOptions& options, Run& run);

/// The same from one image of a lattice: every row against the mean of the rows around it, in rounds. What all rows of
/// the neighbourhood share (drift, shear, waves longer than 2·rows_around) is not seen and stays in. Needs columns that
/// run across many rows: structure that changes from row to row by more than half a period is refused by `found`.
[[nodiscard]] RowMotion row_motion(View<const float, 2> image, const RowMotionOptions& options, Run& run);

/// Moves every row back by its shift (cubic convolution; the ends repeat).
[[nodiscard]] Buffer<float, 2> correct_rows(View<const float, 2> image, const RowMotion& motion);

}  // namespace hotstage::series
