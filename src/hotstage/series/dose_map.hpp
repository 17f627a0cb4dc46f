// SPDX-License-Identifier: GPL-3.0-or-later
// Electron dose of every frame, and what each place of the specimen has taken in while it drifted through the field.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/signal/signal.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::series {

struct DoseMapOptions {
  std::optional<Current> beam_current;
  std::optional<Current> current_sigma;
  std::optional<Time> dwell;
  double blank = 0.1;

  template <class V>
  void fields(V& v) {
    v("beam_current", beam_current,
      {.help = "current of the probe on the specimen (not of the emitter); from the file when unset", .unit = "nA"});
    v("current_sigma", current_sigma, {.help = "standard uncertainty of that", .unit = "nA", .min = 0.0});
    v("dwell", dwell,
      {.help = "time per pixel; when unset the frame time over the pixels, flyback included", .unit = "us"});
    v("blank", blank,
      {.help = "frames with less signal than this share of the median are blank: no dose", .min = 0.0, .max = 1.0});
  }
};

struct FrameDose {
  double electrons_per_A2 = 0.0;  ///< 0 for a blank frame
  double signal = 0.0;            ///< mean above the black level, over the median of all frames
  bool blank = false;
  double accumulated = 0.0;  ///< at the centre of frame 0, this frame included, electrons/Å²
};

/// In pixels of frame 0: the map begins at (first_row, first_column), which are negative where the specimen came in.
struct DoseMap {
  Buffer<float, 2> electrons_per_A2;
  long first_row = 0;
  long first_column = 0;
  std::vector<FrameDose> frames;
  double per_frame = 0.0;       ///< of a frame that is not blank, electrons/Å²
  double relative_sigma = 0.0;  ///< of all doses together: the current's; 0 when not given
  std::string from;             ///< the numbers and where they come from
};

/// current · dwell / (e · area of a pixel) for every frame that is not blank, summed where each frame lay on the
/// specimen, to whole pixels. `drift` may be empty: the specimen is then taken as still. `black` is the detector's
/// black level in stored counts. Only recorded frames count: a beam that rested on the specimen between frames adds
/// what nobody knows.
///
/// Throws Error{refused} naming the item that is missing: beam current, frame time, pixel size.
[[nodiscard]] DoseMap dose_map(const signal::Signal& frames, std::span<const FrameDrift> drift, double black,
                               const DoseMapOptions& options, Run& run);

}  // namespace hotstage::series
