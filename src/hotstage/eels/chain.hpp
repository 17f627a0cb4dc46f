// SPDX-License-Identifier: GPL-3.0-or-later
// The pass over a dual measurement: energy offsets, observed onsets, background, plural scattering, one item at a time.

#pragma once

#include "hotstage/core/pass_journal.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/chain_options.hpp"
#include "hotstage/eels/convergence.hpp"
#include "hotstage/eels/edges.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/eels/window_sum.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

struct ChainInput {
  const signal::Signal& core;
  const signal::Signal* low = nullptr;    ///< as many items as core, or one
  const signal::Signal* stray = nullptr;  ///< spectrum recorded without specimen, subtracted from each core spectrum
  /// false: of own zero-loss peaks only a summary is kept, and they are found again in the pass (less memory).
  bool keep_zero_loss = true;
};

/// Something the user should know; `kind` is a short stable name.
struct Warning {
  std::string kind;
  std::string text;
};

/// An edge with the place of its windows on the (aligned) axis.
struct PlacedEdge {
  Edge edge;
  double onset_eV = 0.0;         ///< where the windows hang
  double displacement_eV = 0.0;  ///< observed − tabulated onset; 0 when not observed
  bool observed = false;         ///< an onset stood out of the mean spectrum
  std::size_t base = 0;       ///< edge (index) whose power law and deconvolution serve this one; itself for the first
  Window background;          ///< where the power law, or the tail of earlier edges, is fitted
  double noise_factor = 1.0;  ///< variance/mean used for σ
  double chi2_per_dof = 0.0;  ///< of the background fit of the mean item, Poisson counts assumed
};

/// Why an item has no result.
enum class ItemStatus : std::uint8_t { ok, no_zero_loss, not_deconvolved, no_background, no_signal };

[[nodiscard]] std::string_view name(ItemStatus status) noexcept;

/// One edge of one item inside the pass: the background-free, deconvolved signal.
class EdgeSignal {
 public:
  const PlacedEdge* placed = nullptr;
  PowerLaw background;
  Deconvolution deconvolution;
  ItemStatus status = ItemStatus::ok;
  EnergyAxis axis;                ///< of this item
  std::span<const float> counts;  ///< raw, stray background removed
  std::span<const float> signal;  ///< same channels

  /// Sum of the signal over a window with its response to the counts (background fit and deconvolution included).
  [[nodiscard]] WindowSum sum(const Window& window) const;

  /// The same without the tail of earlier edges: their cross-sections, scaled to what is found in the background
  /// window.
  [[nodiscard]] WindowSum isolated(const Window& window) const;

  /// Σ w_i·signal_i, tail of earlier edges removed, with its response to the counts; `weights` begin at `first` and are
  /// 0 elsewhere. `covered` spans them.
  [[nodiscard]] WindowSum functional(std::size_t first, std::span<const double> weights) const;

  /// Signal of the earlier edges per channel, scaled as in `isolated`; 0 everywhere for a first edge.
  void tail(std::span<double> out) const;

  [[nodiscard]] bool is_first() const { return tails_.empty(); }

  /// Of the counts; with the noise of the low loss when the chain propagates it.
  [[nodiscard]] SpectrumNoise noise() const;

 private:
  friend class Chain;

  /// An earlier edge: ∫ dσ up to each channel edge of the common axis, and atoms per cross-section.
  struct Earlier {
    const std::vector<double>* cumulative = nullptr;
    double amount = 0.0;
  };

  void respond(std::vector<double> weights, WindowSum& out) const;
  [[nodiscard]] double tail_model(const Window& window) const;
  [[nodiscard]] double tail_scale() const;

  EnergyAxis common_;
  std::vector<Earlier> tails_;
  std::span<const float> net_;  ///< background-free, before deconvolution
  bool low_noise_ = false;      ///< `low_` was kept for low_loss_response
  const FourierRatio* plan_ = nullptr;
  const LowLossTransform* low_ = nullptr;
  FourierRatio::Scratch* scratch_ = nullptr;
};

/// One item inside the pass.
struct ChainItem {
  std::size_t item = 0;
  double shift_eV = 0.0;              ///< added to the axis of the file
  Estimate thickness;                 ///< t/λ; {0, 0} without low loss
  std::span<const EdgeSignal> edges;  ///< in the order given
  std::span<const float> low;         ///< its own low loss, else the one of all items; empty without
  ZeroLoss zero_loss;                 ///< of `low`
};

