// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.scan: a dual-EELS line scan through the special void of a simulated specimen and across a grain boundary.

#include "hotstage/core/constants.hpp"
#include "hotstage/study/detail/eels_scan_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::eels_scan {

namespace {

constexpr Current per_second(1.0);  // one electron

struct Options {
  int positions = 80;
  eels::Filling product = eels::Filling::hidden;
  eels::Models models = eels::Models::mismatched;
  std::optional<Time> time;
  Current current = 100e-12 / constants::elementary_charge_C * per_second;
  Time dwell = 0.5 * units::s;
  double low_electrons = 2e6;
  Energy beam_energy = 300.0 * units::keV;
  Angle convergence = 17.8 * units::mrad;
  Angle collection = 35.0 * units::mrad;
  Energy step = 0.25 * units::eV;
  Energy core_start = 455.0 * units::eV;
  int channels = 2048;
  Energy zlp_fwhm = 1.3 * units::eV;
  Energy jitter = 0.3 * units::eV;
  Energy axis_shift = 3.0 * units::eV;
  int seed = 1;

  template <class V>
  void fields(V& v) {
    v("positions", positions, {.help = "positions on the line", .min = 24, .max = 4096});
    v("product", product,
      {.help = "what stands in the void: hidden (drawn), scene (what the simulation grew), none, metal, cobalt_oxide, "
               "mix, platinum"});
    v("models", models, {.help = "physics of the spectra: mismatched to the analysis, or matched"});
    v("time", time,
      {.help = "when the scan is taken, on the microscope clock; unset: as late as half of the line is undamaged",
       .unit = "s"});
    v("current", current, {.help = "probe current", .unit = "pA", .min = 0.1});
    v("dwell", dwell, {.help = "exposure of one core-loss spectrum", .unit = "s", .min = 1e-4});
    v("low_electrons", low_electrons, {.help = "electrons in one low-loss spectrum", .min = 1e3});
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 10.0, .max = 1000.0});
    v("convergence", convergence, {.help = "convergence semi-angle", .unit = "mrad", .min = 0.0, .max = 100.0});
    v("collection", collection,
      {.help = "nominal collection semi-angle; the paper gives none", .unit = "mrad", .min = 1.0, .max = 200.0});
    v("step", step, {.help = "energy per channel", .unit = "eV", .min = 0.05, .max = 1.0});
    v("core_start", core_start, {.help = "first channel of the core loss", .unit = "eV", .min = 300.0, .max = 470.0});
    v("channels", channels, {.help = "channels of the core loss", .min = 256, .max = 8192});
    v("zlp_fwhm", zlp_fwhm, {.help = "width of the zero-loss peak", .unit = "eV", .min = 0.05, .max = 4.0});
    v("jitter", jitter, {.help = "energy wander from position to position", .unit = "eV", .min = 0.0});
    v("axis_shift", axis_shift, {.help = "the core axis is off by up to this much", .unit = "eV", .min = 0.0});
    v("seed", seed, {.help = "fixes product, models and noise", .min = 0});
  }
};

eels::ScanSettings settings_of(const Options& options) {
  eels::ScanSettings out;
  out.illumination = {options.beam_energy, options.convergence, options.collection};
  const double step = options.step.in(units::eV);
  out.core = {options.core_start.in(units::eV), step, static_cast<std::size_t>(options.channels)};
  constexpr double low_start_eV = -40.0;
  constexpr double low_range_eV = 400.0;
  out.low = {low_start_eV, step, static_cast<std::size_t>(low_range_eV / step)};
  out.core_electrons = options.current.base() * options.dwell.in(units::s);
  out.low_electrons = options.low_electrons;
  out.exposure = options.dwell;
  out.zlp_fwhm = options.zlp_fwhm;
  out.jitter = options.jitter;
  out.axis_shift = options.axis_shift;
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const detail::SpecimenAt specimen = detail::specimen_at(inputs, options.time);
  const eels::ScanPath path =
      eels::plan_path(specimen.maps, specimen.site, static_cast<std::size_t>(options.positions));
  eels::ScanScene scene = eels::sample(specimen.maps, path);
  const eels::LineVoid hole = eels::void_on(scene, path, specimen.site, specimen.maps.foil_nm);
  Run keyed = run;
  keyed.seed = static_cast<std::uint64_t>(options.seed);
  const eels::VoidFilling filling = eels::draw_filling(options.product, keyed.seed);
  if (filling.kind != eels::Filling::scene) {
    eels::empty_void(scene, hole);
  }
  eels::fill_void(scene, hole, filling);
  const eels::ScanSettings settings = settings_of(options);
  const eels::ScanModels models = eels::draw_models(options.models, settings, keyed.seed);
  const eels::SimulatedScan scan = eels::simulate_scan(scene, settings, models, keyed);
  StepOutput out;
  out.raw["core"] = {scan.core};
  out.raw["low"] = {scan.low};
  Value truth = detail::scan_truth(scene, path, hole, filling);
  truth["time_s"] = specimen.time_s;
  truth["models"] = options.models == eels::Models::matched ? "matched" : "mismatched";
  detail::add_models(models, scan, truth);
  out.records["truth"] = truth;
  out.figures.push_back(detail::scene_figure(scene, hole));
  for (const std::string& shared : eels::shared_assumptions(options.models)) {
    out.assumptions.push_back({"Generator and analysis share", shared});
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.scan",
    .version = 1,
    .title = "Simulated dual-EELS line scan",
    .help =
        "Scans a line through the special void and across the nearest boundary of a simulated specimen; the product in "
        "the void, the axis shift and every model of the spectra are drawn from the seed",
    .example = "hotstage run studies/wang2023/study.toml",
    .inputs = {{"state", Kind::truth, true, "thickness of every material at saved times"},
               {"labels", Kind::truth, true, "grain number of every pixel"},
               {"scene", Kind::truth, true, "materials, voids, foil"}},
    .outputs = {{"core", Kind::raw, "core-loss line scan (.dm4)"},
                {"low", Kind::raw, "low-loss line scan (.dm4)"},
                {"truth", Kind::truth, "product, atoms per area, thickness, axis shift and models that were put in"}},
    .role = Role::generator,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_scan
