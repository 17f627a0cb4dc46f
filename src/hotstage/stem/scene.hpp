// SPDX-License-Identifier: GPL-3.0-or-later
// What lies under the beam while frames are taken: thickness maps of each material at saved times, grains, temperature.

#pragma once

#include "hotstage/atoms/material.hpp"
#include "hotstage/core/array.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace hotstage::stem {

struct Scene {
  std::vector<double> times_s;  ///< of the saved states, ascending, microscope clock
  std::vector<atoms::Material> materials;
  std::vector<char> layered;  ///< per material: 1 when its grains are single crystals that channel
  std::size_t rows = 0;
  std::size_t columns = 0;
  double pixel_nm = 1.0;
  double x_start_nm = 0.0;  ///< axis values of the first column and row
  double y_start_nm = 0.0;
  Buffer<float, 2> labels;  ///< grain number per pixel; 0: none
  /// Thickness in nm at full density of every material at a saved time: materials × (rows · columns). Thread-safe.
  std::function<void(std::size_t state, View<float, 2> out)> thickness_nm;
  /// True temperature of the specimen at a time of the microscope clock.
  std::function<Temperature(double time_s)> temperature;
};

/// From {time, material | y, x}, {y, x} of the same axes, and a record with "materials" and "formula" (names of
/// data/materials and the compositions that they really have; formula units per volume stay those of the named
/// material). `layered` lists names. The temperature is left for the caller. Throws Error{bad_input}.
[[nodiscard]] Scene read_scene(const signal::Signal& state, const signal::Signal& labels, const Value& record,
                               const std::vector<std::string>& layered);

}  // namespace hotstage::stem
