// SPDX-License-Identifier: GPL-3.0-or-later
// "Did you mean": the name in a list that is closest to a mistyped one.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hotstage {

/// Nearest of `names` by edit distance; nothing when even the nearest differs by more than half its length.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> names);

/// "Did you mean \"beta\"?" or "Known are: alpha, beta": the hint of an error about an unknown name.
[[nodiscard]] std::string nearest_hint(std::string_view word, std::span<const std::string> names);

}  // namespace hotstage
