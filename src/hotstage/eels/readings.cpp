// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/readings.hpp"

#include "hotstage/eels/cross_section.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::eels {

namespace {

struct PerVolume {
  double cobalt = 0.0;
  double oxygen = 0.0;
};

PerVolume per_volume(const atoms::Material& material) {
  return {material.atoms_per_nm3(atoms::element("Co")), material.atoms_per_nm3(atoms::element("O"))};
}

struct Share {
  Estimate value;
  bool possible = true;
};

Share share_of(const atoms::Material& product, const Estimate& co_per_o) {
  const atoms::Material& host = atoms::find_material("LiCoO2");
  const auto middle = product_share(host, product, co_per_o.value);
  if (!middle) {
    return {{1.0, 0.0}, false};
  }
  const double low = product_share(host, product, co_per_o.value - co_per_o.sigma).value_or(0.0);
  const double high = product_share(host, product, co_per_o.value + co_per_o.sigma).value_or(1.0);
  return {{*middle, 0.5 * (high - low)}, true};
}

/// σ_O/σ_Co of the 50 eV from 5 eV in front of the onset, by one scale of the cross-sections.
double sigma_ratio(Strength strength, const Illumination& light) {
  const auto value = [&](const char* name) {
    const Edge edge = find_edge(name);
    const double onset = edge.onset.in(units::eV);
    const double scale = strength == Strength::photo_absorption ? strength_correction(edge) : 1.0;
    return scale * partial_cross_section(edge, {onset - 5.0, onset + 45.0}, light).value.base();
  };
  return value("O K") / value("Co L3");
}

}  // namespace

std::string_view name(Meaning meaning) noexcept {
  switch (meaning) {
    case Meaning::atoms:
      return "Co/O in atoms";
    case Meaning::fraction:
      return "Co/(Co+O)";
    case Meaning::raw:
      return "Co/O in raw intensities";
  }
  return "unknown";
}

std::optional<double> product_share(const atoms::Material& host, const atoms::Material& product, double co_per_o) {
  const PerVolume h = per_volume(host);
  const PerVolume p = per_volume(product);
  const double slope = p.cobalt - h.cobalt - co_per_o * (p.oxygen - h.oxygen);
  const double share = (co_per_o * h.oxygen - h.cobalt) / slope;
  constexpr double rounding = 1e-12;
  if (slope == 0.0 || !(share >= -rounding && share <= 1.0 + rounding)) {
    return std::nullopt;
  }
  return std::clamp(share, 0.0, 1.0);
}

double co_per_o_of(const atoms::Material& host, const atoms::Material& product, double share) {
  const PerVolume h = per_volume(host);
  const PerVolume p = per_volume(product);
  const double oxygen = (1.0 - share) * h.oxygen + share * p.oxygen;
  const double cobalt = (1.0 - share) * h.cobalt + share * p.cobalt;
  return oxygen > 0.0 ? cobalt / oxygen : std::numeric_limits<double>::infinity();
}

std::array<Reading, 3> read_number(const ReadingOptions& options) {
  const double number = options.number;
  const double hydrogenic = sigma_ratio(Strength::hydrogenic, options.illumination);
  const double absorption = sigma_ratio(Strength::photo_absorption, options.illumination);
  const double middle = 0.5 * (hydrogenic + absorption);
  const double raw = number * middle;
  const double raw_spread = std::hypot(options.spread, 0.5 * std::abs(hydrogenic - absorption) / middle);
  const double odds = number < 1.0 ? number / (1.0 - number) : std::numeric_limits<double>::infinity();
  std::array<Reading, 3> out{Reading{Meaning::atoms, {number, number * options.spread}, {}, {}},
                             Reading{Meaning::fraction, {odds, odds * options.spread}, {}, {}},
                             Reading{Meaning::raw, {raw, raw * raw_spread}, {}, {}}};
  for (Reading& reading : out) {
    const Share metal = share_of(atoms::find_material("Co"), reading.co_per_o);
    const Share oxide = share_of(atoms::find_material("CoO"), reading.co_per_o);
    reading.metal = metal.value;
    reading.metal_possible = metal.possible;
    reading.oxide = oxide.value;
    reading.oxide_possible = oxide.possible;
  }
  return out;
}

}  // namespace hotstage::eels
