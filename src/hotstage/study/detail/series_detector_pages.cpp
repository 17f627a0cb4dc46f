// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_detector_pages.hpp"

#include "hotstage/series/frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

constexpr std::size_t shown = 256;  // edge of the image in the report

double middle_deg(std::size_t octant) {
  return 22.5 + 45.0 * static_cast<double>(octant);
}

}  // namespace

report::Figure detector_figure(const series::DetectorScan& scan, View<const float, 2> image) {
  report::Figure figure{.id = "detector", .title = "Response of the detector"};
  figure.caption =
      "Left: response, 1 is the mean over the sensitive area, whose edge is drawn. Right: means over 45° of azimuth, "
      "from "
      "+x towards +y.";
  const std::size_t block = std::max<std::size_t>(1, (std::max(image.extent(0), image.extent(1)) + shown - 1) / shown);
  report::Image response{.name = "response", .bar_label = "Response"};
  report::Grid& grid = response.grid;
  grid = {.rows = image.extent(0) / block, .columns = image.extent(1) / block};
  grid.values.assign(grid.rows * grid.columns, 0.0);
  report::Contour edge{.name = "sensitive area", .grid = grid, .levels = {0.5}};
  const double span = scan.full.value - scan.black.value;
  const double share = 1.0 / static_cast<double>(block * block);
  for (std::size_t y = 0; y < grid.rows * block; ++y) {
    for (std::size_t x = 0; x < grid.columns * block; ++x) {
      const std::size_t at = y / block * grid.columns + x / block;
      grid.values[at] += share * (static_cast<double>(image(y, x)) - scan.black.value) / span;
      edge.grid.values[at] += share * static_cast<double>(scan.area.view()(y, x));
    }
  }
  grid.y = {-0.5, static_cast<double>(grid.rows * block) - 0.5};
  grid.x = {-0.5, static_cast<double>(grid.columns * block) - 0.5};
  edge.grid.y = grid.y;
  edge.grid.x = grid.x;
  report::Panel where{.x = {.label = "x", .unit = "px"}, .y = {.label = "y", .unit = "px"}};
  where.marks.emplace_back(std::move(response));
  where.marks.emplace_back(std::move(edge));
  report::Points octants{.name = "octants"};
  for (std::size_t o = 0; o < scan.octant.size(); ++o) {
    octants.x.push_back(middle_deg(o));
    octants.y.push_back(scan.octant[o]);
  }
  report::Panel around{
      .x = {.label = "Azimuth", .unit = "°", .range = std::array{0.0, 360.0}}, .y = {.label = "Response"}, .column = 1};
  around.marks.emplace_back(std::move(octants));
  around.marks.emplace_back(report::HorizontalLine{.label = "mean", .value = 1.0});
  figure.panels = {std::move(where), std::move(around)};
  return figure;
}

io::Table octant_table(const series::DetectorScan& scan) {
  std::vector<double> azimuth;
  for (std::size_t o = 0; o < scan.octant.size(); ++o) {
    azimuth.push_back(middle_deg(o));
  }
  io::Table out;
  out.columns = {io::number_column("azimuth", "deg", azimuth),
                 io::number_column("response", "", {scan.octant.begin(), scan.octant.end()})};
  return out;
}

void add_detector_checks(const series::DetectorScan& scan, StepOutput& out) {
  constexpr double lopsided = 0.05;
  const double asymmetry = scan.asymmetry();
  out.checks.push_back(
      {"Symmetry of the detector", asymmetry <= lopsided ? CheckStatus::ok : CheckStatus::attention,
       fmt::format("octants differ by {:.1f} %", 100.0 * asymmetry), "at most 5 %",
       "Where scattering is not round (tilt, Kikuchi bands, a shifted pattern) the fraction is wrong by "
       "up to this; it is not in σ"});
  const double halves = std::abs(scan.inner - scan.outer) / (scan.full.value - scan.black.value);
  out.checks.push_back({"Inner against outer half", halves <= lopsided ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("differ by {:.1f} %", 100.0 * halves), "at most 5 %",
                        "Most electrons hit the inner part; |inner − outer|/√12 is in σ"});
  constexpr double few = 0.001;
  out.checks.push_back({"Detector scan not clipped", scan.clipped <= few ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:.2g} of the area at the largest value", scan.clipped), "0.001",
                        "A clipped scan makes the full level too low and fractions too large"});
  if (scan.edge_px > 3) {
    out.checks.push_back({"Whole detector in the scan", CheckStatus::attention,
                          fmt::format("{} px of the area on the edge of the image", scan.edge_px), "0",
                          "Parts of the detector, or other things that scatter onto it, are cut off"});
  }
}

BeamLevels find_beam_levels(const StepInputs& inputs, const BeamLevelOptions& options, StepOutput& out) {
  BeamLevels l;
  if (const signal::Signal* image = inputs.find_signal("detector")) {
    if (image->axes.size() != 2 || image->items() != 1) {
      throw Error(Errc::bad_input, Location{.file = image->file},
                  fmt::format("a detector scan is one image, this is {}", image->shape_text()),
                  "Give one image {y, x}");
    }
    const Buffer<float, 2> counts = series::read_frame(*image, 0);
    l.scan = series::read_detector_scan(counts.view());
    out.figures.push_back(detector_figure(*l.scan, counts.view()));
    out.tables["detector"] = octant_table(*l.scan);
    add_detector_checks(*l.scan, out);
  }
  if (!l.scan && (!options.black_level || !options.full_level)) {
    throw Error(Errc::bad_input, "the levels of the detector are not known",
                "Bind detector to a scan of the beam over the detector, or give black_level and full_level");
  }
  const Estimate scan_black = l.scan ? l.scan->black : Estimate{*options.black_level, options.black_sigma};
  const Estimate full = options.full_level
                            ? Estimate{*options.full_level, options.full_sigma}
                            : Estimate{l.scan->full.value, std::hypot(l.scan->full.sigma, l.scan->full_model)};
  l.scale.black = options.black_level ? Estimate{*options.black_level, options.black_sigma} : scan_black;
  const double height = full.value - scan_black.value;
  if (!(height > 0.0)) {
    throw Error(Errc::bad_input, fmt::format("the full level ({:.6g}) does not lie above the black level ({:.6g})",
                                             full.value, scan_black.value));
  }
  const double relative =
      std::hypot(std::hypot(full.sigma, scan_black.sigma) / height, options.current_sigma / options.current_ratio);
  l.scale.span = {height * options.current_ratio, height * options.current_ratio * relative};
  return l;
}

}  // namespace hotstage::study::detail
