// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/scene_forward.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/eels/photo_absorption.hpp"
#include "hotstage/eels/trials.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace hotstage::eels {
namespace {

/// One position of one material of 50 nm.
ScanScene foil_of(const char* material, std::size_t positions = 1) {
  ScanScene out;
  out.materials = {atoms::find_material(material)};
  out.thickness_nm = Buffer<double, 2>({positions, 1});
  for (std::size_t i = 0; i < positions; ++i) {
    out.position_nm.push_back(static_cast<double>(i));
    out.thickness_nm.row(i)[0] = 50.0;
  }
  return out;
}

/// Mismatched physics without background, detector and draws, so that numbers can be checked by hand.
ScanModels plain_models() {
  ScanModels models = draw_models(Models::matched, trial_settings(), 1);
  models.kind = Models::mismatched;
  models.background_ratio = 0.0;
  models.axis_shift_eV = 0.0;
  models.gain = 1.0;
  return models;
}

TEST(SimulateScan, mean_counts_are_atoms_times_cross_section) {
  ScanSettings settings = trial_settings();
  settings.core_electrons = 1e13;  // counting noise below the tolerance
  settings.jitter = 0.0 * units::eV;
  const Window window{640.0, 740.0};  // behind the fine structure of O K, in front of Co L
  for (const char* name : {"LiCoO2", "CoO"}) {
    hotstage::Run run;
    ScanScene scene = foil_of(name);
    scene.thickness_nm.row(0)[0] = 0.5;  // nm: no plural scattering to speak of
    const SimulatedScan scan = simulate_scan(scene, settings, plain_models(), run);
    const Buffer<float, 2> counts = signal::read_all(scan.core);
    const double found = integrate(std::span<const float>(counts.row(0)), channels_in(settings.core, window));
    const PhotoAbsorption oxygen("O");
    const std::size_t phase = *phase_of(scene.materials[0]);
    const double moved = phase_spectra()[phase].step_eV - oxygen.jumps()[0];
    double barn = 0.0;
    for (double e = window.low_eV + 0.25; e < window.high_eV; e += 0.5) {
      barn += 0.5 * oxygen.part(0, e - moved) * dipole_factor_barn(e * units::eV, settings.illumination);
    }
    const double expected = settings.core_electrons * barn * constants::barn_nm2 * 0.5 *
                            scene.materials[0].atoms_per_nm3(atoms::element("O"));
    constexpr double plural = 0.01;  // t/λ of 0.5 nm is 0.003; factors are interpolated over 10 eV
    EXPECT_NEAR(found / expected, 1.0, plural) << name;
    EXPECT_NEAR(scan.oxygen_per_nm2[0], 0.5 * scene.materials[0].atoms_per_nm3(atoms::element("O")), 1e-9);
  }
}

TEST(SimulateScan, metal_has_no_oxygen_and_platinum_neither_edge) {
  hotstage::Run run;
  ScanSettings settings = trial_settings();
  settings.core_electrons = 1e11;
  const auto counts_of = [&](const char* name, const Window& window) {
    const SimulatedScan scan = simulate_scan(foil_of(name), settings, plain_models(), run);
    const Buffer<float, 2> counts = signal::read_all(scan.core);
    return integrate(std::span<const float>(counts.row(0)), channels_in(settings.core, window));
  };
  constexpr double wrapped = 1e-4;  // the far Drude tail comes back at the start of the grid
  EXPECT_LT(counts_of("Co", {535.0, 700.0}), wrapped * counts_of("Co", {790.0, 900.0}));
  EXPECT_GT(counts_of("Co", {790.0, 900.0}), 1e6);
  EXPECT_EQ(counts_of("Pt", {500.0, 900.0}), 0.0);
}

TEST(SimulateScan, files_say_what_an_instrument_knows) {
  hotstage::Run run;
  ScanSettings settings = trial_settings();
  const ScanModels models = draw_models(Models::mismatched, settings, 7);
  const SimulatedScan scan = simulate_scan(foil_of("LiCoO2", 3), settings, models, run);
  EXPECT_NE(models.collection.base(), settings.illumination.collection.base());
  EXPECT_EQ(scan.core.metadata.collection->base(), settings.illumination.collection.base());
  EXPECT_EQ(scan.core.axes[0].offset, settings.core.offset_eV);  // the hidden shift is not in the axis
  EXPECT_EQ(scan.core.metadata.title.find("simul"), std::string::npos);
  EXPECT_EQ(scan.core.original.as_object().size(), 0U);
}

TEST(SimulateScan, the_same_seed_gives_the_same_bytes_for_any_number_of_threads) {
  const auto bytes = [](int threads) {
    hotstage::Run run;
    run.threads = threads;
    run.seed = 5;
    const ScanSettings settings = trial_settings();
    const SimulatedScan scan =
        simulate_scan(foil_of("LiCoO2", 40), settings, draw_models(Models::mismatched, settings, 5), run);
    const Buffer<float, 2> counts = signal::read_all(scan.core);
    return std::vector<float>(counts.data(), counts.data() + counts.size());
  };
  EXPECT_EQ(bytes(1), bytes(2));
}

TEST(DrawFilling, a_fifth_of_the_seeds_each) {
  std::array<int, 5> count{};
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    ++count[static_cast<std::size_t>(draw_filling(Filling::hidden, seed).kind) - 2];
  }
  constexpr int five_sigma = 63;
  for (const int c : count) {
    EXPECT_NEAR(c, 200, five_sigma);
  }
  EXPECT_EQ(draw_filling(Filling::mix, 3).kind, Filling::mix);
}

TEST(PhaseOf, goes_by_oxygen_per_cobalt) {
  const auto phase = [](const char* name) { return phase_spectra()[*phase_of(atoms::find_material(name))].phase; };
  EXPECT_EQ(phase("LiCoO2"), "layered");
  EXPECT_EQ(phase("Co3O4"), "spinel");
  EXPECT_EQ(phase("CoO"), "rock_salt");
  EXPECT_EQ(phase("Co"), "metal");
  EXPECT_EQ(phase("Li2O"), "ionic");
  EXPECT_FALSE(phase_of(atoms::find_material("Pt")));
}

}  // namespace
}  // namespace hotstage::eels
