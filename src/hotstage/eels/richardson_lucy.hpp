// SPDX-License-Identifier: GPL-3.0-or-later
// Richardson–Lucy removal of plural scattering from a core loss: non-negative, counts conserved, background as data.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace hotstage::eels {

struct RichardsonLucyOptions {
  int min_iterations = 30;
  int max_iterations = 100;
  double noise_factor = 1.0;        ///< variance/mean of the core counts: sets where fitting the noise begins
  double least_improvement = 2e-3;  ///< of χ² per iteration
  ZeroLossTail zero_loss_tail = ZeroLossTail::first_minimum;
  Energy required_range = 100.0 * units::eV;
  double max_thickness = 2.0;

  template <class V>
  void fields(V& v) {
    v("min_iterations", min_iterations,
      {.help = "iterations at least: chi-square per channel does not see smooth plural scattering under much noise",
       .min = 0,
       .max = 10000});
    v("max_iterations", max_iterations, {.help = "iterations at most", .min = 1, .max = 10000});
    v("noise_factor", noise_factor, {.help = "variance divided by mean of the core-loss counts", .min = 1e-9});
    v("least_improvement", least_improvement,
      {.help = "relative decrease of chi-square per iteration below which it ends", .min = 0.0, .max = 1.0});
    v("zero_loss_tail", zero_loss_tail,
      {.help = "where the zero-loss peak ends: at the first minimum, or mirrored from its left side"});
    v("required_range", required_range,
      {.help = "energy loss the low loss must reach; below half of it the result is refused",
       .unit = "eV",
       .min = 0.0});
    v("max_thickness", max_thickness, {.help = "t/lambda above which the result is refused", .min = 0.0});
  }
};

/// Why the iteration ended.
enum class StopReason { not_done, noise_reached, no_improvement, max_iterations };

[[nodiscard]] std::string_view name(StopReason reason) noexcept;

struct RichardsonLucyResult {
  DeconvolutionStatus status = DeconvolutionStatus::refused_zero_loss;
  StopReason stopped = StopReason::not_done;
  int iterations = 0;
  double thickness = 0.0;         ///< ln(It/I0) of the low loss on its axis
  double chi2_per_channel = 0.0;  ///< of the counts against background + scattered result, noise factor included
  double sum_rule = 0.0;  ///< (counts of the scattered result on the axis)/(counts − background) − 1: 0 to rounding
};

/// Single scattering k of y = B + k ⊗ J/It by k ← k·(P^T(y/m))/(P^T 1), m = B + P k (Richardson 1972, Lucy 1974
/// doi:10.1086/111605; for EELS Gloter et al. 2003 doi:10.1016/S0304-3991(03)00103-7, Egerton et al., Micron 39,
/// 642, 2008).
///
/// The background stands in the model and is not subtracted first, so the data stay non-negative counts and their noise
/// Poisson. Channels beyond the axis are not observed: the division by P^T 1 takes the place of an extrapolated tail.
/// Each step is scaled so that the scattered result holds the counts above the background. It ends when χ² per channel
/// falls to 1 (from there on it would fit noise) or falls by less than `least_improvement`, but not before
/// `min_iterations` (under much noise χ² per channel is 1 with plural scattering left), or at `max_iterations`. The
/// result is broadened again by the zero-loss peak and multiplied by I0/It, so that it compares with FourierRatio
/// (modifier zlp) channel by channel. It has no σ: the noise of a non-linear iteration depends on where it stops. Core
/// and low loss must have one dispersion (1e-6), else Error{bad_input}. Thread-safe.
class RichardsonLucy {
 public:
  RichardsonLucy(const EnergyAxis& core, const EnergyAxis& low, const RichardsonLucyOptions& options = {});
  ~RichardsonLucy();
  RichardsonLucy(RichardsonLucy&&) noexcept;
  RichardsonLucy& operator=(RichardsonLucy&&) noexcept;
  RichardsonLucy(const RichardsonLucy&) = delete;
  RichardsonLucy& operator=(const RichardsonLucy&) = delete;

  /// `counts` raw core loss; `background` expected counts under it. Channels up to the first positive background are
  /// left out and stay 0: let it begin at the end of the fit window, since noise in front of the edge can only be
  /// taken for signal (2–4 % of it). `peak` is the zero-loss peak of `low`. A refused item is 0.
  RichardsonLucyResult apply(std::span<const float> counts, std::span<const double> background,
                             std::span<const float> low, const ZeroLoss& peak, std::span<float> out) const;

 private:
  struct Plan;
  std::unique_ptr<const Plan> plan_;
};

}  // namespace hotstage::eels
