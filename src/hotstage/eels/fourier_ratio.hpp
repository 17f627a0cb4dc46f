// SPDX-License-Identifier: GPL-3.0-or-later
// Fourier-ratio deconvolution: removes plural scattering from a background-free core-loss spectrum with its low loss.

#pragma once

#include "hotstage/eels/background.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::eels {

/// What replaces the low loss after division (the resolution of the result).
enum class Modifier {
  zlp,       ///< the measured zero-loss peak: resolution of the core loss is kept
  gaussian,  ///< a Gaussian of given FWHM
  wiener,    ///< nothing but the noise floor: sharpest, rings
};

constexpr auto enum_names(Modifier) {
  return std::array{EnumName<Modifier>{Modifier::zlp, "zlp"}, EnumName<Modifier>{Modifier::gaussian, "gaussian"},
                    EnumName<Modifier>{Modifier::wiener, "wiener"}};
}

struct FourierRatioOptions {
  Modifier modifier = Modifier::zlp;
  ZeroLossTail zero_loss_tail = ZeroLossTail::first_minimum;
  std::optional<Energy> gaussian_fwhm;  ///< unset: that of the zero-loss peak
  double noise_factor = 1.0;            ///< variance/mean of the low-loss counts: sets the noise floor
  Energy tail_window = 40.0 * units::eV;
  Energy required_range = 100.0 * units::eV;
  double max_thickness = 2.0;

  template <class V>
  void fields(V& v) {
    v("modifier", modifier,
      {.help =
           "resolution of the result: that of the measured zero-loss peak, a gaussian, or the noise floor (wiener)"});
    v("zero_loss_tail", zero_loss_tail,
      {.help = "where the zero-loss peak ends: at the first minimum, or mirrored from its left side"});
    v("gaussian_fwhm", gaussian_fwhm,
      {.help = "width of the gaussian modifier; that of the zero-loss peak when unset", .unit = "eV", .min = 0.0});
    v("noise_factor", noise_factor, {.help = "variance divided by mean of the low-loss counts", .min = 1e-9});
    v("tail_window", tail_window,
      {.help = "end of the spectrum from which the power-law extension is taken", .unit = "eV", .min = 0.0});
    v("required_range", required_range,
      {.help = "energy loss the low loss must reach; below half of it deconvolution is refused",
       .unit = "eV",
       .min = 0.0});
    v("max_thickness", max_thickness, {.help = "t/lambda above which the result is refused", .min = 0.0});
  }
};

enum class DeconvolutionStatus {
  ok,
  short_low_loss,     ///< low loss ends below required_range: done, but plural scattering is removed incompletely
  pre_edge_offset,    ///< signal in front of the edge is not zero within noise: done, expect ringing and a wrong level
  refused_short,      ///< low loss ends below half of required_range: not done
  refused_thick,      ///< t/λ above max_thickness: not done
  refused_zero_loss,  ///< no usable zero-loss peak (not found, split, cut): not done
  refused_noise       ///< the transform sinks into its noise where the specimen still shapes it: not done
};

[[nodiscard]] std::string_view name(DeconvolutionStatus status) noexcept;

[[nodiscard]] constexpr bool was_done(DeconvolutionStatus status) {
  return status <= DeconvolutionStatus::pre_edge_offset;
}

/// What came out for one item. A refused item is copied to `out` unchanged.
struct Deconvolution {
  DeconvolutionStatus status = DeconvolutionStatus::refused_zero_loss;
  double thickness = 0.0;          ///< ln(It/I0) of the counts used, tail included
  double sum_rule = 0.0;           ///< (Σk1 − Σ_ext K·I0/It)/(Σ_ext |K|·I0/It): 0 to rounding when all is well
  double floored = 0.0;            ///< fraction of frequencies where the noise floor decides
  double extended_fraction = 0.0;  ///< share of the extended core signal that is extrapolated tail
};

/// Whether a transform keeps what low_loss_response needs; it costs a copy of F(J).
enum class KeepLowLoss { no, yes };

/// The ratio I0·M/F(J) of one low-loss spectrum on the frequencies of a FourierRatio; may be shared by many core
/// spectra.
struct LowLossTransform {
  std::vector<std::complex<float>> ratio;  ///< one per frequency
  double I0 = 0.0;
  double It = 0.0;  ///< extended tail included
  double floored = 0.0;
  DeconvolutionStatus status = DeconvolutionStatus::refused_zero_loss;
  // With KeepLowLoss::yes:
  std::vector<std::complex<float>> spectrum;  ///< F(J)
  std::span<const float> counts;              ///< the spectrum given, not owned
  ZeroLoss peak;
};

/// k1 = F⁻¹[F(K)·M·I0/F(J)] (Egerton 2011, §4.3.2; doi:10.1007/978-1-4419-9583-4), planned once for a pair of axes.
///
/// The zero-loss peak Z of modifier zlp ends by `zero_loss_tail`; with first_minimum the inelastic counts are continued
/// below the minimum by a parabola to zero at the peak, so that Z has no cliff. Only the ratio I0/J enters, so
/// exposures, gains and areal doses of the two spectra cancel. Where F(J) sinks below its noise the zlp ratio tends to
/// 1 (that frequency is left alone), the others to 0. Steps may differ: the two transforms are given one frequency
/// spacing (lengths N·δ equal to 2e-4), so that neither spectrum is interpolated; ZLP at channel 0 by a phase. Result
/// and core share axis and unit (counts per channel). Thread-safe with one Scratch per thread.
class FourierRatio {
 public:
  class Scratch;

