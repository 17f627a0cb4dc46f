// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/weighted_gram.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>

namespace hotstage::eels::detail {

namespace {

constexpr std::size_t stripe = 64;  // columns of one task

Eigen::Index index(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

}  // namespace

Gram::Gram(std::size_t channels) : sum_(Eigen::MatrixXd::Zero(index(channels), index(channels))) {}

void Gram::add(const RowMatrix& rows, std::size_t count, const Run& run) {
  const auto channels = static_cast<std::size_t>(sum_.rows());
  parallel_chunks(run, channels, stripe, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = 0; first < count; first += gram_rows) {
      const std::size_t some = std::min(gram_rows, count - first);
      const auto group = rows.middleRows(index(first), index(some));
      sum_.block(index(begin), 0, index(end - begin), index(end)).noalias() +=
          group.middleCols(index(begin), index(end - begin)).transpose() * group.leftCols(index(end));
    }
  });
}

Eigen::MatrixXd Gram::release() {
  sum_.triangularView<Eigen::StrictlyUpper>() = sum_.transpose();
  return std::move(sum_);
}

void for_each_tile(const signal::Signal& signal, Run& run, std::string_view phase,
                   const std::function<void(std::size_t first, View<const float, 2> counts)>& work) {
  constexpr std::size_t groups = 8;
  const std::size_t pieces = (signal.source->preferred_items() + gram_rows - 1) / gram_rows;
  const std::size_t fitting = run.memory / 8 / std::max<std::size_t>(signal.channels() * sizeof(double) * gram_rows, 1);
  const std::size_t tile = gram_rows * std::max<std::size_t>(std::min(std::max(groups, pieces), fitting), 1);
  Buffer<float, 2> counts({std::min(tile, signal.items()), signal.channels()});
  for (std::size_t first = 0; first < signal.items(); first += tile) {
    run.check_stop();
    run.progress(static_cast<double>(first) / static_cast<double>(signal.items()), phase);
    const std::size_t count = std::min(tile, signal.items() - first);
    signal::read(signal, {first, count, 0, signal.channels()}, counts.view().rows(0, count));
    work(first, View<const float, 2>(counts.view()).rows(0, count));
  }
  run.progress(1.0, phase);
}

Decomposition decompose(Eigen::MatrixXd symmetric) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
  if (solver.info() != Eigen::Success) {
    throw Error(Errc::refused, "the eigenvalues of the channel covariance do not converge",
                "Look for values that are not numbers in the data");
  }
  symmetric.resize(0, 0);
  const Eigen::Index size = solver.eigenvalues().size();
  Decomposition out;
  out.values.resize(static_cast<std::size_t>(size));
  out.vectors.resize(size, size);
  for (Eigen::Index k = 0; k < size; ++k) {
    const Eigen::Index from = size - 1 - k;
    out.values[static_cast<std::size_t>(k)] = std::max(solver.eigenvalues()[from], 0.0);
    Eigen::Index top = 0;
    (void)solver.eigenvectors().col(from).cwiseAbs().maxCoeff(&top);
    const double sign = solver.eigenvectors()(top, from) < 0.0 ? -1.0 : 1.0;
    out.vectors.row(k) = sign * solver.eigenvectors().col(from).transpose();
  }
  return out;
}

}  // namespace hotstage::eels::detail
