// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.track: onset map in degrees, onset of every grain, crossings of boundaries, what a few frames would show.

#include "hotstage/series/events.hpp"
#include "hotstage/series/paper_sampling.hpp"
#include "hotstage/series/sites.hpp"
#include "hotstage/study/detail/series_edit_pages.hpp"
#include "hotstage/study/detail/series_front_pages.hpp"
#include "hotstage/study/detail/series_halo.hpp"
#include "hotstage/study/detail/series_pages.hpp"
#include "hotstage/study/detail/series_tables.hpp"

namespace hotstage::study::series_track {

namespace {

struct Options {
  series::ChangeOptions change;
  Time window = 42.0 * units::s;
  int block = 8;
  heater::ColumnMap columns;
  heater::Mounting mounting;
  std::vector<Temperature> paper{Temperature::celsius(500.0), Temperature::celsius(550.0), Temperature::celsius(600.0),
                                 Temperature::celsius(650.0)};
  int seed = 1;

  template <class V>
  void fields(V& v) {
    change.fields(v);
    v("window", window, {.help = "time before and after a step that is looked at", .unit = "s", .min = 1e-3});
    v("block", block, {.help = "edge of the blocks in px", .min = 2, .max = 256});
    v("columns", columns, {.help = "of a log that no format knows: which column of the table is what"});
    mounting.fields(v);
    v("paper", paper, {.help = "temperatures of the few frames that are read like a paper", .unit = "degC"});
    v("seed", seed, {.help = "seed of resampling and random sites", .min = 0});
  }
};

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  auto options = from_table<Options>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const signal::Timeline timeline = detail::read_timeline(inputs, frames);
  options.change.window = detail::window_frames(timeline, options.window);
  const detail::SeriesState state = detail::read_drift(inputs.tables.at("drift"), frames);
  const Buffer<std::int32_t, 2> labels = detail::read_labels(inputs.signal("labels"), frames);
  detail::LogReading log = detail::read_temperatures(inputs.files.at("log"), options.mounting, options.columns);
  detail::join_clock(inputs, log);
  const series::Thermometry thermometry{timeline, log.log, log.log_sigma_K, log.clock_sigma_s, log.lamella_sigma_K};

  const series::BlockGrid grid = series::make_blocks(
      {frames, state.drift, state.detector, labels.view(), static_cast<std::size_t>(options.block)}, run);
  run.progress(0.4, "changes");
  const series::ChangeMap changes = series::find_changes(grid, state.drift, options.change, run);
  run.progress(0.8, "events");
  const series::EventInput events{grid,
                                  changes,
                                  state.drift,
                                  thermometry,
                                  options.change.onset,
                                  series::pixel_nm(frames),
                                  static_cast<std::uint64_t>(options.seed),
                                  options.window / units::s};
  detail::Tracking t{.frames = frames, .state = state, .grid = grid, .changes = changes, .events = events};
  t.map = series::onset_map(grid, changes, state.drift, thermometry, options.change.onset);
  t.grains = series::grain_onsets(events);
  t.crossings = series::crossings(events, t.grains);
  for (std::size_t f = 0; f < grid.frames; ++f) {
    t.frame_degC.push_back(log.log.at(timeline.frame_middle_s(f)));
  }
  series::PaperOptions paper;
  paper.temperatures_degC.clear();
  for (const Temperature& temperature : options.paper) {
    paper.temperatures_degC.push_back(temperature.in_degC());
  }
  t.paper = series::read_as_paper(grid, state.drift, t.frame_degC,
                                  detail::boundary_pairs(inputs.tables.at("boundaries")), paper);
  const Buffer<std::int32_t, 2> whole = series::filled_labels(labels.view());
  const auto damage = detail::damage_discs(inputs, frames, detail::first_onset_s(t));
  t.sites = series::test_sites(whole.view(), detail::sites_of(damage), {.seed = events.seed});

  StepOutput out;
  detail::add_tracking(t, out);
  detail::note_edits(inputs.signal("labels"), out);
  const detail::Findings findings = detail::add_findings(t, inputs, whole.view(), run, out);
  detail::add_cobalt(t, inputs, out);
  detail::add_halo(t, inputs, labels.view(), run, out);
  out.figures.push_back(detail::onset_figure(frames, grid, t.map, labels.view()));
  out.figures.push_back(detail::grain_bars(t.grains));
  if (!findings.fronts.empty()) {
    out.figures.push_back(detail::front_figure(t, findings, whole.view()));
  }
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.track",
    .version = 5,
    .title = "Onsets, fronts and crossings",
    .help =
        "Finds when each block of the specimen changes, converts to temperature row by row, gives onset and completion "
        "of each grain with the parts of their uncertainty, fronts, crossings and waits at boundaries, whether "
        "boundaries "
        "or damage change first, growth in voids, halos around them, and what a few frames alone would show",
    .example =
        "hotstage series track --frames series.dm4 --drift drift.csv --labels labels.hspy --boundaries "
        "boundaries.csv --log \"Heat raw.csv\"",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"},
               {"drift", Kind::table, true, "drift table of series.register"},
               {"labels", Kind::signal, true, "labels of series.segment"},
               {"boundaries", Kind::table, true, "boundaries of series.segment"},
               {"log", Kind::raw, true, "log of the heating holder"},
               {"spots", Kind::table, false, "voids and cracks of series.segment, for damage sites and halos"},
               {"voids", Kind::table, false, "voids of series.segment over time, for particles that grow in them"},
               {"tracks", Kind::table, false, "tracks of series.segment: dark spots that were there before the onset"},
               {"timeline", Kind::table, false, "timeline of series.timeline: times of rows and the joined clock"}},
    .outputs = {{"onset", Kind::signal, "onset temperature per block in degC; NaN: no change"},
                {"onsets", Kind::table, "onset and completion of every grain"},
                {"crossings", Kind::table, "how each grain may have been entered"},
                {"fronts", Kind::table, "front fitted to each grain: start, speed, direction, completion, with σ"},
                {"entries", Kind::table,
                 "continuous front, wall or nucleus of its own for each grain, with probabilities"},
                {"boundaries", Kind::table, "wait of the front at every boundary, and up to which temperature"},
                {"zones", Kind::table, "boundaries against interior, by every definition of onset and share"},
                {"paper", Kind::table, "intervals per grain from the few frames"},
                {"halo", Kind::table, "brightness lost around every void, and what its particle would take"},
                {"record", Kind::record, "what the numbers rest on"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_track
