// SPDX-License-Identifier: GPL-3.0-or-later
// Fourier-log deconvolution: the single-scattering distribution of a low-loss spectrum, at any thickness its noise
// allows.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace hotstage::eels {

struct FourierLogOptions {
  Modifier modifier = Modifier::zlp;
  ZeroLossTail zero_loss_tail = ZeroLossTail::first_minimum;
  std::optional<Energy> gaussian_fwhm;  ///< unset: that of the zero-loss peak
  double noise_factor = 1.0;            ///< variance/mean of the counts
  Energy tail_window = 40.0 * units::eV;
  Energy required_range = 100.0 * units::eV;
  double max_thickness = 5.0;

  template <class V>
  void fields(V& v) {
    v("modifier", modifier,
      {.help = "resolution of the result: that of the measured zero-loss peak, a gaussian, or the noise floor"});
    v("zero_loss_tail", zero_loss_tail,
      {.help = "where the zero-loss peak ends: at the first minimum, or mirrored from its left side"});
    v("gaussian_fwhm", gaussian_fwhm,
      {.help = "width of the gaussian modifier; that of the zero-loss peak when unset", .unit = "eV", .min = 0.0});
    v("noise_factor", noise_factor, {.help = "variance divided by mean of the counts", .min = 1e-9});
    v("tail_window", tail_window,
      {.help = "end of the spectrum from which the power-law extension is taken", .unit = "eV", .min = 0.0});
    v("required_range", required_range,
      {.help = "energy loss the spectrum must reach; below half of it the result is refused",
       .unit = "eV",
       .min = 0.0});
    v("max_thickness", max_thickness, {.help = "t/lambda above which the result is refused", .min = 0.0});
  }
};

/// What came out for one spectrum. A refused one leaves zeros in the arrays.
struct FourierLogResult {
  DeconvolutionStatus status = DeconvolutionStatus::refused_zero_loss;
  Estimate thickness;            ///< t/λ = ΣS/I0 = ln(It/I0), the tail beyond the axis included; σ of counting
  double tail_difference = 0.0;  ///< t/λ by the other end of the zero-loss peak minus `thickness`: systematic
  double extended_share = 0.0;   ///< share of It that lies beyond the axis (extrapolated)
  double sum_rule = 0.0;         ///< (ΣS/I0)/ln(It/I0) − 1: 0 to rounding when all is well
  double largest_phase = 0.0;    ///< of F(J)/F(Z), rad; above π the principal branch of the logarithm is wrong
  Energy resolved{};             ///< 1/(2f) of the highest frequency above the noise: detail finer than this is as
                                 ///< measured, not deconvolved
};

/// S = F⁻¹[M·ln(F(J)/F(Z))], Egerton 2011 §4.3.1 (doi:10.1007/978-1-4419-9583-4), planned once for an axis.
///
/// Counts per channel on the axis of the low loss: ΣS = I0·t/λ with modifier zlp or gaussian (whose peak sum is I0).
/// The phase of F(J)/F(Z) is followed from frequency 0, where it is 0, so that ln takes the branch it has in the
/// specimen and not the principal one: |Im ln| ≤ t/λ, so they differ from t/λ = π on. The end of the spectrum is
/// continued as in FourierRatio. Where F(Z) sinks below its noise S tends to J − Z (modifier zlp) or 0.
/// Thread-safe with one Scratch per thread.
class FourierLog {
 public:
  class Scratch;

  /// Throws Error{bad_input} below 16 channels.
  explicit FourierLog(const EnergyAxis& low, const FourierLogOptions& options = {});
  ~FourierLog();
  FourierLog(FourierLog&&) noexcept;
  FourierLog& operator=(FourierLog&&) noexcept;
  FourierLog(const FourierLog&) = delete;
  FourierLog& operator=(const FourierLog&) = delete;

  [[nodiscard]] Scratch make_scratch() const;
  [[nodiscard]] std::size_t points() const;  ///< transform length

  /// Single scattering of one low loss into `out`, and its counting σ per channel into `sigma` when that is not empty
  /// (to first order, noise of the zero-loss peak included, gain = noise_factor). `peak` is its zero-loss peak.
  FourierLogResult apply(std::span<const float> low, const ZeroLoss& peak, Scratch& scratch, std::span<float> out,
                         std::span<float> sigma = {}) const;

  [[nodiscard]] const EnergyAxis& axis() const;
  [[nodiscard]] const FourierLogOptions& options() const;

 private:
  struct Plan;
  std::unique_ptr<const Plan> plan_;
};

/// Work arrays of one thread.
class FourierLog::Scratch {
 public:
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  ~Scratch();

 private:
  friend class FourierLog;
  struct Arrays;
  explicit Scratch(std::unique_ptr<Arrays> arrays);
  std::unique_ptr<Arrays> arrays_;
};

}  // namespace hotstage::eels
