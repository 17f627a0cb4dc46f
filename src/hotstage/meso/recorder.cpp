// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/recorder.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::meso {

StateRecorder::StateRecorder(const Polycrystal& crystal, const Scenario& scenario, double least_change)
    : crystal_(crystal), scenario_(scenario), least_change_(least_change) {}

void StateRecorder::keep() {
  states_.push_back(seen_);
  times_s_.push_back(seen_s_);
}

void StateRecorder::add(const FoilState& state) {
  const Buffer<float, 3> now = material_maps(crystal_, scenario_, state);
  seen_.assign(now.data(), now.data() + now.size());
  seen_s_ = state.time_s;
  if (states_.empty()) {
    keep();
    return;
  }
  double change = 0.0;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    change += std::abs(static_cast<double>(seen_[i]) - static_cast<double>(states_.back()[i]));
  }
  if (change > least_change_ * scenario_.parameters.foil_nm * static_cast<double>(crystal_.label.size())) {
    keep();
  }
}

void StateRecorder::finish() {
  if (!times_s_.empty() && seen_s_ > times_s_.back()) {
    keep();
  }
}

Buffer<float, 2> StateRecorder::maps() const {
  Buffer<float, 2> out({states_.size(), seen_.size()});
  for (std::size_t i = 0; i < states_.size(); ++i) {
    std::copy(states_[i].begin(), states_[i].end(), out.row(i).begin());
  }
  return out;
}

}  // namespace hotstage::meso
