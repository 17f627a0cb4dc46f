// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/simulation.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/kinetics/hazard.hpp"
#include "hotstage/meso/detail/front_solver.hpp"
#include "hotstage/meso/detail/ledger.hpp"
#include "hotstage/meso/detail/start_queue.hpp"
#include "hotstage/meso/detail/vacancy_solver.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::meso {

namespace {

constexpr double reference_K = 798.15;   // 525 °C, where the front speed is given
constexpr double vacancy_hop_nm = 0.28;  // O–O distance of the layer
constexpr double growth_per_step = 0.1;  // k f dt, limit of the reaction series
// D dt/h². At 1/6 the errors of a pulled front's speed by the grid, +(h/w)²/24, and by the step, −(D dt/h²)(h/w)²/4,
// cancel.
constexpr double diffusion_per_step = 1.0 / 6.0;
constexpr double boundary_zone_nm = 10.0;
constexpr double half = 0.5;
constexpr std::size_t most_blocks = 4;  // of strip_rows micro steps between two looks at the slow fields

/// exp(−E/k (1/T − 1/T_ref)).
double arrhenius(double barrier_eV, double temperature_K) {
  return std::exp(-barrier_eV / constants::k_B_eV_per_K * (1.0 / temperature_K - 1.0 / reference_K));
}

class Simulation {
 public:
  Simulation(const Polycrystal& crystal, const Scenario& scenario, const SimulationOptions& options);
  Outcome run();

 private:
  struct Step {
    double from_s = 0.0;
    double to_s = 0.0;
    double kelvin = 0.0;  ///< at its middle
    std::size_t micro = 0;
    double growth = 0.0;
    double r = 0.0;
  };

  [[nodiscard]] double kelvin_at(double time_s) const { return s_.programme.at(time_s * units::s).in_K(); }

  void place_cores();
  void take_inventory();
  [[nodiscard]] Step next_step() const;
  void set_factors(double kelvin);
  void start_due();
  void start_at(const detail::Start& start);
  void watch_walls();
  void book_front();
  void change_rock_salt(const Step& step);
  void change_vacancies(const Step& step);
  void grow_metal(const Step& step);
  void sample();
  void save();
  void finish();
  [[nodiscard]] FoilState state() const;

