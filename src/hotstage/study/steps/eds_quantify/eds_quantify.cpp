// SPDX-License-Identifier: GPL-3.0-or-later
// Step eds.quantify: line areas, composition by given k-factors, and maps from an X-ray spectrum or spectrum image.

#include "hotstage/study/detail/eds_pages.hpp"
#include "hotstage/study/detail/eels_pages.hpp"
#include "hotstage/study/steps/eds_quantify/options.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::eds_quantify {

namespace {

void add_results(const eds::Composition& composition, StepOutput& out) {
  const std::string reference(composition.elements[composition.reference].family->element.symbol);
  for (std::size_t i = 0; i < composition.elements.size(); ++i) {
    const eds::ElementAmount& one = composition.elements[i];
    if (!one.found) {
      continue;
    }
    const std::string symbol(one.family->element.symbol);
    const auto method = [&](const eds::Parted& value, double scale) {
      return fmt::format("Cliff–Lorimer, {}α; counting ± {:.2g}, k-factors ± {:.2g}", one.family->name(),
                         scale * value.counting, scale * value.k_factor);
    };
    if (i != composition.reference) {
      out.results.push_back({.id = fmt::format("{}/{}", symbol, reference),
                             .value = one.ratio.value,
                             .sigma = one.ratio.sigma(),
                             .method = method(one.ratio, 1.0),
                             .label = fmt::format("{}/{} atomic ratio (EDS)", symbol, reference),
                             .headline = true});
    }
    out.results.push_back({.id = "fraction " + symbol,
                           .value = 100.0 * one.atom.value,
                           .sigma = 100.0 * one.atom.sigma(),
                           .unit = "%",
                           .method = method(one.atom, 100.0),
                           .label = symbol + " atomic fraction (EDS)"});
  }
}

void add_maps(const signal::Signal& spectra, const eds::SpectrumFit& fit, StepOutput& out, Run& run) {
  const detail::AreaMaps maps = detail::area_maps(spectra, eds::area_estimator(fit), run);
  io::Table items;
  items.columns = detail::position_columns(spectra);
  std::vector<detail::ItemQuantity> quantities;
  for (std::size_t k = 0; k < fit.areas.size(); ++k) {
    const std::string name = fit.areas[k].family->name() + "α";
    std::vector<double> value(maps.area.row(k).begin(), maps.area.row(k).end());
    std::vector<double> sigma;
    for (const double variance : maps.variance.row(k)) {
      sigma.push_back(std::sqrt(variance));
    }
    items.columns.push_back(io::number_column(name, "counts", value));
    items.columns.push_back(io::number_column(name + "_sigma", "counts", sigma));
    quantities.push_back({name, "counts", std::move(value), std::move(sigma), {}});
    out.signals[fmt::format("map_{}", k)] = detail::map_signal(spectra, quantities.back());
  }
  out.tables["items"] = std::move(items);
  for (report::Figure& figure : detail::item_figures(spectra, quantities)) {
    out.figures.push_back(std::move(figure));
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& spectra = inputs.signal("spectrum");
  const eds::LineTable lines = eds::LineTable::load();
  const eds::EnergyAxis axis = detail::eds_axis(spectra);
  const std::vector<const eds::LineFamily*> families = fitted_families(options, lines, axis);
  const std::vector<double> counts = detail::sum_spectrum(spectra, run);
  StepOutput out;
  const eds::SpectrumFit fit =
      eds::fit_spectrum(counts, axis, families, fit_options(options, spectra.metadata, out.assumptions));
  if (fit.status != eds::LineFitStatus::ok) {
    const bool few = fit.status == eds::LineFitStatus::too_few_counts;
    throw Error(
        Errc::refused,
        few ? "the spectrum holds fewer than 20 photons in the fitted range"
            : "the lines asked for cannot be told apart: two of them are the same within the resolution",
        few ? "Sum more pixels or measure longer" : "Leave one of the elements out, or choose another of its lines");
  }
  out.tables["lines"] = detail::line_table(fit);
  out.figures.push_back(detail::spectrum_figure(counts, fit));
  detail::add_eds_checks(counts, fit, eds::find_interferences(lines, families, suspects(options), fit.lines.resolution),
                         out);
  if (const auto factors = inputs.tables.find("k_factors"); factors != inputs.tables.end()) {
    const std::vector<eds::KFactor> k = eds::read_k_factors(factors->second, options.k_uncertainty);
    const eds::Composition composition = eds::quantify(fit, quantified_families(options, families, k), k, lines,
                                                       quantify_options(options, spectra.metadata));
    out.tables["composition"] = detail::composition_table(composition);
    for (const std::string& assumed : composition.assumed) {
      out.assumptions.push_back({assumed, "Cliff–Lorimer method"});
    }
    add_results(composition, out);
  }
  if (spectra.items() > 1) {
    add_maps(spectra, fit, out, run);
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eds.quantify",
    .version = 2,
    .title = "X-ray lines and composition",
    .help =
        "Fits the lines of elements over bremsstrahlung, says what was not found and how little of it there is; with "
        "k-factors, composition and ratios; for spectrum images, maps with counting uncertainty",
    .example = "hotstage eds quantify --spectrum scan.emd#3 --elements O Co Cu --k_factors k.csv",
    .inputs = {{"spectrum", Kind::signal, true, "X-ray spectrum or spectrum image, counts as measured"},
               {"k_factors", Kind::table, false, "columns line (\"Co K\"), k, and sigma or sigma_percent"}},
    .outputs = {{"lines", Kind::table, "areas of the α lines, found or bounded"},
                {"composition", Kind::table, "fractions and ratios (with k-factors)"},
                {"items", Kind::table, "areas of every pixel (of a spectrum image)"},
                {"map_0", Kind::signal, "map of the first line (map_1 of the second, …)"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eds_quantify
