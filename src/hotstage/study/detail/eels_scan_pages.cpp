// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_scan_pages.hpp"

#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace hotstage::study::detail {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

std::size_t nearest_time(const signal::Axis& axis, const Time& time) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < axis.size; ++i) {
    const double here = std::abs(axis.value(static_cast<double>(i)) - time.in(units::s));
    const double there = std::abs(axis.value(static_cast<double>(best)) - time.in(units::s));
    best = here < there ? i : best;
  }
  return best;
}

/// Whether at least half of the line through the void is still undamaged LiCoO2.
bool is_unchanged(const SpecimenAt& specimen) {
  constexpr std::size_t looks = 100;
  const eels::ScanScene line = eels::sample(specimen.maps, eels::plan_path(specimen.maps, specimen.site, looks));
  std::size_t whole = 0;
  for (std::size_t i = 0; i < looks; ++i) {
    for (std::size_t m = 0; m < line.materials.size(); ++m) {
      const bool host = line.materials[m].name == "LiCoO2";
      whole += host && line.thickness_nm.row(i)[m] > 0.95 * specimen.maps.foil_nm ? 1 : 0;
    }
  }
  return 2 * whole >= looks;
}

eels::VoidSite special_void(const Value& scene) {
  const Value::Array& voids = scene.at("voids").as_array();
  if (voids.empty()) {
    throw Error(Errc::bad_input, scene.where, "the scene has no void to scan", "Simulate the aged case");
  }
  const auto is_special = [](const Value& v) {
    const Value* special = v.find("special");
    return special != nullptr && special->is_bool() && special->as_bool();
  };
  const auto found = std::ranges::find_if(voids, is_special);
  const Value& site = found == voids.end() ? voids.front() : *found;
  return {site.at("x_nm").as_number(), site.at("y_nm").as_number(), site.at("radius_nm").as_number()};
}

Value numbers(std::span<const double> values) {
  Value out = Value::array();
  for (const double v : values) {
    out.push_back(v);
  }
  return out;
}

void put(Value& record, const std::string& key, const Estimate& estimate) {
  record[key] = estimate.value;
  record[key + "_sigma"] = estimate.sigma;
}

std::vector<double> positions_of(const signal::Signal& core) {
  std::vector<double> out(core.items());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = core.navigation.empty() ? static_cast<double>(i) : core.navigation.back().value(static_cast<double>(i));
  }
  return out;
}

}  // namespace

SpecimenAt specimen_at(const StepInputs& inputs, const std::optional<Time>& time) {
  const signal::Signal& state = inputs.signal("state");
  const signal::Signal& labels = inputs.signal("labels");
  const Value& scene = inputs.records.at("scene");
  if (state.navigation.size() != 2 || state.axes.size() != 2 || labels.axes.size() != 2) {
    throw Error(Errc::bad_input, Location{.file = state.file},
                fmt::format("expected time × material | y × x, found {}", state.shape_text()));
  }
  const std::size_t rows = state.axes[0].size;
  const std::size_t columns = state.axes[1].size;
  const std::size_t materials = state.navigation[1].size;
  SpecimenAt out{
      0.0, Buffer<float, 3>({materials, rows, columns}), Buffer<float, 2>({rows, columns}), {}, special_void(scene)};
  signal::read(labels, {0, 1, 0, rows * columns}, View<float, 2>(out.labels.data(), {1, rows * columns}));
  for (const Value& name : scene.at("materials").as_array()) {
    out.maps.materials.push_back(atoms::find_material(name.as_text()));
  }
  out.maps.thickness_nm = std::as_const(out.thickness).view();
  out.maps.labels = std::as_const(out.labels).view();
  out.maps.pixel_nm = scene.at("pixel_nm").as_number();
  out.maps.foil_nm = scene.at("foil_nm").as_number();
  const auto load = [&](std::size_t at) {
    out.time_s = state.navigation[0].value(static_cast<double>(at));
    signal::read(state, {at * materials, materials, 0, rows * columns},
                 View<float, 2>(out.thickness.data(), {materials, rows * columns}));
  };
  if (time) {
    load(nearest_time(state.navigation[0], *time));
    return out;
  }
  // Transformation only goes on: bisect for the last state whose surroundings are unchanged.
  std::size_t good = 0;
  std::size_t bad = state.navigation[0].size;
  while (bad - good > 1) {
    const std::size_t middle = (good + bad) / 2;
    load(middle);
    (is_unchanged(out) ? good : bad) = middle;
  }
  load(good);
  return out;
}

