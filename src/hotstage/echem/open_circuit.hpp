// SPDX-License-Identifier: GPL-3.0-or-later
// Open-circuit potential of the electrode against lithium content: monotone, and known where it is only fitted.

#pragma once

#include <filesystem>
#include <utility>
#include <vector>

namespace hotstage::echem {

/// U(x) through nodes by the monotone cubic of Fritsch and Carlson (doi:10.1137/0717021). x is Li per Co.
class OpenCircuit {
 public:
  /// Nodes ascending in x, U falling. `fitted` tells per node that it is no published value. Throws Error{bad_input}.
  OpenCircuit(std::vector<double> x, std::vector<double> voltage_V, std::vector<char> fitted);

  /// V against Li metal; x is held inside the table.
  [[nodiscard]] double voltage(double x) const;
  /// dU/dx in V, negative.
  [[nodiscard]] double slope(double x) const;
  /// x with U(x) = voltage; held at the ends of the table.
  [[nodiscard]] double lithium(double voltage_V) const;

  /// Range of x in which nodes are published.
  [[nodiscard]] std::pair<double, double> published() const { return published_; }

  /// The same curve, `whole_V` higher everywhere and its fitted part above the published one `fitted_V` more, fading in
  /// smoothly.
  [[nodiscard]] OpenCircuit shifted(double whole_V, double fitted_V) const;

 private:
  [[nodiscard]] std::size_t interval(double x) const;

  std::vector<double> x_;
  std::vector<double> voltage_;
  std::vector<double> slope_;
  std::vector<char> fitted_;
  std::pair<double, double> published_{0.0, 0.0};
};

/// Li_xCoO2 from data/lco_ocp: literature for 0.40 ≤ x ≤ 0.9985, fitted outside.
[[nodiscard]] const OpenCircuit& lithium_cobalt_oxide();

/// Reads x, voltage (V), source; nodes whose source is "fitted" are marked.
[[nodiscard]] OpenCircuit read_open_circuit(const std::filesystem::path& file);

}  // namespace hotstage::echem
