// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/simulation.hpp"

#include "hotstage/meso/detail/test_drivers.hpp"
#include "hotstage/meso/observe.hpp"
#include "hotstage/meso/recorder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

namespace hotstage::meso {
namespace {

constexpr double balance = 1e-12;  // relative, as the model promises

kinetics::Programme ramp(double end_degC = 650.0) {
  return kinetics::Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(end_degC), HeatingRate(2.0));
}

Parameters quick() {
  Parameters p = central(parameter_table());
  p.front_speed_nm_per_s = 8.0;
  return p;
}

Polycrystal small(std::uint64_t seed = 3, std::size_t voids = 1) {
  return make_polycrystal(
      {.cells = 48, .pixel_nm = 6.0, .grains = 5, .voids = voids, .cracks = 0, .void_radius_nm = 15.0, .seed = seed});
}

Scenario scenario(const Parameters& parameters, ChemistryOptions chemistry = {}) {
  chemistry.drivers = test::drivers;
  return {.parameters = parameters,
          .chemistry = make_chemistry(chemistry),
          .dose = {.mean = 1.0},
          .rival = Rival::b,
          .programme = ramp(),
          .seed = 5};
}

/// One grain, nothing that nucleates.
Polycrystal bare(std::size_t cells, double pixel_nm) {
  return make_polycrystal({.cells = cells, .pixel_nm = pixel_nm, .grains = 1, .voids = 0, .cracks = 0, .seed = 1});
}

TEST(Simulate, balances_oxygen_cobalt_and_lithium_for_every_driver_and_fate_of_lithium) {
  const Polycrystal crystal = small();
  for (const Driver driver : {Driver::li_deficit, Driver::carbon, Driver::beam_dose, Driver::vacuum}) {
    for (const LiFate fate : {LiFate::kept, LiFate::lost}) {
      const Outcome out = simulate(crystal, scenario(quick(), {.x = 0.9, .driver = driver, .li_fate = fate}));
      EXPECT_NEAR(out.oxygen.error(), 0.0, balance) << name(driver) << " " << name(fate);
      EXPECT_NEAR(out.cobalt_atoms.error(), 0.0, balance) << name(driver) << " " << name(fate);
      EXPECT_NEAR(out.lithium.error(), 0.0, balance) << name(driver) << " " << name(fate);
      EXPECT_GT(out.cobalt_atoms.gone, 0.0);  // metal grew, so the balance had something to balance
    }
  }
}

TEST(Simulate, releases_a_quarter_of_the_oxygen_when_all_becomes_rock_salt_and_lithia) {
  Parameters p = quick();
  p.cobalt_coverage = 0.0;
  p.rocksalt_ratio = 100.0;
  p.vacancy_equilibrium = 0.0;
  p.surface_exchange_nm_per_s = 0.0;
  p.vacancy_yield = 0.0;
  Scenario s = scenario(p, {.x = 1.0});
  s.dose.mean = 0.0;
  const Outcome out = simulate(small(), s);
  constexpr double unfinished = 1e-3;
  EXPECT_NEAR(out.samples.back().rock_salt, 1.0, unfinished);
  EXPECT_NEAR(out.oxygen_as_gas, 0.25, 0.25 * unfinished);  // LiCoO2 → CoO + ½ Li2O + ¼ O2
}

TEST(Simulate, front_runs_at_twice_the_root_of_D_k_less_the_bramson_delay) {
  // Isothermal planar front from a core strip at the left edge, narrow field.
  constexpr double w = 5.0;
  constexpr double h = 2.0;
  Polycrystal crystal = bare(512, h);
  Parameters p = quick();
  p.front_width_nm = w;
  p.bep_vacancy_eV = 0.0;
  p.boundary_sites_per_nm2 = p.interior_sites_per_nm3 = 0.0;
  p.front_speed_nm_per_s = 10.0;
  p.core_radius_nm = 0.0;
  // A vertical wall at x = 20 h makes two grains; the left one is the core, the boundary is open.
  crystal.centres.push_back({});
  for (std::size_t cell = 0; cell < crystal.label.size(); ++cell) {
    crystal.label[cell] = cell / crystal.cells < 8 ? (cell % crystal.cells < 20 ? 2 : 1) : 0;
  }
  complete(crystal);
  Scenario s{.parameters = p,
             .chemistry = make_chemistry({.x = 1.0, .drivers = test::drivers}),
             .dose = {.mean = 1.0, .log_sigma = 0.0},
             .rival = Rival::c,
             .programme = kinetics::Programme(
                 {{0.0 * units::s, Temperature::celsius(525.0)}, {80.0 * units::s, Temperature::celsius(525.0)}}),
             .seed = 1};
  s.parameters.core_radius_nm = 1e4;  // the core fills its grain
  // Find a seed whose core lies in the left grain.
  while (draw_cores(crystal, s.parameters, s.dose, s.seed).front().grain != 2) {
    ++s.seed;
  }
  std::vector<double> front;
  std::vector<double> time;
  SimulationOptions options;
  for (double t = 20.0; t <= 80.0; t += 10.0) {
    options.save_times_s.push_back(t);
  }
  options.on_save = [&](const FoilState& state) {
    const std::size_t row = 4 * crystal.cells;
    for (std::size_t x = 20; x + 1 < crystal.cells; ++x) {
      const double a = state.transformed[row + x];
      const double b = state.transformed[row + x + 1];
      if (a >= 0.5 && b < 0.5) {
        front.push_back((static_cast<double>(x) + (a - 0.5) / (a - b)) * h);
        time.push_back(state.time_s);
      }
    }
  };
  const Outcome out = simulate(crystal, s, options);
  ASSERT_EQ(out.cores.size(), 1U);
  ASSERT_EQ(front.size(), 7U);
  const double v = front_speed(p, 1.0, Temperature::celsius(525.0));
  const double k = front_rate(p, 1.0, Temperature::celsius(525.0));
  EXPECT_NEAR(v, 10.0, 1e-12);
  for (std::size_t i = 1; i < front.size(); ++i) {
    const double measured = (front[i] - front[i - 1]) / (time[i] - time[i - 1]);
    const double tau = k * 0.5 * (time[i] + time[i - 1]);
    // Bramson 1983 (doi:10.1090/memo/0285): 2 − 3/(2τ) in units of √(D k). The next term, +3√π/(2 τ^{3/2}) (Ebert & van
    // Saarloos 2000, doi:10.1016/S0167-2789(00)00068-3), is still eaten up by those of order ln τ/τ² at these τ.
    const double delayed = v * (1.0 - 0.75 / tau);
    constexpr double asymptotic = 0.004;
    EXPECT_NEAR(measured / delayed, 1.0, asymptotic) << "tau " << tau;
    RecordProperty("tau_" + std::to_string(static_cast<int>(tau)), std::to_string(measured / delayed));
    EXPECT_LT(measured, v);
  }
}

TEST(Simulate, without_cores_aged_and_pristine_are_one_run) {
  const Polycrystal crystal = small();
  Scenario aged = scenario(quick());
  aged.dose.mean = 0.0;
  Scenario pristine = aged;
  pristine.dose = {};
  const Outcome a = simulate(crystal, aged);
  const Outcome b = simulate(crystal, pristine);
  ASSERT_EQ(a.samples.size(), b.samples.size());
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    EXPECT_EQ(a.samples[i].transformed, b.samples[i].transformed);
  }
  EXPECT_GT(a.samples.back().transformed, 0.5);
  // and the cores do make a difference
  const Outcome with = simulate(crystal, scenario(quick()));
  EXPECT_LT(find_onset(with.samples, Zone::all, 0.02).value(), find_onset(a.samples, Zone::all, 0.02).value());
}

