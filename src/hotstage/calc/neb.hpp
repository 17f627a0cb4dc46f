// SPDX-License-Identifier: GPL-3.0-or-later
// Climbing-image nudged elastic band: the lowest pass between two minima.

#pragma once

#include "hotstage/calc/calculator.hpp"
#include "hotstage/calc/optimiser.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::calc {

enum class BandMethod {
  fire,             ///< damped dynamics throughout
  lbfgs,            ///< quasi-Newton throughout
  fire_then_lbfgs,  ///< FIRE until the band may climb, quasi-Newton after it
};

constexpr auto enum_names(BandMethod) {
  return std::array<EnumName<BandMethod>, 3>{EnumName<BandMethod>{BandMethod::fire, "fire"},
                                             EnumName<BandMethod>{BandMethod::lbfgs, "lbfgs"},
                                             EnumName<BandMethod>{BandMethod::fire_then_lbfgs, "fire_then_lbfgs"}};
}

struct NebOptions {
  BandMethod method = BandMethod::fire_then_lbfgs;
  double force_eV_A = 0.05;       ///< done when the band force on no atom of any image is larger
  double climb_below_eV_A = 0.5;  ///< the highest image climbs once the band force is below this; 0: never
  double spring_eV_A2 = 1.0;
  int iterations = 300;
  double step_cap_A = 0.1;
  double minimum_depth_eV = 0.02;  ///< an inner minimum shallower than this is taken for noise

  template <class V>
  void fields(V& v) {
    v("method", method, {.help = "minimiser of the band"});
    v("force_eV_A", force_eV_A, {.help = "largest band force left on an atom, eV/angstrom", .min = 1e-6});
    v("climb_below_eV_A", climb_below_eV_A,
      {.help = "band force below which the highest image starts to climb, eV/angstrom; 0: never", .min = 0.0});
    v("spring_eV_A2", spring_eV_A2, {.help = "spring between images, eV/angstrom^2", .min = 1e-3});
    v("iterations", iterations, {.help = "most moves of the band", .min = 0});
    v("step_cap_A", step_cap_A, {.help = "no atom moves more in one move, angstrom", .min = 1e-4, .max = 1.0});
    v("minimum_depth_eV", minimum_depth_eV, {.help = "depth from which an inner minimum is reported, eV", .min = 0.0});
  }
};

/// Makes the calculator of one image; called once per image, from the thread that first needs it.
using CalculatorFactory = std::function<std::unique_ptr<Calculator>(std::size_t image)>;

struct NebInput {
  std::vector<atoms::Structure> images;  ///< start path with both ends, at least three, same atoms in the same order
  CalculatorFactory calculator;
  std::filesystem::path folder;  ///< one file per image for going on after a stop; empty: none
};

struct BandImage {
  atoms::Structure structure;
  Evaluation evaluation;
  double path_A = 0.0;              ///< length along the band from the first image
  double tangent_force_eV_A = 0.0;  ///< true force along the path
  double band_force_eV_A = 0.0;     ///< what the minimiser had left; 0 at the ends
  bool converged = true;
  std::size_t calls = 0;
};

/// Highest point of the cubic through energies and slopes of the images.
struct PathMaximum {
  double energy_eV = 0.0;  ///< above the first image
  double path_A = 0.0;
  std::size_t segment = 0;  ///< between images segment and segment + 1
};

struct Neb {
  std::vector<BandImage> images;
  bool converged = false;
  bool climbed = false;
  int iterations = 0;
  std::size_t calls = 0;     ///< energy calls of this run, ends included
  std::size_t reused = 0;    ///< images whose energy came from the restart files
  std::size_t top = 0;       ///< highest image
  double barrier_eV = 0.0;   ///< highest image above the first
  double reverse_eV = 0.0;   ///< highest image above the last
  double reaction_eV = 0.0;  ///< last above first
  PathMaximum fit;
  std::vector<std::size_t> minima;  ///< inner images that lie in a minimum: split the path there
  Settings settings;
};

/// Improved tangent (Henkelman, Jónsson 2000, doi:10.1063/1.1323224), climbing image (doi:10.1063/1.1329672) switched
/// on late, images at rest are neither moved nor computed again. A band that does not get there is a result, not an
/// error.
///
/// Throws Error{bad_input} when images differ in cell, atoms or order, Error{refused} when restart files belong to
/// other settings.
[[nodiscard]] Neb find_path(const NebInput& input, const NebOptions& options, Run& run);

}  // namespace hotstage::calc
