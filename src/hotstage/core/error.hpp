// SPDX-License-Identifier: GPL-3.0-or-later
// Errors: one class for what the user can mend, one for our own bugs.

#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hotstage {

/// What kind of failure it is. The number is the exit code of the program.
enum class Errc : int {
  usage = 2,          ///< wrong command line or wrong arguments
  bad_input = 3,      ///< a file or a value is broken or does not make sense
  unsupported = 4,    ///< recognised, but not something this version handles
  io = 5,             ///< the operating system refused to read or write
  missing_tool = 6,   ///< an external program or library is not installed
  no_space = 7,       ///< disk or memory budget exhausted
  refused = 8,        ///< the data do not allow an honest answer
  engine_failed = 9,  ///< an external engine died or returned nonsense
  stopped = 130,      ///< interrupted by the user
};

[[nodiscard]] std::string_view name(Errc code) noexcept;

/// A place in one of the user's files. Lines and columns count from 1.
struct Location {
  std::string file;
  std::optional<std::uint64_t> offset;  ///< byte offset in a binary file
  int line = 0;                         ///< 0: not known
  int column = 0;

  [[nodiscard]] std::string text() const;
};

/// Bad input, broken file, missing tool: everything a user can act upon.
///
/// The message says what happened with the value; the location says where in the user's file; the hint says what to do.
/// Frames ("while reading the low loss") are added on the way up by `add_frame`.
class Error : public std::exception {
 public:
  explicit Error(Errc code, std::string message, std::string hint = {});
  Error(Errc code, Location where, std::string message, std::string hint = {});

  [[nodiscard]] Errc code() const noexcept { return code_; }

  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

  [[nodiscard]] const std::optional<Location>& where() const noexcept { return where_; }

  /// Names the file when the thrower did not know it; keeps offset, line and column.
  Error& in_file(const std::string& file);
  Error& add_frame(std::string frame);

  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  void rebuild();

  Errc code_;
  std::string message_;
  std::string hint_;
  std::optional<Location> where_;
  std::string frames_;
  std::string text_;
};

/// A broken contract inside Hotstage. Caught only in main and in the Python translator.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace detail {
[[noreturn]] void fail_contract(const char* kind, const char* condition, const char* file, int line);
}  // namespace detail

}  // namespace hotstage

#define HOTSTAGE_EXPECTS(condition) \
  ((condition) ? static_cast<void>(0) : ::hotstage::detail::fail_contract("expects", #condition, __FILE__, __LINE__))
#define HOTSTAGE_ENSURES(condition) \
  ((condition) ? static_cast<void>(0) : ::hotstage::detail::fail_contract("ensures", #condition, __FILE__, __LINE__))
#ifdef HOTSTAGE_DEBUG
#define HOTSTAGE_ASSERT(condition) HOTSTAGE_EXPECTS(condition)
#else
#define HOTSTAGE_ASSERT(condition) static_cast<void>(0)
#endif
