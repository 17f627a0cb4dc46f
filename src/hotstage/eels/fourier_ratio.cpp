// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/fourier_ratio.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/fourier_kernel.hpp"
#include "hotstage/eels/detail/low_loss_parts.hpp"
#include "hotstage/eels/detail/power_law_kernel.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"
#include "hotstage/num/fft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels {
namespace {

constexpr double length_mismatch = 2e-4;  // of N·δ of the two transforms: 5 meV at a 25 eV plasmon
constexpr double float_rounding = 5e-7;   // of a single-precision transform, relative to its largest value

struct Lengths {
  std::size_t core = 0;
  std::size_t low = 0;
};

/// Transform lengths with N·δ_core = M·δ_low, at least the sum of both spectra.
Lengths choose_lengths(const EnergyAxis& core, const EnergyAxis& low) {
  const double ratio = core.step_eV / low.step_eV;
  const auto low_span = static_cast<std::size_t>(std::ceil(static_cast<double>(low.size) / ratio));
  const std::size_t fewest = core.size + low_span - 1;
  Lengths fallback;
  double best_mismatch = 1.0;
  for (std::size_t n = fewest; n < 2 * fewest + 64; ++n) {
    if (n % 2 != 0 || !num::is_good_size(n)) {
      continue;
    }
    const double exact = static_cast<double>(n) * ratio;
    const auto m = static_cast<std::size_t>(std::llround(exact));
    const double mismatch = std::abs(exact / static_cast<double>(m) - 1.0);
    if (m < low.size) {
      continue;
    }
    if (mismatch <= length_mismatch && num::is_good_size(m)) {
      return {n, m};
    }
    if (mismatch < best_mismatch) {
      best_mismatch = mismatch;
      fallback = {n, m};
    }
  }
  return fallback;
}

}  // namespace

std::string_view name(DeconvolutionStatus status) noexcept {
  switch (status) {
    case DeconvolutionStatus::ok:
      return "ok";
    case DeconvolutionStatus::short_low_loss:
      return "low loss is short";
    case DeconvolutionStatus::pre_edge_offset:
      return "signal before the edge is not zero";
    case DeconvolutionStatus::refused_short:
      return "refused: low loss is too short";
    case DeconvolutionStatus::refused_thick:
      return "refused: too thick";
    case DeconvolutionStatus::refused_zero_loss:
      return "refused: no usable zero-loss peak";
    case DeconvolutionStatus::refused_noise:
      return "refused: too thick for its noise";
  }
  return "";
}

struct FourierRatio::Plan {
  EnergyAxis core;
  EnergyAxis low;
  FourierRatioOptions options;
  Lengths lengths;
  std::size_t core_tail = 0;  ///< channels of the window the tail is fitted in
  std::size_t low_tail = 0;
  std::vector<float> core_bell;
  std::vector<float> low_bell;
  num::RealFft<float> core_fft;
  num::RealFft<float> low_fft;

  Plan(const EnergyAxis& core_axis, const EnergyAxis& low_axis, const FourierRatioOptions& given)
      : core(core_axis),
        low(low_axis),
        options(given),
        lengths(choose_lengths(core_axis, low_axis)),
        core_tail(detail::tail_channels(core_axis, given.tail_window)),
        low_tail(detail::tail_channels(low_axis, given.tail_window)),
        core_bell(detail::cosine_bell(lengths.core - core_axis.size)),
        low_bell(detail::cosine_bell(lengths.low - low_axis.size)),
        core_fft(lengths.core),
        low_fft(lengths.low) {}

  /// Of |F(J)|²: counting noise and rounding.
  [[nodiscard]] float floor(double It) const {
    return static_cast<float>(options.noise_factor * It + std::pow(float_rounding * It, 2));
  }

  /// Frequencies both transforms have.
  [[nodiscard]] std::size_t shared_bins() const { return std::min(core_fft.bins(), low_fft.bins()); }
};

struct FourierRatio::Scratch::Arrays {
  // `modifier` also holds the transform of weights in ratio_gradient.
  Buffer<float, 1> core;
  Buffer<float, 1> low;
  Buffer<float, 1> inelastic;
  Buffer<std::complex<float>, 1> core_spectrum;
  Buffer<std::complex<float>, 1> low_spectrum;
  Buffer<std::complex<float>, 1> inelastic_spectrum;
  std::vector<std::complex<float>> modifier;

  explicit Arrays(const Plan& plan)
      : core({plan.lengths.core}),
        low({plan.lengths.low}),
        inelastic({plan.lengths.low}),
        core_spectrum({plan.core_fft.bins()}),
        low_spectrum({plan.low_fft.bins()}),
        inelastic_spectrum({plan.low_fft.bins()}) {}
};