Value scan_truth(const eels::ScanScene& scene, const eels::ScanPath& path, const eels::LineVoid& hole,
                 const eels::VoidFilling& filling) {
  Value truth = Value::object();
  truth["schema"] = "hotstage.scan_truth/1";
  truth["product"] = std::string(eels::name(filling.kind));
  truth["metal_share"] = filling.metal_share;
  truth["fill"] = filling.fill;
  truth["position_nm"] = numbers(scene.position_nm);
  truth["x_nm"] = numbers(path.x_nm);
  truth["y_nm"] = numbers(path.y_nm);
  truth["void_first"] = hole.first;
  truth["void_last"] = hole.last;
  truth["void_depth_nm"] = numbers(hole.depth_nm);
  if (path.has_boundary) {
    truth["boundary_nm"] = path.boundary_at_nm;
  }
  Value thickness = Value::object();
  for (std::size_t m = 0; m < scene.materials.size(); ++m) {
    Value column = Value::array();
    for (std::size_t i = 0; i < scene.position_nm.size(); ++i) {
      column.push_back(scene.thickness_nm.row(i)[m]);
    }
    thickness[scene.materials[m].name] = column;
  }
  truth["thickness_nm"] = thickness;
  return truth;
}

void add_models(const eels::ScanModels& models, const eels::SimulatedScan& scan, Value& truth) {
  truth["cobalt_per_nm2"] = numbers(scan.cobalt_per_nm2);
  truth["oxygen_per_nm2"] = numbers(scan.oxygen_per_nm2);
  truth["t_over_lambda"] = numbers(scan.t_over_lambda);
  truth["jitter_eV"] = numbers(scan.jitter_eV);
  truth["axis_shift_eV"] = models.axis_shift_eV;
  truth["gain"] = models.gain;
  truth["pre_peak_eV"] = models.phases.front().pre_eV;
  truth["l3_eV"] = models.phases.front().l3_eV;
  truth["layered_oxygen"] = models.layered_oxygen;
  truth["oxygen_factor"] = models.oxygen_factor;
  truth["cobalt_factor"] = models.cobalt_factor;
  truth["collection_mrad"] = models.collection.in(units::mrad);
  truth["background_ratio"] = models.background_ratio;
  truth["background_r"] = numbers(models.background_r);
  truth["background_share"] = models.background_share;
  truth["zlp_asymmetry_eV"] = models.zlp_asymmetry_eV;
  truth["neighbours"] = numbers(models.neighbours);
  truth["channel_gain_sigma"] = models.channel_gain_sigma;
  truth["mean_free_path_factor"] = models.mean_free_path_factor;
}

