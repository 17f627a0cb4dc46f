// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/programme_fit.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/heater/detail/partition.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace hotstage::heater {
namespace {

/// A log of 2 Hz along a programme on its own clock.
HeaterLog log_along(const kinetics::Programme& programme, double first_s, double noise, std::uint64_t seed) {
  HeaterLog log;
  Rng rng(seed, 1, 0);
  for (double t = first_s; t < programme.end().in(units::s); t += 0.5 + 0.02 * rng.uniform()) {
    log.time_s.push_back(t);
    log.temperature_degC.push_back(programme.at(t * units::s).in_degC() + noise * rng.normal());
  }
  return log;
}

/// 12 s at 25 degC, ramp at 2 K/s to 650 degC with pauses, 30 s there.
kinetics::Programme paper(std::vector<kinetics::Hold> holds = {}) {
  const kinetics::Programme ramp =
      kinetics::Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(650.0), HeatingRate(2.0), holds);
  std::vector<kinetics::ProgrammePoint> points{{Time{}, Temperature::celsius(25.0)}};
  for (const kinetics::ProgrammePoint& point : ramp.points()) {
    points.push_back({point.time + 12.0 * units::s, point.temperature});
  }
  points.push_back({points.back().time + 30.0 * units::s, points.back().temperature});
  return kinetics::Programme(points);
}

TEST(ProgrammeFit, noise_free_ramp_comes_back_exactly) {
  const auto fit = programme_of(log_along(paper(), 0.1, 0.0, 1));
  ASSERT_TRUE(fit);
  ASSERT_EQ(fit->pieces.size(), 3U);
  constexpr double of_fit = 1e-6;  // stop of the least-squares iteration
  EXPECT_NEAR(fit->ramp_rate_K_per_s.value, 2.0, of_fit);
  EXPECT_NEAR(fit->end_degC.value, 650.0, of_fit);
  EXPECT_NEAR(fit->ramp_start_s, 12.0, of_fit);
  EXPECT_NEAR(fit->duration_s.value, 312.5, of_fit);
  EXPECT_NEAR(fit->programme.at(100.0 * units::s).in_degC(), 225.0, of_fit);
  EXPECT_EQ(fit->pieces.front().kind, PieceKind::hold);
  EXPECT_EQ(fit->pieces.back().kind, PieceKind::hold);
}

TEST(ProgrammeFit, uncertainties_cover_the_truth) {
  std::vector<double> rate, end, start, duration;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto fit = programme_of(log_along(paper(), 0.1, 0.3, seed));
    ASSERT_TRUE(fit);
    ASSERT_EQ(fit->pieces.size(), 3U) << "seed " << seed << " " << fit->pieces[1].begin_s;
    rate.push_back((fit->ramp_rate_K_per_s.value - 2.0) / fit->ramp_rate_K_per_s.sigma);
    end.push_back((fit->end_degC.value - 650.0) / fit->end_degC.sigma);
    start.push_back((fit->ramp_start_s - 12.0) / fit->ramp_start_sigma_s);
    duration.push_back((fit->duration_s.value - 312.5) / fit->duration_s.sigma);
  }
  for (const std::vector<double>* pulls : {&rate, &end, &start, &duration}) {
    constexpr double four_sigma_mean = 4.0 / 14.1;
    constexpr double four_sigma_spread = 4.0 / 20.0;
    EXPECT_NEAR(num::mean(*pulls), 0.0, four_sigma_mean);
    EXPECT_NEAR(num::standard_deviation(*pulls), 1.0, four_sigma_spread);
  }
}

TEST(ProgrammeFit, finds_pauses_and_their_lengths) {
  const kinetics::Programme truth = paper({{Temperature::celsius(500.0), 60.0 * units::s},
                                           {Temperature::celsius(550.0), 60.0 * units::s},
                                           {Temperature::celsius(600.0), 20.0 * units::s}});
  const auto fit = programme_of(log_along(truth, 0.0, 0.1, 3));
  ASSERT_TRUE(fit);
  ASSERT_EQ(fit->pieces.size(), 9U);
  constexpr double few_sigma_s = 0.3;
  constexpr double few_sigma_K = 0.1;
  EXPECT_EQ(fit->pieces[2].kind, PieceKind::hold);
  EXPECT_NEAR(fit->pieces[2].end_s - fit->pieces[2].begin_s, 60.0, few_sigma_s);
  EXPECT_NEAR(fit->pieces[2].middle_degC.value, 500.0, few_sigma_K);
  EXPECT_NEAR(fit->pieces[6].end_s - fit->pieces[6].begin_s, 20.0, few_sigma_s);
  EXPECT_NEAR(fit->duration_s.value, 312.5 + 140.0, few_sigma_s);
  EXPECT_NEAR(fit->ramp_rate_K_per_s.value, 2.0, 0.001);
  EXPECT_LT(fit->rate_misfit, 3.0) << "all pieces have one rate";
}

