// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/thickness.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {
namespace {

constexpr double stated_accuracy = 0.2;  // of λ, both models
constexpr Density gram_per_cm3(constants::gram / 1e21);

}  // namespace

double effective_atomic_number(const std::vector<atoms::FormulaPart>& formula) {
  double above = 0.0;
  double below = 0.0;
  for (const atoms::FormulaPart& part : formula) {
    const auto z = static_cast<double>(part.element.number);
    above += part.count * std::pow(z, 1.3);
    below += part.count * std::pow(z, 0.3);
  }
  HOTSTAGE_EXPECTS(below > 0.0);
  return above / below;
}

Length mean_free_path_malis(double effective_z, const Illumination& illumination) {
  HOTSTAGE_EXPECTS(effective_z > 0.0 && illumination.beam.base() > 0.0 && illumination.collection.base() > 0.0);
  const double E0 = illumination.beam.in(units::keV);
  const double rest = constants::electron_rest_energy_eV * 1e-3;
  const double F = (1.0 + 0.5 * E0 / rest) / std::pow(1.0 + E0 / rest, 2);
  const double Em = 7.6 * std::pow(effective_z, 0.36);
  const double ridge = 1e3 * std::sqrt(Em / (E0 * 1e3));
  const double effective = convergence_correction(Em * units::eV, illumination).effective_angle.in(units::mrad);
  const double beta = std::min(effective, ridge);
  // ln(1 + …) instead of ln(…): the same Lorentzian, without a pole at small β.
  return 106.0 * F * (E0 / Em) / (0.5 * std::log1p(std::pow(2.0 * beta * E0 / Em, 2))) * units::nm;
}

Medium medium_of(const atoms::Material& material) {
  return {material.density_g_cm3 * gram_per_cm3, effective_atomic_number(material.formula)};
}

MeanFreePaths mean_free_paths(const Medium& medium, const Illumination& illumination) {
  MeanFreePaths out;
  const auto stated = [](Length path) { return Estimate{path.in(units::nm), stated_accuracy * path.in(units::nm)}; };
  if (medium.density) {
    out.iakoubovskii = stated(mean_free_path(*medium.density, illumination));
  }
  if (medium.effective_z) {
    out.malis = stated(mean_free_path_malis(*medium.effective_z, illumination));
  }
  return out;
}

std::string_view name(ThicknessStatus status) noexcept {
  switch (status) {
    case ThicknessStatus::ok:
      return "ok";
    case ThicknessStatus::vacuum:
      return "vacuum";
    case ThicknessStatus::no_zero_loss:
      return "refused: no usable zero-loss peak";
    case ThicknessStatus::too_thick:
      return "refused: too thick for the log-ratio";
  }
  return "";
}

double RelativeThickness::sigma() const {
  return std::hypot(value.sigma, systematic);
}

RelativeThickness relative_thickness(const ZeroLoss& peak, double limit) {
  RelativeThickness out;
  for (const ZeroLossFlag flag :
       {ZeroLossFlag::not_found, ZeroLossFlag::split, ZeroLossFlag::cut, ZeroLossFlag::saturated}) {
    if (has(peak.flags, flag)) {
      return out;
    }
  }
  out.value = peak.thickness;
  out.mirror = peak.thickness_mirror;
  out.systematic = std::abs(out.mirror.value - out.value.value);
  out.status = has(peak.flags, ZeroLossFlag::vacuum) ? ThicknessStatus::vacuum : ThicknessStatus::ok;
  if (out.value.value > limit) {
    out.status = ThicknessStatus::too_thick;
  }
  return out;
}

double AbsoluteThickness::sigma() const {
  return std::hypot(counting, systematic, model);
}

AbsoluteThickness absolute_thickness(const RelativeThickness& relative, const Estimate& path_nm) {
  return {relative.value.value * path_nm.value, relative.value.sigma * path_nm.value,
          relative.systematic * path_nm.value, relative.value.value * path_nm.sigma};
}

}  // namespace hotstage::eels