  const Polycrystal& crystal_;
  const Scenario& s_;
  const SimulationOptions& options_;
  std::size_t n_;
  double cells_per_nm2_;
  double width_nm_;
  detail::FrontSolver front_;
  detail::VacancySolver vacancy_solver_;
  std::vector<double> cap_, transformed_, initial_, rock_salt_, vacancies_, cobalt_;
  std::vector<CobaltGrowth> voids_;
  std::vector<double> metal_start_s_;
  detail::StartQueue starts_;
  detail::Ledger ledger_;
  Outcome out_;
  double time_s_ = 0.0;
  double end_s_ = 0.0;
  std::size_t next_save_ = 0;
  bool moving_ = false;
};

Simulation::Simulation(const Polycrystal& crystal, const Scenario& scenario, const SimulationOptions& options)
    : crystal_(crystal),
      s_(scenario),
      options_(options),
      n_(crystal.cells),
      cells_per_nm2_(1.0 / (crystal.pixel_nm * crystal.pixel_nm)),
      width_nm_(width_on_grid(scenario.parameters, crystal.pixel_nm)),
      front_(crystal, scenario.rival == Rival::c ? detail::Walls::open : detail::Walls::closed),
      vacancy_solver_(crystal, scenario.parameters.boundary_width_nm * scenario.parameters.boundary_diffusion_ratio /
                                   crystal.pixel_nm),
      cap_(crystal.label.size(), scenario.chemistry.extent),
      transformed_(crystal.label.size(), 0.0),
      rock_salt_(transformed_),
      vacancies_(transformed_),
      cobalt_(crystal.label.size(), 0.0),
      starts_(crystal, scenario),
      time_s_(scenario.programme.begin().in(units::s)),
      end_s_(scenario.programme.end().in(units::s)) {
  for (std::size_t cell = 0; cell < cobalt_.size(); ++cell) {
    cobalt_[cell] = crystal.label[cell] > 0 ? 1.0 : 0.0;
  }
  place_cores();
  initial_ = transformed_;
  take_inventory();
  for (std::size_t v = 0; v < crystal.voids.size(); ++v) {
    voids_.emplace_back(crystal, v, scenario.parameters);
    const auto at = voids_.back().nucleation(scenario.programme, cobalt_threshold(scenario.seed, v));
    metal_start_s_.push_back(at ? at->in(units::s) : end_s_ + 1.0);
    if (at) {
      out_.events.push_back({.kind = EventKind::cobalt,
                             .time_s = at->in(units::s),
                             .temperature_degC = scenario.programme.at(*at).in_degC(),
                             .place = crystal.voids[v].centre});
    }
  }
  out_.front_width_nm = width_nm_;
}

void Simulation::place_cores() {
  out_.cores = draw_cores(crystal_, s_.parameters, s_.dose, s_.seed);
  const auto eta = front_.eta();
  constexpr double most_vacancies = 0.2;
  for (const Core& core : out_.cores) {
    for (const std::uint32_t cell : core.cells) {
      cap_[cell] = 1.0;
      eta[cell] = 1.0;
      transformed_[cell] = 1.0;
      vacancies_[cell] = std::min(most_vacancies, s_.parameters.vacancy_in_cores * core.dose);
    }
    out_.events.push_back({.kind = EventKind::seed,
                           .time_s = time_s_,
                           .temperature_degC = s_.programme.at(time_s_ * units::s).in_degC(),
                           .grain = core.grain,
                           .place = core.centre});
  }
}

void Simulation::take_inventory() {
  const detail::Content content = detail::content_of(s_.chemistry, state());
  out_.oxygen.initial = content.oxygen;
  out_.cobalt_atoms.initial = content.cobalt;
  out_.lithium.initial = content.lithium;
}

FoilState Simulation::state() const {
  return {.time_s = time_s_,
          .transformed = transformed_,
          .rock_salt = rock_salt_,
          .vacancies = vacancies_,
          .cobalt = cobalt_,
          .initial_transformed = initial_,
          .metal = out_.metal};
}

void Simulation::set_factors(double kelvin) {
  const double per_vacancy = s_.parameters.bep_vacancy_eV / (constants::k_B_eV_per_K * kelvin);
  const auto factor = front_.factor();
  const auto active = front_.active();
  const std::size_t strip = detail::FrontSolver::strip_rows * n_;
  for (std::size_t s = 0; s < active.size(); ++s) {
    if (active[s] != 0) {
      const std::size_t last = std::min(factor.size(), (s + 1) * strip);
      for (std::size_t cell = s * strip; cell < last; ++cell) {
        factor[cell] = std::exp(per_vacancy * vacancies_[cell]);
      }
    }
  }
}

Simulation::Step Simulation::next_step() const {
  // Starts closer together than 50 ms (0.1 K at 2 K/s) share a step; their own times are what is recorded.
  constexpr double together_s = 0.05;
  double to = std::min(end_s_, std::max(starts_.next_time_s(), time_s_ + together_s));
  if (next_save_ < options_.save_times_s.size()) {
    to = std::min(to, options_.save_times_s[next_save_]);
  }
  for (const double start : metal_start_s_) {
    if (start > time_s_) {
      to = std::min(to, start);
    }
  }
  // At most largest_step_K warmer, and never across a corner of the programme.
  for (const kinetics::ProgrammePoint& point : s_.programme.points()) {
    if (point.time.in(units::s) > time_s_) {
      to = std::min(to, point.time.in(units::s));
      const double seconds = point.time.in(units::s)-time_s_;
      const double rate = std::abs(point.temperature.in_K() - kelvin_at(time_s_)) / seconds;
      to = std::min(to, time_s_ + options_.largest_step_K / std::max(rate, 0.2));
      break;
    }
  }
  Step step{.from_s = time_s_, .to_s = std::max(to, time_s_)};
  step.kelvin = kelvin_at(half * (step.from_s + step.to_s));
  if (!moving_ || step.kelvin < s_.chemistry.gates.layered_above_K) {
    return step;
  }
  const double rate = front_rate(s_.parameters, s_.chemistry.options.x, Temperature::kelvin(step.kelvin)) *
                      s_.parameters.front_width_nm / width_nm_;
  const double diffusion = rate * width_nm_ * width_nm_ * cells_per_nm2_;
  const double fastest = *std::max_element(vacancies_.begin(), vacancies_.end());
  const double factor = std::exp(s_.parameters.bep_vacancy_eV * fastest / (constants::k_B_eV_per_K * step.kelvin));
  const double dt = std::min(diffusion_per_step / diffusion, growth_per_step / (rate * factor));
  constexpr std::size_t most = most_blocks * detail::FrontSolver::strip_rows;
  const double wanted = std::min(step.to_s - step.from_s, dt * static_cast<double>(most));
  step.micro = std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(wanted / dt)), 1, most);
  step.to_s = step.from_s + wanted;
  step.growth = rate * wanted / static_cast<double>(step.micro);
  step.r = diffusion * wanted / static_cast<double>(step.micro);
  return step;
}

