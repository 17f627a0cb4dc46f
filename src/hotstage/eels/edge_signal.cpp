// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/chain_state.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

namespace detail {

double cumulative_at(std::span<const double> cumulative, const EnergyAxis& axis, double energy_eV) {
  const double at = std::clamp(axis.channel(energy_eV) + 0.5, 0.0, static_cast<double>(axis.size));
  const auto left = std::min(static_cast<std::size_t>(at), axis.size - 1);
  return cumulative[left] + (at - static_cast<double>(left)) * (cumulative[left + 1] - cumulative[left]);
}

}  // namespace detail

WindowSum EdgeSignal::sum(const Window& window) const {
  const ChannelRange range = channels_in(axis, window);
  WindowSum out;
  if (range.empty()) {
    respond(std::vector<double>(axis.size, 0.0), out);
    return out;
  }
  out.covered = edges_of(axis, range);
  out.value = integrate(signal, range);
  std::vector<double> weights(axis.size, 0.0);
  std::fill(weights.begin() + static_cast<std::ptrdiff_t>(range.first),
            weights.begin() + static_cast<std::ptrdiff_t>(range.last), 1.0);
  respond(std::move(weights), out);
  return out;
}

SpectrumNoise EdgeSignal::noise() const {
  SpectrumNoise out{counts, placed->noise_factor};
  if (low_noise_) {
    out.low = low_->counts;
    out.low_noise_factor = plan_->options().noise_factor;
  }
  return out;
}

void EdgeSignal::respond(std::vector<double> weights, WindowSum& out) const {
  const bool deconvolved = plan_ != nullptr && low_ != nullptr && was_done(deconvolution.status);
  if (low_noise_) {
    out.low_response = plan_->low_loss_response(weights, net_, *low_, *scratch_);
  }
  if (deconvolved) {
    weights = plan_->adjoint(weights, *low_, *scratch_);
  }
  const std::size_t first = background.window.first;
  std::fill(weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(std::min(first, axis.size)), 0.0);
  if (background.usable()) {
    add_fit_response(background, axis, weights);
  }
  out.response = std::move(weights);
}

WindowSum EdgeSignal::functional(std::size_t first, std::span<const double> weights) const {
  HOTSTAGE_EXPECTS(first + weights.size() <= axis.size);
  WindowSum out;
  out.covered = edges_of(axis, {first, first + weights.size()});
  std::vector<double> all(axis.size, 0.0);
  double under = 0.0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double centre = axis.value(static_cast<double>(first + k));
    out.value += weights[k] * static_cast<double>(signal[first + k]);
    under += is_first() ? 0.0 : weights[k] * tail_model({centre - 0.5 * axis.step_eV, centre + 0.5 * axis.step_eV});
    all[first + k] = weights[k];
  }
  respond(std::move(all), out);
  if (is_first()) {
    return out;
  }
  const WindowSum front = sum(placed->background);
  const double expected = tail_model(front.covered);
  return expected > 0.0 ? out.plus(-under / expected, front) : out;
}

double EdgeSignal::tail_model(const Window& window) const {
  double sum = 0.0;
  for (const Earlier& edge : tails_) {
    sum += edge.amount * (detail::cumulative_at(*edge.cumulative, common_, window.high_eV) -
                          detail::cumulative_at(*edge.cumulative, common_, window.low_eV));
  }
  return sum;
}

WindowSum EdgeSignal::isolated(const Window& window) const {
  WindowSum whole = sum(window);
  if (is_first()) {
    return whole;
  }
  const WindowSum front = sum(placed->background);
  const double expected = tail_model(front.covered);
  return expected > 0.0 ? whole.plus(-tail_model(whole.covered) / expected, front) : whole;
}

double EdgeSignal::tail_scale() const {
  if (is_first()) {
    return 0.0;
  }
  const ChannelRange range = channels_in(axis, placed->background);
  const double expected = range.empty() ? 0.0 : tail_model(edges_of(axis, range));
  return expected > 0.0 ? integrate(signal, range) / expected : 0.0;
}

void EdgeSignal::tail(std::span<double> out) const {
  const double scale = tail_scale();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double centre = axis.value(static_cast<double>(i));
    const double half = 0.5 * axis.step_eV;
    out[i] = scale == 0.0 ? 0.0 : scale * tail_model({centre - half, centre + half});
  }
}

}  // namespace hotstage::eels
