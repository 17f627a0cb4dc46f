// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.denoise: frames denoised for the eye, with a test of what was taken off.

#include "hotstage/core/pass_journal.hpp"
#include "hotstage/series/denoise.hpp"
#include "hotstage/signal/scratch_rows.hpp"
#include "hotstage/study/detail/series_denoise_pages.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <optional>

namespace hotstage::study::series_denoise {

namespace {

struct Options {
  series::DenoiseOptions denoise;
  series::RegistrationOptions registration;
  std::optional<double> gain;
  std::optional<double> black;

  template <class V>
  void fields(V& v) {
    denoise.fields(v);
    registration.fields(v);
    v("gain", gain, {.help = "stored counts per electron, instead of the photon-transfer line", .min = 1e-9});
    v("black", black, {.help = "stored counts without any electron; 0 when only gain is given"});
  }
};

detail::SeriesState state_of(const StepInputs& inputs, const Options& options, Run& run) {
  const signal::Signal& frames = inputs.signal("frames");
  detail::SeriesState out;
  if (const auto table = inputs.tables.find("drift"); table != inputs.tables.end()) {
    out = detail::read_drift(table->second, frames);
  } else {
    series::Registration found = series::register_series(frames, options.registration, run);
    out = {.drift = std::move(found.frames), .detector = std::move(found.detector)};
  }
  if (options.gain) {
    out.detector = {.gain = {*options.gain, 0.0}, .black = {options.black.value_or(0.0), 0.0}, .found = true};
  } else if (options.black) {
    throw Error(Errc::bad_input, "black is given without gain", "Give both, or neither");
  }
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& frames = inputs.signal("frames");
  if (series::is_denoised(frames)) {
    throw Error(Errc::bad_input, Location{.file = frames.file}, "these frames are denoised already",
                "Give the counts as recorded: noise that is gone cannot be told from signal");
  }
  const detail::SeriesState state = state_of(inputs, options, run);
  const signal::ScratchRows rows(run.journal ? run.journal->scratch_folder() : std::filesystem::path(), frames.items(),
                                 frames.channels());
  const series::ResidualNoise noise = series::denoise_series(
      frames, state.drift, state.detector, options.denoise,
      [&](std::size_t frame, View<const float, 2> counts) {
        rows.write(frame, {counts.data(), counts.size()});
      },
      run);
  StepOutput out;
  out.signals["denoised"] = series::denoised_signal(frames, rows.source());
  detail::add_residual(noise, state.detector, frames.channels(), out);
  out.tables["residual"] = detail::residual_table(noise, frames);
  const signal::Signal& denoised = out.signals["denoised"];
  const std::size_t middle = frames.items() / 2;
  out.figures = {detail::denoised_figure(frames, denoised, state.detector, middle),
                 detail::denoised_strip(frames, denoised), detail::residual_noise_figure(noise)};
  out.assumptions.push_back({"For looking at, not for measuring",
                             "places that look alike share their light, and a change of few counts starts some frames "
                             "early and ends some late; steps that are fed the result say so"});
  out.assumptions.push_back({"Noise is white from pixel to pixel", "an afterglow along rows stays in"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.denoise",
    .version = 1,
    .title = "Denoised series",
    .help =
        "Denoises counts for the eye: patches followed through neighbouring frames along the drift, grouped with those "
        "that look alike, shrunk where counting noise explains them; tests that what was taken off is counting noise",
    .example = "hotstage series denoise --frames series.dm4",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}, counts as recorded"},
               {"drift", Kind::table, false, "drift table of series.register; without it the frames are registered"}},
    .outputs = {{"denoised", Kind::signal, "the frames, each where it was, stored counts; tagged: not for measuring"},
                {"residual", Kind::table, "variance, correlation and largest piece of what was taken off, per frame"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_denoise
