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

TEST(SeriesRowsStep, puts_rows_of_every_frame_right) {
  constexpr std::size_t frames = 3;
  StepInputs inputs;
  inputs.signals["image"] = detail::test_frames({.frames = frames, .counts = 200.0, .jitter_px = 0.8, .lattice = true});
  hotstage::Run run;
  const StepOutput out = find_step("series.rows").run(inputs, Value::object(), run);
  EXPECT_NEAR(result(out, "jitter"), 0.8, 0.25);  // 128 rows, and slow waves cannot be seen
  EXPECT_LT(result(out, "fringe_after"), 0.5 * result(out, "fringe_before"));
  EXPECT_EQ(out.tables.at("rows").rows(), frames * detail::test_rows);
  EXPECT_EQ(out.signals.at("images").items(), frames);
}

TEST(SeriesRowsStep, uses_a_reference_and_one_frame) {
  StepInputs inputs;
  inputs.signals["image"] = detail::test_frames({.frames = 3, .counts = 200.0, .drift_px = 0.0, .jitter_px = 0.8});
  inputs.signals["reference"] = detail::test_frames({.frames = 1, .counts = 1e5, .drift_px = 0.0});
  Value options = Value::object();
  options["frame"] = 1;
  hotstage::Run run;
  const StepOutput out = find_step("series.rows").run(inputs, options, run);
  EXPECT_NEAR(result(out, "jitter"), 0.8, 0.2);
  const io::Table& rows = out.tables.at("rows");
  ASSERT_EQ(rows.rows(), detail::test_rows);
  EXPECT_EQ(rows.numbers("frame").front(), 1.0);
}

TEST(SeriesRowsStep, leaves_images_without_structure_alone_and_says_so) {
  StepInputs inputs;
  inputs.signals["image"] = detail::test_frames({.frames = 2, .counts = 20.0, .empty = true});
  hotstage::Run run;
  const StepOutput out = find_step("series.rows").run(inputs, Value::object(), run);
  EXPECT_EQ(result(out, "jitter"), 0.0);
  EXPECT_EQ(out.checks.front().status, CheckStatus::attention);
  run.memory = 1 << 10;
  EXPECT_THROW((void)find_step("series.rows").run(inputs, Value::object(), run), Error);
}

}  // namespace
}  // namespace hotstage::study