FourierRatio::Scratch::Scratch(std::unique_ptr<Arrays> arrays) : arrays_(std::move(arrays)) {}

FourierRatio::Scratch::Scratch(Scratch&&) noexcept = default;
FourierRatio::Scratch& FourierRatio::Scratch::operator=(Scratch&&) noexcept = default;
FourierRatio::Scratch::~Scratch() = default;

namespace {

template <class T>
std::span<T> span_of(Buffer<T, 1>& buffer) {
  return {buffer.data(), buffer.size()};
}

}  // namespace

FourierRatio::FourierRatio(const EnergyAxis& core, const EnergyAxis& low, const FourierRatioOptions& options) {
  HOTSTAGE_EXPECTS(core.step_eV > 0.0 && low.step_eV > 0.0);
  constexpr std::size_t fewest = 16;
  if (core.size < fewest || low.size < fewest) {
    throw Error(Errc::bad_input,
                fmt::format("spectra of {} and {} channels are too short for a Fourier transform", core.size, low.size),
                "Both spectra need at least 16 channels");
  }
  constexpr double largest_step_ratio = 20.0;
  const double steps = std::max(core.step_eV / low.step_eV, low.step_eV / core.step_eV);
  if (steps > largest_step_ratio) {
    throw Error(Errc::bad_input,
                fmt::format("core loss has {:g} eV per channel, low loss {:g}", core.step_eV, low.step_eV),
                "Check the dispersion of both files");
  }
  plan_ = std::make_unique<const Plan>(core, low, options);
}

FourierRatio::~FourierRatio() = default;
FourierRatio::FourierRatio(FourierRatio&&) noexcept = default;
FourierRatio& FourierRatio::operator=(FourierRatio&&) noexcept = default;

const EnergyAxis& FourierRatio::core_axis() const {
  return plan_->core;
}

const EnergyAxis& FourierRatio::low_axis() const {
  return plan_->low;
}

const FourierRatioOptions& FourierRatio::options() const {
  return plan_->options;
}

std::size_t FourierRatio::core_points() const {
  return plan_->lengths.core;
}

std::size_t FourierRatio::low_points() const {
  return plan_->lengths.low;
}

FourierRatio::Scratch FourierRatio::make_scratch() const {
  return Scratch(std::make_unique<Scratch::Arrays>(*plan_));
}

std::size_t FourierRatio::scratch_bytes() const {
  // Three real arrays, their spectra, the modifier and the ratio of a transform: 4 bytes per real point, twice.
  return 2 * sizeof(float) * (plan_->lengths.core + 2 * plan_->lengths.low) +
         2 * sizeof(std::complex<float>) * plan_->core_fft.bins();
}

LowLossTransform FourierRatio::transform(std::span<const float> low, const ZeroLoss& peak, Scratch& scratch,
                                         KeepLowLoss keep) const {
  const Plan& plan = *plan_;
  HOTSTAGE_EXPECTS(low.size() == plan.low.size);
  LowLossTransform result;
  result.status = detail::grade(plan.low, peak, plan.options.required_range);
  if (!was_done(result.status)) {
    return result;
  }
  Scratch::Arrays& s = *scratch.arrays_;
  std::copy(low.begin(), low.end(), s.low.data());
  detail::extend(span_of(s.low), plan.low.size, plan.low.shifted(-peak.centre_eV), plan.low_tail, plan.low_bell);
  result.It = detail::sum(s.low.data(), s.low.size());
  result.I0 = result.It - detail::split_inelastic(span_of(s.low), plan.low, peak, plan.options.zero_loss_tail,
                                                  span_of(s.inelastic));
  if (!(result.I0 > 0.0) || !(result.It > 0.0)) {
    result.status = DeconvolutionStatus::refused_zero_loss;
    return result;
  }
  if (std::log(result.It / result.I0) > plan.options.max_thickness) {
    result.status = DeconvolutionStatus::refused_thick;
    return result;
  }
  plan.low_fft.forward(span_of(s.low), span_of(s.low_spectrum));
  if (keep == KeepLowLoss::yes) {
    result.spectrum.assign(s.low_spectrum.data(), s.low_spectrum.data() + s.low_spectrum.size());
    result.counts = low;
    result.peak = peak;
  }
  const float floor = plan.floor(result.It);
  const std::size_t bins = plan.shared_bins();
  const float scale = 1.0F / static_cast<float>(plan.lengths.core);
  std::size_t floored = plan.core_fft.bins() - bins;
  if (plan.options.modifier == Modifier::zlp) {
    // Frequencies above the low loss' own limit stay as they are: the ratio tends to 1 there.
    result.ratio.assign(plan.core_fft.bins(), std::complex<float>(scale));
    plan.low_fft.forward(span_of(s.inelastic), span_of(s.inelastic_spectrum));
    floored +=
        detail::zlp_ratio(s.low_spectrum.data(), s.inelastic_spectrum.data(), floor, scale, result.ratio.data(), bins);
  } else {
    result.ratio.assign(plan.core_fft.bins(), std::complex<float>());
    const double own = peak.fwhm_eV;
    const double width =
        plan.options.modifier == Modifier::wiener
            ? 0.0
            : (plan.options.gaussian_fwhm ? plan.options.gaussian_fwhm->base() : own) / plan.low.step_eV;
    s.modifier.resize(bins);
    // A Gaussian of unit channel sum has the transform e^{−2(πσf)²}.
    const double sigma = width / 2.3548200450309493;
    const double per_bin = std::numbers::pi * std::numbers::sqrt2 * sigma / static_cast<double>(plan.lengths.low);
    detail::gaussian_transform(result.I0 * static_cast<double>(scale), per_bin, peak.centre_channel, plan.lengths.low,
                               s.modifier.data(), bins);
    floored += detail::wiener_ratio(s.low_spectrum.data(), s.modifier.data(), floor, result.ratio.data(), bins);
  }
  result.floored = static_cast<double>(floored) / static_cast<double>(plan.core_fft.bins());
  return result;
}

