// SPDX-License-Identifier: GPL-3.0-or-later
// The comment line of an extended XYZ file: key=value pairs and the columns it announces.

#pragma once

#include "hotstage/atoms/detail/lines.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotstage::atoms::extxyz {

using Notes = std::vector<std::pair<std::string, std::string>>;

/// key=value pairs; values bare, "quoted", {braced} or [bracketed]; a key alone means T. A line without "=" becomes the
/// note "comment".
[[nodiscard]] Notes read_notes(std::string_view line, const detail::Lines& lines);

/// key=value with quotes where blanks or special characters ask for them.
[[nodiscard]] std::string written(const std::string& key, const std::string& value);

struct Property {
  std::string name;
  char type = 'R';  ///< R, I, L or S
  std::size_t width = 1;
};

/// "species:S:1:pos:R:3". Throws Error{bad_input}.
[[nodiscard]] std::vector<Property> read_properties(std::string_view text, const detail::Lines& lines);

}  // namespace hotstage::atoms::extxyz
