// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/bytes.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hotstage::io {
namespace {

ByteWriter one_of_each(ByteOrder order) {
  ByteWriter out(order);
  out.number(std::uint8_t{0xA1});
  out.number(std::int8_t{-2});
  out.number(std::uint16_t{0xA1B2});
  out.number(std::int16_t{-3});
  out.number(std::uint32_t{0xA1B2C3D4});
  out.number(std::int32_t{-4});
  out.number(std::uint64_t{0xA1B2C3D4E5F60718});
  out.number(std::int64_t{-5});
  out.number(1.5F);
  out.number(-2.25);
  return out;
}

class ByteOrders : public testing::TestWithParam<ByteOrder> {};

TEST_P(ByteOrders, gives_back_every_kind_of_number) {
  const ByteWriter written = one_of_each(GetParam());
  ByteReader in(written.bytes(), "a.bin", GetParam());
  EXPECT_EQ(in.u8(), 0xA1);
  EXPECT_EQ(in.i8(), -2);
  EXPECT_EQ(in.u16(), 0xA1B2);
  EXPECT_EQ(in.i16(), -3);
  EXPECT_EQ(in.u32(), 0xA1B2C3D4U);
  EXPECT_EQ(in.i32(), -4);
  EXPECT_EQ(in.u64(), 0xA1B2C3D4E5F60718U);
  EXPECT_EQ(in.i64(), -5);
  EXPECT_EQ(in.f32(), 1.5F);
  EXPECT_EQ(in.f64(), -2.25);
  EXPECT_EQ(in.remaining(), 0U);
}

INSTANTIATE_TEST_SUITE_P(both, ByteOrders, testing::Values(ByteOrder::little, ByteOrder::big),
                         [](const auto& order) { return order.param == ByteOrder::little ? "little" : "big"; });

TEST(ByteReader, puts_the_most_significant_byte_first_in_big_endian) {
  ByteWriter out;
  out.append("\x01\x02\x03\x04");
  ByteReader in(out.bytes());
  EXPECT_EQ(in.number<std::uint32_t>(ByteOrder::big), 0x01020304U);
  in.seek(0);
  EXPECT_EQ(in.number<std::uint32_t>(ByteOrder::little), 0x04030201U);
}

TEST(ByteReader, names_file_and_offset_of_a_truncated_read) {
  ByteWriter out;
  out.append("abcdef");
  ByteReader in(out.bytes(), "scan.dm4");
  in.skip(4);
  try {
    (void)in.u64();
    FAIL() << "read past the end";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_EQ(error.message(), "file ends at byte 6, 6 more were promised: the file is truncated");
    ASSERT_TRUE(error.where());
    EXPECT_EQ(error.where()->file, "scan.dm4");
    EXPECT_EQ(error.where()->offset, 4U);
  }
  EXPECT_EQ(in.text(2), "ef");
}

TEST(ByteReader, refuses_lengths_that_overflow) {
  ByteReader in({}, "empty");
  EXPECT_THROW((void)in.bytes(~std::uint64_t{0}), Error);
  EXPECT_THROW(in.skip(1), Error);
  EXPECT_THROW(in.seek(1), Error);
  EXPECT_NO_THROW(in.seek(0));
}

TEST(ByteWriter, patches_a_length_that_was_not_known) {
  ByteWriter out;
  out.number(std::uint32_t{0}, ByteOrder::big);
  out.append("hello");
  out.patch(0, static_cast<std::uint32_t>(out.size() - 4), ByteOrder::big);
  ByteReader in(out.bytes());
  EXPECT_EQ(in.text(in.number<std::uint32_t>(ByteOrder::big)), "hello");
  EXPECT_THROW(out.patch(out.size() - 3, std::uint32_t{0}, ByteOrder::big), Bug);
}

RC_GTEST_PROP(ByteReader, takes_exactly_what_is_there, (const std::vector<std::uint8_t>& data, std::uint16_t asked)) {
  ByteReader in(std::as_bytes(std::span(data)));
  const bool fits = asked <= data.size();
  try {
    RC_ASSERT(in.bytes(asked).size() == asked && fits);
  } catch (const Error&) {
    RC_ASSERT(!fits && in.position() == 0U);
  }
}

}  // namespace
}  // namespace hotstage::io
