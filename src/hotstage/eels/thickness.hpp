// SPDX-License-Identifier: GPL-3.0-or-later
// Specimen thickness by the log-ratio method: t/λ of a zero-loss peak, mean free paths of two models, nm with σ in
// parts.

#pragma once

#include "hotstage/atoms/material.hpp"
#include "hotstage/core/estimate.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/eels/convergence.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace hotstage::eels {

enum class PathModel { iakoubovskii, malis };

constexpr auto enum_names(PathModel) {
  return std::array{EnumName<PathModel>{PathModel::iakoubovskii, "iakoubovskii"},
                    EnumName<PathModel>{PathModel::malis, "malis"}};
}

/// Effective atomic number of a compound, Σ n Z^1.3/Σ n Z^0.3 (Egerton 2011, §5.1; doi:10.1007/978-1-4419-9583-4).
[[nodiscard]] double effective_atomic_number(const std::vector<atoms::FormulaPart>& formula);

/// λ = 106·F·(E0/Em)/ln(2 β E0/Em) nm with F = (1 + E0/1022)/(1 + E0/511)², Em = 7.6·Z^0.36 eV, E0 in keV, β in mrad
/// (Malis, Cheng & Egerton, J. Electron Microsc. Tech. 8, 193, 1988). β is the effective angle of a convergent probe at
/// Em. It is a dipole formula: beyond the Bethe ridge √(Em/E0) (8 mrad at 300 kV) there is nothing more to collect, so
/// β stops there. Stated accuracy 20 %.
[[nodiscard]] Length mean_free_path_malis(double effective_z, const Illumination& illumination);

/// What the beam crosses, as far as the models ask: density for Iakoubovskii, mean Z for Malis.
struct Medium {
  std::optional<Density> density;
  std::optional<double> effective_z;
};

[[nodiscard]] Medium medium_of(const atoms::Material& material);

/// λ in nm by both models; {0, 0} where the medium does not tell enough. σ is the stated 20 %.
struct MeanFreePaths {
  Estimate iakoubovskii;
  Estimate malis;

  [[nodiscard]] const Estimate& of(PathModel model) const { return model == PathModel::malis ? malis : iakoubovskii; }
};

[[nodiscard]] MeanFreePaths mean_free_paths(const Medium& medium, const Illumination& illumination);

enum class ThicknessStatus {
  ok,
  vacuum,        ///< t/λ below ZeroLossOptions::vacuum: a value, but no specimen
  no_zero_loss,  ///< not found, split, saturated or cut: I0 is wrong
  too_thick,     ///< t/λ above the limit: I0 is mostly scattering, the log-ratio means nothing
};

[[nodiscard]] std::string_view name(ThicknessStatus status) noexcept;

/// t/λ = ln(It/I0) with its uncertainty in parts.
struct RelativeThickness {
  ThicknessStatus status = ThicknessStatus::no_zero_loss;
  Estimate value;         ///< I0 up to the first minimum; σ of counting
  Estimate mirror;        ///< I0 with the tail mirrored from the left side of the peak
  double systematic = 0;  ///< |mirror − value|: what lies under the tail of the zero-loss peak

  [[nodiscard]] bool ok() const { return status == ThicknessStatus::ok; }

  /// Counting and systematic part together.
  [[nodiscard]] double sigma() const;
};

/// `limit` is the largest t/λ given; above 2–3 the first minimum is filled by plural scattering and by noise.
[[nodiscard]] RelativeThickness relative_thickness(const ZeroLoss& peak, double limit);

/// Thickness in nm; the parts of σ add in squares.
struct AbsoluteThickness {
  double nm = 0.0;
  double counting = 0.0;
  double systematic = 0.0;  ///< of I0
  double model = 0.0;       ///< of λ, common to all items

  [[nodiscard]] double sigma() const;
};

[[nodiscard]] AbsoluteThickness absolute_thickness(const RelativeThickness& relative, const Estimate& path_nm);

}  // namespace hotstage::eels
