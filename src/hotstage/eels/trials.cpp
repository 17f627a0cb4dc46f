// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/trials.hpp"

#include "hotstage/core/parallel.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

namespace {

constexpr std::uint64_t scene_stream = 0x7472'6961'6c;

double between(Rng& rng, double low, double high) {
  return low + (high - low) * rng.uniform();
}

enum Column : std::size_t { layered, spinel, columns };

/// Replaces a share of the LiCoO2 of a position by Co3O4 with the same Co: thinner, the rest is pore.
void reduce(ScanScene& scene, std::size_t i, double share) {
  const double cobalt_ratio = scene.materials[layered].atoms_per_nm3(atoms::element("Co")) /
                              scene.materials[spinel].atoms_per_nm3(atoms::element("Co"));
  const auto row = scene.thickness_nm.row(i);
  const double taken = std::clamp(share, 0.0, 1.0) * row[layered];
  row[layered] -= taken;
  row[spinel] += taken * cobalt_ratio;
}

double square(double x) {
  return x * x;
}

}  // namespace

TrialScene draw_trial_scene(Filling wanted, std::size_t positions, std::uint64_t seed) {
  Rng rng(seed, scene_stream, 0);
  TrialScene out;
  ScanScene& scene = out.scene;
  scene.materials = {atoms::find_material("LiCoO2"), atoms::find_material("Co3O4")};
  scene.thickness_nm = Buffer<double, 2>({positions, columns});
  const auto n = static_cast<double>(positions);
  const double foil = between(rng, 40.0, 90.0);
  const double wedge = between(rng, -0.1, 0.1);
  const double step = between(rng, 0.6, 1.5);
  for (std::size_t i = 0; i < positions; ++i) {
    scene.position_nm.push_back(step * static_cast<double>(i));
    const double u = static_cast<double>(i) / n - 0.5;
    scene.thickness_nm.row(i)[layered] = foil * (1.0 + wedge * u);
    scene.thickness_nm.row(i)[spinel] = 0.0;
  }
  const double middle = between(rng, 0.4, 0.6) * n;
  const double half = 0.5 * between(rng, 0.2, 0.4) * n;
  const double depth = std::min(between(rng, 0.35, 1.15), 1.0);  // one in five goes through the foil
  const double wall = between(rng, 0.0, 2.0);                    // nm of reduced oxide above and below the void
  const double rim = between(rng, 0.1, 0.5);  // share reduced at the walls, falling over two positions
  const double boundary = (rng.uniform() < 0.5 ? between(rng, 0.02, 0.12) : between(rng, 0.88, 0.98)) * n;
  const double zone = between(rng, 0.0, 0.4);
  out.hole.first = static_cast<std::size_t>(std::max(middle - half, 1.0));
  out.hole.last = std::min(static_cast<std::size_t>(middle + half), positions - 2);
  for (std::size_t i = 0; i < positions; ++i) {
    const auto x = static_cast<double>(i);
    reduce(scene, i, zone * std::exp(-0.5 * square((x - boundary) / 0.8)));
    const double outside =
        std::max({static_cast<double>(out.hole.first) - x, x - static_cast<double>(out.hole.last), 0.0});
    if (outside > 0.0) {
      reduce(scene, i, rim * std::exp(-outside / 1.5));
      continue;
    }
    const auto row = scene.thickness_nm.row(i);
    const double missing = depth * row[layered];
    row[layered] -= missing;
    out.hole.depth_nm.push_back(missing);
    reduce(scene, i, std::min(2.0 * wall / std::max(row[layered], 1.0), 1.0));
  }
  out.filling = draw_filling(wanted, seed);
  fill_void(scene, out.hole, out.filling);
  return out;
}

ScanSettings trial_settings() {
  ScanSettings out;
  out.core = {455.0, 0.5, 960};
  out.low = {-40.0, 0.5, 560};
  return out;
}

Product expected_call(Filling truth) {
  switch (truth) {
    case Filling::metal:
      return Product::metal;
    case Filling::cobalt_oxide:
      return Product::cobalt_oxide;
    case Filling::mix:
      return Product::mix;
    case Filling::platinum:
      return Product::unidentified;
    case Filling::hidden:
    case Filling::scene:
    case Filling::none:
      break;
  }
  return Product::none;
}

bool Trial::right() const {
  return status == ReadingStatus::ok && call == expected_call(truth);
}