Deconvolution FourierRatio::apply(std::span<const float> core, const LowLossTransform& low, Scratch& scratch,
                                  std::span<float> out) const {
  const Plan& plan = *plan_;
  HOTSTAGE_EXPECTS(core.size() == plan.core.size && out.size() == plan.core.size);
  Deconvolution result;
  result.status = low.status;
  if (!was_done(low.status)) {
    std::copy(core.begin(), core.end(), out.begin());
    return result;
  }
  HOTSTAGE_EXPECTS(low.ratio.size() == plan.core_fft.bins());
  Scratch::Arrays& s = *scratch.arrays_;
  std::copy(core.begin(), core.end(), s.core.data());
  detail::extend(span_of(s.core), plan.core.size, plan.core, plan.core_tail, plan.core_bell);
  const double inside = detail::sum(s.core.data(), plan.core.size);
  const double total = inside + detail::sum(s.core.data() + plan.core.size, plan.lengths.core - plan.core.size);
  const double magnitude = detail::sum_of_magnitudes(s.core.data(), s.core.size());
  plan.core_fft.forward(span_of(s.core), span_of(s.core_spectrum));
  detail::multiply(s.core_spectrum.data(), low.ratio.data(), low.ratio.size());
  plan.core_fft.inverse_unscaled(span_of(s.core_spectrum), span_of(s.core));
  std::copy_n(s.core.data(), plan.core.size, out.begin());
  const double share = low.I0 / low.It;
  const double single = detail::sum(s.core.data(), s.core.size());
  result.thickness = -std::log(share);
  result.floored = low.floored;
  result.sum_rule = magnitude > 0.0 ? (single - total * share) / (magnitude * share) : 0.0;
  result.extended_fraction = total != 0.0 ? (total - inside) / total : 0.0;
  return result;
}

std::vector<double> FourierRatio::window_weights(const ChannelRange& window, const LowLossTransform& low,
                                                 Scratch& scratch) const {
  HOTSTAGE_EXPECTS(window.last <= plan_->core.size && window.first <= window.last);
  std::vector<double> weights(plan_->core.size, 0.0);
  std::fill(weights.begin() + static_cast<std::ptrdiff_t>(window.first),
            weights.begin() + static_cast<std::ptrdiff_t>(window.last), 1.0);
  return adjoint(weights, low, scratch);
}

std::vector<double> FourierRatio::adjoint(std::span<const double> weights, const LowLossTransform& low,
                                          Scratch& scratch) const {
  const Plan& plan = *plan_;
  HOTSTAGE_EXPECTS(weights.size() == plan.core.size);
  std::vector<double> out(weights.begin(), weights.end());
  if (!was_done(low.status)) {
    return out;
  }
  Scratch::Arrays& s = *scratch.arrays_;
  std::fill_n(s.core.data(), s.core.size(), 0.0F);
  for (std::size_t i = 0; i < out.size(); ++i) {
    s.core.data()[i] = static_cast<float>(weights[i]);
  }
  plan.core_fft.forward(span_of(s.core), span_of(s.core_spectrum));
  detail::multiply_conjugate(s.core_spectrum.data(), low.ratio.data(), low.ratio.size());
  plan.core_fft.inverse_unscaled(span_of(s.core_spectrum), span_of(s.core));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<double>(s.core.data()[i]);
  }
  return out;
}

