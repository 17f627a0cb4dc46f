// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/text.hpp"

namespace hotstage::io {

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xC2 && lead <= 0xDF && tail(1)) {
    return 2;
  }
  if (lead >= 0xE0 && lead <= 0xEF && tail(1) && tail(2)) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const bool outside = (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F);
    return outside ? 0 : 4;
  }
  return 0;
}

std::string to_utf8(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) {
      std::string out;
      for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x80) {
          out += c;
        } else {
          out += static_cast<char>(0xC0U | (code >> 6U));
          out += static_cast<char>(0x80U | (code & 0x3FU));
        }
      }
      return out;
    }
    rest.remove_prefix(length);
  }
  return std::string(text);
}

}  // namespace hotstage::io
