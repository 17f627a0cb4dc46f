// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/study/step.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace hotstage::study {
namespace {

eels::DualPair oxide() {
  eels::DualPairModel model;
  model.rows = 2;
  model.columns = 3;
  model.core = {420.0, 0.5, 640};
  model.low = {-20.0, 0.5, 512};
  model.thickness = {0.8};
  model.core_electrons = 1e10;
  model.components = {{"O K", eels::sawtooth_edge(532.0, 5e-7, 3.0)}};
  hotstage::Run run;
  return eels::simulate_dual_pair(model, run);
}

StepOutput deconvolve(const eels::DualPair& pair, const std::string& method) {
  StepInputs in;
  in.signals["core"] = pair.core;
  in.signals["low"] = pair.low;
  Value options = Value::object();
  options["edge"] = "O K";
  options["keep"] = "cube";
  options["placement"] = "tabulated";
  options["method"] = method;
  options["bootstrap"] = Value::object();
  options["bootstrap"]["replicates"] = 30;
  hotstage::Run run;
  return find_step("eels.deconvolve").run(in, options, run);
}

const Result& result(const StepOutput& out, const std::string& id) {
  const auto found = std::ranges::find_if(out.results, [&](const Result& r) { return r.id == id; });
  if (found == out.results.end()) {
    throw Error(Errc::bad_input, id);
  }
  return *found;
}

TEST(EelsDeconvolve, both_methods_are_compared_on_the_mean_whichever_is_chosen) {
  const eels::DualPair pair = oxide();
  for (const std::string method : {"fourier_ratio", "richardson_lucy"}) {
    const StepOutput out = deconvolve(pair, method);
    const Result& ratio = result(out, "sum_fourier_ratio");
    const Result& lucy = result(out, "sum_richardson_lucy");
    constexpr double agreement = 0.03;
    EXPECT_NEAR(lucy.value / ratio.value, 1.0, agreement);
    EXPECT_GT(*ratio.sigma, 0.0);
    EXPECT_GT(*lucy.sigma, 0.0);
    EXPECT_TRUE(std::ranges::any_of(out.figures, [](const report::Figure& f) { return f.id == "methods"; }));
    EXPECT_EQ(
        std::ranges::any_of(out.tables.at("items").columns, [](const io::Column& c) { return c.name == "iterations"; }),
        method == "richardson_lucy");
  }
}

TEST(EelsDeconvolve, the_method_decides_what_is_in_the_cube_and_the_mean) {
  const eels::DualPair pair = oxide();
  const StepOutput ratio = deconvolve(pair, "fourier_ratio");
  const StepOutput lucy = deconvolve(pair, "richardson_lucy");
  const auto lowest = [](const StepOutput& out, const std::string& name) {
    const Buffer<float, 2> all = signal::read_all(out.signals.at(name));
    return *std::min_element(all.data(), all.data() + all.size());
  };
  for (const std::string name : {"cube", "mean"}) {
    EXPECT_LT(lowest(ratio, name), 0.0F) << "linear: noise in front of the edge is of both signs";
    EXPECT_GE(lowest(lucy, name), 0.0F);
  }
}

TEST(EelsDeconvolve, richardson_lucy_needs_one_dispersion) {
  eels::DualPair pair = oxide();
  pair.low.axes.front().scale = 0.25;
  EXPECT_THROW((void)deconvolve(pair, "richardson_lucy"), Error);
}

}  // namespace
}  // namespace hotstage::study
