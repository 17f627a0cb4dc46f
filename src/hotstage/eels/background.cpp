// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/background.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/background_fit.hpp"
#include "hotstage/eels/detail/exponential_integral.hpp"
#include "hotstage/eels/detail/power_law_kernel.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace hotstage::eels {
namespace {

using detail::empty_law;
using detail::Exponent;
using detail::exponential_integral;
using detail::ExponentialIntegral;
using detail::FitWindow;
using detail::make_window;
using detail::Score;
using detail::solve_exponent;

constexpr double fewest_steps =
    10.0;  // window start in channel widths: the series over a channel is then exact to 1e-9

/// Covariance of (ln A, r) for unit noise factor.
struct Covariance {
  double aa = 0.0;
  double ar = 0.0;
  double rr = 0.0;
};

void set_covariance(PowerLaw& law, const Covariance& covariance) {
  law.var_lnA = law.noise_factor * covariance.aa;
  law.cov_lnA_r = law.noise_factor * covariance.ar;
  law.var_r = law.noise_factor * covariance.rr;
}

/// A from the sum of counts; χ² and noise factor from the residuals.
void complete(PowerLaw& law, const FitWindow& w, std::span<const float> counts,
              const std::optional<double>& noise_factor) {
  law.reference_eV = w.reference;
  law.window = w.range;
  law.dof = static_cast<int>(w.range.size()) - 2;
  law.chi2 = detail::pearson(w.grid(), {law.A, law.r, law.reference_eV}, counts.data() + w.range.first);
  law.noise_factor = noise_factor.value_or(law.chi2 / law.dof);
}

double amplitude(double counts, double r, const FitWindow& w) {
  return counts / (w.reference * std::exp(exponential_integral(1.0 - r, w.half).log_value));
}

/// Maximum-likelihood exponent of counts with these moments.
Exponent poisson_exponent(const WindowMoments& m, const BackgroundOptions& options) {
  const double mean_l = m.yl / m.y;
  const double mean_u = m.yu / m.y;
  const double mean_uu = m.yuu / m.y;
  // ∂lnL/∂r per count: ⟨∂ln h/∂r⟩ + ⟨ℓ⟩ of the law; h_i ∝ e^{−rℓ}(1 + αu + βu²) is the channel integral.
  const auto score = [&](double r) {
    const ExponentialIntegral model = exponential_integral(1.0 - r, m.half);
    const double alpha = r * (r + 1.0) / 24.0;
    const double alpha_1 = (2.0 * r + 1.0) / 24.0;
    const double q_1 = (4.0 * r * r * r + 18.0 * r * r + 22.0 * r + 6.0) / 1920.0 - alpha * alpha_1;
    return Score{model.mean - mean_l + alpha_1 * mean_u + q_1 * mean_uu, mean_u / 12.0 - model.variance};
  };
  return solve_exponent(score, options, 1.0 - 3.0 * mean_l / (m.half * m.half));
}

WindowMoments moments_of(const FitWindow& w, std::span<const float> counts) {
  const detail::Moments m = detail::moments(w.grid(), w.reference, counts.data() + w.range.first);
  return {m.y, m.yl, m.yu, m.yuu, w.half};
}

PowerLaw fit_poisson(const FitWindow& w, std::span<const float> counts, const BackgroundOptions& options) {
  const WindowMoments m = moments_of(w, counts);
  if (!(m.y > 0.0)) {
    return empty_law(w, BackgroundStatus::no_counts);
  }
  const Exponent exponent = poisson_exponent(m, options);
  PowerLaw law;
  law.r = exponent.r;
  law.status = exponent.status;
  law.A = amplitude(m.y, law.r, w);
  complete(law, w, counts, options.noise_factor);
  // Fisher information S·[[1, −⟨ℓ⟩], [−⟨ℓ⟩, ⟨ℓ²⟩]] with the moments of the law itself.
  const ExponentialIntegral model = exponential_integral(1.0 - law.r, w.half);
  const double var_r = 1.0 / (m.y * model.variance);
  set_covariance(law, {1.0 / m.y + model.mean * model.mean * var_r, model.mean * var_r, var_r});
  return law;
}

PowerLaw fit_two_area(const FitWindow& w, std::span<const float> counts, const BackgroundOptions& options) {
  const std::size_t middle = w.range.first + w.range.size() / 2;
  const double s1 = integrate(counts, {w.range.first, middle});
  const double s2 = integrate(counts, {middle, w.range.last});
  if (!(s1 + s2 > 0.0)) {
    return empty_law(w, BackgroundStatus::no_counts);
  }
  const double cut = std::log(w.axis.value(static_cast<double>(middle) - 0.5) / w.reference);
  const double half1 = 0.5 * (cut + w.half);
  const double half2 = 0.5 * (w.half - cut);
  const double centre1 = 0.5 * (cut - w.half);
  const double centre2 = 0.5 * (cut + w.half);
  const double measured = s1 > 0.0 && s2 > 0.0 ? std::log(s1 / s2) : std::copysign(1e3, s1 - s2);
  const auto score = [&](double r) {  // measured − model of ln(S1/S2)
    const double s = 1.0 - r;
    const ExponentialIntegral first = exponential_integral(s, half1);
    const ExponentialIntegral second = exponential_integral(s, half2);
    return Score{measured - (s * (centre1 - centre2) + first.log_value - second.log_value),
                 (centre1 + first.mean) - (centre2 + second.mean)};
  };
  const Exponent exponent = solve_exponent(score, options, 3.0);
  PowerLaw law;
  law.r = exponent.r;
  law.status = exponent.status;
  law.A = amplitude(s1 + s2, law.r, w);
  complete(law, w, counts, options.noise_factor);
  // ln(S1+S2) and ln(S1/S2) are uncorrelated for counts, so var(ln A) = 1/S + ⟨ℓ⟩² var(r).
  const double slope = score(law.r).slope;
  const double smallest = 0.5;  // counts; keeps σ finite when one half is empty
  const double var_r = (1.0 / std::max(s1, smallest) + 1.0 / std::max(s2, smallest)) / (slope * slope);
  const double mean = exponential_integral(1.0 - law.r, w.half).mean;
  set_covariance(law, {1.0 / (s1 + s2) + mean * mean * var_r, mean * var_r, var_r});
  return law;
}

PowerLaw fit_least_squares(const FitWindow& w, std::span<const float> counts, const BackgroundOptions& options) {
  PowerLaw law = fit_two_area(w, counts, options);
  if (law.status == BackgroundStatus::no_counts) {
    return law;
  }
  const detail::Law weight{law.A, law.r, law.reference_eV};
  detail::Law current = weight;
  const float* const data = counts.data() + w.range.first;
  BackgroundStatus status = BackgroundStatus::did_not_converge;
  detail::NormalEquations n;
  for (int iteration = 0; iteration < detail::most_iterations; ++iteration) {
    n = detail::normal_equations(w.grid(), current, weight, data);
    const double determinant = n.aa * n.rr - n.ar * n.ar;
    const double step_a = std::clamp((n.rr * n.ga - n.ar * n.gr) / determinant, -1.0, 1.0);
    const double step_r = std::clamp((n.aa * n.gr - n.ar * n.ga) / determinant, -2.0, 2.0);
    const double r = std::clamp(current.r + step_r, options.r_min, options.r_max);
    const double moved = std::abs(r - current.r) + std::abs(step_a);
    const bool held = r != current.r + step_r;
    // With r held at a bound the best ln A alone is ga/aa further.
    current = {current.A * std::exp(held && r == current.r ? n.ga / n.aa : step_a), r, current.reference_eV};
    if (moved < detail::r_tolerance * 10.0 || (held && std::abs(n.ga / n.aa) < detail::r_tolerance * 10.0)) {
      status = !held ? BackgroundStatus::ok
                     : (law.status == BackgroundStatus::not_decreasing ? law.status : BackgroundStatus::at_bound);
      break;
    }
  }
  law.A = current.A;
  law.r = current.r;
  law.status = status;
  complete(law, w, counts, options.noise_factor);
  const double determinant = n.aa * n.rr - n.ar * n.ar;
  set_covariance(law, {n.rr / determinant, -n.ar / determinant, n.aa / determinant});
  return law;
}

Window after_window(const Window& window, const BackgroundOptions& options) {
  const double start = window.high_eV + options.after_start.in(units::eV);
  return {start, start + options.after_width.in(units::eV)};
}

BackgroundIntegral basis_integral(const PowerLaw& background, const Window& energies) {
  std::array<double, basis_terms> unit{};
  BackgroundIntegral result;
  for (std::size_t k = 0; k < basis_terms; ++k) {
    PowerLaw term = detail::basis_term(background, k);
    term.A = 1.0;
    const BackgroundIntegral part = integral(term, energies);
    unit[k] = part.value;
    result.value += background.weights[k] * part.value;
    result.d_r += background.weights[k] * part.d_r;
  }
  result.d_lnA = result.value;
  for (std::size_t k = 0; k < basis_terms; ++k) {
    for (std::size_t l = 0; l < basis_terms; ++l) {
      result.variance += unit[k] * background.spread[k][l] * unit[l];
    }
  }
  result.variance = std::max(result.variance, 0.0);
  return result;
}

}  // namespace

