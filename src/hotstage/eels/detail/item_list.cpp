// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/item_list.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace hotstage::eels::detail {

namespace {

class ListSource final : public signal::Source {
 public:
  explicit ListSource(std::vector<ItemRange> ranges) : ranges_(std::move(ranges)) {
    for (const ItemRange& range : ranges_) {
      items_ += range.count;
    }
  }

  [[nodiscard]] signal::DType dtype() const override { return signal::DType::f32; }

  [[nodiscard]] std::size_t items() const override { return items_; }

  [[nodiscard]] std::size_t channels() const override { return ranges_.front().signal.channels(); }

  void read(const signal::Region& region, std::span<std::byte> out) const override {
    std::size_t begin = 0;  // of a range, in the list
    for (const ItemRange& range : ranges_) {
      const std::size_t first = std::max(region.first_item, begin);
      const std::size_t last = std::min(region.first_item + region.items, begin + range.count);
      if (first < last) {
        read_part(range, first - begin, last - first, region,
                  out.subspan((first - region.first_item) * region.channels * sizeof(float)));
      }
      begin += range.count;
    }
  }

 private:
  static void read_part(const ItemRange& range, std::size_t first, std::size_t count, const signal::Region& region,
                        std::span<std::byte> out) {
    const bool repeated = range.signal.items() == 1;
    Buffer<float, 2> counts({repeated ? 1 : count, region.channels});
    signal::read(range.signal,
                 {repeated ? 0 : range.first + first, repeated ? 1 : count, region.first_channel, region.channels},
                 counts.view());
    const std::size_t row = region.channels * sizeof(float);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(out.data() + i * row, counts.row(repeated ? 0 : i).data(), row);
    }
  }

  std::vector<ItemRange> ranges_;
  std::size_t items_ = 0;
};

}  // namespace

signal::Signal item_list(std::vector<ItemRange> ranges) {
  HOTSTAGE_EXPECTS(!ranges.empty());
  const signal::Signal& head = ranges.front().signal;
  const signal::Axis axis = signal::energy_axis(head);
  std::vector<double> offset;
  bool moved = false;
  for (const ItemRange& range : ranges) {
    const std::size_t items = range.signal.items();
    if (range.signal.channels() != axis.size || (items != 1 && range.first + range.count > items)) {
      throw Error(Errc::bad_input, Location{.file = range.signal.file},
                  fmt::format("{} spectra of {} channels where {} of {} are needed", items, range.signal.channels(),
                              range.count, axis.size),
                  "Give as many low-loss as core-loss spectra, or one, with one setting of the spectrometer");
    }
    const double shift = signal::energy_axis(range.signal).offset - axis.offset;
    for (std::size_t i = 0; i < range.count; ++i) {
      const std::size_t item = items == 1 ? 0 : range.first + i;
      offset.push_back(shift + (range.signal.item_offset ? (*range.signal.item_offset)[item] : 0.0));
      moved = moved || offset.back() != 0.0;
    }
  }
  signal::Signal out = head;
  out.navigation = {{.name = "item", .size = offset.size()}};
  out.intensity_scale = 1.0;
  out.intensity_offset = 0.0;
  out.item_offset = moved ? std::make_shared<const std::vector<double>>(std::move(offset)) : nullptr;
  out.source = std::make_shared<ListSource>(std::move(ranges));
  return out;
}

}  // namespace hotstage::eels::detail
