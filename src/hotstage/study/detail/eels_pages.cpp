// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_pages.hpp"

#include "hotstage/core/estimate.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace hotstage::study::detail {

namespace {

std::vector<double> energies(const eels::EnergyAxis& axis) {
  std::vector<double> out(axis.size);
  for (std::size_t i = 0; i < axis.size; ++i) {
    out[i] = axis.value(static_cast<double>(i));
  }
  return out;
}

/// A name that is safe in files and anchors.
std::string slug(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool upper = c >= 'A' && c <= 'Z';
    if (plain || upper) {
      out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && out.back() == '-') {
    out.pop_back();
  }
  return out;
}

constexpr double shown_behind_eV = 30.0;  // of an extrapolated background, behind the signal window

/// Vermilion is kept for what is subtracted.
constexpr std::array edge_colours = {report::Colour::blue, report::Colour::green, report::Colour::purple,
                                     report::Colour::orange, report::Colour::sky};

/// The interpolated means begin cleanly this far inside a window.
constexpr double margin_eV = 1.0;

eels::Window shown(const eels::PlacedEdge& edge, const eels::Window& signal) {
  return {edge.background.low_eV + margin_eV, signal.high_eV + shown_behind_eV};
}

/// Whether an edge lies on the tail of earlier ones.
bool has_tail(const eels::MeanSpectra& means, std::size_t e) {
  return std::any_of(means.tail[e].begin(), means.tail[e].end(), [](double v) { return v != 0.0; });
}

report::Panel core_panel(const eels::MeanSpectra& means, std::span<const eels::PlacedEdge> edges,
                         std::span<const eels::Window> windows) {
  report::Panel panel{.title = "Core loss, mean of all items",
                      .x = {.label = "Energy loss", .unit = "eV"},
                      .y = {.label = "Counts"},
                      .x_link = "core"};
  for (std::size_t e = 0; e < edges.size(); ++e) {
    panel.marks.emplace_back(report::Span{"fit before " + edges[e].edge.name(), edges[e].background.low_eV,
                                          edges[e].background.high_eV, report::Colour::grey});
    panel.marks.emplace_back(
        report::Span{"signal " + edges[e].edge.name(), windows[e].low_eV, windows[e].high_eV, report::Colour::sky});
  }
  panel.marks.emplace_back(
      report::Line{.name = "measured", .x = energies(means.core_axis), .y = means.core, .colour = report::Colour::ink});
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (has_tail(means, e)) {
      continue;  // shares the power law of an earlier edge
    }
    report::Line line = inside("power law before " + edges[e].edge.name(), means.core_axis, means.background[e],
                               shown(edges[e], windows[e]));
    line.dash = report::Dash::dashed;
    line.colour = report::Colour::vermilion;
    panel.marks.emplace_back(std::move(line));
  }
  return panel;
}

report::Panel signal_panel(const eels::MeanSpectra& means, std::span<const eels::PlacedEdge> edges,
                           std::span<const eels::Window> windows, bool deconvolved) {
  report::Panel panel{
      .title = deconvolved ? "Power law and plural scattering removed" : "Power law removed, plural scattering kept",
      .x = {.label = "Energy loss", .unit = "eV"},
      .y = {.label = "Counts"},
      .row = 1,
      .x_link = "core"};
  for (std::size_t e = 0; e < edges.size(); ++e) {
    panel.marks.emplace_back(
        report::Span{"signal " + edges[e].edge.name(), windows[e].low_eV, windows[e].high_eV, report::Colour::sky});
    panel.marks.emplace_back(report::VerticalLine{.label = edges[e].edge.name(), .value = edges[e].onset_eV});
    const bool later = has_tail(means, e);
    std::vector<double> own = means.signal[e];
    for (std::size_t i = 0; later && i < own.size(); ++i) {
      own[i] -= means.tail[e][i];
    }
    report::Line line = inside(edges[e].edge.name(), means.core_axis, own, shown(edges[e], windows[e]));
    line.colour = edge_colours[e % edge_colours.size()];
    panel.marks.emplace_back(std::move(line));
    if (later) {
      report::Line tail = inside("earlier edges under " + edges[e].edge.name(), means.core_axis, means.tail[e],
                                 shown(edges[e], windows[e]));
      tail.dash = report::Dash::dashed;
      tail.colour = report::Colour::vermilion;
      panel.marks.emplace_back(std::move(tail));
    }
  }
  panel.marks.emplace_back(report::HorizontalLine{.value = 0.0});
  return panel;
}