void Simulation::start_at(const detail::Start& start) {
  const auto eta = front_.eta();
  const double kelvin = kelvin_at(time_s_);
  const bool already = eta[start.cell] > half || crystal_.label[start.cell] == 0;
  if (already || kelvin < s_.chemistry.gates.layered_above_K || !(cap_[start.cell] > 0.0)) {
    return;
  }
  // A sphere of 2 nm in a foil h_f thick: its volume enters, so that it must first grow through the foil, and its
  // effect does not depend on the grid.
  constexpr double nucleus_nm = 2.0;
  const double volume = 4.0 / 3.0 * std::numbers::pi * std::pow(nucleus_nm, 3);
  eta[start.cell] = std::min(1.0, eta[start.cell] + volume * cells_per_nm2_ / s_.parameters.foil_nm);
  out_.events.push_back({.kind = start.from_grain > 0 ? EventKind::crossing : EventKind::nucleation,
                         .time_s = start.time_s,
                         .temperature_degC = s_.programme.at(start.time_s * units::s).in_degC(),
                         .grain = crystal_.label[start.cell],
                         .from_grain = start.from_grain,
                         .place = crystal_.position(start.cell),
                         .boundary_nm = crystal_.boundary_distance_nm[start.cell]});
}

void Simulation::start_due() {
  while (starts_.next_time_s() <= time_s_) {
    start_at(starts_.pop());
  }
}

void Simulation::watch_walls() {
  if (s_.rival == Rival::b) {
    starts_.watch(front_.eta(), vacancies_, time_s_);
  }
}

void Simulation::book_front() {
  const auto eta = front_.eta();
  const double emptied = s_.parameters.vacancy_yield;
  const double lithium = s_.chemistry.li_freed * s_.chemistry.options.x;
  for (std::size_t row = 0; row < n_; ++row) {
    double all = 0.0;
    double of_cobalt = 0.0;
    for (std::size_t cell = row * n_; cell < (row + 1) * n_; ++cell) {
      // Nothing turns back: diffusion lowers η beside a core, not what has transformed there.
      const double now = std::max(transformed_[cell], cap_[cell] * eta[cell]);
      const double change = now - transformed_[cell];
      all += change;
      of_cobalt += change * cobalt_[cell];
      vacancies_[cell] += emptied * change;
      transformed_[cell] = now;
    }
    if (all != 0.0) {
      ledger_.add_oxygen(2.0 / 3.0 * of_cobalt);
      ledger_.add_oxygen(2.0 * emptied * all);
      ledger_.free_lithium(lithium * of_cobalt);
    }
  }
}