/// One item before any fit: what a model of the whole spectrum is compared with.
struct RawItem {
  std::size_t item = 0;
  double shift_eV = 0.0;          ///< added to the axis of the file
  EnergyAxis axis;                ///< of this item
  Estimate thickness;             ///< t/λ; {0, 0} without low loss
  std::span<const float> counts;  ///< stray background removed
  std::span<const float> low;     ///< its own low loss, else the mean one; empty without
  ZeroLoss zero_loss;             ///< of `low`
};

/// Mean spectra on the common axis (interpolated; for figures and onsets, never for numbers).
struct MeanSpectra {
  EnergyAxis core_axis;
  EnergyAxis low_axis;                          ///< zero-loss peak at 0
  std::vector<double> core;                     ///< counts per item
  std::vector<double> low;                      ///< empty without low loss
  std::vector<std::vector<double>> signal;      ///< per edge: mean deconvolved signal; filled by Chain::run
  std::vector<std::vector<double>> background;  ///< per edge: mean power law, before deconvolution
  std::vector<std::vector<double>> tail;        ///< per edge: earlier edges under the deconvolved signal
};

/// What a pass gives back.
struct Pass {
  MeanSpectra means;
  std::vector<double> sum;
};

/// Drops the spectra of all edges but one.
void keep_edge(MeanSpectra& means, std::size_t edge);

/// What a chain knows of every item when its passes are over.
struct ItemRecords {
  std::vector<double> shift_eV;            ///< per core item, added to the axis of the file
  std::vector<ZeroLossSummary> zero_loss;  ///< per low-loss item; empty without low loss
};

/// Prepared by a first pass (zero-loss peaks, mean spectra, onsets, noise); `run` is the second.
class Chain {
 public:
  /// Throws Error{bad_input} when axes, item counts or windows do not fit, or an angle is asked for and missing.
  Chain(const ChainInput& input, const std::vector<Edge>& edges, const ChainOptions& options, Run& run);
  ~Chain();
  Chain(Chain&&) noexcept;
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  Chain& operator=(Chain&&) = delete;

  /// Calls `work` for every item, in parallel; it may write only to what belongs to the item. Returns the mean spectra.
  /// Results do not depend on the number of threads or on the memory limit. With `kept` = keep(every array that `work`
  /// writes, one row per item) an interrupted pass goes on where it stopped, see core/pass_journal.hpp.
  MeanSpectra run(const std::function<void(const ChainItem&)>& work, Run& run, const KeptRows& kept = {}) const;

  /// The same; `work` also gets a sum of `size` values to add to, which is added up in block order.
  Pass run(const std::function<void(const ChainItem&, std::span<double> sum)>& work, std::size_t size, Run& run,
           const KeptRows& kept = {}) const;

  /// The same pass without background and deconvolution: `work` gets blocks of items, in parallel, and a sum of `size`
  /// values to add to, which is returned, added in block order.
  std::vector<double> visit(const std::function<void(std::span<const RawItem>, std::span<double> sum)>& work,
                            std::size_t size, Run& run, const KeptRows& kept = {}) const;

  [[nodiscard]] const MeanSpectra& means() const;  ///< core and low loss of the first pass
  [[nodiscard]] std::size_t items() const;
  [[nodiscard]] const EnergyAxis& axis() const;  ///< of the core loss, shift and anchor applied
  [[nodiscard]] bool deconvolves() const;
  [[nodiscard]] bool shares_low_loss() const;                 ///< one low loss for more than one item
  [[nodiscard]] std::span<const float> shared_low() const;    ///< that of all items, else their mean; empty without
  [[nodiscard]] std::span<const PlacedEdge> edges() const;    ///< in the order given
  [[nodiscard]] std::span<const ZeroLoss> zero_loss() const;  ///< one per low-loss item; empty unless kept

  /// Hands over what is known of the items; the chain is spent then.
  [[nodiscard]] ItemRecords release();

  [[nodiscard]] const std::vector<Warning>& warnings() const;
  [[nodiscard]] const std::vector<std::string>& assumed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Beam energy and angles from the options, else from the file, else Error{bad_input} saying what to pass. Never
/// assumed.
[[nodiscard]] Illumination illumination_of(const signal::Signal& core, const ChainOptions& options);

}  // namespace hotstage::eels
