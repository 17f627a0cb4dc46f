// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/scene.hpp"

#include <fmt/format.h>

#include <limits>

namespace hotstage::meso {

namespace {

Value place_value(const Point& p) {
  Value out = Value::object();
  out["x_nm"] = p.x_nm;
  out["y_nm"] = p.y_nm;
  return out;
}

Value void_value(const Void& v) {
  Value out = place_value(v.centre);
  out["radius_nm"] = v.radius_nm;
  out["inradius_nm"] = v.inradius_nm();
  out["faces"] = 6;
  out["angle_deg"] = v.angle_deg;
  out["hexagonal"] = true;
  out["special"] = v.special;
  return out;
}

Value crack_value(const Crack& crack) {
  Value out = Value::object();
  out["x0_nm"] = crack.from.x_nm;
  out["y0_nm"] = crack.from.y_nm;
  out["x1_nm"] = crack.to.x_nm;
  out["y1_nm"] = crack.to.y_nm;
  out["width_nm"] = crack.width_nm;
  return out;
}

std::string layered_formula(double x) {
  return x >= 1.0 ? std::string("LiCoO2") : fmt::format("Li{:.4g}CoO2", x);
}

}  // namespace

Value scene_value(const Polycrystal& crystal, const Scenario& scenario, const Outcome& outcome,
                  const SceneNotes& notes) {
  Value out = Value::object();
  out["schema"] = "hotstage.scene/1";
  for (const std::string_view material : material_names) {
    out["materials"].push_back(material);
    out["formula"].push_back(material == "LiCoO2" ? Value(layered_formula(scenario.chemistry.options.x))
                                                  : Value(material));
  }
  out["foil_nm"] = scenario.parameters.foil_nm;
  out["pixel_nm"] = crystal.pixel_nm;
  out["case"] = notes.specimen;
  out["driver"] = name(scenario.chemistry.options.driver);
  out["li_fate"] = name(scenario.chemistry.options.li_fate);
  out["parameters_sha256"] = notes.parameters_sha256;
  for (const std::string_view list : {"grains", "voids", "cracks", "cores"}) {
    out[list] = Value::array();
  }
  for (std::size_t g = 0; g < crystal.grains(); ++g) {
    Value grain = place_value(crystal.centres[g]);
    grain["id"] = static_cast<int>(g + 1);
    out["grains"].push_back(std::move(grain));
  }
  for (const Void& v : crystal.voids) {
    out["voids"].push_back(void_value(v));
  }
  for (const Crack& crack : crystal.cracks) {
    out["cracks"].push_back(crack_value(crack));
  }
  for (const Core& core : outcome.cores) {
    Value entry = place_value(core.centre);
    entry["grain"] = core.grain;
    entry["dose"] = core.dose;
    entry["radius_nm"] = core.radius_nm;
    out["cores"].push_back(std::move(entry));
  }
  return out;
}

io::Table event_table(const Outcome& outcome) {
  std::vector<std::string> kind;
  std::vector<double> time, temperature, grain, from, x, y;
  for (const Event& event : outcome.events) {
    kind.emplace_back(name(event.kind));
    time.push_back(event.time_s);
    temperature.push_back(event.temperature_degC);
    grain.push_back(event.grain);
    from.push_back(event.from_grain);
    x.push_back(event.place.x_nm);
    y.push_back(event.place.y_nm);
  }
  io::Table table;
  table.columns = {io::text_column("kind", kind),
                   io::number_column("time", "s", time),
                   io::number_column("temperature", "degC", temperature),
                   io::number_column("grain", "", grain),
                   io::number_column("from_grain", "", from),
                   io::number_column("x", "nm", x),
                   io::number_column("y", "nm", y)};
  return table;
}

io::Table sample_table(const Outcome& outcome) {
  std::vector<double> time, temperature, all, boundary, interior, rock_salt, vacancies, radius;
  for (const Sample& sample : outcome.samples) {
    time.push_back(sample.time_s);
    temperature.push_back(sample.temperature_degC);
    all.push_back(sample.transformed);
    boundary.push_back(sample.at_boundary);
    interior.push_back(sample.interior);
    rock_salt.push_back(sample.rock_salt);
    vacancies.push_back(sample.vacancies);
    radius.push_back(sample.metal_radius_nm);
  }
  io::Table table;
  table.columns = {io::number_column("time", "s", time),
                   io::number_column("temperature", "degC", temperature),
                   io::number_column("transformed", "", all),
                   io::number_column("transformed_at_boundary", "", boundary),
                   io::number_column("transformed_interior", "", interior),
                   io::number_column("rock_salt", "", rock_salt),
                   io::number_column("vacancies", "", vacancies),
                   io::number_column("cobalt_radius", "nm", radius)};
  return table;
}

io::Table prior_table(const ParameterTable& table) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> names, units, priors, sources;
  std::vector<double> value, spread, low, high;
  for (const ParameterInfo& p : table) {
    names.push_back(p.name);
    units.push_back(p.unit);
    priors.emplace_back(enum_names(PriorKind{})[static_cast<std::size_t>(p.prior)].name);
    sources.push_back(p.source);
    value.push_back(p.value);
    spread.push_back(p.prior == PriorKind::normal || p.prior == PriorKind::lognormal ? p.spread : none);
    low.push_back(p.min.value_or(none));
    high.push_back(p.max.value_or(none));
  }
  io::Table out;
  out.columns = {io::text_column("parameter", names),     io::number_column("value", "", value),
                 io::text_column("unit", units),          io::text_column("prior", priors),
                 io::number_column("spread", "", spread), io::number_column("min", "", low),
                 io::number_column("max", "", high),      io::text_column("source", sources)};
  return out;
}

}  // namespace hotstage::meso
