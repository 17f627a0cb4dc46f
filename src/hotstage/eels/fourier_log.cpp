// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/fourier_log.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/log_kernel.hpp"
#include "hotstage/eels/detail/low_loss_parts.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"
#include "hotstage/num/fft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace hotstage::eels {
namespace {

using Complex = std::complex<double>;

constexpr double gaussian_fwhm = 2.3548200450309493;
constexpr double rounding = 1e-7;  // of float counts, relative to the largest: no transform is trusted below it
constexpr double trusted = 4.0;    // σ of the transform above which its phase is followed
constexpr double resolved = 0.25;  // F(Z)/I0 above which the specimen, not the resolution, hides F(J)

/// How far the transforms carry information.
struct Followed {
  std::size_t last = 0;  ///< highest frequency at which both F(J) and F(Z) stand above their noise, without a gap
  double largest_phase = 0.0;
  bool lost = false;  ///< F(J) sank into its noise where F(Z) is large
};

/// Standard deviation of one frequency of F(J) and F(Z).
struct Noise {
  double J = 0.0;
  double Z = 0.0;
};

/// Follows the phase from frequency 0: on entry principal values, whole turns are added in place. Beyond the noise the
/// principal branch stays, which is right where J → Z.
Followed follow_phase(std::span<const double> power_J, std::span<const double> power_Z, const Noise& noise,
                      std::span<double> phase) {
  constexpr double turn = 2.0 * std::numbers::pi;
  const double least_J = std::pow(trusted * noise.J, 2);
  const double least_Z = std::pow(trusted * noise.Z, 2);
  Followed result;
  double before = 0.0;
  double turns = 0.0;  // rad, added so far
  for (std::size_t k = 0; k < phase.size(); ++k) {
    if (power_J[k] < least_J || power_Z[k] < least_Z) {
      result.lost = power_J[k] < least_J && power_Z[k] > resolved * resolved * power_Z[0];
      break;
    }
    if (!(power_J[k] > 0.0) || !(power_Z[k] > 0.0)) {
      continue;
    }
    const double ahead = phase[k] + turns - before;
    if (std::abs(ahead) > std::numbers::pi) {
      turns -= turn * std::nearbyint(ahead / turn);
    }
    phase[k] += turns;
    before = phase[k];
    result.last = k;
    result.largest_phase = std::max(result.largest_phase, std::abs(phase[k]));
  }
  return result;
}

/// I0·G(f)·e^{−2πi k c/N}: a Gaussian of unit channel sum at the zero-loss position.
Complex gaussian_modifier(std::size_t k, std::size_t length, double centre, double fwhm_channels, double I0) {
  const auto n = static_cast<double>(length);
  const double x = std::numbers::pi * std::numbers::sqrt2 * fwhm_channels / gaussian_fwhm * static_cast<double>(k) / n;
  return std::polar(I0 * std::exp(-x * x), -2.0 * std::numbers::pi * std::fmod(static_cast<double>(k) * centre, n) / n);
}

/// Elastic and all counts of an extended spectrum.
struct Split {
  double I0 = 0.0;
  double It = 0.0;
};

}  // namespace

struct FourierLog::Scratch::Arrays {
  std::vector<float> low, inelastic;
  std::vector<double> real, variance, log_ratio, phase, power_J, power_Z;
  std::vector<Complex> J, Z, D, work, kernel;

  /// ln(J/Z)
  [[nodiscard]] Complex logarithm(std::size_t k) const { return {log_ratio[k], phase[k]}; }

  Arrays(std::size_t length, std::size_t bins)
      : low(length),
        inelastic(length),
        real(length),
        variance(length),
        log_ratio(bins),
        phase(bins),
        power_J(bins),
        power_Z(bins),
        J(bins),
        Z(bins),
        D(bins),
        work(bins),
        kernel(bins) {}
};

struct FourierLog::Plan {
  using Arrays = Scratch::Arrays;

  EnergyAxis low;
  FourierLogOptions options;
  std::size_t length = 0;
  std::size_t tail = 0;
  std::vector<float> bell;
  num::RealFft<double> fft;

  Plan(const EnergyAxis& axis, const FourierLogOptions& wanted)
      : low(axis),
        options(wanted),
        length(num::fast_size(2 * axis.size)),
        tail(detail::tail_channels(axis, wanted.tail_window)),
        bell(detail::cosine_bell(length - axis.size)),
        fft(length) {}

  /// Standard deviation of one frequency of the transform of so many counts.
  [[nodiscard]] double noise(double counts) const {
    return std::sqrt(options.noise_factor * std::max(counts, 0.0)) + rounding * std::abs(counts);
  }

