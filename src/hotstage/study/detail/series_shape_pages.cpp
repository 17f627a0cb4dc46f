// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_shape_pages.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <set>

namespace hotstage::study::detail {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Columns filled row by row.
class Rows {
 public:
  explicit Rows(const std::vector<std::pair<const char*, const char*>>& names) {
    for (const auto& [name, unit] : names) {
      table_.columns.push_back(io::number_column(name, unit, {}));
    }
  }

  void add(const std::vector<double>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      table_.columns[i].numbers.push_back(row[i]);
    }
  }

  io::Table with(const char* name, std::vector<std::string> texts) {
    table_.columns.push_back(io::text_column(name, std::move(texts)));
    return table_;
  }

 private:
  io::Table table_;
};

std::array<int, 3> parse_indices(const std::string& text) {
  std::vector<int> out;
  int sign = 1;
  for (const char c : text) {
    if (c == '-' && sign == 1) {
      sign = -1;
    } else if (c >= '0' && c <= '9') {
      out.push_back(sign * (c - '0'));
      sign = 1;
    } else {
      out.clear();
      break;
    }
  }
  if (out.size() != 3 || (out[0] == 0 && out[1] == 0 && out[2] == 0)) {
    throw Error(Errc::bad_input, fmt::format("families: '{}' is no plane", text),
                "Give three digits h k l, each with its own sign: 104, 1-10");
  }
  return {out[0], out[1], out[2]};
}

series::Direction reciprocal(const atoms::Lattice& lattice, const std::array<int, 3>& hkl) {
  const atoms::Vector v = atoms::combine(
      {static_cast<double>(hkl[0]), static_cast<double>(hkl[1]), static_cast<double>(hkl[2])}, lattice.reciprocal());
  return {v[0], v[1], v[2]};
}

series::PlaneFamily family_of(const std::string& text, const atoms::Lattice& lattice,
                              const std::vector<atoms::Operation>& operations) {
  const std::array<int, 3> hkl = parse_indices(text);
  std::set<std::array<int, 3>> members;
  for (const atoms::Operation& o : operations) {
    for (const int sign : {1, -1}) {
      std::array<int, 3> m{};
      for (std::size_t j = 0; j < 3; ++j) {
        for (std::size_t i = 0; i < 3; ++i) {
          m[j] += sign * hkl[i] * o.rotation[i][j];
        }
      }
      members.insert(m);
    }
  }
  series::PlaneFamily out{.name = "{" + text + "}"};
  for (const auto& m : members) {
    out.indices.push_back(m);
    out.normals.push_back(reciprocal(lattice, m));
  }
  return out;
}

}  // namespace

std::optional<series::CrystalView> crystal_view(const CrystalViewOptions& options) {
  if (options.phase.empty()) {
    return std::nullopt;
  }
  const atoms::Structure structure = atoms::phase_structure(options.phase);
  const atoms::Lattice lattice(structure.cell_A);
  const std::vector<atoms::Operation> operations = atoms::find_symmetry(structure).operations;
  series::CrystalView out;
  for (const std::string& text : options.families) {
    out.families.push_back(family_of(text, lattice, operations));
  }
  const atoms::Vector zone =
      lattice.cartesian({static_cast<double>(options.zone[0]), static_cast<double>(options.zone[1]),
                         static_cast<double>(options.zone[2])});
  out.zone = {zone[0], zone[1], zone[2]};
  if (options.reflection != std::array<int, 3>{0, 0, 0}) {
    out.known =
        series::KnownDirection{reciprocal(lattice, options.reflection), {options.direction, options.direction_sigma}};
  }
  out.sense = options.sense_known ? series::CrystalView::Sense::known : series::CrystalView::Sense::either;
  (void)series::plane_candidates(out);  // refuses a zone or direction of no use before anything is measured
  return out;
}

std::vector<series::DarkSpot> spots_of(const io::Table& table, const signal::Signal& axes, double nm) {
  const auto& y = table.numbers("y");
  const auto& x = table.numbers("x");
  const auto& radius = table.numbers("radius");
  const auto& depth = table.numbers("depth");
  const auto& grain = table.numbers("grain");
  const auto& kind = table.column("kind").texts;
  std::vector<series::DarkSpot> out;
  for (std::size_t i = 0; i < y.size(); ++i) {
    out.push_back({.kind = kind[i] == "crack" ? series::DarkKind::crack : series::DarkKind::round,
                   .y_px = (y[i] - axes.axes[0].offset) / axes.axes[0].scale,
                   .x_px = (x[i] - axes.axes[1].offset) / axes.axes[1].scale,
                   .radius_px = radius[i] / nm,
                   .depth = depth[i],
                   .grain = static_cast<int>(std::lround(grain[i]))});
  }
  return out;
}

