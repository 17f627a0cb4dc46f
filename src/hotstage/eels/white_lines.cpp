// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/white_lines.hpp"

#include "hotstage/eels/white_line_fit.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

namespace {

constexpr double significant = 3.0;
constexpr double tail_from_eV = 2.0;

struct Peak {
  double energy = 0.0;
  double height = 0.0;
  std::size_t channel = 0;
};

// Highest channel of a window, refined by a parabola through its neighbours.
Peak highest(std::span<const double> signal, const EnergyAxis& axis, const Window& window) {
  const ChannelRange range = channels_in(axis, window);
  Peak out;
  for (std::size_t i = range.first; i < range.last; ++i) {
    if (out.channel == 0 || signal[i] > out.height) {
      out = {axis.value(static_cast<double>(i)), signal[i], i};
    }
  }
  if (out.channel > 0 && out.channel + 1 < signal.size()) {
    const double left = signal[out.channel - 1];
    const double right = signal[out.channel + 1];
    const double bend = left - 2.0 * out.height + right;
    if (bend < 0.0) {
      out.energy += std::clamp(0.5 * (left - right) / bend, -0.5, 0.5) * axis.step_eV;
    }
  }
  return out;
}

double mean_in(std::span<const double> signal, const EnergyAxis& axis, const Window& window) {
  const ChannelRange range = channels_in(axis, window);
  return range.empty() ? 0.0 : integrate(signal, range) / static_cast<double>(range.size());
}

double splitting(const PlacedEdge& placed) {
  for (const Edge& edge : element_edges(placed.edge.element)) {
    if (edge.shell == "L2") {
      return edge.onset.in(units::eV)-placed.edge.onset.in(units::eV);
    }
  }
  return 0.0;
}

}  // namespace

std::string_view name(WhiteLineStatus status) noexcept {
  switch (status) {
    case WhiteLineStatus::ok:
      return "ok";
    case WhiteLineStatus::not_measurable:
      return "not measurable";
    case WhiteLineStatus::thickness_unknown:
      return "thickness unknown";
    case WhiteLineStatus::too_thick:
      return "too thick";
    case WhiteLineStatus::no_lines:
      return "no lines";
    case WhiteLineStatus::off_axis:
      return "off axis";
    case WhiteLineStatus::continuum_above_valley:
      return "continuum above valley";
    case WhiteLineStatus::below_noise:
      return "below noise";
    case WhiteLineStatus::no_model:
      return "no model";
    case WhiteLineStatus::not_converged:
      return "not converged";
  }
  return "unknown";
}

std::string_view name(WhiteLineMethod method) noexcept {
  return enum_names(method)[static_cast<std::size_t>(method)].name;
}

LinePositions find_white_lines(std::span<const double> signal, const EnergyAxis& axis, const PlacedEdge& placed) {
  constexpr double reach_eV = 10.0;
  constexpr double tolerance_eV = 4.0;
  constexpr double clearance_eV = 1.0;
  LinePositions out;
  const double distance = splitting(placed);
  const Window all{placed.onset_eV - 2.0, placed.onset_eV + reach_eV + distance + tolerance_eV};
  if (distance <= 0.0 || !covers(axis, all, 8)) {
    return out;
  }
  const Peak l3 = highest(signal, axis, {placed.onset_eV - 2.0, placed.onset_eV + std::min(reach_eV, distance)});
  const double near = l3.energy + std::max(distance - tolerance_eV, 0.5 * distance);
  const Peak l2 = highest(signal, axis, {near, l3.energy + distance + tolerance_eV});
  Peak valley = l2;
  for (std::size_t i = l3.channel; i < l2.channel; ++i) {
    if (signal[i] < valley.height) {
      valley = {axis.value(static_cast<double>(i)), signal[i], i};
    }
  }
  out = {l3.energy, l2.energy, valley.energy, false};
  // A step alone has no lines: L3 must stand on its low-energy side and above the level behind L2.
  const double top = mean_in(signal, axis, {l3.energy - 0.5, l3.energy + 0.5});
  const double before = mean_in(signal, axis, {l3.energy - 6.0, l3.energy - 4.0});
  const double behind = mean_in(signal, axis, {l2.energy + 10.0, l2.energy + 30.0});
  out.found = top > 2.0 * std::max(before, 0.0) && top > 1.2 * behind && l3.height > 0.0 &&
              valley.height < 0.95 * std::min(l2.height, l3.height) && valley.energy > l3.energy + 0.5 * clearance_eV &&
              valley.energy < l2.energy - 0.5 * clearance_eV;
  return out;
}