  FourierRatio(const EnergyAxis& core, const EnergyAxis& low, const FourierRatioOptions& options = {});
  ~FourierRatio();
  FourierRatio(FourierRatio&&) noexcept;
  FourierRatio& operator=(FourierRatio&&) noexcept;
  FourierRatio(const FourierRatio&) = delete;
  FourierRatio& operator=(const FourierRatio&) = delete;

  [[nodiscard]] Scratch make_scratch() const;
  /// Bytes of one Scratch, for sizing tiles.
  [[nodiscard]] std::size_t scratch_bytes() const;
  [[nodiscard]] std::size_t core_points() const;  ///< transform length
  [[nodiscard]] std::size_t low_points() const;

  /// Transform of one low-loss spectrum; `peak` is its zero-loss peak on the low axis.
  [[nodiscard]] LowLossTransform transform(std::span<const float> low, const ZeroLoss& peak, Scratch& scratch,
                                           KeepLowLoss keep = KeepLowLoss::no) const;

  /// Deconvolves one background-free core spectrum into `out` (same channels).
  Deconvolution apply(std::span<const float> core, const LowLossTransform& low, Scratch& scratch,
                      std::span<float> out) const;

  /// Weights g with Σ_window k1 = Σ_i g_i K_i: the adjoint of the deconvolution (tail extension left out). With a
  /// shared low loss they give window maps by one scalar product, and exact variances. Channels as in channels_in(core
  /// axis, window).
  [[nodiscard]] std::vector<double> window_weights(const ChannelRange& window, const LowLossTransform& low,
                                                   Scratch& scratch) const;

  /// The same for any linear functional: g with Σ w_i k1_i = Σ g_i K_i, w on all core channels.
  [[nodiscard]] std::vector<double> adjoint(std::span<const double> weights, const LowLossTransform& low,
                                            Scratch& scratch) const;

  /// h with δ(Σ w_i k1_i) = Σ_m h_m δJ_m to first order in the counts of the low loss: how its noise enters. `core` is
  /// the spectrum given to apply, `low` was kept. With R = 1 − D·J*/(|J|² + ε²), A = conj(F(w))·F(K):
  /// h = F⁻¹ of the gradient of Re Σ A·R by F(J) and F(D), carried back through zero-loss split and tail. Energies
  /// (place of peak and minimum) and the noise floor are held. Zero when the item was refused. Four transforms.
  [[nodiscard]] std::vector<double> low_loss_response(std::span<const double> weights, std::span<const float> core,
                                                      const LowLossTransform& low, Scratch& scratch) const;

  [[nodiscard]] const EnergyAxis& core_axis() const;
  [[nodiscard]] const EnergyAxis& low_axis() const;
  [[nodiscard]] const FourierRatioOptions& options() const;

 private:
  /// Gradients by F(J) and F(D), back on the channels of the low loss, in the low and inelastic arrays; Σ w_i k1_i.
  double ratio_gradient(std::span<const double> weights, std::span<const float> core, const LowLossTransform& low,
                        Scratch& scratch) const;

  struct Plan;
  std::unique_ptr<const Plan> plan_;
};

/// Work arrays of one thread.
class FourierRatio::Scratch {
 public:
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  ~Scratch();

 private:
  friend class FourierRatio;
  struct Arrays;
  explicit Scratch(std::unique_ptr<Arrays> arrays);
  std::unique_ptr<Arrays> arrays_;
};

/// Core and low-loss spectra of the same items. `peaks` are the zero-loss peaks of `low`.
struct DualTile {
  View<const float, 2> core;  ///< background-free
  View<const float, 2> low;
  std::span<const ZeroLoss> peaks;
};

/// Tile kernel: every core spectrum with its own low loss.
void deconvolve(const FourierRatio& plan, const DualTile& tile, FourierRatio::Scratch& scratch, View<float, 2> out,
                std::span<Deconvolution> results);

/// Mean of the background-free signal in `pre_edge` against its noise: sets pre_edge_offset when it is beyond
/// `sigmas` and above 1 % of the mean signal after the window. `counts` are the raw counts (for the noise).
[[nodiscard]] DeconvolutionStatus check_pre_edge(std::span<const float> net, std::span<const float> counts,
                                                 const ChannelRange& pre_edge, const PowerLaw& background,
                                                 double sigmas = 4.0);

/// Σ_i g_i (y_i − B_i) with its uncertainty: counting noise of every channel, the background's covariance, and the
/// correlation of the two (the fit window feels the same counts). Exact to first order for the poisson method.
[[nodiscard]] Estimate weighted_net_integral(std::span<const double> weights, std::span<const float> counts,
                                             const EnergyAxis& axis, const PowerLaw& background);

}  // namespace hotstage::eels
