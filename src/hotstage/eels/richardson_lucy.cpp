// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/richardson_lucy.hpp"

#include "hotstage/core/error.hpp"
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

}  // namespace

std::string_view name(StopReason reason) noexcept {
  switch (reason) {
    case StopReason::not_done:
      return "not done";
    case StopReason::noise_reached:
      return "noise reached";
    case StopReason::no_improvement:
      return "no improvement";
    case StopReason::max_iterations:
      return "iterations exhausted";
  }
  return "";
}

struct RichardsonLucy::Plan {
  EnergyAxis core;
  EnergyAxis low;
  RichardsonLucyOptions options;
  num::RealFft<double> fft;

  Plan(const EnergyAxis& core_axis, const EnergyAxis& low_axis, const RichardsonLucyOptions& wanted)
      : core(core_axis), low(low_axis), options(wanted), fft(num::good_size(core_axis.size + low_axis.size)) {}

  /// Transform of a kernel of unit sum whose zero lies at `centre`; negative noise is cut off.
  [[nodiscard]] std::vector<Complex> kernel(std::span<const float> counts, double centre) const {
    std::vector<double> values(fft.size(), 0.0);
    double sum = 0.0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      values[i] = std::max(static_cast<double>(counts[i]), 0.0);
      sum += values[i];
    }
    std::vector<Complex> spectrum(fft.bins());
    fft.forward(values, spectrum);
    const auto n = static_cast<double>(fft.size());
    for (std::size_t k = 0; k < spectrum.size(); ++k) {
      spectrum[k] *= std::polar(1.0 / sum, 2.0 * std::numbers::pi * std::fmod(static_cast<double>(k) * centre, n) / n);
    }
    return spectrum;
  }
};

namespace {

/// Convolution with a kernel and with its mirror image; one per call.
class Blur {
 public:
  Blur(const num::RealFft<double>& fft, const std::vector<Complex>& kernel)
      : fft_(fft), kernel_(kernel), real_(fft.size()), spectrum_(fft.bins()) {}

  /// Values are those of the axis; what leaves it is lost.
  void forward(std::span<const double> in, std::span<double> out) { run(in, out, false); }

  void adjoint(std::span<const double> in, std::span<double> out) { run(in, out, true); }

 private:
  void run(std::span<const double> in, std::span<double> out, bool mirrored) {
    std::fill(std::copy(in.begin(), in.end(), real_.begin()), real_.end(), 0.0);
    fft_.forward(real_, spectrum_);
    for (std::size_t k = 0; k < spectrum_.size(); ++k) {
      spectrum_[k] *= mirrored ? std::conj(kernel_[k]) : kernel_[k];
    }
    fft_.inverse(spectrum_, real_);
    // Rounding of the transform must not make a model of counts negative.
    std::transform(real_.begin(), real_.begin() + static_cast<std::ptrdiff_t>(out.size()), out.begin(),
                   [](double v) { return std::max(v, 0.0); });
  }

  const num::RealFft<double>& fft_;
  const std::vector<Complex>& kernel_;
  std::vector<double> real_;
  std::vector<Complex> spectrum_;
};

/// The iteration on the channels from the first with a background on.
class Iteration {
 public:
  Iteration(std::span<const float> counts, std::span<const double> background, const RichardsonLucyOptions& options)
      : options_(options), background_(background.begin(), background.end()), counts_(counts.begin(), counts.end()) {
    double above = 0.0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] = std::max(counts_[i], 0.0);
      above += counts_[i] - background_[i];
    }
    above_ = above;
  }

  [[nodiscard]] double above() const { return above_; }

  std::vector<double> run(Blur& blur, RichardsonLucyResult& result) const {
    const std::size_t n = counts_.size();
    std::vector<double> sensitivity(n), ratio(n, 1.0), model(n), correction(n);
    blur.adjoint(ratio, sensitivity);
    constexpr double unseen = 1e-6;  // channels that scatter off the axis altogether
    // Start: what stands above the background, and a little everywhere, since a zero stays one.
    constexpr double seed = 0.01;
    std::vector<double> k(n);
    for (std::size_t i = 0; i < n; ++i) {
      k[i] = std::max(counts_[i] - background_[i], 0.0) + seed * above_ / static_cast<double>(n);
    }
    double chi2 = 0.0;
    for (int iteration = 0; iteration <= options_.max_iterations; ++iteration) {
      blur.forward(k, model);
      const double scattered = detail::sum(model.data(), n);
      const double scale = scattered > 0.0 ? above_ / scattered : 0.0;
      double misfit = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        k[i] *= scale;
        const double m = std::max(background_[i] + scale * model[i], 1e-12);
        ratio[i] = counts_[i] / m;
        misfit += (counts_[i] - m) * (counts_[i] - m) / std::max(m, 1.0);
      }
      misfit /= options_.noise_factor * static_cast<double>(n);
      result.iterations = iteration;
      result.chi2_per_channel = misfit;
      result.sum_rule = scattered > 0.0 ? scale * scattered / above_ - 1.0 : 0.0;
      const bool steady = iteration > 0 && misfit > (1.0 - options_.least_improvement) * chi2;
      chi2 = misfit;
      const bool enough = iteration >= options_.min_iterations && (misfit <= 1.0 || steady);
      if (enough || iteration >= options_.max_iterations) {
        result.stopped = misfit <= 1.0 ? StopReason::noise_reached
                                       : (steady ? StopReason::no_improvement : StopReason::max_iterations);
        break;
      }
      blur.adjoint(ratio, correction);
      for (std::size_t i = 0; i < n; ++i) {
        k[i] *= sensitivity[i] > unseen ? correction[i] / sensitivity[i] : 1.0;
      }
    }
    return k;
  }

 private:
  const RichardsonLucyOptions& options_;
  std::vector<double> background_;
  std::vector<double> counts_;
  double above_ = 0.0;
};

}  // namespace

