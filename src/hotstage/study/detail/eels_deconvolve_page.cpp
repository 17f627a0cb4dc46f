// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_deconvolve_page.hpp"

#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

report::Line line_of(const std::string& name, const eels::EnergyAxis& axis, const std::vector<float>& y,
                     const eels::Window& shown) {
  return inside(name, axis, {y.begin(), y.end()}, shown);
}

report::Figure methods_figure(const eels::Chain& chain, const eels::MethodComparison& methods) {
  const eels::PlacedEdge& edge = chain.edges()[0];
  const eels::Window window = cube_window(edge);
  const eels::Window shown{edge.background.low_eV + 1.0, window.high_eV + 60.0};
  report::Figure figure{.id = "methods", .title = "Plural scattering removed in two ways"};
  figure.caption =
      "Mean spectrum of all items before and after. Fourier-ratio is linear and may ring below zero; Richardson–Lucy "
      "cannot, and begins behind the fit window. Shaded: the window summed.";
  report::Panel panel{.title = fmt::format("{}, mean of all items", edge.edge.name()),
                      .x = {.label = "Energy loss", .unit = "eV"},
                      .y = {.label = "Counts"},
                      .x_link = "methods"};
  panel.marks.emplace_back(report::Span{"window", window.low_eV, window.high_eV, report::Colour::sky});
  report::Line before = line_of("background removed", chain.axis(), methods.net, shown);
  before.colour = report::Colour::grey;
  panel.marks.emplace_back(std::move(before));
  report::Line ratio = line_of("Fourier-ratio", chain.axis(), methods.fourier_ratio.signal, shown);
  ratio.colour = report::Colour::blue;
  panel.marks.emplace_back(std::move(ratio));
  report::Panel below{.title = "Richardson–Lucy − Fourier-ratio",
                      .x = {.label = "Energy loss", .unit = "eV"},
                      .y = {.label = "Counts"},
                      .row = 1,
                      .x_link = "methods"};
  const bool both = methods.richardson_lucy && !methods.richardson_lucy->signal.empty();
  if (both) {
    report::Line iterated = line_of("Richardson–Lucy", chain.axis(), methods.richardson_lucy->signal,
                                    {edge.background.high_eV, shown.high_eV});
    iterated.colour = report::Colour::orange;
    report::Line difference = iterated;
    difference.name = "difference";
    const eels::ChannelRange range = eels::channels_in(chain.axis(), {edge.background.high_eV, shown.high_eV});
    for (std::size_t i = 0; i < difference.y.size(); ++i) {
      difference.y[i] -= static_cast<double>(methods.fourier_ratio.signal[range.first + i]);
    }
    panel.marks.emplace_back(std::move(iterated));
    below.marks.emplace_back(std::move(difference));
    below.marks.emplace_back(report::HorizontalLine{.value = 0.0});
  }
  panel.marks.emplace_back(report::HorizontalLine{.value = 0.0});
  figure.panels.push_back(std::move(panel));
  if (both) {
    figure.panels.push_back(std::move(below));
  }
  return figure;
}

void add_sum(const eels::Chain& chain, const eels::MethodSpectrum& method, const std::string& id,
             const std::string& name, int replicates, StepOutput& out) {
  if (!eels::was_done(method.status)) {
    return;
  }
  const eels::Window window = cube_window(chain.edges()[0]);
  Result number{.id = id,
                .value = method.sum.value,
                .unit = "counts",
                .method = fmt::format("{} of the mean spectrum, {:.1f}–{:.1f} eV", name, window.low_eV, window.high_eV),
                .label = fmt::format("{} window sum, {}", chain.edges()[0].edge.name(), name)};
  if (replicates > 1) {
    number.sigma = method.sum.sigma;
    number.method += fmt::format("; σ from {} Poisson replicates of both spectra", replicates);
  } else {
    number.method += "; no σ without replicates";
  }
  out.results.push_back(std::move(number));
}