report::Figure scene_figure(const eels::ScanScene& scene, const eels::LineVoid& hole) {
  report::Figure figure{.id = "line", .title = "What lies on the line (truth)"};
  report::Panel panel{.x = {.label = "Position", .unit = "nm"}, .y = {.label = "Thickness", .unit = "nm"}};
  panel.marks.emplace_back(
      report::Span{"void", scene.position_nm[hole.first], scene.position_nm[hole.last], report::Colour::grey});
  for (std::size_t m = 0; m < scene.materials.size(); ++m) {
    report::Line line{.name = scene.materials[m].name, .x = scene.position_nm};
    for (std::size_t i = 0; i < scene.position_nm.size(); ++i) {
      line.y.push_back(scene.thickness_nm.row(i)[m]);
    }
    if (std::ranges::any_of(line.y, [](double t) { return t > 0.0; })) {
      panel.marks.emplace_back(std::move(line));
    }
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

io::Table profile_table(const signal::Signal& core, const eels::ProductReading& reading) {
  std::vector<std::string> region, status;
  std::vector<std::vector<double>> columns(22);
  for (std::size_t i = 0; i < reading.positions.size(); ++i) {
    const eels::PositionReading& p = reading.positions[i];
    const eels::LinePosition& raw = reading.profile.positions[i];
    region.emplace_back(p.core ? "void" : (p.surface ? "wall" : (p.reference ? "reference" : "")));
    status.emplace_back(p.usable ? "ok" : (raw.status == eels::ItemStatus::ok ? "left out" : eels::name(raw.status)));
    std::size_t c = 0;
    const auto add = [&](const Estimate& e) {
      const bool there = p.usable && e.sigma > 0.0;
      columns[c++].push_back(there ? e.value : nothing);
      columns[c++].push_back(there ? e.sigma : nothing);
    };
    add(raw.thickness);
    add(p.amounts.oxygen);
    add(p.amounts.cobalt);
    add(p.co_per_o);
    add(p.cobalt_fraction);
    add(p.raw_ratio);
    add(p.metal_fraction);
    add(p.amounts.pre_peak);
    add(eels::pooled(std::span(&raw.pre_peak, 1)));
    add(eels::pooled(std::span(&raw.l3_centroid, 1)));
    add(eels::pooled(std::span(&raw.l3_l2, 1)));
  }
  io::Table out;
  out.columns = {io::number_column("position", core.navigation.empty() ? "" : "nm", positions_of(core)),
                 io::text_column("region", region), io::text_column("status", status)};
  const std::array names{"t_over_lambda", "oxygen",   "cobalt",         "Co_per_O",    "Co_fraction", "raw_Co_over_O",
                         "metal_volume",  "pre_peak", "pre_peak_per_O", "L3_centroid", "L3_over_L2"};
  for (std::size_t c = 0; c < names.size(); ++c) {
    const char* unit = std::string_view(names[c]) == "L3_centroid" ? "eV" : "";
    out.columns.push_back(io::number_column(names[c], unit, columns[2 * c]));
    out.columns.push_back(io::number_column(std::string(names[c]) + "_sigma", unit, columns[2 * c + 1]));
  }
  return out;
}

Value product_record(const signal::Signal& core, const eels::ProductReading& reading) {
  Value record = Value::object();
  record["schema"] = "hotstage.product/1";
  record["status"] = std::string(eels::name(reading.status));
  record["void_found"] = !reading.core.empty();
  const auto indices = [](const std::vector<std::size_t>& from) {
    Value out = Value::array();
    for (const std::size_t i : from) {
      out.push_back(i);
    }
    return out;
  };
  record["reference"] = indices(reading.reference);
  record["core"] = indices(reading.core);
  record["walls"] = indices(reading.surface);
  record["position_nm"] = numbers(positions_of(core));
  const bool read = reading.status == eels::ReadingStatus::ok;
  record["call"] = read ? std::string(eels::name(reading.call.best)) : std::string("not read");
  Value probability = Value::object();
  for (std::size_t k = 0; k < eels::product_count; ++k) {
    probability[eels::name(static_cast<eels::Product>(k))] = reading.call.probability[k];
  }
  record["probability"] = probability;
  put(record, "co_per_o", reading.co_per_o);
  put(record, "co_fraction", reading.cobalt_fraction);
  record["co_fraction_counting_sigma"] = reading.cobalt_fraction_counting;
  put(record, "raw_ratio", reading.raw_ratio);
  put(record, "metal_thickness", reading.call.metal);
  put(record, "oxide_thickness", reading.call.oxide);
  put(record, "host_thickness", reading.call.host);
  put(record, "metal_volume", reading.balance.metal_fraction);
  put(record, "oxide_volume", reading.balance.oxide_fraction);
  put(record, "pre_peak_eV", reading.pre_peak_eV);
  record["axis_shift_eV"] = reading.axis_shift_eV;
  record["axis_shift_eV_sigma"] = reading.axis_shift_sigma;
  put(record, "calibration", reading.calibration);
  return record;
}

io::Table trial_table(const std::vector<eels::Trial>& matched, const std::vector<eels::Trial>& mismatched) {
  std::vector<std::string> models, product, call, status;
  std::vector<std::vector<double>> columns(12);
  const auto add_all = [&](const std::vector<eels::Trial>& trials, const char* kind) {
    for (const eels::Trial& t : trials) {
      models.emplace_back(kind);
      product.emplace_back(eels::name(t.truth));
      call.emplace_back(eels::name(t.call));
      status.emplace_back(eels::name(t.status));
      const std::array values{static_cast<double>(t.seed),
                              t.probability,
                              t.true_fraction,
                              t.fraction.value,
                              t.fraction.sigma,
                              t.counting,
                              t.true_metal,
                              t.metal.value,
                              t.metal.sigma,
                              t.true_shift_eV,
                              t.shift_eV,
                              t.pre_peak_eV.value - t.true_pre_peak_eV};
      for (std::size_t c = 0; c < values.size(); ++c) {
        columns[c].push_back(c >= 2 && c <= 8 && !t.measured ? nothing : values[c]);
      }
    }
  };
  add_all(matched, "matched");
  add_all(mismatched, "mismatched");
  io::Table out;
  out.columns = {io::text_column("models", models), io::text_column("product", product), io::text_column("call", call),
                 io::text_column("status", status)};
  const std::array<std::pair<const char*, const char*>, 12> names{{{"seed", ""},
                                                                   {"probability", ""},
                                                                   {"Co_fraction_truth", ""},
                                                                   {"Co_fraction", ""},
                                                                   {"Co_fraction_sigma", ""},
                                                                   {"Co_fraction_counting", ""},
                                                                   {"metal_truth", ""},
                                                                   {"metal", ""},
                                                                   {"metal_sigma", ""},
                                                                   {"axis_shift_truth", "eV"},
                                                                   {"axis_shift", "eV"},
                                                                   {"pre_peak_error", "eV"}}};
  for (std::size_t c = 0; c < names.size(); ++c) {
    out.columns.push_back(io::number_column(names[c].first, names[c].second, columns[c]));
  }
  return out;
}

io::Table confusion_table(const eels::TrialSummary& matched, const eels::TrialSummary& mismatched) {
  std::vector<std::string> models, truth;
  std::vector<std::vector<double>> columns(eels::product_count + 1);
  const auto add = [&](const eels::TrialSummary& summary, const char* kind) {
    for (std::size_t t = 0; t < eels::product_count; ++t) {
      models.emplace_back(kind);
      truth.emplace_back(eels::name(static_cast<eels::Product>(t)));
      for (std::size_t c = 0; c <= eels::product_count; ++c) {
        columns[c].push_back(static_cast<double>(summary.confusion[t][c]));
      }
    }
  };
  add(matched, "matched");
  add(mismatched, "mismatched");
  io::Table out;
  out.columns = {io::text_column("models", models), io::text_column("truth", truth)};
  for (std::size_t c = 0; c <= eels::product_count; ++c) {
    const std::string name =
        c < eels::product_count ? std::string(eels::name(static_cast<eels::Product>(c))) : std::string("refused");
    out.columns.push_back(io::number_column("called " + name, "", columns[c]));
  }
  return out;
}

report::Figure trial_figure(const std::vector<eels::Trial>& matched, const std::vector<eels::Trial>& mismatched) {
  report::Figure figure{.id = "trials", .title = "Co fraction in the void: read against put in"};
  std::size_t row = 0;
  for (const auto* trials : {&matched, &mismatched}) {
    report::Panel panel{.title = trials == &matched ? "Matched models" : "Mismatched models",
                        .x = {.label = "True Co/(Co+O)"},
                        .y = {.label = "Read Co/(Co+O)"},
                        .row = row++};
    panel.marks.emplace_back(report::Line{.name = "equal",
                                          .x = {0.2, 1.0},
                                          .y = {0.2, 1.0},
                                          .dash = report::Dash::dashed,
                                          .colour = report::Colour::grey});
    for (const eels::Filling kind : {eels::Filling::none, eels::Filling::metal, eels::Filling::cobalt_oxide,
                                     eels::Filling::mix, eels::Filling::platinum}) {
      report::Points points{.name = std::string(eels::name(kind))};
      for (const eels::Trial& t : *trials) {
        if (t.measured && t.truth == kind) {
          points.x.push_back(t.true_fraction);
          points.y.push_back(t.fraction.value);
          points.sigma_y.push_back(trials == &matched ? t.counting : t.fraction.sigma);
        }
      }
      panel.marks.emplace_back(std::move(points));
    }
    figure.panels.push_back(std::move(panel));
  }
  figure.caption = "Bars: counting σ for matched models, total σ for mismatched ones.";
  return figure;
}

}  // namespace hotstage::study::detail
