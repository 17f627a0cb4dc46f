// SPDX-License-Identifier: GPL-3.0-or-later
// Background under an edge, integrated over channels: power law, exponential or sum of power laws; fit with covariance,
// extrapolation, subtraction, net integrals.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hotstage::eels {

enum class BackgroundMethod {
  poisson,        ///< power law, maximum likelihood
  two_area,       ///< power law, exact two-area exponent
  least_squares,  ///< power law, weighted least squares
  two_window,     ///< power law through a window before and one behind the edge, maximum likelihood
  local,          ///< power law, exponent shared by the neighbourhood of a scan (single spectra: poisson)
  exponential,    ///< A·exp(−r·(E − reference)/reference), maximum likelihood
  basis,          ///< Σ c_k·E^−k, k = 1 … 6, c_k ≥ 0: convex, maximum likelihood
};

constexpr auto enum_names(BackgroundMethod) {
  return std::array{EnumName<BackgroundMethod>{BackgroundMethod::poisson, "poisson"},
                    EnumName<BackgroundMethod>{BackgroundMethod::two_area, "two_area"},
                    EnumName<BackgroundMethod>{BackgroundMethod::least_squares, "least_squares"},
                    EnumName<BackgroundMethod>{BackgroundMethod::two_window, "two_window"},
                    EnumName<BackgroundMethod>{BackgroundMethod::local, "local"},
                    EnumName<BackgroundMethod>{BackgroundMethod::exponential, "exponential"},
                    EnumName<BackgroundMethod>{BackgroundMethod::basis, "basis"}};
}

enum class BackgroundStatus : std::uint8_t {
  ok,
  at_bound,        ///< r was held at a limit of BackgroundOptions; usable, σ too small
  no_counts,       ///< sum of the fit window ≤ 0; the background is 0
  not_decreasing,  ///< the counts rise through the fit window; r is held at its lower limit
  did_not_converge,
};

[[nodiscard]] std::string_view name(BackgroundStatus status) noexcept;

struct BackgroundOptions {
  BackgroundMethod method = BackgroundMethod::poisson;
  double r_min = 1.0;
  double r_max = 8.0;
  std::optional<double> noise_factor;  ///< variance/mean of the counts; unset: measured from the residuals of each fit
  Energy after_start = 100.0 * units::eV;  ///< of the second window, from the end of the first (two_window)
  Energy after_width = 50.0 * units::eV;
  double after_share = 1.0;  ///< part of the counts of the second window that is background
  int radius = 1;            ///< items on each side that share the exponent (local)

  template <class V>
  void fields(V& v) {
    v("method", method,
      {.help = "power law by maximum likelihood (poisson), exact two-area exponent, weighted least_squares, a window "
               "before and one behind the edge (two_window), or the exponent of the neighbourhood (local); "
               "exponential; basis: non-negative sum of E^-1 … E^-6"});
    v("r_min", r_min, {.help = "smallest exponent allowed", .min = 0.0, .max = 20.0});
    v("r_max", r_max, {.help = "largest exponent allowed", .min = 0.0, .max = 20.0});
    v("noise_factor", noise_factor,
      {.help = "variance divided by mean of the counts; measured from the residuals when unset", .min = 1e-9});
    v("after_start", after_start,
      {.help = "two_window: start of the second window, from the end of the first", .unit = "eV", .min = 0.0});
    v("after_width", after_width, {.help = "two_window: width of the second window", .unit = "eV", .min = 1.0});
    v("after_share", after_share,
      {.help = "two_window: part of the counts of the second window that is background", .min = 0.01, .max = 1.0});
    v("radius", radius, {.help = "local: items on each side that share the exponent", .min = 0, .max = 50});
  }
};

enum class BackgroundShape { power, exponential, basis };

/// Exponents of the basis are 1 … basis_terms.
inline constexpr std::size_t basis_terms = 6;

/// A fitted background. Power law: density A·(E/reference)^−r in counts per eV, E on the item's own (shifted) energy
/// axis. Exponential: A·exp(−r·(E/reference − 1)), so that r is the local exponent at the reference there too. Basis:
/// Σ weights[k]·(E/reference)^−(k+1); A and r are its value and local exponent at the reference.
struct PowerLaw {
  BackgroundShape shape = BackgroundShape::power;
  double A = 0.0;  ///< counts per eV at `reference_eV`
  double r = 0.0;
  double reference_eV = 1.0;  ///< geometric middle of the fit window
  double var_lnA = 0.0;       ///< covariance of (ln A, r), noise factor included
  double cov_lnA_r = 0.0;
  double var_r = 0.0;
  double chi2 = 0.0;  ///< Σ (y − B)²/B over the fit window
  int dof = 0;
  double noise_factor = 1.0;  ///< variance/mean used for the covariance: given, or chi2/dof ("gain check")
  BackgroundStatus status = BackgroundStatus::no_counts;
  ChannelRange window;                                                ///< channels the fit saw
  ChannelRange after;                                                 ///< and those of its second window
  bool pooled = false;                                                ///< r comes from other items too
  std::array<double, basis_terms> weights{};                          ///< basis: counts per eV at the reference
  std::array<std::array<double, basis_terms>, basis_terms> spread{};  ///< their covariance, noise factor included

