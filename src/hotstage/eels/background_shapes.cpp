// SPDX-License-Identifier: GPL-3.0-or-later
// Fits of one window or two: exponential, two-window power law, and how a fit answers to its counts.

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/background_fit.hpp"
#include "hotstage/eels/detail/exponential_integral.hpp"

#include <array>
#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace detail {

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

PowerLaw empty_law(const FitWindow& w, BackgroundStatus status) {
  PowerLaw law;
  law.reference_eV = w.reference;
  law.window = w.range;
  law.status = status;
  return law;
}

/// Pearson's Σ (y − B)²/B over channels whose background is `scale` times the law.
static double misfit(const PowerLaw& law, const FitWindow& w, std::span<const float> counts, double scale) {
  std::vector<double> model(w.range.size());
  predict(law, w.axis, w.range, model);
  double sum = 0.0;
  for (std::size_t i = 0; i < model.size(); ++i) {
    const double expected = scale * model[i];
    const double residual = static_cast<double>(counts[w.range.first + i]) - expected;
    sum += expected > 0.0 ? residual * residual / expected : 0.0;
  }
  return sum;
}

/// Fisher information Y·[[1, −M], [−M, V + M²]] turned round, with noise factor.
static void set_covariance(PowerLaw& law, double counts, double mean, double variance) {
  const double var_r = 1.0 / (counts * variance);
  law.var_lnA = law.noise_factor * (1.0 / counts + mean * mean * var_r);
  law.cov_lnA_r = law.noise_factor * mean * var_r;
  law.var_r = law.noise_factor * var_r;
}

PowerLaw fit_exponential(const FitWindow& window, std::span<const float> counts, const BackgroundOptions& options) {
  FitWindow w = window;
  const Window edges = edges_of(w.axis, w.range);
  w.reference = 0.5 * (edges.low_eV + edges.high_eV);
  w.half = 0.5 * edges.width() / w.reference;
  double sum = 0.0;
  double first = 0.0;
  for (std::size_t i = w.range.first; i < w.range.last; ++i) {
    const auto y = static_cast<double>(counts[i]);
    sum += y;
    first += y * (w.axis.value(static_cast<double>(i)) / w.reference - 1.0);
  }
  PowerLaw law = empty_law(w, BackgroundStatus::no_counts);
  law.shape = BackgroundShape::exponential;
  if (!(sum > 0.0)) {
    return law;
  }
  // A channel holds e^{−r x}·sinh(h r)/(h r) of the density at its centre, h = half its width in x.
  const double h = 0.5 * w.axis.step_eV / w.reference;
  const auto score = [&](double r) {
    const ExponentialIntegral model = exponential_integral(-r, w.half);
    const ExponentialIntegral channel = exponential_integral(-r, h);
    return Score{model.mean - first / sum - channel.mean, channel.variance - model.variance};
  };
  const Exponent exponent = solve_exponent(score, options, 3.0);
  const ExponentialIntegral model = exponential_integral(-exponent.r, w.half);
  law.r = exponent.r;
  law.status = exponent.status;
  law.A = sum / (w.reference * std::exp(model.log_value));
  law.dof = static_cast<int>(w.range.size()) - 2;
  law.chi2 = misfit(law, w, counts, 1.0);
  law.noise_factor = options.noise_factor.value_or(law.chi2 / law.dof);
  set_covariance(law, sum, model.mean, model.variance);
  return law;
}

PowerLaw fit_two_window(const FitWindow& w, const FitWindow& after, std::span<const float> counts,
                        const BackgroundOptions& options) {
  PowerLaw law = empty_law(w, BackgroundStatus::no_counts);
  if (after.range.size() < fewest_channels) {
    return law;
  }
  law.after = after.range;
  const Moments a = moments(w.grid(), w.reference, counts.data() + w.range.first);
  const Moments b = moments(after.grid(), w.reference, counts.data() + after.range.first);
  const double sum = a.y + b.y;
  if (!(a.y > 0.0) || !(b.y > 0.0)) {
    return law;
  }
  // Both windows as one sample of a law that holds 1/share as much in the second.
  const double centre = std::log(after.reference / w.reference);
  const double share = options.after_share;

  struct Mixture {
    double log_value = 0.0;
    double mean = 0.0;
    double variance = 0.0;
  };

  const auto mixture = [&](double r) {
    const double s = 1.0 - r;
    const ExponentialIntegral first = exponential_integral(s, w.half);
    const ExponentialIntegral second = exponential_integral(s, after.half);
    const double ratio = std::exp(second.log_value + s * centre - first.log_value) / share;
    const double p = ratio / (1.0 + ratio);
    Mixture out;
    out.log_value = first.log_value + std::log1p(ratio);
    out.mean = (1.0 - p) * first.mean + p * (centre + second.mean);
    const double spread = centre + second.mean - first.mean;
    out.variance = (1.0 - p) * first.variance + p * second.variance + p * (1.0 - p) * spread * spread;
    return out;
  };
  const double mean_l = (a.yl + b.yl) / sum;
  const double mean_u = (a.yu + b.yu) / sum;
  const double mean_uu = (a.yuu + b.yuu) / sum;
  const auto score = [&](double r) {
    const Mixture model = mixture(r);
    const double alpha = r * (r + 1.0) / 24.0;
    const double alpha_1 = (2.0 * r + 1.0) / 24.0;
    const double q_1 = (4.0 * r * r * r + 18.0 * r * r + 22.0 * r + 6.0) / 1920.0 - alpha * alpha_1;
    return Score{model.mean - mean_l + alpha_1 * mean_u + q_1 * mean_uu, mean_u / 12.0 - model.variance};
  };
  const Exponent exponent = solve_exponent(score, options, 3.0);
  const Mixture model = mixture(exponent.r);
  law.r = exponent.r;
  law.status = exponent.status;
  law.A = sum / (w.reference * std::exp(model.log_value));
  law.dof = static_cast<int>(w.range.size() + after.range.size()) - 2;
  law.chi2 = misfit(law, w, counts, 1.0) + misfit(law, after, counts, 1.0 / share);
  law.noise_factor = options.noise_factor.value_or(law.chi2 / law.dof);
  set_covariance(law, sum, model.mean, model.variance);
  return law;
}

}  // namespace detail

