// SPDX-License-Identifier: GPL-3.0-or-later
// Run context of a long operation: log, progress, stop, threads, memory, randomness. Libraries never print.

#pragma once

#include "hotstage/core/rng.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage {

enum class LogLevel { debug, info, warning, error };

/// A warning counted by kind; `example` is the first message of that kind.
struct WarningCount {
  std::string kind;
  std::string example;
  std::size_t count = 0;
};

class PassJournal;

/// Passed last to functions that take long. Thread-safe.
class Run {
 public:
  using LogSink = std::function<void(LogLevel, std::string_view)>;
  using ProgressSink = std::function<void(double fraction, std::string_view phase)>;

  int threads = 1;
  std::size_t memory = std::size_t{512} << 20;  ///< bytes of working buffers; tiles are sized by it
  std::uint64_t seed = 1;
  std::stop_token stop;
  LogSink log_sink;
  ProgressSink progress_sink;
  std::shared_ptr<PassJournal> journal;  ///< keeps what long passes have done; null: nobody does

  void log(LogLevel level, std::string_view message);

  void info(std::string_view message) { log(LogLevel::info, message); }

  /// Warns once per message on the log and counts per kind for the end-of-run list. `kind` is a short stable name.
  void warn(std::string_view kind, std::string_view message);
  void progress(double fraction, std::string_view phase);

  /// Throws Error{stopped} when the user asked to stop. Call between tiles.
  void check_stop() const;

  [[nodiscard]] Rng rng(std::uint64_t stream, std::uint64_t index) const { return {seed, stream, index}; }

  [[nodiscard]] std::vector<WarningCount> warnings() const;

 private:
  struct Shared {
    mutable std::mutex mutex;
    std::map<std::string, WarningCount, std::less<>> warnings;
  };

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace hotstage
