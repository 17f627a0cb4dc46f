// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/line_profile.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/item_blocks.hpp"
#include "hotstage/eels/phase_spectra.hpp"
#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/num/least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace hotstage::eels {

namespace {

constexpr double oxygen_onset_eV = 532.0;
constexpr double pre_peak_expected_eV = 531.0;
constexpr double centroid_half_eV = 4.0;
constexpr double raw_low_eV = -5.0;
constexpr double raw_high_eV = 45.0;
constexpr std::size_t oxygen_edge = 0;
constexpr std::size_t cobalt_edge = 1;

/// Counts of the mean spectrum as a variance for its fits: only relative weights matter there.
std::vector<double> variance_of_mean(const MeanSpectra& means) {
  std::vector<double> out(means.core.size());
  for (std::size_t c = 0; c < out.size(); ++c) {
    out[c] = std::max(means.core[c], 1.0);
  }
  return out;
}

/// L3 by whole windows of 1 eV above the double step: area, first moment and the part below the maximum, all linear in
/// the counts.
struct LineMoments {
  WindowSum area;
  WindowSum moment;
  WindowSum low;
};

WindowSum empty_like(const WindowSum& sum) {
  return {0.0, {}, std::vector<double>(sum.response.size(), 0.0)};
}

LineMoments l3_moments(const EdgeSignal& edge, const LinePositions& lines, double anchor_eV) {
  const Window behind{lines.l2_eV + 15.0, lines.l2_eV + 35.0};
  const WindowSum level = edge.isolated(behind);
  const double level_channels = std::max(level.covered.width(), 1e-9);
  LineMoments out{empty_like(level), empty_like(level), empty_like(level)};
  for (double from = -centroid_half_eV; from < centroid_half_eV; from += 1.0) {
    const Window window{lines.l3_eV + from, lines.l3_eV + from + 1.0};
    const WindowSum raw = edge.isolated(window);
    // 2/3 of the continuum rises at L3 (arctan, 1 eV), as in white_lines.hpp.
    const double middle = 0.5 * (raw.covered.low_eV + raw.covered.high_eV);
    const double step =
        2.0 / 3.0 * (0.5 + std::atan(2.0 * (middle - lines.l3_eV)) / std::numbers::pi) * raw.covered.width();
    const WindowSum net = raw.plus(-step / level_channels, level);
    out.area = out.area.plus(1.0, net);
    out.moment = out.moment.plus(middle - anchor_eV, net);
    if (from < 0.0) {
      out.low = out.low.plus(1.0, net);
    }
  }
  return out;
}

Quotient quotient(const WindowSum& top, const WindowSum& bottom, const SpectrumNoise& noise) {
  return {top.value, bottom.value, bottom.value > 0.0 ? ratio(top, bottom, noise).sigma : 0.0};
}

Estimate per_zero_loss(const Estimate& counts, double zero_loss) {
  return {counts.value / zero_loss, counts.sigma / zero_loss};
}

class LineMeasurement {
 public:
  LineMeasurement(const ChainInput& input, const LineOptions& options, Run& run)
      : options_(options),
        anchor_(reference_value("Co L3 maximum of LiCoO2").value),
        chain_(input, {find_edge("O K"), find_edge("Co L3")}, options.chain, run) {}

  LineProfile go(Run& run) {
    place(run);
    const std::size_t n = chain_.items();
    out_.positions.resize(n);
    out_.oxygen_signal.resize(n);
    out_.cobalt_signal.resize(n);
    out_.counts.resize(n);
    out_.means = chain_.run([this](const ChainItem& item) { measure(item); }, run);
    out_.edges.assign(chain_.edges().begin(), chain_.edges().end());
    out_.zero_loss.assign(chain_.zero_loss().begin(), chain_.zero_loss().end());
    out_.warnings = chain_.warnings();
    out_.assumed = chain_.assumed();
    return std::move(out_);
  }

