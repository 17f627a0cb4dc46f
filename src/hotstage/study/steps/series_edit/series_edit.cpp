// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.edit: grains and voids corrected by hand, with who, when and why kept beside the result.

#include "hotstage/study/detail/series_edit_pages.hpp"
#include "hotstage/study/detail/series_halo.hpp"
#include "hotstage/study/detail/series_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::series_edit {

namespace {

struct Options {
  Length max_void_radius = 30.0 * units::nm;
  int first_frames = 40;
  series::SpotOptions spots;
  series::TrackOptions tracks;

  template <class V>
  void fields(V& v) {
    v("max_void_radius", max_void_radius, {.help = "largest void, as for series.segment", .unit = "nm", .min = 0.1});
    v("first_frames", first_frames,
      {.help = "frames averaged, as for series.segment; at most a third of the series", .min = 1, .max = 100000});
    spots.fields(v);
    tracks.fields(v);
  }
};

/// Holes found anew in later frames where a void was removed by hand are none either.
void drop_removed(std::span<const series::AppliedEdit> applied, std::vector<series::SpotFrame>& windows) {
  for (const series::AppliedEdit& a : applied) {
    if (a.edit.action != series::EditAction::remove) {
      continue;
    }
    const double radius = std::sqrt(a.area_before_px / 3.14159) + 1.0;
    for (series::SpotFrame& window : windows) {
      std::erase_if(window.spots, [&](const series::Spot& spot) {
        return spot.kind == series::SpotKind::hole && std::hypot(spot.y_px - a.y_px, spot.x_px - a.x_px) < radius;
      });
    }
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const signal::Timeline timeline = signal::timeline_of(frames);
  const auto edits = series::read_edits(inputs.files.at("edits"), frames);
  const detail::SeriesState state = detail::read_drift(inputs.tables.at("drift"), frames);
  const double nm = series::pixel_nm(frames);
  const std::size_t last =
      std::clamp<std::size_t>(frames.items() / 3, 1, static_cast<std::size_t>(options.first_frames));
  series::MeanImage mean = series::drift_corrected_mean(frames, state.drift, 0, last, run);
  for (std::size_t i = 0; i < mean.mean.size(); ++i) {
    mean.mean.data()[i] = static_cast<float>(state.detector.electrons(static_cast<double>(mean.mean.data()[i])));
  }
  series::Segmentation before;
  before.labels = detail::read_labels(inputs.signal("labels"), frames);
  before.spots = detail::read_spot_table(inputs.tables.at("spots"), frames);
  series::SegmentOptions segment;
  segment.max_void_radius_px = std::max(2.0 * segment.min_void_radius, options.max_void_radius.in(units::nm) / nm);
  const series::EditedSegmentation edited = series::apply_edits(
      {{mean.mean.view(), mean.n_averaged.view()}, before.labels.view(), before.spots}, edits, segment);
  const series::Segmentation& s = edited.segmentation;

  StepOutput out;
  const detail::ManualEdits earlier = detail::manual_edits(inputs.signal("labels"));
  signal::Signal labels = detail::map_signal(frames, s.labels.extent(0), s.labels.extent(1), 1,
                                             {s.labels.data(), s.labels.data() + s.labels.size()});
  detail::tag_edits(labels, edited.applied, earlier);
  detail::note_edits(labels, out);
  out.signals["labels"] = std::move(labels);
  out.tables["grains"] = detail::grain_table(s, frames, nm);
  out.tables["boundaries"] = detail::boundary_table(s, frames, nm);
  out.tables["spots"] = detail::spot_table(s, frames, nm);
  out.tables["edits"] = detail::edit_table(edited.applied, frames, nm);
  out.records["record"] = detail::edit_record(edited, earlier);
  const auto tracks = series::track_voids(frames, state.drift, s.spots, state.detector, run);
  out.tables["voids"] = detail::void_table(tracks, timeline, nm);
  const Buffer<std::int32_t, 2> whole = series::filled_labels(s.labels.view());
  auto windows = series::find_spots(frames, state.drift, whole.view(), state.detector, options.spots, run);
  drop_removed(edited.applied, windows);
  const series::Tracks linked = series::link_spots(windows, options.tracks);
  out.tables["tracks"] = detail::track_table(linked, windows, frames, nm);
  out.tables["events"] = detail::track_event_table(linked, frames);

  const std::string method = detail::manual_edits(out.signals["labels"]).text();
  const auto cracks = static_cast<double>(
      std::ranges::count_if(s.spots, [](const auto& spot) { return spot.kind == series::DarkKind::crack; }));
  out.results = {
      {.id = "edits", .value = static_cast<double>(edits.size()), .method = "of this file", .label = "Edits by hand"},
      {.id = "edited_share",
       .value =
           static_cast<double>(edited.changed_px) / static_cast<double>(std::max<std::size_t>(1, edited.covered_px)),
       .method = "pixels whose label changed over pixels of the field",
       .label = "Share of the field that was corrected"},
      {.id = "grains", .value = static_cast<double>(s.grains.size()), .method = method, .label = "Grains"},
      {.id = "voids", .value = static_cast<double>(s.spots.size()) - cracks, .method = method, .label = "Voids"},
      {.id = "cracks", .value = cracks, .method = method, .label = "Cracks"}};
  detail::add_growth(tracks, timeline, out);
  out.figures.push_back(detail::edit_figure(frames, mean, before, edited));
  if (!tracks.empty()) {
    out.figures.push_back(detail::void_figure(tracks, timeline, nm));
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.edit",
    .version = 1,
    .title = "Grains and voids corrected by hand",
    .help =
        "Applies a file of corrections (merge, split, give, renumber grains; remove, add voids and cracks), each with "
        "author, date and reason, to the labels and spots of series.segment; describes grains, boundaries and voids "
        "anew, keeps a table of what was changed, and marks the labels so that later steps say so",
    .example =
        "hotstage series edit --frames series.dm4 --drift drift.csv --labels labels.hspy --spots spots.csv --edits "
        "edits.toml",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"},
               {"drift", Kind::table, true, "drift table of series.register"},
               {"labels", Kind::signal, true, "labels of series.segment"},
               {"spots", Kind::table, true, "voids and cracks of series.segment"},
               {"edits", Kind::raw, true, "TOML file of corrections"}},
    .outputs = {{"labels", Kind::signal, "as of series.segment, marked as corrected"},
                {"grains", Kind::table, "area, centre and brightness"},
                {"boundaries", Kind::table, "pairs of grains that touch"},
                {"spots", Kind::table, "voids and cracks: place, size, depth, shape"},
                {"voids", Kind::table, "radius, its σ and bright particle of every void in every frame"},
                {"tracks", Kind::table, "voids and particles found anew in means of a few frames and linked"},
                {"events", Kind::table, "voids and particles that appear, vanish, merge and split"},
                {"edits", Kind::table, "every correction: areas before and after, who, when, why"},
                {"record", Kind::record, "the same for programs"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_edit
