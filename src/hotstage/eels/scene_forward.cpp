// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/scene_forward.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/photo_absorption.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace hotstage::eels {

namespace {

constexpr std::uint64_t filling_stream = 0x7363'616e'01;
constexpr std::uint64_t models_stream = 0x7363'616e'02;
constexpr std::uint64_t pattern_stream = 0x7363'616e'03;
constexpr double background_at_eV = 525.0;

/// A curve tabulated on a uniform grid, linear between the points.
struct Curve {
  double start = 0.0;
  double step = 1.0;
  std::vector<double> values;

  [[nodiscard]] double at(double x) const {
    const double u = std::clamp((x - start) / step, 0.0, static_cast<double>(values.size()) - 1.001);
    const auto i = static_cast<std::size_t>(u);
    const double t = u - static_cast<double>(i);
    return (1.0 - t) * values[i] + t * values[i + 1];
  }
};

template <class F>
Curve tabulate(double from, double to, double step, F&& f) {
  Curve out{from, step, {}};
  for (double x = from; x <= to + step; x += step) {
    out.values.push_back(f(x));
  }
  return out;
}

/// Hydrogenic dσ/dE (barn/eV) of both edges: slow, the same for every matched scan of one illumination.
std::shared_ptr<const Curve> hydrogenic(const char* edge_name, const Illumination& light) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Curve>> known;
  const std::string key =
      fmt::format("{} {} {} {}", edge_name, light.beam.base(), light.convergence.base(), light.collection.base());
  const std::scoped_lock lock(mutex);
  std::shared_ptr<const Curve>& curve = known[key];
  if (!curve) {
    const Edge edge = find_edge(edge_name);
    const double onset = edge.onset.in(units::eV);
    curve = std::make_shared<const Curve>(tabulate(
        onset, 1200.0, 1.0, [&](double e) { return differential_cross_section(edge, (e + 1e-6) * units::eV, light); }));
  }
  return curve;
}

/// One draw about `centre`.
double about(Rng& rng, double centre, double sigma) {
  return centre + sigma * rng.normal();
}

double between(Rng& rng, double low, double high) {
  return low + (high - low) * rng.uniform();
}

/// Fine structure of one seed: energies and shapes about the table.
PhaseSpectrum vary(PhaseSpectrum phase, double common_o_eV, double common_co_eV, Rng& rng) {
  const double o = common_o_eV + 0.15 * rng.normal();
  const double co = common_co_eV + 0.15 * rng.normal();
  for (double* energy : {&phase.pre_eV, &phase.main_eV, &phase.step_eV}) {
    *energy += o;
  }
  phase.l3_eV += co;
  phase.l2_eV += about(rng, co, 0.1);
  phase.pre_f *= std::exp(0.15 * rng.normal());
  phase.main_f *= std::exp(0.15 * rng.normal());
  phase.holes *= std::exp(0.08 * rng.normal());
  phase.l3_l2 *= std::exp(0.08 * rng.normal());
  for (double* width : {&phase.pre_fwhm_eV, &phase.main_fwhm_eV, &phase.l3_fwhm_eV, &phase.l2_fwhm_eV}) {
    *width *= std::exp(0.1 * rng.normal());
  }
  phase.side_share = std::clamp(phase.side_share * std::exp(0.3 * rng.normal()), 0.0, 0.6);
  return phase;
}

std::size_t material_index(ScanScene& scene, std::string_view name) {
  for (std::size_t m = 0; m < scene.materials.size(); ++m) {
    if (scene.materials[m].name == name) {
      return m;
    }
  }
  scene.materials.push_back(atoms::find_material(name));
  const std::size_t old = scene.materials.size() - 1;
  Buffer<double, 2> wider({scene.position_nm.size(), old + 1});
  for (std::size_t i = 0; i < scene.position_nm.size(); ++i) {
    for (std::size_t m = 0; m < old; ++m) {
      wider.row(i)[m] = scene.thickness_nm.row(i)[m];
    }
    wider.row(i)[old] = 0.0;
  }
  scene.thickness_nm = std::move(wider);
  return old;
}

