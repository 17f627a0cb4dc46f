// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.rows: jitter of the rows of scanned images, and the images put right.

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_average_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::series_rows {

namespace {

struct Options {
  detail::ImageOptions image;
  series::RowMotionOptions rows;

  template <class V>
  void fields(V& v) {
    image.fields(v);
    rows.fields(v);
  }
};

struct Passed {
  std::vector<series::RowMotion> motions;
  std::vector<double> rms, before, after;
  Buffer<float, 2> images;  ///< put right, one per row
  std::size_t first = 0;
};

void add_results(const Passed& p, StepOutput& out) {
  std::vector<double> sigma;
  std::size_t found = 0;
  for (const series::RowMotion& m : p.motions) {
    sigma.insert(sigma.end(), m.sigma_px.begin(), m.sigma_px.end());
    found += m.found ? 1U : 0U;
  }
  const std::string middle = p.motions.size() > 1 ? "; median of frames" : "";
  out.results.push_back({.id = "jitter",
                         .value = num::median(p.rms),
                         .unit = "px",
                         .method = "rms of the row shifts along x, their noise taken off" + middle,
                         .label = "Row jitter",
                         .headline = true});
  out.results.push_back({.id = "median_sigma",
                         .value = num::median(sigma),
                         .unit = "px",
                         .method = "from the scatter of the row about its fit",
                         .label = "Uncertainty of the shift of one row"});
  if (p.motions.front().dy_px.size() > 0) {
    out.results.push_back(detail::jitter_along_y(p.motions));
  }
  const std::string phase =
      "scatter of the phase of the strongest fringe from row to row, counting noise in it" + middle;
  out.results.push_back({.id = "fringe_before",
                         .value = num::median(p.before),
                         .unit = "px",
                         .method = phase,
                         .label = "Row to row, as recorded"});
  out.results.push_back({.id = "fringe_after",
                         .value = num::median(p.after),
                         .unit = "px",
                         .method = phase,
                         .label = "Row to row, put right"});
  const bool better = num::median(p.after) <= num::median(p.before);
  out.checks.push_back({"Rows have structure in common",
                        found == p.motions.size() ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} of {} images", found, p.motions.size()), "all",
                        "Images without it are left as they are; a reference helps where rows change quickly"});
  out.checks.push_back({"Fringes run straighter", better ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:.2f} → {:.2f} px", num::median(p.before), num::median(p.after)), "not worse",
                        "This measure knows nothing of the fit; 0 means no fringe stands out"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& images = inputs.signal("image");
  Passed p;
  std::size_t count = images.items();
  detail::ImageOptions one = options.image;
  if (one.frame) {
    p.first = static_cast<std::size_t>(*one.frame);
    count = 1;
  }
  one.frame = static_cast<int>(p.first);
  detail::ImagePart shown = detail::read_image(images, one);
  const std::size_t rows = shown.counts.extent(0), columns = shown.counts.extent(1);
  if (count * rows * columns * sizeof(float) > run.memory) {
    throw Error(Errc::no_space, Location{.file = images.file},
                fmt::format("the images put right need {} MiB, --memory allows {} MiB",
                            count * rows * columns * sizeof(float) >> 20, run.memory >> 20),
                "Raise --memory, or give frame = N; series.average puts rows right without keeping the frames");
  }
  std::optional<detail::ImagePart> reference;
  if (const signal::Signal* given = inputs.find_signal("reference")) {
    reference = detail::read_image(*given, {.frame = std::nullopt, .region = options.image.region, .pixel = {}});
  }
  p.images = Buffer<float, 2>({count, rows * columns});
  for (std::size_t i = 0; i < count; ++i) {
    run.check_stop();
    run.progress(static_cast<double>(i) / static_cast<double>(count), "rows");
    one.frame = static_cast<int>(p.first + i);
    const detail::ImagePart image = detail::read_image(images, one);
    p.motions.push_back(reference ? series::row_motion(image.counts.view(), reference->counts.view(), options.rows, run)
                                  : series::row_motion(image.counts.view(), options.rows, run));
    const Buffer<float, 2> right = series::correct_rows(image.counts.view(), p.motions.back());
    p.rms.push_back(p.motions.back().rms_px);
    p.before.push_back(series::fringe_jitter_px(image.counts.view()));
    p.after.push_back(series::fringe_jitter_px(right.view()));
    std::copy_n(right.data(), right.size(), p.images.row(i).data());
  }
  StepOutput out;
  add_results(p, out);
  out.tables["rows"] = detail::row_table(p.motions, p.first, shown.first_row);
  detail::ImagePart after{
      .counts = Buffer<float, 2>({rows, columns}), .first_row = shown.first_row, .first_column = shown.first_column};
  after.pixel_A = shown.pixel_A;
  std::copy_n(p.images.row(0).data(), rows * columns, after.counts.data());
  out.figures.push_back(
      detail::before_after_figure("image", "Rows put right", shown, after, {"as recorded", "rows put right"}));
  out.figures.push_back(detail::row_figure(p.motions.front(), shown.first_row));
  out.signals["images"] = detail::part_signal(images, shown, std::move(p.images));
  out.assumptions.push_back({"Rows are moved along x only", "shifts along y, shear and slow drift stay in"});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.rows",
    .version = 2,
    .title = "Rows put right",
    .help =
        "Measures how far every row of a scanned image stands from where it should along x, against a reference or the "
        "rows around it, and moves it back; tells by the phase of the strongest fringe whether it helped",
    .example = "hotstage series rows --image lattice.dm4 --largest 6",
    .inputs = {{"image", Kind::signal, true, "image or series {… | y, x}, scanned along x"},
               {"reference", Kind::signal, false, "the same area without jitter, such as the mean of series.average"}},
    .outputs = {{"rows", Kind::table, "shift along x and σ of every row of every image; with a reference also along y"},
                {"images", Kind::signal, "the images with their rows moved back"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_rows
