// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/detail/assignment.hpp"

#include "hotstage/core/error.hpp"

#include <limits>

namespace hotstage::atoms::detail {

namespace {

constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

/// Shortest augmenting paths with dual potentials (Jonker, Volgenant 1987, doi:10.1007/BF02278710). Column n is a
/// fictitious one that holds the row being placed.
class Assignment {
 public:
  Assignment(std::span<const double> cost, std::size_t n)
      : cost_(cost), n_(n), row_dual_(n, 0.0), column_dual_(n + 1, 0.0), row_of_(n + 1, nobody) {}

  void place(std::size_t row) {
    row_of_[n_] = row;
    std::vector<double> slack(n_, std::numeric_limits<double>::infinity());
    std::vector<std::size_t> from(n_, n_);
    std::vector<char> used(n_ + 1, 0);
    std::size_t column = n_;
    while (row_of_[column] != nobody) {
      column = grow(column, slack, from, used);
    }
    while (column != n_) {
      row_of_[column] = row_of_[from[column]];
      column = from[column];
    }
  }

  [[nodiscard]] std::vector<std::size_t> columns() const {
    std::vector<std::size_t> out(n_);
    for (std::size_t j = 0; j < n_; ++j) {
      out[row_of_[j]] = j;
    }
    return out;
  }

 private:
  /// Adds the cheapest reachable column to the tree and returns it.
  std::size_t grow(std::size_t column, std::vector<double>& slack, std::vector<std::size_t>& from,
                   std::vector<char>& used) {
    used[column] = 1;
    const std::size_t row = row_of_[column];
    double least = std::numeric_limits<double>::infinity();
    std::size_t next = nobody;
    for (std::size_t j = 0; j < n_; ++j) {
      if (used[j] != 0) {
        continue;
      }
      const double reduced = cost_[row * n_ + j] - row_dual_[row] - column_dual_[j];
      if (reduced < slack[j]) {
        slack[j] = reduced;
        from[j] = column;
      }
      if (slack[j] < least) {
        least = slack[j];
        next = j;
      }
    }
    HOTSTAGE_ENSURES(next != nobody);
    for (std::size_t j = 0; j <= n_; ++j) {
      if (used[j] != 0) {
        row_dual_[row_of_[j]] += least;
        column_dual_[j] -= least;
      } else if (j < n_) {
        slack[j] -= least;
      }
    }
    return next;
  }

  std::span<const double> cost_;
  std::size_t n_;
  std::vector<double> row_dual_;
  std::vector<double> column_dual_;
  std::vector<std::size_t> row_of_;  ///< per column
};

}  // namespace

std::vector<std::size_t> cheapest_assignment(std::span<const double> cost, std::size_t n) {
  HOTSTAGE_EXPECTS(cost.size() == n * n);
  Assignment assignment(cost, n);
  for (std::size_t row = 0; row < n; ++row) {
    assignment.place(row);
  }
  return assignment.columns();
}

}  // namespace hotstage::atoms::detail