Check difference_check(const eels::MethodComparison& methods) {
  constexpr double largest = 0.05;  // of the sum: what the two differ by on simulated pairs, and half as much again
  if (!methods.richardson_lucy) {
    return {"Second method", CheckStatus::attention, "dispersions differ", "Richardson–Lucy within 5 %",
            "Richardson–Lucy needs one dispersion"};
  }
  if (methods.richardson_lucy->signal.empty() || methods.fourier_ratio.signal.empty()) {
    return {"Second method", CheckStatus::attention, std::string(eels::name(methods.richardson_lucy->status)),
            "Richardson–Lucy within 5 %", ""};
  }
  const double relative = methods.richardson_lucy->sum.value / methods.fourier_ratio.sum.value - 1.0;
  return {"Second method", std::abs(relative) < largest ? CheckStatus::ok : CheckStatus::attention,
          fmt::format("Richardson–Lucy {:+.1f} %, {} iterations ({}), χ²/channel {:.2f}", 100.0 * relative,
                      methods.iteration.iterations, eels::name(methods.iteration.stopped),
                      methods.iteration.chi2_per_channel),
          "within 5 %", "Compared on the mean spectrum; where they differ the low loss or the background is wrong"};
}

}  // namespace

eels::MethodComparison compare(const eels::Chain& chain, const eels::MeanSpectra& means,
                               const DeconvolveOptions& options, const Run& run) {
  const eels::PlacedEdge& edge = chain.edges()[0];
  const eels::ChainOptions& given = options.cube.chain;
  const eels::SpectrumPair pair{.core_axis = means.core_axis,
                                .low_axis = means.low_axis,
                                .core = means.core,
                                .low = means.low,
                                .items = chain.items(),
                                .low_items = chain.shares_low_loss() ? 1 : chain.items(),
                                .core_noise_factor = edge.noise_factor,
                                .low_noise_factor = given.deconvolution.noise_factor};
  const eels::MethodsOptions methods{.background = edge.background,
                                     .window = cube_window(edge),
                                     .law = given.background,
                                     .zero_loss = given.zero_loss,
                                     .fourier_ratio = given.deconvolution,
                                     .richardson_lucy = options.richardson_lucy,
                                     .bootstrap = options.bootstrap};
  return eels::compare_methods(pair, methods, run);
}

void add_methods(const eels::Chain& chain, const eels::MethodComparison& methods,
                 const std::vector<IterationRecord>& records, StepOutput& out) {
  out.figures.insert(out.figures.begin() + 1, methods_figure(chain, methods));
  add_sum(chain, methods.fourier_ratio, "sum_fourier_ratio", "Fourier-ratio", methods.replicates, out);
  if (methods.richardson_lucy) {
    add_sum(chain, *methods.richardson_lucy, "sum_richardson_lucy", "Richardson–Lucy", methods.replicates, out);
  }
  out.checks.push_back(difference_check(methods));
  if (records.empty()) {
    return;
  }
  std::vector<double> sum, iterations, misfit;
  std::vector<std::string> status, stopped;
  for (const IterationRecord& record : records) {
    sum.push_back(record.sum);
    iterations.push_back(record.result.iterations);
    misfit.push_back(record.result.chi2_per_channel);
    status.emplace_back(eels::name(record.result.status));
    stopped.emplace_back(eels::name(record.result.stopped));
  }
  io::Table& items = out.tables["items"];
  items.columns.push_back(io::text_column("richardson_lucy", status));
  items.columns.push_back(io::number_column("richardson_lucy_sum", "counts", sum));
  items.columns.push_back(io::number_column("iterations", "", iterations));
  items.columns.push_back(io::number_column("iteration_chi2_per_channel", "", misfit));
  items.columns.push_back(io::text_column("iteration_end", stopped));
  if (methods.richardson_lucy && !methods.richardson_lucy->signal.empty()) {
    signal::Signal& mean = out.signals["mean"];
    Buffer<float, 2> data({1, methods.richardson_lucy->signal.size()});
    std::copy(methods.richardson_lucy->signal.begin(), methods.richardson_lucy->signal.end(), data.data());
    mean.source = signal::memory_source(std::move(data));
    mean.metadata.title += " (Richardson–Lucy, of the mean spectrum)";
  }
}

}  // namespace hotstage::study::detail