io::Table trend_table(const ShapeFindings& found, double nm) {
  const double unit = 1e4 / nm;  // 1/px → % per 100 nm
  Rows rows({{"grain", ""},
             {"level", "e/px"},
             {"slope", "% per 100 nm"},
             {"slope_sigma", "% per 100 nm"},
             {"direction", "deg"},
             {"direction_sigma", "deg"},
             {"slope_x", "% per 100 nm"},
             {"slope_x_sigma", "% per 100 nm"},
             {"slope_x_counting", "% per 100 nm"},
             {"slope_y", "% per 100 nm"},
             {"slope_y_sigma", "% per 100 nm"},
             {"slope_y_counting", "% per 100 nm"},
             {"chi2_flat", ""},
             {"p_flat", ""},
             {"chi2_curved", ""},
             {"p_plane", ""},
             {"bend", "%"},
             {"texture", "%"},
             {"blocks", ""}});
  std::vector<std::string> kind;
  for (const series::GrainTrend& t : found.trends) {
    kind.emplace_back(series::name(t.kind));
    const double u = t.kind == series::TrendKind::too_small ? none : unit;
    rows.add({static_cast<double>(t.grain), t.level.value, t.slope.value * u, t.slope.sigma * u, t.direction_deg.value,
              t.direction_deg.sigma, t.slope_x.value * u, t.slope_x.sigma * u, t.counting_sigma_x * u,
              t.slope_y.value * u, t.slope_y.sigma * u, t.counting_sigma_y * u, t.chi2_flat, t.p_flat, t.chi2_curved,
              t.p_plane, 100.0 * t.bend, 100.0 * t.texture, static_cast<double>(t.blocks)});
  }
  return rows.with("trend", std::move(kind));
}

io::Table void_shape_table(const ShapeFindings& found, const std::optional<Estimate>& foil_nm, double nm) {
  Rows rows({{"spot", ""},
             {"sphere_radius", "nm"},
             {"sphere_radius_sigma", "nm"},
             {"sphere_depth", ""},
             {"sphere_depth_sigma", ""},
             {"disc_radius", "nm"},
             {"disc_radius_sigma", "nm"},
             {"disc_depth", ""},
             {"disc_depth_sigma", ""},
             {"truncated_radius", "nm"},
             {"truncated_radius_sigma", "nm"},
             {"cut", ""},
             {"blur", "nm"},
             {"bic_disc_minus_sphere", ""},
             {"bic_truncated_minus_sphere", ""},
             {"scatter", ""},
             {"foil_for_sphere", "nm"},
             {"foil_for_sphere_sigma", "nm"},
             {"foil_pull", "sigma"},
             {"facets", ""},
             {"bic_polygon_gain", ""}});
  std::vector<std::string> verdict, outline, planes, why;
  for (std::size_t i = 0; i < found.shapes.size(); ++i) {
    const series::VoidShape& v = found.shapes[i];
    const series::VoidOutline& o = found.outlines[i];
    using M = series::VoidModel;
    const double u = v.verdict == series::VoidVerdict::refused ? none : nm;
    const auto& sphere = v.fit(M::sphere);
    const auto& disc = v.fit(M::disc);
    const auto& cut = v.fit(M::truncated);
    std::optional<Estimate> foil;
    if (v.foil_for_sphere_px) {
      foil = Estimate{v.foil_for_sphere_px->value * nm, v.foil_for_sphere_px->sigma * nm};
    }
    rows.add({found.number[i],
              sphere.radius_px.value * u,
              sphere.radius_px.sigma * u,
              sphere.depth.value,
              sphere.depth.sigma,
              disc.radius_px.value * u,
              disc.radius_px.sigma * u,
              disc.depth.value,
              disc.depth.sigma,
              cut.radius_px.value * u,
              cut.radius_px.sigma * u,
              cut.cut,
              sphere.blur_px * u,
              v.bic_gain,
              cut.bic - sphere.bic,
              v.scatter,
              foil ? foil->value : none,
              foil ? foil->sigma : none,
              foil && foil_nm ? series::foil_pull(*foil, *foil_nm) : none,
              static_cast<double>(o.facets.size()),
              o.bic_gain});
    verdict.emplace_back(series::name(v.verdict));
    outline.emplace_back(series::name(o.kind));
    planes.push_back(found.indexing.empty() ? "" : found.indexing[i].verdict);
    why.push_back(!v.why.empty() ? v.why : o.why);
  }
  (void)rows.with("shape", std::move(verdict));
  (void)rows.with("outline", std::move(outline));
  (void)rows.with("planes", std::move(planes));
  return rows.with("why", std::move(why));
}

