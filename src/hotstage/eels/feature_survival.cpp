// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/feature_survival.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

namespace hotstage::eels {
namespace {

constexpr std::uint64_t set_stream = 0x66656174;  // "feat"

using Eigen::MatrixXd;
using Eigen::VectorXd;

Eigen::Map<const VectorXd> as_vector(std::span<const double> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

/// Λ + φyᵀ + yφᵀ + c·φφᵀ in the eigenbasis of the data.
struct Perturbed {
  const VectorXd& eigenvalues;
  const VectorXd& feature;
  VectorXd cross;
  double square = 0.0;

  [[nodiscard]] VectorXd times(const VectorXd& z) const {
    const double f = feature.dot(z);
    return eigenvalues.cwiseProduct(z) + feature * (cross.dot(z) + square * f) + cross * f;
  }
};

/// Orthonormal columns: the leading axes, the two vectors of the perturbation and what the matrix makes of them.
MatrixXd krylov_basis(const Perturbed& matrix, std::size_t leading) {
  const Eigen::Index size = matrix.eigenvalues.size();
  constexpr Eigen::Index steps = 120;
  const Eigen::Index columns = std::min(size, static_cast<Eigen::Index>(leading) + steps);
  MatrixXd basis = MatrixXd::Zero(size, columns);
  Eigen::Index filled = 0;
  const auto add = [&](VectorXd vector) {
    const double before = vector.norm();
    for (int pass = 0; pass < 2 && filled > 0; ++pass) {
      vector -= basis.leftCols(filled) * (basis.leftCols(filled).transpose() * vector);
    }
    constexpr double dependent = 1e-10;
    if (filled < columns && vector.norm() > dependent * std::max(before, 1e-300)) {
      basis.col(filled++) = vector.normalized();
    }
  };
  const auto first = std::min(size, static_cast<Eigen::Index>(leading));
  for (Eigen::Index k = 0; k < first; ++k) {
    add(VectorXd::Unit(size, k));
  }
  add(matrix.feature);
  add(matrix.cross);
  for (Eigen::Index next = first; next < filled && filled < columns; ++next) {
    add(matrix.times(basis.col(next)));
  }
  return basis.leftCols(filled);
}

/// Share of the feature's area left in the mean of its pixels.
double share_left(const Perturbed& matrix, const VectorXd& mean, std::size_t components, double limit, bool fixed) {
  const MatrixXd basis = krylov_basis(matrix, components + 2);
  MatrixXd image(basis.rows(), basis.cols());
  for (Eigen::Index c = 0; c < basis.cols(); ++c) {
    image.col(c) = matrix.times(basis.col(c));
  }
  const MatrixXd reduced = basis.transpose() * image;
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(0.5 * (reduced + reduced.transpose()));
  const VectorXd& values = solver.eigenvalues();  // ascending
  Eigen::Index kept = 0;
  const auto wanted = static_cast<Eigen::Index>(components);
  while (kept < values.size() && (fixed ? kept < wanted : values[values.size() - 1 - kept] > limit)) {
    ++kept;
  }
  const MatrixXd vectors = basis * solver.eigenvectors().rightCols(kept);
  const double after = (vectors.transpose() * matrix.feature).dot(vectors.transpose() * (mean + matrix.feature));
  const double before = matrix.feature.head(wanted).dot(mean.head(wanted));
  return (after - before) / matrix.feature.squaredNorm();
}

}  // namespace

FeatureSets::FeatureSets(std::span<const std::size_t> used, std::size_t channels, std::size_t most,
                         std::size_t placements, const Run& run)
    : channels_(channels), placements_(placements) {
  const std::size_t largest = std::clamp<std::size_t>(most, 1, std::max<std::size_t>(used.size() / 2, 1));
  levels_ = static_cast<std::size_t>(std::bit_width(largest));
  const std::size_t count = std::size_t{1} << (levels_ - 1);
  buckets_.resize(placements_ * levels_);
  for (std::size_t p = 0; p < placements_; ++p) {
    Rng rng = run.rng(set_stream, p);
    std::set<std::size_t> chosen;
    while (chosen.size() < count && chosen.size() < used.size()) {
      const auto drawn = static_cast<std::size_t>(rng.uniform() * static_cast<double>(used.size()));
      if (chosen.insert(drawn).second) {
        const auto level = static_cast<std::size_t>(std::bit_width(chosen.size() - 1));
        places_.push_back({used[drawn], p * levels_ + level});
      }
    }
    for (std::size_t level = 0; level < levels_; ++level) {
      Set& bucket = buckets_[p * levels_ + level];
      bucket.weighted.assign(channels_, 0.0);
      bucket.unweighted.assign(channels_, 0.0);
    }
  }
  std::ranges::stable_sort(places_, {}, &Place::item);
}

void FeatureSets::take(std::size_t item, double weight, std::span<const double> weighted) {
  for (auto place = std::ranges::lower_bound(places_, item, {}, &Place::item);
       place != places_.end() && place->item == item; ++place) {
    Set& bucket = buckets_[place->bucket];
    ++bucket.pixels;
    bucket.weight2 += weight * weight;
    for (std::size_t c = 0; c < channels_; ++c) {
      bucket.weighted[c] += weight * weighted[c];
      bucket.unweighted[c] += weighted[c] / weight;
    }
  }
}

FeatureSets::Set FeatureSets::set(std::size_t placement, std::size_t level) const {
  Set out;
  out.weighted.assign(channels_, 0.0);
  out.unweighted.assign(channels_, 0.0);
  for (std::size_t l = 0; l <= level; ++l) {
    const Set& bucket = buckets_[placement * levels_ + l];
    out.pixels += bucket.pixels;
    out.weight2 += bucket.weight2;
    for (std::size_t c = 0; c < channels_; ++c) {
      out.weighted[c] += bucket.weighted[c];
      out.unweighted[c] += bucket.unweighted[c];
    }
  }
  return out;
}

std::vector<SurvivalPoint> survival(const FeatureSets& sets, std::span<const double> feature,
                                    std::span<const double> eigenvalues, std::span<const double> vectors,
                                    const NoiseMatrix& noise, std::size_t components, double limit, bool fixed,
                                    Run& run) {
  const auto size = static_cast<Eigen::Index>(feature.size());
  HOTSTAGE_EXPECTS(vectors.size() == feature.size() * feature.size() && eigenvalues.size() == feature.size());
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> to_eigenbasis(vectors.data(), size, size);
  const VectorXd values = as_vector(eigenvalues);
  const VectorXd turned = to_eigenbasis * as_vector(feature);
  const std::size_t count = sets.levels() * sets.placements();
  std::vector<double> share(count);
  std::vector<double> predicted(count);
  parallel_chunks(run, count, 1, [&](std::size_t begin, std::size_t) {
    const FeatureSets::Set set = sets.set(begin / sets.levels(), begin % sets.levels());
    Perturbed matrix{values, turned, to_eigenbasis * as_vector(set.weighted), set.weight2};
    const VectorXd mean = to_eigenbasis * as_vector(set.unweighted) / static_cast<double>(set.pixels);
    share[begin] = share_left(matrix, mean, components, limit, fixed);
    predicted[begin] = surviving_share(set.weight2 * turned.squaredNorm(), noise);
  });
  std::vector<SurvivalPoint> out;
  for (std::size_t level = 0; level < sets.levels(); ++level) {
    std::vector<double> shares;
    std::vector<double> predictions;
    for (std::size_t p = 0; p < sets.placements(); ++p) {
      shares.push_back(share[p * sets.levels() + level]);
      predictions.push_back(predicted[p * sets.levels() + level]);
    }
    out.push_back({sets.pixels(level), num::mean(shares), num::standard_deviation(shares), num::mean(predictions)});
  }
  return out;
}

}  // namespace hotstage::eels
