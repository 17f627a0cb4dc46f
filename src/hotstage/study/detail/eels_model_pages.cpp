// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_model_pages.hpp"

#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace hotstage::study::detail {

namespace {

/// Vermilion is kept for the model and the background, ink for what was measured.
constexpr std::array edge_colours = {report::Colour::blue, report::Colour::green, report::Colour::purple,
                                     report::Colour::orange, report::Colour::sky};

report::Panel energy_panel(const std::string& title, const std::string& y, const std::string& unit, std::size_t row) {
  return {.title = title,
          .x = {.label = "Energy loss", .unit = "eV"},
          .y = {.label = y, .unit = unit},
          .row = row,
          .x_link = "core"};
}

constexpr double margin_eV = 1.0;  // interpolated means begin cleanly this far inside the range

eels::Window within_margin(const eels::Window& range) {
  return {range.low_eV + margin_eV, range.high_eV - margin_eV};
}

/// What the model leaves, in a row of its own below the spectrum.
report::Panel residual_panel(const std::string& title, const std::string& unit, const eels::EnergyAxis& axis,
                             const std::vector<double>& left, const eels::Window& shown) {
  report::Panel panel = energy_panel(title, "Residual", unit, 1);
  panel.height = 0.8;
  report::Line line = inside("residual", axis, left, shown);
  line.colour = report::Colour::ink;
  panel.marks.emplace_back(std::move(line));
  panel.marks.emplace_back(report::HorizontalLine{.value = 0.0});
  return panel;
}

}  // namespace

report::Figure model_figure(const eels::ModelFitResult& result) {
  const eels::ModelMeans& m = result.means;
  const eels::Window shown = within_margin(result.range);
  report::Figure figure{.id = "model", .title = "Model of the whole spectrum"};
  figure.caption =
      "Means over all items with a result, on the common axis, for looking at; every item was fitted by itself. "
      "Shaded: "
      "where the shape of an edge is free. Below: measured minus model, in units of the counting σ of the mean.";
  report::Panel spectrum = energy_panel("Core loss and its model", "Counts", "", 0);
  for (const eels::ModelEdgeResult& edge : result.edges) {
    if (edge.fine) {
      spectrum.marks.emplace_back(report::Span{"free shape of " + edge.placed.edge.name(), edge.fine->low_eV,
                                               edge.fine->high_eV, report::Colour::grey});
    }
  }
  report::Line measured = inside("measured", m.axis, m.core, shown);
  measured.colour = report::Colour::ink;
  report::Line fit = inside("model", m.axis, m.fit, shown);
  fit.colour = report::Colour::vermilion;
  report::Line background = inside("background", m.axis, m.background, shown);
  background.colour = report::Colour::vermilion;
  background.dash = report::Dash::dashed;
  for (report::Line* line : {&measured, &fit, &background}) {
    spectrum.marks.emplace_back(std::move(*line));
  }
  for (std::size_t e = 0; e < result.edges.size(); ++e) {
    report::Line line = inside(result.edges[e].placed.edge.name(), m.axis, m.edges[e], shown);
    line.colour = edge_colours[e % edge_colours.size()];
    spectrum.marks.emplace_back(std::move(line));
  }
  figure.panels.push_back(std::move(spectrum));
  std::vector<double> relative(m.residual.size(), 0.0);
  for (std::size_t c = 0; c < relative.size(); ++c) {
    relative[c] = m.residual_sigma[c] > 0.0 ? m.residual[c] / m.residual_sigma[c] : 0.0;
  }
  figure.panels.push_back(residual_panel("Measured − model", "σ", m.axis, relative, shown));
  return figure;
}

