// SPDX-License-Identifier: GPL-3.0-or-later
// What Chain prepares before the pass: shared between the files that implement it.

#pragma once

#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/detail/item_blocks.hpp"

#include <utility>

namespace hotstage::eels {

/// Pooled residuals of background fits, per channel and in sums of `width` channels; Poisson counts assumed.
struct Residuals {
  static constexpr std::size_t width = 8;
  double chi2 = 0.0;
  double dof = 0.0;
  double block_chi2 = 0.0;
  double block_dof = 0.0;

  [[nodiscard]] double per_channel() const { return dof > 0.0 ? chi2 / dof : 0.0; }

  [[nodiscard]] double in_sums() const { return block_dof > 0.0 ? block_chi2 / block_dof : 1.0; }
};

namespace detail {

struct PairBlock {
  View<const float, 2> core;
  View<const float, 2> low;
};

using SummingWork = std::function<void(const ChainItem&, std::span<double> sum)>;

}  // namespace detail

struct Chain::State {
  signal::Signal core;
  std::optional<signal::Signal> low;
  ChainOptions options;
  std::shared_ptr<const Gos> gos;  // of options.model; nullptr: hydrogenic
  EnergyAxis core_axis;
  EnergyAxis low_axis;
  std::vector<double> stray;
  std::vector<ZeroLoss> zero_loss;  // empty when they are found again in the pass
  std::vector<ZeroLossSummary> zero_loss_summary;
  bool keep_zero_loss = true;
  std::vector<double> shift;  // per core item, item_offset included
  std::vector<float> shared_low;
  LowLossTransform shared_transform;
  std::unique_ptr<FourierRatio> plan;
  std::vector<PlacedEdge> edges;
  std::vector<std::size_t> order;       // edge indices by onset
  std::vector<PowerLawFitter> fitters;  // per base edge, found by fitter_of
  std::vector<std::size_t> fitter_of;
  std::vector<std::vector<Estimate>> exponents;  // per fitter and item, of the neighbourhood; empty unless local
  std::vector<std::vector<double>> cumulative;   // per edge, empty without a model
  MeanSpectra means;
  std::vector<Warning> warnings;
  std::vector<std::string> assumed;

  [[nodiscard]] bool paired() const { return low && low->items() == core.items(); }

  void warn(Run& run, std::string kind, std::string text) {
    run.warn(kind, text);
    warnings.push_back({std::move(kind), std::move(text)});
  }

  void remove_stray(View<float, 2> counts) const {
    for (std::size_t i = 0; i < counts.extent(0) && !stray.empty(); ++i) {
      for (std::size_t c = 0; c < stray.size(); ++c) {
        counts(i, c) = static_cast<float>(static_cast<double>(counts(i, c)) - stray[c]);
      }
    }
  }

  [[nodiscard]] KeepLowLoss keep_low_loss() const {
    return options.low_loss_noise == LowLossNoise::propagate ? KeepLowLoss::yes : KeepLowLoss::no;
  }

  /// The peak of the item's own low loss.
  [[nodiscard]] ZeroLoss own_peak(std::size_t item, std::span<const float> low_counts) const {
    return zero_loss.empty() ? find_zero_loss(low_counts, low_axis, options.zero_loss) : zero_loss[item];
  }

  void open(const ChainInput& input, Run& run);
  void find_zero_losses(Run& run);
  void average_core(Run& run);
  void anchor(const std::vector<Edge>& wanted);
  void plan_deconvolution();
  void place(const std::vector<Edge>& wanted, Run& run);
  [[nodiscard]] std::size_t base_of(std::size_t position, const std::vector<Edge>& wanted) const;
  void place_edge(std::size_t e, std::span<const double> spectrum, Run& run);
  void place_background(std::size_t e, Run& run);
  [[nodiscard]] std::vector<double> mean_signal(const PowerLawFitter& fitter) const;
  void tabulate(std::size_t e);
  void warn_about_axis(Run& run);
  void pool_exponents(Run& run);
  void measure_noise(Run& run);
  [[nodiscard]] Residuals background_residuals(std::size_t e, View<const float, 2> counts,
                                               std::size_t first_item) const;
  void warn_about_zero_loss(Run& run);
  void item_signals(std::size_t item, std::span<const float> counts, const LowLossTransform* transform,
                    FourierRatio::Scratch* scratch, View<float, 2> work, std::vector<EdgeSignal>& out) const;
  /// One block of items: calls `work` for each and returns the sums for the mean spectra (edge × {signal, background,
  /// tail}), and behind them the `size` sums of `work`.
  [[nodiscard]] std::vector<double> work_on(std::size_t first, const detail::PairBlock& counts,
                                            const detail::SummingWork& work, std::size_t size) const;
  void add_to_means(std::span<const EdgeSignal> signals, double shift_channels, std::span<double> sum) const;
  void add_tails(std::size_t e, std::vector<EdgeSignal>& out) const;
};

namespace detail {

/// ∫ up to an energy of the common axis, linear inside a channel; one entry per channel edge.
[[nodiscard]] double cumulative_at(std::span<const double> cumulative, const EnergyAxis& axis, double energy_eV);

}  // namespace detail

}  // namespace hotstage::eels
