// SPDX-License-Identifier: GPL-3.0-or-later
// The error that items share when one low loss serves them all: it is not averaged down, and cancels against a
// standard.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/window_sum.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::eels::detail {

/// Which items a sum is over: those of the mean, and those of a standard.
enum class Group : std::size_t { sample, standard };

/// Responses of summed amounts and summed ratios to the counts of the common low loss. Every amount a = atoms·Σ is
/// linear in them, so sums of responses are responses of sums.
class CommonErrors {
 public:
  CommonErrors() = default;

  /// `edges` edges of which `reference` is the denominator; `channels` of the low loss.
  CommonErrors(std::size_t edges, std::size_t reference, std::size_t channels)
      : edges_(edges), reference_(reference), channels_(channels) {}

  [[nodiscard]] bool any() const { return channels_ > 0; }

  /// Doubles `add` needs.
  [[nodiscard]] std::size_t size() const { return 2 * 2 * edges_ * channels_; }

  /// One item: its window sums and the atoms per count of each. Items whose reference is 0 are left out.
  void add(Group group, std::span<const WindowSum> sums, std::span<const double> atoms, std::span<double> out) const;

  /// The sums over all items, and the variance of every channel of the low loss.
  void take(std::vector<double> sums, std::span<const double> variance);

  /// σ of the summed amount of an edge, both groups.
  [[nodiscard]] double amount(std::size_t edge) const;

  /// A ratio over a group: mean of the items, and ratio of the sums with the summed reference.
  struct Ratio {
    std::size_t items = 0;
    double mean = 0.0;
    double of_sums = 0.0;
    double reference = 0.0;
  };

  /// σ of `mean` and `of_sums`; with a standard, of both over the standard's ratio of sums times that ratio.
  [[nodiscard]] Ratio sigma(std::size_t edge, const Ratio& sample, const Ratio* standard) const;

 private:
  /// Response of an edge: of the summed amounts, of the summed ratios.
  [[nodiscard]] std::span<const double> amounts(Group group, std::size_t edge) const;
  [[nodiscard]] std::span<const double> ratios(Group group, std::size_t edge) const;

  [[nodiscard]] std::size_t place(Group group, std::size_t kind, std::size_t edge) const {
    return ((static_cast<std::size_t>(group) * 2 + kind) * edges_ + edge) * channels_;
  }

  std::size_t edges_ = 0;
  std::size_t reference_ = 0;
  std::size_t channels_ = 0;
  std::vector<double> sums_;
  std::vector<double> variance_;
};

}  // namespace hotstage::eels::detail
