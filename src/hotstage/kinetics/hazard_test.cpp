// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/hazard.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/num/quadrature.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace hotstage::kinetics {
namespace {

constexpr auto two_K_per_s = 2.0 * units::K / units::s;
constexpr RateLaw co_migration{Frequency(1e13), 1.58 * units::eV};

Programme paper_ramp(std::span<const Hold> holds = {}) {
  return Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(650.0), two_K_per_s, holds);
}

/// The same integral from small panels in time, not knowing that the pieces are linear.
double plain_hazard(const RateLaw& law, const Programme& programme, double from_s, double to_s) {
  static const num::Quadrature rule = num::gauss_legendre(20);
  constexpr int panels = 400;
  double sum = 0.0;
  for (int i = 0; i < panels; ++i) {
    const double a = from_s + (to_s - from_s) * i / panels;
    const double b = from_s + (to_s - from_s) * (i + 1) / panels;
    sum += num::integrate(rule, a, b, [&](double t) { return law.at(programme.at(t * units::s)); });
  }
  return sum;
}

TEST(Hazard, closed_form_equals_quadrature_on_ramps_up_and_down) {
  constexpr double tolerance = 1e-10;  // relative
  const Programme up = paper_ramp();
  const Programme down({{Time{}, Temperature::celsius(650.0)}, {312.5 * units::s, Temperature::celsius(25.0)}});
  for (const double barrier : {0.0, 0.02, 0.3, 0.9, 1.58, 2.33, 4.0}) {
    const RateLaw law{Frequency(1e13), barrier * units::eV};
    for (const double end_s : {0.4, 40.0, 237.5, 312.5}) {
      const double exact = integrated_hazard(law, up, Time{}, end_s * units::s);
      EXPECT_NEAR(exact / plain_hazard(law, up, 0.0, end_s), 1.0, tolerance) << barrier << " eV to " << end_s << " s";
      const double cooling = integrated_hazard(law, down, (312.5 - end_s) * units::s, 312.5 * units::s);
      EXPECT_NEAR(cooling / exact, 1.0, tolerance) << "cooling back over the same temperatures";
    }
  }
}

TEST(Hazard, is_the_closed_form_in_E1) {
  // H = (ν/β)[T e^{−u} − (E/k) E₁(u)], with E₁(20) e^20 = 0.047718545 (Abramowitz & Stegun, Table 5.1).
  const double barrier_K = 20.0 * 900.0;
  const RateLaw law{Frequency(1e13), barrier_K * constants::k_B_eV_per_K * units::eV};
  const Programme ramp({{Time{}, Temperature::kelvin(10.0)}, {445.0 * units::s, Temperature::kelvin(900.0)}});
  const double expected = 1e13 / 2.0 * std::exp(-20.0) * (900.0 - barrier_K * 0.0477185455);
  constexpr double cancellation = 1e-6;  // of the ten digits of E₁ in that difference, which loses 1.3 of them
  EXPECT_NEAR(integrated_hazard(law, ramp, Time{}, ramp.end()) / expected, 1.0, cancellation);
}

TEST(Hazard, reaches_one_at_298_7_degC_for_the_co_migration_barrier) {
  const auto time = event_time(co_migration, paper_ramp(), Time{}, 1.0);
  ASSERT_TRUE(time);
  constexpr double last_digit = 0.05;
  EXPECT_NEAR(paper_ramp().at(*time).in_degC(), 298.7, last_digit);
}

TEST(Hazard, isothermal_and_nearly_isothermal_pieces_agree) {
  const double rate = co_migration.at(Temperature::celsius(500.0));
  for (const double rise_K : {0.0, 1e-12, 1e-8, 1e-4}) {
    const Programme hold(
        {{Time{}, Temperature::celsius(500.0)}, {60.0 * units::s, Temperature::celsius(500.0) + rise_K * units::K}});
    constexpr double relative = 2e-6;  // half of the rise times E/kT²
    EXPECT_NEAR(integrated_hazard(co_migration, hold, Time{}, hold.end()) / (60.0 * rate), 1.0, relative) << rise_K;
  }
}

TEST(Hazard, steps_and_ends_of_the_programme_count_with_their_own_temperatures) {
  const Programme steps({{Time{}, Temperature::celsius(20.0)},
                         {5.0 * units::s, Temperature::celsius(20.0)},
                         {5.0 * units::s, Temperature::celsius(500.0)},
                         {9.0 * units::s, Temperature::celsius(500.0)}});
  const double rate = co_migration.at(Temperature::celsius(500.0));
  constexpr double rounding = 1e-12;
  EXPECT_NEAR(integrated_hazard(co_migration, steps, Time{}, 9.0 * units::s) / (4.0 * rate), 1.0, rounding);
  EXPECT_NEAR(integrated_hazard(co_migration, steps, 7.0 * units::s, 20.0 * units::s) / (13.0 * rate), 1.0, rounding);
  const double cold = co_migration.at(Temperature::celsius(20.0));
  EXPECT_NEAR(integrated_hazard(co_migration, steps, -10.0 * units::s, 5.0 * units::s) / (15.0 * cold), 1.0, rounding);
  const auto jump = event_time(co_migration, steps, Time{}, 1e-6 * rate);
  ASSERT_TRUE(jump);
  EXPECT_NEAR(jump->in(units::s), 5.0, 1e-5);
}

