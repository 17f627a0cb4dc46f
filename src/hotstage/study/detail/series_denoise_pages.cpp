// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_denoise_pages.hpp"

#include "hotstage/study/detail/series_lattice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace hotstage::study::detail {

namespace {

constexpr double least_variance = 0.9, most_variance = 1.05;
constexpr double white = 0.02;

ImagePart part_of(const signal::Signal& frames, std::size_t frame) {
  return read_image(frames, {.frame = static_cast<int>(frame), .region = {0, 0, 0, 0}, .pixel = std::nullopt});
}

report::Panel titled(const ImagePart& part, report::Image image, std::string title, std::size_t column) {
  report::Panel panel = image_panel(part);
  panel.marks.emplace_back(std::move(image));
  panel.title = std::move(title);
  panel.column = column;
  return panel;
}

std::vector<double> column(const series::ResidualNoise& noise, double series::FrameResidual::*member) {
  std::vector<double> out;
  for (const series::FrameResidual& frame : noise.frames) {
    out.push_back(frame.*member);
  }
  return out;
}

std::vector<double> numbers(std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<double>(i);
  }
  return out;
}

}  // namespace

io::Table residual_table(const series::ResidualNoise& noise, const signal::Signal& frames) {
  std::vector<double> y, x, together;
  for (const series::FrameResidual& frame : noise.frames) {
    y.push_back(frames.axes[0].value(frame.worst_y_px));
    x.push_back(frames.axes[1].value(frame.worst_x_px));
    together.push_back(static_cast<double>(frame.frames));
  }
  io::Table table;
  using series::FrameResidual;
  table.columns = {io::number_column("frame", "", numbers(noise.frames.size())),
                   io::number_column("together", "", together),
                   io::number_column("variance", "counting", column(noise, &FrameResidual::variance)),
                   io::number_column("correlation_y", "", column(noise, &FrameResidual::along_y)),
                   io::number_column("correlation_x", "", column(noise, &FrameResidual::along_x)),
                   io::number_column("correlation_time", "", column(noise, &FrameResidual::along_time)),
                   io::number_column("worst_block", "sigma", column(noise, &FrameResidual::worst_block)),
                   io::number_column("worst_y", frames.axes[0].unit, y),
                   io::number_column("worst_x", frames.axes[1].unit, x)};
  return table;
}

void add_residual(const series::ResidualNoise& noise, const series::DetectorResponse& detector, std::size_t pixels,
                  StepOutput& out) {
  const double correlation = std::max({std::abs(noise.along_y), std::abs(noise.along_x), std::abs(noise.along_time)});
  out.results.push_back({.id = "residual_variance",
                         .value = noise.variance,
                         .method =
                             "Σ (recorded − denoised)² over Σ denoised, electrons; 1 for counting noise, a little "
                             "less since the denoised hold a part of it",
                         .label = "Variance taken off over counting noise",
                         .headline = true});
  out.results.push_back({.id = "residual_correlation",
                         .value = correlation,
                         .method = "of neighbours along y, x and time, the largest; 0 for white noise",
                         .label = "Correlation in what was taken off"});
  out.results.push_back(
      {.id = "worst_block",
       .value = noise.worst_block,
       .unit = "sigma",
       .method =
           fmt::format("mean of 8 × 8 px that deviates most, of all blocks and frames; frame {}", noise.worst_frame),
       .label = "Largest piece taken off"});
  out.checks.push_back(
      {"What was taken off has the variance of counting noise",
       noise.variance > least_variance && noise.variance < most_variance ? CheckStatus::ok : CheckStatus::attention,
       fmt::format("{:.3f}", noise.variance), "0.9 … 1.05",
       "Above: structure was removed, or the gain is wrong; below: noise was left, or is not white"});
  const double limit =
      std::max(white, 4.0 / std::sqrt(static_cast<double>(pixels) * static_cast<double>(noise.frames.size())));
  out.checks.push_back({"What was taken off is white", correlation < limit ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("y {:.4f}, x {:.4f}, time {:.4f}", noise.along_y, noise.along_x, noise.along_time),
                        fmt::format("within ± {:.3f}", limit),
                        "Structure, or noise that the detector smears over pixels or rows"});
  out.checks.push_back({"No place lost a signal",
                        noise.worst_block < noise.block_limit ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:.1f} σ in frame {}", noise.worst_block, noise.worst_frame),
                        fmt::format("{:.1f} σ (1 in 100 series by chance)", noise.block_limit),
                        "Look there in the frames as recorded: see the table"});
  out.checks.push_back(
      {"Detector response", detector.found ? CheckStatus::ok : CheckStatus::attention,
       detector.found ? fmt::format("gain {:.3g}, black level {:.4g} counts", detector.gain.value, detector.black.value)
                      : "not found: counts are taken for electrons",
       "found", "A wrong gain denoises too much or too little; the first check shows it"});
}

