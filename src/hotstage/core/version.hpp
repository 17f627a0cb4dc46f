// SPDX-License-Identifier: GPL-3.0-or-later
// Version of this build.

#pragma once

#include <string_view>

namespace hotstage {

[[nodiscard]] std::string_view version() noexcept;

}  // namespace hotstage
