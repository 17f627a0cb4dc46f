// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/item_ratio.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hotstage::eels::detail {

std::vector<char> sample_items(std::span<const char> used, std::span<const char> standard) {
  std::vector<char> out(used.begin(), used.end());
  for (std::size_t i = 0; i < standard.size(); ++i) {
    out[i] = used[i] != 0 && standard[i] == 0 ? 1 : 0;
  }
  const bool others = std::ranges::any_of(out, [](char u) { return u != 0; });
  return others ? out : std::vector<char>(used.begin(), used.end());
}

void fill_ratio(std::span<const char> used, std::span<const char> sample,
                const std::function<AmountPair(std::size_t item)>& amounts, RatioResult& out) {
  out.value.assign(used.size(), 0.0);
  out.sigma.assign(used.size(), 0.0);
  std::vector<double> values;
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
    if (sample[i] == 0) {
      continue;
    }
    values.push_back(value.value);
    squares += value.sigma * value.sigma;
    sums.top = {sums.top.value + pair.top.value, std::hypot(sums.top.sigma, pair.top.sigma)};
    sums.bottom = {sums.bottom.value + pair.bottom.value, std::hypot(sums.bottom.sigma, pair.bottom.sigma)};
    sums.covariance += pair.covariance;
  }
  out.used = values.size();
  if (values.empty()) {
    return;
  }
  out.propagated = std::sqrt(squares / static_cast<double>(values.size()));
  out.scatter = num::standard_deviation(values);
  out.mean = {num::mean(values), values.size() > 1 ? num::standard_error(values) : out.propagated};
  out.of_sums = num::ratio(sums.top, sums.bottom, sums.covariance);
}

}  // namespace hotstage::eels::detail
