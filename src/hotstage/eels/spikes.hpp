// SPDX-License-Identifier: GPL-3.0-or-later
// X-ray spikes: single channels that counting statistics do not explain, found at a stated false-positive rate,
// replaced and listed.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::eels {

struct SpikeOptions {
  double false_positives = 0.01;       ///< expected per spectrum from counting alone
  std::optional<double> noise_factor;  ///< variance/mean of the counts; unset: measured from each spectrum
  std::size_t width = 2;               ///< channels a spike may fill

  template <class V>
  void fields(V& v) {
    v("false_positives", false_positives,
      {.help = "channels per spectrum that counting noise alone may be taken for spikes", .min = 1e-9, .max = 1.0});
    v("noise_factor", noise_factor,
      {.help = "variance divided by mean of the counts; measured from each spectrum when unset", .min = 1e-9});
    v("width", width, {.help = "channels that one spike may fill", .min = 1, .max = 4});
  }
};

struct Spike {
  std::size_t item = 0;
  std::size_t channel = 0;
  double counts = 0.0;       ///< as recorded
  double replacement = 0.0;  ///< what stands there now
  double deviation = 0.0;    ///< from what the surroundings say, in σ
};

/// Finds spikes in one spectrum and replaces them in place by a straight line through their surroundings.
///
/// A channel is expected to hold the median of the 8 channels around it (those a spike may fill left out), and no more
/// than the cubic through the nearest four of them. Its deviation from either is the signed root of twice the
/// log-likelihood ratio (normal also for few counts), divided by the uncertainty of that expectation; the limit is the
/// normal quantile of false_positives/channels. The noise factor comes from the median absolute deviation, which spikes
/// do not move. Where `neighbours` (spectra of adjacent items) are given, a spike must also stand out against the
/// highest two channels of three of each, scaled to the same surroundings or the same sum: a white line or a zero-loss
/// peak does not. Alone, peaks narrower than about 7 channels are taken for spikes: give neighbours.
[[nodiscard]] std::vector<Spike> remove_spikes(std::span<float> counts,
                                               std::span<const std::span<const float>> neighbours = {},
                                               const SpikeOptions& options = {});

/// Every item of a block against the items before and behind it (`counts` is items × channels of one scan row).
/// Neighbours are taken as recorded, so that the order does not matter.
[[nodiscard]] std::vector<Spike> remove_spikes(View<float, 2> counts, std::size_t first_item,
                                               const SpikeOptions& options = {});

}  // namespace hotstage::eels
