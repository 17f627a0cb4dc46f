// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/stem_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::study::detail {

namespace {

constexpr std::array shown_celsius{25.0, 450.0, 500.0, 550.0, 600.0, 650.0};  // start, and where the paper looked
constexpr std::size_t panels_per_row = 3;
constexpr std::size_t shown_pixels = 192;  // edge of a frame in the report
const std::string twin = "twin";

double middle_celsius(const stem::FrameTruth& truth) {
  return 0.5 * (truth.first_row_degC + truth.last_row_degC);
}

/// Mean counts of blocks, so that a frame of a report stays small and its noise looks as it does from a distance.
report::Grid thumbnail(const signal::Signal& frames, std::size_t frame) {
  const std::size_t rows = frames.axes[0].size;
  const std::size_t columns = frames.axes[1].size;
  const std::size_t block = std::max<std::size_t>(1, (std::max(rows, columns) + shown_pixels - 1) / shown_pixels);
  Buffer<float, 2> counts({1, rows * columns});
  signal::read(frames, {frame, 1, 0, rows * columns}, counts.view());
  report::Grid grid{.rows = rows / block, .columns = columns / block};
  grid.values.assign(grid.rows * grid.columns, 0.0);
  for (std::size_t r = 0; r < grid.rows * block; ++r) {
    for (std::size_t c = 0; c < grid.columns * block; ++c) {
      grid.values[(r / block) * grid.columns + c / block] +=
          static_cast<double>(counts.data()[r * columns + c]) / static_cast<double>(block * block);
    }
  }
  grid.x = {0.0, static_cast<double>(grid.columns * block) * frames.axes[1].scale};
  grid.y = {0.0, static_cast<double>(grid.rows * block) * frames.axes[0].scale};
  return grid;
}

/// Grey range of all frames shown: the middle 99 %.
std::array<double, 2> grey_range(const std::vector<report::Grid>& grids) {
  std::vector<double> all;
  for (const report::Grid& grid : grids) {
    all.insert(all.end(), grid.values.begin(), grid.values.end());
  }
  std::ranges::sort(all);
  const auto cut = all.size() / 200;
  return {all[cut], all[all.size() - 1 - cut]};
}

/// A round length of about a quarter of the frame.
double bar_nm(double field_nm) {
  const double rough = field_nm / 4.0;
  const double decade = std::pow(10.0, std::floor(std::log10(rough)));
  return rough >= 5.0 * decade ? 5.0 * decade : (rough >= 2.0 * decade ? 2.0 * decade : decade);
}

/// The frame nearest to each temperature, each once.
std::vector<std::size_t> shown_frames(const stem::FrameSeries& series) {
  std::vector<std::size_t> out;
  for (const double wanted : shown_celsius) {
    std::size_t nearest = 0;
    for (std::size_t i = 1; i < series.truth.size(); ++i) {
      if (std::abs(middle_celsius(series.truth[i]) - wanted) <
          std::abs(middle_celsius(series.truth[nearest]) - wanted)) {
        nearest = i;
      }
    }
    if (out.empty() || out.back() < nearest) {
      out.push_back(nearest);
    }
  }
  return out;
}

report::Figure strip(const stem::FrameSeries& series) {
  report::Figure out{.id = "frames",
                     .title = "Simulated HAADF frames",
                     .caption = "Counts as stored, block means; true temperature of the middle row"};
  std::vector<report::Grid> grids;
  const std::vector<std::size_t> numbers = shown_frames(series);
  for (const std::size_t number : numbers) {
    grids.push_back(thumbnail(series.frames, number));
  }
  const std::array<double, 2> range = grey_range(grids);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double bar = bar_nm(grids[i].x[1]);
    report::Panel panel{.title = fmt::format("{:.0f} °C", middle_celsius(series.truth[numbers[i]])),
                        .row = i / panels_per_row,
                        .column = i % panels_per_row};
    panel.x.unit = "nm";
    panel.y.unit = "nm";
    panel.marks.emplace_back(report::Image{.name = fmt::format("frame {}", numbers[i]),
                                           .grid = std::move(grids[i]),
                                           .colour_map = report::ColourMap::grey,
                                           .range = range,
                                           .bar_label = "counts",
                                           .scale_bar = report::ScaleBar{bar, fmt::format("{:g} nm", bar)}});
    out.panels.push_back(std::move(panel));
  }
  return out;
}

