// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/chain_state.hpp"

#include <algorithm>

namespace hotstage::eels {

std::vector<double> Chain::visit(const std::function<void(std::span<const RawItem>, std::span<double> sum)>& work,
                                 std::size_t size, Run& run, const KeptRows& kept) const {
  const State& s = *state_;
  const bool shared = s.low && !s.paired();
  const ZeroLoss shared_peak = shared ? find_zero_loss(s.shared_low, s.low_axis, s.options.zero_loss) : ZeroLoss{};
  detail::BlockSums sums(size);
  const detail::PairWork block = [&](std::size_t first, View<const float, 2> core, View<const float, 2> low) {
    Buffer<float, 2> clean({core.extent(0), s.core_axis.size});
    std::copy(core.data(), core.data() + core.size(), clean.data());
    s.remove_stray(clean.view());
    std::vector<RawItem> items(core.extent(0));
    for (std::size_t i = 0; i < items.size(); ++i) {
      RawItem& raw = items[i];
      raw.item = first + i;
      raw.shift_eV = s.shift[raw.item];
      raw.axis = s.core_axis.shifted(raw.shift_eV);
      raw.counts = clean.row(i);
      if (s.paired()) {
        raw.low = low.row(i);
        raw.zero_loss = s.own_peak(raw.item, raw.low);
      } else if (shared) {
        raw.low = s.shared_low;
        raw.zero_loss = shared_peak;
      }
      raw.thickness = !raw.low.empty() && raw.zero_loss.found() ? raw.zero_loss.thickness : Estimate{};
    }
    std::vector<double> sum(size, 0.0);
    work(items, sum);
    return sum;
  };
  detail::for_each_block(s.core, s.paired() ? &*s.low : nullptr, run, "items", block, sums, kept);
  return sums.total();
}

const MeanSpectra& Chain::means() const {
  return state_->means;
}

}  // namespace hotstage::eels