double FourierRatio::ratio_gradient(std::span<const double> weights, std::span<const float> core,
                                    const LowLossTransform& low, Scratch& scratch) const {
  const Plan& plan = *plan_;
  Scratch::Arrays& s = *scratch.arrays_;
  const std::size_t channels = plan.core.size;
  std::transform(weights.begin(), weights.end(), s.core.data(), [](double w) { return static_cast<float>(w); });
  std::fill(s.core.data() + channels, s.core.data() + s.core.size(), 0.0F);
  plan.core_fft.forward(span_of(s.core), span_of(s.core_spectrum));
  s.modifier.assign(s.core_spectrum.data(), s.core_spectrum.data() + s.core_spectrum.size());
  std::copy(core.begin(), core.end(), s.core.data());
  detail::extend(span_of(s.core), channels, plan.core, plan.core_tail, plan.core_bell);
  plan.core_fft.forward(span_of(s.core), span_of(s.core_spectrum));
  detail::multiply_conjugate(s.core_spectrum.data(), s.modifier.data(), s.modifier.size());
  const std::size_t bins = plan.shared_bins();
  const float scale = 1.0F / static_cast<float>(plan.lengths.core);
  const float offset = plan.options.modifier == Modifier::zlp ? 1.0F : 0.0F;
  std::fill(s.low_spectrum.data() + bins, s.low_spectrum.data() + s.low_spectrum.size(), std::complex<float>());
  std::fill(s.inelastic_spectrum.data() + bins, s.inelastic_spectrum.data() + s.inelastic_spectrum.size(),
            std::complex<float>());
  // conj(F(w))·F(K) is scaled here, once: gradients come out per count.
  double total = 0.0;
  for (std::size_t k = 0; k < s.core_spectrum.size(); ++k) {
    std::complex<float>& A = s.core_spectrum.data()[k];
    const std::complex<float> R = low.ratio[k];
    const double twice = k == 0 || 2 * k == plan.lengths.core ? 1.0 : 2.0;
    total += twice * static_cast<double>(A.real() * R.real() - A.imag() * R.imag());
    A *= scale;
  }
  detail::ratio_gradient({s.core_spectrum.data(), low.spectrum.data(), low.ratio.data()}, plan.floor(low.It), scale,
                         offset, s.low_spectrum.data(), s.inelastic_spectrum.data(), bins);
  plan.low_fft.inverse_unscaled(span_of(s.low_spectrum), span_of(s.low));
  plan.low_fft.inverse_unscaled(span_of(s.inelastic_spectrum), span_of(s.inelastic));
  return total;
}

std::vector<double> FourierRatio::low_loss_response(std::span<const double> weights, std::span<const float> core,
                                                    const LowLossTransform& low, Scratch& scratch) const {
  const Plan& plan = *plan_;
  HOTSTAGE_EXPECTS(weights.size() == plan.core.size && core.size() == plan.core.size);
  std::vector<double> gradient(plan.lengths.low, 0.0);
  if (was_done(low.status)) {
    HOTSTAGE_EXPECTS(low.spectrum.size() == plan.low_fft.bins() && low.counts.size() == plan.low.size);
    Scratch::Arrays& s = *scratch.arrays_;
    const bool zlp = plan.options.modifier == Modifier::zlp;
    const double total = ratio_gradient(weights, core, low, scratch);
    const double by_I0 = zlp ? 0.0 : total / low.I0;  // the other modifiers are scaled to the peak found
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      gradient[i] = static_cast<double>(s.low.data()[i]) + by_I0;
      s.inelastic.data()[i] = zlp ? s.inelastic.data()[i] : static_cast<float>(-by_I0);
    }
    detail::split_adjoint(low.counts, plan.low, low.peak, plan.options.zero_loss_tail, span_of(s.inelastic), gradient);
    detail::extend_adjoint(gradient, low.counts, plan.low.shifted(-low.peak.centre_eV), plan.low_tail, plan.low_bell);
  }
  gradient.resize(plan.low.size);
  return gradient;
}