std::string_view name(BackgroundStatus status) noexcept {
  switch (status) {
    case BackgroundStatus::ok:
      return "ok";
    case BackgroundStatus::at_bound:
      return "exponent at its limit";
    case BackgroundStatus::no_counts:
      return "no counts";
    case BackgroundStatus::not_decreasing:
      return "not decreasing";
    case BackgroundStatus::did_not_converge:
      return "did not converge";
  }
  return "";
}

BackgroundIntegral integral(const PowerLaw& background, const Window& energies) {
  if (!(background.A > 0.0) || !(energies.low_eV > 0.0) || !(energies.high_eV > energies.low_eV)) {
    return {};
  }
  if (background.shape == BackgroundShape::basis) {
    return basis_integral(background, energies);
  }
  // ∫ A e^{−r x} dE, with x = ln(E/reference) and dE = reference·e^x dx, or x = E/reference − 1, dE = reference·dx.
  const bool power = background.shape == BackgroundShape::power;
  const auto place = [&](double energy) {
    return power ? std::log(energy / background.reference_eV) : energy / background.reference_eV - 1.0;
  };
  const double x1 = place(energies.low_eV);
  const double x2 = place(energies.high_eV);
  const double s = (power ? 1.0 : 0.0) - background.r;
  const double centre = 0.5 * (x1 + x2);
  const ExponentialIntegral part = exponential_integral(s, 0.5 * (x2 - x1));
  BackgroundIntegral result;
  result.value = background.A * background.reference_eV * std::exp(part.log_value + s * centre);
  const double mean = centre + part.mean;
  result.d_lnA = result.value;
  result.d_r = -mean * result.value;
  const double relative = background.var_lnA - 2.0 * mean * background.cov_lnA_r + mean * mean * background.var_r;
  result.variance = result.value * result.value * std::max(relative, 0.0);
  return result;
}

