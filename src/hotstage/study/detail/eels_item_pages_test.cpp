// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_item_pages.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hotstage::study::detail {
namespace {

/// A map of 3 × 5 pixels of 2 nm.
signal::Signal map_of_pixels() {
  signal::Signal out;
  out.navigation = {{.name = "y", .size = 3, .scale = 2.0, .unit = "nm"},
                    {.name = "x", .size = 5, .scale = 2.0, .unit = "nm"}};
  out.axes = {{.name = "Energy loss", .size = 4, .unit = "eV"}};
  out.metadata.signal_type = "EELS";
  Buffer<float, 2> counts({15, 4});
  std::fill(counts.data(), counts.data() + counts.size(), 1.0F);
  out.source = signal::memory_source(std::move(counts));
  return out;
}

/// Value: number of the column; σ 0.1; the middle pixel of the second column was refused.
ItemSeries columns() {
  ItemSeries out{.column = "value"};
  for (std::size_t i = 0; i < 15; ++i) {
    out.add({static_cast<double>(i % 5), 0.1}, i != 6);
  }
  return out;
}

TEST(AlongLine, averages_across_a_drawn_line) {
  const std::vector<ItemSeries> series{columns()};
  const io::Table table = along_line(map_of_pixels(), {{-1.0, 2.0, 9.0, 2.0}, 6.0}, series);
  ASSERT_EQ(table.rows(), 5U);
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(table.numbers("position")[k], 2.0 * static_cast<double>(k) + 1.0, 1e-12);
    EXPECT_NEAR(table.numbers("value")[k], static_cast<double>(k), 1e-12);
    EXPECT_NEAR(table.numbers("value_sigma")[k], 0.1 / std::sqrt(k == 1 ? 2.0 : 3.0), 1e-12);
  }
}

TEST(AlongLine, leaves_a_gap_where_nothing_was_measured) {
  const std::vector<ItemSeries> series{columns()};
  const io::Table table = along_line(map_of_pixels(), {{-1.0, 2.0, 9.0, 2.0}, 0.0}, series);
  EXPECT_TRUE(std::isnan(table.numbers("value")[1]));
  EXPECT_NEAR(table.numbers("value")[2], 2.0, 1e-12);
}

TEST(AlongLine, a_vertical_line_stays_in_its_column) {
  const std::vector<ItemSeries> series{columns()};
  const io::Table table = along_line(map_of_pixels(), {{6.0, -1.0, 6.0, 5.0}, 0.0}, series);
  ASSERT_EQ(table.rows(), 3U);
  for (const double value : table.numbers("value")) {
    EXPECT_NEAR(value, 3.0, 1e-12);
  }
}

TEST(AlongLine, without_a_line_a_map_has_a_row_per_item) {
  const std::vector<ItemSeries> series{columns()};
  EXPECT_EQ(along_line(map_of_pixels(), {}, series).rows(), 0U);
}

TEST(AlongLine, needs_two_ends) {
  const std::vector<ItemSeries> series{columns()};
  EXPECT_THROW((void)along_line(map_of_pixels(), {{1.0, 2.0}, 0.0}, series), Error);
  EXPECT_THROW((void)along_line(map_of_pixels(), {{1.0, 2.0, 1.1, 2.0}, 0.0}, series), Error);
}

TEST(MapSignal, lies_over_the_scan_and_is_no_spectrum) {
  ItemQuantity quantity = columns().quantity();
  quantity.name = "thickness";
  quantity.unit = "nm";
  const signal::Signal map = map_signal(map_of_pixels(), quantity);
  EXPECT_TRUE(map.navigation.empty());
  ASSERT_EQ(map.axes.size(), 2U);
  EXPECT_EQ(map.axes[1].name, "x");
  EXPECT_EQ(map.metadata.title, "thickness");
  EXPECT_EQ(map.metadata.signal_type, "");
  EXPECT_EQ(map.intensity_unit, "nm");
  const Buffer<float, 2> values = signal::read_all(map);
  EXPECT_EQ(values.row(0)[9], 4.0F);
  EXPECT_EQ(values.row(0)[6], 0.0F) << "refused";
}

}  // namespace
}  // namespace hotstage::study::detail