TEST(Simulate, with_the_general_barrier_everywhere_no_cobalt_grows_below_650_degC) {
  const Polycrystal crystal = small();
  Parameters p = quick();
  const Scenario with = scenario(p);
  EXPECT_GT(simulate(crystal, with).samples.back().metal_radius_nm, 3.0);
  p.cobalt_barrier_eV = p.cobalt_barrier_other_eV = 2.33;
  CobaltGrowth typical(crystal, 0, p);
  EXPECT_FALSE(typical.nucleation(ramp(), 1.0).has_value());
}

TEST(Simulate, a_cobalt_sphere_needs_the_cobalt_of_nearly_three_volumes_of_oxide) {
  const Polycrystal crystal = small();
  const Scenario s = scenario(quick());
  const Outcome out = simulate(crystal, s);
  ASSERT_FALSE(out.metal.empty());
  const Halo halo = measure_halo(crystal, out.cobalt, out.metal.front(), s.parameters.foil_nm);
  EXPECT_NEAR(halo.oxide_volumes, 2.9, 0.02);
  EXPECT_NEAR(halo.oxide_volumes, oxide_volumes_per_metal(), 1e-9);
  EXPECT_GT(halo.reach_nm, 0.0);
}

TEST(Simulate, heat_alone_does_nothing_at_full_lithium_and_carbon_does) {
  const Polycrystal crystal = small();
  const auto gain = [&](Driver driver) {
    const Outcome out = simulate(crystal, scenario(quick(), {.x = 1.0, .driver = driver}));
    return out.samples.back().transformed - out.samples.front().transformed;
  };
  EXPECT_EQ(gain(Driver::vacuum), 0.0);
  EXPECT_EQ(gain(Driver::li_deficit), 0.0);
  EXPECT_GT(gain(Driver::carbon), 0.9);
  EXPECT_LT(gain(Driver::beam_dose), 0.01);
}

