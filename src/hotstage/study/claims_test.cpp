// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/claims.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace hotstage::study {
namespace {

namespace fs = std::filesystem;

Evidence with(double value, std::optional<double> sigma, const std::string& origin) {
  Evidence out;
  out.results["s.r"] = {.id = "r", .value = value, .sigma = sigma, .evidence = origin};
  return out;
}

ClaimEntry claim(ClaimKind kind, const ClaimTest& test) {
  return {.id = "C6", .statement = "s", .paper = "p", .kind = kind, .tests = {test}};
}

const ClaimTest interval{.result = "s.r", .within = std::array{495.0, 545.0}};
const ClaimTest probable{.result = "s.r", .at_least = 0.95, .refuted_below = 0.05};

TEST(Claims, a_computed_number_inside_is_supported_and_outside_is_not) {
  EXPECT_EQ(judge(claim(ClaimKind::computed, interval), with(520, 3, "literature")).verdict, Verdict::supported);
  EXPECT_EQ(judge(claim(ClaimKind::computed, interval), with(560, 3, "literature")).verdict, Verdict::not_supported);
  EXPECT_EQ(judge(claim(ClaimKind::predicted, interval), with(550, 10, "literature")).verdict, Verdict::supported);
}

TEST(Claims, a_band_too_wide_to_fail_is_no_test) {
  ClaimTest test = interval;
  test.max_sigma = 25.0;
  EXPECT_EQ(judge(claim(ClaimKind::predicted, test), with(520, 80, "literature")).verdict, Verdict::consistent);
  EXPECT_EQ(judge(claim(ClaimKind::predicted, test), with(520, 20, "literature")).verdict, Verdict::supported);
}

TEST(Claims, an_ordering_between_its_limits_stays_open) {
  EXPECT_EQ(judge(claim(ClaimKind::predicted, probable), with(0.99, {}, "literature")).verdict, Verdict::supported);
  EXPECT_EQ(judge(claim(ClaimKind::predicted, probable), with(0.6, {}, "literature")).verdict, Verdict::consistent);
  EXPECT_EQ(judge(claim(ClaimKind::predicted, probable), with(0.01, {}, "literature")).verdict, Verdict::not_supported);
}

TEST(Claims, nothing_read_from_the_twin_is_ever_supported_whatever_the_file_declares) {
  for (const ClaimKind kind : {ClaimKind::measured, ClaimKind::computed, ClaimKind::predicted, ClaimKind::recovered}) {
    const JudgedClaim inside = judge(claim(kind, interval), with(520, 3, "twin"));
    EXPECT_EQ(inside.kind, ClaimKind::recovered);
    EXPECT_EQ(inside.verdict, Verdict::consistent) << name(kind);
    EXPECT_EQ(judge(claim(kind, interval), with(600, 3, "twin")).verdict, Verdict::out_of_reach) << name(kind);
  }
}

TEST(Claims, fitted_and_given_claims_end_at_consistent) {
  Evidence fitted = with(520, 3, "literature");
  fitted.fitted_to.insert("C6");
  const JudgedClaim judged = judge(claim(ClaimKind::predicted, interval), fitted);
  EXPECT_EQ(judged.kind, ClaimKind::fitted);
  EXPECT_EQ(judged.verdict, Verdict::consistent);
  EXPECT_EQ(judge(claim(ClaimKind::input, interval), with(520, 3, "literature")).verdict, Verdict::consistent);
}

TEST(Claims, measured_needs_real_files) {
  EXPECT_EQ(judge(claim(ClaimKind::measured, interval), with(520, 3, "real")).verdict, Verdict::supported);
  EXPECT_EQ(judge(claim(ClaimKind::measured, interval), with(520, 3, "literature")).verdict, Verdict::consistent);
}

TEST(Claims, a_result_that_is_not_there_is_not_yet) {
  const JudgedClaim judged = judge(claim(ClaimKind::computed, interval), {});
  EXPECT_EQ(judged.verdict, Verdict::not_yet);
  EXPECT_NE(judged.why.find("no result s.r"), std::string::npos) << judged.why;
}

class ClaimsFile : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }

  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::vector<ClaimEntry> read(const std::string& text) const {
    std::ofstream(folder_ / "claims.toml") << text;
    return read_claims(folder_ / "claims.toml");
  }

  fs::path folder_ = fs::temp_directory_path() / ("hotstage-claims-" + std::to_string(::getpid()));
};

TEST_F(ClaimsFile, is_read_in_order) {
  const auto claims = read(
      "[claim.C1]\nstatement=\"a\"\npaper=\"b\"\nkind=\"computed\"\n[[claim.C1.test]]\nresult=\"x.y\"\nwithin=[1, 2]\n"
      "[claim.C2]\nstatement=\"a\"\npaper=\"b\"\nkind=\"input\"\nverdict=\"not_yet\"\n");
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_EQ(claims[0].tests.at(0).within, (std::array{1.0, 2.0}));
  EXPECT_EQ(claims[1].id, "C2");
}

TEST_F(ClaimsFile, cannot_state_a_verdict) {
  const std::string head = "[claim.C1]\nstatement=\"a\"\npaper=\"b\"\nkind=\"computed\"\n";
  EXPECT_THROW((void)read(head + "verdict=\"supported\"\n"), Error);
  EXPECT_THROW((void)read(head), Error);
  EXPECT_THROW((void)read(head + "verdict=\"not_yet\"\n[[claim.C1.test]]\nresult=\"x.y\"\nat_least=1\n"), Error);
  EXPECT_THROW((void)read(head + "[[claim.C1.test]]\nresult=\"x.y\"\n"), Error);
}

}  // namespace
}  // namespace hotstage::study
