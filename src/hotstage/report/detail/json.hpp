// SPDX-License-Identifier: GPL-3.0-or-later
// A document tree as compact JSON text that may stand inside a script element.

#pragma once

#include "hotstage/core/value.hpp"

#include <string>

namespace hotstage::report::detail {

/// Shortest text of doubles that reads back exactly; not finite becomes null; '<', U+2028 and U+2029 are escaped; bytes
/// that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_text(const Value& value);

}  // namespace hotstage::report::detail
