// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/study/detail/test_frames.hpp"
#include "hotstage/study/step.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::study {
namespace {

double result(const StepOutput& out, std::string_view id) {
  for (const Result& r : out.results) {
    if (r.id == id) {
      return r.value;
    }
  }
  ADD_FAILURE() << "no result " << id;
  return 0.0;
}

Value set(const std::string& option, Value value) {
  Value out = Value::object();
  out[option] = std::move(value);
  return out;
}

/// Rms of the mean about the specimen inside a rim.
double misfit(const StepOutput& out, double counts) {
  const Buffer<float, 2> mean = signal::read_all(out.signals.at("mean"));
  constexpr std::size_t rim = 24;
  double sum = 0.0, n = 0.0;
  for (std::size_t y = rim; y + rim < detail::test_rows; ++y) {
    for (std::size_t x = rim; x + rim < detail::test_columns; ++x) {
      const double truth = counts * detail::test_specimen(static_cast<double>(y), static_cast<double>(x));
      sum += std::pow(static_cast<double>(mean.data()[y * detail::test_columns + x]) - truth, 2);
      n += 1.0;
    }
  }
  return std::sqrt(sum / n);
}

TEST(SeriesAverageStep, gives_mean_sigma_and_number_and_gains_the_root_of_the_frames) {
  constexpr std::size_t frames = 9;
  StepInputs inputs;
  inputs.signals["frames"] = detail::test_frames({.frames = frames, .counts = 100.0});
  hotstage::Run run;
  const StepOutput out = find_step("series.average").run(inputs, Value::object(), run);
  EXPECT_EQ(result(out, "frames"), static_cast<double>(frames));
  // 10⁴ pixels, neighbours correlated; positions found, not given.
  constexpr double few_per_cent = 0.06;
  EXPECT_NEAR(result(out, "efficiency"), 1.0, few_per_cent);
  for (const char* name : {"mean", "sigma", "number"}) {
    ASSERT_TRUE(out.signals.contains(name));
    EXPECT_EQ(out.signals.at(name).axes[0].size, detail::test_rows) << name;
    EXPECT_EQ(out.signals.at(name).axes[1].unit, "nm") << name;
  }
  const Buffer<float, 2> sigma = signal::read_all(out.signals.at("sigma"));
  const double middle = static_cast<double>(sigma.data()[detail::test_rows / 2 * detail::test_columns + 50]);
  EXPECT_GT(middle, 0.2 * std::sqrt(100.0 / frames));
  EXPECT_LT(middle, 2.0 * std::sqrt(100.0 / frames));
}

TEST(SeriesAverageStep, is_nearer_the_specimen_with_its_distortion_undone_by_option_or_by_table) {
  constexpr double counts = 4000.0;
  StepInputs inputs;
  inputs.signals["frames"] = detail::test_frames({.frames = 12, .counts = counts, .magnification = 0.05});
  hotstage::Run run;
  inputs.tables["drift"] = find_step("series.register").run(inputs, Value::object(), run).tables.at("drift");
  const Step& average = find_step("series.average");
  const double moved = misfit(average.run(inputs, Value::object(), run), counts);
  const double undone = misfit(average.run(inputs, set("distortion", "affine"), run), counts);
  const StepOutput terms = find_step("series.distortion").run(inputs, Value::object(), run);
  inputs.tables["affine"] = terms.tables.at("affine");
  inputs.tables["scan"] = terms.tables.at("scan");
  const double by_table = misfit(average.run(inputs, Value::object(), run), counts);
  std::printf("off the specimen by %.1f, %.1f undone, %.1f by table\n", moved, undone, by_table);
  EXPECT_LT(undone, 0.8 * moved);
  constexpr double same = 0.02;  // the spline is looked for in one and not in the other
  EXPECT_NEAR(by_table / undone, 1.0, same);
  inputs.tables["affine"].columns.clear();
  EXPECT_THROW((void)average.run(inputs, Value::object(), run), Error);
}

TEST(SeriesAverageStep, puts_rows_right_when_asked) {
  constexpr double counts = 400.0;
  StepInputs inputs;
  inputs.signals["frames"] = detail::test_frames({.frames = 8, .counts = counts, .jitter_px = 1.2});
  hotstage::Run run;
  inputs.tables["drift"] = find_step("series.register").run(inputs, Value::object(), run).tables.at("drift");
  const StepOutput plain = find_step("series.average").run(inputs, Value::object(), run);
  const StepOutput right = find_step("series.average").run(inputs, set("rows", true), run);
  std::printf("rows: off by %.1f, %.1f put right; jitter %.2f px\n", misfit(plain, counts), misfit(right, counts),
              result(right, "row_jitter"));
  EXPECT_LT(misfit(right, counts), 0.8 * misfit(plain, counts));
  EXPECT_NEAR(result(right, "row_jitter"), 1.2, 0.3);
}

}  // namespace
}  // namespace hotstage::study
