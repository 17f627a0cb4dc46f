// SPDX-License-Identifier: GPL-3.0-or-later
// XᵀX of more rows than memory holds, in float64, the same for any number of threads and any tile.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/signal/signal.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace hotstage::eels::detail {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows summed at once. Fixed: it decides the order of the additions.
inline constexpr std::size_t gram_rows = 64;

/// Lower triangle of Σ xxᵀ. Columns are dealt out to threads, rows come in groups of `gram_rows`.
class Gram {
 public:
  explicit Gram(std::size_t channels);

  /// `rows` (at most count × channels used) begin at a multiple of gram_rows of the whole.
  void add(const RowMatrix& rows, std::size_t count, const Run& run);

  /// The symmetric matrix; this is spent then.
  [[nodiscard]] Eigen::MatrixXd release();

 private:
  Eigen::MatrixXd sum_;
};

/// Calls `work(first, counts)` for tiles of a whole number of row groups, in order, from one thread.
void for_each_tile(const signal::Signal& signal, Run& run, std::string_view phase,
                   const std::function<void(std::size_t first, View<const float, 2> counts)>& work);

/// Eigenvectors as rows, largest eigenvalue first; the entry of largest magnitude of each vector is positive.
struct Decomposition {
  std::vector<double> values;
  RowMatrix vectors;
};

[[nodiscard]] Decomposition decompose(Eigen::MatrixXd symmetric);

}  // namespace hotstage::eels::detail