namespace {

/// One item: functionals of its signal that several methods share are made once.
class ItemLines {
 public:
  ItemLines(const EdgeSignal& edge, const LinePositions& lines, const WhiteLineModels& models,
            const WhiteLineOptions& options)
      : edge_(edge), noise_(edge.noise()), lines_(lines), models_(models), options_(options) {}

  WhiteLines go(Estimate thickness) {
    WhiteLines out;
    out.status = refusal(thickness);
    if (out.status != WhiteLineStatus::ok) {
      return out;
    }
    const bool fits = options_.all_methods || options_.method == WhiteLineMethod::fit || options_.follow;
    if (fits) {
      fit(out);
    }
    for (std::size_t k = 0; k < white_line_methods; ++k) {
      const auto method = static_cast<WhiteLineMethod>(k);
      if (method != WhiteLineMethod::fit && (options_.all_methods || method == options_.method)) {
        out.methods[k] = by(method);
      }
    }
    const MethodRatio& chosen = out.methods[static_cast<std::size_t>(options_.method)];
    out.status = chosen.status;
    std::vector<double> ratios;
    for (const MethodRatio& method : out.methods) {
      if (method.status == WhiteLineStatus::ok) {
        ratios.push_back(method.ratio.value);
      }
    }
    out.spread = spread_of(ratios);
    if (out.status == WhiteLineStatus::ok) {
      out.l3 = chosen.l3;
      out.l2 = chosen.l2;
      out.ratio = chosen.ratio;
      const Areas areas = areas_above(models_.arctan);
      out.normalised = ratio(areas.l3.plus(1.0, areas.l2), level_, noise_);
      const double half = options_.half_width.in(units::eV);
      const Window tail{lines_.l3_eV + tail_from_eV, std::min(lines_.l3_eV + half, lines_.valley_eV)};
      out.l3_tail = ratio(above(models_.arctan, edge_.isolated(tail)), areas.l3, noise_);
    }
    return out;
  }

 private:
  struct Areas {
    WindowSum l3;
    WindowSum l2;
    WindowSum valley;
  };

  [[nodiscard]] WhiteLineStatus refusal(Estimate thickness) const {
    if (edge_.status != ItemStatus::ok) {
      return WhiteLineStatus::not_measurable;
    }
    if (thickness.sigma <= 0.0 || edge_.deconvolution.thickness <= 0.0) {
      return WhiteLineStatus::thickness_unknown;
    }
    if (thickness.value > options_.max_thickness) {
      return WhiteLineStatus::too_thick;
    }
    if (!lines_.found) {
      return WhiteLineStatus::no_lines;
    }
    const double half = options_.half_width.in(units::eV);
    return covers(edge_.axis, {lines_.l3_eV - half, continuum_window().high_eV}, 8) ? WhiteLineStatus::ok
                                                                                    : WhiteLineStatus::off_axis;
  }

  [[nodiscard]] Window continuum_window() const {
    const double start = lines_.l2_eV + options_.continuum_start.in(units::eV);
    return {start, start + options_.continuum_width.in(units::eV)};
  }

  void sum_windows() {
    if (!level_.response.empty()) {
      return;
    }
    const double half = options_.half_width.in(units::eV);
    level_ = edge_.isolated(continuum_window());
    raw_.l3 = edge_.isolated({lines_.l3_eV - half, std::min(lines_.l3_eV + half, lines_.valley_eV)});
    raw_.l2 = edge_.isolated({std::max(lines_.l2_eV - half, lines_.valley_eV), lines_.l2_eV + half});
    raw_.valley = edge_.isolated({lines_.valley_eV - 0.5, lines_.valley_eV + 0.5});
  }

  [[nodiscard]] WindowSum above(const WhiteLineContinuum& steps, const WindowSum& raw) const {
    return raw.plus(-steps.integral(lines_, raw.covered) / steps.integral(lines_, level_.covered), level_);
  }

  Areas areas_above(const WhiteLineContinuum& steps) {
    sum_windows();
    return {above(steps, raw_.l3), above(steps, raw_.l2), above(steps, raw_.valley)};
  }

  [[nodiscard]] MethodRatio judge(const WindowSum& l3, const WindowSum& l2) const {
    MethodRatio out;
    const Estimate a = estimate(l3, noise_);
    const Estimate b = estimate(l2, noise_);
    if (a.value <= significant * a.sigma || b.value <= significant * b.sigma) {
      out.status = WhiteLineStatus::below_noise;
      return out;
    }
    return {WhiteLineStatus::ok, a, b, ratio(l3, l2, noise_)};
  }

