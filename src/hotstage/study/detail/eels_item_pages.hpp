// SPDX-License-Identifier: GPL-3.0-or-later
// What steps that measure every item of a scan share: columns, means, refusals, profiles of several methods, a drawn
// line.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/study/detail/eels_pages.hpp"
#include "hotstage/study/step.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::study::detail {

/// One measured quantity over all items.
struct ItemSeries {
  std::string column;  ///< of the table; its σ is `column`_sigma
  std::string label;   ///< of figures and results
  std::string unit;
  std::vector<double> value;
  std::vector<double> sigma;
  std::vector<char> valid;

  void add(const Estimate& estimate, bool is_valid);
  [[nodiscard]] ItemQuantity quantity() const;
};

/// Value and σ; cells of items without a value are empty.
void add_columns(const ItemSeries& series, io::Table& table);

/// Mean of the valid items with its standard error (one item: its σ); nothing when there is none. `method` is
/// preceded by "mean of N items: ".
void add_mean(const ItemSeries& series, const std::string& id, std::string_view method, bool headline, StepOutput& out);

/// A warning per reason, with how many items it holds for. "ok" is no reason.
void count_refusals(std::span<const std::string> status, std::string_view what, StepOutput& out);

/// Several series over the scan with σ bands; nothing for maps and single items.
[[nodiscard]] std::vector<report::Figure> compare_figure(const signal::Signal& core, std::span<const ItemSeries> series,
                                                         const std::string& id, const std::string& title);

/// A line drawn over a map, in the units of its axes; items within half the width are averaged over one pixel of
/// length.
struct DrawnLine {
  std::vector<double> ends;  ///< x0, y0, x1, y1; empty: none
  double width = 0.0;        ///< 0: one pixel

  template <class V>
  void fields(V& v) {
    v("line", ends, {.help = "x0, y0, x1, y1 of a line drawn over the map, in the units of its axes"});
    v("line_width", width,
      {.help = "width over which items beside the line are averaged; one pixel when 0", .min = 0.0});
  }
};

/// Position in nm along the line (or along a one-dimensional scan; an axis that is no length keeps its unit) with the
/// means of the valid items and their σ. Throws Error{bad_input} when a line is asked for and the scan is no map, or
/// the line has not two ends.
[[nodiscard]] io::Table along_line(const signal::Signal& core, const DrawnLine& line,
                                   std::span<const ItemSeries> series);

}  // namespace hotstage::study::detail
