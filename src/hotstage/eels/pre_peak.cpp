// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/pre_peak.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/pre_peak_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels {

namespace {

constexpr double significant = 3.0;

/// Area above a straight baseline: linear in three window sums.
struct AboveBaseline {
  WindowSum area;
  double left = 0.0;  // baseline per channel at the start and the end of the window
  double right = 0.0;
  ChannelRange range;
};

double channels(const WindowSum& sum, const EnergyAxis& axis) {
  return (sum.covered.high_eV - sum.covered.low_eV) / axis.step_eV;
}

AboveBaseline above_baseline(const EdgeSignal& edge, const PrePeakOptions& options) {
  const double low = options.low.in(units::eV);
  const double high = options.high.in(units::eV);
  const double half = 0.5 * options.valley.in(units::eV);
  const WindowSum foot = edge.isolated({low - options.foot.in(units::eV), low});
  const WindowSum valley = edge.isolated({high - half, high + half});
  const WindowSum peak = edge.isolated({low, high});
  // Line through (middle of foot, its mean) and (high, mean of valley), summed over the window: weights of the two
  // means.
  const double foot_at = 0.5 * (foot.covered.low_eV + foot.covered.high_eV);
  const double valley_at = 0.5 * (valley.covered.low_eV + valley.covered.high_eV);
  const double middle = 0.5 * (peak.covered.low_eV + peak.covered.high_eV);
  const double share = (middle - foot_at) / (valley_at - foot_at);
  const double n = channels(peak, edge.axis);
  const double foot_mean = foot.value / channels(foot, edge.axis);
  const double valley_mean = valley.value / channels(valley, edge.axis);
  AboveBaseline out;
  out.area = peak.plus(-n * (1.0 - share) / channels(foot, edge.axis), foot)
                 .plus(-n * share / channels(valley, edge.axis), valley);
  const double slope = (valley_mean - foot_mean) / (valley_at - foot_at);
  out.left = foot_mean + slope * (peak.covered.low_eV - foot_at);
  out.right = foot_mean + slope * (peak.covered.high_eV - foot_at);
  out.range = channels_in(edge.axis, {low, high});
  return out;
}

// Centroid of the signal above the baseline; σ from independent channel noise, the baseline taken as known.
Estimate centroid(const EdgeSignal& edge, const AboveBaseline& peak) {
  std::vector<double> tail(edge.axis.size);
  edge.tail(tail);
  double sum = 0.0;
  double moment = 0.0;
  const auto n = static_cast<double>(peak.range.size());
  for (std::size_t i = peak.range.first; i < peak.range.last; ++i) {
    const double t = (static_cast<double>(i - peak.range.first) + 0.5) / n;
    const double value = static_cast<double>(edge.signal[i]) - tail[i] - (peak.left + t * (peak.right - peak.left));
    sum += value;
    moment += value * edge.axis.value(static_cast<double>(i));
  }
  const double centre = moment / sum;
  double variance = 0.0;
  for (std::size_t i = peak.range.first; i < peak.range.last; ++i) {
    const double arm = edge.axis.value(static_cast<double>(i)) - centre;
    variance += arm * arm * std::max(static_cast<double>(edge.counts[i]), 0.0);
  }
  return {centre, std::sqrt(edge.placed->noise_factor * variance) / std::abs(sum)};
}

}  // namespace

std::string_view name(PrePeakStatus status) noexcept {
  switch (status) {
    case PrePeakStatus::ok:
      return "ok";
    case PrePeakStatus::below_noise:
      return "below noise";
    case PrePeakStatus::no_edge:
      return "no edge";
    case PrePeakStatus::off_axis:
      return "off axis";
    case PrePeakStatus::not_measurable:
      return "not measurable";
  }
  return "unknown";
}

PrePeak measure_pre_peak(const EdgeSignal& edge, const PrePeakOptions& options) {
  PrePeak out;
  if (edge.status != ItemStatus::ok) {
    return out;
  }
  const Window all{(options.low - options.foot).in(units::eV), options.post_high.in(units::eV)};
  if (!covers(edge.axis, all, 8) || options.high <= options.low || options.main_high <= options.main_low ||
      options.post_high <= options.post_low) {
    out.status = PrePeakStatus::off_axis;
    return out;
  }
  const AboveBaseline peak = above_baseline(edge, options);
  const WindowSum main = edge.isolated({options.main_low.in(units::eV), options.main_high.in(units::eV)});
  const WindowSum post = edge.isolated({options.post_low.in(units::eV), options.post_high.in(units::eV)});
  const SpectrumNoise noise = edge.noise();
  out.area = estimate(peak.area, noise);
  const Estimate main_peak = estimate(main, noise);
  const Estimate post_edge = estimate(post, noise);
  if (main_peak.value <= significant * main_peak.sigma || post_edge.value <= significant * post_edge.sigma) {
    out.status = PrePeakStatus::no_edge;
    return out;
  }
  out.to_main = ratio(peak.area, main, noise);
  out.to_post = ratio(peak.area, post, noise);
  if (out.area.value <= significant * out.area.sigma) {
    out.status = PrePeakStatus::below_noise;
    return out;
  }
  out.status = PrePeakStatus::ok;
  out.position = centroid(edge, peak);
  if (!options.fit) {
    return out;
  }
  const auto fit = fit_pre_peak_line(edge, {options.low.in(units::eV), options.high.in(units::eV)},
                                     options.foot.in(units::eV), options.valley.in(units::eV));
  if (fit) {
    out.fit_area = estimate(fit->area, noise);
    out.fit_to_main = ratio(fit->area, main, noise);
    out.fit_to_post = ratio(fit->area, post, noise);
    out.fit_position = fit->position;
    out.spread_to_main = std::abs(out.fit_to_main.value - out.to_main.value) / std::numbers::sqrt2;
    out.spread_position_eV = std::abs(out.fit_position.value - out.position.value) / std::numbers::sqrt2;
  }
  return out;
}

PrePeakResult measure_pre_peaks(const ChainInput& input, const PrePeakOptions& options, Run& run) {
  const Edge edge = find_edge(options.edge);
  if (options.chain.placement == Placement::anchor &&
      (options.chain.anchor.empty() || find_edge(options.chain.anchor) == edge)) {
    throw Error(Errc::bad_input,
                "the axis cannot be anchored on the edge whose pre-peak is measured: its onset moves with it",
                "Name another edge of the spectrum, for example anchor = \"Mn L3\", or give shift");
  }
  if (options.chain.placement == Placement::observed) {
    throw Error(Errc::bad_input,
                "pre-peak windows stand on a calibrated axis: placement = \"observed\" does not calibrate it",
                R"(Use placement = "anchor" with an edge of known energy, or "tabulated" with shift)");
  }
  std::vector<Edge> edges;
  for (const std::string& other : options.behind) {
    edges.push_back(find_edge(other));
  }
  edges.push_back(edge);
  const std::size_t self = edges.size() - 1;
  const Chain chain(input, edges, options.chain, run);
  PrePeakResult out;
  out.items.resize(chain.items());
  out.shift_eV.resize(chain.items());
  out.thickness.resize(chain.items());
  out.means = chain.run(
      [&](const ChainItem& item) {
        out.items[item.item] = measure_pre_peak(item.edges[self], options);
        out.shift_eV[item.item] = item.shift_eV;
        out.thickness[item.item] = item.thickness.value;
      },
      run, keep(out.items, out.shift_eV, out.thickness));
  out.placed = chain.edges()[self];
  keep_edge(out.means, self);
  out.warnings = chain.warnings();
  out.assumed = chain.assumed();
  return out;
}

}  // namespace hotstage::eels