  [[nodiscard]] bool usable() const { return status == BackgroundStatus::ok || status == BackgroundStatus::at_bound; }
};

/// Background between two energies (eV, on the item's shifted axis) and its derivatives.
struct BackgroundIntegral {
  double value = 0.0;
  double d_lnA = 0.0;
  double d_r = 0.0;
  double variance = 0.0;  ///< from the covariance of the fit
};

[[nodiscard]] BackgroundIntegral integral(const PowerLaw& background, const Window& energies);

/// Background-free counts of a window: raw − extrapolated background.
struct NetIntegral {
  double raw = 0.0;
  double background = 0.0;
  Estimate net;    ///< σ² = noise_factor·raw + extrapolation variance
  Window covered;  ///< energies of the channels summed

  [[nodiscard]] double signal_to_noise() const { return net.sigma > 0.0 ? net.value / net.sigma : 0.0; }
};

/// `axis` is the item's axis (EnergyAxis::shifted). The window should not overlap the fit window (σ ignores the
/// overlap).
[[nodiscard]] NetIntegral net_integral(std::span<const float> counts, const EnergyAxis& axis,
                                       const PowerLaw& background, const Window& window);

/// Background counts of every channel of `range` into `out` (range.size() elements); relative accuracy 1e-9.
void predict(const PowerLaw& background, const EnergyAxis& axis, const ChannelRange& range, std::span<double> out);

/// Counts − background from the start of the fit window on, 0 below it, into `out` (may be the same memory).
/// An unusable background (status no_counts) subtracts nothing.
void subtract(std::span<const float> counts, const EnergyAxis& axis, const PowerLaw& background, std::span<float> out);

/// Turns weights of a net integral into its response to the raw counts: response_j −= Σ_i response_i·∂B_i/∂y_j over
/// the channels from the fit window on (∂B/∂y of the maximum-likelihood fit). An exponent pooled over items (local)
/// counts as if its variance came from this item, so that σ of sums and ratios keeps it.
void add_fit_response(const PowerLaw& background, const EnergyAxis& axis, std::span<double> response);

/// What a window of one item tells about a power law: sums over its channels of the counts y, of y·ln(E/middle) and of
/// two small moments of the channel width.
struct WindowMoments {
  double y = 0.0;
  double yl = 0.0;
  double yu = 0.0;
  double yuu = 0.0;
  double half = 0.0;  ///< half width in ln E
};

/// Fits power laws in one window on one axis; what only depends on them is computed once. Thread-safe.
///
/// Every method integrates the power law over the channels exactly, so a noise-free power law is reproduced to
/// rounding. poisson: maximises Σ y ln B − B; with B summed over whole channels only Σy and Σy·∂lnB/∂r enter, so one
/// pass over the data and a scalar Newton iteration give it. two_area: S1/S2 of the two halves (cut at a channel edge)
/// solved for r (Egerton 2011, §4.4.2, doi:10.1007/978-1-4419-9583-4, with the exact integral in place of the
/// approximation). least_squares: Gauss–Newton with weights 1/B of the two-area law. two_window: likelihood of both
/// windows, where the second holds B/after_share (after Egerton & Malac 2002, doi:10.1016/S0304-3991(01)00155-3).
/// basis: likelihood over c ≥ 0, a convex problem, by reweighted non-negative least squares. Negative counts of
/// gain-corrected files are data like any other.
class PowerLawFitter {
 public:
  /// Throws Error{bad_input} when the window holds fewer than 4 channels of the axis or begins below 10 channel widths
  /// of 0 eV.
  PowerLawFitter(const EnergyAxis& axis, const Window& window, const BackgroundOptions& options = {});

  /// `counts` is the whole spectrum; `shift_eV` moves the axis of this item, and with it the channels of the window.
  /// A window that leaves the axis by the shift is clipped; below 4 channels the status is no_counts.
  [[nodiscard]] PowerLaw fit(std::span<const float> counts, double shift_eV = 0.0) const;

  /// Fits A alone; r and its σ come from elsewhere (a mean over neighbours, a reference).
  [[nodiscard]] PowerLaw fit_amplitude(std::span<const float> counts, const Estimate& r, double shift_eV = 0.0) const;

  /// For local background averaging: moments of one item, and the exponent that all of them together say.
  [[nodiscard]] WindowMoments moments(std::span<const float> counts, double shift_eV = 0.0) const;
  [[nodiscard]] Estimate pooled_exponent(const WindowMoments& sum) const;

  [[nodiscard]] const EnergyAxis& axis() const { return axis_; }

  [[nodiscard]] const Window& window() const { return window_; }

  [[nodiscard]] const BackgroundOptions& options() const { return options_; }

 private:
  EnergyAxis axis_;
  Window window_;
  BackgroundOptions options_;
};

/// Tile kernel: fits every item, writes counts − background into `out` and the laws into `fits` (one per item).
void subtract_background(const SpectrumTile& tile, const PowerLawFitter& fitter, View<float, 2> out,
                         std::span<PowerLaw> fits);

}  // namespace hotstage::eels
