// SPDX-License-Identifier: GPL-3.0-or-later
// A program we start, watch and end: own process group, own folder, output into a file.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hotstage::calc::detail {

struct Command {
  std::vector<std::string> words;                                  ///< program and arguments; looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment{};  ///< set on top of ours
  std::filesystem::path folder;                                    ///< working folder, must exist
  std::string output = "engine.log";                               ///< both streams are appended to it
};

/// Ends the whole group when it goes out of scope. If we are killed, the child notices by its closed socket, not by a
/// signal: the system ties that signal to the thread that forked, and threads of a band come and go.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// Throws Error{missing_tool} when the program cannot be started, Error{io} when the system refuses.
  void start(const Command& command);

  /// False once it ended; `ended_text` then says how.
  [[nodiscard]] bool alive();
  [[nodiscard]] std::string ended_text() const;

  /// Waits for it to leave by itself, then asks it to (SIGTERM), then kills the group.
  void stop(double patience_s);

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  bool started_ = false;
};

/// Path of a program in PATH, or empty.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

/// Runs to the end and gives the first lines of what it printed; empty when it failed or took longer than `limit_s`.
[[nodiscard]] std::string first_output(const std::vector<std::string>& words, double limit_s);

}  // namespace hotstage::calc::detail
