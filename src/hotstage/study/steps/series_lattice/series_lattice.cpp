// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.lattice: base vectors of a lattice image, and the true pixel sizes and shear from a known crystal.

#include "hotstage/study/detail/series_lattice.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace hotstage::study::series_lattice {

namespace {

struct Options {
  detail::ImageOptions image;
  series::LatticeOptions lattice;
  detail::KnownCrystalOptions known;
  double pixel_limit = 0.15;
  bool straighten = false;

  template <class V>
  void fields(V& v) {
    image.fields(v);
    lattice.fields(v);
    known.fields(v);
    v("pixel_limit", pixel_limit,
      {.help = "how far the stored pixel size may be off, relative", .min = 0.01, .max = 1.0});
    v("straighten", straighten, {.help = "also resample every image on square pixels with the shear taken out"});
  }
};

Result number(std::string id, Estimate e, std::string unit, std::string method, std::string label) {
  return {.id = std::move(id),
          .value = e.value,
          .sigma = e.sigma,
          .unit = std::move(unit),
          .method = std::move(method),
          .label = std::move(label)};
}

/// Spacing of planes 1/|g| in Å (px without a pixel size), σ to first order.
Estimate spacing(const series::ImageLattice& lattice, std::size_t i, const std::array<double, 2>& px) {
  const series::Planar& g = lattice.reciprocal[i];
  const double y = g.y / px[0];
  const double x = g.x / px[1];
  const double f = std::hypot(y, x);
  const std::array<double, 2> slope{y / px[0] / f, x / px[1] / f};
  double variance = 0.0;
  for (std::size_t a = 0; a < 2; ++a) {
    for (std::size_t b = 0; b < 2; ++b) {
      variance += slope[a] * lattice.covariance[2 * i + a][2 * i + b] * slope[b];
    }
  }
  return {1.0 / f, std::sqrt(std::max(0.0, variance)) / (f * f)};
}

void add_lattice(const series::ImageLattice& lattice, const detail::ImagePart& image, StepOutput& out) {
  const std::string unit = image.pixel_A ? "angstrom" : "px";
  const std::array<double, 2> px = image.pixel_A.value_or(std::array{1.0, 1.0});
  const std::string method = "line through the phases of all indexed spots in sub-windows; stored pixel size";
  out.results.push_back(number("spacing_1", spacing(lattice, 0, px), unit, method, "Spacing of planes 1, as stored"));
  out.results.push_back(number("spacing_2", spacing(lattice, 1, px), unit, method, "Spacing of planes 2, as stored"));
  const auto direction = [&](const series::Planar& g) { return std::atan2(g.y / px[0], g.x / px[1]); };
  out.results.push_back({.id = "angle",
                         .value = std::remainder(direction(lattice.reciprocal[1]) - direction(lattice.reciprocal[0]),
                                                 2.0 * std::numbers::pi) *
                                  180.0 / std::numbers::pi,
                         .unit = "deg",
                         .method = method,
                         .label = "Angle between their normals, as stored"});
  out.results.push_back({.id = "wander",
                         .value = lattice.wander_px,
                         .unit = "px",
                         .method = "rms of local places against the straight lattice, counting noise taken off",
                         .label = "Distortion and jitter"});
  out.checks.push_back({"Spots explained by one lattice",
                        lattice.indexed_power > 0.8 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} of {}, {:.0f} % of the power", lattice.indexed, lattice.spots.size(),
                                    100.0 * lattice.indexed_power),
                        "above 80 % of the power", "A second grain or phase: choose a region"});
  out.checks.push_back(
      {"Phases of sub-windows", lattice.blocks > 0 ? CheckStatus::ok : CheckStatus::attention,
       lattice.blocks > 0 ? fmt::format("{} windows", lattice.blocks) : "too few: places of spots only", "used",
       "Without them σ knows nothing of distortion"});
}

void add_calibration(const series::ScanCalibration& c, const series::KnownLattice& known, StepOutput& out) {
  const std::string method = "map of the lattice found to " + known.name + "; σ from counting or scatter, the larger";
  out.results.push_back(number("pixel_x", c.pixel_x_A, "angstrom", method, "Pixel size along the fast axis"));
  out.results.back().headline = true;
  out.results.push_back(number("pixel_y", c.pixel_y_A, "angstrom", method, "Distance of rows"));
  out.results.back().headline = true;
  out.results.push_back(number("shear", c.shear_deg, "deg", method, "Shear: the slow axis leans towards +x"));
  out.checks.push_back({"Distortion taken out", c.distortion < 0.1 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:.1f} %", 100.0 * c.distortion), "below 10 %",
                        "More is rather another zone axis or crystal"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& signal = inputs.signal("image");
  const detail::ImagePart image = detail::read_image(signal, options.image);
  const std::optional<series::KnownLattice> known = detail::known_lattice(options.known);
  const series::ImageLattice lattice = series::fit_lattice(image.counts.view(), options.lattice);
  StepOutput out;
  out.tables["spots"] = detail::lattice_spot_table(lattice, image.pixel_A);
  add_lattice(lattice, image, out);
  out.figures.push_back(detail::lattice_figure(image, lattice));
  if (known) {
    const series::ScanCalibration c = series::calibrate_scan(lattice, *known, image.pixel_A, options.pixel_limit);
    add_calibration(c, *known, out);
    out.signals["calibrated"] = detail::with_pixels(signal, c, *known);
    if (options.straighten) {
      out.signals["straight"] = detail::straightened(out.signals["calibrated"], c);
    }
    out.assumptions.push_back(
        {"The known crystal fills the region, unstrained", "strain would be taken for an error of the scan"});
    out.assumptions.push_back(
        {"The fast axis is straight", "a rotation of the scan cannot be told from one of the crystal"});
  }
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.lattice",
    .version = 1,
    .title = "Lattice of an image, pixel size from a known crystal",
    .help =
        "Finds the spots of an image's spectrum, fits two base vectors to their phases, and, when the crystal is "
        "known, "
        "finds the true pixel size along both axes and the shear of the scan and writes them into the axes",
    .example = "hotstage series lattice --image SrTiO3.hspy --a \"0.3905 nm\" --zone 0 0 1",
    .inputs = {{"image", Kind::signal, true, "image, or a registered stack"}},
    .outputs = {{"spots", Kind::table, "place, indices, strength and spacing of every spot"},
                {"calibrated", Kind::signal, "the input with the pixel sizes found, when a crystal is known"},
                {"straight", Kind::signal, "resampled on square pixels without shear, with straighten = true"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_lattice