io::Table facet_table(const ShapeFindings& found, double nm) {
  Rows rows({{"spot", ""},
             {"facet", ""},
             {"normal", "deg"},
             {"normal_sigma", "deg"},
             {"distance", "nm"},
             {"distance_sigma", "nm"},
             {"length", "nm"},
             {"angle_to_next", "deg"},
             {"angle_sigma", "deg"}});
  std::vector<std::string> verdict;
  for (std::size_t i = 0; i < found.outlines.size(); ++i) {
    const series::VoidOutline& o = found.outlines[i];
    for (std::size_t k = 0; k < o.facets.size(); ++k) {
      const series::Facet& f = o.facets[k];
      rows.add({found.number[i], static_cast<double>(k + 1), f.normal_deg.value, f.normal_deg.sigma,
                f.distance_px.value * nm, f.distance_px.sigma * nm, f.length_px * nm, o.angles_deg[k].value,
                o.angles_deg[k].sigma});
      verdict.push_back(found.indexing.empty() ? "no crystal given" : found.indexing[i].verdict);
    }
  }
  return rows.with("planes", std::move(verdict));
}

io::Table assignment_table(const ShapeFindings& found, const series::CrystalView& view) {
  Rows rows({{"spot", ""},
             {"facet", ""},
             {"h", ""},
             {"k", ""},
             {"l", ""},
             {"sense", ""},
             {"expected", "deg"},
             {"misfit", "sigma"},
             {"probability", ""},
             {"family_chi2", ""},
             {"family_probability", ""}});
  std::vector<std::string> family, kind;
  for (std::size_t i = 0; i < found.indexing.size(); ++i) {
    for (const series::PlaneAssignment& a : found.indexing[i].assignments) {
      const auto& fits = found.indexing[i].families;
      const auto of = std::find_if(fits.begin(), fits.end(), [&](const auto& f) { return f.family == a.plane.family; });
      rows.add({found.number[i], static_cast<double>(a.facet + 1), static_cast<double>(a.plane.indices[0]),
                static_cast<double>(a.plane.indices[1]), static_cast<double>(a.plane.indices[2]),
                static_cast<double>(a.sense), a.expected_deg, a.misfit, a.probability,
                of != fits.end() ? of->chi2 : none, of != fits.end() ? of->probability : none});
      family.push_back(view.families[a.plane.family].name);
      kind.emplace_back(a.plane.edge_on ? "edge on" : "rim");
    }
  }
  (void)rows.with("family", std::move(family));
  return rows.with("kind", std::move(kind));
}

void add_shape_results(const ShapeFindings& found, StepOutput& out) {
  const auto count = [&](const char* id, const char* label, const char* method, auto&& of, auto&& is) {
    out.results.push_back({.id = id,
                           .value = static_cast<double>(std::count_if(of.begin(), of.end(), is)),
                           .method = method,
                           .label = label});
  };
  const char* bic = "profile of the missing share, BIC lower by more than 6";
  using V = series::VoidVerdict;
  for (const auto& [id, label, verdict] : {std::tuple{"spheres", "Voids like a sphere", V::sphere},
                                           {"discs", "Voids like a hole with steep walls", V::disc},
                                           {"truncated", "Voids like a cut sphere", V::truncated},
                                           {"undecided", "Voids that could be either", V::cannot_tell}}) {
    count(id, label, bic, found.shapes, [v = verdict](const auto& s) { return s.verdict == v; });
  }
  count("faceted", "Voids with facets", "polygon against round outlines, BIC lower by more than 10", found.outlines,
        [](const auto& o) { return o.kind == series::OutlineKind::polygon; });
  count("sloped", "Grains with a thickness trend", "plane through block means, p < 0.01 against flat", found.trends,
        [](const auto& t) { return t.kind == series::TrendKind::plane; });
  count("curved", "Grains where a plane is not enough", "second-order terms, p < 0.01", found.trends,
        [](const auto& t) { return t.kind == series::TrendKind::curved; });
}