  MethodRatio above_steps(const WhiteLineContinuum& steps) {
    const Areas areas = areas_above(steps);
    const Estimate valley = estimate(areas.valley, noise_);
    if (valley.value < -significant * valley.sigma) {
      return {.status = WhiteLineStatus::continuum_above_valley};
    }
    return level_.value > 0.0 ? judge(areas.l3, areas.l2) : MethodRatio{.status = WhiteLineStatus::below_noise};
  }

  MethodRatio by(WhiteLineMethod method) {
    switch (method) {
      case WhiteLineMethod::arctan_step:
        return above_steps(models_.arctan);
      case WhiteLineMethod::sharp_step:
        return above_steps(models_.sharp);
      case WhiteLineMethod::cross_section_step:
        return models_.cross_section ? above_steps(*models_.cross_section)
                                     : MethodRatio{.status = WhiteLineStatus::no_model};
      case WhiteLineMethod::second_derivative:
        return judge(second_difference(lines_.l3_eV), second_difference(lines_.l2_eV));
      case WhiteLineMethod::height:
        sum_windows();
        return judge(per_channel(lines_.l3_eV), per_channel(lines_.l2_eV));
      case WhiteLineMethod::fit:
        break;
    }
    return {};
  }

  /// Mean within 0.5 eV of a maximum above the arctan steps, counts per channel.
  [[nodiscard]] WindowSum per_channel(double at) const {
    const WindowSum sum = above(models_.arctan, edge_.isolated({at - 0.5, at + 0.5}));
    WindowSum out{0.0, sum.covered, std::vector<double>(sum.response.size(), 0.0)};
    return out.plus(edge_.axis.step_eV / std::max(sum.covered.width(), edge_.axis.step_eV), sum);
  }

  /// ∫ of 2S(E) − S(E−w) − S(E+w) over ±w/2, every window weighted to the width of the middle one.
  [[nodiscard]] WindowSum second_difference(double at) const {
    const double w = options_.difference_width.in(units::eV);
    const ChannelRange all = channels_in(edge_.axis, {at - 1.5 * w, at + 1.5 * w});
    const ChannelRange middle = channels_in(edge_.axis, {at - 0.5 * w, at + 0.5 * w});
    std::vector<double> weights(all.size(), 0.0);
    const auto flank = [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        weights[i - all.first] = -static_cast<double>(middle.size()) / static_cast<double>(last - first);
      }
    };
    flank(all.first, middle.first);
    flank(middle.last, all.last);
    for (std::size_t i = middle.first; i < middle.last; ++i) {
      weights[i - all.first] = 2.0;
    }
    return edge_.functional(all.first, weights);
  }

  void fit(WhiteLines& out) {
    std::vector<double> tail(edge_.axis.size);
    edge_.tail(tail);
    std::vector<float> net(edge_.axis.size);
    for (std::size_t i = 0; i < net.size(); ++i) {
      net[i] = static_cast<float>(static_cast<double>(edge_.signal[i]) - tail[i]);
    }
    const LineFit fit = fit_white_lines(net, smooth_counts(), edge_.axis, lines_.l3_eV, lines_.l2_eV,
                                        {.step_width_eV = options_.step_width.in(units::eV),
                                         .reach_below_eV = options_.fit_below.in(units::eV),
                                         .reach_above_eV = options_.fit_above.in(units::eV)});
    MethodRatio& method = out.methods[static_cast<std::size_t>(WhiteLineMethod::fit)];
    out.l3_eV[static_cast<std::size_t>(LinePositionMethod::maximum)] = maximum(net);
    if (!fit.ok()) {
      method.status = WhiteLineStatus::not_converged;
      return;
    }
    out.fit_chi2_per_dof = fit.chi2_per_dof / noise_.noise_factor;
    WindowSum l3 = edge_.functional(fit.range.first, fit.l3_response);
    WindowSum l2 = edge_.functional(fit.range.first, fit.l2_response);
    l3.value = fit.l3.value;  // the fit is not linear: its value, and the response at it
    l2.value = fit.l2.value;
    method = judge(l3, l2);
    if (method.status != WhiteLineStatus::ok) {
      return;
    }
    const WindowSum at = edge_.functional(fit.range.first, fit.l3_at_response);
    const Estimate position{fit.l3_eV.value, estimate(at, noise_).sigma};
    out.l3_eV[static_cast<std::size_t>(LinePositionMethod::fit)] = position;
    constexpr double sure_eV = 0.3;
    if (options_.follow && position.sigma < sure_eV) {
      lines_.valley_eV += fit.l3_eV.value - lines_.l3_eV;
      lines_.l3_eV = fit.l3_eV.value;
      lines_.l2_eV = fit.l2_eV.value;
    }
  }