NetIntegral net_integral(std::span<const float> counts, const EnergyAxis& axis, const PowerLaw& background,
                         const Window& window) {
  HOTSTAGE_EXPECTS(counts.size() == axis.size);
  NetIntegral result;
  const ChannelRange range = channels_in(axis, window);
  if (range.empty()) {
    return result;
  }
  result.covered = edges_of(axis, range);
  result.raw = integrate(counts, range);
  const BackgroundIntegral under = integral(background, result.covered);
  result.background = under.value;
  result.net.value = result.raw - under.value;
  result.net.sigma = std::sqrt(background.noise_factor * std::max(result.raw, 0.0) + under.variance);
  return result;
}

void predict(const PowerLaw& background, const EnergyAxis& axis, const ChannelRange& range, std::span<double> out) {
  HOTSTAGE_EXPECTS(out.size() == range.size());
  if (!(background.A > 0.0)) {
    std::fill(out.begin(), out.end(), 0.0);
    return;
  }
  if (background.shape == BackgroundShape::exponential) {
    // Channels are alike but for the place of their centre: A·ref·∫e^{−r x}dx over half a width each side, times e^{−r
    // x}.
    const double step = axis.step_eV / background.reference_eV;
    const double first = axis.value(static_cast<double>(range.first)) / background.reference_eV - 1.0;
    const double width = exponential_integral(-background.r, 0.5 * step).log_value;
    detail::exponential(std::log(background.A * background.reference_eV) + width - background.r * first,
                        -background.r * step, out.data(), out.size());
    return;
  }
  if (background.shape == BackgroundShape::basis) {
    std::fill(out.begin(), out.end(), 0.0);
    std::vector<double> part(out.size());
    for (std::size_t k = 0; k < basis_terms; ++k) {
      if (background.weights[k] > 0.0) {
        predict(detail::basis_term(background, k), axis, range, part);
        std::transform(part.begin(), part.end(), out.begin(), out.begin(), std::plus<>());
      }
    }
    return;
  }
  std::size_t i = range.first;
  for (; i < range.last && axis.value(static_cast<double>(i)) < detail::fewest_steps_shifted * axis.step_eV; ++i) {
    out[i - range.first] = integral(background, edges_of(axis, {i, i + 1})).value;
  }
  const detail::Grid grid{axis.value(static_cast<double>(i)), axis.step_eV, range.last - i};
  detail::power_law(grid, {background.A, background.r, background.reference_eV}, out.data() + (i - range.first));
}

