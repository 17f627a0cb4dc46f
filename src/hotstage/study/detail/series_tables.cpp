// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace hotstage::study::detail {

namespace {

constexpr double empty_cell = std::numeric_limits<double>::quiet_NaN();

/// A table of number columns, header "name" or "name (unit)"; columns stand even without rows.
io::Table number_table(const std::vector<std::pair<const char*, const char*>>& names,
                       const std::vector<std::vector<double>>& rows) {
  io::Table table;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::vector<double> values;
    for (const std::vector<double>& row : rows) {
      values.push_back(row[i]);
    }
    table.columns.push_back(io::number_column(names[i].first, names[i].second, std::move(values)));
  }
  return table;
}

}  // namespace

io::Table grain_table(const series::Segmentation& s, const signal::Signal& frames, double nm) {
  std::vector<std::vector<double>> rows;
  for (const series::Grain& g : s.grains) {
    rows.push_back({static_cast<double>(g.id), static_cast<double>(g.area_px) * nm * nm, frames.axes[0].value(g.y_px),
                    frames.axes[1].value(g.x_px), g.level});
  }
  return number_table({{"grain", ""}, {"area", "nm^2"}, {"y", "nm"}, {"x", "nm"}, {"level", ""}}, rows);
}

io::Table boundary_table(const series::Segmentation& s, const signal::Signal& frames, double nm) {
  std::vector<std::vector<double>> rows;
  for (const series::Boundary& b : s.boundaries) {
    rows.push_back({static_cast<double>(b.a), static_cast<double>(b.b), b.length_px * nm, frames.axes[0].value(b.y_px),
                    frames.axes[1].value(b.x_px), b.contrast});
  }
  return number_table({{"a", ""}, {"b", ""}, {"length", "nm"}, {"y", "nm"}, {"x", "nm"}, {"contrast", ""}}, rows);
}

io::Table spot_table(const series::Segmentation& s, const signal::Signal& frames, double nm) {
  std::vector<std::vector<double>> rows;
  std::vector<std::string> kind;
  for (std::size_t i = 0; i < s.spots.size(); ++i) {
    const series::DarkSpot& spot = s.spots[i];
    kind.emplace_back(spot.kind == series::DarkKind::crack ? "crack" : "void");
    rows.push_back({static_cast<double>(i + 1), frames.axes[0].value(spot.y_px), frames.axes[1].value(spot.x_px),
                    spot.radius_px * nm, spot.area_px * nm * nm, spot.depth, spot.missing_px * nm * nm, spot.aspect,
                    spot.hexagonality, spot.facet_angle_deg, static_cast<double>(spot.grain), spot.length_px * nm,
                    spot.width_px * nm});
  }
  io::Table table = number_table({{"spot", ""},
                                  {"y", "nm"},
                                  {"x", "nm"},
                                  {"radius", "nm"},
                                  {"area", "nm^2"},
                                  {"depth", ""},
                                  {"missing", "nm^2"},
                                  {"aspect", ""},
                                  {"hexagonality", ""},
                                  {"facet_angle", "deg"},
                                  {"grain", ""},
                                  {"length", "nm"},
                                  {"width", "nm"}},
                                 rows);
  table.columns.push_back(io::text_column("kind", kind));
  return table;
}

io::Table void_table(const std::vector<series::VoidTrack>& tracks, const signal::Timeline& timeline, double nm) {
  std::vector<std::vector<double>> rows;
  for (const series::VoidTrack& t : tracks) {
    for (std::size_t f = 0; f < t.radius_px.size(); ++f) {
      rows.push_back({static_cast<double>(t.spot + 1), static_cast<double>(f), timeline.frame_middle_s(f),
                      t.radius_px[f] * nm, t.sigma_px[f] * nm, t.particle_px2[f] * nm * nm,
                      t.brightness_px2[f] * nm * nm});
    }
  }
  return number_table({{"spot", ""},
                       {"frame", ""},
                       {"time", "s"},
                       {"radius", "nm"},
                       {"radius_sigma", "nm"},
                       {"particle", "nm^2"},
                       {"brightness", "nm^2"}},
                      rows);
}

