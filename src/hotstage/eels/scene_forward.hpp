// SPDX-License-Identifier: GPL-3.0-or-later
// Dual-EELS line scan over a specimen of known phases: what the spectrometer writes, and the truth behind it.
//
// The physics differs from that of the analysis on purpose: photo-absorption cross-sections, Gaussian fine structure,
// two power laws, an asymmetric zero-loss peak, a detector with neighbours and uneven channels (README.md).

#pragma once

#include "hotstage/atoms/material.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/eels/convergence.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/eels/phase_spectra.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// What the beam crosses at every position of a line.
struct ScanScene {
  std::vector<double> position_nm;
  std::vector<atoms::Material> materials;
  Buffer<double, 2> thickness_nm;  ///< positions × materials, at full density
};

/// What stands in a void. `hidden` is drawn from the seed, `scene` leaves what the scene holds.
enum class Filling { hidden, scene, none, metal, cobalt_oxide, mix, platinum };

constexpr auto enum_names(Filling) {
  return std::array{EnumName<Filling>{Filling::hidden, "hidden"},
                    EnumName<Filling>{Filling::scene, "scene"},
                    EnumName<Filling>{Filling::none, "none"},
                    EnumName<Filling>{Filling::metal, "metal"},
                    EnumName<Filling>{Filling::cobalt_oxide, "cobalt_oxide"},
                    EnumName<Filling>{Filling::mix, "mix"},
                    EnumName<Filling>{Filling::platinum, "platinum"}};
}

[[nodiscard]] std::string_view name(Filling filling) noexcept;

/// A filling with its drawn amounts.
struct VoidFilling {
  Filling kind = Filling::none;
  double metal_share = 0.0;  ///< of the product's volume
  double fill = 0.0;         ///< of the void's depth
  double offset = 0.0;       ///< of its middle, in half-widths of the void
};

/// Kind (when `hidden`) uniform over the five; metal share of a mix U(0.35, 0.65), fill U(0.4, 1), offset N(0, 0.15).
[[nodiscard]] VoidFilling draw_filling(Filling wanted, std::uint64_t seed);

/// A void on the line: positions [first, last] and the depth (nm) that is missing at each of them.
struct LineVoid {
  std::size_t first = 0;
  std::size_t last = 0;
  std::vector<double> depth_nm;
};

/// Puts the filling into the void; materials that are needed join the scene. `scene` and `none` change nothing.
void fill_void(ScanScene& scene, const LineVoid& hole, const VoidFilling& filling);

/// Whether generator and analysis share their physics.
enum class Models { matched, mismatched };

constexpr auto enum_names(Models) {
  return std::array{EnumName<Models>{Models::matched, "matched"}, EnumName<Models>{Models::mismatched, "mismatched"}};
}

/// How the scan is run; what of it an instrument knows goes into the files.
struct ScanSettings {
  Illumination illumination{300.0 * units::keV, 17.8 * units::mrad, 35.0 * units::mrad};
  EnergyAxis core{455.0, 0.25, 2048};
  EnergyAxis low{-40.0, 0.25, 1600};
  double core_electrons = 3e8;
  double low_electrons = 2e6;
  Time exposure = 0.5 * units::s;
  Energy zlp_fwhm = 1.3 * units::eV;
  Energy jitter = 0.3 * units::eV;
  Energy axis_shift = 3.0 * units::eV;  ///< the core axis is off by U(−this, this)
};

/// Everything drawn per seed about physics and instrument. Factors are 1 and broadenings 0 with Models::matched, except
/// axis shift, gain and plasmon.
struct ScanModels {
  Models kind = Models::mismatched;
  double axis_shift_eV = 0.0;  ///< core axis reads this much too high
  double gain = 1.0;           ///< counts per electron
  double plasmon_eV = 24.0;
  double mean_free_path_factor = 1.0;       ///< on Iakoubovskii's values
  double metal_path_factor = 1.0;           ///< on metals, on top
  Angle collection{};                       ///< true aperture; the file says the nominal one
  double oxygen_factor = 1.0;               ///< on all O K cross-sections: N(1, 5 %)
  double cobalt_factor = 1.0;               ///< on all Co L cross-sections: N(1, 10 %)
  std::vector<double> oxygen_phase_factor;  ///< continuum of each phase against the others: N(1, 4 %)
  std::vector<double> cobalt_phase_factor;  ///< N(1, 5 %)
  double layered_oxygen = 1.0;              ///< O per Co of "undamaged" layered oxide over 2: N(1, 2 %)
  std::vector<PhaseSpectrum> phases;        ///< fine structure, drawn about the table
  std::array<double, 2> background_r{3.2, 3.2};
  double background_share = 1.0;  ///< of the first power law at 525 eV
  double background_ratio = 2.0;  ///< background over O K of LiCoO2, 20 eV behind its onset
  double zlp_asymmetry_eV = 0.0;
  std::array<double, 3> neighbours{};  ///< share of a count found one channel below, one above, two above
  double channel_gain_sigma = 0.0;     ///< fixed pattern left by the gain correction
};

[[nodiscard]] ScanModels draw_models(Models kind, const ScanSettings& settings, std::uint64_t seed);

struct SimulatedScan {
  signal::Signal core;
  signal::Signal low;
  std::vector<double> cobalt_per_nm2;  ///< atoms in the beam, per position
  std::vector<double> oxygen_per_nm2;
  std::vector<double> t_over_lambda;
  std::vector<double> jitter_eV;
};

/// Spectra of every position, from simulate_dual_pair with one component per phase and element. `run.seed` fixes all.
[[nodiscard]] SimulatedScan simulate_scan(const ScanScene& scene, const ScanSettings& settings,
                                          const ScanModels& models, Run& run);

}  // namespace hotstage::eels
