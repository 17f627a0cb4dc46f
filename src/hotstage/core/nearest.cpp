// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace hotstage {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> previous(b.size() + 1);
  std::iota(previous.begin(), previous.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::vector<std::size_t> current(b.size() + 1, i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      current[j + 1] = std::min({previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1)});
    }
    previous = std::move(current);
  }
  return previous.back();
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> names) {
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance * 2 <= std::max(name.size(), word.size()) && (!best || distance < best_distance)) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string nearest_hint(std::string_view word, std::span<const std::string> names) {
  if (const auto guess = nearest(word, names)) {
    return fmt::format("Did you mean \"{}\"?", *guess);
  }
  return names.empty() ? std::string{} : fmt::format("Known are: {}", fmt::join(names, ", "));
}

}  // namespace hotstage
