// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/study/step.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace hotstage::study {
namespace {

StepInputs scan() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  StepInputs in;
  in.tables["items"].columns = {io::number_column("a", "", {1.0, 1.0, 3.0, 3.0, nan}),
                                io::number_column("a_sigma", "", {0.1, 0.1, 0.1, 0.1, nan}),
                                io::number_column("b", "", {1.0, 1.0, 2.0, 2.0, 2.0}),
                                io::number_column("b_sigma", "", {0.1, 0.1, 0.1, 0.1, 0.1})};
  in.tables["regions"].columns = {io::text_column("region", {"out", "out", "in", "in", "in"})};
  return in;
}

Value options() {
  Value out = Value::object();
  out["quantity"] = "q";
  out["first"] = "in";
  out["second"] = "out";
  out["columns"].push_back(Value("a"));
  out["columns"].push_back(Value("b"));
  return out;
}

double result(const StepOutput& out, const std::string& id) {
  for (const Result& r : out.results) {
    if (r.id == id) {
      return r.value;
    }
  }
  ADD_FAILURE() << id;
  return 0.0;
}

TEST(EelsContrast, takes_the_mean_over_methods_and_their_spread) {
  hotstage::Run run;
  const StepOutput out = find_step("eels.contrast").run(scan(), options(), run);
  EXPECT_NEAR(result(out, "difference"), 1.5, 1e-12);  // methods say 2 and 1
  EXPECT_LT(result(out, "significance"), 1.5 / 0.7);
  EXPECT_EQ(out.tables.at("methods").rows(), 2U);
  EXPECT_EQ(out.tables.at("methods").numbers("items_in")[0], 2.0) << "what a method could not measure is left out";
}

TEST(EelsContrast, tables_of_different_scans_are_refused_and_empty_regions_give_no_number) {
  hotstage::Run run;
  StepInputs other = scan();
  other.tables["regions"].columns = {io::text_column("region", {"out"})};
  EXPECT_THROW((void)find_step("eels.contrast").run(other, options(), run), Error);
  Value nowhere = options();
  nowhere["first"] = "elsewhere";
  const StepOutput out = find_step("eels.contrast").run(scan(), nowhere, run);
  EXPECT_TRUE(out.results.empty());
  EXPECT_EQ(out.checks.size(), 1U);
}

}  // namespace
}  // namespace hotstage::study
