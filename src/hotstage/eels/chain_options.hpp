// SPDX-License-Identifier: GPL-3.0-or-later
// Options of the pass over a dual measurement: calibration, windows, background, plural scattering, noise.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/gos.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <string>

namespace hotstage::eels {

/// How the zero-loss peak of an item moves the axis of its core loss.
enum class Align {
  jitter,    ///< by its distance from the mean position: removes the wander, trusts each member's own calibration
  absolute,  ///< by its full position: both members come from one spectrometer calibration
  none,
};

constexpr auto enum_names(Align) {
  return std::array{EnumName<Align>{Align::jitter, "jitter"}, EnumName<Align>{Align::absolute, "absolute"},
                    EnumName<Align>{Align::none, "none"}};
}

/// Where the windows of an edge are hung up.
enum class Placement {
  observed,   ///< at the onset seen in the mean spectrum, edge by edge
  anchor,     ///< at the tabulated onset, after the axis was shifted so that the anchor edge is where it should be
  tabulated,  ///< at the tabulated onset of the file's axis
};

constexpr auto enum_names(Placement) {
  return std::array{EnumName<Placement>{Placement::observed, "observed"},
                    EnumName<Placement>{Placement::anchor, "anchor"},
                    EnumName<Placement>{Placement::tabulated, "tabulated"}};
}

enum class PluralScattering {
  automatic,      ///< removed when there is a low loss
  fourier_ratio,  ///< removed; a missing low loss is an error
  keep,           ///< left in
};

constexpr auto enum_names(PluralScattering) {
  return std::array{EnumName<PluralScattering>{PluralScattering::automatic, "automatic"},
                    EnumName<PluralScattering>{PluralScattering::fourier_ratio, "fourier_ratio"},
                    EnumName<PluralScattering>{PluralScattering::keep, "keep"}};
}

/// What lies under an edge that follows another one closely.
enum class Tail {
  cross_section,  ///< the background of the first edge, plus the earlier edges' cross-sections fitted in front of this
                  ///< one
  power_law,      ///< a power law of its own
};

constexpr auto enum_names(Tail) {
  return std::array{EnumName<Tail>{Tail::cross_section, "cross_section"}, EnumName<Tail>{Tail::power_law, "power_law"}};
}

enum class Noise {
  measured,  ///< variance/mean from block sums of the background residuals, pooled over all items
  poisson,   ///< 1: counts are electrons
};

constexpr auto enum_names(Noise) {
  return std::array{EnumName<Noise>{Noise::measured, "measured"}, EnumName<Noise>{Noise::poisson, "poisson"}};
}

enum class LowLossNoise {
  automatic,  ///< propagate in eels.quantify, ignore elsewhere
  propagate,  ///< into σ of everything summed from a deconvolved signal
  ignore,
};

constexpr auto enum_names(LowLossNoise) {
  return std::array{EnumName<LowLossNoise>{LowLossNoise::automatic, "automatic"},
                    EnumName<LowLossNoise>{LowLossNoise::propagate, "propagate"},
                    EnumName<LowLossNoise>{LowLossNoise::ignore, "ignore"}};
}

struct ChainOptions {
  std::optional<Energy> beam_energy;
  std::optional<Angle> convergence;
  std::optional<Angle> collection;
  Align align = Align::jitter;
  Energy shift = 0.0 * units::eV;
  Placement placement = Placement::observed;
  std::string anchor;
  Energy search = 15.0 * units::eV;
  Energy background_start = -55.0 * units::eV;
  Energy background_end = -8.0 * units::eV;
  BackgroundOptions background;
  Tail tail = Tail::cross_section;
  PluralScattering plural_scattering = PluralScattering::automatic;
  FourierRatioOptions deconvolution;
  ZeroLossOptions zero_loss;
  Noise noise = Noise::measured;
  LowLossNoise low_loss_noise = LowLossNoise::automatic;
  ShellModel model = ShellModel::hydrogenic;
  std::filesystem::path gosh;

  template <class V>
  void fields(V& v) {
    v("beam_energy", beam_energy, {.help = "beam energy; from the file when unset", .unit = "keV", .min = 1.0});
    v("convergence", convergence,
      {.help = "convergence semi-angle of the probe; from the file when unset", .unit = "mrad", .min = 0.0});
    v("collection", collection,
      {.help = "collection semi-angle of the spectrometer; from the file when unset", .unit = "mrad", .min = 1e-3});
    v("align", align,
      {.help = "core-loss shift by the zero-loss peak: jitter (its wander about the mean), absolute, none"});
    v("shift", shift, {.help = "added to the energy axis of the core loss", .unit = "eV"});
    v("placement", placement,
      {.help = "windows hang at the onset observed in the mean spectrum, at the tabulated one after shifting the axis "
               "to the anchor edge, or at the tabulated one"});
    v("anchor", anchor, {.help = "edge that calibrates the axis with placement = anchor; the first edge when empty"});
    v("search", search,
      {.help = "how far from the tabulated onset the observed one may lie", .unit = "eV", .min = 1.0, .max = 30.0});
    v("background_start", background_start,
      {.help = "start of the background window, from the onset", .unit = "eV", .max = -4.0});
    v("background_end", background_end,
      {.help = "end of the background window, from the onset", .unit = "eV", .max = 0.0});
    v("background", background, {.help = "power-law background"});
    v("tail", tail,
      {.help =
           "what is under an edge within 150 eV of an earlier one: the earlier edges' cross-sections, or a power law"});
    v("plural_scattering", plural_scattering, {.help = "removed when there is a low loss, always removed, or kept"});
    v("deconvolution", deconvolution, {.help = "Fourier-ratio deconvolution"});
    v("zero_loss", zero_loss, {.help = "zero-loss peak of the low loss"});
    v("noise", noise, {.help = "variance of the counts: measured from the background residuals, or poisson"});
    v("low_loss_noise", low_loss_noise,
      {.help = "counting noise of the low loss in sigma of deconvolved signals: propagate, ignore, or automatic "
               "(propagate in eels.quantify only)"});
    v("model", model,
      {.help = "oscillator strengths of the cross-sections: hydrogenic, our own tables (gos), or a file (gosh)"});
    v("gosh", gosh, {.help = "GOSH file of oscillator strengths, with model = gosh"});
  }
};

}  // namespace hotstage::eels