 private:
  void place(Run& run) {
    const MeanSpectra means = chain_.run([](const ChainItem&) {}, run);
    const std::vector<double> variance = variance_of_mean(means);
    out_.axis = means.core_axis;
    out_.lines = find_white_lines(means.signal[cobalt_edge], means.core_axis, chain_.edges()[cobalt_edge]);
    if (out_.lines.found) {
      const auto top = l3_maximum(means.signal[cobalt_edge], variance, means.core_axis, out_.lines.l3_eV);
      out_.lines.l3_eV = top ? top->value : out_.lines.l3_eV;
      out_.axis_shift_eV = out_.lines.l3_eV - anchor_;
    }
    const double expected = pre_peak_expected_eV + out_.axis_shift_eV;
    const auto peak = fit_pre_peak(means.signal[oxygen_edge], variance, means.core_axis, expected);
    constexpr double believable_eV = 3.0;
    const bool good = peak && std::abs(peak->value - expected) < believable_eV;
    out_.pre_peak_eV = (good ? peak->value : expected) - out_.axis_shift_eV;
    const double oxygen = oxygen_onset_eV + out_.axis_shift_eV + options_.oxygen_start.in(units::eV);
    out_.oxygen_window = {oxygen, oxygen + options_.oxygen_width.in(units::eV)};
    const double cobalt = anchor_ + out_.axis_shift_eV + options_.cobalt_start.in(units::eV);
    out_.cobalt_window = {cobalt, cobalt + options_.cobalt_width.in(units::eV)};
    if (!covers(out_.axis, out_.oxygen_window, 8) || !covers(out_.axis, out_.cobalt_window, 8)) {
      throw Error(Errc::bad_input, "the windows behind O K and Co L leave the energy axis",
                  "The core loss must reach from about 470 to 890 eV, or narrow oxygen_width and cobalt_width");
    }
    pre_peak_ = {};
    pre_peak_.fit = false;
    const double centre = out_.pre_peak_eV + out_.axis_shift_eV;
    pre_peak_.low = centre * units::eV - options_.pre_peak_half;
    pre_peak_.high = centre * units::eV + options_.pre_peak_half;
    pre_peak_.main_low = pre_peak_.high;
    pre_peak_.main_high = pre_peak_.high + 12.0 * units::eV;
    pre_peak_.post_low = out_.oxygen_window.low_eV * units::eV;
    pre_peak_.post_high = out_.oxygen_window.high_eV * units::eV;
    white_.edge = "Co L3";
    white_.max_thickness = 2.0;
    white_.all_methods = false;
    white_models_ = white_line_models(white_);
  }

  void measure(const ChainItem& item) {
    const std::size_t i = item.item;
    LinePosition& out = out_.positions[i];
    out.thickness = item.thickness;
    const EdgeSignal& o = item.edges[oxygen_edge];
    const EdgeSignal& co = item.edges[cobalt_edge];
    keep_spectra(item);
    out.status = o.status != ItemStatus::ok ? o.status : co.status;
    const auto peaks = chain_.zero_loss();
    if (peaks.empty() || !peaks[peaks.size() == chain_.items() ? i : 0].found()) {
      out.status = ItemStatus::no_zero_loss;
    }
    if (out.status != ItemStatus::ok) {
      return;
    }
    const double zero_loss = peaks[peaks.size() == chain_.items() ? i : 0].I0;
    out.oxygen = per_zero_loss(estimate(o.sum(out_.oxygen_window), o.noise()), zero_loss);
    out.cobalt = per_zero_loss(estimate(co.isolated(out_.cobalt_window), co.noise()), zero_loss);
    out.raw = raw_ratio(o, co);
    const PrePeak peak = measure_pre_peak(o, pre_peak_);
    out.pre_area = per_zero_loss(peak.area, zero_loss);
    const Window window{pre_peak_.low.in(units::eV), pre_peak_.high.in(units::eV)};
    out.pre_net = quotient(o.sum(window), o.sum(out_.oxygen_window), o.noise());
    if (peak.to_post.sigma > 0.0) {
      out.pre_peak = {peak.to_post.value * out.oxygen.value, out.oxygen.value, peak.to_post.sigma};
    }
    if (!out_.lines.found) {
      return;
    }
    const LineMoments moments = l3_moments(co, out_.lines, anchor_ + out_.axis_shift_eV);
    out.l3_centroid = quotient(moments.moment, moments.area, co.noise());
    out.low_side = quotient(moments.low, moments.area, co.noise());
    const WhiteLines lines = measure_white_lines(co, out_.lines, item.thickness, white_models_, white_);
    if (lines.status == WhiteLineStatus::ok) {
      out.l3_l2 = {lines.l3.value, lines.l2.value, lines.ratio.sigma};
    }
  }

  void keep_spectra(const ChainItem& item) {
    const auto aligned = [&](std::span<const float> from) {
      std::vector<double> sum(out_.axis.size, 0.0);
      detail::add_shifted(from, item.shift_eV / out_.axis.step_eV, sum);
      return std::vector<float>(sum.begin(), sum.end());
    };
    out_.oxygen_signal[item.item] = aligned(item.edges[oxygen_edge].signal);
    out_.cobalt_signal[item.item] = aligned(item.edges[cobalt_edge].signal);
    out_.counts[item.item] = aligned(item.edges[oxygen_edge].counts);
  }

  [[nodiscard]] static Quotient raw_ratio(const EdgeSignal& o, const EdgeSignal& co) {
    const auto net = [](const EdgeSignal& edge) {
      const double onset = edge.placed->onset_eV;
      return net_integral(edge.counts, edge.axis, edge.background, {onset + raw_low_eV, onset + raw_high_eV}).net;
    };
    const Estimate oxygen = net(o);
    const Estimate cobalt = net(co);
    if (oxygen.value <= 0.0) {
      return {};
    }
    const double value = cobalt.value / oxygen.value;
    return {cobalt.value, oxygen.value, std::hypot(cobalt.sigma, value * oxygen.sigma) / oxygen.value};
  }

