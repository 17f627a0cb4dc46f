// SPDX-License-Identifier: GPL-3.0-or-later
// Files embedded into the library at build time.

#pragma once

#include <string_view>

namespace hotstage::report::detail {

[[nodiscard]] std::string_view plotly_js() noexcept;
[[nodiscard]] std::string_view plotly_licence() noexcept;  ///< MIT
[[nodiscard]] std::string_view report_css() noexcept;
[[nodiscard]] std::string_view report_js() noexcept;

}  // namespace hotstage::report::detail
