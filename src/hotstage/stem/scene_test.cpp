// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/scene.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hotstage::stem {
namespace {

constexpr double rounding = 1e-12;

signal::Signal make_state(std::vector<double> times) {
  const std::size_t states = times.size();
  Buffer<float, 2> maps({states * 2, 12});
  for (std::size_t i = 0; i < maps.size(); ++i) {
    maps.data()[i] = static_cast<float>(i);
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = states, .unit = "s", .points = std::move(times)},
                    {.name = "material", .size = 2}};
  out.axes = {{.name = "y", .size = 3, .offset = 5.0, .scale = 2.0, .unit = "nm"},
              {.name = "x", .size = 4, .offset = 1.0, .scale = 2.0, .unit = "nm"}};
  out.source = signal::memory_source(std::move(maps));
  return out;
}

signal::Signal make_labels() {
  signal::Signal out;
  out.axes = make_state({0.0}).axes;
  Buffer<float, 2> labels({1, 12});
  labels.data()[7] = 3.0F;
  out.source = signal::memory_source(std::move(labels));
  return out;
}

Value make_record() {
  Value out = Value::object();
  out["materials"] = Value::Array{"LiCoO2", "Co"};
  out["formula"] = Value::Array{"Li0.5CoO2", "Co"};
  return out;
}

std::string complaint(const signal::Signal& state, const signal::Signal& labels, const Value& record) {
  try {
    (void)read_scene(state, labels, record, {});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.what();
  }
  return {};
}

TEST(Scene, maps_labels_and_axes_come_from_the_signals) {
  const Scene scene = read_scene(make_state({0.0, 3.0, 10.0}), make_labels(), make_record(), {"LiCoO2"});
  EXPECT_EQ(scene.times_s, (std::vector<double>{0.0, 3.0, 10.0}));
  EXPECT_EQ(scene.rows, 3U);
  EXPECT_EQ(scene.columns, 4U);
  EXPECT_EQ(scene.x_start_nm, 1.0);
  EXPECT_EQ(scene.y_start_nm, 5.0);
  EXPECT_EQ(scene.labels.view()(1, 3), 3.0F);
  EXPECT_EQ(scene.layered, (std::vector<char>{1, 0}));
  Buffer<float, 2> maps({2, 12});
  scene.thickness_nm(2, maps.view());
  EXPECT_EQ(maps.view()(1, 5), 24.0F * 2 + 12 + 5);
}

TEST(Scene, a_composition_keeps_the_cobalt_per_volume_of_its_parent) {
  const Scene scene = read_scene(make_state({0.0}), make_labels(), make_record(), {});
  const atoms::Material& parent = atoms::find_material("LiCoO2");
  EXPECT_NEAR(scene.materials[0].atoms_per_nm3(atoms::element("Co")) / parent.atoms_per_nm3(atoms::element("Co")), 1.0,
              rounding);
  EXPECT_NEAR(scene.materials[0].atoms_per_nm3(atoms::element("Li")) / parent.atoms_per_nm3(atoms::element("Li")), 0.5,
              rounding);
}

TEST(Scene, what_does_not_fit_is_refused_with_the_reason) {
  EXPECT_NE(complaint(make_state({0.0, 0.0}), make_labels(), make_record()).find("do not rise"), std::string::npos);
  signal::Signal state = make_state({0.0});
  state.axes[0].scale = 1.0;
  EXPECT_NE(complaint(state, make_labels(), make_record()).find("not square"), std::string::npos);
  state = make_state({0.0});
  state.axes[1].unit = "m";
  EXPECT_NE(complaint(state, make_labels(), make_record()).find("in nm"), std::string::npos);
  signal::Signal labels = make_labels();
  labels.axes[0].size = 4;
  EXPECT_NE(complaint(make_state({0.0}), labels, make_record()).find("do not fit"), std::string::npos);
  Value record = make_record();
  record["materials"] = Value::Array{"LiCoO2"};
  EXPECT_NE(complaint(make_state({0.0}), make_labels(), record).find("names 1"), std::string::npos);
}

}  // namespace
}  // namespace hotstage::stem
