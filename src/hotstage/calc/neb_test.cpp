// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/neb.hpp"

#include "hotstage/atoms/path.hpp"
#include "hotstage/calc/detail/band.hpp"
#include "hotstage/calc/relax.hpp"
#include "hotstage/calc/testing/surfaces.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::calc {
namespace {

namespace tol {
constexpr double saddle_eV = 1e-4;      // second order in the force left, 0.005² / curvature 2 eV/Å²
constexpr double place_A = 5e-3;        // force left over curvature
constexpr double stationary_eV = 1e-6;  // printed digits of the reference points
}  // namespace tol

// Stationary points, found by Newton's method on the analytic gradient (also in the original paper to three digits).
struct Reference {
  double x;
  double y;
  double energy_eV;
};

constexpr Reference left{-0.5582236, 1.4417258, -1.4669952};
constexpr Reference middle{-0.0500108, 0.4666941, -0.8076782};
constexpr Reference right{0.6234994, 0.0280378, -1.0816673};
constexpr Reference high{-0.8220016, 0.6243128, -0.4066484};
constexpr Reference low{0.2124866, 0.2929883, -0.7224894};

NebInput band(const Reference& from, const Reference& to, std::size_t inner) {
  return {
      .images = atoms::linear_path(testing::one_atom(from.x, from.y), testing::one_atom(to.x, to.y), {.images = inner}),
      .calculator = [](std::size_t) { return std::make_unique<testing::MullerBrown>(); },
      .folder = {}};
}

TEST(MullerBrown, has_its_published_stationary_points) {
  testing::MullerBrown surface;
  hotstage::Run run;
  for (const Reference& r : {left, middle, right, high, low}) {
    const Evaluation e = surface.evaluate(testing::one_atom(r.x, r.y), run);
    EXPECT_NEAR(e.energy_eV, r.energy_eV, tol::stationary_eV);
    EXPECT_LT(std::hypot(e.forces_eV_A[0][0], e.forces_eV_A[0][1]), 1e-5) << r.x;
  }
}

class EveryBandMethod : public ::testing::TestWithParam<BandMethod> {};

TEST_P(EveryBandMethod, finds_the_high_saddle_of_muller_and_brown) {
  hotstage::Run run;
  NebOptions options{.method = GetParam(), .force_eV_A = 0.005, .spring_eV_A2 = 1.0, .iterations = 1000};
  const Neb neb = find_path(band(left, middle, 7), options, run);
  ASSERT_TRUE(neb.converged) << neb.iterations;
  EXPECT_TRUE(neb.climbed);
  EXPECT_NEAR(neb.barrier_eV, high.energy_eV - left.energy_eV, tol::saddle_eV);
  EXPECT_NEAR(neb.reverse_eV, high.energy_eV - middle.energy_eV, tol::saddle_eV);
  EXPECT_NEAR(neb.reaction_eV, middle.energy_eV - left.energy_eV, tol::saddle_eV);
  EXPECT_NEAR(neb.images[neb.top].structure.positions_A[0][0], high.x, tol::place_A);
  EXPECT_NEAR(neb.images[neb.top].structure.positions_A[0][1], high.y, tol::place_A);
  EXPECT_NEAR(neb.fit.energy_eV, neb.barrier_eV, 10 * tol::saddle_eV);
  EXPECT_TRUE(neb.minima.empty());
  RecordProperty("calls", static_cast<int>(neb.calls));
  RecordProperty("iterations", neb.iterations);
}

INSTANTIATE_TEST_SUITE_P(Methods, EveryBandMethod,
                         ::testing::Values(BandMethod::fire, BandMethod::lbfgs, BandMethod::fire_then_lbfgs));

TEST(Neb, reports_the_minimum_in_the_middle_of_the_whole_path) {
  hotstage::Run run;
  const Neb neb = find_path(band(left, right, 13), {.force_eV_A = 0.02, .iterations = 1000}, run);
  ASSERT_TRUE(neb.converged);
  EXPECT_NEAR(neb.barrier_eV, high.energy_eV - left.energy_eV, 10 * tol::saddle_eV);
  ASSERT_EQ(neb.minima.size(), 1U);
  EXPECT_NEAR(neb.images[neb.minima[0]].structure.positions_A[0][0], middle.x, 0.25);
}

TEST(Neb, does_not_climb_when_told_not_to) {
  hotstage::Run run;
  const Neb neb =
      find_path(band(left, middle, 7), {.force_eV_A = 0.01, .climb_below_eV_A = 0.0, .iterations = 1000}, run);
  ASSERT_TRUE(neb.converged);
  EXPECT_FALSE(neb.climbed);
  EXPECT_LT(neb.barrier_eV, high.energy_eV - left.energy_eV);  // no image sits on the saddle
  EXPECT_NEAR(neb.fit.energy_eV, high.energy_eV - left.energy_eV, 0.02);
}

TEST(Neb, computes_no_image_again_that_lies_still) {
  hotstage::Run run;
  const Neb neb = find_path(band(left, middle, 7), {.force_eV_A = 0.01, .iterations = 1000}, run);
  ASSERT_TRUE(neb.converged);
  std::size_t sum = 0;
  for (const BandImage& image : neb.images) {
    sum += image.calls;
  }
  EXPECT_EQ(sum, neb.calls);
  EXPECT_EQ(neb.images.front().calls, 1U);
  EXPECT_LT(neb.calls, 2U + 7U * static_cast<std::size_t>(neb.iterations + 1));
}

TEST(Neb, gives_the_same_band_on_any_number_of_threads) {
  hotstage::Run one;
  hotstage::Run four;
  four.threads = 4;
  const NebOptions options{.force_eV_A = 0.02, .iterations = 500};
  const Neb a = find_path(band(left, middle, 5), options, one);
  const Neb b = find_path(band(left, middle, 5), options, four);
  EXPECT_EQ(a.calls, b.calls);
  for (std::size_t n = 0; n < a.images.size(); ++n) {
    EXPECT_EQ(a.images[n].structure.positions_A, b.images[n].structure.positions_A);
  }
}

TEST(Neb, goes_on_from_the_files_of_its_images) {
  const io::TemporaryFolder folder;
  hotstage::Run run;
  NebInput input = band(left, middle, 5);
  input.folder = folder.path();
  const NebOptions few{.method = BandMethod::fire, .force_eV_A = 0.01, .iterations = 30};
  const Neb part = find_path(input, few, run);
  ASSERT_FALSE(part.converged);
  const Neb rest = find_path(input, {.force_eV_A = 0.01, .iterations = 1000}, run);
  EXPECT_TRUE(rest.converged);
  EXPECT_EQ(rest.reused, 7U);
  EXPECT_EQ(rest.images.front().calls, 1U) << "the ends were computed once, in the first run";
  EXPECT_NEAR(rest.barrier_eV, high.energy_eV - left.energy_eV, 10 * tol::saddle_eV);
  const Neb again = find_path(input, {.force_eV_A = 0.01, .iterations = 1000}, run);
  EXPECT_EQ(again.calls, 0U);
}

TEST(Neb, refuses_files_of_other_settings) {
  const io::TemporaryFolder folder;
  hotstage::Run run;
  NebInput input = band(left, middle, 3);
  input.folder = folder.path();
  static_cast<void>(find_path(input, {.iterations = 1}, run));

  class Other final : public Calculator {
   public:
    Other() { settings_.engine = "another"; }

    [[nodiscard]] const Settings& settings() const override { return settings_; }

    [[nodiscard]] Evaluation evaluate(const atoms::Structure&, hotstage::Run&) override { return {}; }

   private:
    Settings settings_;
  };

  input.calculator = [](std::size_t) { return std::make_unique<Other>(); };
  try {
    static_cast<void>(find_path(input, {}, run));
    FAIL() << "files of another engine were taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::refused);
  }
}

TEST(Neb, refuses_ends_with_their_atoms_in_another_order) {
  atoms::Structure a = testing::one_atom(0, 0);
  a.elements.push_back(atoms::element("O"));
  a.positions_A.push_back({3, 3, 3});
  atoms::Structure b = a;
  std::swap(b.elements[0], b.elements[1]);
  hotstage::Run run;
  try {
    static_cast<void>(
        find_path({.images = {a, a, b}, .calculator = band(left, right, 1).calculator, .folder = {}}, {}, run));
    FAIL() << "swapped atoms were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_NE(error.message().find("atom 1 is H in the first image and O"), std::string::npos) << error.message();
  }
}

TEST(CubicMaximum, is_exact_for_a_cubic) {
  // e(x) = x²(3 − 2x) − 0.2 x: images at 0, 0.4, 1.1 with exact slopes.
  const auto e = [](double x) { return 3 * x * x - 2 * x * x * x - 0.2 * x; };
  const auto slope = [](double x) { return 6 * x - 6 * x * x - 0.2; };
  std::vector<BandImage> images;
  for (const double x : {0.0, 0.4, 1.1}) {
    BandImage image;
    image.path_A = x;
    image.evaluation.energy_eV = e(x);
    image.tangent_force_eV_A = -slope(x);
    images.push_back(image);
  }
  const double x_top = 0.5 + std::sqrt(0.25 - 0.2 / 6.0);
  const PathMaximum top = detail::cubic_maximum(images);
  EXPECT_NEAR(top.energy_eV, e(x_top), 1e-12);
  EXPECT_NEAR(top.path_A, x_top, 1e-7);
  EXPECT_EQ(top.segment, 1U);
}

TEST(Relax, ends_in_the_minimum_with_either_method) {
  for (const Method method : {Method::fire, Method::lbfgs}) {
    testing::MullerBrown surface;
    hotstage::Run run;
    const Relaxed out = relax(testing::one_atom(0.75, 0.15), surface, {.method = method, .force_eV_A = 1e-4}, run);
    EXPECT_TRUE(out.converged);
    EXPECT_NEAR(out.evaluation.energy_eV, right.energy_eV, tol::stationary_eV);
    EXPECT_EQ(out.trace.size(), surface.calls);
  }
}

TEST(Relax, leaves_fixed_atoms_alone_and_says_when_it_ran_out_of_steps) {
  testing::MullerBrown surface;
  hotstage::Run run;
  atoms::Structure s = testing::one_atom(0.75, 0.15);
  const Relaxed few = relax(s, surface, {.force_eV_A = 1e-6, .steps = 2}, run);
  EXPECT_FALSE(few.converged);
  EXPECT_EQ(few.trace.size(), 3U);
  s.fixed = {1};
  const Relaxed held = relax(s, surface, {}, run);
  EXPECT_TRUE(held.converged);
  EXPECT_EQ(held.structure.positions_A, s.positions_A);
}

}  // namespace
}  // namespace hotstage::calc