namespace {

double time_of(const signal::Signal& frames, double frame) {
  const signal::Timeline timeline = signal::timeline_of(frames);
  const auto below = static_cast<std::size_t>(frame);
  const std::size_t above = std::min(below + 1, timeline.frame_start_s.size() - 1);
  const double part = frame - static_cast<double>(below);
  return (1.0 - part) * timeline.frame_middle_s(below) + part * timeline.frame_middle_s(above);
}

}  // namespace

io::Table track_table(const series::Tracks& tracks, std::span<const series::SpotFrame> windows,
                      const signal::Signal& frames, double nm) {
  std::vector<std::vector<double>> rows;
  std::vector<std::string> kind;
  for (const series::Track& t : tracks.tracks) {
    for (const series::TrackPoint& p : t.points) {
      kind.emplace_back(series::name(t.kind));
      rows.push_back({static_cast<double>(t.id), windows[p.window].middle, time_of(frames, windows[p.window].middle),
                      frames.axes[0].value(p.spot.y_px), frames.axes[1].value(p.spot.x_px), p.spot.place_sigma_px * nm,
                      p.spot.radius_px * nm, p.spot.sigma_px * nm, p.spot.contrast, p.spot.signal_px2 * nm * nm});
    }
  }
  io::Table table = number_table({{"track", ""},
                                  {"frame", ""},
                                  {"time", "s"},
                                  {"y", "nm"},
                                  {"x", "nm"},
                                  {"place_sigma", "nm"},
                                  {"radius", "nm"},
                                  {"radius_sigma", "nm"},
                                  {"contrast", ""},
                                  {"signal", "nm^2"}},
                                 rows);
  table.columns.push_back(io::text_column("kind", kind));
  return table;
}

io::Table track_event_table(const series::Tracks& tracks, const signal::Signal& frames) {
  std::vector<std::vector<double>> rows;
  std::vector<std::string> kind, change;
  for (const series::TrackEvent& e : tracks.events) {
    kind.emplace_back(series::name(tracks.tracks[static_cast<std::size_t>(e.track - 1)].kind));
    change.emplace_back(series::name(e.change));
    const double frame_s = time_of(frames, 1.0) - time_of(frames, 0.0);
    rows.push_back({static_cast<double>(e.track), static_cast<double>(e.other), e.frame, e.sigma_frames,
                    time_of(frames, e.frame), e.sigma_frames * frame_s, frames.axes[0].value(e.y_px),
                    frames.axes[1].value(e.x_px)});
  }
  io::Table table = number_table({{"track", ""},
                                  {"other", ""},
                                  {"frame", ""},
                                  {"frame_sigma", ""},
                                  {"time", "s"},
                                  {"time_sigma", "s"},
                                  {"y", "nm"},
                                  {"x", "nm"}},
                                 rows);
  table.columns.push_back(io::text_column("kind", kind));
  table.columns.push_back(io::text_column("event", change));
  return table;
}

report::Figure track_figure(const series::Tracks& tracks, std::span<const series::SpotFrame> windows,
                            const signal::Signal& frames, double nm) {
  constexpr std::size_t most = 7;  // colours of a panel
  report::Figure figure{.id = "tracks", .title = "Voids and particles over time"};
  std::size_t row = 0;
  for (const series::SpotKind kind : {series::SpotKind::hole, series::SpotKind::particle}) {
    std::vector<const series::Track*> shown;
    for (const series::Track& t : tracks.tracks) {
      if (t.kind == kind) {
        shown.push_back(&t);
      }
    }
    std::stable_sort(shown.begin(), shown.end(),
                     [](const auto* a, const auto* b) { return a->points.size() > b->points.size(); });
    shown.resize(std::min(shown.size(), most));
    report::Panel panel{.title = kind == series::SpotKind::hole ? "Voids" : "Particles",
                        .x = {.label = "Time", .unit = "s"},
                        .y = {.label = "Radius", .unit = "nm"},
                        .row = row++,
                        .x_link = "time"};
    for (const series::Track* t : shown) {
      report::Line line{.name = std::to_string(t->id)};
      for (const series::TrackPoint& p : t->points) {
        line.x.push_back(time_of(frames, windows[p.window].middle));
        line.y.push_back(p.spot.radius_px * nm);
        line.sigma.push_back(p.spot.sigma_px * nm);
      }
      panel.marks.emplace_back(std::move(line));
    }
    if (!shown.empty()) {
      figure.panels.push_back(std::move(panel));
    }
  }
  figure.caption = "The tracks seen longest, by number; bands: σ from counting and from the brightness around.";
  return figure;
}