void Simulation::change_rock_salt(const Step& step) {
  if (step.kelvin < s_.chemistry.gates.rock_salt_above_K) {
    return;
  }
  const Parameters& p = s_.parameters;
  const double rate = p.rocksalt_ratio * front_rate(p, 1.0, Temperature::kelvin(reference_K)) *
                      arrhenius(p.rocksalt_barrier_eV, step.kelvin);
  const double share = -std::expm1(-rate * (step.to_s - step.from_s));
  double sum = 0.0;
  for (std::size_t cell = 0; cell < rock_salt_.size(); ++cell) {
    const double change = share * (transformed_[cell] - rock_salt_[cell]);
    rock_salt_[cell] += change;
    sum += change * cobalt_[cell];
  }
  ledger_.add_oxygen(sum / 3.0);
}

void Simulation::change_vacancies(const Step& step) {
  const Parameters& p = s_.parameters;
  const double seconds = step.to_s - step.from_s;
  const double jumps = p.attempt_per_s * std::exp(-p.vacancy_barrier_eV / (constants::k_B_eV_per_K * step.kelvin));
  const double diffusion = vacancy_hop_nm * vacancy_hop_nm * jumps / 6.0;
  vacancy_solver_.diffuse(vacancies_, diffusion * seconds * cells_per_nm2_);
  const double exchange =
      p.surface_exchange_nm_per_s * arrhenius(p.surface_exchange_barrier_eV, step.kelvin) / p.foil_nm;
  const double share = -std::expm1(-exchange * seconds);
  double sum = 0.0;
  for (std::size_t cell = 0; cell < vacancies_.size(); ++cell) {
    const double change = crystal_.label[cell] > 0 ? share * (p.vacancy_equilibrium - vacancies_[cell]) : 0.0;
    vacancies_[cell] += change;
    sum += change;
  }
  ledger_.add_oxygen(2.0 * sum);
}

void Simulation::grow_metal(const Step& step) {
  const double x = s_.chemistry.options.x;
  for (std::size_t v = 0; v < voids_.size(); ++v) {
    if (metal_start_s_[v] > step.from_s) {
      continue;
    }
    const double supply = voids_[v].supply(s_.programme, step.from_s * units::s, step.to_s * units::s);
    for (const CobaltGrowth::Taken& taken : voids_[v].grow(cobalt_, supply)) {
      const double t = transformed_[taken.cell];
      ledger_.add_oxygen(taken.amount * s_.chemistry.lattice_oxygen(t, rock_salt_[taken.cell]));
      ledger_.free_lithium(taken.amount * x * (1.0 - s_.chemistry.li_freed * t));
      ledger_.add_metal(taken.amount);
      cobalt_[taken.cell] -= taken.amount;
    }
  }
  out_.metal.clear();
  for (const CobaltGrowth& growth : voids_) {
    if (growth.particle().sites > 0.0) {
      out_.metal.push_back(growth.particle());
    }
  }
}

void Simulation::sample() {
  Sample sample{.time_s = time_s_, .temperature_degC = s_.programme.at(time_s_ * units::s).in_degC()};
  sample.grains.assign(crystal_.grains(), 0.0);
  std::vector<double> counts(crystal_.grains(), 0.0);
  std::array<double, 2> zone_sum{};
  std::array<double, 2> zone_count{};
  double cells = 0.0;
  for (std::size_t cell = 0; cell < transformed_.size(); ++cell) {
    if (crystal_.label[cell] == 0) {
      continue;
    }
    const auto grain = static_cast<std::size_t>(crystal_.label[cell] - 1);
    const std::size_t zone = crystal_.boundary_distance_nm[cell] <= boundary_zone_nm ? 0 : 1;
    sample.grains[grain] += transformed_[cell];
    counts[grain] += 1.0;
    zone_sum[zone] += transformed_[cell];
    zone_count[zone] += 1.0;
    sample.rock_salt += rock_salt_[cell];
    sample.vacancies += vacancies_[cell];
    cells += 1.0;
  }
  sample.transformed = (zone_sum[0] + zone_sum[1]) / cells;
  sample.at_boundary = zone_sum[0] / std::max(1.0, zone_count[0]);
  sample.interior = zone_sum[1] / std::max(1.0, zone_count[1]);
  sample.rock_salt /= cells;
  sample.vacancies /= cells;
  for (std::size_t g = 0; g < counts.size(); ++g) {
    sample.grains[g] /= std::max(1.0, counts[g]);
  }
  for (const MetalParticle& particle : out_.metal) {
    if (crystal_.voids[particle.void_index].special) {
      sample.metal_radius_nm = particle.radius_nm;
    }
  }
  out_.samples.push_back(std::move(sample));
}

