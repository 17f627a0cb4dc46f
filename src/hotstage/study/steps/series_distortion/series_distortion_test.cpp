// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/study/detail/test_frames.hpp"
#include "hotstage/study/step.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::study {
namespace {

const Result& result(const StepOutput& out, std::string_view id) {
  for (const Result& r : out.results) {
    if (r.id == id) {
      return r;
    }
  }
  throw std::out_of_range(std::string(id));
}

TEST(SeriesDistortionStep, gives_the_ramp_of_magnification_in_per_cent_with_sigma) {
  constexpr std::size_t frames = 12;
  StepInputs inputs;
  inputs.signals["frames"] = detail::test_frames({.frames = frames, .counts = 100.0, .magnification = 0.01});
  hotstage::Run run;
  const StepOutput out = find_step("series.distortion").run(inputs, Value::object(), run);
  const io::Table& table = out.tables.at("affine");
  ASSERT_EQ(table.rows(), frames);
  const std::vector<double>& m = table.numbers("magnification");
  const std::vector<double>& sigma = table.numbers("sigma_magnification");
  // 1 % from the first frame to the last.
  EXPECT_NEAR(m.back() - m.front(), 1.0, 4.0 * std::hypot(sigma.front(), sigma.back()));
  EXPECT_LT(sigma.front(), 0.2);
  EXPECT_GT(result(out, "magnification_rms").value, 0.2);
  EXPECT_EQ(result(out, "rotation_rms").value, 0.0);
  EXPECT_EQ(out.tables.at("scan").rows(), 0U);
  EXPECT_GT(out.tables.at("residuals").rows(), 20U);
  EXPECT_EQ(out.figures.size(), 2U);
}

TEST(SeriesDistortionStep, says_none_for_a_still_series) {
  StepInputs inputs;
  inputs.signals["frames"] = detail::test_frames({.frames = 8, .counts = 50.0});
  hotstage::Run run;
  const StepOutput out = find_step("series.distortion").run(inputs, Value::object(), run);
  EXPECT_EQ(result(out, "magnification_rms").value, 0.0);
  EXPECT_NE(result(out, "shear_rms").method.find("none"), std::string::npos);
  for (const double applied : out.tables.at("affine").numbers("applied")) {
    EXPECT_EQ(applied, 0.0);
  }
}

TEST(SeriesDistortionStep, refuses_frames_without_structure) {
  StepInputs inputs;
  inputs.signals["frames"] = detail::test_frames({.frames = 8, .counts = 50.0, .empty = true});
  hotstage::Run run;
  EXPECT_THROW((void)find_step("series.distortion").run(inputs, Value::object(), run), Error);
}

}  // namespace
}  // namespace hotstage::study
