// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/common_errors.hpp"

#include "hotstage/core/error.hpp"

#include <cmath>

namespace hotstage::eels::detail {

void CommonErrors::add(Group group, std::span<const WindowSum> sums, std::span<const double> atoms,
                       std::span<double> out) const {
  const WindowSum& below = sums[reference_];
  const double b = atoms[reference_] * below.value;
  if (b == 0.0 || below.low_response.empty()) {
    return;
  }
  for (std::size_t e = 0; e < edges_; ++e) {
    const double ratio = atoms[e] * sums[e].value / b;
    double* const amounts = out.data() + place(group, 0, e);
    double* const ratios = out.data() + place(group, 1, e);
    for (std::size_t m = 0; m < channels_; ++m) {
      const double top = atoms[e] * sums[e].low_response[m];
      amounts[m] += top;
      ratios[m] += (top - ratio * atoms[reference_] * below.low_response[m]) / b;
    }
  }
}

void CommonErrors::take(std::vector<double> sums, std::span<const double> variance) {
  HOTSTAGE_EXPECTS(sums.size() == size() && variance.size() == channels_);
  sums_ = std::move(sums);
  variance_.assign(variance.begin(), variance.end());
}

std::span<const double> CommonErrors::amounts(Group group, std::size_t edge) const {
  return std::span(sums_).subspan(place(group, 0, edge), channels_);
}

std::span<const double> CommonErrors::ratios(Group group, std::size_t edge) const {
  return std::span(sums_).subspan(place(group, 1, edge), channels_);
}

double CommonErrors::amount(std::size_t edge) const {
  const std::span<const double> sample = amounts(Group::sample, edge);
  const std::span<const double> standard = amounts(Group::standard, edge);
  double sum = 0.0;
  for (std::size_t m = 0; m < channels_; ++m) {
    sum += variance_[m] * (sample[m] + standard[m]) * (sample[m] + standard[m]);
  }
  return std::sqrt(sum);
}

CommonErrors::Ratio CommonErrors::sigma(std::size_t edge, const Ratio& sample, const Ratio* standard) const {
  const std::span<const double> top = amounts(Group::sample, edge);
  const std::span<const double> bottom = amounts(Group::sample, reference_);
  const std::span<const double> summed = ratios(Group::sample, edge);
  const std::span<const double> standard_top = amounts(Group::standard, edge);
  const std::span<const double> standard_bottom = amounts(Group::standard, reference_);
  double mean = 0.0;
  double of_sums = 0.0;
  for (std::size_t m = 0; m < channels_; ++m) {
    double of_mean = summed[m] / static_cast<double>(sample.items);
    double of_total = (top[m] - sample.of_sums * bottom[m]) / sample.reference;
    if (standard != nullptr) {
      const double relative = (standard_top[m] / standard->of_sums - standard_bottom[m]) / standard->reference;
      of_mean -= sample.mean * relative;
      of_total -= sample.of_sums * relative;
    }
    mean += variance_[m] * of_mean * of_mean;
    of_sums += variance_[m] * of_total * of_total;
  }
  return {sample.items, std::sqrt(mean), std::sqrt(of_sums), sample.reference};
}

}  // namespace hotstage::eels::detail
