// SPDX-License-Identifier: GPL-3.0-or-later
// Pieces of text that every reader cuts.

#pragma once

#include <string_view>

namespace hotstage {

/// Without the `blanks` at both ends.
[[nodiscard]] constexpr std::string_view trim(std::string_view text, std::string_view blanks = " \t\r\v\f") {
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace hotstage
