// SPDX-License-Identifier: GPL-3.0-or-later
// A pass over all items of a signal in tiles, worked on in parallel in blocks of fixed size, with sums in block order.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/pass_journal.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace hotstage::eels::detail {

/// Items per block. Fixed: sums are made per block and added in order, so they do not depend on threads or memory.
inline constexpr std::size_t block_items = 16;

/// Sum over all items, built from block sums in order.
class BlockSums {
 public:
  explicit BlockSums(std::size_t size) : total_(size, 0.0) {}

  void add(std::span<const double> block);

  [[nodiscard]] const std::vector<double>& total() const { return total_; }

  /// For a journal, which puts back what was added before an interruption.
  [[nodiscard]] std::span<double> running() { return total_; }

 private:
  std::vector<double> total_;
};

using Work = std::function<std::vector<double>(std::size_t first_item, View<const float, 2> counts)>;
using PairWork =
    std::function<std::vector<double>(std::size_t first_item, View<const float, 2> core, View<const float, 2> low)>;

/// Calls `work` for each block of items; what it returns is added to `sums`. Reads tiles within run.memory.
///
/// A pass whose `kept` names every array that `work` writes goes on where run.journal says an earlier process stopped,
/// with the same bytes in the end; a stop request ends it after the blocks in flight.
void for_each_block(const signal::Signal& signal, Run& run, std::string_view phase, const Work& work, BlockSums& sums,
                    const KeptRows& kept = {});

/// The same for two signals with equal item counts; `low` may be null (an empty view is passed).
void for_each_block(const signal::Signal& core, const signal::Signal* low, Run& run, std::string_view phase,
                    const PairWork& work, BlockSums& sums, const KeptRows& kept = {});

/// sum += counts
void add(std::span<const float> counts, std::span<double> sum);

/// sum[k] += counts at channel k − shift (linear between channels, the end values beyond the ends).
void add_shifted(std::span<const float> counts, double shift, std::span<double> sum);
void add_shifted(std::span<const double> counts, double shift, std::span<double> sum);

/// Linear between channels, the end values beyond the ends.
[[nodiscard]] double interpolate(std::span<const float> counts, double channel);

}  // namespace hotstage::eels::detail