TEST(Hazard, tiny_and_huge_barriers_stay_finite) {
  const Programme ramp = paper_ramp();
  const RateLaw frozen{Frequency(1e13), 60.0 * units::eV};
  EXPECT_EQ(integrated_hazard(frozen, ramp, Time{}, ramp.end()), 0.0);
  EXPECT_FALSE(event_time(frozen, ramp, Time{}, 1.0));
  const RateLaw free{Frequency(1e13), Energy{}};
  EXPECT_NEAR(event_time(free, ramp, Time{}, 1e13)->in(units::s), 1.0, 1e-9);
  EXPECT_FALSE(event_time(free, ramp, Time{}, 1e30));
}

TEST(Hazard, from_near_absolute_zero_the_closed_form_still_holds) {
  const RateLaw law{Frequency(1.0), 0.05 * units::eV};  // E/kT runs from 58 to 0.64: both branches of E₂
  const Programme ramp({{Time{}, Temperature::kelvin(10.0)}, {445.0 * units::s, Temperature::kelvin(900.0)}});
  constexpr double tolerance = 1e-10;
  EXPECT_NEAR(integrated_hazard(law, ramp, Time{}, ramp.end()) / plain_hazard(law, ramp, 0.0, 445.0), 1.0, tolerance);
}

/// exp(−H) of simulated event times is uniform when they follow their law. Ramps without an event before the end are
/// censored: the survivors' probability is cut off the interval.
num::KolmogorovSmirnov test_event_times(const Programme& programme, const RateLaw& law, std::uint64_t seed) {
  constexpr std::size_t ramps = 10000;
  const double survival = std::exp(-integrated_hazard(law, programme, programme.begin(), programme.end()));
  std::vector<double> probabilities;
  for (std::size_t i = 0; i < ramps; ++i) {
    Rng rng(seed, 1, i);
    const auto time = event_time(law, programme, programme.begin(), -std::log(rng.uniform()));
    if (time) {
      // From quadrature, so that an error of the closed form cannot cancel.
      const double alive = std::exp(-plain_hazard(law, programme, programme.begin().in(units::s), time->in(units::s)));
      probabilities.push_back((alive - survival) / (1.0 - survival));
    }
  }
  EXPECT_NEAR(static_cast<double>(probabilities.size()), ramps * (1.0 - survival),
              4.0 * std::sqrt(ramps * survival * (1.0 - survival)) + 1.0);
  return num::kolmogorov_smirnov(probabilities);
}

TEST(EventTimes, of_ten_thousand_ramps_follow_exp_minus_H) {
  constexpr double significance = 0.01;
  EXPECT_GT(test_event_times(paper_ramp(), co_migration, 1).p_value, significance);
}

TEST(EventTimes, follow_exp_minus_H_through_a_hold_and_past_the_end) {
  constexpr double significance = 0.01;
  const std::array holds{Hold{Temperature::celsius(600.0), 20.0 * units::s}};
  const RateLaw crossing{Frequency(1e13), 2.55 * units::eV};  // most events fall into the hold or after it, some never
  EXPECT_GT(test_event_times(paper_ramp(holds), crossing, 2).p_value, significance);
}

TEST(EventTimes, test_would_notice_a_wrong_barrier) {
  // The event times of 1.59 eV judged by 1.58 eV.
  std::vector<double> probabilities;
  for (std::size_t i = 0; i < 10000; ++i) {
    Rng rng(3, 1, i);
    const RateLaw other{Frequency(1e13), 1.59 * units::eV};
    const auto time = event_time(other, paper_ramp(), Time{}, -std::log(rng.uniform()));
    probabilities.push_back(std::exp(-integrated_hazard(co_migration, paper_ramp(), Time{}, *time)));
  }
  EXPECT_LT(num::kolmogorov_smirnov(probabilities).p_value, 1e-6);
}

RC_GTEST_PROP(Hazard, adds_up_over_any_split_and_event_times_invert_it, ()) {
  const std::array holds{Hold{Temperature::celsius(*rc::gen::inRange(100, 600)), *rc::gen::inRange(0, 600) * units::s}};
  const Programme ramp = paper_ramp(holds);
  const RateLaw law{Frequency(std::pow(10.0, *rc::gen::inRange(9, 15))), 0.01 * *rc::gen::inRange(0, 300) * units::eV};
  const Time split = ramp.end() * (0.001 * *rc::gen::inRange(0, 1001));
  const double whole = integrated_hazard(law, ramp, Time{}, ramp.end());
  const double parts = integrated_hazard(law, ramp, Time{}, split) + integrated_hazard(law, ramp, split, ramp.end());
  constexpr double relative = 1e-11;
  RC_ASSERT(std::abs(parts - whole) <= relative * whole);
  const double asked = whole * 0.001 * *rc::gen::inRange(1, 1000);
  const auto time = event_time(law, ramp, Time{}, asked);
  RC_ASSERT(time.has_value());
  constexpr double of_root = 1e-9;  // 1e-15 of a piece in time, E/kT of up to 120 per piece
  RC_ASSERT(std::abs(integrated_hazard(law, ramp, Time{}, *time) - asked) <= of_root * asked);
}

}  // namespace
}  // namespace hotstage::kinetics
