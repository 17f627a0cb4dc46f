// SPDX-License-Identifier: GPL-3.0-or-later
// One heating run of a polycrystalline foil: fronts, vacancies, events at boundaries, Co in voids; O, Co and Li
// balanced.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/kinetics/programme.hpp"
#include "hotstage/meso/chemistry.hpp"
#include "hotstage/meso/cobalt.hpp"
#include "hotstage/meso/parameters.hpp"
#include "hotstage/meso/polycrystal.hpp"
#include "hotstage/meso/sites.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace hotstage::meso {

/// Three explanations of claim C8. A: neighbours start by the pristine law, nothing crosses. B: a wall that is crossed
/// by events with a barrier. C: the boundary does not stop the front.
enum class Rival { a, b, c };

constexpr auto enum_names(Rival) {
  return std::array{EnumName<Rival>{Rival::a, "A"}, EnumName<Rival>{Rival::b, "B"}, EnumName<Rival>{Rival::c, "C"}};
}

enum class EventKind { seed, nucleation, crossing, cobalt };

[[nodiscard]] std::string_view name(EventKind kind) noexcept;

struct Event {
  EventKind kind = EventKind::seed;
  double time_s = 0.0;
  double temperature_degC = 0.0;
  int grain = 0;
  int from_grain = 0;  ///< of a crossing, else 0
  Point place;
  double boundary_nm = 0.0;  ///< distance to the nearest boundary
};

struct Scenario {
  Parameters parameters;
  Chemistry chemistry;
  Dose dose;
  Rival rival = Rival::b;
  kinetics::Programme programme;
  std::uint64_t seed = 1;
};

/// The foil at one moment, per cell. Valid during the call that hands it out.
struct FoilState {
  double time_s = 0.0;
  std::span<const double> transformed;  ///< share of the Co that is spinel or rock salt
  std::span<const double> rock_salt;
  std::span<const double> vacancies;            ///< per O site of the fresh foil
  std::span<const double> cobalt;               ///< Co left in the oxides, per site of the fresh foil
  std::span<const double> initial_transformed;  ///< before heating
  std::span<const MetalParticle> metal;
};

/// Means over the solid at one moment.
struct Sample {
  double time_s = 0.0;
  double temperature_degC = 0.0;
  double transformed = 0.0;
  double at_boundary = 0.0;  ///< cells within 10 nm of a grain boundary
  double interior = 0.0;     ///< the others
  double rock_salt = 0.0;
  double vacancies = 0.0;
  double metal_radius_nm = 0.0;  ///< in the special void
  std::vector<double> grains;    ///< transformed share of grain g at [g − 1]
};

/// Atoms in units of one fresh cell's Co. `left` counts lattice O and O of Li2O minus vacancies; `gone` what the
/// processes released, added up apart.
struct Inventory {
  double initial = 0.0;
  double left = 0.0;
  double gone = 0.0;

  [[nodiscard]] double error() const { return (left + gone - initial) / initial; }
};

struct Outcome {
  std::vector<Sample> samples;
  std::vector<Event> events;  ///< in order of time
  std::vector<Core> cores;
  std::vector<MetalParticle> metal;
  std::vector<double> cobalt;  ///< at the end, per cell
  Inventory oxygen;
  Inventory cobalt_atoms;  ///< `gone` is the metal
  Inventory lithium;
  double oxygen_as_gas = 0.0;   ///< share of the initial O that left as O2 or CO
  double front_width_nm = 0.0;  ///< the one the grid could carry
  std::size_t steps = 0;
};

struct SimulationOptions {
  std::vector<double> save_times_s;  ///< ascending; `on_save` is called at each
  std::function<void(const FoilState&)> on_save;
  double largest_step_K = 2.0;
  double sample_s = 0.5;
  std::optional<double> stop_at_gain;  ///< ends the run once that much more of the solid has transformed
};

/// The same input gives the same bytes on any number of threads. The run covers the whole programme.
[[nodiscard]] Outcome simulate(const Polycrystal& crystal, const Scenario& scenario,
                               const SimulationOptions& options = {});

/// Rate 1/s and speed of a planar front in LixCoO2 without vacancies; v = 2 √(D k).
[[nodiscard]] double front_rate(const Parameters& parameters, double x, Temperature temperature);
[[nodiscard]] double front_speed(const Parameters& parameters, double x, Temperature temperature);

/// Width √(D/k) on a grid: at least 1.25 cells; rate and diffusion are changed together so that the speed stays.
[[nodiscard]] double width_on_grid(const Parameters& parameters, double pixel_nm);

/// Thickness in nm of each of `material_names` in every cell, materials × rows × columns. Metal stands in the voids as
/// projected spheres whose sum is exactly the Co taken.
[[nodiscard]] Buffer<float, 3> material_maps(const Polycrystal& crystal, const Scenario& scenario,
                                             const FoilState& state);

}  // namespace hotstage::meso
