// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/parameters.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace hotstage::meso {
namespace {

Frozen example() {
  Frozen out{.table = parameter_table()};
  for (int i = 0; i <= 20; ++i) {
    const double z = (i - 10) / 3.0;
    out.posterior.log_speed.push_back(1.0 + 0.1 * i);
    out.posterior.likelihood.push_back(std::exp(-0.5 * z * z));
  }
  out.posterior.mean = 2.0;
  out.posterior.sigma = 0.3;
  return out;
}

TEST(ParameterTable, gives_every_parameter_a_source_and_says_which_one_was_fitted) {
  std::set<std::string> fitted;
  for (const ParameterInfo& p : parameter_table()) {
    EXPECT_FALSE(p.source.empty()) << p.name;
    EXPECT_FALSE(p.help.empty()) << p.name;
    if (p.source.find("fitted") != std::string::npos) {
      fitted.insert(p.name);
      EXPECT_EQ(p.source, "fitted to C6");
    }
  }
  EXPECT_EQ(fitted, std::set<std::string>{"front_speed_nm_per_s"});
}

TEST(ParameterTable, refuses_a_table_with_a_missing_row) {
  Value document = io::parse_toml(
      "[[parameter]]\nname = \"front_width_nm\"\nvalue = 5.0\nprior = \"fixed\"\nsource = \"x\"\n", "t.toml");
  try {
    static_cast<void>(parameter_table(document));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("front_speed_nm_per_s stands 0 times"), std::string::npos);
  }
}

TEST(Draw, follows_the_priors_and_keeps_the_fitted_speed) {
  const ParameterTable table = parameter_table();
  std::vector<double> barrier;
  std::vector<double> log_sites;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Parameters p = draw(table, 7, i);
    barrier.push_back(p.nucleation_barrier_eV);
    log_sites.push_back(std::log10(p.boundary_sites_per_nm2));
    EXPECT_EQ(p.front_speed_nm_per_s, central(table).front_speed_nm_per_s);
    EXPECT_GE(p.attempt_per_s, 1e12);
    EXPECT_LE(p.attempt_per_s, 1e14);
  }
  constexpr double four_sigma = 4.0 / 44.7;  // of the mean of 2000 draws
  EXPECT_NEAR(num::mean(barrier), 2.33, 0.15 * four_sigma);
  EXPECT_NEAR(num::standard_deviation(barrier), 0.15, 0.15 * four_sigma);
  EXPECT_NEAR(num::mean(log_sites), -4.0, four_sigma);
  EXPECT_NEAR(num::standard_deviation(log_sites), 1.0, four_sigma);
}

TEST(Frozen, survives_a_file_and_refuses_a_changed_number) {
  const Value record = to_value(example());
  const Value read = io::parse_json(io::to_json(record), "frozen.json");
  const Frozen back = frozen_from_value(read);
  EXPECT_EQ(back.sha256, record.at("sha256").as_text());
  EXPECT_EQ(to_value(back), record);
  EXPECT_EQ(record.at("fitted_to").as_array().front().as_text(), "C6");
  Value changed = read;
  changed["parameters"].as_array().at(3)["value"] = 0.123;
  try {
    static_cast<void>(frozen_from_value(changed));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::refused);
    EXPECT_NE(error.message().find("changed after the fit"), std::string::npos);
  }
}

TEST(Posterior, quantiles_and_likelihood_follow_the_grid) {
  const Posterior p = example().posterior;
  constexpr double grid = 0.01;
  EXPECT_NEAR(p.quantile(0.5), 2.0, grid);
  EXPECT_NEAR(0.5 * (p.quantile(0.8413) - p.quantile(0.1587)), 0.3, grid);
  EXPECT_NEAR(p.likelihood_at(2.0), 1.0, 1e-12);
  EXPECT_NEAR(p.likelihood_at(2.05), 0.5 * (1.0 + std::exp(-0.5 / 9.0)), 1e-12);
  EXPECT_EQ(p.likelihood_at(9.0), p.likelihood.back());
}

}  // namespace
}  // namespace hotstage::meso
