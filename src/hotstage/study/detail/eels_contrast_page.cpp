// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_contrast_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

/// Length of what all names begin with, up to an underscore: "L3_over_L2_fit" and "L3_over_L2_height" differ in the
/// last word.
std::size_t shared_prefix(const std::vector<eels::MethodDifference>& methods) {
  const std::string& first = methods.front().method;
  std::size_t same = first.size();
  for (const eels::MethodDifference& m : methods) {
    const auto apart = std::mismatch(first.begin(), first.end(), m.method.begin(), m.method.end()).first;
    same = std::min(same, static_cast<std::size_t>(apart - first.begin()));
  }
  const std::size_t end = first.rfind('_', same);
  return methods.size() < 2 || same == 0 || end == std::string::npos || end >= same ? 0 : end + 1;
}

}  // namespace

void add_contrast(const eels::Contrast& contrast, const ContrastText& text, StepOutput& out) {
  const std::string how = fmt::format("mean over {} methods; counting {:.2g}, spread over methods {:.2g}",
                                      contrast.methods.size(), contrast.counting, contrast.spread);
  out.results.push_back({.id = "difference",
                         .value = contrast.mean,
                         .sigma = contrast.sigma(),
                         .unit = "",
                         .method = how,
                         .evidence = "real",
                         .label = text.apart,
                         .headline = true});
  out.results.push_back({.id = "significance",
                         .value = contrast.significance(),
                         .unit = "",
                         .method = "|difference| over counting and method spread in quadrature; " + how,
                         .evidence = "real",
                         .label = text.apart + ", in σ"});
  out.results.push_back({.id = "signed_significance",
                         .value = std::copysign(contrast.significance(), contrast.mean),
                         .unit = "",
                         .method = "difference over counting and method spread in quadrature, with its sign; " + how,
                         .evidence = "real",
                         .label = text.apart + ", in σ with its sign"});
  io::Table table;
  std::vector<std::string> method;
  std::vector<double> value, sigma, first, second;
  const std::size_t common = shared_prefix(contrast.methods);
  for (const eels::MethodDifference& m : contrast.methods) {
    method.push_back(m.method.substr(common));
    value.push_back(m.difference.value);
    sigma.push_back(m.difference.sigma);
    first.push_back(static_cast<double>(m.first));
    second.push_back(static_cast<double>(m.second));
  }
  table.columns = {io::text_column("method", method), io::number_column("difference", "", value),
                   io::number_column("difference_sigma", "", sigma),
                   io::number_column("items_" + text.first, "", first),
                   io::number_column("items_" + text.second, "", second)};
  out.tables["methods"] = std::move(table);
  out.figures.push_back(
      {.id = "methods",
       .title = text.apart,
       .caption = "Each method with its counting σ; what they differ by is the uncertainty of the method.",
       .panels = {{.x = {.label = "method"},
                   .y = {.label = text.quantity},
                   .marks = {report::Bars{.name = "difference", .labels = method, .values = value, .sigma = sigma}}}}});
}

}  // namespace hotstage::study::detail
