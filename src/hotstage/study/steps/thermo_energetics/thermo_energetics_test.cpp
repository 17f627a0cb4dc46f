// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/study/detail/energetics_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace hotstage::study {
namespace {

StepOutput output_of(const Value& options) {
  Run run;
  return find_step("thermo.energetics").run({}, options, run);
}

TEST(ThermoEnergetics, every_number_is_a_result_of_the_engine_with_its_uncertainty_or_a_check_that_names_the_deck) {
  const StepOutput out = output_of(Value::object());
  std::set<std::string> ids;
  for (const Result& result : out.results) {
    ids.insert(result.id);
    EXPECT_EQ(result.evidence, "engine") << result.id;
    EXPECT_TRUE(result.id.ends_with("_count") || (result.sigma && *result.sigma > 0.0)) << result.id;
    EXPECT_TRUE(result.method.starts_with("reduced settings: ")) << result.id;
  }
  for (const std::string id :
       {"gamma_104", "gamma_110", "gamma_100", "surface_order_margin", "vacancy_x1", "vacancy_x05", "vacancy_drop",
        "vacancy_corner", "overlap_bulk_u391", "overlap_bulk_u0", "path1_energy"}) {
    const auto missing = std::ranges::count_if(
        out.checks, [&](const Check& check) { return check.name == id + " is computed" && !check.measured.empty(); });
    EXPECT_EQ(missing, ids.contains(id) ? 0 : 1) << id;
  }
}

TEST(ThermoEnergetics, without_records_everything_is_missing_and_nothing_is_invented) {
  const detail::EnergyBook empty;
  StepOutput out;
  detail::add_surfaces(empty, out);
  detail::add_overlaps(empty, out);
  detail::add_hops(empty, out);
  ASSERT_EQ(out.results.size(), 1U);
  EXPECT_EQ(out.results[0].id, "surface_settings_count");
  EXPECT_EQ(out.results[0].value, 0.0);
  EXPECT_EQ(out.checks.size(), 3U + 1U + 3U + 1U);  // faces, margin; overlaps; path I
}

TEST(ThermoEnergetics, another_state_of_the_records_than_the_one_insisted_on_is_refused) {
  Value options = Value::object();
  options["fingerprint"] = "0123";
  EXPECT_THROW(static_cast<void>(output_of(options)), Error);
}

}  // namespace
}  // namespace hotstage::study
