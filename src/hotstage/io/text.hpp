// SPDX-License-Identifier: GPL-3.0-or-later
// Character sets: instruments write UTF-8 or Latin-1 and do not say which.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hotstage::io {

/// Length of the well-formed UTF-8 sequence at the start of a non-empty `text`, 0 when it is not one (RFC 3629).
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// Well-formed UTF-8 passes unchanged; anything else is taken as Latin-1, so that "\xB5m" becomes "µm".
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace hotstage::io
