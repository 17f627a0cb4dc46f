// SPDX-License-Identifier: GPL-3.0-or-later
// Electron dose of a spectrum from beam current, exposure and the area it falls on.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/signal/signal.hpp"

#include <optional>
#include <string>

namespace hotstage::eels {

struct DoseOptions {
  std::optional<Current> beam_current;
  std::optional<Time> exposure;
  std::optional<Area> area;

  template <class V>
  void fields(V& v) {
    v("beam_current", beam_current,
      {.help = "current of the probe on the specimen (not of the emitter); from the file when unset", .unit = "nA"});
    v("exposure", exposure, {.help = "exposure of one spectrum, all frames; from the file when unset", .unit = "s"});
    v("area", area,
      {.help = "specimen area that the current of one spectrum falls on; the area of a pixel when unset",
       .unit = "nm^2"});
  }

  [[nodiscard]] bool any() const { return beam_current || exposure || area; }
};

struct Dose {
  double electrons_per_A2 = 0.0;
  std::string from;  ///< the three numbers and where they come from
};

/// current·exposure/(e·area) of one spectrum. The current of HyperSpy's metadata (nA) is used; emission currents are
/// not. A line scan has square pixels. Throws Error{refused} naming the item that is missing.
[[nodiscard]] Dose electron_dose(const signal::Signal& core, const DoseOptions& options);

}  // namespace hotstage::eels