RichardsonLucy::RichardsonLucy(const EnergyAxis& core, const EnergyAxis& low, const RichardsonLucyOptions& options) {
  constexpr std::size_t fewest = 16;
  constexpr double same = 1e-6;
  if (core.size < fewest || low.size < fewest || std::abs(core.step_eV / low.step_eV - 1.0) > same) {
    throw Error(Errc::bad_input,
                fmt::format("core loss: {} channels of {:g} eV, low loss: {} of {:g} eV", core.size, core.step_eV,
                            low.size, low.step_eV),
                "Richardson–Lucy needs one dispersion and at least 16 channels; Fourier-ratio takes any two steps");
  }
  plan_ = std::make_unique<const Plan>(core, low, options);
}

RichardsonLucy::~RichardsonLucy() = default;
RichardsonLucy::RichardsonLucy(RichardsonLucy&&) noexcept = default;
RichardsonLucy& RichardsonLucy::operator=(RichardsonLucy&&) noexcept = default;

RichardsonLucyResult RichardsonLucy::apply(std::span<const float> counts, std::span<const double> background,
                                           std::span<const float> low, const ZeroLoss& peak,
                                           std::span<float> out) const {
  const Plan& plan = *plan_;
  HOTSTAGE_EXPECTS(counts.size() == plan.core.size && background.size() == counts.size() &&
                   low.size() == plan.low.size && out.size() == counts.size());
  std::fill(out.begin(), out.end(), 0.0F);
  RichardsonLucyResult result;
  result.status = detail::grade(plan.low, peak, plan.options.required_range);
  if (!was_done(result.status)) {
    return result;
  }
  std::vector<float> elastic(low.size());
  const double inelastic = detail::split_inelastic(low, plan.low, peak, plan.options.zero_loss_tail, elastic);
  for (std::size_t i = 0; i < low.size(); ++i) {
    elastic[i] = low[i] - elastic[i];
  }
  const double It = detail::sum(low.data(), low.size());
  const double I0 = It - inelastic;
  if (!(I0 > 0.0) || !(It > 0.0)) {
    result.status = DeconvolutionStatus::refused_zero_loss;
    return result;
  }
  result.thickness = std::log(It / I0);
  if (result.thickness > plan.options.max_thickness) {
    result.status = DeconvolutionStatus::refused_thick;
    return result;
  }
  const auto first = static_cast<std::size_t>(
      std::find_if(background.begin(), background.end(), [](double b) { return b > 0.0; }) - background.begin());
  const std::size_t start = first < counts.size() ? first : 0;  // no background at all: every channel counts
  const Iteration iteration(counts.subspan(start), background.subspan(start), plan.options);
  if (!(iteration.above() > 0.0)) {
    return result;  // nothing above the background: nothing to distribute
  }
  const std::vector<Complex> scattering = plan.kernel(low, peak.centre_channel);
  Blur blur(plan.fft, scattering);
  std::vector<double> single = iteration.run(blur, result);
  const std::vector<Complex> resolution = plan.kernel(elastic, peak.centre_channel);
  Blur(plan.fft, resolution).forward(single, single);
  for (std::size_t i = 0; i < single.size(); ++i) {
    out[start + i] = static_cast<float>(single[i] * I0 / It);
  }
  return result;
}

}  // namespace hotstage::eels
