// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a report page as HTML.

#pragma once

#include "hotstage/report/html.hpp"

#include <string>

namespace hotstage::report::detail {

[[nodiscard]] std::string badge_html(const Badge& badge);

/// Static drawing, data of the interactive one, caption, download button. `id` is unique in the page.
[[nodiscard]] std::string figure_html(const Figure& figure, const std::string& id, std::size_t number);

[[nodiscard]] std::string results_html(const std::vector<KeyResult>& results);
[[nodiscard]] std::string checks_html(const std::vector<Check>& checks);
[[nodiscard]] std::string warnings_html(const std::vector<WarningCount>& warnings);
[[nodiscard]] std::string assumptions_html(const std::vector<Assumption>& assumptions);
[[nodiscard]] std::string claims_html(const std::vector<Claim>& claims);

/// A tree as nested lists of names and values.
[[nodiscard]] std::string tree_html(const Value& value);

}  // namespace hotstage::report::detail