report::Figure means(const stem::FrameSeries& series) {
  report::Line expected{.name = "expected electrons"};
  report::Line defocus{.name = "defocus", .dash = report::Dash::dotted, .side = report::Side::right};
  for (const stem::FrameTruth& truth : series.truth) {
    expected.x.push_back(middle_celsius(truth));
    expected.y.push_back(truth.mean_electrons);
    defocus.x.push_back(middle_celsius(truth));
    defocus.y.push_back(truth.defocus_nm);
  }
  report::Panel panel{.x = {.label = "temperature", .unit = "°C"}, .y = {.label = "electrons per pixel"}};
  panel.y2 = report::AxisSpec{.label = "defocus", .unit = "nm"};
  panel.marks.emplace_back(std::move(expected));
  panel.marks.emplace_back(std::move(defocus));
  return {.id = "mean-counts",
          .title = "Mean signal of each frame",
          .caption = "Expected electrons per pixel (before counting) and the defocus between two refocusings",
          .panels = {std::move(panel)},
          .width = report::Width::half};
}

report::Figure path(const stem::FrameSeries& series) {
  report::Line x{.name = "x"};
  report::Line y{.name = "y"};
  for (const stem::FrameTruth& truth : series.truth) {
    x.x.push_back(truth.start_s);
    x.y.push_back(truth.drift.x_nm);
    y.x.push_back(truth.start_s);
    y.y.push_back(truth.drift.y_nm);
  }
  report::Panel panel{.x = {.label = "time", .unit = "s"}, .y = {.label = "drift", .unit = "nm"}};
  panel.marks.emplace_back(std::move(x));
  panel.marks.emplace_back(std::move(y));
  return {.id = "drift",
          .title = "Drift put in",
          .caption = "Mean over the rows of each frame, against the first",
          .panels = {std::move(panel)},
          .width = report::Width::half};
}

}  // namespace

void add_frames(const stem::FrameSeries& series, const stem::Scene& scene, StepOutput& out) {
  const stem::FrameTruth& first = series.truth.front();
  const double frame_s = series.instrument.row_s * static_cast<double>(series.frames.axes[0].size);
  out.results.push_back({.id = "electrons",
                         .value = first.mean_electrons,
                         .unit = "",
                         .method = "beam electrons x cross-section x thickness, mean of the first frame",
                         .evidence = twin,
                         .label = "Electrons per pixel"});
  out.results.push_back({.id = "frame_time",
                         .value = frame_s,
                         .unit = "s",
                         .method = "rows x (columns x dwell + flyback)",
                         .evidence = twin,
                         .label = "Frame time"});
  out.figures.push_back(strip(series));
  out.figures.push_back(means(series));
  out.figures.push_back(path(series));
  const double last_state_s = scene.times_s.back();
  const bool covered = first.start_s >= scene.times_s.front() && series.truth.back().start_s + frame_s <= last_state_s;
  out.checks.push_back(
      {.name = "Saved states cover the series",
       .status = covered ? CheckStatus::ok : CheckStatus::attention,
       .measured = fmt::format("{:.1f} … {:.1f} s", first.start_s, series.truth.back().start_s + frame_s),
       .limit = fmt::format("{:.1f} … {:.1f} s", scene.times_s.front(), last_state_s),
       .meaning = "Outside them the specimen stands still"});
  out.assumptions.push_back({"The frames are simulated",
                             "incoherent: mass thickness times single-scattering cross-sections (Lobato); channelling "
                             "is a drawn factor per grain, not a multislice result"});
  out.assumptions.push_back(
      {"Gain, black level, current, detector angles, scan calibration, vibration and surface "
       "layer are drawn",
       "the file states nominal values; the drawn ones stand in the truth only"});
}

}  // namespace hotstage::study::detail
