// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_denoise_pages.hpp"

#include "hotstage/study/detail/eels_low_loss.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

constexpr std::size_t shown_components = 6;

std::vector<double> energies(const eels::EnergyAxis& axis) {
  std::vector<double> out(axis.size);
  for (std::size_t c = 0; c < axis.size; ++c) {
    out[c] = axis.value(static_cast<double>(c));
  }
  return out;
}

std::vector<double> column_of(const Buffer<double, 2>& scores, std::size_t k) {
  std::vector<double> out(scores.extent(0));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = scores.row(i)[k];
  }
  return out;
}

io::Table component_table(const eels::DenoiseResult& result) {
  const std::size_t rows = std::min<std::size_t>(result.scree.size(), result.number.used + 30);
  std::vector<double> number, eigenvalue, kept, strength, spectrum, map;
  for (std::size_t k = 0; k < rows; ++k) {
    const eels::Component& component = result.scree[k];
    number.push_back(static_cast<double>(k + 1));
    eigenvalue.push_back(component.eigenvalue);
    kept.push_back(k < result.number.used ? 1.0 : 0.0);
    strength.push_back(component.strength.signal);
    spectrum.push_back(component.strength.spectrum);
    map.push_back(component.strength.map);
  }
  io::Table table;
  table.columns = {io::number_column("component", "", number),
                   io::number_column("eigenvalue", "noise variance", eigenvalue),
                   io::number_column("kept", "", kept),
                   io::number_column("signal", "noise variance", strength),
                   io::number_column("spectrum_agreement", "", spectrum),
                   io::number_column("map_agreement", "", map)};
  return table;
}

io::Table survival_table(const eels::FeatureSurvival& survival) {
  std::vector<double> pixels, share, scatter, predicted;
  for (const eels::SurvivalPoint& point : survival.points) {
    pixels.push_back(static_cast<double>(point.pixels));
    share.push_back(point.share);
    scatter.push_back(point.scatter);
    predicted.push_back(point.predicted);
  }
  io::Table table;
  table.columns = {io::number_column("pixels", "", pixels), io::number_column("surviving_share", "", share),
                   io::number_column("surviving_share_scatter", "", scatter),
                   io::number_column("predicted_share", "", predicted)};
  return table;
}

io::Table item_table(const signal::Signal& core, const eels::DenoiseResult& result) {
  io::Table table;
  table.columns = position_columns(core);
  for (std::size_t k = 0; k < result.number.used; ++k) {
    table.columns.push_back(io::number_column(fmt::format("score_{}", k + 1), "", column_of(result.scores, k)));
  }
  table.columns.push_back(io::number_column("residual_chi2", "", result.residual.item_chi2));
  table.columns.push_back(io::number_column("residual_peak", "sigma", result.residual.item_peak));
  table.columns.push_back(io::number_column("residual_peak_energy", "eV", result.residual.item_peak_eV));
  return table;
}

io::Table spectrum_table(const eels::DenoiseResult& result) {
  io::Table table;
  table.columns = {io::number_column("energy", "eV", energies(result.axis)),
                   io::number_column("mean", "counts", result.mean),
                   io::number_column("mean_denoised", "counts", result.mean_denoised),
                   io::number_column("residual_chi2", "", result.residual.channel_chi2)};
  for (std::size_t k = 0; k < result.number.used; ++k) {
    const auto row = result.spectra.row(k);
    table.columns.push_back(
        io::number_column(fmt::format("component_{}", k + 1), "counts", std::vector<double>(row.begin(), row.end())));
  }
  return table;
}

