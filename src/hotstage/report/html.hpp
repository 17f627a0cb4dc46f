// SPDX-License-Identifier: GPL-3.0-or-later
// The report page as data, and its one self-contained HTML file that works offline.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/core/value.hpp"
#include "hotstage/report/figure.hpp"
#include "hotstage/report/table.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hotstage::report {

/// A known value that stands beside a result.
struct Reference {
  std::string label;
  Estimate value;  ///< sigma 0: none given
  std::string source;
};

/// A number of the answer, shown large.
struct KeyResult {
  std::string label;
  Estimate value;  ///< sigma 0: none given
  std::string unit;
  std::string method;  ///< how it was obtained, in a phrase
  std::vector<Reference> references;
};

struct Paragraph {
  std::string text;
};

/// Lines kept as they are: a command, a log.
struct Code {
  std::string text;
};

struct Items {
  std::vector<std::string> items;
};

using Block = std::variant<Paragraph, Code, Items, Figure, Table>;

struct Section {
  std::string title;
  std::vector<Block> blocks;
};

struct Assumption {
  std::string what;
  std::string why;
};

enum class CheckStatus { ok, attention, failed };

struct Check {
  std::string name;
  CheckStatus status = CheckStatus::ok;
  std::string measured;
  std::string limit;
  std::string meaning;  ///< what it means for the result
};

enum class Verdict { supported, consistent, not_supported, out_of_reach, not_yet };

/// A statement of others that was put to the test.
struct Claim {
  std::string id;
  std::string statement;
  Verdict verdict = Verdict::not_yet;
  std::string kind;      ///< input, measured, computed, …
  std::string evidence;  ///< real, twin, …
  std::optional<Estimate> ours;
  std::string unit;
  std::string theirs;  ///< value and interval as stated
  std::string why;     ///< what decided, and what to know about it
};

/// Texts may hold ^{…} and _{…}, nothing else is markup.
struct Page {
  std::string title;
  std::string summary;   ///< one sentence
  std::string footnote;  ///< "hotstage 0.1.0"
  std::vector<KeyResult> results;
  std::vector<Check> checks;
  std::vector<WarningCount> warnings;
  std::vector<Assumption> assumptions;
  std::vector<Section> sections;
  std::vector<Claim> claims;
  Value provenance;  ///< any tree; shown folded, null for none
};

/// No request leaves the file: scripts, styles, figures and data are inside, and a content security policy holds it
/// there. Figures are drawn as SVG and become interactive when scrolled into view.
[[nodiscard]] std::string to_html(const Page& page);

}  // namespace hotstage::report
