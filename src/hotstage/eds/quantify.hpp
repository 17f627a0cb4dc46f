// SPDX-License-Identifier: GPL-3.0-or-later
// Composition from X-ray lines with given k-factors (Cliff and Lorimer 1975), counting and k-factor uncertainty apart.

#pragma once

#include "hotstage/core/units.hpp"
#include "hotstage/eds/fit.hpp"
#include "hotstage/io/delimited.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::eds {

/// What the k-factors turn intensities into.
enum class KBasis { weight, atom };

/// k-factor of one line relative to the same reference for all: C_a / C_b = (k_a / k_b) (I_a / I_b).
struct KFactor {
  std::string line;  ///< "Co K"
  double k = 0.0;
  double sigma = 0.0;  ///< same unit
};

/// Columns `line`, `k`, and `sigma` or `sigma_percent`. Throws Error{bad_input} at the first number that makes no
/// sense; a table without an uncertainty is taken at `default_relative`.
[[nodiscard]] std::vector<KFactor> read_k_factors(const io::Table& table, double default_relative);

/// Absorption in a film of even thickness: I = I0 (1 − e^{−χ})/χ, χ = ρt Σ c_j (µ/ρ)_j / sin(take-off angle).
struct Absorption {
  Length thickness;
  double density_g_cm3 = 0.0;
  Angle take_off;
};

struct QuantifyOptions {
  KBasis basis = KBasis::weight;
  std::optional<Absorption> absorption;
};

/// A number with its two uncertainties.
struct Parted {
  double value = 0.0;
  double counting = 0.0;
  double k_factor = 0.0;

  [[nodiscard]] double sigma() const;
};

struct ElementAmount {
  const LineFamily* family = nullptr;
  bool found = false;
  Parted atom;                       ///< atomic fraction among the elements quantified
  Parted weight;                     ///< weight fraction
  Parted ratio;                      ///< atoms per atom of the reference element
  std::optional<double> atom_below;  ///< not found: upper bound of the atomic fraction, 95 %
  std::optional<double> ratio_below;
  double absorption = 1.0;  ///< generated over emitted intensity
};

struct Composition {
  std::vector<ElementAmount> elements;  ///< in the order of the lines quantified
  std::size_t reference = 0;            ///< the element that ratios refer to
  std::vector<std::string> assumed;     ///< in words, for the report
};

/// The lines of `fit` named in `lines` (one per element) with their k-factors. Elements that were not found do not take
/// part in the sum; their fractions are upper bounds. Throws Error{bad_input} for a line without k-factor or without
/// fit, Error{refused} when no element was found.
[[nodiscard]] Composition quantify(const SpectrumFit& fit, std::span<const LineFamily* const> lines,
                                   std::span<const KFactor> factors, const LineTable& table,
                                   const QuantifyOptions& options);

}  // namespace hotstage::eds
