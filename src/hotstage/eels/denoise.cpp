// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/denoise.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/detail/projection_pass.hpp"
#include "hotstage/eels/detail/thinning.hpp"
#include "hotstage/eels/detail/weighted_gram.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

using detail::CountSums;
using detail::Weights;

namespace {

constexpr std::size_t longest_lag = 6;  // channels over which a detector correlates noise

void check_size(const signal::Signal& signal, const Run& run) {
  constexpr std::size_t fewest = 16;
  const std::size_t items = signal.items();
  const std::size_t channels = signal.channels();
  if (items < fewest || channels < fewest) {
    throw Error(Errc::bad_input, Location{.file = signal.file},
                fmt::format("{} spectra of {} channels: principal components need {} of each", items, channels, fewest),
                "Give a scan; a single spectrum has no components");
  }
  constexpr std::size_t matrices = 6;
  const std::size_t bytes = matrices * channels * channels * sizeof(double);
  if (bytes > run.memory) {
    throw Error(Errc::no_space,
                fmt::format("the covariance of {} channels and its eigenvectors need {} MiB, --memory allows {} MiB",
                            channels, bytes >> 20, run.memory >> 20),
                "Raise --memory, or cut or bin the energy axis");
  }
}

/// Autocorrelation of what `components` leave, lags 1 … longest_lag; empty when it is white within its noise.
std::vector<double> residual_correlation(const Eigen::MatrixXd& gram, const detail::Decomposition& parts,
                                         std::size_t components, const NoiseMatrix& noise) {
  const auto channels = gram.rows();
  const auto lagged = [&](std::size_t lag) {
    const auto l = static_cast<Eigen::Index>(lag);
    double sum = gram.diagonal(-l).sum();
    for (std::size_t k = 0; k < components; ++k) {
      const auto vector = parts.vectors.row(static_cast<Eigen::Index>(k));
      const double signal = strength_of(parts.values[k], noise).signal;  // the rest of the eigenvalue is noise
      sum -= signal * vector.head(channels - l).dot(vector.tail(channels - l));
    }
    return sum;
  };
  constexpr double least = 0.02;
  const double sigma = 1.0 / std::sqrt(static_cast<double>(noise.items) * static_cast<double>(noise.channels));
  const double whole = lagged(0);
  std::vector<double> out;
  bool white = true;
  for (std::size_t lag = 1; lag <= longest_lag; ++lag) {
    out.push_back(whole > 0.0 ? lagged(lag) / whole : 0.0);
    white = white && std::abs(out.back()) < std::max(least, 5.0 * sigma);
  }
  return white ? std::vector<double>() : out;
}

/// Noise and number of components determine each other: repeated until the number stays.
std::size_t by_edge(const Eigen::MatrixXd& gram, const detail::Decomposition& parts, const DenoiseOptions& options,
                    NoiseMatrix& noise) {
  const std::size_t most = std::min({noise.items, noise.channels, parts.values.size()}) / 2;
  std::size_t components = std::min<std::size_t>(most, 20);
  noise.variance = options.noise_factor ? *options.noise_factor : noise_variance(parts.values, components, noise);
  constexpr int rounds = 30;
  for (int round = 0; round < rounds; ++round) {
    noise.correlation = residual_correlation(gram, parts, components, noise);
    noise.variance = options.noise_factor ? *options.noise_factor : noise_variance(parts.values, components, noise);
    const std::size_t next = std::min(count_above(parts.values, detection_limit(noise)), most);
    if (next == components) {
      break;
    }
    components = round < rounds / 2 ? next : std::max(next, components);
  }
  return std::max<std::size_t>(components, 1);
}

void describe(const detail::Decomposition& parts, DenoiseResult& out) {
  const double unit = out.noise.variance;
  out.number.limit = detection_limit(out.noise) / unit;
  out.number.edge = noise_edge(out.noise) / unit;
  out.number.threshold = optimal_hard_threshold(out.noise) / unit;
  out.number.by_threshold = count_above(parts.values, optimal_hard_threshold(out.noise));
  for (const double value : parts.values) {
    ComponentStrength strength = strength_of(value, out.noise);
    strength.signal /= unit;
    out.scree.push_back({value / unit, strength});
  }
}

std::size_t number_asked(const DenoiseOptions& options, const NoiseMatrix& noise) {
  const auto wanted = static_cast<std::size_t>(*options.components);
  const std::size_t most = std::min(noise.items, noise.channels);
  if (wanted > most) {
    throw Error(Errc::bad_input,
                fmt::format("{} components of {} spectra and {} channels", wanted, noise.items, noise.channels),
                fmt::format("At most {}", most));
  }
  return wanted;
}

/// Where and how high the test feature is; its counts per channel.
std::vector<double> test_feature(const FeatureOptions& options, const Weights& weights, const DenoiseResult& result,
                                 FeatureSurvival& out) {
  const EnergyAxis& axis = result.axis;
  constexpr double pre_peak_eV = 530.0;
  const double margin = options.width.in(units::eV);
  const bool oxygen = axis.low_edge() + margin < pre_peak_eV && pre_peak_eV < axis.high_edge() - margin;
  const double middle = 0.5 * (axis.low_edge() + axis.high_edge());
  out.energy_eV = options.energy ? options.energy->in(units::eV) : (oxygen ? pre_peak_eV : middle);
  out.fwhm_eV = options.width.in(units::eV);
  if (out.energy_eV < axis.low_edge() || out.energy_eV > axis.high_edge()) {
    throw Error(Errc::bad_input,
                fmt::format("the test feature at {:g} eV lies beyond the axis, {:.1f} … {:.1f} eV", out.energy_eV,
                            axis.low_edge(), axis.high_edge()),
                "Move feature.energy onto the axis");
  }
  const double sigma = out.fwhm_eV / 2.3548200450309493;
  std::vector<double> shape(axis.size);
  double power = 0.0;  // of the column-weighted feature of height 1
  for (std::size_t c = 0; c < axis.size; ++c) {
    const double z = (axis.value(static_cast<double>(c)) - out.energy_eV) / sigma;
    shape[c] = std::exp(-0.5 * z * z);
    power += std::pow(shape[c] * weights.column[c], 2);
  }
  const auto centre = static_cast<std::size_t>(
      std::clamp(std::round(axis.channel(out.energy_eV)), 0.0, static_cast<double>(axis.size - 1)));
  const double level = result.mean[centre];
  if (power <= 0.0 || level <= 0.0) {
    throw Error(Errc::bad_input, fmt::format("no counts at {:g} eV, where the test feature would be", out.energy_eV),
                "Move feature.energy");
  }
  double noise = result.noise.variance;  // of the feature as a filter, correlated channels included
  for (std::size_t lag = 1; lag <= result.noise.correlation.size(); ++lag) {
    double overlap = 0.0;
    for (std::size_t c = lag; c < axis.size; ++c) {
      overlap += shape[c] * weights.column[c] * shape[c - lag] * weights.column[c - lag];
    }
    noise += 2.0 * result.noise.variance * result.noise.correlation[lag - 1] * overlap / power;
  }
  double row_power = 0.0;
  for (const double weight : weights.row) {
    row_power += weight * weight / static_cast<double>(result.noise.items);
  }
  const double unit = std::sqrt(power * row_power / noise);  // σ of height 1 in a mean item
  out.height = options.height ? *options.height * level : options.significance / unit;
  out.relative_height = out.height / level;
  out.significance = out.height * unit;
  for (std::size_t c = 0; c < axis.size; ++c) {
    shape[c] *= out.height;
  }
  return shape;
}

/// Pixels from which a share survives, between the tried numbers on a logarithmic scale.
std::optional<double> pixels_for(const std::vector<SurvivalPoint>& points, double share) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].share < share) {
      continue;
    }
    if (i == 0) {
      return static_cast<double>(points[0].pixels);
    }
    const double rise = points[i].share - points[i - 1].share;
    const double part = rise > 0.0 ? (share - points[i - 1].share) / rise : 1.0;
    return static_cast<double>(points[i - 1].pixels) *
           std::pow(static_cast<double>(points[i].pixels) / static_cast<double>(points[i - 1].pixels), part);
  }
  return std::nullopt;
}

