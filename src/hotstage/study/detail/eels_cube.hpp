// SPDX-License-Identifier: GPL-3.0-or-later
// The pass behind eels.background and eels.deconvolve: one edge, its background-free signal, and the cube when asked
// for.

#pragma once

#include "hotstage/eels/chain.hpp"
#include "hotstage/study/step.hpp"

#include <functional>
#include <string>
#include <vector>

namespace hotstage::study::detail {

enum class Keep { mean, cube };

constexpr auto enum_names(Keep) {
  return std::array{EnumName<Keep>{Keep::mean, "mean"}, EnumName<Keep>{Keep::cube, "cube"}};
}

struct CubeOptions {
  std::string edge;
  Keep keep = Keep::mean;
  eels::ChainOptions chain;

  template <class V>
  void fields(V& v) {
    v("edge", edge, {.help = "edge whose background is removed, for example \"O K\"", .required = true});
    v("keep", keep,
      {.help = "mean: mean spectra only; cube: also the spectra of all items (axis of the file, see the table for the "
               "shifts)"});
    chain.fields(v);
  }
};

/// What a step adds to the pass.
struct CubeHooks {
  eels::PluralScattering scattering = eels::PluralScattering::keep;
  /// Called in parallel for every item; what it returns takes the place of the signal in the cube, unless empty.
  std::function<std::vector<float>(const eels::ChainItem& item)> item;
  /// Called at the end, when the page stands.
  std::function<void(const eels::Chain& chain, const eels::MeanSpectra& means, StepOutput& out)> finish;
};

/// `scattering` decides whether the low loss is used. A cube above --memory goes to the disk of the results; throws
/// Error{no_space} when there is no room.
[[nodiscard]] StepOutput cube_step(const StepInputs& inputs, CubeOptions options, const CubeHooks& hooks, Run& run);

/// Where the signal is looked at: 5 eV before the onset to 45 eV behind it.
[[nodiscard]] eels::Window cube_window(const eels::PlacedEdge& edge);

}  // namespace hotstage::study::detail
