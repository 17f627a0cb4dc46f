// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/projection_pass.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/detail/thinning.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels::detail {

namespace {

constexpr std::uint64_t thinning_stream = 0x7468696e;  // "thin"

Eigen::Index index(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

/// Sums of one group of rows.
struct GroupCounts {
  std::vector<double> spectrum;
  std::size_t negative = 0;
  bool integers = true;
};

}  // namespace

CountSums sum_counts(const signal::Signal& signal, Gram& gram, Run& run) {
  const std::size_t channels = signal.channels();
  CountSums out;
  out.item.assign(signal.items(), 0.0);
  out.spectrum.assign(channels, 0.0);
  RowMatrix rows;
  for_each_tile(signal, run, "channel covariance", [&](std::size_t first, View<const float, 2> counts) {
    const std::size_t count = counts.extent(0);
    rows.resize(index(count), index(channels));
    std::vector<GroupCounts> groups((count + gram_rows - 1) / gram_rows);
    parallel_chunks(run, count, gram_rows, [&](std::size_t begin, std::size_t end) {
      GroupCounts& group = groups[begin / gram_rows];
      group.spectrum.assign(channels, 0.0);
      for (std::size_t i = begin; i < end; ++i) {
        double sum = 0.0;
        for (const float value : counts.row(i)) {
          if (!std::isfinite(value)) {
            throw Error(Errc::bad_input, Location{.file = signal.file},
                        fmt::format("spectrum {} holds a value that is not a number", first + i),
                        "Repair or cut these spectra first");
          }
          sum += static_cast<double>(value);
          group.negative += value < 0.0F ? 1U : 0U;
          group.integers = group.integers && value == std::floor(value);
        }
        out.item[first + i] = std::max(sum, 0.0);
        const double weight = sum > 0.0 ? 1.0 / std::sqrt(sum) : 0.0;
        for (std::size_t c = 0; c < channels; ++c) {
          const auto value = static_cast<double>(counts(i, c));
          rows(index(i), index(c)) = weight * value;
          group.spectrum[c] += sum > 0.0 ? value : 0.0;
        }
      }
    });
    for (const GroupCounts& group : groups) {
      for (std::size_t c = 0; c < channels; ++c) {
        out.spectrum[c] += group.spectrum[c];
      }
      out.negative += group.negative;
      out.integers = out.integers && group.integers;
    }
    gram.add(rows, count, run);
  });
  return out;
}

Weights weights_of(const CountSums& sums) {
  double total = 0.0;
  for (const double value : sums.spectrum) {
    total += std::max(value, 0.0);
  }
  Weights out;
  for (const double counts : sums.item) {
    out.row.push_back(counts > 0.0 ? 1.0 / std::sqrt(counts) : 0.0);
    out.items += counts > 0.0 ? 1U : 0U;
  }
  for (const double counts : sums.spectrum) {
    out.column.push_back(counts > 0.0 ? std::sqrt(total / counts) : 0.0);
    out.channels += counts > 0.0 ? 1U : 0U;
  }
  constexpr std::size_t fewest = 16;
  if (out.items < fewest || out.channels < fewest) {
    throw Error(Errc::bad_input,
                fmt::format("{} spectra and {} channels hold counts: principal components need {} of each", out.items,
                            out.channels, fewest),
                "Give spectra with counts, background not subtracted");
  }
  return out;
}

void weight_columns(const Weights& weights, Eigen::MatrixXd& gram) {
  const Eigen::Map<const Eigen::VectorXd> column(weights.column.data(), index(weights.column.size()));
  gram = column.asDiagonal() * gram * column.asDiagonal();
}

namespace {

/// One row of the pass and what it leaves behind, per group so that sums have one order.
class Projector {
 public:
  Projector(const ProjectionPass& pass, const EnergyAxis& axis, DenoiseResult& out)
      : pass_(pass),
        axis_(axis),
        out_(out),
        channels_(pass.weights.column.size()),
        leading_(pass.parts.vectors.topRows(index(pass.components))) {
    leverage_.resize(channels_);
    for (std::size_t c = 0; c < channels_; ++c) {
      leverage_[c] = leading_.col(index(c)).squaredNorm();
    }
    width_ =
        std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(pass.window_eV / axis.step_eV)), 1, channels_);
    for (std::size_t lag = 1; lag <= pass.correlation.size() && lag < width_; ++lag) {
      sum_factor_ += 2.0 * pass.correlation[lag - 1] * (1.0 - static_cast<double>(lag) / static_cast<double>(width_));
    }
    sum_factor_ = std::max(sum_factor_, least_freedom);
  }

