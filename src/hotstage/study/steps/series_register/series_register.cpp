// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.register: drift of every frame with its uncertainty, detector response, sharpness.

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

namespace hotstage::study::series_register {

namespace {

Result number(const std::string& id, Estimate value, const std::string& unit, const std::string& method,
              const std::string& label) {
  Result out{.id = id, .value = value.value, .unit = unit, .method = method, .label = label};
  if (value.sigma > 0.0) {
    out.sigma = value.sigma;
  }
  return out;
}

void add_results(const series::Registration& r, StepOutput& out) {
  std::vector<double> sigma, dy, dx;
  for (const series::FrameDrift& frame : r.frames) {
    if ((frame.flags & series::frame_lost) == 0) {
      sigma.push_back(std::sqrt(0.5 * (frame.sigma_y_px * frame.sigma_y_px + frame.sigma_x_px * frame.sigma_x_px)));
      dy.push_back(frame.dy_px);
      dx.push_back(frame.dx_px);
    }
  }
  out.results.push_back(number("rms_drift", {std::hypot(num::standard_deviation(dy), num::standard_deviation(dx)), 0.0},
                               "px", "standard deviation of the position over the series", "Rms drift"));
  out.results.push_back(number("median_sigma", {num::median(sigma), 0.0}, "px",
                               "per axis and frame, from the scatter of the phases at the solution",
                               "Uncertainty of the drift of one frame"));
  out.results.back().headline = true;
  out.results.push_back(
      number("scan_sigma", {std::hypot(r.frames.front().scan_y_px, r.frames.front().scan_x_px) / std::sqrt(2.0), 0.0},
             "px", "per axis; drift goes on while a frame is scanned, and its rows count unequally",
             "What motion inside a frame adds"));
  out.results.push_back(number("bound", {r.bound_px, 0.0}, "px",
                               "Cramér–Rao, per axis, one frame against a noiseless scene", "Lowest possible"));
  if (r.detector.found) {
    const std::string method = "photon-transfer line: variance of frame differences against mean, tiles of 8 px";
    out.results.push_back(number("gain", r.detector.gain, "counts",
                                 method + "; per electron, spread of pulse heights included", "Detector gain"));
    out.results.push_back(number("black_level", r.detector.black, "counts", method, "Detector black level"));
    const double mean =
        std::accumulate(r.frames.begin(), r.frames.end(), 0.0, [](double sum, const auto& f) { return sum + f.mean; }) /
        static_cast<double>(r.frames.size());
    out.results.push_back(number("electrons", {r.detector.electrons(mean), 0.0}, "",
                                 "mean of all frames, black level and gain from the photon-transfer line",
                                 "Detected electrons per pixel"));
  }
}

void add_checks(const series::Registration& r, StepOutput& out) {
  std::map<std::string, std::size_t> kinds;
  std::size_t lost = 0;
  for (const series::FrameDrift& frame : r.frames) {
    if (frame.flags != 0) {
      ++kinds[series::flags_text(frame.flags)];
    }
    lost += (frame.flags & series::frame_lost) != 0 ? 1U : 0U;
  }
  std::string text;
  for (const auto& [kind, count] : kinds) {
    text += fmt::format("{}{} × {}", text.empty() ? "" : "; ", count, kind);
  }
  out.checks.push_back({"Frames registered", lost == 0 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} of {}", r.frames.size() - lost, r.frames.size()), "all",
                        "A lost frame keeps the position of the one before and is left out of all measurements"});
  out.checks.push_back({"Flagged frames", kinds.empty() ? CheckStatus::ok : CheckStatus::attention,
                        text.empty() ? "none" : text, "none",
                        "Frames of sudden focus or intensity are left out: no onset may come from them"});
  std::string doubtful;
  for (const series::AmbiguousJump& jump : r.ambiguous) {
    std::string places;
    for (const series::AmbiguousJump::Choice& c : jump.choices) {
      places += fmt::format("{}({:+.1f}, {:+.1f}) px: {:.0f} %", places.empty() ? "" : ", ", c.dy_px, c.dx_px,
                            100.0 * c.probability);
    }
    doubtful += fmt::format("{}frame {}: {}", doubtful.empty() ? "" : "; ", jump.frame, places);
  }
  out.checks.push_back({"Lattice vectors told apart", r.ambiguous.empty() ? CheckStatus::ok : CheckStatus::attention,
                        doubtful.empty() ? "all" : doubtful, "all",
                        "The image repeats itself: this frame and all after it may stand a lattice vector away"});
  const series::RegionWeights& regions = r.regions;
  out.checks.push_back(
      {"Regions that change", regions.needed && !regions.used ? CheckStatus::attention : CheckStatus::ok,
       !regions.needed ? "no part of the series is shifted by them"
                       : fmt::format("{}; largest correction {:.3f} px, {:.0f} % of the information left",
                                     regions.used ? "left out of the last alignment" : "too many to leave out",
                                     regions.bias_px, 100.0 * regions.information),
       "left out where they would bias the drift", "What grows or moves in the specimen pulls the drift along"});
  out.checks.push_back({"Detector response", r.detector.found ? CheckStatus::ok : CheckStatus::attention,
                        r.detector.found ? fmt::format("gain {:.3g}, black level {:.4g} counts", r.detector.gain.value,
                                                       r.detector.black.value)
                                         : "not found: counts are taken for electrons",
                        "found", "Needs tiles of different brightness"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<series::RegistrationOptions>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const signal::Timeline timeline = signal::timeline_of(frames);
  const series::Registration result = series::register_series(frames, options, run);
  const series::MeanImage mean = series::drift_corrected_mean(frames, result.frames, 0, result.frames.size(), run);
  StepOutput out;
  out.tables["drift"] = detail::drift_table(result, timeline);
  out.signals["mean"] = detail::map_signal(frames, mean.mean.extent(0), mean.mean.extent(1), 1,
                                           {mean.mean.data(), mean.mean.data() + mean.mean.size()});
  add_results(result, out);
  add_checks(result, out);
  out.figures.push_back(detail::drift_figure(result, timeline));
  out.assumptions.push_back({"Frames move as a whole", "no shear, rotation or row jitter inside a frame is corrected"});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.register",
    .version = 5,
    .title = "Drift of a frame series",
    .help =
        "Registers a frame series to a few hundredths of a pixel with an uncertainty per frame, finds gain and black "
        "level of the detector and frames of sudden focus, jumps or intensity",
    .example = "hotstage series register --frames series.dm4",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"}},
    .outputs = {{"drift", Kind::table, "position, uncertainty, sharpness and flags of every frame; gain and black"},
                {"mean", Kind::signal, "drift-corrected mean of all frames, stored counts"}},
    .options = make_options<series::RegistrationOptions>,
    .run = run,
};

}  // namespace hotstage::study::series_register
