// SPDX-License-Identifier: GPL-3.0-or-later
// Sub-pixel registration of a frame series with an uncertainty per frame, and a focus measure.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/series/detector.hpp"
#include "hotstage/series/frames.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hotstage::series {

/// Why a frame is not like the others; bits.
enum FrameFlag : std::uint32_t {
  frame_jump = 1,        ///< moved by more than usual since the frame before
  frame_lost = 2,        ///< no shift could be found: the position is that of the frame before
  frame_focus = 4,       ///< sharpness differs suddenly from the frames around: no onset may rest on this frame
  frame_clipped = 8,     ///< the common field leaves the frame
  frame_intensity = 16,  ///< mean intensity differs suddenly from the frames around
  frame_ambiguous = 32   ///< a lattice fits at another shift nearly as well: see Registration::ambiguous
};

/// "jump, focus"; empty without flags.
[[nodiscard]] std::string flags_text(std::uint32_t flags);

struct RegistrationOptions {
  double taper = 0.12;
  double search = 0.25;
  int anchor = 8;
  double longest = 0.125;
  bool mask = true;

  template <class V>
  void fields(V& v) {
    v("taper", taper, {.help = "cosine edge of the window, fraction of the field per side", .min = 0.01, .max = 0.5});
    v("search", search,
      {.help = "largest shift from one frame to the next, fraction of the field", .min = 0.01, .max = 0.5});
    v("anchor", anchor, {.help = "frames averaged into one anchor", .min = 2, .max = 64});
    v("longest", longest,
      {.help = "longest wavelength that counts, fraction of the field: slower intensity is no landmark",
       .min = 0.02,
       .max = 1.0});
    v("mask", mask, {.help = "leave regions that change out of the last alignment when they would bias it"});
  }
};

/// Where the specimen stands in a frame: a feature at pixel p of frame 0 lies at p + (dy, dx) in this one.
struct FrameDrift {
  double dy_px = 0.0;
  double dx_px = 0.0;
  double sigma_y_px = 0.0;  ///< against the mean of the series; the common zero (frame 0) adds its own
  double sigma_x_px = 0.0;
  double scan_y_px = 0.0;  ///< what motion while the frame is scanned adds: the rows count unequally
  double scan_x_px = 0.0;
  double correlation = 0.0;  ///< with the neighbouring frames, weighted like the registration
  double focus = 0.0;        ///< band power ratio, noise removed: high/low spatial frequencies
  double mean = 0.0;         ///< of the frame, stored counts
  std::uint32_t flags = 0;

  /// Fit to measure intensities in.
  [[nodiscard]] bool usable() const {
    return (flags & (static_cast<std::uint32_t>(frame_lost) | frame_focus | frame_intensity)) == 0;
  }
};

/// A frame that may stand elsewhere, by a lattice vector. All frames after it would stand there too.
struct AmbiguousJump {
  struct Choice {
    double dy_px = 0.0;  ///< from the position given
    double dx_px = 0.0;
    double probability = 0.0;
  };

  std::size_t frame = 0;
  std::vector<Choice> choices;  ///< the most likely first: (0, 0), the one given
};

/// Regions that change and what they would do to the drift.
struct RegionWeights {
  bool needed = false;       ///< they shift some part of the series by more than a quarter of the σ of one frame
  bool used = false;         ///< and enough is left without them: the last alignment was done without them
  double information = 1.0;  ///< share of the information on a shift that is left without them, the worse axis
  double bias_px = 0.0;      ///< largest correction of a part of the series without them
};

struct Registration {
  std::vector<FrameDrift> frames;
  DetectorResponse detector;
  double cutoff_cycles_per_px = 0.0;  ///< the band that holds 99.5 % of the information on a shift
  double bound_px = 0.0;              ///< Cramér–Rao bound per axis of one frame against a noiseless scene
  std::size_t anchors = 0;
  std::vector<AmbiguousJump> ambiguous;
  RegionWeights regions;
};

/// Registers a series {time | y, x}.
///
/// Every frame is read twice, in blocks of `anchor` frames; memory does not grow with their number beyond the result.
/// Coarse: small frames without aliases against a running mean. Fine: each frame is cut out so that the window follows
/// the specimen, transformed once, compared with the mean of those before by maximum-likelihood weighted correlation
/// (detail/band.hpp), then with the 24 frames around; means of `anchor` frames, of eight such means and so on are
/// compared with those before and solved by robust least squares (detail/anchor_tree.hpp), so that errors do not add
/// up. Where the image repeats itself every maximum is looked at and chosen by likelihood and by how the specimen has
/// moved so far; what stays in doubt is flagged. Regions that change (voids that grow, a front) are looked for in the
/// parts of the series against the mean of all; when they bias the drift, every frame is read a third time and aligned
/// without them (detail/evolving.hpp). Translation only: see row_motion.hpp. Throws Error{bad_input} for a
/// signal that is no series, Error{refused} when the frames have nothing in common, Error{no_space} when run.memory
/// does not hold one frame in work and the spectra of three blocks; with less than `threads` frames' worth fewer
/// threads work.
[[nodiscard]] Registration register_series(const signal::Signal& series, const RegistrationOptions& options, Run& run);

/// A mean image in the coordinates of frame 0.
struct MeanImage {
  Buffer<float, 2> mean;        ///< 0 where no frame covers the pixel
  Buffer<float, 2> n_averaged;  ///< frames that cover the pixel
  /// Of the mean, counts²: the scatter between frames over their number, 0 where fewer than two cover the pixel. What
  /// changes in the specimen is in it. Neighbours are not independent: with fractions f of a pixel spread evenly a
  /// pixel's variance is 4/9 of that without interpolation, and one neighbour along an axis is correlated by 1/4.
  Buffer<float, 2> variance;
};

/// Mean of frames [first, last) moved back by their drift (bilinear); lost frames are left out.
[[nodiscard]] MeanImage drift_corrected_mean(const signal::Signal& series, std::span<const FrameDrift> drift,
                                             std::size_t first, std::size_t last, Run& run);

}  // namespace hotstage::series
