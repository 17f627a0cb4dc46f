// SPDX-License-Identifier: GPL-3.0-or-later
// Valence of every item from its white lines, and the table and figures of eels.whitelines.

#pragma once

#include "hotstage/eels/valence.hpp"
#include "hotstage/eels/white_lines.hpp"
#include "hotstage/study/detail/eels_item_pages.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotstage::study::detail {

enum class ValenceFrom { none, ratio, shift };

constexpr auto enum_names(ValenceFrom) {
  return std::array{EnumName<ValenceFrom>{ValenceFrom::none, "none"},
                    EnumName<ValenceFrom>{ValenceFrom::ratio, "ratio"},
                    EnumName<ValenceFrom>{ValenceFrom::shift, "shift"}};
}

struct ValenceOptions {
  ValenceFrom from = ValenceFrom::none;
  std::string set;
  std::string reference_compound;

  template <class V>
  void fields(V& v) {
    v("valence", from,
      {.help =
           "formal valence from L3/L2 or from the shift of L3, by standards that were measured with the same method"});
    v("calibration_set", set, {.help = "set of standards; the only one that fits when empty"});
    v("reference_compound", reference_compound,
      {.help = "compound of the reference region, a name of the standards: needed for valence = \"shift\""});
  }
};

/// What a step over white lines has measured and derived.
struct WhiteLinePage {
  const StepInputs& inputs;
  const eels::WhiteLineOptions& options;
  const ValenceOptions& valence;
  const DrawnLine& line;
  const eels::WhiteLineResult& result;
};

/// Results, items (one row each), line, standards (this scan as a row per method), figures, checks, warnings. Throws
/// Error{bad_input} when a valence is asked for and the standards do not allow it.
void add_white_line_page(const WhiteLinePage& page, StepOutput& out);

}  // namespace hotstage::study::detail
