// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.shape: thickness trend of grains, sphere test and facets of voids, planes the facets may be.

#include "hotstage/study/detail/series_pages.hpp"
#include "hotstage/study/detail/series_shape_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::series_shape {

namespace {

struct Options {
  int first_frames = 40;
  double gain = 1.0;
  double black = 0.0;
  int averaged = 1;
  double margin = 6.0;
  std::optional<Length> foil;
  Length foil_sigma = 5.0 * units::nm;
  detail::CrystalViewOptions crystal;

  template <class V>
  void fields(V& v) {
    v("first_frames", first_frames,
      {.help = "frames averaged when frames are given; at most a third of the series", .min = 1, .max = 100000});
    v("gain", gain, {.help = "stored counts per electron of the image (frames: from the drift table)", .min = 1e-9});
    v("black", black, {.help = "stored counts of the image without electrons"});
    v("averaged", averaged, {.help = "frames the image is the mean of, where no number map is given", .min = 1});
    v("margin", margin, {.help = "px kept from boundaries and voids for the trend", .min = 1.0, .max = 100.0});
    v("foil", foil,
      {.help = "thickness of the foil; without it the one a sphere needs is given", .unit = "nm", .min = 1.0});
    v("foil_sigma", foil_sigma, {.help = "standard uncertainty of that", .unit = "nm", .min = 0.0});
    crystal.fields(v);
  }
};

/// Electrons per pixel and frame, and how many frames.
series::MeanImage read_mean(const StepInputs& inputs, const Options& options, const signal::Signal& source, Run& run) {
  double gain = options.gain;
  double black = options.black;
  series::MeanImage out;
  if (inputs.find_signal("image") == nullptr) {
    const auto drift = inputs.tables.find("drift");
    if (drift == inputs.tables.end()) {
      throw Error(Errc::bad_input, "frames without a drift table", "Bind the drift table of series.register as drift");
    }
    const detail::SeriesState state = detail::read_drift(drift->second, source);
    const std::size_t last =
        std::clamp<std::size_t>(source.items() / 3, 1, static_cast<std::size_t>(options.first_frames));
    out = series::drift_corrected_mean(source, state.drift, 0, last, run);
    gain = state.detector.gain.value;
    black = state.detector.black.value;
  } else {
    const std::array<std::size_t, 2> size{source.axes[0].size, source.axes[1].size};
    out.mean = Buffer<float, 2>(size);
    out.n_averaged = Buffer<float, 2>(size);
    signal::read(source, {0, 1, 0, source.channels()}, View<float, 2>(out.mean.data(), {1, out.mean.size()}));
    std::fill_n(out.n_averaged.data(), out.n_averaged.size(), static_cast<float>(options.averaged));
    if (const signal::Signal* number = inputs.find_signal("number")) {
      const Buffer<float, 2> n = signal::read_all(*number);
      if (n.size() != out.n_averaged.size()) {
        throw Error(Errc::bad_input, "the number map has another size than the image", "Bind both of series.average");
      }
      std::copy_n(n.data(), n.size(), out.n_averaged.data());
    }
  }
  for (std::size_t i = 0; i < out.mean.size(); ++i) {
    out.mean.data()[i] = static_cast<float>((static_cast<double>(out.mean.data()[i]) - black) / gain);
  }
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal* image = inputs.find_signal("image");
  const signal::Signal* frames = inputs.find_signal("frames");
  if ((image == nullptr) == (frames == nullptr)) {
    throw Error(Errc::bad_input, "one of image and frames is needed, not both", "Bind image, or frames and drift");
  }
  const signal::Signal& source = image != nullptr ? *image : *frames;
  if (source.axes.size() != 2 || (image != nullptr && source.items() != 1)) {
    throw Error(Errc::bad_input, Location{.file = source.file}, "this is not one image: " + source.shape_text(),
                "Give one image {y, x} as image, or a series as frames");
  }
  const auto view = detail::crystal_view(options.crystal);
  const double nm = series::pixel_nm(source);
  const series::MeanImage mean = read_mean(inputs, options, source, run);
  const Buffer<std::int32_t, 2> labels = detail::read_labels(inputs.signal("labels"), source);
  const series::GrainImage grains{mean.mean.view(), mean.n_averaged.view()};
  detail::ShapeFindings found{.spots = detail::spots_of(inputs.tables.at("spots"), source, nm),
                              .number = inputs.tables.at("spots").numbers("spot")};
  found.trends = series::grain_trends(grains, labels.view(), options.margin);
  found.shapes = series::test_void_shapes(grains, labels.view(), found.spots);
  found.outlines = series::fit_outlines(grains, labels.view(), found.spots);
  StepOutput out;
  if (view) {
    for (const series::VoidOutline& o : found.outlines) {
      found.indexing.push_back(series::index_facets(o.facets, *view));
    }
  }
  std::optional<Estimate> foil;
  if (options.foil) {
    foil = Estimate{options.foil->in(units::nm), options.foil_sigma.in(units::nm)};
  }
  out.tables["trends"] = detail::trend_table(found, nm);
  out.tables["voids"] = detail::void_shape_table(found, foil, nm);
  out.tables["facets"] = detail::facet_table(found, nm);
  out.tables["assignments"] = detail::assignment_table(found, view.value_or(series::CrystalView{}));
  detail::add_shape_results(found, out);
  detail::add_shape_figures({source, grains, nm}, found, view ? &*view : nullptr, out);
  out.assumptions.push_back(
      {"Brightness is thickness", "HAADF at one composition; channelling and bend contours are not"});
  out.assumptions.push_back(
      {"Facets stand along the beam", "an inclined plane shows as a rim, which other planes share"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.shape",
    .version = 1,
    .title = "Shapes of grains and voids",
    .help =
        "Thickness trend inside every grain; for every void whether its missing thickness is that of a sphere or of "
        "a hole with steep walls, its facets, and all crystal planes that these may be",
    .example =
        "hotstage series shape --frames series.dm4 --drift drift.csv --labels labels.emd --spots spots.csv "
        "--foil \"80 nm\" --phase LiCoO2 --zone \"0 0 1\"",
    .inputs = {{"image", Kind::signal, false, "one image {y, x}, as the mean of series.average; or:"},
               {"frames", Kind::signal, false, "frame series {time | y, x}, with drift"},
               {"drift", Kind::table, false, "drift table of series.register"},
               {"number", Kind::signal, false, "frames averaged per pixel of the image, of series.average"},
               {"labels", Kind::signal, true, "grain numbers of series.segment"},
               {"spots", Kind::table, true, "voids and cracks of series.segment"}},
    .outputs = {{"trends", Kind::table, "slope of the brightness of every grain with σ, flat and curvature tests"},
                {"voids", Kind::table,
                 "sphere, disc and cut sphere fitted to every void; verdicts, foil a sphere needs"},
                {"facets", Kind::table, "normals, lengths and angles of the facets"},
                {"assignments", Kind::table, "planes within 2 σ of every facet, with misfit and probability"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_shape