void subtract(std::span<const float> counts, const EnergyAxis& axis, const PowerLaw& background, std::span<float> out) {
  HOTSTAGE_EXPECTS(counts.size() == axis.size && out.size() == axis.size);
  const std::size_t first = std::min(background.window.first, axis.size);
  std::fill(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(first), 0.0F);
  if (!(background.A > 0.0)) {
    std::copy(counts.begin() + static_cast<std::ptrdiff_t>(first), counts.end(),
              out.begin() + static_cast<std::ptrdiff_t>(first));
    return;
  }
  if (background.shape != BackgroundShape::power) {
    std::vector<double> law(axis.size - first);
    predict(background, axis, {first, axis.size}, law);
    for (std::size_t i = first; i < axis.size; ++i) {
      out[i] = static_cast<float>(static_cast<double>(counts[i]) - law[i - first]);
    }
    return;
  }
  const detail::Grid grid{axis.value(static_cast<double>(first)), axis.step_eV, axis.size - first};
  HOTSTAGE_EXPECTS(grid.first_eV > 0.0);
  detail::subtract_power_law(grid, {background.A, background.r, background.reference_eV}, counts.data() + first,
                             out.data() + first);
}

PowerLawFitter::PowerLawFitter(const EnergyAxis& axis, const Window& window, const BackgroundOptions& options)
    : axis_(axis), window_(window), options_(options) {
  HOTSTAGE_EXPECTS(axis.step_eV > 0.0);
  if (options.r_min > options.r_max) {
    throw Error(Errc::bad_input, fmt::format("background: r_min {} is above r_max {}", options.r_min, options.r_max));
  }
  const ChannelRange range = channels_in(axis, window);
  if (range.size() < detail::fewest_channels) {
    throw Error(Errc::bad_input,
                fmt::format("the background window {:g}–{:g} eV holds {} channels of the axis {:g}–{:g} eV",
                            window.low_eV, window.high_eV, range.size(), axis.low_edge(), axis.high_edge()),
                "It must lie on the axis and hold at least 4 channels");
  }
  if (axis.value(static_cast<double>(range.first)) < fewest_steps * axis.step_eV) {
    throw Error(Errc::bad_input,
                fmt::format("the background window begins at {:g} eV, below 10 channels of {:g} eV", window.low_eV,
                            axis.step_eV),
                "A power law needs a window well above 0 eV");
  }
  if (options.method == BackgroundMethod::two_window && !covers(axis, after_window(window, options), 4)) {
    const Window after = after_window(window, options);
    throw Error(Errc::bad_input,
                fmt::format("the second background window {:g}–{:g} eV does not lie on the axis {:g}–{:g} eV",
                            after.low_eV, after.high_eV, axis.low_edge(), axis.high_edge()),
                "Change after_start and after_width, or use another method");
  }
}