/// Single-scattering densities of one phase, per atom per nm² and electron.
class PhaseDensities {
 public:
  PhaseDensities(const ScanSettings& settings, const ScanModels& models) : models_(models) {
    Illumination light = settings.illumination;
    if (models.kind == Models::matched) {
      oxygen_table_ = hydrogenic("O K", light);
      cobalt_table_ = hydrogenic("Co L3", light);
    }
    light.collection = models.collection;
    factor_ = tabulate(380.0, 1300.0, 10.0, [&](double e) { return dipole_factor_barn(e * units::eV, light); });
  }

  [[nodiscard]] double oxygen(std::size_t p, double energy_eV) const {
    const PhaseSpectrum& phase = models_.phases[p];
    const double moved = phase.step_eV - phase_spectra().front().step_eV;
    double continuum = 0.0;
    if (oxygen_table_) {
      const double onset = oxygen_table_->start;
      const double rise = edge_step(energy_eV, phase.step_eV, step_width_eV);
      continuum = rise * oxygen_table_->at(std::max(energy_eV - moved, onset));
    } else {
      const double at = std::max(energy_eV - (phase.step_eV - oxygen_.jumps()[0]), oxygen_.jumps()[0]);
      continuum = models_.oxygen_phase_factor[p] * edge_step(energy_eV, phase.step_eV, step_width_eV) *
                  oxygen_.part(0, at) * factor_.at(energy_eV);
    }
    return models_.oxygen_factor * (continuum + oxygen_lines(phase, energy_eV) * factor_.at(energy_eV));
  }

  [[nodiscard]] double cobalt(std::size_t p, double energy_eV) const {
    const PhaseSpectrum& phase = models_.phases[p];
    const double moved = phase.l3_eV - cobalt_.jumps()[0];
    double continuum = 0.0;
    if (cobalt_table_) {
      continuum = edge_step(energy_eV, phase.l3_eV, line_step_eV) *
                  cobalt_table_->at(std::max(energy_eV - moved, cobalt_table_->start));
    } else {
      const std::array steps{phase.l3_eV, phase.l2_eV, cobalt_.jumps()[2] + moved};
      for (std::size_t j = 0; j < steps.size(); ++j) {
        const double jump = cobalt_.jumps()[j];
        continuum +=
            edge_step(energy_eV, steps[j], line_step_eV) * cobalt_.part(j, std::max(energy_eV - steps[j] + jump, jump));
      }
      continuum *= models_.cobalt_phase_factor[p] * factor_.at(energy_eV);
    }
    return models_.cobalt_factor * (continuum + cobalt_lines(phase, energy_eV) * factor_.at(energy_eV));
  }

 private:
  static constexpr double step_width_eV = 3.0;
  static constexpr double line_step_eV = 1.5;
  const ScanModels& models_;
  PhotoAbsorption oxygen_{"O"};
  PhotoAbsorption cobalt_{"Co"};
  std::shared_ptr<const Curve> oxygen_table_;
  std::shared_ptr<const Curve> cobalt_table_;
  Curve factor_;
};

double path_nm(const atoms::Material& material, const ScanSettings& settings, const ScanModels& models) {
  constexpr Density gram_per_cm3(constants::gram / 1e21);
  const double value = mean_free_path(material.density_g_cm3 * gram_per_cm3, settings.illumination)
                           .in(units::nm)*models.mean_free_path_factor;
  const auto phase = phase_of(material);
  const bool metal = !phase || phase_spectra()[*phase].phase == "metal";
  return metal ? value * models.metal_path_factor : value;
}

}  // namespace

std::string_view name(Filling filling) noexcept {
  for (const auto& entry : enum_names(filling)) {
    if (entry.value == filling) {
      return entry.name;
    }
  }
  return "unknown";
}

