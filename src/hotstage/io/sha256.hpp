// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 of bytes and files, as 64 hexadecimal digits (FIPS 180-4).

#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hotstage::io {

[[nodiscard]] std::string sha256(std::span<const std::byte> bytes);
[[nodiscard]] std::string sha256(std::string_view text);

/// Streams the file in blocks. Throws Error{io}.
[[nodiscard]] std::string sha256_file(const std::filesystem::path& path);

}  // namespace hotstage::io
