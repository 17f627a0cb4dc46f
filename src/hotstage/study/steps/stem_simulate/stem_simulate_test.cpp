// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/study/step.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::study {
namespace {

constexpr std::size_t edge = 48;
constexpr std::size_t states = 3;
constexpr std::size_t materials = 2;

/// A grain of layered oxide whose right half turns into rock salt with pores between 200 and 300 s.
signal::Signal make_state() {
  Buffer<float, 2> maps({states * materials, edge * edge});
  for (std::size_t state = 0; state < states; ++state) {
    for (std::size_t i = 0; i < edge * edge; ++i) {
      const bool turned = state == 2 && i % edge >= edge / 2;
      maps.row(state * materials)[i] = turned ? 0.0F : 80.0F;
      maps.row(state * materials + 1)[i] = turned ? 35.0F : 0.0F;
    }
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = states, .unit = "s", .points = {0.0, 200.0, 300.0}},
                    {.name = "material", .size = materials}};
  out.axes = {{.name = "y", .size = edge, .scale = 2.0, .unit = "nm"},
              {.name = "x", .size = edge, .scale = 2.0, .unit = "nm"}};
  out.source = signal::memory_source(std::move(maps));
  return out;
}

signal::Signal make_labels() {
  Buffer<float, 2> labels({1, edge * edge});
  std::fill_n(labels.data(), labels.size(), 1.0F);
  signal::Signal out;
  out.axes = make_state().axes;
  out.source = signal::memory_source(std::move(labels));
  return out;
}

StepInputs make_inputs() {
  StepInputs inputs;
  inputs.signals["state"] = make_state();
  inputs.signals["labels"] = make_labels();
  Value scene = Value::object();
  scene["materials"] = Value::Array{"LiCoO2", "CoO"};
  scene["formula"] = Value::Array{"Li0.5CoO2", "CoO"};
  inputs.records["scene"] = scene;
  Value heating = Value::object();
  heating["programme"] =
      kinetics::Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(650.0), HeatingRate(2.0)).to_value();
  heating["lamella_offset_K"] = -7.0;
  heating["clock_offset_s"] = 1.5;
  inputs.records["heating"] = heating;
  return inputs;
}

Value make_options() {
  Value options = Value::object();
  options["pixels"] = 32;
  options["frames"] = 6;
  options["drift_rate"] = "0.02 nm/s";
  options["drift_walk"] = "0.1 nm";
  options["jump"] = "1 nm";
  return options;
}

TEST(StemSimulate, frames_run_over_the_ramp_and_the_truth_knows_the_temperature_of_the_specimen) {
  hotstage::Run run;
  const StepOutput out = find_step("stem.simulate").run(make_inputs(), make_options(), run);
  const signal::Signal& frames = out.raw.at("frames").at(0);
  EXPECT_EQ(frames.shape_text(), "6 | 32 × 32");
  EXPECT_EQ(out.raw_format.at("frames"), "dm4");
  const Value& truth = out.records.at("truth");
  EXPECT_EQ(truth.at("schema").as_text(), "hotstage.frames_truth/1");
  const Value::Array& entries = truth.at("frames").as_array();
  ASSERT_EQ(entries.size(), 6U);
  EXPECT_NEAR(entries[0].at("start_s").as_number(), 0.0, 1e-9);
  const double spacing_s = 312.5 / 6.0;
  EXPECT_NEAR(entries[3].at("start_s").as_number(), 3.0 * spacing_s, 1e-9);
  // Set point 25 °C + 2 K/s on a heater clock 1.5 s ahead, the lamella 7 K colder.
  EXPECT_NEAR(entries[3].at("first_row_degC").as_number(), 25.0 + 2.0 * (3.0 * spacing_s + 1.5) - 7.0, 1e-6);
  EXPECT_EQ(out.figures.size(), 3U);
  for (const Result& result : out.results) {
    EXPECT_EQ(result.evidence, "twin");
  }
}

TEST(StemSimulate, lithium_that_is_gone_changes_the_signal_as_little_as_it_should) {
  StepInputs full = make_inputs();
  full.records["scene"]["formula"] = Value::Array{"LiCoO2", "CoO"};
  hotstage::Run run;
  const auto electrons = [&](const StepInputs& inputs) {
    return find_step("stem.simulate").run(inputs, make_options(), run).results.at(0).value;
  };
  const double ratio = electrons(make_inputs()) / electrons(full);
  EXPECT_LT(ratio, 1.0);
  EXPECT_GT(ratio, 0.99);  // half a lithium is 0.7 % of the scattering of LiCoO2 less the layer
}

TEST(StemSimulate, a_temperature_beyond_the_programme_is_refused) {
  Value options = make_options();
  options["to"] = "700 degC";
  hotstage::Run run;
  EXPECT_THROW((void)find_step("stem.simulate").run(make_inputs(), options, run), Error);
}

}  // namespace
}  // namespace hotstage::study
