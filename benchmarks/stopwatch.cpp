// SPDX-License-Identifier: GPL-3.0-or-later
#include "stopwatch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>

namespace hotstage::bench {

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// A line of /proc/self/status. Not getrusage: its peak includes the program that started this one.
double status_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) {
      double kilobytes = 0.0;
      std::istringstream(line.substr(key.size())) >> kilobytes;
      return 1024.0 * kilobytes;
    }
  }
  return 0.0;
}

}  // namespace

Timing repeated(int repeat, const std::function<void()>& work) {
  Timing timing;
  for (int i = 0; i < repeat; ++i) {
    const double cpu = cpu_seconds();
    const auto wall = std::chrono::steady_clock::now();
    work();
    timing.cpu.push_back(cpu_seconds() - cpu);
    timing.wall.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count());
  }
  return timing;
}

double peak_resident() {
  return status_bytes("VmHWM:");
}

double anonymous_now() {
  return status_bytes("RssAnon:");
}

void Report::add(const std::string& key, const std::string& json) {
  body_ += fmt::format("{}\"{}\": {}", body_.empty() ? "" : ", ", key, json);
}

void Report::text(const std::string& key, const std::string& value) {
  add(key, fmt::format("\"{}\"", value));
}

void Report::number(const std::string& key, double value) {
  add(key, fmt::format("{:.9g}", value));
}

void Report::numbers(const std::string& key, const std::vector<double>& values) {
  add(key, fmt::format("[{:.9g}]", fmt::join(values, ", ")));
}

void Report::timing(const std::string& prefix, const Timing& timing) {
  numbers(prefix + "cpu_s", timing.cpu);
  numbers(prefix + "wall_s", timing.wall);
}

}  // namespace hotstage::bench
