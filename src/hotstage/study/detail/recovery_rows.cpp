// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/recovery_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

void RecoveryRows::add(const std::string& quantity, double truth, const Estimate& found, const std::string& unit) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  quantity_.push_back(quantity);
  truth_.push_back(truth);
  recovered_.push_back(found.value);
  sigma_.push_back(found.sigma > 0.0 ? found.sigma : none);
  pull_.push_back(found.sigma > 0.0 ? (found.value - truth) / found.sigma : none);
  unit_.push_back(unit);
}

io::Table RecoveryRows::table() const {
  io::Table out;
  out.columns = {io::text_column("quantity", quantity_),         io::number_column("truth", "", truth_),
                 io::number_column("recovered", "", recovered_), io::number_column("sigma", "", sigma_),
                 io::number_column("pull", "", pull_),           io::text_column("unit", unit_)};
  return out;
}

double RecoveryRows::largest() const {
  double out = 0.0;
  for (const double pull : pull_) {
    out = std::isfinite(pull) ? std::max(out, std::abs(pull)) : out;
  }
  return out;
}

report::Figure RecoveryRows::figure() const {
  const double reach = std::max(3.0, largest() + 1.0);
  report::Points points{.name = "pull"};
  report::Panel panel{.x = {.label = "Recovered minus truth, in units of σ", .range = std::array{-3.0 * reach, reach}},
                      .y = {}};
  for (std::size_t i = 0; i < pull_.size(); ++i) {
    if (std::isfinite(pull_[i])) {
      const auto row = static_cast<double>(points.x.size() + 1);
      points.x.push_back(pull_[i]);
      points.y.push_back(row);
      points.sigma_x.push_back(1.0);
      panel.marks.emplace_back(
          report::Text{.text = quantity_[i], .x = -2.95 * reach, .y = row, .anchor = report::Anchor::left});
    }
  }
  const auto rows = static_cast<double>(points.x.size());
  constexpr double rows_of_a_normal_panel = 12.0;
  panel.y = {.label = "Row", .range = std::array{rows + 1.0, 0.0}};
  panel.height = std::max(0.4, rows / rows_of_a_normal_panel);
  panel.marks.emplace_back(std::move(points));
  panel.marks.emplace_back(report::VerticalLine{.value = 0.0});
  report::Figure figure{.id = "pulls", .title = "Recovered minus truth"};
  figure.caption = "Rows with an uncertainty only; bars are one σ. Rows may share an error and then move together.";
  figure.panels.push_back(std::move(panel));
  return figure;
}

void RecoveryRows::publish(double limit, const std::string& meaning, StepOutput& out) const {
  out.tables["recovery"] = table();
  const bool any = std::any_of(pull_.begin(), pull_.end(), [](double pull) { return std::isfinite(pull); });
  if (any) {
    out.figures.push_back(figure());
  }
  out.checks.push_back({"Pulls", any && largest() < limit ? CheckStatus::ok : CheckStatus::attention,
                        any ? fmt::format("largest {:.2f}", largest()) : "no quantity was recovered",
                        fmt::format("below {:g}", limit), meaning});
}

}  // namespace hotstage::study::detail
