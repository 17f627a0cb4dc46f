// SPDX-License-Identifier: GPL-3.0-or-later
// CPU and wall time of repeated work, and the memory of this process.

#pragma once

#include <functional>
#include <string>
#include <vector>

namespace hotstage::bench {

/// Seconds of each repetition. CPU time is user + system of the whole process.
struct Timing {
  std::vector<double> cpu;
  std::vector<double> wall;
};

/// Runs `work` `repeat` times. Whatever `work` allocates is part of its time.
[[nodiscard]] Timing repeated(int repeat, const std::function<void()>& work);

/// Memory of this process in bytes: highest resident size so far, and resident pages now that no file backs.
[[nodiscard]] double peak_resident();
[[nodiscard]] double anonymous_now();

/// One line of JSON, key by key.
class Report {
 public:
  void text(const std::string& key, const std::string& value);
  void number(const std::string& key, double value);
  void numbers(const std::string& key, const std::vector<double>& values);
  void timing(const std::string& prefix, const Timing& timing);

  [[nodiscard]] std::string line() const { return "{" + body_ + "}"; }

 private:
  void add(const std::string& key, const std::string& json);

  std::string body_;
};

}  // namespace hotstage::bench