std::string axis_label(const signal::Axis& axis, const std::string& fallback) {
  return axis.name.empty() ? fallback : axis.name;
}

report::Figure profile_figure(const signal::Axis& axis, const ItemQuantity& quantity) {
  report::Points points{.name = quantity.name, .colour = report::Colour::blue};
  for (std::size_t i = 0; i < quantity.value.size(); ++i) {
    points.x.push_back(axis.value(static_cast<double>(i)));
    points.y.push_back(quantity.is_valid(i) ? quantity.value[i] : std::numeric_limits<double>::quiet_NaN());
    if (!quantity.sigma.empty()) {
      points.sigma_y.push_back(quantity.sigma[i]);
    }
  }
  report::Figure figure{.id = "profile-" + slug(quantity.name), .title = quantity.name + " along the scan"};
  figure.caption = quantity.sigma.empty() ? "One point per item."
                                          : "One point per item; bars are one standard deviation of counting.";
  figure.panels.push_back({.x = {.label = axis_label(axis, "item"), .unit = axis.unit},
                           .y = {.label = quantity.name, .unit = quantity.unit},
                           .marks = {std::move(points)}});
  return figure;
}

report::Figure map_figure(const signal::Axis& y, const signal::Axis& x, const ItemQuantity& quantity) {
  report::Image image{.name = quantity.name, .bar_label = quantity.name, .bar_unit = quantity.unit};
  image.grid = {.rows = y.size,
                .columns = x.size,
                .x = {x.value(-0.5), x.value(static_cast<double>(x.size) - 0.5)},
                .y = {y.value(-0.5), y.value(static_cast<double>(y.size) - 0.5)}};
  for (std::size_t i = 0; i < quantity.value.size(); ++i) {
    image.grid.values.push_back(quantity.is_valid(i) ? quantity.value[i] : std::numeric_limits<double>::quiet_NaN());
  }
  // A fifth of the width, rounded down to 1, 2 or 5: as a micrograph is printed.
  const double nm = nanometres_per(x.unit);
  const bool metric = nm > 0.0 && x.unit == y.unit;
  if (metric) {
    const double fifth = 0.2 * nm * std::abs(x.scale) * static_cast<double>(x.size);
    const double decade = std::pow(10.0, std::floor(std::log10(fifth)));
    const double bar = fifth >= 5.0 * decade ? 5.0 * decade : fifth >= 2.0 * decade ? 2.0 * decade : decade;
    image.scale_bar = report::ScaleBar{bar / nm, fmt::format("{:g} nm", bar)};
  }
  report::Figure figure{
      .id = "map-" + slug(quantity.name), .title = "Map of " + quantity.name, .width = report::Width::half};
  figure.caption = "White pixels could not be measured.";
  figure.panels.push_back({.x = {.label = metric ? "" : axis_label(x, "x"), .unit = x.unit},
                           .y = {.label = metric ? "" : axis_label(y, "y"), .unit = y.unit},
                           .marks = {std::move(image)}});
  return figure;
}

