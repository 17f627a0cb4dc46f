// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/run.hpp"

#include "hotstage/core/error.hpp"

namespace hotstage {

void Run::log(LogLevel level, std::string_view message) {
  if (log_sink) {
    const std::lock_guard lock(shared_->mutex);
    log_sink(level, message);
  }
}

void Run::warn(std::string_view kind, std::string_view message) {
  bool first = false;
  {
    const std::lock_guard lock(shared_->mutex);
    WarningCount& entry = shared_->warnings[std::string(kind)];
    first = entry.count == 0;
    if (first) {
      entry.kind = kind;
      entry.example = message;
    }
    ++entry.count;
  }
  if (first) {
    log(LogLevel::warning, message);
  }
}

void Run::progress(double fraction, std::string_view phase) {
  if (progress_sink) {
    const std::lock_guard lock(shared_->mutex);
    progress_sink(fraction, phase);
  }
}

void Run::check_stop() const {
  if (stop.stop_requested()) {
    throw Error(Errc::stopped, "stopped by the user", "Finished steps are kept; run the same command again to go on");
  }
}

std::vector<WarningCount> Run::warnings() const {
  const std::lock_guard lock(shared_->mutex);
  std::vector<WarningCount> out;
  for (const auto& [kind, entry] : shared_->warnings) {
    out.push_back(entry);
  }
  return out;
}

}  // namespace hotstage
