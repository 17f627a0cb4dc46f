// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.columns: atomic columns with uncertainty, sublattices, filling of the lithium layers.

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/columns.hpp"
#include "hotstage/study/detail/series_column_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::series_columns {

namespace {

struct Options {
  detail::ImageOptions image;
  series::LatticeOptions lattice;
  series::ColumnOptions columns;
  bool layers = false;

  template <class V>
  void fields(V& v) {
    image.fields(v);
    lattice.fields(v);
    columns.fields(v);
    v("layers", layers,
      {.help = "the specimen is an oxide along <110>cub ∥ [100]hex: compare the layers of Li and Co sites"});
  }
};

double spacing_px(const Options& options, const detail::ImagePart& image, const series::ImageLattice& lattice) {
  if (!options.columns.spacing) {
    const std::array<series::Planar, 2> a = lattice.direct();
    return 0.5 * std::min(length(a[0]), length(a[1]));
  }
  if (!image.pixel_A) {
    throw Error(Errc::bad_input, "a spacing in nm needs a pixel size", "Give pixel = \"… nm\", or leave spacing out");
  }
  return options.columns.spacing->in(units::angstrom) / (*image.pixel_A)[1];
}

void add_results(const series::ColumnSet& set, StepOutput& out) {
  std::vector<double> sigma;
  for (const series::AtomColumn& c : set.columns) {
    sigma.push_back(std::max(c.sigma_y, c.sigma_x));
  }
  out.results.push_back({.id = "columns",
                         .value = static_cast<double>(set.columns.size()),
                         .method = "maxima of a matched filter that a Gaussian fits",
                         .label = "Atomic columns"});
  out.results.push_back({.id = "median_sigma",
                         .value = num::median(sigma),
                         .unit = "px",
                         .method = "per axis, covariance of the fit times the median reduced χ²",
                         .label = "Uncertainty of one place",
                         .headline = true});
  out.results.push_back({.id = "width",
                         .value = set.width_px,
                         .unit = "px",
                         .method = "σ of the Gaussian, median of free fits",
                         .label = "Width of a column"});
  out.results.push_back({.id = "noise_factor",
                         .value = set.noise_factor,
                         .method = "median reduced χ² of the fits with variance = counts",
                         .label = "Variance over counts"});
  out.checks.push_back({"Fits that ran away",
                        set.failed * 20 < set.columns.size() ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} of {}", set.failed, set.failed + set.columns.size()), "below 5 %",
                        "Another spacing, or more counts"});
}

void add_ratio(const series::LayerRatio& r, StepOutput& out) {
  out.results.push_back(
      {.id = "layer_ratio",
       .value = r.ratio.value,
       .sigma = r.ratio.sigma,
       .method = "mean amplitude of odd over even layers of metal sites; σ: counting or scatter, the larger",
       .label = "Li-layer over Co-layer strength (0 layered, 1 rock salt)",
       .headline = true});
  out.results.push_back({.id = "layer_spacing",
                         .value = r.spacing_A,
                         .unit = "angstrom",
                         .method = "planes of the fitted lattice that the layers follow",
                         .label = "Spacing of Co layers"});
  out.tables["layers"] = detail::layer_table(r);
  out.figures.push_back(detail::layer_figure(r));
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const detail::ImagePart image = detail::read_image(inputs.signal("image"), options.image);
  const series::ImageLattice lattice = series::fit_lattice(image.counts.view(), options.lattice);
  const double spacing = spacing_px(options, image, lattice);
  series::ColumnSet set = series::find_columns(image.counts.view(), spacing, options.columns, run);
  series::assign_sublattices(set, lattice, spacing);
  StepOutput out;
  out.tables["columns"] = detail::column_table(set, image, lattice);
  add_results(set, out);
  out.figures.push_back(detail::column_figure(set, image));
  if (options.layers) {
    const std::array<double, 2> pixel = detail::require_pixel(image, inputs.signal("image"));
    const auto ratio = series::layer_ratio(image.counts.view(), set, lattice, pixel);
    if (!ratio) {
      throw Error(Errc::refused, "no planes of 4.4 … 5.0 Å or 2.2 … 2.55 Å in the lattice found: no layers to compare",
                  "Check the pixel size (series.lattice); only <110>cub ∥ [100]hex shows the layers edge on");
    }
    add_ratio(*ratio, out);
    out.assumptions.push_back(
        {"Strength of a column follows its metal content", "channelling and thickness are those of both layers alike"});
  }
  out.assumptions.push_back(
      {"Columns are round and equally wide", "static displacement along the beam widens a column"});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.columns",
    .version = 1,
    .title = "Atomic columns",
    .help =
        "Finds atomic columns, fits place and strength of each with uncertainty, sorts them into sublattices of the "
        "fitted lattice and measures how bright the lithium layers of a layered oxide are against the cobalt layers",
    .example = "hotstage series columns --image haadf.dm4 --spacing \"0.23 nm\" --layers true",
    .inputs = {{"image", Kind::signal, true, "image with resolved columns, or a registered stack"}},
    .outputs = {{"columns", Kind::table, "place, σ, amplitude and sublattice of every column"},
                {"layers", Kind::table, "mean amplitude of every layer of metal sites, where there are layers"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_columns