report::Figure shape_figure(const eels::ModelFitResult& result) {
  const eels::ModelMeans& m = result.means;
  report::Figure figure{.id = "shapes", .title = "Edges without plural scattering"};
  figure.caption = result.convolved
                       ? "Single scattering as fitted (full) and cross-section of the free atom (dashed): the low loss "
                         "is part of the model, so nothing was deconvolved."
                       : "As fitted (full) and cross-section of the free atom (dashed). There was no low loss: plural "
                         "scattering is part of the shape.";
  for (std::size_t e = 0; e < result.edges.size(); ++e) {
    const std::string name = result.edges[e].placed.edge.name();
    report::Panel panel{.title = name,
                        .x = {.label = "Energy loss", .unit = "eV"},
                        .y = {.label = "dσ/dE per atom", .unit = "barn/eV"},
                        .column = e};
    const double onset = result.edges[e].placed.onset_eV;
    constexpr double before_eV = 10.0;
    constexpr double behind_eV = 110.0;
    const eels::Window shown{std::max(onset - before_eV, result.range.low_eV),
                             std::min(onset + behind_eV, result.range.high_eV - margin_eV)};
    report::Line single = inside("as fitted", m.axis, m.single[e], shown);
    single.colour = edge_colours[e % edge_colours.size()];
    report::Line atom = inside("free atom", m.axis, m.cross_section[e], shown);
    atom.colour = report::Colour::ink;
    atom.dash = report::Dash::dashed;
    panel.marks.emplace_back(std::move(single));
    panel.marks.emplace_back(std::move(atom));
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

io::Table model_edge_table(const eels::ModelFitResult& result) {
  std::vector<std::string> name;
  std::vector<double> onset, moved, low, high, uncertainty, k, k_sigma, noise;
  for (const eels::ModelEdgeResult& edge : result.edges) {
    name.push_back(edge.placed.edge.name());
    onset.push_back(edge.placed.onset_eV);
    moved.push_back(edge.placed.displacement_eV);
    low.push_back(edge.fine ? edge.fine->low_eV : edge.placed.onset_eV);
    high.push_back(edge.fine ? edge.fine->high_eV : edge.placed.onset_eV);
    uncertainty.push_back(100.0 * edge.relative_uncertainty);
    k.push_back(edge.k.value);
    k_sigma.push_back(edge.k.sigma);
    noise.push_back(edge.placed.noise_factor);
  }
  io::Table table;
  table.columns = {io::text_column("edge", name),
                   io::number_column("onset", "eV", onset),
                   io::number_column("displacement", "eV", moved),
                   io::number_column("free_shape_from", "eV", low),
                   io::number_column("free_shape_to", "eV", high),
                   io::number_column("cross_section_uncertainty", "%", uncertainty),
                   io::number_column("k", "", k),
                   io::number_column("k_sigma", "", k_sigma),
                   io::number_column("variance_over_mean", "", noise)};
  return table;
}

io::Table model_item_table(const signal::Signal& core, const eels::ModelFitResult& result) {
  io::Table table;
  table.columns = position_columns(core);
  std::vector<std::string> status;
  for (const eels::ModelStatus item : result.status) {
    status.emplace_back(eels::name(item));
  }
  table.columns.push_back(io::text_column("status", status));
  table.columns.push_back(io::number_column("t_over_lambda", "", result.thickness));
  table.columns.push_back(io::number_column("t_over_lambda_sigma", "", result.thickness_sigma));
  table.columns.push_back(io::number_column("chi2_per_dof", "", result.chi2_per_dof));
  for (const eels::ModelEdgeResult& edge : result.edges) {
    const std::string name = edge.placed.edge.name();
    table.columns.push_back(io::number_column(name + " amplitude", "1/barn", edge.amplitude));
    table.columns.push_back(io::number_column(name + " amplitude_sigma", "1/barn", edge.sigma));
  }
  for (const eels::RatioResult& ratio : result.ratios) {
    table.columns.push_back(io::number_column(ratio.name, "", ratio.value));
    table.columns.push_back(io::number_column(ratio.name + "_sigma", "", ratio.sigma));
  }
  return table;
}

report::Figure mlls_figure(const eels::MllsResult& result) {
  const eels::Window shown = within_margin(result.window);
  report::Figure figure{.id = "fit", .title = "Spectrum as a sum of references"};
  figure.caption = "Means over all items with a result. Below: measured minus fitted.";
  report::Panel spectrum = energy_panel("Measured and fitted", "Counts", "", 0);
  report::Line measured = inside("measured", result.axis, result.mean, shown);
  measured.colour = report::Colour::ink;
  report::Line fit = inside("sum of references", result.axis, result.fit, shown);
  fit.colour = report::Colour::vermilion;
  spectrum.marks.emplace_back(std::move(measured));
  spectrum.marks.emplace_back(std::move(fit));
  if (!result.background.empty()) {
    report::Line law = inside("power law", result.axis, result.background, shown);
    law.colour = report::Colour::vermilion;
    law.dash = report::Dash::dashed;
    spectrum.marks.emplace_back(std::move(law));
  }
  figure.panels.push_back(std::move(spectrum));
  std::vector<double> left(result.mean.size());
  for (std::size_t c = 0; c < left.size(); ++c) {
    left[c] = result.mean[c] - result.fit[c];
  }
  figure.panels.push_back(residual_panel("Measured − fitted", "counts", result.axis, left, shown));
  return figure;
}

report::Figure reference_figure(const eels::MllsResult& result) {
  report::Figure figure{.id = "references", .title = "References"};
  figure.caption = "Each scaled to the same area in the window.";
  report::Panel panel = energy_panel("References of equal area", "Counts per area", "1/eV", 0);
  for (std::size_t r = 0; r < result.references.size(); ++r) {
    std::vector<double> scaled = result.references[r].spectrum;
    for (double& value : scaled) {
      value /= result.references[r].area * result.axis.step_eV;
    }
    report::Line line = inside(result.references[r].name, result.axis, scaled, within_margin(result.window));
    line.colour = edge_colours[r % edge_colours.size()];
    panel.marks.emplace_back(std::move(line));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

io::Table mlls_item_table(const signal::Signal& core, const eels::MllsResult& result) {
  io::Table table;
  table.columns = position_columns(core);
  std::vector<std::string> status;
  for (const char valid : result.valid) {
    status.emplace_back(valid != 0 ? "ok" : "not determined");
  }
  table.columns.push_back(io::text_column("status", status));
  for (const eels::MllsReference& reference : result.references) {
    table.columns.push_back(io::number_column(reference.name, "", reference.coefficient));
    table.columns.push_back(io::number_column(reference.name + "_sigma", "", reference.sigma));
    table.columns.push_back(io::number_column(reference.name + " share", "", reference.share));
  }
  table.columns.push_back(io::number_column("shift", "eV", result.shift_eV));
  table.columns.push_back(io::number_column("shift_sigma", "eV", result.shift_sigma));
  table.columns.push_back(io::number_column("chi2_per_dof", "", result.chi2_per_dof));
  table.columns.push_back(io::number_column("misfit", "", result.misfit));
  return table;
}

}  // namespace hotstage::study::detail