TEST(Simulate, lithium_deficit_transforms_no_more_than_it_lacks) {
  Scenario s = scenario(quick(), {.x = 0.8, .driver = Driver::li_deficit});
  s.dose.mean = 0.0;
  const Outcome out = simulate(small(), s);
  constexpr double unfinished = 1e-3;
  EXPECT_NEAR(out.samples.back().transformed, 0.2, unfinished);
}

TEST(Simulate, closed_boundaries_hold_the_front_and_open_ones_do_not) {
  const Polycrystal crystal = small(3, 0);
  Parameters p = quick();
  p.boundary_sites_per_nm2 = p.interior_sites_per_nm3 = 0.0;
  Scenario s = scenario(p);
  s.dose.mean = 0.01;  // one core
  s.rival = Rival::a;
  const Outcome closed = simulate(crystal, s);
  ASSERT_EQ(closed.cores.size(), 1U);
  for (std::size_t g = 0; g < crystal.grains(); ++g) {
    const bool cored = static_cast<int>(g) + 1 == closed.cores.front().grain;
    EXPECT_NEAR(closed.samples.back().grains[g], cored ? 1.0 : 0.0, 1e-6);
  }
  s.rival = Rival::c;
  EXPECT_NEAR(simulate(crystal, s).samples.back().transformed, 1.0, 1e-3);
  s.rival = Rival::b;
  s.parameters.crossing_barrier_eV = 1.8;
  const Outcome wall = simulate(crystal, s);
  const auto crossings = std::count_if(wall.events.begin(), wall.events.end(),
                                       [](const Event& e) { return e.kind == EventKind::crossing; });
  EXPECT_GT(crossings, 0);
}

