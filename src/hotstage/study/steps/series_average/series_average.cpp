// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.average: drift-corrected mean of a series with the uncertainty of every pixel.

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_average_pages.hpp"
#include "hotstage/study/detail/series_distortion_pages.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::series_average {

namespace {

enum class Distortion { none, affine, knots };

constexpr auto enum_names(Distortion) {
  return std::array{EnumName{Distortion::none, "none"}, EnumName{Distortion::affine, "affine"},
                    EnumName{Distortion::knots, "knots"}};
}

struct Options {
  series::RegistrationOptions registration;
  Distortion distortion = Distortion::none;
  bool rows = false;
  double largest_px = 4.0;

  template <class V>
  void fields(V& v) {
    registration.fields(v);
    v("distortion", distortion,
      {.help = "measure and undo magnification, rotation, stretch, shear; with knots also slow scan distortion"});
    v("rows", rows, {.help = "put the rows of every frame right along x before they are averaged"});
    v("largest", largest_px, {.help = "largest shift of a row that is looked for, px", .min = 0.5, .max = 64.0});
  }
};

void add_results(const series::SeriesAverage& average, StepOutput& out) {
  const double root = std::sqrt(static_cast<double>(average.frames));
  out.results.push_back({.id = "frames",
                         .value = static_cast<double>(average.frames),
                         .method = "neither lost nor of sudden focus or intensity",
                         .label = "Frames averaged"});
  out.results.push_back({.id = "frame_noise",
                         .value = average.frame_noise,
                         .unit = "counts",
                         .method = "rms difference of frames that follow each other, moved back, over √2",
                         .label = "Noise of one frame"});
  out.results.push_back({.id = "mean_noise",
                         .value = average.mean_noise,
                         .unit = "counts",
                         .method = "difference of the means of even and odd frames",
                         .label = "Noise of the mean"});
  out.results.push_back({.id = "reduction",
                         .value = average.reduction(),
                         .method = fmt::format("noise of one frame over noise of the mean; √n is {:.3g}", root),
                         .label = "Noise reduction",
                         .headline = true});
  out.results.push_back({.id = "efficiency",
                         .value = average.reduction() / root,
                         .method = "noise reduction over √n; 1 for independent, well registered frames",
                         .label = "Noise reduction over √n"});
  constexpr double least = 0.9, most = 1.1;
  const double efficiency = average.reduction() / root;
  out.checks.push_back(
      {"Noise averages out", efficiency > least && efficiency < most ? CheckStatus::ok : CheckStatus::attention,
       fmt::format("{:.2f} of √n", efficiency), "0.9 … 1.1",
       "Below: noise that frames share, or slow change; above: frames that differ by more than noise"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const auto drift_table = inputs.tables.find("drift");
  const std::vector<series::FrameDrift> drift = drift_table != inputs.tables.end()
                                                    ? detail::read_drift(drift_table->second, frames).drift
                                                    : series::register_series(frames, options.registration, run).frames;
  const auto rows =
      options.rows ? std::optional(series::RowMotionOptions{.largest_px = options.largest_px}) : std::nullopt;
  std::optional<series::DistortionTerms> wanted;
  if (options.distortion != Distortion::none) {
    using T = series::DistortionTerms;
    wanted = options.distortion == Distortion::knots ? T::knots : T::affine;
  }
  const std::vector<series::FrameDistortion> distortion = detail::distortion_to_undo(inputs, wanted, drift, run);
  const series::SeriesAverage average = series::average_series(frames, drift, distortion, rows, run);
  StepOutput out;
  add_results(average, out);
  if (!distortion.empty()) {
    out.checks.push_back(detail::undone_check(distortion));
  }
  if (options.rows) {
    const auto found =
        std::count_if(average.row_rms_px.begin(), average.row_rms_px.end(), [](double v) { return v > 0.0; });
    out.results.push_back(
        {.id = "row_jitter",
         .value = num::median(average.row_rms_px),
         .unit = "px",
         .method = fmt::format("rms over the rows of a frame against the mean, noise taken off; median "
                               "of frames; found in {} of them",
                               found),
         .label = "Row jitter put right"});
  }
  detail::add_average_signals(frames, average.image, out);
  const auto first = std::find_if(drift.begin(), drift.end(), [](const auto& frame) { return frame.usable(); });
  const detail::ImagePart single =
      detail::read_image(frames, {.frame = static_cast<int>(first - drift.begin()), .pixel = std::nullopt});
  detail::ImagePart mean{.counts = Buffer<float, 2>({average.image.mean.extent(0), average.image.mean.extent(1)}),
                         .pixel_A = single.pixel_A};
  std::copy_n(average.image.mean.data(), average.image.mean.size(), mean.counts.data());
  out.figures.push_back(detail::before_after_figure(
      "average", "One frame and the mean", single, mean,
      {fmt::format("frame {}", first - drift.begin()), fmt::format("mean of {}", average.frames)}));
  out.assumptions.push_back({"The specimen stays the same", "what changes is averaged, and stands in the σ map"});
  out.assumptions.push_back(
      {"Pixels of the mean are not independent",
       fmt::format("interpolation leaves {:.2f} of a pixel's variance, neighbours are correlated by {:.2f} along y and "
                   "{:.2f} along x; the mean over N pixels has σ/√({:.2f} N)",
                   average.kept, average.along_y, average.along_x, average.kept)});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.average",
    .version = 2,
    .title = "Average of a series",
    .help =
        "Averages the frames of a series moved back by their drift, distortion undone and rows put right when asked "
        "for, "
        "in one interpolation; gives σ and number of frames per pixel, and measures the noise against √n",
    .example = "hotstage series average --frames series.dm4 --distortion affine --rows true",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"},
               {"drift", Kind::table, false, "drift table of series.register; without it the frames are registered"},
               {"affine", Kind::table, false, "table of series.distortion: terms of every frame"},
               {"scan", Kind::table, false, "table of series.distortion: slow scan distortion"}},
    .outputs = {{"mean", Kind::signal, "mean in the coordinates of frame 0, stored counts; 0 where no frame is"},
                {"sigma", Kind::signal, "standard uncertainty of the mean, from the scatter of the frames"},
                {"number", Kind::signal, "frames averaged per pixel"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_average