std::vector<std::pair<int, int>> boundary_pairs(const io::Table& boundaries) {
  std::vector<std::pair<int, int>> out;
  if (boundaries.rows() > 0) {
    const std::vector<double>& a = boundaries.numbers("a");
    const std::vector<double>& b = boundaries.numbers("b");
    for (std::size_t i = 0; i < a.size(); ++i) {
      out.emplace_back(static_cast<int>(a[i]), static_cast<int>(b[i]));
    }
  }
  return out;
}

io::Table front_table(std::span<const series::FrontFit> fronts, const series::EventInput& input,
                      const signal::Signal& frames) {
  std::vector<std::vector<double>> rows;
  std::vector<std::string> shape;
  const series::TemperatureLog& log = input.thermometry.log;
  const auto in_kelvin = [&](const Estimate& time) { return time.sigma * std::abs(log.rate_K_per_s(time.value)); };
  for (const series::FrontFit& f : fronts) {
    if (!f.found) {
      continue;
    }
    const Estimate start = f.start_s();
    const Estimate speed = f.speed_px_s();
    const Estimate gain = f.gain_per_s();
    const auto direction = f.direction_deg();
    // The model goes on behind the last frame; what was not seen is an empty cell.
    const auto& frame_start = input.thermometry.timeline.frame_start_s;
    const bool seen = f.best.completed_s <= frame_start.back();
    const Estimate completed = f.completed_s();
    shape.emplace_back(series::name(f.model.shape));
    rows.push_back({static_cast<double>(f.grain), log.at(start.value), in_kelvin(start),
                    frames.axes[0].value(f.best.y_px), frames.axes[1].value(f.best.x_px), speed.value * input.pixel_nm,
                    speed.sigma * input.pixel_nm, gain.value, gain.sigma, direction ? direction->value : empty_cell,
                    direction ? direction->sigma : empty_cell, seen ? log.at(completed.value) : empty_cell,
                    seen ? in_kelvin(completed) : empty_cell, static_cast<double>(f.blocks),
                    static_cast<double>(f.outliers), f.rms_s});
  }
  io::Table table = number_table({{"grain", ""},
                                  {"onset", "degC"},
                                  {"onset_sigma", "K"},
                                  {"y", "nm"},
                                  {"x", "nm"},
                                  {"speed", "nm/s"},
                                  {"speed_sigma", "nm/s"},
                                  {"speed_growth", "1/s"},
                                  {"speed_growth_sigma", "1/s"},
                                  {"direction", "deg"},
                                  {"direction_sigma", "deg"},
                                  {"completed", "degC"},
                                  {"completed_sigma", "K"},
                                  {"blocks", ""},
                                  {"outliers", ""},
                                  {"rms", "s"}},
                                 rows);
  table.columns.push_back(io::text_column("shape", shape));
  return table;
}

io::Table entry_table(std::span<const series::EntryReading> entries, const series::EventInput& input) {
  std::vector<std::vector<double>> rows;
  std::vector<std::string> verdict;
  const series::TemperatureLog& log = input.thermometry.log;
  for (const series::EntryReading& e : entries) {
    verdict.emplace_back(series::name(e.verdict));
    rows.push_back({static_cast<double>(e.into), static_cast<double>(e.from), e.continuous, e.wall, e.independent,
                    e.chance, e.from != 0 ? e.wait_s.value : empty_cell, e.from != 0 ? e.wait_s.sigma : empty_cell,
                    e.from != 0 ? log.at(e.arrival_s) : empty_cell, log.at(e.start_s)});
  }
  io::Table table = number_table({{"into", ""},
                                  {"from", ""},
                                  {"p_continuous", ""},
                                  {"p_wall", ""},
                                  {"p_independent", ""},
                                  {"chance", ""},
                                  {"wait", "s"},
                                  {"wait_sigma", "s"},
                                  {"arrival", "degC"},
                                  {"start", "degC"}},
                                 rows);
  table.columns.push_back(io::text_column("verdict", verdict));
  return table;
}

}  // namespace hotstage::study::detail