namespace {

struct Symmetric {
  double aa = 0.0;
  double ar = 0.0;
  double rr = 0.0;

  [[nodiscard]] double determinant() const { return aa * rr - ar * ar; }
};

/// M with M·F·M = C for the inverse F⁻¹: the geometric mean C # F⁻¹, which is C itself when C = F⁻¹.
Symmetric geometric_mean(const Symmetric& c, const Symmetric& inverse) {
  const double alpha = std::sqrt(std::max(c.determinant(), 0.0));
  const double beta = std::sqrt(std::max(inverse.determinant(), 0.0));
  if (!(alpha > 0.0) || !(beta > 0.0)) {
    return c;
  }
  const Symmetric sum{c.aa / alpha + inverse.aa / beta, c.ar / alpha + inverse.ar / beta,
                      c.rr / alpha + inverse.rr / beta};
  const double scale = std::sqrt(alpha * beta / sum.determinant());
  return {scale * sum.aa, scale * sum.ar, scale * sum.rr};
}

/// ∂(ln A, r)/∂counts = M·(1, ∂ln B/∂r), noise factor 1.
Symmetric influence(const PowerLaw& background, const EnergyAxis& axis) {
  const double unit = background.noise_factor > 0.0 ? 1.0 / background.noise_factor : 0.0;
  const Symmetric c{unit * background.var_lnA, unit * background.cov_lnA_r, unit * background.var_r};
  if (!background.pooled || background.window.empty()) {
    return c;
  }
  const Window edges = edges_of(axis, background.window);
  const double counts = integral(background, edges).value;
  const double half = 0.5 * std::log(edges.high_eV / edges.low_eV);
  const detail::ExponentialIntegral own = detail::exponential_integral(1.0 - background.r, half);
  if (!(counts > 0.0) || !(own.variance > 0.0)) {
    return c;
  }
  const double var_r = 1.0 / (counts * own.variance);
  return geometric_mean(c, {1.0 / counts + own.mean * own.mean * var_r, own.mean * var_r, var_r});
}

/// Calls `work` for every channel the fit saw.
template <class F>
void for_fitted(const PowerLaw& background, std::size_t size, const F& work) {
  for (const ChannelRange& range : {background.window, background.after}) {
    for (std::size_t i = range.first; i < std::min(range.last, size); ++i) {
      work(i);
    }
  }
}

void add_basis_response(const PowerLaw& background, const EnergyAxis& axis, std::span<double> response) {
  const std::size_t first = background.window.first;
  const std::size_t n = axis.size - first;
  std::vector<double> law(n);
  predict(background, axis, {first, axis.size}, law);
  std::vector<std::vector<double>> terms(basis_terms, std::vector<double>(n));
  std::array<double, basis_terms> by{};
  for (std::size_t k = 0; k < basis_terms; ++k) {
    PowerLaw term = detail::basis_term(background, k);
    term.A = 1.0;
    predict(term, axis, {first, axis.size}, terms[k]);
    for (std::size_t i = 0; i < n; ++i) {
      by[k] += response[first + i] * terms[k][i];
    }
  }
  std::array<double, basis_terms> pull{};
  for (std::size_t k = 0; k < basis_terms; ++k) {
    for (std::size_t l = 0; l < basis_terms; ++l) {
      pull[k] += background.spread[k][l] * by[l] / background.noise_factor;
    }
  }
  for_fitted(background, axis.size, [&](std::size_t i) {
    for (std::size_t k = 0; k < basis_terms && law[i - first] > 0.0; ++k) {
      response[i] -= pull[k] * terms[k][i - first] / law[i - first];
    }
  });
}

}  // namespace

void add_fit_response(const PowerLaw& background, const EnergyAxis& axis, std::span<double> response) {
  HOTSTAGE_EXPECTS(response.size() == axis.size);
  const std::size_t first = background.window.first;
  if (!(background.A > 0.0) || !(background.noise_factor > 0.0) || first >= axis.size) {
    return;
  }
  if (background.shape == BackgroundShape::basis) {
    add_basis_response(background, axis, response);
    return;
  }
  const bool power = background.shape == BackgroundShape::power;
  const auto slope = [&](std::size_t i) {  // ∂ln B/∂r
    const double relative = axis.value(static_cast<double>(i)) / background.reference_eV;
    return power ? -std::log(relative) : 1.0 - relative;
  };
  std::vector<double> law(axis.size - first);
  predict(background, axis, {first, axis.size}, law);
  double by_amplitude = 0.0;
  double by_exponent = 0.0;
  for (std::size_t i = first; i < axis.size; ++i) {
    const double weighted = response[i] * law[i - first];
    by_amplitude += weighted;
    by_exponent += weighted * slope(i);
  }
  const Symmetric m = influence(background, axis);
  const double on_amplitude = by_amplitude * m.aa + by_exponent * m.ar;
  const double on_exponent = by_amplitude * m.ar + by_exponent * m.rr;
  for_fitted(background, axis.size, [&](std::size_t i) { response[i] -= on_amplitude + on_exponent * slope(i); });
}

}  // namespace hotstage::eels