namespace {

report::Figure profile_figure(const ShapeFindings& found, double nm) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < found.shapes.size(); ++i) {
    if (found.shapes[i].verdict != series::VoidVerdict::refused) {
      shown.push_back(i);
    }
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [&](std::size_t a, std::size_t b) { return found.spots[a].radius_px > found.spots[b].radius_px; });
  constexpr std::size_t most = 6;
  constexpr std::size_t across = 3;
  shown.resize(std::min(most, shown.size()));
  report::Figure figure{.id = "void-profiles", .title = "Missing thickness across voids: sphere or disc"};
  figure.caption =
      "Means over rings about the centre; error bars from counting. Lines: best sphere and best hole with steep walls, "
      "blurred alike. Positive ΔBIC speaks for the sphere.";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const series::VoidShape& v = found.shapes[shown[i]];
    report::Panel panel{.title = fmt::format("void {:g}: {} (ΔBIC {:.0f})", found.number[shown[i]],
                                             series::name(v.verdict), v.bic_gain),
                        .x = {.label = "Distance from the centre", .unit = "nm"},
                        .y = {.label = "Missing share"},
                        .row = i / across,
                        .column = i % across};
    std::vector<double> d = v.distance_px;
    std::transform(d.begin(), d.end(), d.begin(), [nm](double r) { return r * nm; });
    for (const auto& [model, colour] : {std::pair{series::VoidModel::sphere, report::Colour::blue},
                                        {series::VoidModel::disc, report::Colour::vermilion}}) {
      if (!v.fit(model).share.empty()) {
        panel.marks.emplace_back(
            report::Line{.name = std::string(series::name(model)), .x = d, .y = v.fit(model).share, .colour = colour});
      }
    }
    panel.marks.emplace_back(
        report::Points{.name = "measured", .x = d, .y = v.share, .sigma_y = v.sigma, .colour = report::Colour::ink});
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

