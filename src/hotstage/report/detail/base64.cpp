// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/base64.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace hotstage::report::detail {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int digit(char c) {
  const std::size_t at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string base64(std::span<const std::byte> bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8U | (i + k < bytes.size() ? static_cast<std::uint32_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool padding = k > bytes.size() - i;
      out += padding ? '=' : alphabet[word >> (18U - 6U * k) & 63U];
    }
  }
  return out;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::vector<std::byte> out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const bool is_padding = i + k >= text.size() - padding;
      const int value = is_padding ? 0 : digit(text[i + k]);
      if (value < 0) {
        return std::nullopt;
      }
      word = word << 6U | static_cast<std::uint32_t>(value);
    }
    for (std::size_t k = 0; k < 3; ++k) {
      out.push_back(static_cast<std::byte>(word >> (16U - 8U * k) & 255U));
    }
  }
  out.resize(out.size() - padding);
  return out;
}

std::string base64_of_doubles(std::span<const double> values) {
  return base64(std::as_bytes(values));
}

std::string base64_of_floats(std::span<const double> values) {
  std::vector<float> narrow;
  narrow.reserve(values.size());
  for (const double value : values) {
    narrow.push_back(static_cast<float>(value));
  }
  return base64(std::as_bytes(std::span(narrow)));
}

std::optional<std::vector<double>> doubles_from_base64(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() % sizeof(double) != 0) {
    return std::nullopt;
  }
  std::vector<double> out(bytes->size() / sizeof(double));
  if (!out.empty()) {
    std::memcpy(out.data(), bytes->data(), bytes->size());
  }
  return out;
}

}  // namespace hotstage::report::detail