VoidFilling draw_filling(Filling wanted, std::uint64_t seed) {
  Rng rng(seed, filling_stream, 0);
  constexpr std::array kinds{Filling::none, Filling::metal, Filling::cobalt_oxide, Filling::mix, Filling::platinum};
  VoidFilling out;
  const auto drawn = static_cast<std::size_t>(rng.uniform() * static_cast<double>(kinds.size()));
  out.kind = wanted == Filling::hidden ? kinds[std::min(drawn, kinds.size() - 1)] : wanted;
  const double share = between(rng, 0.35, 0.65);
  out.metal_share = out.kind == Filling::metal ? 1.0 : (out.kind == Filling::mix ? share : 0.0);
  out.fill = between(rng, 0.4, 1.0);
  out.offset = about(rng, 0.0, 0.15);
  return out;
}

void fill_void(ScanScene& scene, const LineVoid& hole, const VoidFilling& filling) {
  HOTSTAGE_EXPECTS(hole.last < scene.position_nm.size() && hole.depth_nm.size() == hole.last - hole.first + 1);
  if (filling.kind == Filling::scene || filling.kind == Filling::none) {
    return;
  }
  const double middle = 0.5 * static_cast<double>(hole.first + hole.last);
  const double half = 0.5 * static_cast<double>(hole.last - hole.first + 1);
  const bool platinum = filling.kind == Filling::platinum;
  const std::size_t first = material_index(scene, platinum ? "Pt" : "Co");
  const std::size_t second = platinum ? first : material_index(scene, "CoO");
  for (std::size_t i = hole.first; i <= hole.last; ++i) {
    const double u = (static_cast<double>(i) - middle) / half - filling.offset;
    const double shape = std::clamp(1.2 - std::pow(std::abs(u), 4.0), 0.0, 1.0);  // flat, falling towards the walls
    const double total = filling.fill * shape * hole.depth_nm[i - hole.first];
    const double metal = platinum ? total : filling.metal_share * total;
    scene.thickness_nm.row(i)[first] += metal;
    if (!platinum) {
      scene.thickness_nm.row(i)[second] += total - metal;
    }
  }
}

ScanModels draw_models(Models kind, const ScanSettings& settings, std::uint64_t seed) {
  Rng rng(seed, models_stream, 0);
  const std::span<const PhaseSpectrum> table = phase_spectra();
  ScanModels out;
  out.kind = kind;
  out.axis_shift_eV = between(rng, -1.0, 1.0) * settings.axis_shift.in(units::eV);
  out.gain = between(rng, 0.7, 1.5);
  out.plasmon_eV = between(rng, 22.0, 26.0);
  out.collection = settings.illumination.collection;
  out.phases.assign(table.begin(), table.end());
  out.oxygen_phase_factor.assign(table.size(), 1.0);
  out.cobalt_phase_factor.assign(table.size(), 1.0);
  out.background_ratio = between(rng, 1.5, 3.0);
  if (kind == Models::matched) {
    return out;
  }
  out.mean_free_path_factor = about(rng, 1.0, 0.1);
  out.metal_path_factor = about(rng, 1.0, 0.07);
  out.collection = settings.illumination.collection * std::clamp(about(rng, 1.0, 0.05), 0.8, 1.2);
  out.oxygen_factor = std::max(about(rng, 1.0, 0.05), 0.7);
  out.cobalt_factor = std::max(about(rng, 1.0, 0.10), 0.5);
  const double o = about(rng, 0.0, 0.3);
  const double co = about(rng, 0.0, 0.1);
  for (std::size_t p = 0; p < table.size(); ++p) {
    out.phases[p] = vary(table[p], o, co, rng);
    out.oxygen_phase_factor[p] = about(rng, 1.0, 0.04);
    out.cobalt_phase_factor[p] = about(rng, 1.0, 0.05);
  }
  out.layered_oxygen = about(rng, 1.0, 0.02);
  out.background_r = {about(rng, 2.8, 0.15), about(rng, 3.8, 0.2)};
  out.background_share = between(rng, 0.3, 0.7);
  out.zlp_asymmetry_eV = between(rng, 0.1, 0.4);
  out.neighbours = {between(rng, 0.02, 0.06), between(rng, 0.04, 0.10), between(rng, 0.005, 0.02)};
  out.channel_gain_sigma = between(rng, 0.0005, 0.002);
  return out;
}

