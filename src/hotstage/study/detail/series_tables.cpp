// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_tables.hpp"

namespace hotstage::study::detail {

namespace {

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
                    spot.hexagonality, spot.facet_angle_deg, static_cast<double>(spot.grain)});
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
                                  {"grain", ""}},
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

}  // namespace hotstage::study::detail
