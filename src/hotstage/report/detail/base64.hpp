// SPDX-License-Identifier: GPL-3.0-or-later
// Base64 (RFC 4648) of bytes and of little-endian numbers.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::report::detail {

[[nodiscard]] std::string base64(std::span<const std::byte> bytes);

/// Nothing when the text is not base64.
[[nodiscard]] std::optional<std::vector<std::byte>> from_base64(std::string_view text);

[[nodiscard]] std::string base64_of_doubles(std::span<const double> values);

[[nodiscard]] std::string base64_of_floats(std::span<const double> values);

/// Nothing when the text is not base64 or the bytes are not whole doubles.
[[nodiscard]] std::optional<std::vector<double>> doubles_from_base64(std::string_view text);

}  // namespace hotstage::report::detail
