// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/white_lines.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels {

namespace {

constexpr double significant = 3.0;

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

/// ∫ of the step function (0 → 1 at `at`) over a window, eV.
double step_integral(double at, const Window& window, const WhiteLineOptions& options) {
  if (options.step == StepShape::sharp) {
    return std::max(window.high_eV - std::max(at, window.low_eV), 0.0);
  }
  const double gamma = 0.5 * options.step_width.in(units::eV);
  const auto primitive = [&](double energy) {
    const double x = (energy - at) / gamma;
    return gamma * (0.5 * x + (x * std::atan(x) - 0.5 * std::log1p(x * x)) / std::numbers::pi);
  };
  return primitive(window.high_eV) - primitive(window.low_eV);
}

/// Integral of the double step with unit level behind L2.
double continuum_integral(const LinePositions& lines, const Window& window, const WhiteLineOptions& options) {
  return (2.0 * step_integral(lines.l3_eV, window, options) + step_integral(lines.l2_eV, window, options)) / 3.0;
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
  }
  return "unknown";
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

WhiteLines measure_white_lines(const EdgeSignal& edge, const LinePositions& lines, Estimate thickness,
                               const WhiteLineOptions& options) {
  WhiteLines out;
  if (edge.status != ItemStatus::ok) {
    return out;
  }
  const auto refuse = [&](WhiteLineStatus status) {
    WhiteLines none;
    none.status = status;
    return none;
  };
  if (thickness.sigma <= 0.0 || edge.deconvolution.thickness <= 0.0) {
    return refuse(WhiteLineStatus::thickness_unknown);
  }
  if (thickness.value > options.max_thickness) {
    return refuse(WhiteLineStatus::too_thick);
  }
  if (!lines.found) {
    return refuse(WhiteLineStatus::no_lines);
  }
  const double half = options.half_width.in(units::eV);
  const double start = lines.l2_eV + options.continuum_start.in(units::eV);
  const Window continuum_window{start, start + options.continuum_width.in(units::eV)};
  if (!covers(edge.axis, {lines.l3_eV - half, continuum_window.high_eV}, 8)) {
    return refuse(WhiteLineStatus::off_axis);
  }
  const SpectrumNoise noise = edge.noise();
  const WindowSum level = edge.isolated(continuum_window);
  const double level_eV = continuum_integral(lines, level.covered, options);
  const auto above = [&](const Window& window) {
    const WindowSum raw = edge.isolated(window);
    return raw.plus(-continuum_integral(lines, raw.covered, options) / level_eV, level);
  };
  const Estimate valley = estimate(above({lines.valley_eV - 0.5, lines.valley_eV + 0.5}), noise);
  if (valley.value < -significant * valley.sigma) {
    return refuse(WhiteLineStatus::continuum_above_valley);
  }
  const WindowSum l3 = above({lines.l3_eV - half, std::min(lines.l3_eV + half, lines.valley_eV)});
  const WindowSum l2 = above({std::max(lines.l2_eV - half, lines.valley_eV), lines.l2_eV + half});
  const Estimate l3_area = estimate(l3, noise);
  const Estimate l2_area = estimate(l2, noise);
  if (l3_area.value <= significant * l3_area.sigma || l2_area.value <= significant * l2_area.sigma ||
      level.value <= 0.0) {
    return refuse(WhiteLineStatus::below_noise);
  }
  out.status = WhiteLineStatus::ok;
  out.l3 = l3_area;
  out.l2 = l2_area;
  out.ratio = ratio(l3, l2, noise);
  out.normalised = ratio(l3.plus(1.0, l2), level, noise);
  return out;
}

WhiteLineResult measure_white_lines(const ChainInput& input, const WhiteLineOptions& options, Run& run) {
  const Edge edge = find_edge(options.edge);
  if (edge.shell != "L3") {
    throw Error(Errc::bad_input, fmt::format("{} is not an L3 edge", edge.name()),
                "White lines are measured at L3 edges, for example \"Mn L3\"");
  }
  std::vector<Edge> edges;
  for (const std::string& other : options.behind) {
    edges.push_back(find_edge(other));
  }
  edges.push_back(edge);
  const std::size_t self = edges.size() - 1;
  const Chain chain(input, edges, options.chain, run);
  WhiteLineResult out;
  out.placed = chain.edges()[self];
  out.means = chain.run([](const ChainItem&) {}, run);
  std::vector<double> net = out.means.signal[self];
  for (std::size_t c = 0; c < net.size(); ++c) {
    net[c] -= out.means.tail[self][c];
  }
  out.lines = find_white_lines(net, out.means.core_axis, out.placed);
  keep_edge(out.means, self);
  out.items.resize(chain.items());
  out.thickness.resize(chain.items());
  (void)chain.run(
      [&](const ChainItem& item) {
        out.items[item.item] = measure_white_lines(item.edges[self], out.lines, item.thickness, options);
        out.thickness[item.item] = item.thickness.value;
      },
      run);
  out.warnings = chain.warnings();
  out.assumed = chain.assumed();
  return out;
}

}  // namespace hotstage::eels
