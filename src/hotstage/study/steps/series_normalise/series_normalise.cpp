// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.normalise: stored counts of a series as a fraction of the beam.

#include "hotstage/series/frames.hpp"
#include "hotstage/study/detail/series_detector_pages.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::series_normalise {

namespace {

/// Mean of the series from at most 32 frames, and the share of pixels that cannot be.
void add_fraction(const signal::Signal& frames, const series::BeamScale& scale, Run& run, StepOutput& out) {
  constexpr std::size_t most = 32;
  const std::size_t n = std::min(most, frames.items());
  double sum = 0.0;
  double beyond = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    run.check_stop();
    const Buffer<float, 2> frame = series::read_frame(frames, i * frames.items() / n);
    for (std::size_t k = 0; k < frame.size(); ++k) {
      const double f = scale.fraction(static_cast<double>(frame.data()[k]));
      sum += f;
      beyond += f > 1.0 ? 1.0 : 0.0;
    }
  }
  const double pixels = static_cast<double>(n * frames.channels());
  const double mean = sum / pixels;
  out.results.push_back(
      {.id = "mean_fraction",
       .value = mean,
       .sigma = scale.sigma(mean),
       .method = fmt::format("mean of {} frames; σ of both levels and the current, common to all pixels", n),
       .label = "Mean fraction of the beam on the detector",
       .headline = true});
  out.checks.push_back({"Fractions", mean > 0.0 && beyond == 0.0 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("mean {:.3g}, {:.2g} of the pixels above 1", mean, beyond / pixels), "0 … 1",
                        "Other gain, brightness or current than in the detector scan?"});
}

/// Electrons of the whole beam per pixel, by the gain of the series.
void add_electrons(const StepInputs& inputs, const signal::Signal& frames, const series::BeamScale& scale,
                   StepOutput& out) {
  const auto drift = inputs.tables.find("drift");
  if (drift == inputs.tables.end()) {
    return;
  }
  const series::DetectorResponse detector = detail::read_drift(drift->second, frames).detector;
  const double electrons = scale.span.value / detector.gain.value;
  out.results.push_back({.id = "beam_electrons",
                         .value = electrons,
                         .method =
                             "full less black level over the gain of the photon-transfer line; the spread of pulse "
                             "heights makes it too small. Counting σ of a fraction f: √(f / this)",
                         .label = "Electrons of the beam per pixel"});
  out.checks.push_back(
      {"Black level", CheckStatus::ok,
       fmt::format("{:.4g} here, {:.4g} by the photon-transfer line", scale.black.value, detector.black.value), "",
       "They should agree within the uncertainty that series.register gives"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<detail::BeamLevelOptions>(table);
  const signal::Signal& frames = inputs.signal("frames");
  if (frames.axes.size() != 2) {
    throw Error(Errc::bad_input, Location{.file = frames.file},
                fmt::format("frames are images, this is {}", frames.shape_text()),
                "Give an image or a series {time | y, x}");
  }
  StepOutput out;
  const detail::BeamLevels levels = detail::find_beam_levels(inputs, options, out);
  const series::BeamScale& scale = levels.scale;
  const std::string from = levels.scan ? "scan of the detector" : "stated";
  out.results = {
      {.id = "black_level",
       .value = scale.black.value,
       .sigma = scale.black.sigma,
       .unit = "counts",
       .method = options.black_level ? "stated" : from,
       .label = "Black level"},
      {.id = "beam_span",
       .value = scale.span.value,
       .sigma = scale.span.sigma,
       .unit = "counts",
       .method = fmt::format("full less black level × current ratio; {}{}", options.full_level ? "stated" : from,
                             options.full_level ? "" : ", uneven response in σ"),
       .label = "Whole beam over black"}};
  add_fraction(frames, scale, run, out);
  add_electrons(inputs, frames, scale, out);
  signal::Signal fraction = frames;
  fraction.intensity_scale = frames.intensity_scale / scale.span.value;
  fraction.intensity_offset = (frames.intensity_offset - scale.black.value) / scale.span.value;
  fraction.intensity_unit = "fraction of the beam";
  out.signals["frames"] = std::move(fraction);
  out.assumptions.push_back(
      {"Detector scan and frames were recorded alike", "gain, brightness and camera length unchanged"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.normalise",
    .version = 1,
    .title = "Fraction of the beam",
    .help =
        "Turns stored counts into the fraction of the beam that the detector collects, from a scan of the beam over "
        "the "
        "detector or from stated levels, with the uncertainty of both levels; tells how even and symmetric the "
        "detector is",
    .example =
        "hotstage series normalise --frames series.dm4 --detector detector.dm4 --current_ratio 12 --current_sigma 0.3",
    .inputs = {{"frames", Kind::signal, true, "image or frame series {time | y, x}"},
               {"detector", Kind::signal, false,
                "image of the detector scanned with the focused beam, without specimen"},
               {"drift", Kind::table, false, "drift table of series.register: gain, for electrons per pixel"}},
    .outputs = {{"frames", Kind::signal, "the same frames as fractions of the beam"},
                {"detector", Kind::table, "response by azimuth"}},
    .options = make_options<detail::BeamLevelOptions>,
    .run = run,
};

}  // namespace hotstage::study::series_normalise
