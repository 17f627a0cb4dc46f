// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/item_blocks.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels::detail {

namespace {

template <class T>
double at(std::span<const T> counts, double channel) {
  const auto last = static_cast<double>(counts.size() - 1);
  const double inside = std::clamp(channel, 0.0, last);
  const auto left = static_cast<std::size_t>(std::min(std::floor(inside), std::max(last - 1.0, 0.0)));
  const double weight = inside - static_cast<double>(left);
  const auto here = static_cast<double>(counts[left]);
  return weight == 0.0 ? here : here + weight * (static_cast<double>(counts[left + 1]) - here);
}

template <class T>
void add_moved(std::span<const T> counts, double shift, std::span<double> sum) {
  HOTSTAGE_EXPECTS(counts.size() == sum.size() && !counts.empty());
  for (std::size_t k = 0; k < sum.size(); ++k) {
    sum[k] += shift == 0.0 ? static_cast<double>(counts[k]) : at(counts, static_cast<double>(k) - shift);
  }
}

bool reads_at_once(const signal::Signal& signal) {
  return signal.source->preferred_items() > block_items;
}

// Whole blocks that fit the memory for one tile of both signals; a quarter of the budget is left to the work arrays.
std::size_t items_per_tile(std::size_t items, std::size_t channels, const Run& run) {
  const std::size_t bytes = std::max<std::size_t>(channels * sizeof(float), 1);
  const std::size_t fitting = std::max<std::size_t>(run.memory / 4 * 3 / bytes, 1);
  const std::size_t blocks = std::max<std::size_t>(fitting / block_items, 1);
  return std::min(blocks * block_items, std::max<std::size_t>(items, 1));
}

/// Tiles of a journalled pass are small: what is in flight when the process dies is lost.
std::size_t items_to_lose(const signal::Signal& core, const signal::Signal* low) {
  constexpr std::size_t few = 2048;
  std::size_t out = std::max(few, core.source->preferred_items());
  out = low != nullptr ? std::max(out, low->source->preferred_items()) : out;
  return (out + block_items - 1) / block_items * block_items;
}

}  // namespace

void BlockSums::add(std::span<const double> block) {
  HOTSTAGE_EXPECTS(block.size() == total_.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    total_[i] += block[i];
  }
}

void for_each_block(const signal::Signal& signal, Run& run, std::string_view phase, const Work& work, BlockSums& sums,
                    const KeptRows& kept) {
  const PairWork single = [&](std::size_t first, View<const float, 2> counts, View<const float, 2>) {
    return work(first, counts);
  };
  for_each_block(signal, nullptr, run, phase, single, sums, kept);
}

namespace {

/// Tiles of both signals, read and worked on one after another.
class Tiles {
 public:
  Tiles(const signal::Signal& core, const signal::Signal* low, std::size_t items)
      : core_(core),
        low_(low),
        core_tile_({items, core.channels()}),
        low_tile_({low != nullptr ? items : 0, low != nullptr ? low->channels() : 0}) {}

  /// Works on items [begin, begin + count) and adds the sums of their blocks in order.
  void work_on(std::size_t begin, std::size_t count, const PairWork& work, BlockSums& sums, Run& run) {
    // Files whose own pieces are larger than a block are read whole, in order; the rest by who works on it.
    const bool core_at_once = reads_at_once(core_);
    const bool low_at_once = low_ != nullptr && reads_at_once(*low_);
    if (core_at_once) {
      read_rows(core_, core_tile_, begin, 0, count);
    }
    if (low_at_once) {
      read_rows(*low_, low_tile_, begin, 0, count);
    }
    std::vector<std::vector<double>> partial((count + block_items - 1) / block_items);
    parallel_chunks(run, count, block_items, [&](std::size_t first, std::size_t last) {
      if (!core_at_once) {
        read_rows(core_, core_tile_, begin, first, last);
      }
      if (low_ != nullptr && !low_at_once) {
        read_rows(*low_, low_tile_, begin, first, last);
      }
      const View<const float, 2> a = View<const float, 2>(core_tile_.view()).rows(first, last - first);
      const View<const float, 2> b =
          low_ != nullptr ? View<const float, 2>(low_tile_.view()).rows(first, last - first) : View<const float, 2>();
      partial[first / block_items] = work(begin + first, a, b);
    });
    for (const std::vector<double>& block : partial) {
      sums.add(block);
    }
  }

 private:
  static void read_rows(const signal::Signal& from, Buffer<float, 2>& tile, std::size_t begin, std::size_t first,
                        std::size_t last) {
    signal::read(from, {begin + first, last - first, 0, from.channels()}, tile.view().rows(first, last - first));
  }

  const signal::Signal& core_;
  const signal::Signal* low_;
  Buffer<float, 2> core_tile_;
  Buffer<float, 2> low_tile_;
};

}  // namespace

void for_each_block(const signal::Signal& core, const signal::Signal* low, Run& run, std::string_view phase,
                    const PairWork& work, BlockSums& sums, const KeptRows& kept) {
  const std::size_t items = core.items();
  const PassJournal::Pass pass{phase, items, &kept, sums.running()};
  PassJournal* const journal = kept.resumable() ? run.journal.get() : nullptr;
  std::size_t tile = items_per_tile(items, core.channels() + (low != nullptr ? low->channels() : 0), run);
  std::size_t done = 0;
  if (journal != nullptr) {
    tile = std::min(tile, items_to_lose(core, low));
    done = journal->open(pass);
  }
  Tiles tiles(core, low, done < items ? tile : 0);
  while (done < items) {
    try {
      run.check_stop();
      run.progress(static_cast<double>(done) / static_cast<double>(items), phase);
      const std::size_t count = std::min(tile, items - done);
      tiles.work_on(done, count, work, sums, run);
      done += count;
    } catch (Error& error) {
      if (journal != nullptr && error.code() == Errc::stopped) {
        journal->commit(pass, done, PassJournal::Urgency::now);
        error.add_frame(fmt::format("{} of {} items of the pass \"{}\" are kept", done, items, phase));
      }
      throw;
    }
    if (journal != nullptr) {
      journal->commit(pass, done, PassJournal::Urgency::when_due);
    }
  }
  run.progress(1.0, phase);
}

void add(std::span<const float> counts, std::span<double> sum) {
  add_moved(counts, 0.0, sum);
}

void add_shifted(std::span<const float> counts, double shift, std::span<double> sum) {
  add_moved(counts, shift, sum);
}

void add_shifted(std::span<const double> counts, double shift, std::span<double> sum) {
  add_moved(counts, shift, sum);
}

double interpolate(std::span<const float> counts, double channel) {
  return at(counts, channel);
}

}  // namespace hotstage::eels::detail
