// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/dose.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

constexpr Current nanoampere{6.241509074460763e9};  // 1 nA in e/s, CODATA 2018 (exact)

[[noreturn]] void missing(const signal::Signal& core, const char* what, const char* hint) {
  throw Error(Errc::refused, Location{.file = core.file}, fmt::format("no dose: the {} is not known", what), hint);
}

std::optional<double> pixel_area_nm2(const signal::Signal& core) {
  std::vector<double> steps;
  for (const signal::Axis& axis : core.navigation) {
    const std::optional<Unit> unit = find_unit(axis.unit);
    if (unit && unit->dimension == Length::dimension && axis.is_uniform()) {
      steps.push_back(std::abs(axis.scale) * unit->factor);
    }
  }
  if (steps.empty() || steps.size() > 2) {
    return std::nullopt;
  }
  const double area = steps.front() * steps.back();
  return area > 0.0 ? std::optional(area) : std::nullopt;
}

}  // namespace

Dose electron_dose(const signal::Signal& core, const DoseOptions& options) {
  double current = options.beam_current ? options.beam_current->base() : 0.0;
  for (const char* path :
       {"metadata.Acquisition_instrument.TEM.beam_current", "Acquisition_instrument.TEM.beam_current"}) {
    if (const std::optional<double> stored = core.original.number_at(path); stored && current <= 0.0) {
      current = *stored * nanoampere.base();
    }
  }
  if (!(current > 0.0)) {
    missing(core, "beam current", "Give beam_current (of the probe, from a Faraday cup or the screen)");
  }
  double exposure = options.exposure ? options.exposure->base() : 0.0;
  if (exposure <= 0.0 && core.metadata.exposure) {
    exposure = core.metadata.exposure->base() * core.metadata.frames.value_or(1.0);
  }
  if (!(exposure > 0.0)) {
    missing(core, "exposure per spectrum", "Give exposure");
  }
  const double area = options.area ? options.area->base() : pixel_area_nm2(core).value_or(0.0);
  if (!(area > 0.0)) {
    missing(core, "area per spectrum", "Give area: the axes of the scan are not lengths");
  }
  constexpr double A2_per_nm2 = 100.0;
  return {current * exposure / (area * A2_per_nm2),
          fmt::format("{:.4g} nA × {:.4g} s over {:.4g} nm²{}", current / nanoampere.base(), exposure, area,
                      options.area ? "" : " (one pixel)")};
}

}  // namespace hotstage::eels
