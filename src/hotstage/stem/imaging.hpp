// SPDX-License-Identifier: GPL-3.0-or-later
// Options of a simulated frame series: microscope, scan, detector, drift, and what disturbs the specimen's contrast.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/stem/detector.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::stem {

constexpr auto enum_names(Noise) {
  return std::array<EnumName<Noise>, 2>{EnumName<Noise>{Noise::counting, "counting"},
                                        EnumName<Noise>{Noise::none, "none"}};
}

/// How thickness becomes signal: Σ, the single-scattering sum, or 1 − exp(−Σ), which keeps it below the beam.
enum class ThicknessLaw { linear, exponential };

constexpr auto enum_names(ThicknessLaw) {
  return std::array<EnumName<ThicknessLaw>, 2>{EnumName<ThicknessLaw>{ThicknessLaw::linear, "linear"},
                                               EnumName<ThicknessLaw>{ThicknessLaw::exponential, "exponential"}};
}

using Speed = Quantity<Dimension{.nm = 1, .s = -1}>;
using LengthPerTemperature = Quantity<Dimension{.nm = 1, .K = -1}>;

namespace imaging_units {
inline constexpr Speed nm_per_s{1.0};
inline constexpr LengthPerTemperature nm_per_K{1.0};
inline constexpr Current pA{1e-12 / 1.602176634e-19};
}  // namespace imaging_units

/// "Nominal" is what the operator set and the file says; the true value is drawn around it with the stated error, so
/// that an analysis which believes the nominal value is wrong by that much.
struct ImagingOptions {
  int pixels = 512;
  std::optional<Length> field_of_view;
  int frames = 150;
  Time dwell = 6.0 * units::us;
  Time flyback = 300.0 * units::us;
  Current current = 30.0 * imaging_units::pA;
  double current_error = 0.03;
  Energy beam_energy = 300.0 * units::keV;
  Angle convergence = 17.8 * units::mrad;
  Angle inner_angle = 84.0 * units::mrad;
  Angle outer_angle = 200.0 * units::mrad;
  double angle_error = 0.03;
  double scan_error = 0.01;
  Length source_size = 0.056 * units::nm;
  Detector detector;
  double gain_error = 0.05;
  double black_level_error = 2.0;
  Noise noise = Noise::counting;
  ThicknessLaw thickness_law = ThicknessLaw::linear;
  Speed drift_rate = 0.15 * imaging_units::nm_per_s;
  Length drift_walk = 0.5 * units::nm;
  int jumps = 2;
  Length jump = 8.0 * units::nm;
  Length jitter = 0.05 * units::nm;
  std::array<double, 2> channelling{0.10, 0.30};
  double bend = 0.12;
  Length bend_width = 60.0 * units::nm;
  LengthPerTemperature bend_speed = 0.3 * imaging_units::nm_per_K;
  double vibration_error = 0.3;
  std::vector<std::string> layer_materials{"C", "Ga", "Pt"};
  std::vector<Length> layer_thickness{5.0 * units::nm, 0.2 * units::nm, 0.05 * units::nm};
  double layer_error = 0.3;
  double layer_roughness = 0.2;
  LengthPerTemperature bulge = 8.0 * imaging_units::nm_per_K;
  double bulge_error = 0.3;
  Length refocus = 150.0 * units::nm;
  std::string date = "3/14/2023";
  std::string time_of_day = "10:00:00 AM";
  int seed = 1;

