// SPDX-License-Identifier: GPL-3.0-or-later
// Denoised frames, to look at: patches of like content, in space and time, averaged where counting noise allows.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/series/registration.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hotstage::series {

struct DenoiseOptions {
  int window = 8;
  int group = 4;
  double threshold = 3.4;

  template <class V>
  void fields(V& v) {
    v("window", window,
      {.help = "frames that are looked at together; taken down to a power of two", .min = 1, .max = 16});
    v("group", group, {.help = "most places that are taken for alike; down to a power of two", .min = 1, .max = 16});
    v("threshold", threshold, {.help = "what counts as signal, in σ of a coefficient", .min = 0.5, .max = 10.0});
  }
};

/// What was taken off one frame, e − ê over √ê: counts as recorded less denoised, in electrons.
struct FrameResidual {
  double variance = 0.0;     ///< over that of Poisson counts; a little below 1, for ê holds part of the noise
  double along_y = 0.0;      ///< correlation of neighbours; 0 for white noise
  double along_x = 0.0;      ///<
  double along_time = 0.0;   ///< with the frame before, moved by whole pixels; 0 for the first
  double worst_block = 0.0;  ///< mean of the block of 8 × 8 px that deviates most, in its counting σ
  double worst_y_px = 0.0;   ///< centre of that block, px of the frame
  double worst_x_px = 0.0;
  std::size_t frames = 1;  ///< looked at together
};

/// Residual variance of all pixels of about one brightness.
struct BrightnessBin {
  double electrons = 0.0;  ///< mean of the denoised
  double variance = 0.0;   ///< e²
  double pixels = 0.0;
};

struct ResidualNoise {
  std::vector<FrameResidual> frames;
  std::vector<BrightnessBin> bins;  ///< of √e in steps of 1/4; empty ones left out
  double variance = 0.0;            ///< Σ (e − ê)² over Σ ê: 1 for counting noise
  double along_y = 0.0;
  double along_x = 0.0;
  double along_time = 0.0;
  double worst_block = 0.0;
  double block_limit = 0.0;  ///< σ that the worst block of white noise passes in 1 of 100 series
  std::size_t worst_frame = 0;
};

/// One denoised frame, stored counts, rows × columns.
using FrameSink = std::function<void(std::size_t frame, View<const float, 2> counts)>;

/// Denoises frame after frame and hands them over in order; every frame stays where it is, nothing is interpolated.
///
/// Counts become electrons by `detector` (1 and 0 when it was not found), electrons become numbers of unit variance
/// (anscombe.hpp); a readout noise ρ² is in the black level of the photon-transfer line, since (c − black)/gain has
/// then variance = mean. Windows of `window` usable frames, a quarter of it apart, are filtered by
/// detail/patch_groups.hpp (stacks of 8 × 8 px along the drift in whole pixels, groups of like stacks, 4-D transform
/// shrinkage in two passes: Dabov 2007, doi:10.1109/TIP.2007.901238; Maggioni 2012, doi:10.1109/TIP.2012.2199324), each
/// frame is the weighted mean of its windows, and goes back by the exact unbiased inverse. Frames that are lost or of
/// sudden focus or intensity are filtered alone. Memory: 5 floats per pixel and frame of the window and 5 more per
/// pixel; results do not depend on threads. Throws Error{no_space} when that is more than run.memory, Error{bad_input}
/// for a drift of another series or a signal denoised already.
[[nodiscard]] ResidualNoise denoise_series(const signal::Signal& series, std::span<const FrameDrift> drift,
                                           const DetectorResponse& detector, const DenoiseOptions& options,
                                           const FrameSink& sink, Run& run);

/// `series` with other numbers, float32, tagged and titled as denoised.
[[nodiscard]] signal::Signal denoised_signal(const signal::Signal& series,
                                             std::shared_ptr<const signal::Source> numbers);

/// The tag alone, for what was made from denoised frames.
void mark_denoised(signal::Signal& signal, const std::string& how);

/// True for what carries the tag, also read back from a file: it has no counting statistics and blurs time.
[[nodiscard]] bool is_denoised(const signal::Signal& signal);

}  // namespace hotstage::series
