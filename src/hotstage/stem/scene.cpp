// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/scene.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::stem {

namespace {

[[noreturn]] void refuse(const signal::Signal& signal, std::string message) {
  throw Error(Errc::bad_input, Location{.file = signal.file}, std::move(message),
              "Give the state and labels that meso.simulate writes");
}

std::vector<double> values_of(const signal::Axis& axis) {
  std::vector<double> out(axis.size);
  for (std::size_t i = 0; i < axis.size; ++i) {
    out[i] = axis.value(static_cast<double>(i));
  }
  return out;
}

void check_axes(const signal::Signal& state, const signal::Signal& labels) {
  if (state.navigation.size() != 2 || state.axes.size() != 2) {
    refuse(state, fmt::format("the state has the shape {}, not time × material | y × x", state.shape_text()));
  }
  const std::vector<double> times = values_of(state.navigation[0]);
  if (std::ranges::adjacent_find(times, std::greater_equal<>()) != times.end()) {
    refuse(state, "the times of the saved states do not rise");
  }
  for (const signal::Axis& axis : state.axes) {
    if (axis.unit != "nm" || !axis.is_uniform() || !(axis.scale > 0.0)) {
      refuse(state, fmt::format("the axis \"{}\" of the state is not uniform in nm", axis.name));
    }
  }
  constexpr double square = 1e-6;
  if (std::abs(state.axes[0].scale / state.axes[1].scale - 1.0) > square) {
    refuse(state, "the pixels of the state are not square");
  }
  if (labels.axes.size() != 2 || labels.items() != 1 || labels.axes[0].size != state.axes[0].size ||
      labels.axes[1].size != state.axes[1].size) {
    refuse(labels,
           fmt::format("labels of the shape {} do not fit a state of {}", labels.shape_text(), state.shape_text()));
  }
}

/// The named material with the composition that it has here.
atoms::Material composed(const std::string& name, const std::string& formula) {
  atoms::Material out = atoms::find_material(name);
  const double named_mass = atoms::molar_mass(out.formula);
  out.formula = atoms::parse_formula(formula);
  out.density_g_cm3 *= atoms::molar_mass(out.formula) / named_mass;
  return out;
}

}  // namespace

Scene read_scene(const signal::Signal& state, const signal::Signal& labels, const Value& record,
                 const std::vector<std::string>& layered) {
  check_axes(state, labels);
  Scene out;
  out.times_s = values_of(state.navigation[0]);
  const Value::Array& names = record.at("materials").as_array();
  const Value* formulas = record.find("formula");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i].as_text();
    const bool own = formulas != nullptr && formulas->is_array() && i < formulas->as_array().size();
    out.materials.push_back(composed(name, own ? formulas->as_array()[i].as_text() : name));
    out.layered.push_back(std::ranges::find(layered, name) != layered.end() ? 1 : 0);
  }
  if (names.size() != state.navigation[1].size) {
    refuse(state,
           fmt::format("the state maps {} materials, the scene names {}", state.navigation[1].size, names.size()));
  }
  out.rows = state.axes[0].size;
  out.columns = state.axes[1].size;
  out.pixel_nm = state.axes[1].scale;
  out.y_start_nm = state.axes[0].offset;
  out.x_start_nm = state.axes[1].offset;
  out.labels = Buffer<float, 2>({out.rows, out.columns});
  signal::read(labels, {0, 1, 0, out.rows * out.columns},
               View<float, 2>(out.labels.data(), {1, out.rows * out.columns}));
  const std::size_t materials = names.size();
  out.thickness_nm = [state, materials](std::size_t saved, View<float, 2> maps) {
    signal::read(state, {saved * materials, materials, 0, state.channels()}, maps);
  };
  return out;
}

}  // namespace hotstage::stem