  /// Variance of the channels for the weights of the fit: a running mean over 2 eV is independent enough of each.
  [[nodiscard]] std::vector<double> smooth_counts() const {
    const auto half = static_cast<std::size_t>(std::max(1.0 / edge_.axis.step_eV, 1.0));
    const std::size_t n = edge_.counts.size();
    std::vector<double> sums(n + 1, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      sums[i + 1] = sums[i] + std::max(static_cast<double>(edge_.counts[i]), 0.0);
    }
    std::vector<double> out(n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t first = i > half ? i - half : 0;
      const std::size_t last = std::min(i + half + 1, n);
      out[i] = std::max((sums[last] - sums[first]) / static_cast<double>(last - first), 1.0);
    }
    return out;
  }

  /// Top of the parabola of least squares within 1.2 eV of the highest 1 eV of the signal near L3.
  [[nodiscard]] Estimate maximum(std::span<const float> net) const {
    constexpr double search_eV = 4.0;
    constexpr double half_eV = 1.2;
    const EnergyAxis& axis = edge_.axis;
    const ChannelRange range = channels_in(axis, {lines_.l3_eV - search_eV, lines_.l3_eV + search_eV});
    double best = 0.0;
    double at = 0.0;
    for (std::size_t i = range.first; i < range.last; ++i) {
      const double centre = axis.value(static_cast<double>(i));
      const double sum = integrate(net, channels_in(axis, {centre - 0.5, centre + 0.5 + 1e-3 * axis.step_eV}));
      if (at == 0.0 || sum > best) {
        best = sum;
        at = centre;
      }
    }
    const ChannelRange top = channels_in(axis, {at - half_eV, at + half_eV + 1e-3 * axis.step_eV});
    const auto n = static_cast<double>(top.size());
    if (top.size() < 4) {
      return {};
    }
    // Orthogonal polynomials on the symmetric window: slope Σxs/Σx², bend Σ(x² − m)s/Σ(x² − m)².
    const double middle = axis.value(0.5 * static_cast<double>(top.first + top.last - 1));
    double xx = 0.0;
    for (std::size_t i = top.first; i < top.last; ++i) {
      xx += std::pow(axis.value(static_cast<double>(i)) - middle, 2);
    }
    const double mean = xx / n;
    double bends = 0.0;
    for (std::size_t i = top.first; i < top.last; ++i) {
      bends += std::pow(std::pow(axis.value(static_cast<double>(i)) - middle, 2) - mean, 2);
    }
    double slope = 0.0;
    double bend = 0.0;
    for (std::size_t i = top.first; i < top.last; ++i) {
      const double x = axis.value(static_cast<double>(i)) - middle;
      slope += x * static_cast<double>(net[i]) / xx;
      bend += (x * x - mean) * static_cast<double>(net[i]) / bends;
    }
    const double offset = bend < 0.0 ? -0.5 * slope / bend : 2.0 * half_eV;
    if (std::abs(offset) > half_eV) {
      return {};
    }
    std::vector<double> weights(top.size());
    for (std::size_t i = top.first; i < top.last; ++i) {
      const double x = axis.value(static_cast<double>(i)) - middle;
      weights[i - top.first] = -0.5 * (x / xx) / bend - offset * ((x * x - mean) / bends) / bend;
    }
    return {middle + offset, estimate(edge_.functional(top.first, weights), noise_).sigma};
  }

  const EdgeSignal& edge_;
  SpectrumNoise noise_;
  LinePositions lines_;
  const WhiteLineModels& models_;
  const WhiteLineOptions& options_;
  WindowSum level_;
  Areas raw_;
};

}  // namespace

MethodSpread spread_of(std::span<const double> values) {
  if (values.empty()) {
    return {};
  }
  return {values.size(), num::mean(values), num::standard_deviation(values), *std::ranges::min_element(values),
          *std::ranges::max_element(values)};
}

WhiteLineModels white_line_models(const WhiteLineOptions& options) {
  const double width = options.step_width.in(units::eV);
  return {WhiteLineContinuum(StepShape::arctan, width), WhiteLineContinuum(StepShape::sharp, width), std::nullopt};
}

WhiteLines measure_white_lines(const EdgeSignal& edge, const LinePositions& lines, Estimate thickness,
                               const WhiteLineModels& models, const WhiteLineOptions& options) {
  return ItemLines(edge, lines, models, options).go(thickness);
}

}  // namespace hotstage::eels