report::Figure denoised_figure(const signal::Signal& frames, const signal::Signal& denoised,
                               const series::DetectorResponse& detector, std::size_t frame) {
  const ImagePart before = part_of(frames, frame);
  const ImagePart after = part_of(denoised, frame);
  ImagePart off{.counts = Buffer<float, 2>(before.counts.extents()), .pixel_A = before.pixel_A};
  const double gain = detector.found ? detector.gain.value : 1.0;
  const double black = detector.found ? detector.black.value : 0.0;
  for (std::size_t i = 0; i < off.counts.size(); ++i) {
    const double mean = (static_cast<double>(after.counts.data()[i]) - black) / gain;
    const double one = (static_cast<double>(before.counts.data()[i]) - black) / gain;
    off.counts.data()[i] = mean > 0.0 ? static_cast<float>((one - mean) / std::sqrt(mean)) : 0.0F;
  }
  report::Image shown = grey_image(after);
  report::Image raw = grey_image(before);
  raw.range = shown.range;
  report::Image residual = grey_image(off);
  constexpr double range_sigma = 4.0;
  residual.colour_map = report::ColourMap::diverging;
  residual.range = {-range_sigma, range_sigma};
  residual.bar_label = "recorded − denoised";
  residual.bar_unit = "σ";
  report::Figure figure{.id = "denoised", .title = "One frame, denoised"};
  figure.caption = fmt::format(
      "Frame {}: stored counts, the same grey levels; right: what was taken off, over the counting noise of the "
      "denoised. Denoised images are for looking at, not for measuring.",
      frame);
  figure.panels.push_back(titled(before, std::move(raw), "as recorded", 0));
  figure.panels.push_back(titled(after, std::move(shown), "denoised", 1));
  figure.panels.push_back(titled(off, std::move(residual), "taken off", 2));
  return figure;
}

report::Figure denoised_strip(const signal::Signal& frames, const signal::Signal& denoised) {
  constexpr std::size_t most = 4;
  const std::size_t count = std::min(most, frames.items());
  report::Figure figure{.id = "strip", .title = "The series, as recorded and denoised"};
  figure.caption =
      "Above: as recorded; below: denoised, not for measuring. One grey scale for all, drift not corrected.";
  const auto at = [&](std::size_t i) { return count > 1 ? i * (frames.items() - 1) / (count - 1) : 0; };
  std::array<double, 2> range{1e300, -1e300};
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto own = grey_image(part_of(denoised, at(i))).range) {
      range = {std::min(range[0], (*own)[0]), std::max(range[1], (*own)[1])};
    }
  }
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t i = 0; i < count; ++i) {
      const ImagePart part = part_of(row == 0 ? frames : denoised, at(i));
      report::Image image = grey_image(part, 256);
      if (range[1] > range[0]) {
        image.range = range;
      }
      report::Panel panel =
          titled(part, std::move(image), row == 0 ? fmt::format("frame {}", at(i)) : std::string(), i);
      panel.row = row;
      figure.panels.push_back(std::move(panel));
    }
  }
  return figure;
}

report::Figure residual_noise_figure(const series::ResidualNoise& noise) {
  report::Figure figure{.id = "residual", .title = "Is what was taken off counting noise?"};
  figure.caption = fmt::format(
      "Left: its variance against the denoised brightness; the line is that of counts, below it noise was left, as at "
      "edges. Right: correlation of neighbouring pixels and of frames that follow each other; white noise lies about "
      "0, "
      "dotted: ± {:.2f}.",
      white);
  report::Points variance{.name = "measured", .colour = report::Colour::blue};
  report::Line line{.name = "counting noise", .dash = report::Dash::dashed, .colour = report::Colour::vermilion};
  double all = 0.0;
  for (const series::BrightnessBin& bin : noise.bins) {
    all += bin.pixels;
  }
  constexpr double least_share = 1e-4;
  for (const series::BrightnessBin& bin : noise.bins) {
    if (bin.pixels > least_share * all) {
      variance.x.push_back(bin.electrons);
      variance.y.push_back(bin.variance);
      variance.sigma_y.push_back(bin.variance * std::sqrt(2.0 / bin.pixels));
    }
  }
  if (!variance.x.empty()) {
    line.x = {0.0, variance.x.back()};
    line.y = line.x;
  }
  report::Panel left{.x = {.label = "Denoised", .unit = "e/px"}, .y = {.label = "Variance taken off", .unit = "e^{2}"}};
  left.marks.emplace_back(std::move(line));
  left.marks.emplace_back(std::move(variance));
  report::Panel right{.x = {.label = "Frame"}, .y = {.label = "Correlation"}, .column = 1};
  using series::FrameResidual;
  for (const auto& [name, member, colour] :
       {std::tuple{"along y", &FrameResidual::along_y, report::Colour::blue},
        std::tuple{"along x", &FrameResidual::along_x, report::Colour::orange},
        std::tuple{"in time", &FrameResidual::along_time, report::Colour::green}}) {
    right.marks.emplace_back(
        report::Line{.name = name, .x = numbers(noise.frames.size()), .y = column(noise, member), .colour = colour});
  }
  for (const double limit : {white, -white}) {
    right.marks.emplace_back(report::HorizontalLine{.value = limit, .dash = report::Dash::dotted});
  }
  figure.panels = {std::move(left), std::move(right)};
  return figure;
}

}  // namespace hotstage::study::detail
