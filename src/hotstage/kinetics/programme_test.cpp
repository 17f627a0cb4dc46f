// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/programme.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <vector>

namespace hotstage::kinetics {
namespace {

constexpr double rounding = 1e-10;  // of sums of times and of the 273.15 between degC and K
constexpr auto two_K_per_s = 2.0 * units::K / units::s;

Programme paper_ramp(std::span<const Hold> holds = {}) {
  return Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(650.0), two_K_per_s, holds);
}

Programme jump() {
  return Programme({{Time{}, Temperature::celsius(20.0)},
                    {5.0 * units::s, Temperature::celsius(20.0)},
                    {5.0 * units::s, Temperature::celsius(500.0)},
                    {9.0 * units::s, Temperature::celsius(400.0)}});
}

TEST(Programme, ramp_of_the_paper_takes_312_5_s) {
  const Programme ramp = paper_ramp();
  EXPECT_NEAR(ramp.end().in(units::s), 312.5, rounding);
  EXPECT_NEAR(ramp.at(237.5 * units::s).in_degC(), 500.0, rounding);
  EXPECT_NEAR(ramp.first_time_at(Temperature::celsius(500.0))->in(units::s), 237.5, rounding);
}

TEST(Programme, is_constant_before_its_first_and_after_its_last_point) {
  const Programme ramp = paper_ramp();
  EXPECT_NEAR(ramp.at(-7.0 * units::s).in_degC(), 25.0, rounding);
  EXPECT_NEAR(ramp.at(1e6 * units::s).in_degC(), 650.0, rounding);
}

TEST(Programme, holds_delay_everything_behind_them_and_have_two_ends) {
  const std::array holds{Hold{Temperature::celsius(500.0), 60.0 * units::s},
                         Hold{Temperature::celsius(650.0), 10.0 * units::s}};
  const Programme ramp = paper_ramp(holds);
  EXPECT_NEAR(ramp.end().in(units::s), 312.5 + 70.0, rounding);
  EXPECT_NEAR(ramp.first_time_at(Temperature::celsius(500.0))->in(units::s), 237.5, rounding);
  EXPECT_NEAR(ramp.last_time_at(Temperature::celsius(500.0))->in(units::s), 297.5, rounding);
  EXPECT_NEAR(ramp.last_time_at(Temperature::celsius(650.0))->in(units::s), 382.5, rounding);
  EXPECT_NEAR(ramp.at(270.0 * units::s).in_degC(), 500.0, rounding);
}

TEST(Programme, temperatures_never_reached_have_no_time) {
  EXPECT_FALSE(paper_ramp().first_time_at(Temperature::celsius(651.0)));
  EXPECT_FALSE(paper_ramp().last_time_at(Temperature::celsius(651.0)));
  EXPECT_EQ(paper_ramp().first_time_at(Temperature::celsius(10.0))->in(units::s), 0.0);
}

TEST(Programme, at_a_jump_the_later_temperature_holds) {
  const Programme programme = jump();
  EXPECT_NEAR(programme.at(4.999999 * units::s).in_degC(), 20.0, rounding);
  EXPECT_NEAR(programme.at(5.0 * units::s).in_degC(), 500.0, rounding);
  EXPECT_NEAR(programme.at(7.0 * units::s).in_degC(), 450.0, rounding);
  EXPECT_NEAR(programme.first_time_at(Temperature::celsius(100.0))->in(units::s), 5.0, rounding);
}

TEST(Programme, refuses_what_no_heater_can_do) {
  using Points = std::vector<ProgrammePoint>;
  EXPECT_THROW(Programme(Points{}), Error);
  EXPECT_THROW(Programme(Points{{Time{}, Temperature::kelvin(-1.0)}}), Error);
  EXPECT_THROW(Programme(Points{{1.0 * units::s, Temperature::kelvin(300.0)}, {Time{}, Temperature::kelvin(400.0)}}),
               Error);
  EXPECT_THROW(static_cast<void>(Programme::ramp(Temperature::celsius(650.0), Temperature::celsius(25.0), two_K_per_s)),
               Error);
  const std::array falling{Hold{Temperature::celsius(600.0), 1.0 * units::s},
                           Hold{Temperature::celsius(500.0), 1.0 * units::s}};
  try {
    static_cast<void>(paper_ramp(falling));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("hold at 500 degC"), std::string::npos);
  }
}

TEST(Programme, value_round_trip_keeps_jumps_and_holds) {
  const Programme before = jump();
  const Programme after = Programme::from_value(before.to_value());
  ASSERT_EQ(after.points().size(), before.points().size());
  for (std::size_t i = 0; i < after.points().size(); ++i) {
    EXPECT_EQ(after.points()[i].time, before.points()[i].time);
    EXPECT_NEAR(after.points()[i].temperature.in_K(), before.points()[i].temperature.in_K(), rounding);
  }
}

TEST(Programme, shifting_moves_every_temperature) {
  EXPECT_NEAR(paper_ramp().shifted(TemperatureDifference(-12.0)).at(10.0 * units::s).in_degC(), 33.0, rounding);
}

RC_GTEST_PROP(Programme, temperature_of_a_ramp_never_falls_and_first_times_invert_it, ()) {
  const double hold_s = *rc::gen::inRange(0, 700);
  const std::array holds{Hold{Temperature::celsius(*rc::gen::inRange(25, 650)), hold_s * units::s}};
  const Programme ramp = paper_ramp(holds);
  const double first = 0.01 * *rc::gen::inRange(-1000, 120000);
  const double later = first + 0.01 * *rc::gen::inRange(0, 50000);
  constexpr double noise_K = 1e-9;
  RC_ASSERT(ramp.at(later * units::s).in_K() >= ramp.at(first * units::s).in_K() - noise_K);
  const Temperature asked = Temperature::celsius(0.1 * *rc::gen::inRange(251, 6500));
  RC_ASSERT(std::abs((ramp.at(*ramp.first_time_at(asked)) - asked).base()) < noise_K);
  RC_ASSERT(*ramp.first_time_at(asked) <= *ramp.last_time_at(asked));
}

}  // namespace
}  // namespace hotstage::kinetics