namespace {

/// Weighted components of all phases and the background; fills the atoms of the truth.
std::vector<CoreLossComponent> components_of(const ScanScene& scene,
                                             const std::shared_ptr<const PhaseDensities>& physics,
                                             const ScanModels& models, SimulatedScan& truth) {
  const std::size_t n = scene.position_nm.size();
  const std::size_t phases = models.phases.size();
  const atoms::Material& host = atoms::find_material("LiCoO2");
  std::vector<std::vector<double>> oxygen(phases, std::vector<double>(n, 0.0));
  std::vector<std::vector<double>> cobalt(phases, std::vector<double>(n, 0.0));
  std::vector<double> mass(n, 0.0);
  truth.cobalt_per_nm2.assign(n, 0.0);
  truth.oxygen_per_nm2.assign(n, 0.0);
  for (std::size_t m = 0; m < scene.materials.size(); ++m) {
    const atoms::Material& material = scene.materials[m];
    const auto phase = phase_of(material);
    const double lost = phase && models.phases[*phase].phase == "layered" ? models.layered_oxygen : 1.0;
    const double o = lost * material.atoms_per_nm3(atoms::element("O"));
    const double co = material.atoms_per_nm3(atoms::element("Co"));
    for (std::size_t i = 0; i < n; ++i) {
      const double t = scene.thickness_nm.row(i)[m];
      mass[i] += t * material.density_g_cm3 / host.density_g_cm3;
      if (phase) {
        oxygen[*phase][i] += o * t;
        cobalt[*phase][i] += co * t;
        truth.oxygen_per_nm2[i] += o * t;
        truth.cobalt_per_nm2[i] += co * t;
      }
    }
  }
  std::vector<CoreLossComponent> out;
  const auto used = [](const std::vector<double>& w) {
    return std::ranges::any_of(w, [](double v) { return v > 0.0; });
  };
  for (std::size_t p = 0; p < phases; ++p) {
    if (used(oxygen[p])) {
      out.push_back({"O K of " + models.phases[p].phase,
                     [physics, p](double e) { return constants::barn_nm2 * physics->oxygen(p, e); }, oxygen[p]});
    }
    if (used(cobalt[p])) {
      out.push_back({"Co L of " + models.phases[p].phase,
                     [physics, p](double e) { return constants::barn_nm2 * physics->cobalt(p, e); }, cobalt[p]});
    }
  }
  const double per_nm = models.background_ratio * host.atoms_per_nm3(atoms::element("O")) * constants::barn_nm2 *
                        physics->oxygen(0, models.phases[0].step_eV + 20.0);
  out.push_back({"background",
                 [per_nm, share = models.background_share, r = models.background_r](double e) {
                   const double x = std::log(e / background_at_eV);
                   return per_nm * (share * std::exp(-r[0] * x) + (1.0 - share) * std::exp(-r[1] * x));
                 },
                 std::move(mass)});
  return out;
}

/// What the detector writes of the counts that fall on `axis`: neighbours, uneven channels. The simulation may begin
/// below the axis.
signal::Signal detect(const signal::Signal& counted, const EnergyAxis& axis, const ScanModels& models, Rng rng) {
  const Buffer<float, 2> in = signal::read_all(counted);
  const std::size_t skipped = in.extent(1) - axis.size;
  std::vector<double> gain(axis.size, 1.0);
  for (double& g : gain) {
    g += models.channel_gain_sigma * rng.normal();
  }
  const auto& k = models.neighbours;
  const double own = 1.0 - k[0] - k[1] - k[2];
  Buffer<float, 2> out({in.extent(0), axis.size});
  for (std::size_t i = 0; i < in.extent(0); ++i) {
    const auto from = in.row(i);
    const auto at = [&](std::size_t c, int distance) {
      const auto j = static_cast<std::ptrdiff_t>(skipped + c) + distance;
      const auto last = static_cast<std::ptrdiff_t>(in.extent(1)) - 1;
      return static_cast<double>(from[static_cast<std::size_t>(std::clamp(j, std::ptrdiff_t{0}, last))]);
    };
    for (std::size_t c = 0; c < axis.size; ++c) {
      const double counts = own * at(c, 0) + k[0] * at(c, 1) + k[1] * at(c, -1) + k[2] * at(c, -2);
      out.row(i)[c] = static_cast<float>(gain[c] * counts);
    }
  }
  signal::Signal result = counted;
  result.axes = {{"Energy loss", axis.size, axis.offset_eV, axis.step_eV, "eV"}};
  result.source = signal::memory_source(std::move(out));
  return result;
}

/// The background scatters again: what comes up from below the axis belongs to the spectrum.
EnergyAxis extended(const EnergyAxis& axis) {
  constexpr double below_eV = 200.0;
  const double room = std::max(std::min(below_eV, axis.offset_eV - 150.0), 0.0);
  const double channels = std::floor(room / axis.step_eV);
  return {axis.offset_eV - channels * axis.step_eV, axis.step_eV, axis.size + static_cast<std::size_t>(channels)};
}

void label(signal::Signal& signal, const char* title, const ScanScene& scene, const ScanSettings& settings) {
  const std::size_t n = scene.position_nm.size();
  const double step = n > 1 ? scene.position_nm[1] - scene.position_nm[0] : 1.0;
  signal.navigation = {{"x", n, scene.position_nm.front(), step, "nm"}};
  signal.metadata.title = title;
  signal.metadata.exposure = settings.exposure;
}

}  // namespace

