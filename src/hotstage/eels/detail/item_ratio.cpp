// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/item_ratio.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hotstage::eels::detail {

void fill_ratio(std::span<const char> used, const std::function<AmountPair(std::size_t item)>& amounts,
                RatioResult& out) {
  out.value.assign(used.size(), 0.0);
  out.sigma.assign(used.size(), 0.0);
  out.used = static_cast<std::size_t>(std::ranges::count_if(used, [](char u) { return u != 0; }));
  std::vector<double> values;
  values.reserve(out.used);
  double squares = 0.0;
  AmountPair sums;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] == 0) {
      continue;
    }
    const AmountPair pair = amounts(i);
    Estimate value = num::ratio(pair.top, pair.bottom, pair.covariance);
    value.sigma = std::sqrt(value.sigma * value.sigma + pair.common);
    out.value[i] = value.value;
    out.sigma[i] = value.sigma;
    values.push_back(value.value);
    squares += value.sigma * value.sigma;
    sums.top = {sums.top.value + pair.top.value, std::hypot(sums.top.sigma, pair.top.sigma)};
    sums.bottom = {sums.bottom.value + pair.bottom.value, std::hypot(sums.bottom.sigma, pair.bottom.sigma)};
    sums.covariance += pair.covariance;
  }
  if (values.empty()) {
    return;
  }
  out.propagated = std::sqrt(squares / static_cast<double>(values.size()));
  out.scatter = num::standard_deviation(values);
  out.mean = {num::mean(values), values.size() > 1 ? num::standard_error(values) : out.propagated};
  out.of_sums = num::ratio(sums.top, sums.bottom, sums.covariance);
}

}  // namespace hotstage::eels::detail