  const LineOptions& options_;
  double anchor_;
  Chain chain_;
  LineProfile out_;
  PrePeakOptions pre_peak_;
  WhiteLineOptions white_;
  WhiteLineModels white_models_ = white_line_models({});
};

}  // namespace

Estimate pooled(std::span<const Quotient> members) {
  double top = 0.0;
  double bottom = 0.0;
  double squares = 0.0;
  for (const Quotient& q : members) {
    if (q.sigma > 0.0) {
      top += q.top;
      bottom += q.bottom;
      squares += q.bottom * q.bottom * q.sigma * q.sigma;
    }
  }
  return bottom > 0.0 ? Estimate{top / bottom, std::sqrt(squares) / bottom} : Estimate{};
}

LineProfile measure_line(const ChainInput& input, const LineOptions& options, Run& run) {
  return LineMeasurement(input, options, run).go(run);
}

std::vector<double> sum_of(const std::vector<std::vector<float>>& spectra, std::span<const std::size_t> positions) {
  std::vector<double> out(spectra.empty() ? 0 : spectra.front().size(), 0.0);
  for (const std::size_t i : positions) {
    for (std::size_t c = 0; c < out.size(); ++c) {
      out[c] += static_cast<double>(spectra[i][c]);
    }
  }
  return out;
}

std::optional<Estimate> l3_maximum(std::span<const double> signal, std::span<const double> variance,
                                   const EnergyAxis& axis, double near_eV) {
  constexpr double half_eV = 1.2;
  const ChannelRange range = channels_in(axis, {near_eV - half_eV, near_eV + half_eV});
  if (range.size() < 4) {
    return std::nullopt;
  }
  Buffer<double, 2> design({range.size(), 3});
  std::vector<double> weights(range.size());
  for (std::size_t i = range.first; i < range.last; ++i) {
    const double x = axis.value(static_cast<double>(i)) - near_eV;
    auto row = design.row(i - range.first);
    row[0] = 1.0;
    row[1] = x;
    row[2] = x * x;
    weights[i - range.first] = 1.0 / variance[i];
  }
  const num::Fit fit =
      num::fit_linear(std::as_const(design).view(), signal.subspan(range.first, range.size()), weights);
  const double bend = fit.ok() ? fit.parameters[2] : 0.0;
  if (bend >= 0.0) {
    return std::nullopt;
  }
  const double at = -0.5 * fit.parameters[1] / bend;
  if (std::abs(at) > half_eV) {
    return std::nullopt;
  }
  return Estimate{near_eV + at, std::hypot(fit.sigma(1), 2.0 * at * fit.sigma(2)) / (2.0 * std::abs(bend))};
}

std::optional<Estimate> fit_pre_peak(std::span<const double> signal, std::span<const double> variance,
                                     const EnergyAxis& axis, double near_eV) {
  const ChannelRange range = channels_in(axis, {near_eV - 7.0, near_eV + 14.0});
  if (range.size() < 20) {
    return std::nullopt;
  }
  std::vector<double> weights(range.size());
  for (std::size_t i = 0; i < range.size(); ++i) {
    weights[i] = 1.0 / variance[range.first + i];
  }
  // Non-linear: centre and σ of both peaks, middle and width of the step, from near_eV; linear: three amplitudes.
  const num::Separable model{[&](std::span<const double> q, View<double, 2> basis) {
                               for (std::size_t i = 0; i < range.size(); ++i) {
                                 const double e = axis.value(static_cast<double>(range.first + i)) - near_eV;
                                 const double a = (e - q[0]) / q[1];
                                 const double b = (e - q[2]) / q[3];
                                 auto row = basis.row(i);
                                 row[0] = std::exp(-0.5 * a * a);
                                 row[1] = std::exp(-0.5 * b * b);
                                 row[2] = 0.5 + std::atan((e - q[4]) / q[5]) / std::numbers::pi;
                               }
                             },
                             3};
  const std::vector<double> start{0.0, 1.0, 9.5, 3.0, 6.0, 1.0};
  num::IterationOptions options;
  options.lower = {-2.5, 0.5, 6.0, 1.5, 3.0, 0.3};
  options.upper = {2.5, 2.5, 14.0, 6.0, 10.0, 3.0};
  options.step_tolerance = 1e-3;  // eV: far below any σ
  options.max_iterations = 300;
  const num::Fit fit = num::fit_separable(model, signal.subspan(range.first, range.size()), weights, start, options);
  constexpr std::size_t amplitude = 6;
  if (fit.parameters.size() <= amplitude || fit.parameters[amplitude] <= 0.0) {
    return std::nullopt;
  }
  const double sigma = fit.ok() ? fit.sigma(0) : 0.5;
  if (fit.ok() && fit.parameters[amplitude] < 3.0 * fit.sigma(amplitude)) {
    return std::nullopt;
  }
  return Estimate{near_eV + fit.parameters[0], sigma};
}

}  // namespace hotstage::eels