SimulatedScan simulate_scan(const ScanScene& scene, const ScanSettings& settings, const ScanModels& models, Run& run) {
  const std::size_t n = scene.position_nm.size();
  if (n == 0 || scene.thickness_nm.extent(0) != n || scene.thickness_nm.extent(1) != scene.materials.size()) {
    throw Error(Errc::bad_input, fmt::format("a scan of {} positions needs a thickness for each of its {} materials", n,
                                             scene.materials.size()));
  }
  SimulatedScan out;
  const auto physics = std::make_shared<const PhaseDensities>(settings, models);
  DualPairModel model;
  model.rows = 1;
  model.columns = n;
  model.low = settings.low;
  model.core = extended(settings.core);
  model.low_loss = {.zlp_fwhm_eV = settings.zlp_fwhm.in(units::eV),
                    .zlp_asymmetry_eV = models.zlp_asymmetry_eV,
                    .plasmon_eV = models.plasmon_eV};
  model.thickness.assign(n, 0.0);
  for (std::size_t m = 0; m < scene.materials.size(); ++m) {
    const double path = path_nm(scene.materials[m], settings, models);
    for (std::size_t i = 0; i < n; ++i) {
      model.thickness[i] += scene.thickness_nm.row(i)[m] / path;
    }
  }
  model.low_electrons = settings.low_electrons;
  model.core_electrons = settings.core_electrons;
  model.background_per_eV = 0.0;  // the background is a component: it scatters again like everything else
  model.components = components_of(scene, physics, models, out);
  model.low_gain = models.gain;
  model.core_gain = models.gain;
  model.jitter_eV = settings.jitter.in(units::eV);
  model.core_axis_error_eV = models.axis_shift_eV;
  model.beam_energy_keV = settings.illumination.beam.in(units::keV);
  model.convergence_mrad = settings.illumination.convergence.in(units::mrad);
  model.collection_mrad = settings.illumination.collection.in(units::mrad);
  DualPair pair = simulate_dual_pair(model, run);
  out.core = detect(pair.core, settings.core, models, run.rng(pattern_stream, 0));
  out.low = detect(pair.low, settings.low, models, run.rng(pattern_stream, 1));
  label(out.core, "EELS core loss", scene, settings);
  label(out.low, "EELS low loss", scene, settings);
  out.t_over_lambda = model.thickness;
  out.jitter_eV = pair.jitter_eV;
  return out;
}

}  // namespace hotstage::eels