  template <class V>
  void fields(V& v) {
    v("pixels", pixels, {.help = "rows and columns of a frame", .min = 8, .max = 8192});
    v("field_of_view", field_of_view, {.help = "edge of a frame; unset: as large as the drift allows", .unit = "nm"});
    v("frames", frames, {.help = "number of frames", .min = 1, .max = 100000});
    v("dwell", dwell, {.help = "time per pixel", .unit = "us", .min = 0.01});
    v("flyback", flyback, {.help = "pause after each row", .unit = "us", .min = 0.0});
    v("current", current, {.help = "probe current, nominal", .unit = "pA", .min = 0.01});
    v("current_error", current_error, {.help = "relative error of the current", .min = 0.0, .max = 0.5});
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 10.0, .max = 3000.0});
    v("convergence", convergence, {.help = "convergence semi-angle", .unit = "mrad", .min = 0.1, .max = 100.0});
    v("inner_angle", inner_angle, {.help = "inner angle of the detector, nominal", .unit = "mrad", .min = 1.0});
    v("outer_angle", outer_angle, {.help = "outer angle of the detector, nominal", .unit = "mrad", .min = 2.0});
    v("angle_error", angle_error, {.help = "relative error common to both angles", .min = 0.0, .max = 0.2});
    v("scan_error", scan_error, {.help = "relative error of the pixel size in the file", .min = 0.0, .max = 0.2});
    v("source_size", source_size, {.help = "full width of the source image", .unit = "nm", .min = 0.0});
    v("gain", detector.gain, {.help = "counts per electron, nominal", .min = 1e-3});
    v("gain_error", gain_error, {.help = "relative error of the gain", .min = 0.0, .max = 0.5});
    v("spread", detector.spread, {.help = "relative width of one electron's pulse", .min = 0.0, .max = 2.0});
    v("black_level", detector.black_level, {.help = "counts without beam, nominal", .min = 0.0});
    v("black_level_error", black_level_error, {.help = "error of the black level in counts", .min = 0.0});
    v("read_noise", detector.read_noise, {.help = "electronic noise in counts", .min = 0.0});
    v("noise", noise, {.help = "counting, or expected counts for tests"});
    v("thickness_law", thickness_law, {.help = "how thickness becomes signal"});
    v("drift_rate", drift_rate, {.help = "steady drift, direction drawn", .unit = "nm/s", .min = 0.0});
    v("drift_walk", drift_walk, {.help = "random walk along each axis in one second", .unit = "nm", .min = 0.0});
    v("jumps", jumps, {.help = "number of jumps in the series", .min = 0, .max = 1000});
    v("jump", jump, {.help = "length of a jump", .unit = "nm", .min = 0.0});
    v("jitter", jitter, {.help = "random shift of each row along x", .unit = "nm", .min = 0.0});
    v("channelling", channelling,
      {.help = "least and largest relative change of a grain's signal by channelling, sign drawn",
       .min = 0.0,
       .max = 0.9});
    v("bend", bend, {.help = "relative height of bend contours", .min = 0.0, .max = 0.9});
    v("bend_width", bend_width, {.help = "width of a bend contour", .unit = "nm", .min = 0.1});
    v("bend_speed", bend_speed, {.help = "how far contours move on heating", .unit = "nm/K"});
    v("vibration_error", vibration_error, {.help = "relative error of the tabulated B", .min = 0.0, .max = 1.0});
    v("layer_materials", layer_materials, {.help = "materials of the amorphous surface layer (FIB)"});
    v("layer_thickness", layer_thickness, {.help = "thickness of each, both sides together", .unit = "nm", .min = 0.0});
    v("layer_error", layer_error, {.help = "relative error of the layer's thickness", .min = 0.0, .max = 1.0});
    v("layer_roughness", layer_roughness, {.help = "relative roughness of the layer", .min = 0.0, .max = 0.5});
    v("bulge", bulge, {.help = "height change of the membrane on heating", .unit = "nm/K", .min = 0.0});
    v("bulge_error", bulge_error, {.help = "relative error of the bulge", .min = 0.0, .max = 1.0});
    v("refocus", refocus, {.help = "defocus at which the operator refocuses", .unit = "nm", .min = 1.0});
    v("date", date, {.help = "acquisition date in the file"});
    v("time_of_day", time_of_day, {.help = "acquisition time in the file"});
    v("seed", seed, {.help = "seed of everything drawn", .min = 0});
  }
};

}  // namespace hotstage::stem