void Simulation::save() {
  while (next_save_ < options_.save_times_s.size() && options_.save_times_s[next_save_] <= time_s_) {
    if (options_.on_save) {
      options_.on_save(state());
    }
    ++next_save_;
  }
}

void Simulation::finish() {
  const detail::Content content = detail::content_of(s_.chemistry, state());
  const detail::Released released = ledger_.released(s_.chemistry.options.li_fate);
  out_.oxygen.left = content.oxygen;
  out_.oxygen.gone = released.oxygen;
  out_.oxygen_as_gas = released.oxygen_gas / out_.oxygen.initial;
  out_.cobalt_atoms.left = content.cobalt;
  out_.cobalt_atoms.gone = released.metal;
  out_.lithium.left = content.lithium;
  out_.lithium.gone = released.lithium;
  out_.cobalt = cobalt_;
  std::stable_sort(out_.events.begin(), out_.events.end(),
                   [](const Event& a, const Event& b) { return a.time_s < b.time_s; });
}

Outcome Simulation::run() {
  sample();
  const double initial = out_.samples.front().transformed;
  save();
  while (time_s_ < end_s_) {
    start_due();
    moving_ = front_.find_active();
    const Step step = next_step();
    for (std::size_t done = 0; done < step.micro; done += detail::FrontSolver::strip_rows) {
      moving_ = done == 0 || front_.find_active();
      set_factors(step.kelvin);
      front_.advance(std::min(step.micro - done, detail::FrontSolver::strip_rows), step.growth, step.r);
    }
    time_s_ = step.to_s;
    book_front();
    change_rock_salt(step);
    change_vacancies(step);
    grow_metal(step);
    watch_walls();
    ++out_.steps;
    if (time_s_ >= out_.samples.back().time_s + options_.sample_s || time_s_ >= end_s_) {
      sample();
      if (options_.stop_at_gain && out_.samples.back().transformed - initial >= *options_.stop_at_gain) {
        break;
      }
    }
    save();
  }
  finish();
  return std::move(out_);
}

}  // namespace

std::string_view name(EventKind kind) noexcept {
  constexpr std::array<std::string_view, 4> names{"seed", "nucleation", "crossing", "cobalt"};
  return names[static_cast<std::size_t>(kind)];
}

double front_speed(const Parameters& parameters, double x, Temperature temperature) {
  const double kT = constants::k_B_eV_per_K * temperature.in_K();
  return parameters.front_speed_nm_per_s * arrhenius(parameters.front_barrier_eV, temperature.in_K()) *
         std::exp(parameters.bep_lithium_eV * (1.0 - x) / kT);
}

double front_rate(const Parameters& parameters, double x, Temperature temperature) {
  return front_speed(parameters, x, temperature) / (2.0 * parameters.front_width_nm);
}

double width_on_grid(const Parameters& parameters, double pixel_nm) {
  constexpr double least_cells = 1.25;
  return std::max(parameters.front_width_nm, least_cells * pixel_nm);
}

Outcome simulate(const Polycrystal& crystal, const Scenario& scenario, const SimulationOptions& options) {
  return Simulation(crystal, scenario, options).run();
}

}  // namespace hotstage::meso