report::Figure scree_figure(const eels::DenoiseResult& result) {
  report::Points kept{.name = "kept", .colour = report::Colour::blue};
  report::Points noise{.name = "dropped", .symbol = report::Symbol::square, .colour = report::Colour::grey};
  const std::size_t rows =
      std::min<std::size_t>(result.scree.size(), std::max<std::size_t>(result.number.used + 20, 30));
  for (std::size_t k = 0; k < rows && result.scree[k].eigenvalue > 0.0; ++k) {
    report::Points& points = k < result.number.used ? kept : noise;
    points.x.push_back(static_cast<double>(k + 1));
    points.y.push_back(result.scree[k].eigenvalue);
  }
  report::Figure figure{.id = "scree", .title = "Scree plot", .width = report::Width::half};
  figure.caption = fmt::format(
      "Eigenvalues of the weighted counts in units of the noise variance ({:.3g} of the mean). Noise alone ends at "
      "{:.4g} "
      "(1 % level {:.4g}, line); dropping a component leaves less squared error below {:.4g} (dotted).",
      result.noise.variance, result.number.edge, result.number.limit, result.number.threshold);
  report::Panel panel{.x = {.label = "Component"},
                      .y = {.label = "Eigenvalue / noise variance", .scale = report::Scale::log}};
  panel.marks.emplace_back(std::move(kept));
  panel.marks.emplace_back(std::move(noise));
  panel.marks.emplace_back(
      report::HorizontalLine{.label = "noise edge", .value = result.number.limit, .colour = report::Colour::vermilion});
  panel.marks.emplace_back(
      report::HorizontalLine{.label = "", .value = result.number.threshold, .dash = report::Dash::dotted});
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure spectra_figure(const eels::DenoiseResult& result) {
  report::Figure figure{.id = "component-spectra", .title = "Component spectra"};
  figure.caption =
      "Components in counts per unit score, as the table of items lists the scores; they are orthogonal "
      "after weighting and have no meaning one by one.";
  const std::size_t count = std::min(result.number.used, shown_components);
  for (std::size_t k = 0; k < count; ++k) {
    const auto row = result.spectra.row(k);
    report::Panel panel{.title = fmt::format("Component {}", k + 1),
                        .x = {.label = "Energy loss", .unit = "eV"},
                        .y = {.label = "Counts"},
                        .row = k / 2,
                        .column = k % 2,
                        .height = 0.7,
                        .x_link = "energy"};
    panel.marks.emplace_back(report::Line{
        .x = energies(result.axis), .y = std::vector<double>(row.begin(), row.end()), .colour = report::Colour::blue});
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

report::Figure residual_figure(const eels::DenoiseResult& result) {
  report::Figure figure{.id = "residual-spectrum", .title = "Mean spectrum and residual test"};
  figure.caption = "Residual variance per channel over that of counting noise: 1 when noise is all that was removed.";
  report::Panel mean{.x = {.label = "Energy loss", .unit = "eV"}, .y = {.label = "Counts"}, .x_link = "energy"};
  mean.marks.emplace_back(
      report::Line{.name = "counted", .x = energies(result.axis), .y = result.mean, .colour = report::Colour::ink});
  mean.marks.emplace_back(report::Line{.name = "denoised",
                                       .x = energies(result.axis),
                                       .y = result.mean_denoised,
                                       .dash = report::Dash::dashed,
                                       .colour = report::Colour::vermilion});
  report::Panel chi2{.x = {.label = "Energy loss", .unit = "eV"},
                     .y = {.label = "Residual variance / noise"},
                     .row = 1,
                     .height = 0.6,
                     .x_link = "energy"};
  chi2.marks.emplace_back(
      report::Line{.x = energies(result.axis), .y = result.residual.channel_chi2, .colour = report::Colour::blue});
  chi2.marks.emplace_back(report::HorizontalLine{.value = 1.0});
  figure.panels = {std::move(mean), std::move(chi2)};
  return figure;
}

report::Figure survival_figure(const eels::FeatureSurvival& survival) {
  report::Points measured{.name = "in these data", .colour = report::Colour::blue};
  report::Line predicted{.name = "theory", .dash = report::Dash::dashed, .colour = report::Colour::vermilion};
  for (const eels::SurvivalPoint& point : survival.points) {
    measured.x.push_back(static_cast<double>(point.pixels));
    measured.y.push_back(point.share);
    measured.sigma_y.push_back(point.scatter);
    predicted.x.push_back(static_cast<double>(point.pixels));
    predicted.y.push_back(point.predicted);
  }
  report::Figure figure{.id = "survival", .title = "What is left of a weak feature", .width = report::Width::half};
  figure.caption = fmt::format(
      "A Gaussian of {:.3g} eV at {:.5g} eV, {:.3g} counts per channel high ({:.2g} of the mean spectrum, {:.2g} σ in "
      "one "
      "spectrum as recorded), put into random pixels of these data. Error bars: scatter of the sets of pixels. Dashed: "
      "1 − NE/θ^{{4}}, for a feature that no component resembles.",
      survival.fwhm_eV, survival.energy_eV, survival.height, survival.relative_height, survival.significance);
  report::Panel panel{.x = {.label = "Pixels that hold the feature", .scale = report::Scale::log},
                      .y = {.label = "Surviving share of its area"}};
  panel.marks.emplace_back(std::move(predicted));
  panel.marks.emplace_back(std::move(measured));
  panel.marks.emplace_back(report::HorizontalLine{.value = 1.0});
  figure.panels.push_back(std::move(panel));
  return figure;
}

std::string pixels_text(const std::optional<double>& pixels, const eels::FeatureSurvival& survival) {
  return pixels ? fmt::format("{:.0f}", *pixels) : fmt::format("more than {}", survival.points.back().pixels);
}

void add_results(const eels::DenoiseResult& result, const eels::DenoiseOptions& options, StepOutput& out) {
  const eels::ComponentNumber& n = result.number;
  out.results.push_back(
      {.id = "components",
       .value = static_cast<double>(n.used),
       .method = fmt::format("{}; edge of the noise {}, optimal hard threshold {}, prediction of held-back counts {}",
                             options.components ? "as asked" : "eigenvalues that noise reaches in 1 of 100 scans",
                             n.by_edge, n.by_threshold, n.by_thinning),
       .label = "Components kept",
       .headline = true});
  out.results.push_back({.id = "noise_factor",
                         .value = result.noise.variance,
                         .method = options.noise_factor ? "as given" : "from the eigenvalues that are not signal",
                         .label = "Variance over mean of the counts"});
  out.results.push_back(
      {.id = "noise_left",
       .value = result.noise_left,
       .method = "parameters over counts, root; mean of all channels, for signals inside the components",
       .label = "Noise left of a channel",
       .headline = true});
  const eels::FeatureSurvival& survival = result.survival;
  const std::string feature = fmt::format("Gaussian of {:.3g} eV at {:.5g} eV, {:.2g} σ in one recorded spectrum",
                                          survival.fwhm_eV, survival.energy_eV, survival.significance);
  out.results.push_back({.id = "survival.one_pixel",
                         .value = survival.points.front().share,
                         .sigma = survival.points.front().scatter,
                         .method = feature + ", in one pixel of these data; σ: scatter of the pixels",
                         .label = "Share of a weak local feature that survives",
                         .headline = true});
  for (const auto& [id, pixels, words] :
       {std::tuple{"survival.half_pixels", survival.half, "Pixels from which half survives"},
        {"survival.most_pixels", survival.nine_tenths, "Pixels from which 90 % survives"}}) {
    if (pixels) {
      out.results.push_back({.id = id, .value = *pixels, .method = feature, .label = words});
    }
  }
}

void add_checks(const eels::DenoiseResult& result, StepOutput& out) {
  out.checks.push_back(
      {.name = "The residual is noise",
       .status = result.residual.above > 0 ? CheckStatus::attention : CheckStatus::ok,
       .measured = fmt::format("{} of {} spectra", result.residual.above, result.noise.items),
       .limit = fmt::format("no window beyond {:.2f} σ (1 in 100 scans by chance)", result.residual.limit),
       .meaning = result.residual.above > 0 ? "Signals of single spectra were removed with the noise: see the map"
                                            : "No signal of a single spectrum was lost"});
  const bool agree = result.number.by_edge == result.number.by_threshold &&
                     result.number.by_edge == result.number.by_thinning && result.number.used == result.number.by_edge;
  out.checks.push_back(
      {.name = "The rules agree on the number of components",
       .status = agree ? CheckStatus::ok : CheckStatus::attention,
       .measured = fmt::format("{} by the edge, {} by the threshold, {} by prediction", result.number.by_edge,
                               result.number.by_threshold, result.number.by_thinning),
       .limit = fmt::format("{} kept", result.number.used),
       .meaning = agree ? "The number does not hang on the rule"
                        : "Components in dispute are real and noisy, or not noise as assumed"});
  out.checks.push_back(
      {.name = "Weak local signals",
       .status = CheckStatus::attention,
       .measured = fmt::format("half of the test feature survives from {} pixels, 90 % from {}",
                               pixels_text(result.survival.half, result.survival),
                               pixels_text(result.survival.nine_tenths, result.survival)),
       .limit = "the number of pixels of what is looked for",
       .meaning = "What fewer pixels share is removed with the noise: measure it in the spectra as recorded"});
}

}  // namespace

StepOutput denoise_page(const signal::Signal& core, const eels::DenoiseResult& result,
                        const eels::DenoiseOptions& options) {
  StepOutput out;
  add_results(result, options, out);
  add_checks(result, out);
  add_notes(result.warnings, {}, out);
  out.assumptions.push_back({"noise", "Poisson counts of one gain; σ of measurements on the result is not counting σ"});
  out.tables["components"] = component_table(result);
  out.tables["items"] = item_table(core, result);
  out.tables["spectra"] = spectrum_table(result);
  out.tables["survival"] = survival_table(result.survival);
  out.figures = {scree_figure(result), survival_figure(result.survival), residual_figure(result),
                 spectra_figure(result)};
  std::vector<ItemQuantity> maps{{.name = "residual variance / noise", .value = result.residual.item_chi2},
                                 {.name = "largest residual", .unit = "sigma", .value = result.residual.item_peak}};
  for (std::size_t k = 0; k < std::min(result.number.used, shown_components); ++k) {
    maps.push_back({.name = fmt::format("score of component {}", k + 1), .value = column_of(result.scores, k)});
  }
  out.signals["residual"] = map_signal(core, maps.front());
  for (report::Figure& figure : scaled_maps(core, maps)) {
    out.figures.push_back(std::move(figure));
  }
  return out;
}

}  // namespace hotstage::study::detail
