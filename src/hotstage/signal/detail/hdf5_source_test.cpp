// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/hdf5_source.hpp"

#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>

namespace hotstage::signal::detail {
namespace {

RC_GTEST_PROP(Boxes, cover_a_range_exactly_once_and_in_order, ()) {
  const auto shape = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 5));
  std::size_t size = 1;
  for (const std::size_t extent : shape) {
    RC_PRE(size < 10000);
    size *= extent;
  }
  const auto first = *rc::gen::inRange<std::size_t>(0, size);
  const auto count = *rc::gen::inRange<std::size_t>(0, size - first + 1);
  std::size_t next = first;
  for (const Box& box : boxes(first, count, shape)) {
    std::size_t flat = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      RC_ASSERT(box.start[i] + box.count[i] <= shape[i]);
      flat = flat * shape[i] + box.start[i];
    }
    RC_ASSERT(flat == next);
    next += box.size;
  }
  RC_ASSERT(next == first + count);
}

/// Element of the dataset at an index in file order: its own flat position.
std::size_t flat_of(const std::vector<std::size_t>& index, const std::vector<std::size_t>& shape) {
  std::size_t flat = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    flat = flat * shape[i] + index[i];
  }
  return flat;
}

/// Splits a flat index over the given axes of the file.
void place(std::size_t flat, const std::vector<std::size_t>& axes, const std::vector<std::size_t>& shape,
           std::vector<std::size_t>& index) {
  for (std::size_t i = axes.size(); i-- > 0;) {
    index[axes[i]] = flat % shape[axes[i]];
    flat /= shape[axes[i]];
  }
}

TEST(Hdf5Source, any_order_of_axes_and_chunks_reads_the_same_numbers) {
  const std::vector<std::size_t> shape{4, 5, 3};
  std::vector<std::uint32_t> numbers(60);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = static_cast<std::uint32_t>(i);
  }
  const std::vector<std::size_t> origin{0, 0, 0};
  for (const std::vector<std::size_t>& chunk :
       {std::vector<std::size_t>{}, std::vector<std::size_t>{4, 5, 1}, std::vector<std::size_t>{1, 2, 3}}) {
    const io::TemporaryFolder folder;
    {
      const io::Hdf5File file = io::Hdf5File::create(folder / "a.h5");
      file.make_dataset("/data", {.type = io::NumberType::u32, .shape = shape, .chunk = chunk})
          .write(origin, shape, std::as_bytes(std::span(numbers)));
      file.flush();
    }
    const io::Hdf5Dataset data = io::Hdf5File::open(folder / "a.h5").dataset("/data");
    std::vector<std::size_t> order{0, 1, 2};
    do {
      for (std::size_t split = 0; split <= 3; ++split) {
        AxisRoles roles;
        roles.navigation.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(split));
        roles.signal.assign(order.begin() + static_cast<std::ptrdiff_t>(split), order.end());
        const Hdf5Source source(data, roles);
        const Region region{source.items() / 3, source.items() - source.items() / 3, source.channels() / 4,
                            source.channels() - source.channels() / 4};
        std::vector<std::uint32_t> out(region.items * region.channels);
        source.read(region, std::as_writable_bytes(std::span(out)));
        for (std::size_t item = 0; item < region.items; ++item) {
          for (std::size_t channel = 0; channel < region.channels; ++channel) {
            std::vector<std::size_t> index(3, 0);
            place(region.first_item + item, roles.navigation, shape, index);
            place(region.first_channel + channel, roles.signal, shape, index);
            ASSERT_EQ(out[item * region.channels + channel], flat_of(index, shape));
          }
        }
      }
    } while (std::ranges::next_permutation(order).found);
  }
}

}  // namespace
}  // namespace hotstage::signal::detail
