// SPDX-License-Identifier: GPL-3.0-or-later
// XML that instruments put into image files: elements, attributes and text; no documents of the web.

#pragma once

#include "hotstage/core/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotstage::signal::detail {

struct XmlNode {
  std::string name;  ///< without the prefix of its name space
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  ///< of the element itself, blanks at the ends taken off
  std::vector<XmlNode> children;

  /// First child of the name; nullptr when there is none.
  [[nodiscard]] const XmlNode* find(std::string_view child) const;
  /// Text below "A/B/C"; nothing when a step is missing.
  [[nodiscard]] std::optional<std::string> text_at(std::string_view path) const;
  [[nodiscard]] std::optional<std::string> attribute(std::string_view key) const;
};

/// The root element. Entities are the five of XML and numbers; declarations, comments and processing instructions are
/// skipped. Throws Error{bad_input} with the offset for text that is not well formed or nested deeper than 64 elements.
[[nodiscard]] XmlNode parse_xml(std::string_view text);

/// Leaves become texts, elements objects (attributes with a leading "@"), repeated names lists.
[[nodiscard]] Value to_value(const XmlNode& node);

}  // namespace hotstage::signal::detail