/// Enough pixels for the feature to be far above the detection threshold in most sets.
std::size_t most_pixels(const FeatureSurvival& feature, const NoiseMatrix& noise) {
  constexpr double above = 8.0;
  const double threshold =
      std::sqrt(static_cast<double>(noise.items) * static_cast<double>(noise.channels)) * noise_edge(noise) /
      noise.variance /
      std::pow(std::sqrt(static_cast<double>(noise.items)) + std::sqrt(static_cast<double>(noise.channels)), 2);
  const double pixels = above * threshold / (feature.significance * feature.significance);
  return static_cast<std::size_t>(std::clamp(pixels, 2.0, static_cast<double>(noise.items)));
}

void warn(DenoiseResult& result, Run& run, std::string kind, std::string text) {
  run.warn(kind, text);
  result.warnings.push_back({std::move(kind), std::move(text)});
}

void warn_about(const signal::Signal& signal, const CountSums& sums, DenoiseResult& result, Run& run) {
  const ComponentNumber& n = result.number;
  if (n.used != n.by_edge || n.by_edge != n.by_threshold || n.by_edge != n.by_thinning) {
    warn(result, run, "component_number",
         fmt::format("{} components kept; the edge of the noise gives {}, the optimal hard threshold {}, prediction of "
                     "held-back counts {}: look at those in dispute",
                     n.used, n.by_edge, n.by_threshold, n.by_thinning));
  }
  if (!result.noise.correlation.empty()) {
    warn(
        result, run, "correlated_noise",
        fmt::format("noise of adjacent channels is correlated ({:+.2f}): the edge was moved accordingly, prediction of "
                    "held-back counts takes correlated noise for signal",
                    result.noise.correlation.front()));
  }
  if (sums.negative > 0) {
    warn(result, run, "negative_counts",
         fmt::format("{} of {} values are negative: these are not counts, and their noise is not Poisson",
                     sums.negative, signal.items() * signal.channels()));
  }
  if (result.empty_items + result.empty_channels > 0) {
    warn(result, run, "empty",
         fmt::format("{} spectra and {} channels without counts are left out and are 0 in the result",
                     result.empty_items, result.empty_channels));
  }
  const bool wanders =
      signal.item_offset && std::ranges::any_of(*signal.item_offset, [](double v) { return v != 0.0; });
  if (wanders) {
    warn(result, run, "offsets_not_applied",
         "spectra carry energy offsets, which PCA does not apply: a wandering edge costs components. Align with "
         "resample = true first if that matters");
  }
  if (result.residual.above > 0) {
    warn(
        result, run, "signal_lost",
        fmt::format("{} spectra differ from their denoised form by more than counting noise explains (limit {:.1f} σ): "
                    "look at the map of residuals before using them",
                    result.residual.above, result.residual.limit));
  }
}

}  // namespace

