// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/recovery_rows.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

void RecoveryRows::add(const std::string& quantity, double truth, const Estimate& found, const std::string& unit) {
  quantity_.push_back(quantity);
  truth_.push_back(truth);
  recovered_.push_back(found.value);
  sigma_.push_back(found.sigma);
  pull_.push_back(found.sigma > 0.0 ? (found.value - truth) / found.sigma : 0.0);
  unit_.push_back(unit);
}

io::Table RecoveryRows::table() const {
  io::Table out;
  out.columns = {io::text_column("quantity", quantity_),         io::number_column("truth", "", truth_),
                 io::number_column("recovered", "", recovered_), io::number_column("sigma", "", sigma_),
                 io::number_column("pull", "", pull_),           io::text_column("unit", unit_)};
  return out;
}

report::Figure RecoveryRows::figure() const {
  report::Figure figure{.id = "pulls", .title = "Recovered minus truth in units of σ"};
  figure.panels.push_back({.x = {}, .y = {.label = "Pull"}, .marks = {report::Bars{"pull", quantity_, pull_, {}}}});
  return figure;
}

double RecoveryRows::largest() const {
  double out = 0.0;
  for (const double pull : pull_) {
    out = std::max(out, std::abs(pull));
  }
  return out;
}

}  // namespace hotstage::study::detail