TEST(Simulate, onset_hardly_depends_on_the_grid) {
  // Same single core of 12 nm in the middle of one grain, 8, 4 and 2 nm cells.
  std::vector<double> onset;
  for (const double h : {8.0, 4.0, 2.0}) {
    const Polycrystal crystal = bare(static_cast<std::size_t>(256.0 / h), h);
    Parameters p = quick();
    p.front_width_nm = 10.0;
    p.boundary_sites_per_nm2 = p.interior_sites_per_nm3 = 0.0;
    p.core_radius_nm = 12.0;
    Scenario s = scenario(p);
    s.dose = {.mean = 1.0, .log_sigma = 0.0};
    onset.push_back(find_onset(simulate(crystal, s).samples, Zone::all, 0.1).value());
  }
  constexpr double coarse_K = 8.0;  // the core itself is staircase: its area differs by 10 %
  EXPECT_NEAR(onset[0], onset[2], coarse_K);
  EXPECT_NEAR(onset[1], onset[2], 0.5 * coarse_K);
}

TEST(Simulate, surface_exchange_alone_relaxes_vacancies_exponentially) {
  const Polycrystal crystal = bare(16, 10.0);
  Parameters p = quick();
  p.boundary_sites_per_nm2 = p.interior_sites_per_nm3 = 0.0;
  p.vacancy_equilibrium = 0.02;
  p.surface_exchange_nm_per_s = 2.0;
  Scenario s = scenario(p);
  s.dose.mean = 0.0;
  s.programme = kinetics::Programme(
      {{0.0 * units::s, Temperature::celsius(525.0)}, {30.0 * units::s, Temperature::celsius(525.0)}});
  const Outcome out = simulate(crystal, s);
  EXPECT_NEAR(out.samples.back().vacancies, 0.02 * (1.0 - std::exp(-2.0 * 30.0 / p.foil_nm)), 1e-12);
}

TEST(MaterialMaps, hold_the_cobalt_that_the_balance_says_and_leave_pores_where_volume_shrank) {
  const Polycrystal crystal = small();
  const Scenario s = scenario(quick(), {.x = 1.0, .li_fate = LiFate::lost});
  SimulationOptions options{.save_times_s = {s.programme.end().in(units::s)}};
  double cobalt = 0.0;
  double solid = 0.0;
  options.on_save = [&](const FoilState& state) {
    const Buffer<float, 3> maps = material_maps(crystal, s, state);
    const UnitVolumes& v = unit_volumes();
    const std::array<double, 5> per_nm3{1.0 / v.layered, 3.0 / v.spinel, 1.0 / v.rock_salt, 1.0 / v.metal, 0.0};
    for (std::size_t i = 0; i < maps.size(); ++i) {
      cobalt += static_cast<double>(maps.data()[i]) * per_nm3[i / crystal.label.size()];
      solid += static_cast<double>(maps.data()[i]);
    }
  };
  static_cast<void>(simulate(crystal, s, options));
  const double area = crystal.solid_nm2() / (crystal.pixel_nm * crystal.pixel_nm);
  constexpr double float32 = 1e-5;
  EXPECT_NEAR(cobalt / (area * s.parameters.foil_nm / unit_volumes().layered), 1.0, float32);
  EXPECT_NEAR(solid / (area * s.parameters.foil_nm), 0.6, 0.01);  // Li lost: 40 % of the volume is gone
}

TEST(StateRecorder, keeps_the_first_and_the_last_state_and_those_that_changed) {
  const Polycrystal crystal = small();
  const Scenario s = scenario(quick());
  StateRecorder recorder(crystal, s, 1e-3);
  SimulationOptions options;
  for (double t = 0.0; t < s.programme.end().in(units::s); t += 5.0) {
    options.save_times_s.push_back(t);
  }
  options.on_save = [&](const FoilState& state) { recorder.add(state); };
  static_cast<void>(simulate(crystal, s, options));
  recorder.finish();
  ASSERT_GE(recorder.times_s().size(), 3U);
  EXPECT_LT(recorder.times_s().size(), options.save_times_s.size());
  EXPECT_EQ(recorder.times_s().front(), 0.0);
  EXPECT_EQ(recorder.times_s().back(), options.save_times_s.back());
  EXPECT_EQ(recorder.maps().extent(0), recorder.times_s().size());
}

}  // namespace
}  // namespace hotstage::meso