DenoiseResult denoise(const signal::Signal& signal, const DenoiseOptions& options, Run& run) {
  DenoiseResult out;
  out.items = signal.items();
  out.axis = energy_axis_of(signal);
  check_size(signal, run);
  if (is_denoised(signal)) {
    throw Error(Errc::refused, Location{.file = signal.file}, "these spectra are denoised already",
                "Give the counts as recorded: noise that is gone cannot be told from signal");
  }
  detail::Gram gram_sum(out.axis.size);
  const CountSums sums = detail::sum_counts(signal, gram_sum, run);
  const Weights weights = detail::weights_of(sums);
  out.noise.items = weights.items;
  out.noise.channels = weights.channels;
  out.empty_items = out.items - weights.items;
  out.empty_channels = out.axis.size - weights.channels;
  Eigen::MatrixXd gram = gram_sum.release();
  detail::weight_columns(weights, gram);
  const detail::Decomposition parts = detail::decompose(gram);
  out.number.by_edge = by_edge(gram, parts, options, out.noise);
  out.number.used = options.components ? number_asked(options, out.noise) : out.number.by_edge;
  describe(parts, out);
  out.mean = sums.spectrum;
  for (double& value : out.mean) {
    value /= static_cast<double>(weights.items);
  }
  const std::vector<double> feature = test_feature(options.feature, weights, out, out.survival);
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < out.items; ++i) {
    if (weights.row[i] > 0.0) {
      used.push_back(i);
    }
  }
  FeatureSets sets(used, out.axis.size, most_pixels(out.survival, out.noise),
                   static_cast<std::size_t>(options.feature.placements), run);
  detail::ProjectionPass pass{.weights = weights,
                              .parts = parts,
                              .components = out.number.used,
                              .noise_factor = out.noise.variance,
                              .correlation = out.noise.correlation,
                              .integers = sums.integers,
                              .window_eV = options.residual_width.in(units::eV)};
  detail::project(signal, pass, sets, out, run);
  constexpr std::size_t more = 24;
  out.number.by_thinning =
      detail::predicting_components(gram, pass.first.release(), pass.second.release(), out.number.used + more);
  std::vector<double> weighted(feature);
  for (std::size_t c = 0; c < weighted.size(); ++c) {
    weighted[c] *= weights.column[c];
  }
  const std::span<const double> vectors(parts.vectors.data(), static_cast<std::size_t>(parts.vectors.size()));
  out.survival.points = survival(sets, weighted, parts.values, vectors, out.noise, out.number.used,
                                 detection_limit(out.noise), options.components.has_value(), run);
  out.survival.half = pixels_for(out.survival.points, 0.5);
  out.survival.nine_tenths = pixels_for(out.survival.points, 0.9);
  const auto n = static_cast<double>(out.number.used);
  const auto items = static_cast<double>(out.noise.items);
  const auto channels = static_cast<double>(out.noise.channels);
  out.noise_left = std::sqrt(n * (items + channels - n) / (items * channels));
  warn_about(signal, sums, out, run);
  return out;
}

}  // namespace hotstage::eels
