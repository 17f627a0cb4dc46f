// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/bytes.hpp"

#include <fmt/format.h>

namespace hotstage::io {

void ByteReader::fail_truncated(std::uint64_t count) const {
  throw Error(Errc::bad_input, here(),
              fmt::format("file ends at byte {}, {} more were promised: the file is truncated", data_.size(),
                          count - remaining()),
              "Copy it again from the instrument");
}

void ByteReader::seek(std::uint64_t position) {
  if (position > data_.size()) {
    position_ = data_.size();
    fail_truncated(position - data_.size());
  }
  position_ = static_cast<std::size_t>(position);
}

void ByteReader::skip(std::uint64_t count) {
  require(count);
  position_ += static_cast<std::size_t>(count);
}

std::span<const std::byte> ByteReader::bytes(std::uint64_t count) {
  require(count);
  const auto taken = data_.subspan(position_, static_cast<std::size_t>(count));
  position_ += taken.size();
  return taken;
}

std::string ByteReader::text(std::uint64_t count) {
  const auto taken = bytes(count);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

}  // namespace hotstage::io