namespace {

Trial one_trial(const TrialOptions& options, std::uint64_t seed, Run run) {
  run.seed = seed;
  run.threads = 1;
  const TrialScene specimen = draw_trial_scene(options.filling, options.positions, seed);
  ScanSettings settings = options.settings;
  const auto [least, most] = options.core_electrons;
  settings.core_electrons = least * std::pow(most / least, Rng(seed, scene_stream, 1).uniform());
  const ScanModels models = draw_models(options.models, settings, seed);
  const SimulatedScan scan = simulate_scan(specimen.scene, settings, models, run);
  const ProductReading reading = read_product({.core = scan.core, .low = &scan.low}, options.analysis, run);
  Trial out;
  out.seed = seed;
  out.truth = specimen.filling.kind;
  out.status = reading.status;
  out.call = reading.call.best;
  out.probability = reading.call.probability[static_cast<std::size_t>(reading.call.best)];
  out.true_shift_eV = models.axis_shift_eV;
  out.shift_eV = reading.axis_shift_eV;
  out.true_pre_peak_eV = models.phases.front().pre_eV;
  out.pre_peak_eV = reading.pre_peak_eV;
  out.measured = reading.status == ReadingStatus::ok && reading.cobalt_fraction.sigma > 0.0;
  if (!out.measured) {
    return out;
  }
  double cobalt = 0.0;
  double oxygen = 0.0;
  double metal = 0.0;
  double foil = 0.0;
  for (const std::size_t i : reading.core) {
    cobalt += scan.cobalt_per_nm2[i];
    oxygen += scan.oxygen_per_nm2[i];
    const auto row = specimen.scene.thickness_nm.row(i);
    for (std::size_t m = 0; m < specimen.scene.materials.size(); ++m) {
      metal += specimen.scene.materials[m].name == "Co" ? row[m] : 0.0;
    }
    const bool inside = i >= specimen.hole.first && i <= specimen.hole.last;
    foil += row[layered] + row[spinel] + (inside ? specimen.hole.depth_nm[i - specimen.hole.first] : 0.0);
  }
  out.true_fraction = cobalt / std::max(cobalt + oxygen, 1e-12);
  out.fraction = reading.cobalt_fraction;
  out.counting = reading.cobalt_fraction_counting;
  out.true_metal = metal / std::max(foil, 1e-12);
  out.metal = reading.call.metal;
  return out;
}

Estimate share(std::size_t part, std::size_t all) {
  if (all == 0) {
    return {};
  }
  const double p = static_cast<double>(part) / static_cast<double>(all);
  return {p, std::sqrt(p * (1.0 - p) / static_cast<double>(all))};
}

}  // namespace

std::vector<Trial> run_trials(const TrialOptions& options, Run& run) {
  std::vector<Trial> out(options.seeds);
  parallel_chunks(run, options.seeds, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      Run own;  // warnings of hundreds of deliberate scans are no news
      own.memory = run.memory;
      own.stop = run.stop;
      out[k] = one_trial(options, options.first_seed + k, own);
    }
  });
  return out;
}

TrialSummary summarise(const std::vector<Trial>& trials) {
  TrialSummary out;
  out.trials = trials.size();
  std::size_t right = 0;
  std::size_t inside = 0;
  std::size_t inside_counting = 0;
  std::size_t inside_metal = 0;
  std::size_t near = 0;
  std::size_t peaks = 0;
  for (const Trial& trial : trials) {
    const bool read = trial.status == ReadingStatus::ok;
    out.refused += read ? 0 : 1;
    right += trial.right() ? 1 : 0;
    const auto truth = static_cast<std::size_t>(expected_call(trial.truth));
    ++out.confusion[truth][read ? static_cast<std::size_t>(trial.call) : product_count];
    if (trial.pre_peak_eV.sigma > 0.0) {
      constexpr double tolerance_eV = 0.3;
      ++peaks;
      near += std::abs(trial.pre_peak_eV.value - trial.true_pre_peak_eV) <= tolerance_eV ? 1 : 0;
    }
    if (trial.measured) {
      ++out.measured;
      const double off = std::abs(trial.fraction.value - trial.true_fraction);
      inside += off <= trial.fraction.sigma ? 1 : 0;
      inside_counting += off <= trial.counting ? 1 : 0;
      inside_metal += std::abs(trial.metal.value - trial.true_metal) <= trial.metal.sigma ? 1 : 0;
    }
  }
  out.coverage = share(inside, out.measured);
  out.coverage_counting = share(inside_counting, out.measured);
  out.coverage_metal = share(inside_metal, out.measured);
  out.calls_right = share(right, out.trials);
  out.pre_peak_within = share(near, peaks);
  return out;
}

std::vector<std::string> shared_assumptions(Models models) {
  std::vector<std::string> out{
      "single plasmon of one energy for all phases, Poisson plural scattering",
      "edges of O and Co alone on a smooth background; no F K, no Li K, no diffraction contrast, no channelling",
      "inelastic scattering that reaches the aperture is the same fraction for every position",
      "densities and formulas of LiCoO2, Co3O4, CoO and Co; undamaged LiCoO2 somewhere on the line",
      "mean free path grows as density to the power 0.3 (Iakoubovskii), up to a drawn factor",
      "Lorentzian angular law and transverse term; beam energy and convergence as the file says"};
  if (models == Models::matched) {
    out.emplace_back("hydrogenic cross-sections, one power law, symmetric zero-loss peak, ideal detector");
  }
  return out;
}

}  // namespace hotstage::eels