PowerLaw PowerLawFitter::fit(std::span<const float> counts, double shift_eV) const {
  HOTSTAGE_EXPECTS(counts.size() == axis_.size);
  const FitWindow w = make_window(axis_.shifted(shift_eV), window_);
  if (w.range.size() < detail::fewest_channels) {
    return empty_law(w, BackgroundStatus::no_counts);
  }
  switch (options_.method) {
    case BackgroundMethod::poisson:
    case BackgroundMethod::local:
      return fit_poisson(w, counts, options_);
    case BackgroundMethod::two_area:
      return fit_two_area(w, counts, options_);
    case BackgroundMethod::least_squares:
      return fit_least_squares(w, counts, options_);
    case BackgroundMethod::two_window:
      return detail::fit_two_window(w, make_window(axis_.shifted(shift_eV), after_window(window_, options_)), counts,
                                    options_);
    case BackgroundMethod::exponential:
      return detail::fit_exponential(w, counts, options_);
    case BackgroundMethod::basis:
      return detail::fit_basis(w, counts, options_);
  }
  return empty_law(w, BackgroundStatus::did_not_converge);
}

PowerLaw PowerLawFitter::fit_amplitude(std::span<const float> counts, const Estimate& r, double shift_eV) const {
  HOTSTAGE_EXPECTS(counts.size() == axis_.size);
  const FitWindow w = make_window(axis_.shifted(shift_eV), window_);
  const double sum = w.range.size() < detail::fewest_channels ? 0.0 : integrate(counts, w.range);
  if (!(sum > 0.0)) {
    return empty_law(w, BackgroundStatus::no_counts);
  }
  PowerLaw law;
  law.r = r.value;
  law.status = BackgroundStatus::ok;
  law.A = amplitude(sum, law.r, w);
  complete(law, w, counts, options_.noise_factor);
  law.dof += 1;
  law.pooled = true;
  const double mean = exponential_integral(1.0 - law.r, w.half).mean;
  law.var_r = r.sigma * r.sigma;
  law.cov_lnA_r = mean * law.var_r;
  law.var_lnA = law.noise_factor / sum + mean * mean * law.var_r;
  return law;
}

WindowMoments PowerLawFitter::moments(std::span<const float> counts, double shift_eV) const {
  HOTSTAGE_EXPECTS(counts.size() == axis_.size);
  const FitWindow w = make_window(axis_.shifted(shift_eV), window_);
  return w.range.size() < detail::fewest_channels ? WindowMoments{} : moments_of(w, counts);
}

Estimate PowerLawFitter::pooled_exponent(const WindowMoments& sum) const {
  if (!(sum.y > 0.0) || !(sum.half > 0.0)) {
    return {};
  }
  const Exponent exponent = poisson_exponent(sum, options_);
  const double variance = exponential_integral(1.0 - exponent.r, sum.half).variance;
  return {exponent.r, std::sqrt(options_.noise_factor.value_or(1.0) / (sum.y * variance))};
}

void subtract_background(const SpectrumTile& tile, const PowerLawFitter& fitter, View<float, 2> out,
                         std::span<PowerLaw> fits) {
  HOTSTAGE_EXPECTS(out.extents() == tile.counts.extents() && fits.size() == tile.items());
  for (std::size_t i = 0; i < tile.items(); ++i) {
    const std::span<const float> counts = tile.counts.row(i);
    fits[i] = fitter.fit(counts, tile.shift(i));
    subtract(counts, fitter.axis().shifted(tile.shift(i)), fits[i], out.row(i));
  }
}

}  // namespace hotstage::eels
