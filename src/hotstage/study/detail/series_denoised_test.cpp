// SPDX-License-Identifier: GPL-3.0-or-later
// Steps that are fed denoised images say so, and what they make says so too.

#include "hotstage/study/detail/series_denoised.hpp"

#include "hotstage/series/denoise.hpp"

#include <gtest/gtest.h>

namespace hotstage::study::detail {
namespace {

signal::Signal image() {
  signal::Signal out;
  out.axes = {{.name = "y", .size = 4, .unit = "nm"}, {.name = "x", .size = 4, .unit = "nm"}};
  out.source = signal::memory_source(Buffer<float, 2>({1, 16}));
  return out;
}

TEST(SaidDenoised, images_as_recorded_add_nothing) {
  StepInputs inputs;
  inputs.signals["frames"] = image();
  StepOutput out;
  out.signals["mean"] = image();
  hotstage::Run run;
  out = said_denoised(inputs, run, std::move(out));
  EXPECT_TRUE(out.checks.empty());
  EXPECT_TRUE(run.warnings().empty());
  EXPECT_FALSE(series::is_denoised(out.signals["mean"]));
}

TEST(SaidDenoised, denoised_images_are_told_and_handed_on_with_the_tag) {
  StepInputs inputs;
  inputs.signals["frames"] = series::denoised_signal(image(), image().source);
  inputs.signals["labels"] = image();
  StepOutput out;
  out.checks.push_back({"another", CheckStatus::ok, "", "", ""});
  out.signals["mean"] = image();
  hotstage::Run run;
  out = said_denoised(inputs, run, std::move(out));
  ASSERT_EQ(out.checks.size(), 2U);
  EXPECT_EQ(out.checks.front().status, CheckStatus::attention);
  EXPECT_EQ(out.checks.front().measured, "frames denoised");
  EXPECT_EQ(run.warnings().size(), 1U);
  EXPECT_TRUE(series::is_denoised(out.signals["mean"]));
}

}  // namespace
}  // namespace hotstage::study::detail