report::Figure facet_figure(const ShapeImage& image, const ShapeFindings& found, std::size_t which,
                            const series::CrystalView* view) {
  const series::VoidOutline& o = found.outlines[which];
  const signal::Axis& ay = image.axes.axes[0];
  const signal::Axis& ax = image.axes.axes[1];
  const double half = 2.0 * found.spots[which].radius_px + 8.0;
  const auto from = [half](double centre) { return static_cast<std::size_t>(std::max(0.0, centre - half)); };
  const std::size_t y0 = from(o.y_px);
  const std::size_t x0 = from(o.x_px);
  const std::size_t y1 = std::min(image.image.mean.extent(0), static_cast<std::size_t>(o.y_px + half) + 1);
  const std::size_t x1 = std::min(image.image.mean.extent(1), static_cast<std::size_t>(o.x_px + half) + 1);
  report::Grid grid{.rows = y1 - y0, .columns = x1 - x0};
  for (std::size_t y = y0; y < y1; ++y) {
    for (std::size_t x = x0; x < x1; ++x) {
      grid.values.push_back(static_cast<double>(image.image.mean(y, x)));
    }
  }
  grid.y = {ay.value(static_cast<double>(y0) - 0.5), ay.value(static_cast<double>(y1) - 0.5)};
  grid.x = {ax.value(static_cast<double>(x0) - 0.5), ax.value(static_cast<double>(x1) - 0.5)};
  report::Figure figure{.id = fmt::format("facets-{:g}", found.number[which]),
                        .title = fmt::format("Facets of void {:g}", found.number[which]),
                        .width = report::Width::half};
  figure.caption = "Points: outline at half depth. Lines: facets and their normals, with planes within 2 σ.";
  if (view != nullptr) {
    figure.caption += " " + found.indexing[which].verdict + ".";
  }
  report::Panel panel{.x = {.label = "x", .unit = ax.unit}, .y = {.label = "y", .unit = ay.unit}};
  report::Image shown{.name = "image",
                      .grid = std::move(grid),
                      .colour_map = report::ColourMap::grey,
                      .bar_label = "Brightness",
                      .bar_unit = "e/px"};
  shown.range = {num::quantile(shown.grid.values, 0.005), num::quantile(shown.grid.values, 0.995)};
  panel.marks.emplace_back(std::move(shown));
  report::Points points{.name = "outline", .colour = report::Colour::yellow};
  for (const auto& p : o.points) {
    points.y.push_back(ay.value(p[0]));
    points.x.push_back(ax.value(p[1]));
  }
  panel.marks.emplace_back(std::move(points));
  report::Line sides{.name = "facets", .colour = report::Colour::vermilion};
  report::Line normals{.name = "normals", .colour = report::Colour::sky};
  std::vector<report::Mark> texts;
  std::map<std::string, std::vector<std::size_t>> facets_of;
  const auto put = [&](report::Line& line, double y, double x) {
    line.y.push_back(ay.value(y));
    line.x.push_back(ax.value(x));
  };
  for (std::size_t k = 0; k < o.facets.size(); ++k) {
    const series::Facet& f = o.facets[k];
    const double a = f.normal_deg.value * std::numbers::pi / 180.0;
    const auto corner = [&](const series::Facet& g, double turn_deg) {
      const double t = turn_deg * std::numbers::pi / 180.0;
      const double along = (g.distance_px.value - f.distance_px.value * std::cos(t)) / std::sin(t);
      put(sides, o.y_px + f.distance_px.value * std::sin(a) + along * std::cos(a),
          o.x_px + f.distance_px.value * std::cos(a) - along * std::sin(a));
    };
    const std::size_t before = (k + o.facets.size() - 1) % o.facets.size();
    corner(o.facets[before], -o.angles_deg[before].value);
    corner(o.facets[(k + 1) % o.facets.size()], o.angles_deg[k].value);
    sides.y.push_back(none);
    sides.x.push_back(none);
    const double reach = f.distance_px.value + 0.3 * found.spots[which].radius_px;
    put(normals, o.y_px + f.distance_px.value * std::sin(a), o.x_px + f.distance_px.value * std::cos(a));
    put(normals, o.y_px + reach * std::sin(a), o.x_px + reach * std::cos(a));
    normals.y.push_back(none);
    normals.x.push_back(none);
    std::set<std::string> names;
    if (view != nullptr) {
      for (const series::PlaneAssignment& p : found.indexing[which].assignments) {
        if (p.facet == k) {
          names.insert(view->families[p.plane.family].name);
        }
      }
    }
    // More than one name does not fit beside a facet: the caption has them.
    facets_of[fmt::format("{}", fmt::join(names, ", "))].push_back(k + 1);
    const double at = f.distance_px.value + 0.45 * found.spots[which].radius_px;
    texts.emplace_back(report::Text{
        .text = names.size() == 1 ? fmt::format("{}: {}", k + 1, *names.begin()) : fmt::format("{}", k + 1),
        .x = ax.value(o.x_px + at * std::cos(a)),
        .y = ay.value(o.y_px + at * std::sin(a))});
  }
  for (const auto& [names, numbers] : facets_of) {
    if (view != nullptr) {
      figure.caption += fmt::format(" Facet {}: {}.", fmt::join(numbers, ", "), names.empty() ? "no plane" : names);
    }
  }
  panel.marks.emplace_back(std::move(sides));
  panel.marks.emplace_back(std::move(normals));
  panel.marks.insert(panel.marks.end(), texts.begin(), texts.end());
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace

void add_shape_figures(const ShapeImage& image, const ShapeFindings& found, const series::CrystalView* view,
                       StepOutput& out) {
  if (std::any_of(found.shapes.begin(), found.shapes.end(), [](const auto& s) { return !s.distance_px.empty(); })) {
    out.figures.push_back(profile_figure(found, image.nm));
  }
  constexpr std::size_t most = 12;
  for (std::size_t i = 0; i < found.outlines.size() && out.figures.size() <= most; ++i) {
    if (found.outlines[i].kind == series::OutlineKind::polygon) {
      out.figures.push_back(facet_figure(image, found, i, view));
    }
  }
}

}  // namespace hotstage::study::detail
