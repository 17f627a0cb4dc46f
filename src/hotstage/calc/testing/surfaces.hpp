// SPDX-License-Identifier: GPL-3.0-or-later
// Analytic energy surfaces with known minima and saddles.

#pragma once

#include "hotstage/calc/calculator.hpp"

#include <array>
#include <cmath>

namespace hotstage::calc::testing {

/// Müller and Brown 1979 (doi:10.1007/BF00547608), one hundredth of it in eV over x, y in Å, with a spring of 1 eV/Å²
/// in z.
class MullerBrown final : public Calculator {
 public:
  MullerBrown() {
    settings_.engine = "muller_brown";
    settings_.parameters = Value::object();
  }

  [[nodiscard]] const Settings& settings() const override { return settings_; }

  [[nodiscard]] Evaluation evaluate(const atoms::Structure& structure, Run& run) override {
    run.check_stop();
    ++calls;
    static constexpr std::array<double, 4> amplitude{-200, -100, -170, 15};
    static constexpr std::array<double, 4> a{-1, -1, -6.5, 0.7};
    static constexpr std::array<double, 4> b{0, 0, 11, 0.6};
    static constexpr std::array<double, 4> c{-10, -10, -6.5, 0.7};
    static constexpr std::array<double, 4> x0{1, 0, -0.5, -1};
    static constexpr std::array<double, 4> y0{0, 0.5, 1.5, 1};
    const auto [x, y, z] = structure.positions_A[0];
    Evaluation out{.energy_eV = 0.5 * z * z, .forces_eV_A = {{0, 0, -z}}, .stress_eV_A3 = {}};
    for (std::size_t k = 0; k < 4; ++k) {
      const double dx = x - x0[k];
      const double dy = y - y0[k];
      const double e = 0.01 * amplitude[k] * std::exp(a[k] * dx * dx + b[k] * dx * dy + c[k] * dy * dy);
      out.energy_eV += e;
      out.forces_eV_A[0][0] -= e * (2 * a[k] * dx + b[k] * dy);
      out.forces_eV_A[0][1] -= e * (b[k] * dx + 2 * c[k] * dy);
    }
    return out;
  }

  std::size_t calls = 0;

 private:
  Settings settings_;
};

inline atoms::Structure one_atom(double x, double y) {
  atoms::Structure s;
  s.cell_A = {{{20, 0, 0}, {0, 20, 0}, {0, 0, 20}}};
  s.periodic = {false, false, false};
  s.elements = {atoms::element("H")};
  s.positions_A = {{x, y, 0.0}};
  return s;
}

}  // namespace hotstage::calc::testing
