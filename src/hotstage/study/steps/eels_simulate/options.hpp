// SPDX-License-Identifier: GPL-3.0-or-later
// Options of eels.simulate.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/eels/cross_section.hpp"

#include <string>
#include <vector>

namespace hotstage::study::eels_simulate {

inline constexpr auto per_nm2 = Quantity<Dimension{.nm = -2}>(1.0);
using ArealDensity = Quantity<Dimension{.nm = -2}>;

struct Options {
  std::vector<std::string> edges;
  std::vector<double> atoms;
  ArealDensity areal_density = 1500.0 * per_nm2;
  double thickness = 0.5;
  int rows = 8;
  int columns = 8;
  Length pixel = 1.0 * units::nm;
  Energy beam_energy = 300.0 * units::keV;
  Angle convergence = 17.8 * units::mrad;
  Angle collection = 35.0 * units::mrad;
  Energy step = 0.5 * units::eV;
  Energy core_start = 380.0 * units::eV;
  Energy low_start = -30.0 * units::eV;
  int channels = 1024;
  Energy zlp_fwhm = 1.3 * units::eV;
  Energy plasmon = 25.0 * units::eV;
  Energy jitter = 0.5 * units::eV;
  double core_electrons = 2e9;
  double low_electrons = 2e6;
  double background_r = 3.2;
  double background_ratio = 3.0;
  double gain = 1.0;
  eels::Strength strength = eels::Strength::photo_absorption;
  int seed = 1;

  template <class V>
  void fields(V& v) {
    v("edges", edges, {.help = "edges in the spectrum, e.g. Ti L3, O K", .required = true});
    v("atoms", atoms, {.help = "atoms of each edge's element per formula unit", .required = true});
    v("areal_density", areal_density, {.help = "formula units per area of specimen", .unit = "1/nm^2", .min = 0.0});
    v("thickness", thickness, {.help = "t/lambda", .min = 0.0, .max = 5.0});
    v("rows", rows, {.help = "pixels along y", .min = 1, .max = 4096});
    v("columns", columns, {.help = "pixels along x", .min = 1, .max = 4096});
    v("pixel", pixel, {.help = "pixel size", .unit = "nm", .min = 1e-3});
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 10.0, .max = 3000.0});
    v("convergence", convergence, {.help = "convergence semi-angle", .unit = "mrad", .min = 0.0, .max = 200.0});
    v("collection", collection, {.help = "collection semi-angle", .unit = "mrad", .min = 0.01, .max = 500.0});
    v("step", step, {.help = "energy per channel", .unit = "eV", .min = 0.005, .max = 10.0});
    v("core_start", core_start, {.help = "first channel of the core loss", .unit = "eV", .min = 10.0});
    v("low_start", low_start, {.help = "first channel of the low loss", .unit = "eV", .max = 0.0});
    v("channels", channels, {.help = "channels of each member", .min = 64, .max = 65536});
    v("zlp_fwhm", zlp_fwhm, {.help = "full width at half maximum of the zero-loss peak", .unit = "eV", .min = 0.01});
    v("plasmon", plasmon, {.help = "plasmon energy", .unit = "eV", .min = 1.0});
    v("jitter", jitter,
      {.help = "standard deviation of the energy shift common to both members", .unit = "eV", .min = 0.0});
    v("core_electrons", core_electrons, {.help = "incident electrons of one core-loss spectrum", .min = 1.0});
    v("low_electrons", low_electrons, {.help = "incident electrons of one low-loss spectrum", .min = 1.0});
    v("background_r", background_r, {.help = "exponent of the power-law background", .min = 1.0, .max = 8.0});
    v("background_ratio", background_ratio, {.help = "background over edge signal at the first onset", .min = 0.0});
    v("gain", gain, {.help = "counts per electron", .min = 1e-3});
    v("strength", strength, {.help = "scale of the cross-sections put in; the analysis has the same option"});
    v("seed", seed, {.help = "seed of the noise", .min = 0});
  }
};

}  // namespace hotstage::study::eels_simulate