  [[nodiscard]] bool keeps_peak() const { return options.modifier == Modifier::zlp; }

  /// Transform of the modifier at frequency k.
  [[nodiscard]] Complex modifier(const Arrays& s, std::size_t k, const ZeroLoss& peak, double I0) const {
    if (keeps_peak()) {
      return s.Z[k];
    }
    const double own = options.gaussian_fwhm ? options.gaussian_fwhm->base() : peak.fwhm_eV;
    const double fwhm = options.modifier == Modifier::wiener ? 0.0 : own / low.step_eV;
    return gaussian_modifier(k, length, peak.centre_channel, fwhm, I0);
  }

  /// 1 where F(Z) stands above its noise, 0 far below.
  [[nodiscard]] double weight(const Arrays& s, std::size_t k, double I0) const {
    const double floor = k == 0 ? 0.0 : noise(I0) * noise(I0);  // the sum is kept exactly
    return std::norm(s.Z[k]) / (std::norm(s.Z[k]) + floor);
  }

  Split split(std::span<const float> counts, const ZeroLoss& peak, Arrays& s, FourierLogResult& result) const;
  void transform(Arrays& s) const;
  void add_variance(Arrays& s, const ZeroLoss& peak, double I0, bool elastic) const;
};

FourierLog::Scratch::Scratch(std::unique_ptr<Arrays> arrays) : arrays_(std::move(arrays)) {}

FourierLog::Scratch::Scratch(Scratch&&) noexcept = default;
FourierLog::Scratch& FourierLog::Scratch::operator=(Scratch&&) noexcept = default;
FourierLog::Scratch::~Scratch() = default;

/// Extends the spectrum, splits off the inelastic part and measures the thickness.
Split FourierLog::Plan::split(std::span<const float> counts, const ZeroLoss& peak, Arrays& s,
                              FourierLogResult& result) const {
  std::copy(counts.begin(), counts.end(), s.low.begin());
  detail::extend(s.low, low.size, low.shifted(-peak.centre_eV), tail, bell);
  Split out;
  out.It = detail::sum(s.low.data(), length);
  const double beyond = detail::sum(s.low.data() + low.size, length - low.size);
  const ZeroLossTail other =
      options.zero_loss_tail == ZeroLossTail::mirror ? ZeroLossTail::first_minimum : ZeroLossTail::mirror;
  const double other_I0 = out.It - detail::split_inelastic(s.low, low, peak, other, s.inelastic);
  out.I0 = out.It - detail::split_inelastic(s.low, low, peak, options.zero_loss_tail, s.inelastic);
  if (!(out.I0 > 0.0) || !(out.It > 0.0)) {
    result.status = DeconvolutionStatus::refused_zero_loss;
    return out;
  }
  const double inelastic = std::max(out.It - out.I0, 0.0);
  result.thickness = {std::log(out.It / out.I0), std::sqrt(options.noise_factor * inelastic / (out.It * out.I0))};
  result.tail_difference = other_I0 > 0.0 ? std::log(out.I0 / other_I0) : 0.0;
  result.extended_share = beyond / out.It;
  if (result.thickness.value > options.max_thickness) {
    result.status = DeconvolutionStatus::refused_thick;
  }
  return out;
}

void FourierLog::Plan::transform(Arrays& s) const {
  std::copy(s.low.begin(), s.low.end(), s.real.begin());
  fft.forward(s.real, s.J);
  std::copy(s.inelastic.begin(), s.inelastic.end(), s.real.begin());
  fft.forward(s.real, s.D);
  for (std::size_t k = 0; k < s.Z.size(); ++k) {
    s.Z[k] = s.J[k] - s.D[k];
  }
}

/// δS = g ⊗ δD + h ⊗ δZ to first order, D and Z being independent counts: adds φ·g² ⊗ D or φ·h² ⊗ Z.
void FourierLog::Plan::add_variance(Arrays& s, const ZeroLoss& peak, double I0, bool elastic) const {
  for (std::size_t k = 0; k < s.work.size(); ++k) {
    const double w = weight(s, k, I0);
    Complex response = keeps_peak() && !elastic ? Complex(1.0 - w) : Complex();
    if (std::norm(s.J[k]) > 0.0 && std::norm(s.Z[k]) > 0.0) {
      const Complex m = modifier(s, k, peak, I0);
      response +=
          elastic ? w * ((keeps_peak() ? s.logarithm(k) : Complex()) - m * s.D[k] / (s.J[k] * s.Z[k])) : w * m / s.J[k];
    }
    s.work[k] = response;
  }
  fft.inverse(s.work, s.real);
  for (double& value : s.real) {
    value *= value;
  }
  fft.forward(s.real, s.kernel);
  std::fill(s.real.begin(), s.real.end(), 0.0);
  for (std::size_t i = 0; i < low.size; ++i) {
    const double inelastic = std::max(static_cast<double>(s.inelastic[i]), 0.0);
    s.real[i] = elastic ? std::max(static_cast<double>(s.low[i]) - inelastic, 0.0) : inelastic;
  }
  fft.forward(s.real, s.work);
  for (std::size_t k = 0; k < s.work.size(); ++k) {
    s.work[k] *= s.kernel[k];
  }
  fft.inverse(s.work, s.real);
  for (std::size_t i = 0; i < length; ++i) {
    s.variance[i] += options.noise_factor * std::max(s.real[i], 0.0);
  }
}

