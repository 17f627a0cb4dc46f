// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/background.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/exponential_integral.hpp"
#include "hotstage/eels/detail/power_law_kernel.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {
namespace {

using detail::exponential_integral;
using detail::ExponentialIntegral;

constexpr std::size_t fewest_channels = 4;
constexpr double fewest_steps =
    10.0;  // window start in channel widths: the series over a channel is then exact to 1e-9
constexpr double fewest_steps_shifted = 8.0;  // the same for an item whose axis is shifted
constexpr int most_iterations = 40;
constexpr double r_tolerance = 1e-12;

/// The channels of one fit, in ℓ = ln(E/reference) ∈ [−half, half].
struct FitWindow {
  EnergyAxis axis;
  ChannelRange range;
  double reference = 1.0;
  double half = 0.0;

  [[nodiscard]] detail::Grid grid() const {
    return {axis.value(static_cast<double>(range.first)), axis.step_eV, range.size()};
  }
};

FitWindow make_window(const EnergyAxis& axis, const Window& window) {
  FitWindow w{axis, channels_in(axis, window)};
  while (!w.range.empty() && axis.value(static_cast<double>(w.range.first)) < fewest_steps_shifted * axis.step_eV) {
    ++w.range.first;
  }
  if (!w.range.empty()) {
    const Window edges = edges_of(axis, w.range);
    w.reference = std::sqrt(edges.low_eV * edges.high_eV);
    w.half = 0.5 * std::log(edges.high_eV / edges.low_eV);
  }
  return w;
}

/// A function of r that changes sign at the wanted exponent, falling with r.
struct Score {
  double value = 0.0;
  double slope = 0.0;
};

struct Exponent {
  double r = 0.0;
  BackgroundStatus status = BackgroundStatus::ok;
};

/// Root of a falling score within the bounds; the sign at a bound tells on which side the root lies.
template <class F>
Exponent solve_exponent(const F& score, const BackgroundOptions& options, double start) {
  if (score(options.r_min).value <= 0.0) {
    const bool rising = score(0.0).value <= 0.0;
    return {options.r_min, rising ? BackgroundStatus::not_decreasing : BackgroundStatus::at_bound};
  }
  if (score(options.r_max).value >= 0.0) {
    return {options.r_max, BackgroundStatus::at_bound};
  }
  double low = options.r_min;
  double high = options.r_max;
  double r = std::clamp(start, low, high);
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    const Score at = score(r);
    (at.value > 0.0 ? low : high) = r;
    double step = -at.value / at.slope;
    if (std::abs(step) < r_tolerance * (1.0 + r)) {
      return {std::clamp(r + step, options.r_min, options.r_max), BackgroundStatus::ok};
    }
    if (!(r + step > low && r + step < high)) {
      step = 0.5 * (low + high) - r;
    }
    r += step;
  }
  return {r, BackgroundStatus::did_not_converge};
}

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

PowerLaw empty_law(const FitWindow& w, BackgroundStatus status) {
  PowerLaw law;
  law.reference_eV = w.reference;
  law.window = w.range;
  law.status = status;
  return law;
}

PowerLaw fit_poisson(const FitWindow& w, std::span<const float> counts, const BackgroundOptions& options) {
  const detail::Moments m = detail::moments(w.grid(), w.reference, counts.data() + w.range.first);
  if (!(m.y > 0.0)) {
    return empty_law(w, BackgroundStatus::no_counts);
  }
  const double mean_l = m.yl / m.y;
  const double mean_u = m.yu / m.y;
  const double mean_uu = m.yuu / m.y;
  // ∂lnL/∂r per count: ⟨∂ln h/∂r⟩ + ⟨ℓ⟩ of the law; h_i ∝ e^{−rℓ}(1 + αu + βu²) is the channel integral.
  const auto score = [&](double r) {
    const ExponentialIntegral model = exponential_integral(1.0 - r, w.half);
    const double alpha = r * (r + 1.0) / 24.0;
    const double alpha_1 = (2.0 * r + 1.0) / 24.0;
    const double q_1 = (4.0 * r * r * r + 18.0 * r * r + 22.0 * r + 6.0) / 1920.0 - alpha * alpha_1;
    return Score{model.mean - mean_l + alpha_1 * mean_u + q_1 * mean_uu, mean_u / 12.0 - model.variance};
  };
  const Exponent exponent = solve_exponent(score, options, 1.0 - 3.0 * mean_l / (w.half * w.half));
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
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    n = detail::normal_equations(w.grid(), current, weight, data);
    const double determinant = n.aa * n.rr - n.ar * n.ar;
    const double step_a = std::clamp((n.rr * n.ga - n.ar * n.gr) / determinant, -1.0, 1.0);
    const double step_r = std::clamp((n.aa * n.gr - n.ar * n.ga) / determinant, -2.0, 2.0);
    const double r = std::clamp(current.r + step_r, options.r_min, options.r_max);
    const double moved = std::abs(r - current.r) + std::abs(step_a);
    const bool held = r != current.r + step_r;
    // With r held at a bound the best ln A alone is ga/aa further.
    current = {current.A * std::exp(held && r == current.r ? n.ga / n.aa : step_a), r, current.reference_eV};
    if (moved < r_tolerance * 10.0 || (held && std::abs(n.ga / n.aa) < r_tolerance * 10.0)) {
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
  const double l1 = std::log(energies.low_eV / background.reference_eV);
  const double l2 = std::log(energies.high_eV / background.reference_eV);
  const double s = 1.0 - background.r;
  const double centre = 0.5 * (l1 + l2);
  const ExponentialIntegral part = exponential_integral(s, 0.5 * (l2 - l1));
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
  std::size_t i = range.first;
  for (; i < range.last && axis.value(static_cast<double>(i)) < fewest_steps_shifted * axis.step_eV; ++i) {
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
  if (range.size() < fewest_channels) {
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
}

PowerLaw PowerLawFitter::fit(std::span<const float> counts, double shift_eV) const {
  HOTSTAGE_EXPECTS(counts.size() == axis_.size);
  const FitWindow w = make_window(axis_.shifted(shift_eV), window_);
  if (w.range.size() < fewest_channels) {
    return empty_law(w, BackgroundStatus::no_counts);
  }
  switch (options_.method) {
    case BackgroundMethod::poisson:
      return fit_poisson(w, counts, options_);
    case BackgroundMethod::two_area:
      return fit_two_area(w, counts, options_);
    case BackgroundMethod::least_squares:
      return fit_least_squares(w, counts, options_);
  }
  return empty_law(w, BackgroundStatus::did_not_converge);
}

PowerLaw PowerLawFitter::fit_amplitude(std::span<const float> counts, const Estimate& r, double shift_eV) const {
  HOTSTAGE_EXPECTS(counts.size() == axis_.size);
  const FitWindow w = make_window(axis_.shifted(shift_eV), window_);
  const double sum = w.range.size() < fewest_channels ? 0.0 : integrate(counts, w.range);
  if (!(sum > 0.0)) {
    return empty_law(w, BackgroundStatus::no_counts);
  }
  PowerLaw law;
  law.r = r.value;
  law.status = BackgroundStatus::ok;
  law.A = amplitude(sum, law.r, w);
  complete(law, w, counts, options_.noise_factor);
  law.dof += 1;
  const double mean = exponential_integral(1.0 - law.r, w.half).mean;
  law.var_r = r.sigma * r.sigma;
  law.cov_lnA_r = mean * law.var_r;
  law.var_lnA = law.noise_factor / sum + mean * mean * law.var_r;
  return law;
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