void deconvolve(const FourierRatio& plan, const DualTile& tile, FourierRatio::Scratch& scratch, View<float, 2> out,
                std::span<Deconvolution> results) {
  const std::size_t items = tile.core.extent(0);
  HOTSTAGE_EXPECTS(tile.low.extent(0) == items && tile.peaks.size() == items && results.size() == items &&
                   out.extents() == tile.core.extents());
  for (std::size_t i = 0; i < items; ++i) {
    const LowLossTransform low = plan.transform(tile.low.row(i), tile.peaks[i], scratch);
    results[i] = plan.apply(tile.core.row(i), low, scratch, out.row(i));
  }
}

DeconvolutionStatus check_pre_edge(std::span<const float> net, std::span<const float> counts,
                                   const ChannelRange& pre_edge, const PowerLaw& background, double sigmas) {
  HOTSTAGE_EXPECTS(net.size() == counts.size() && pre_edge.last <= net.size());
  const std::size_t after = net.size() - pre_edge.last;
  if (pre_edge.empty() || after == 0) {
    return DeconvolutionStatus::ok;
  }
  constexpr double smallest_share = 0.01;
  const auto n = static_cast<double>(pre_edge.size());
  const double mean = integrate(net, pre_edge) / n;
  const double sigma = std::sqrt(background.noise_factor * std::max(integrate(counts, pre_edge), 0.0)) / n;
  const double signal = integrate(net, {pre_edge.last, net.size()}) / static_cast<double>(after);
  const bool offset = std::abs(mean) > sigmas * sigma && std::abs(mean) > smallest_share * std::abs(signal);
  return offset ? DeconvolutionStatus::pre_edge_offset : DeconvolutionStatus::ok;
}

namespace {

/// The same through add_fit_response: for every background but the plain power law.
Estimate weighted_by_response(std::span<const double> weights, std::span<const float> counts, const EnergyAxis& axis,
                              const PowerLaw& background) {
  const std::size_t first = std::min(background.window.first, axis.size);
  std::vector<double> response(weights.begin(), weights.end());
  std::fill(response.begin(), response.begin() + static_cast<std::ptrdiff_t>(first), 0.0);
  std::vector<double> law(axis.size - first);
  predict(background, axis, {first, axis.size}, law);
  double net = 0.0;
  for (std::size_t i = first; i < axis.size; ++i) {
    net += response[i] * (static_cast<double>(counts[i]) - law[i - first]);
  }
  add_fit_response(background, axis, response);
  double variance = 0.0;
  for (std::size_t i = first; i < axis.size; ++i) {
    variance += response[i] * response[i] * std::max(static_cast<double>(counts[i]), 0.0);
  }
  return {net, std::sqrt(background.noise_factor * variance)};
}

}  // namespace

Estimate weighted_net_integral(std::span<const double> weights, std::span<const float> counts, const EnergyAxis& axis,
                               const PowerLaw& background) {
  HOTSTAGE_EXPECTS(weights.size() == counts.size() && counts.size() == axis.size);
  if (background.shape != BackgroundShape::power || background.pooled || !background.after.empty()) {
    return weighted_by_response(weights, counts, axis, background);
  }
  const std::size_t first = std::min(background.window.first, axis.size);
  const std::size_t n = axis.size - first;
  std::vector<double> law(n, 0.0);
  std::vector<double> slope(n, 0.0);
  if (background.A > 0.0) {
    const detail::Grid grid{axis.value(static_cast<double>(first)), axis.step_eV, n};
    detail::power_law_slope(grid, {background.A, background.r, background.reference_eV}, law.data(), slope.data());
  }
  double net = 0.0;
  double by_lnA = 0.0;
  double by_r = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double g = weights[first + i];
    net += g * (static_cast<double>(counts[first + i]) - law[i]);
    by_lnA += g * law[i];
    by_r += g * law[i] * slope[i];
  }
  // One more count in channel i of the fit window moves (ln A, r) by C·(1, ∂lnB/∂r), C the covariance for noise
  // factor 1.
  const double unit = background.noise_factor > 0.0 ? 1.0 / background.noise_factor : 0.0;
  const double pull_lnA = unit * (by_lnA * background.var_lnA + by_r * background.cov_lnA_r);
  const double pull_r = unit * (by_lnA * background.cov_lnA_r + by_r * background.var_r);
  double variance = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const bool fitted = first + i < background.window.last;
    const double pull = fitted ? pull_lnA + pull_r * slope[i] : 0.0;
    const double c = weights[first + i] - pull;
    variance += c * c * std::max(static_cast<double>(counts[first + i]), 0.0);
  }
  return {net, std::sqrt(background.noise_factor * variance)};
}

}  // namespace hotstage::eels