FourierLog::FourierLog(const EnergyAxis& low, const FourierLogOptions& options) {
  HOTSTAGE_EXPECTS(low.step_eV > 0.0);
  constexpr std::size_t fewest = 16;
  if (low.size < fewest) {
    throw Error(Errc::bad_input,
                fmt::format("a spectrum of {} channels is too short for a Fourier transform", low.size),
                "The low loss needs at least 16 channels");
  }
  plan_ = std::make_unique<const Plan>(low, options);
}

FourierLog::~FourierLog() = default;
FourierLog::FourierLog(FourierLog&&) noexcept = default;
FourierLog& FourierLog::operator=(FourierLog&&) noexcept = default;

const EnergyAxis& FourierLog::axis() const {
  return plan_->low;
}

const FourierLogOptions& FourierLog::options() const {
  return plan_->options;
}

std::size_t FourierLog::points() const {
  return plan_->length;
}

FourierLog::Scratch FourierLog::make_scratch() const {
  return Scratch(std::make_unique<Scratch::Arrays>(plan_->length, plan_->fft.bins()));
}

FourierLogResult FourierLog::apply(std::span<const float> counts, const ZeroLoss& peak, Scratch& scratch,
                                   std::span<float> out, std::span<float> sigma) const {
  const Plan& plan = *plan_;
  HOTSTAGE_EXPECTS(counts.size() == plan.low.size && out.size() == counts.size() &&
                   (sigma.empty() || sigma.size() == counts.size()));
  std::fill(out.begin(), out.end(), 0.0F);
  std::fill(sigma.begin(), sigma.end(), 0.0F);
  FourierLogResult result;
  result.status = detail::grade(plan.low, peak, plan.options.required_range);
  if (!was_done(result.status)) {
    return result;
  }
  Scratch::Arrays& s = *scratch.arrays_;
  const Split split = plan.split(counts, peak, s, result);
  if (!was_done(result.status)) {
    return result;
  }
  plan.transform(s);
  detail::logarithm_of_ratio(s.J.data(), s.Z.data(), s.log_ratio.data(), s.phase.data(), s.power_J.data(),
                             s.power_Z.data(), s.J.size());
  const Followed followed = follow_phase(s.power_J, s.power_Z, {plan.noise(split.It), plan.noise(split.I0)}, s.phase);
  const auto last = static_cast<double>(std::max<std::size_t>(followed.last, 1));
  result.largest_phase = followed.largest_phase;
  result.resolved = 0.5 * static_cast<double>(plan.length) / last * plan.low.step_eV * units::eV;
  if (followed.lost) {
    result.status = DeconvolutionStatus::refused_noise;
    return result;
  }
  if (plan.keeps_peak()) {
    detail::weighted_logarithm(s.Z.data(), s.D.data(), s.log_ratio.data(), s.phase.data(),
                               std::pow(plan.noise(split.I0), 2), s.work.data(), s.work.size());
  } else {
    for (std::size_t k = 0; k < s.work.size(); ++k) {
      s.work[k] = plan.weight(s, k, split.I0) * plan.modifier(s, k, peak, split.I0) * s.logarithm(k);
    }
  }
  plan.fft.inverse_unscaled(s.work, s.real);
  const double scale = 1.0 / static_cast<double>(plan.length);
  const double total = scale * detail::sum(s.real.data(), s.real.size());
  result.sum_rule = result.thickness.value > 0.0 ? total / (split.I0 * result.thickness.value) - 1.0 : 0.0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(scale * s.real[i]);
  }
  if (!sigma.empty()) {
    std::fill(s.variance.begin(), s.variance.end(), 0.0);
    plan.add_variance(s, peak, split.I0, false);
    plan.add_variance(s, peak, split.I0, true);
    for (std::size_t i = 0; i < sigma.size(); ++i) {
      sigma[i] = static_cast<float>(std::sqrt(s.variance[i]));
    }
  }
  return result;
}

}  // namespace hotstage::eels