  /// `weighted`: the row, weights applied. Adds χ² per channel to `chi2` and the denoised counts to `mean`.
  void row(std::size_t item, const Eigen::Ref<const Eigen::RowVectorXd>& weighted, std::span<double> chi2,
           std::span<double> mean, Eigen::RowVectorXd& model) const {
    const double weight = pass_.weights.row[item];
    const Eigen::VectorXd scores = leading_ * weighted.transpose();
    model = scores.transpose() * leading_;
    double own_leverage = 0.0;
    for (std::size_t k = 0; k < pass_.components; ++k) {
      const double score = scores[index(k)];
      out_.scores.row(item)[k] = score / weight;
      own_leverage += score * score / pass_.parts.values[k];
    }
    const double left = std::max(1.0 - own_leverage, least_freedom);
    std::vector<double> residual(channels_, 0.0);
    std::vector<double> variance(channels_, 0.0);
    double sum = 0.0;
    for (std::size_t c = 0; c < channels_; ++c) {
      const double column = pass_.weights.column[c];
      if (column == 0.0) {
        continue;
      }
      mean[c] += model[index(c)] / (weight * column);
      residual[c] = weighted[index(c)] - model[index(c)];
      variance[c] = expected(model[index(c)], weight * column) * left * std::max(1.0 - leverage_[c], least_freedom);
      const double one = residual[c] * residual[c] / variance[c];
      chi2[c] += one;
      sum += one;
    }
    out_.residual.item_chi2[item] = sum / static_cast<double>(pass_.weights.channels);
    find_peak(item, residual, variance);
  }

  /// Variance of a weighted count from the denoised one, in units of the weighted noise.
  [[nodiscard]] double expected(double model, double weight) const {
    constexpr double least = 0.1;  // of the rank-one model: a denoised count may be 0 or below
    return pass_.noise_factor * std::max(model * weight, least);
  }

  [[nodiscard]] std::size_t windows() const { return 2 * channels_ / width_; }

 private:
  static constexpr double least_freedom = 0.05;

  /// The largest sum over windows that overlap by half, in σ.
  void find_peak(std::size_t item, std::span<const double> residual, std::span<const double> variance) const {
    const std::size_t stride = std::max<std::size_t>(width_ / 2, 1);
    double best = 0.0;
    for (std::size_t first = 0; first + width_ <= channels_; first += stride) {
      double sum = 0.0;
      double noise = 0.0;
      for (std::size_t c = first; c < first + width_; ++c) {
        sum += residual[c];
        noise += variance[c];
      }
      const double peak = noise > 0.0 ? std::abs(sum) / std::sqrt(sum_factor_ * noise) : 0.0;
      if (peak > best) {
        best = peak;
        out_.residual.item_peak[item] = peak;
        out_.residual.item_peak_eV[item] =
            axis_.value(static_cast<double>(first) + 0.5 * static_cast<double>(width_ - 1));
      }
    }
  }

  const ProjectionPass& pass_;
  EnergyAxis axis_;
  DenoiseResult& out_;
  std::size_t channels_ = 0;
  RowMatrix leading_;
  std::vector<double> leverage_;
  std::size_t width_ = 1;
  double sum_factor_ = 1.0;  ///< variance of a window sum over that of independent channels
};