TEST(ProgrammeFit, pieces_of_different_rates_are_not_called_one_ramp) {
  const kinetics::Programme truth({{Time{}, Temperature::celsius(25.0)},
                                   {100.0 * units::s, Temperature::celsius(225.0)},
                                   {200.0 * units::s, Temperature::celsius(725.0)}});
  const auto fit = programme_of(log_along(truth, 0.0, 0.1, 4));
  ASSERT_TRUE(fit);
  EXPECT_GT(fit->rate_misfit, 100.0);
}

TEST(ProgrammeFit, a_jump_has_two_corners) {
  const kinetics::Programme truth({{Time{}, Temperature::celsius(25.0)},
                                   {50.0 * units::s, Temperature::celsius(25.0)},
                                   {50.0 * units::s, Temperature::celsius(600.0)},
                                   {100.0 * units::s, Temperature::celsius(600.0)}});
  const auto fit = programme_of(log_along(truth, 0.0, 0.1, 5));
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->end_degC.value, 600.0, 0.2);
  EXPECT_LT(fit->duration_s.value, 1.5) << "one or two rows";
}

TEST(ProgrammeFit, is_nothing_without_a_ramp_and_an_error_without_rows) {
  const kinetics::Programme flat(
      {{Time{}, Temperature::celsius(25.0)}, {100.0 * units::s, Temperature::celsius(25.0)}});
  EXPECT_FALSE(programme_of(log_along(flat, 0.0, 0.1, 6)));
  HeaterLog few;
  few.time_s = {0.0, 1.0};
  few.temperature_degC = {20.0, 21.0};
  EXPECT_THROW(static_cast<void>(programme_of(few)), Error);
}

TEST(ProgrammeFit, long_logs_are_searched_in_blocks_and_fitted_in_full) {
  const kinetics::Programme truth = paper({{Temperature::celsius(500.0), 6000.0 * units::s}});
  const HeaterLog log = log_along(truth, 0.0, 0.1, 7);
  ASSERT_GT(log.size(), 12000U);
  const auto fit = programme_of(log);
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->duration_s.value, 6312.5, 0.3);
  EXPECT_NEAR(fit->ramp_rate_K_per_s.value, 2.0, 0.001);
}

TEST(ProgrammeFit, real_log_shows_its_plateaus) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "no shared data";
  }
  const HeaterLog log = read_log(*shared / "echem" / "chip_log" / "rosettasciio_StubExperiment_Heat_raw.csv");
  const auto fit = programme_of(log, {.resolution = 2.0 * units::K});
  ASSERT_TRUE(fit);
  bool plateau = false;
  for (const Piece& piece : fit->pieces) {
    plateau = plateau || (piece.kind == PieceKind::hold && std::abs(piece.middle_degC.value - 500.0) < 2.0);
  }
  EXPECT_TRUE(plateau);
  EXPECT_LT(fit->residual_K, 15.0) << "its steps approach their ends exponentially: straight pieces only follow";
}

TEST(Noise, of_a_ramp_is_the_noise_alone) {
  const double measured = reading_noise(log_along(paper(), 0.0, 0.2, 8));
  constexpr double five_sigma = 5.0 * 1.17 / 25.0;  // robust estimate from 700 correlated values
  EXPECT_NEAR(measured / 0.2, 1.0, five_sigma);
}

TEST(Partition, agrees_with_trying_every_pair_of_corners) {
  Rng rng(9, 1, 0);
  std::vector<double> x, y;
  for (int i = 0; i < 40; ++i) {
    x.push_back(i);
    y.push_back((i < 13 ? 0.0 : (i < 27 ? 1.0 * (i - 13) : 14.0)) + 0.3 * rng.normal());
  }
  const auto cost = [&](std::size_t a, std::size_t b) {
    const std::span<const double> u = std::span(x).subspan(a, b - a);
    const std::span<const double> v = std::span(y).subspan(a, b - a);
    const detail::Line line = detail::fit_line(u, v);
    double sum = 0.0;
    for (std::size_t i = 0; i < u.size(); ++i) {
      sum += std::pow((v[i] - line.at(u[i])) / 0.3, 2);
    }
    return sum;
  };
  const detail::PartitionOptions options{.sigma = 0.3, .penalty = 12.0, .shortest = 4};
  double best = cost(0, 40);
  std::vector<std::size_t> expected{0};
  for (std::size_t a = 4; a <= 36; ++a) {
    if (const double two = cost(0, a) + cost(a, 40) + options.penalty; two < best) {
      best = two;
      expected = {0, a};
    }
    for (std::size_t b = a + 4; b <= 36; ++b) {
      const double three = cost(0, a) + cost(a, b) + cost(b, 40) + 2.0 * options.penalty;
      if (three < best) {
        best = three;
        expected = {0, a, b};
      }
    }
  }
  EXPECT_EQ(detail::straight_pieces(x, y, options), expected);
  EXPECT_EQ(expected.size(), 3U);
}

}  // namespace
}  // namespace hotstage::heater
