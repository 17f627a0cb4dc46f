// SPDX-License-Identifier: GPL-3.0-or-later
// TOML and JSON documents as trees of Value, and JSON text from a tree.

#pragma once

#include "hotstage/core/value.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace hotstage::io {

/// Tables nested deeper than this are refused.
inline constexpr int max_document_depth = 128;

/// Every node knows file, line and column; members stand as in the file; dates and times become text.
/// Throws Error{bad_input} with line and column.
[[nodiscard]] Value parse_toml(std::string_view text, const std::string& file);

/// Members stand as in the file; nodes know the file only. Integers beyond 64 bits become numbers; the last of two
/// equal keys wins. Throws Error{bad_input} with line and column.
[[nodiscard]] Value parse_json(std::string_view text, const std::string& file);

/// By extension: .toml or .json. Throws Error{unsupported} for others.
[[nodiscard]] Value read_document(const std::filesystem::path& path);

enum class JsonStyle { pretty, compact };

/// Numbers are the shortest text that reads back to the same double; NaN and infinities become null; bytes that are not
/// UTF-8 become U+FFFD. Pretty text ends with a newline and keeps lists of scalars on one line.
[[nodiscard]] std::string to_json(const Value& value, JsonStyle style = JsonStyle::pretty);

/// Shortest decimal text that reads back to the same double; "nan", "inf", "-inf" for the others.
[[nodiscard]] std::string shortest(double value);

}  // namespace hotstage::io