report::Figure spectrum_figure(const eels::MeanSpectra& means, std::span<const eels::PlacedEdge> edges,
                               std::span<const eels::Window> signal_windows, bool deconvolved) {
  report::Figure figure{.id = "spectrum", .title = "Spectra, windows and backgrounds"};
  figure.caption =
      "Means over all items on the common axis, for looking at; numbers come from the single items. Shaded: background "
      "windows (grey) and signal windows (blue).";
  figure.panels.push_back(core_panel(means, edges, signal_windows));
  figure.panels.push_back(signal_panel(means, edges, signal_windows, deconvolved));
  if (!means.low.empty()) {
    report::Panel panel{.title = "Low loss, mean of all items",
                        .x = {.label = "Energy loss", .unit = "eV"},
                        .y = {.label = "Counts", .scale = report::Scale::log},
                        .row = 2};
    panel.marks.emplace_back(
        report::Line{.name = "low loss", .x = energies(means.low_axis), .y = means.low, .colour = report::Colour::ink});
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

void check_pair(const signal::Signal& core, const signal::Signal* low, std::vector<Check>& checks) {
  const signal::Axis core_axis = signal::energy_axis(core);
  checks.push_back({"Dispersion of the core loss", CheckStatus::ok,
                    fmt::format("{:.4g} eV per channel, {:.1f} … {:.1f} eV", core_axis.scale, core_axis.value(0),
                                core_axis.value(static_cast<double>(core_axis.size) - 1)),
                    "", "Read from the file"});
  if (low != nullptr) {
    const signal::Axis low_axis = signal::energy_axis(*low);
    const bool same = std::abs(low_axis.scale / core_axis.scale - 1.0) < 1e-4;
    checks.push_back({"Dispersion of the low loss", same ? CheckStatus::ok : CheckStatus::attention,
                      fmt::format("{:.4g} eV per channel", low_axis.scale), "the same as the core loss",
                      same ? "" : "The low loss is resampled to the step of the core loss; the core loss never is"});
  }
  const auto exposure = [&](const char* name, const signal::Signal& data) {
    const bool known = data.metadata.exposure.has_value();
    checks.push_back({name, known ? CheckStatus::ok : CheckStatus::attention,
                      known ? fmt::format("{:.4g} s × {:.0f}", data.metadata.exposure->in(units::s),
                                          data.metadata.frames.value_or(1.0))
                            : "not in the file",
                      "known", "Cancels in ratios and in the deconvolution; needed for areal densities"});
  };
  exposure("Exposure of the core loss", core);
  if (low != nullptr) {
    exposure("Exposure of the low loss", *low);
  }
}

void check_edges(std::span<const eels::PlacedEdge> edges, std::vector<Check>& checks) {
  constexpr double gain_limit = 3.0;          // beyond it counts are not electrons and nobody said so
  constexpr double misfit_limit = 2.0;        // chi²/dof against the measured noise
  constexpr double displacement_limit = 6.0;  // eV: more than a chemical shift
  for (const eels::PlacedEdge& edge : edges) {
    const std::string name = edge.edge.name();
    const double misfit = edge.chi2_per_dof / std::max(edge.noise_factor, 1e-12);
    checks.push_back({"Gain before " + name,
                      edge.noise_factor < gain_limit && edge.noise_factor > 1.0 / gain_limit ? CheckStatus::ok
                                                                                             : CheckStatus::attention,
                      fmt::format("variance/mean {:.3g}", edge.noise_factor), "1/3 … 3",
                      "1 when counts are electrons; σ uses the measured value"});
    checks.push_back({"Background before " + name, misfit < misfit_limit ? CheckStatus::ok : CheckStatus::attention,
                      fmt::format("χ²/dof {:.3g} of the noise", misfit), "below 2",
                      "A power law describes the counts in the window"});
    checks.push_back({"Onset of " + name,
                      std::abs(edge.displacement_eV) < displacement_limit ? CheckStatus::ok : CheckStatus::attention,
                      edge.observed
                          ? fmt::format("{:.1f} eV, {:+.1f} eV from the table", edge.onset_eV, edge.displacement_eV)
                          : "did not stand out",
                      "within 6 eV", "Calibration of the axis and chemical shift; windows hang at the observed onset"});
  }
}

}  // namespace

std::vector<report::Figure> item_figures(const signal::Signal& core, std::span<const ItemQuantity> quantities) {
  std::vector<report::Figure> out;
  if (core.items() < 2) {
    return out;
  }
  const std::vector<signal::Axis>& navigation = core.navigation;
  for (const ItemQuantity& quantity : quantities) {
    const auto wide =
        std::count_if(navigation.begin(), navigation.end(), [](const signal::Axis& a) { return a.size > 1; });
    if (navigation.size() == 2 && wide == 2) {
      out.push_back(map_figure(navigation[0], navigation[1], quantity));
    } else if (wide == 1) {
      out.push_back(profile_figure(
          *std::find_if(navigation.begin(), navigation.end(), [](const signal::Axis& a) { return a.size > 1; }),
          quantity));
    }
  }
  return out;
}

signal::Signal map_signal(const signal::Signal& scan, const ItemQuantity& quantity) {
  Buffer<float, 2> data({1, quantity.value.size()});
  for (std::size_t i = 0; i < quantity.value.size(); ++i) {
    data.row(0)[i] = quantity.is_valid(i) ? static_cast<float>(quantity.value[i]) : 0.0F;
  }
  signal::Signal out;
  out.axes = scan.navigation;
  if (out.axes.empty()) {
    out.axes.push_back({.name = "item", .size = 1});
  }
  out.metadata = scan.metadata;
  out.metadata.title = quantity.name;
  out.metadata.signal_type.clear();  // a map is no spectrum
  out.intensity_unit = quantity.unit;
  out.source = signal::memory_source(std::move(data));
  return out;
}

double nanometres_per(const std::string& unit) {
  if (unit == "nm") {
    return 1.0;
  }
  if (unit == "\u00b5m" || unit == "\u03bcm" || unit == "um" || unit == "micron") {
    return 1e3;
  }
  if (unit == "\u00c5" || unit == "A" || unit == "angstrom") {
    return 0.1;
  }
  return unit == "pm" ? 1e-3 : unit == "m" ? 1e9 : 0.0;
}

std::vector<io::Column> position_columns(const signal::Signal& core) {
  std::vector<double> item(core.items());
  std::iota(item.begin(), item.end(), 0.0);
  std::vector<io::Column> out{io::number_column("item", "", item)};
  std::size_t stride = core.items();
  for (std::size_t a = 0; a < core.navigation.size(); ++a) {
    const signal::Axis& axis = core.navigation[a];
    stride /= std::max<std::size_t>(axis.size, 1);
    std::vector<double> values(core.items());
    for (std::size_t i = 0; i < core.items(); ++i) {
      values[i] = axis.value(static_cast<double>(i / stride % axis.size));
    }
    out.push_back(
        io::number_column(axis.name.empty() ? fmt::format("axis_{}", a) : axis.name, axis.unit, std::move(values)));
  }
  return out;
}

report::Line inside(const std::string& name, const eels::EnergyAxis& axis, const std::vector<double>& y,
                    const eels::Window& window) {
  report::Line line{.name = name};
  const eels::ChannelRange range = eels::channels_in(axis, window);
  for (std::size_t i = range.first; i < range.last && i < y.size(); ++i) {
    line.x.push_back(axis.value(static_cast<double>(i)));
    line.y.push_back(y[i]);
  }
  return line;
}

io::Table ratio_table(std::span<const eels::RatioResult> ratios, const std::string& systematic) {
  std::vector<std::string> name;
  std::vector<double> mean, error, scatter, counting, sums, sums_sigma, model, used;
  for (const eels::RatioResult& ratio : ratios) {
    name.push_back(ratio.name);
    mean.push_back(ratio.mean.value);
    error.push_back(ratio.mean.sigma);
    scatter.push_back(ratio.scatter);
    counting.push_back(ratio.propagated);
    sums.push_back(ratio.of_sums.value);
    sums_sigma.push_back(ratio.of_sums.sigma);
    model.push_back(ratio.model_uncertainty * ratio.mean.value);
    used.push_back(static_cast<double>(ratio.used));
  }
  io::Table table;
  table.columns = {io::text_column("ratio", name),
                   io::number_column("mean", "", mean),
                   io::number_column("standard_error", "", error),
                   io::number_column("scatter_of_items", "", scatter),
                   io::number_column("counting_sigma_of_item", "", counting),
                   io::number_column("of_sums", "", sums),
                   io::number_column("of_sums_sigma", "", sums_sigma),
                   io::number_column(systematic, "", model),
                   io::number_column("items", "", used)};
  return table;
}

std::vector<ItemQuantity> ratio_quantities(std::span<const eels::RatioResult> ratios, const std::vector<char>& valid) {
  std::vector<ItemQuantity> out;
  for (const eels::RatioResult& ratio : ratios) {
    out.push_back({ratio.name, "", ratio.value, ratio.sigma, valid});
  }
  return out;
}

void check_zero_loss(std::span<const eels::ZeroLossSummary> peaks, std::vector<Check>& checks) {
  if (peaks.empty()) {
    return;
  }
  std::map<std::string, std::size_t> flagged;
  std::vector<double> thickness;
  std::vector<double> width;
  for (const eels::ZeroLossSummary& peak : peaks) {
    if (peak.flags != 0) {
      ++flagged[eels::flags_text(peak.flags)];
    }
    if (peak.found()) {
      thickness.push_back(static_cast<double>(peak.thickness));
      width.push_back(static_cast<double>(peak.fwhm_eV));
    }
  }
  std::string text;
  for (const auto& [flag, count] : flagged) {
    text += fmt::format("{}{} in {} of {}", text.empty() ? "" : ", ", flag, count, peaks.size());
  }
  checks.push_back({"Zero-loss peak", flagged.empty() ? CheckStatus::ok : CheckStatus::attention,
                    text.empty() ? fmt::format("found in all {}", peaks.size()) : text, "not saturated, split or cut",
                    "A saturated or cut peak makes t/λ too large"});
  if (!thickness.empty()) {
    constexpr double thick = 1.0;
    const double mean = num::mean(thickness);
    checks.push_back({"Thickness", mean < thick ? CheckStatus::ok : CheckStatus::attention,
                      fmt::format("t/λ {:.3f}, zero-loss width {:.2f} eV", mean, num::mean(width)), "t/λ below 1",
                      "Plural scattering is removed; above 1 the correction decides the result"});
  }
}

void add_notes(std::span<const eels::Warning> warnings, std::span<const std::string> assumed, StepOutput& out) {
  for (const eels::Warning& warning : warnings) {
    const auto known = std::find_if(out.warnings.begin(), out.warnings.end(), [&](const WarningCount& w) {
      return w.kind == warning.kind && w.example == warning.text;
    });
    if (known != out.warnings.end()) {
      ++known->count;
    } else {
      out.warnings.push_back({warning.kind, warning.text, 1});
    }
  }
  for (const std::string& text : assumed) {
    const std::size_t colon = text.find(": ");
    out.assumptions.push_back(colon == std::string::npos ? Assumption{text, ""}
                                                         : Assumption{text.substr(0, colon), text.substr(colon + 2)});
  }
}

void check_dual(const StepInputs& inputs, std::span<const eels::PlacedEdge> edges,
                std::span<const eels::ZeroLossSummary> zero_loss, std::vector<Check>& checks) {
  check_pair(inputs.signal("core"), inputs.find_signal("low"), checks);
  check_zero_loss(zero_loss, checks);
  check_edges(edges, checks);
}

void add_page(const DualPage& page, StepOutput& out) {
  const signal::Signal& core = page.inputs.signal("core");
  out.figures.push_back(spectrum_figure(page.means, page.edges, page.windows, page.deconvolved));
  for (report::Figure& figure : item_figures(core, page.quantities)) {
    out.figures.push_back(std::move(figure));
  }
  check_dual(page.inputs, page.edges, page.zero_loss, out.checks);
  add_notes(page.warnings, page.assumed, out);
}

std::vector<InputSpec> dual_inputs(LowLoss low) {
  return {{"core", Kind::signal, true, "core-loss spectra"},
          {"low", Kind::signal, low == LowLoss::required, "low-loss spectra of the same items, or one for all"},
          {"stray", Kind::signal, false, "spectrum recorded without specimen, subtracted from the core loss"}};
}

std::vector<eels::Edge> edges_from(std::span<const std::string> names) {
  std::vector<eels::Edge> out;
  for (const std::string& name : names) {
    out.push_back(eels::find_edge(name));
  }
  return out;
}

}  // namespace hotstage::study::detail
