// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.dose: electrons per area of every frame and of every place of the specimen; blank frames.

#include "hotstage/series/dose_map.hpp"
#include "hotstage/study/detail/image_shrink.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::series_dose {

namespace {

signal::Signal map_of(const series::DoseMap& map, const signal::Signal& frames) {
  signal::Signal out;
  out.axes = frames.axes;
  out.axes[0].offset = frames.axes[0].value(static_cast<double>(map.first_row));
  out.axes[1].offset = frames.axes[1].value(static_cast<double>(map.first_column));
  for (std::size_t a = 0; a < 2; ++a) {
    out.axes[a].size = map.electrons_per_A2.extent(a);
    out.axes[a].points.clear();
  }
  Buffer<float, 2> data({1, map.electrons_per_A2.size()});
  std::copy_n(map.electrons_per_A2.data(), data.size(), data.data());
  out.source = signal::memory_source(std::move(data));
  out.metadata.title = "electron dose";
  out.intensity_unit = "1/angstrom^2";
  return out;
}

report::Figure dose_figure(const series::DoseMap& map, const signal::Signal& dose, const signal::Timeline& timeline) {
  report::Figure figure{.id = "dose", .title = "Electron dose"};
  figure.caption =
      "Left: what each place of the specimen took in, in the coordinates of frame 0. Right: at the centre of frame 0 "
      "over time. Recorded frames only; the map is shown as block means.";
  const signal::Axis& y = dose.axes[0];
  const signal::Axis& x = dose.axes[1];
  report::Image image{.name = "dose", .bar_label = "Dose", .bar_unit = "e/Å²"};
  image.grid = {.rows = y.size, .columns = x.size};
  image.grid.values.assign(map.electrons_per_A2.data(), map.electrons_per_A2.data() + map.electrons_per_A2.size());
  image.grid.y = {y.value(-0.5), y.value(static_cast<double>(y.size) - 0.5)};
  image.grid.x = {x.value(-0.5), x.value(static_cast<double>(x.size) - 0.5)};
  constexpr std::size_t shown_pixels = 160;
  image.grid = detail::block_means(image.grid, shown_pixels);
  report::Panel where{.x = {.label = "x", .unit = x.unit}, .y = {.label = "y", .unit = y.unit}};
  where.marks.emplace_back(std::move(image));
  report::Panel when{.x = {.label = "Time", .unit = "s"}, .y = {.label = "Dose", .unit = "e/Å²"}, .column = 1};
  report::Line line{.name = "accumulated", .x = timeline.frame_start_s};
  for (const series::FrameDose& frame : map.frames) {
    line.y.push_back(frame.accumulated);
    line.sigma.push_back(frame.accumulated * map.relative_sigma);
  }
  when.marks.emplace_back(std::move(line));
  figure.panels = {std::move(where), std::move(when)};
  return figure;
}

io::Table frame_table(const series::DoseMap& map, const signal::Timeline& timeline) {
  std::vector<double> frame, dose, accumulated, level;
  std::vector<std::string> state;
  for (const series::FrameDose& f : map.frames) {
    frame.push_back(static_cast<double>(frame.size()));
    dose.push_back(f.electrons_per_A2);
    accumulated.push_back(f.accumulated);
    level.push_back(f.signal);
    state.emplace_back(f.blank ? "blank" : "ok");
  }
  io::Table table;
  table.columns = {
      io::number_column("frame", "", frame),           io::number_column("time", "s", timeline.frame_start_s),
      io::number_column("dose", "1/angstrom^2", dose), io::number_column("accumulated", "1/angstrom^2", accumulated),
      io::number_column("signal", "", level),          io::text_column("state", state)};
  return table;
}

Result number(const std::string& id, double value, const series::DoseMap& map, const std::string& label) {
  Result out{.id = id, .value = value, .unit = "e/Å²", .method = map.from, .label = label};
  if (map.relative_sigma > 0.0) {
    out.sigma = value * map.relative_sigma;
  }
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<series::DoseMapOptions>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const signal::Timeline timeline = signal::timeline_of(frames);
  const auto drift = inputs.tables.find("drift");
  const bool known = drift != inputs.tables.end();
  const detail::SeriesState state = known ? detail::read_drift(drift->second, frames) : detail::SeriesState{};
  const double black = known ? state.detector.black.value : 0.0;
  const series::DoseMap map = series::dose_map(frames, state.drift, black, options, run);
  StepOutput out;
  out.signals["dose"] = map_of(map, frames);
  out.tables["frames"] = frame_table(map, timeline);
  out.results = {number("per_frame", map.per_frame, map, "Dose of one frame"),
                 number("total", map.frames.back().accumulated, map, "Dose at the centre of frame 0, all frames")};
  out.results.back().headline = true;
  const auto blanks = std::ranges::count(map.frames, true, &series::FrameDose::blank);
  out.checks.push_back({"Blank frames", blanks == 0 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} of {}", blanks, map.frames.size()), "none",
                        "Counted as without dose: the beam was off, or the detector"});
  const auto length = static_cast<double>(timeline.rows) * timeline.row_s;
  double between = 0.0;
  for (const signal::FrameInterval& interval : signal::intervals_of(timeline)) {
    between += std::max(0.0, interval.gap_s);
  }
  const double recorded = length * static_cast<double>(map.frames.size());
  constexpr double negligible = 0.01;
  out.checks.push_back({"Beam between frames",
                        between < negligible * recorded ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:.4g} s between, {:.4g} s recorded", between, recorded), "below 1 %",
                        "Was the beam not blanked there, the specimen took in more, at a place nobody recorded"});
  out.assumptions.push_back({known ? "Rows are placed with their frame, to whole pixels" : "The specimen stood still",
                             known ? "motion within a frame moves less than the map shows"
                                   : "bind drift to the drift of series.register to follow it"});
  out.figures.push_back(dose_figure(map, out.signals["dose"], timeline));
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.dose",
    .version = 2,
    .title = "Electron dose",
    .help =
        "Electrons per area of every frame from beam current, time per pixel and pixel size, summed for every place of "
        "the specimen as it drifts; finds blank frames. Refuses when one of the three is not known",
    .example = "hotstage series dose --frames series.emd --drift drift.csv --beam_current \"30 pA\"",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"},
               {"drift", Kind::table, false, "drift table of series.register: places and black level"}},
    .outputs = {{"dose", Kind::signal, "dose per place of the specimen in electrons/Å², coordinates of frame 0"},
                {"frames", Kind::table, "dose and accumulated dose of every frame, blank ones"}},
    .options = make_options<series::DoseMapOptions>,
    .run = run,
};

}  // namespace hotstage::study::series_dose