void prepare(const ProjectionPass& pass, DenoiseResult& out) {
  const std::size_t channels = out.axis.size;
  out.scores = Buffer<double, 2>({out.items, pass.components});
  std::fill(out.scores.data(), out.scores.data() + out.items * pass.components, 0.0);
  out.spectra = Buffer<double, 2>({pass.components, channels});
  for (std::size_t k = 0; k < pass.components; ++k) {
    for (std::size_t c = 0; c < channels; ++c) {
      const double column = pass.weights.column[c];
      out.spectra.row(k)[c] = column > 0.0 ? pass.parts.vectors(index(k), index(c)) / column : 0.0;
    }
  }
  out.mean_denoised.assign(channels, 0.0);
  out.residual.channel_chi2.assign(channels, 0.0);
  out.residual.item_chi2.assign(out.items, 0.0);
  out.residual.item_peak.assign(out.items, 0.0);
  out.residual.item_peak_eV.assign(out.items, 0.0);
}

}  // namespace

void project(const signal::Signal& signal, ProjectionPass& pass, FeatureSets& sets, DenoiseResult& out, Run& run) {
  const std::size_t channels = out.axis.size;
  prepare(pass, out);
  const Projector projector(pass, out.axis, out);
  pass.first = Gram(channels);
  pass.second = Gram(channels);
  // Exact for whole electrons; counts of a gain, or calibrated ones, are split as normal numbers of known variance.
  constexpr double one_electron = 0.1;
  const bool electrons = pass.integers && std::abs(pass.noise_factor - 1.0) < one_electron;
  RowMatrix weighted;
  RowMatrix part;
  RowMatrix rest;
  for_each_tile(signal, run, "projection", [&](std::size_t first, View<const float, 2> counts) {
    const std::size_t count = counts.extent(0);
    for (RowMatrix* matrix : {&weighted, &part, &rest}) {
      matrix->setZero(index(count), index(channels));
    }
    std::vector<std::vector<double>> chi2((count + gram_rows - 1) / gram_rows, std::vector<double>(channels, 0.0));
    std::vector<std::vector<double>> mean = chi2;
    parallel_chunks(run, count, gram_rows, [&](std::size_t begin, std::size_t end) {
      Eigen::RowVectorXd model;
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t item = first + i;
        const double row = pass.weights.row[item];
        if (row == 0.0) {
          continue;
        }
        for (std::size_t c = 0; c < channels; ++c) {
          weighted(index(i), index(c)) = row * pass.weights.column[c] * static_cast<double>(counts(i, c));
        }
        projector.row(item, weighted.row(index(i)), chi2[begin / gram_rows], mean[begin / gram_rows], model);
        Rng rng = run.rng(thinning_stream, item);
        for (std::size_t c = 0; c < channels; ++c) {
          const double factor = row * pass.weights.column[c];
          const double whole = weighted(index(i), index(c));
          const double taken =
              electrons ? factor * thinned(static_cast<double>(counts(i, c)), thinning_share, rng)
                        : thinned_normal(whole, projector.expected(model[index(c)], factor), thinning_share, rng);
          part(index(i), index(c)) = factor > 0.0 ? taken : 0.0;
          rest(index(i), index(c)) = factor > 0.0 ? whole - taken : 0.0;
        }
      }
    });
    for (std::size_t g = 0; g < chi2.size(); ++g) {
      for (std::size_t c = 0; c < channels; ++c) {
        out.residual.channel_chi2[c] += chi2[g][c];
        out.mean_denoised[c] += mean[g][c];
      }
    }
    pass.first.add(part, count, run);
    pass.second.add(rest, count, run);
    for (std::size_t i = 0; i < count; ++i) {
      if (pass.weights.row[first + i] > 0.0) {
        sets.take(first + i, pass.weights.row[first + i],
                  {weighted.data() + static_cast<std::ptrdiff_t>(i * channels), channels});
      }
    }
  });
  const auto used = static_cast<double>(pass.weights.items);
  for (std::size_t c = 0; c < channels; ++c) {
    out.residual.channel_chi2[c] /= used;
    out.mean_denoised[c] /= used;
  }
  constexpr double false_alarms = 0.01;
  out.residual.limit =
      num::upper_normal_quantile(0.5 * false_alarms / (used * static_cast<double>(projector.windows())));
  out.residual.above = static_cast<std::size_t>(
      std::ranges::count_if(out.residual.item_peak, [&](double peak) { return peak > out.residual.limit; }));
}

}  // namespace hotstage::eels::detail
