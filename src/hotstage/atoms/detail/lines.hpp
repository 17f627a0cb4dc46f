// SPDX-License-Identifier: GPL-3.0-or-later
// A text line by line, with the place for messages; words and numbers of a line.

#pragma once

#include "hotstage/atoms/structure.hpp"
#include "hotstage/core/error.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::atoms::detail {

class Lines {
 public:
  Lines(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  [[nodiscard]] bool at_end() const { return place_ >= text_.size(); }

  /// The next line without its end (LF or CRLF). Throws Error{bad_input} naming what was expected.
  std::string_view next(std::string_view expected);

  /// The next line without moving on; nothing at the end.
  [[nodiscard]] std::optional<std::string_view> peek() const;

  /// Throws Error{bad_input} at the line last read.
  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;

  /// Lines that are left, without reading them: an upper bound for counts in headers.
  [[nodiscard]] std::size_t left() const;

  [[nodiscard]] double number(std::string_view word) const;
  [[nodiscard]] std::size_t count(std::string_view word) const;
  /// Three numbers from word `first` on.
  [[nodiscard]] Vector vector(const std::vector<std::string_view>& words, std::size_t first = 0) const;
  /// T, F, .TRUE., true, 1 … as VASP and extxyz write them.
  [[nodiscard]] bool logical(std::string_view word) const;

 private:
  std::string_view text_;
  std::string file_;
  std::size_t place_ = 0;
  int line_ = 0;
};

/// Runs of anything but blanks and tabs.
[[nodiscard]] std::vector<std::string_view> words(std::string_view line);

}  // namespace hotstage::atoms::detail
