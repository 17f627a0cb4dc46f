// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.segment: grains, boundaries, voids and cracks of the first frames; voids over time.

#include "hotstage/series/segment.hpp"
#include "hotstage/series/voids.hpp"
#include "hotstage/study/detail/series_halo.hpp"
#include "hotstage/study/detail/series_pages.hpp"
#include "hotstage/study/detail/series_tables.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::series_segment {

namespace {

struct Options {
  series::SegmentOptions segment;
  Length max_void_radius = 30.0 * units::nm;
  int first_frames = 40;
  series::SpotOptions spots;
  series::TrackOptions tracks;

  template <class V>
  void fields(V& v) {
    segment.fields(v);
    v("max_void_radius", max_void_radius, {.help = "largest void", .unit = "nm", .min = 0.1});
    v("first_frames", first_frames,
      {.help = "frames averaged, before anything changes; at most a third of the series", .min = 1, .max = 100000});
    spots.fields(v);
    tracks.fields(v);
  }
};

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  auto options = from_table<Options>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const signal::Timeline timeline = signal::timeline_of(frames);
  const detail::SeriesState state = detail::read_drift(inputs.tables.at("drift"), frames);
  const double nm = series::pixel_nm(frames);
  options.segment.max_void_radius_px =
      std::max(2.0 * options.segment.min_void_radius, options.max_void_radius.in(units::nm) / nm);
  const std::size_t last =
      std::clamp<std::size_t>(frames.items() / 3, 1, static_cast<std::size_t>(options.first_frames));
  series::MeanImage mean = series::drift_corrected_mean(frames, state.drift, 0, last, run);
  for (std::size_t i = 0; i < mean.mean.size(); ++i) {
    mean.mean.data()[i] = static_cast<float>(state.detector.electrons(static_cast<double>(mean.mean.data()[i])));
  }
  const series::Segmentation s = series::segment({mean.mean.view(), mean.n_averaged.view()}, options.segment);
  const auto tracks = series::track_voids(frames, state.drift, s.spots, state.detector, run);
  StepOutput out;
  out.signals["labels"] = detail::map_signal(frames, s.labels.extent(0), s.labels.extent(1), 1,
                                             {s.labels.data(), s.labels.data() + s.labels.size()});
  out.tables["grains"] = detail::grain_table(s, frames, nm);
  out.tables["boundaries"] = detail::boundary_table(s, frames, nm);
  out.tables["spots"] = detail::spot_table(s, frames, nm);
  out.tables["voids"] = detail::void_table(tracks, timeline, nm);
  const Buffer<std::int32_t, 2> whole = series::filled_labels(s.labels.view());
  const auto windows = series::find_spots(frames, state.drift, whole.view(), state.detector, options.spots, run);
  const series::Tracks linked = series::link_spots(windows, options.tracks);
  out.tables["tracks"] = detail::track_table(linked, windows, frames, nm);
  out.tables["events"] = detail::track_event_table(linked, frames);
  const std::string method = fmt::format("mean of the first {} frames, watershed and contrast across boundaries", last);
  const auto cracks = static_cast<double>(std::count_if(
      s.spots.begin(), s.spots.end(), [](const auto& spot) { return spot.kind == series::DarkKind::crack; }));
  out.results = {
      {.id = "grains", .value = static_cast<double>(s.grains.size()), .method = method, .label = "Grains"},
      {.id = "voids", .value = static_cast<double>(s.spots.size()) - cracks, .method = method, .label = "Voids"},
      {.id = "cracks", .value = cracks, .method = method, .label = "Cracks"}};
  detail::add_growth(tracks, timeline, out);
  out.figures.push_back(detail::grain_figure(frames, mean, s));
  if (!tracks.empty()) {
    out.figures.push_back(detail::void_figure(tracks, timeline, nm));
  }
  if (!linked.tracks.empty()) {
    out.figures.push_back(detail::track_figure(linked, windows, frames, nm));
  }
  out.assumptions.push_back({"Grains differ in brightness", "neighbours of equal brightness count as one grain"});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.segment",
    .version = 5,
    .title = "Grains, boundaries, voids and cracks",
    .help =
        "Segments the drift-corrected mean of the first frames into grains by brightness and edges, finds voids and "
        "cracks as spots darker than their grain, follows the radius of voids and bright particles in them, and links "
        "voids and particles found in means of a few frames: appearing, vanishing, merging, splitting",
    .example = "hotstage series segment --frames series.dm4 --drift drift.csv",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"},
               {"drift", Kind::table, true, "drift table of series.register"}},
    .outputs = {{"labels", Kind::signal, "grain number per pixel of frame 0; 0: void, crack or not covered"},
                {"grains", Kind::table, "area, centre and brightness"},
                {"boundaries", Kind::table, "pairs of grains that touch"},
                {"spots", Kind::table, "voids and cracks: place, size, depth, shape"},
                {"voids", Kind::table, "radius, its σ and bright particle of every void in every frame"},
                {"tracks", Kind::table, "voids and particles found anew in means of a few frames and linked"},
                {"events", Kind::table, "voids and particles that appear, vanish, merge and split"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_segment
