// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.contrast: how much a quantity differs between two regions of a scan, by every method that measured it.

#include "hotstage/core/error.hpp"
#include "hotstage/eels/contrast.hpp"
#include "hotstage/study/detail/eels_contrast_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::eels_contrast {

namespace {

struct Options {
  std::string quantity;
  std::vector<std::string> columns;
  std::string first;
  std::string second;
  bool relative = false;

  template <class V>
  void fields(V& v) {
    v("quantity", quantity, {.help = "what is compared, for people: \"L3/L2\"", .required = true});
    v("columns", columns,
      {.help = "columns of `items` or `regions`, one per method, each with a column NAME_sigma", .required = true});
    v("first", first, {.help = "region of `regions`", .required = true});
    v("second", second, {.help = "the region that is subtracted", .required = true});
    v("relative", relative, {.help = "difference over the mean of both regions, for methods with different scales"});
  }
};

/// Members of a region that this method could measure.
std::vector<Estimate> members(const StepInputs& inputs, const std::string& column, const std::string& region) {
  const io::Table& given = inputs.tables.at("items");
  const bool there = std::ranges::any_of(given.columns, [&](const io::Column& c) { return c.name == column; });
  const io::Table& items = there ? given : inputs.tables.at("regions");
  const std::vector<std::string>& where = inputs.tables.at("regions").column("region").texts;
  const std::vector<double>& values = items.numbers(column);
  const std::vector<double>& sigma = items.numbers(column + "_sigma");
  std::vector<Estimate> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (where[i] == region && std::isfinite(values[i]) && sigma[i] > 0.0) {
      out.push_back({values[i], sigma[i]});
    }
  }
  return out;
}

void check_rows(const StepInputs& inputs) {
  const std::size_t items = inputs.tables.at("items").rows();
  const std::size_t regions = inputs.tables.at("regions").rows();
  if (items != regions) {
    throw Error(Errc::bad_input, fmt::format("items has {} rows, regions {}", items, regions),
                "Both must come from the same scan, one row per item");
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  check_rows(inputs);
  std::vector<eels::MethodDifference> methods;
  for (const std::string& column : options.columns) {
    const std::vector<Estimate> first = members(inputs, column, options.first);
    const std::vector<Estimate> second = members(inputs, column, options.second);
    const Estimate a = eels::region_mean(first);
    const Estimate b = eels::region_mean(second);
    const double scale = options.relative ? 0.5 * std::abs(a.value + b.value) : 1.0;
    if (scale > 0.0) {
      methods.push_back(
          {column, {(a.value - b.value) / scale, std::hypot(a.sigma, b.sigma) / scale}, first.size(), second.size()});
    }
  }
  const eels::Contrast contrast = eels::contrast_of(std::move(methods));
  StepOutput out;
  if (contrast.methods.empty()) {
    out.checks.push_back({.name = "both regions were measured",
                          .status = CheckStatus::attention,
                          .measured = "no method has items in both",
                          .limit = "one method",
                          .meaning = "no difference is given"});
    return out;
  }
  const std::string apart = fmt::format("{}, {} minus {}{}", options.quantity, options.first, options.second,
                                        options.relative ? ", relative" : "");
  detail::add_contrast(contrast, {options.quantity, apart, options.first, options.second}, out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.contrast",
    .version = 2,
    .title = "Contrast between regions",
    .help =
        "Difference of a quantity between two regions of a scan, by every method that measured it, with counting σ and "
        "the spread over methods",
    .example =
        "hotstage eels contrast --items lines.items.csv --regions product.profile.csv --quantity L3/L2 --columns "
        "L3_over_L2_fit L3_over_L2_height --first void --second wall",
    .inputs = {{"items", Kind::table, true, "one row per item: columns NAME and NAME_sigma"},
               {"regions", Kind::table, true, "one row per item, column region (eels.product: profile)"}},
    .outputs = {{"methods", Kind::table, "difference by each method"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_contrast
