// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/cobalt.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/kinetics/hazard.hpp"
#include "hotstage/meso/chemistry.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::meso {

namespace {

constexpr double hop_nm = 0.28;        // Co–Co distance in the layer
constexpr double shell_walks = 6.0;    // beyond, exp(−6) is left out
constexpr double least_cobalt = 0.05;  // share of the Co that a stripped cell keeps

double edge_distance(const Polycrystal& crystal, const Void& v, std::size_t cell) {
  const Point p = crystal.position(cell);
  return std::max(0.0, std::hypot(p.x_nm - v.centre.x_nm, p.y_nm - v.centre.y_nm) - v.radius_nm);
}

}  // namespace

double oxide_volumes_per_metal() {
  return unit_volumes().layered / unit_volumes().metal;
}

CobaltGrowth::CobaltGrowth(const Polycrystal& crystal, std::size_t void_index, const Parameters& parameters) {
  HOTSTAGE_EXPECTS(void_index < crystal.voids.size());
  const Void& v = crystal.voids[void_index];
  const double steps = parameters.cobalt_walk_nm / hop_nm;
  const double barrier = v.special ? parameters.cobalt_barrier_eV : parameters.cobalt_barrier_other_eV;
  law_ = {Frequency(parameters.attempt_per_s / std::max(1.0, steps * steps)), barrier * units::eV};
  face_sites_ = parameters.cobalt_sites_per_nm2 * parameters.cobalt_coverage * v.perimeter_nm() * parameters.foil_nm;
  co_per_cell_ = crystal.pixel_nm * crystal.pixel_nm * parameters.foil_nm / unit_volumes().layered;
  inradius_nm_ = v.inradius_nm();
  const double largest = 4.0 / 3.0 * std::numbers::pi * std::pow(inradius_nm_, 3);
  capacity_sites_ = largest / unit_volumes().metal / co_per_cell_;
  void_centre_ = v.centre;
  const double angle = v.angle_deg * std::numbers::pi / 180.0;
  face_normal_ = {std::cos(angle), std::sin(angle)};
  particle_.centre = v.centre;
  particle_.void_index = void_index;
  for (std::size_t cell = 0; cell < crystal.label.size(); ++cell) {
    const double distance = edge_distance(crystal, v, cell);
    if (crystal.label[cell] > 0 && distance < shell_walks * parameters.cobalt_walk_nm) {
      shell_.push_back({static_cast<std::uint32_t>(cell), std::exp(-distance / parameters.cobalt_walk_nm)});
    }
  }
}

std::optional<Time> CobaltGrowth::nucleation(const kinetics::Programme& programme, double threshold) const {
  return kinetics::event_time(law_, programme, programme.begin(), threshold);
}

double CobaltGrowth::supply(const kinetics::Programme& programme, Time from, Time to) const {
  return face_sites_ * kinetics::integrated_hazard(law_, programme, from, to) / co_per_cell_;
}

std::vector<CobaltGrowth::Taken> CobaltGrowth::grow(std::span<const double> cobalt, double sites) {
  constexpr int rounds = 8;
  std::vector<double> taken(shell_.size(), 0.0);
  double missing = std::min(sites, capacity_sites_ - particle_.sites);
  double sum = 0.0;
  for (int round = 0; round < rounds && missing > 0.0; ++round) {
    double available = 0.0;
    for (std::size_t i = 0; i < shell_.size(); ++i) {
      available += shell_[i].weight * std::max(0.0, cobalt[shell_[i].cell] - taken[i] - least_cobalt);
    }
    if (!(available > 0.0)) {
      break;
    }
    const double share = missing / available;
    for (std::size_t i = 0; i < shell_.size(); ++i) {
      const double left = std::max(0.0, cobalt[shell_[i].cell] - taken[i] - least_cobalt);
      const double now = std::min(1.0, share * shell_[i].weight) * left;
      taken[i] += now;
      missing -= now;
    }
    constexpr double enough = 1e-12;
    if (missing < enough * sites) {
      break;
    }
  }
  std::vector<Taken> out;
  for (std::size_t i = 0; i < shell_.size(); ++i) {
    if (taken[i] > 0.0) {
      out.push_back({shell_[i].cell, taken[i]});
      sum += taken[i];
    }
  }
  particle_.sites += sum;
  particle_.radius_nm =
      std::cbrt(particle_.sites * co_per_cell_ * unit_volumes().metal * 3.0 / (4.0 * std::numbers::pi));
  const double from_centre = std::max(0.0, inradius_nm_ - particle_.radius_nm);
  particle_.centre = {void_centre_.x_nm + from_centre * face_normal_.x_nm,
                      void_centre_.y_nm + from_centre * face_normal_.y_nm};
  return out;
}

Halo measure_halo(const Polycrystal& crystal, std::span<const double> cobalt, const MetalParticle& particle,
                  double foil_nm) {
  const Void& v = crystal.voids[particle.void_index];

  struct Loss {
    double distance;
    double amount;
  };

  std::vector<Loss> losses;
  double sum = 0.0;
  double squares = 0.0;
  for (std::size_t cell = 0; cell < cobalt.size(); ++cell) {
    if (crystal.label[cell] > 0 && cobalt[cell] < 1.0) {
      losses.push_back({edge_distance(crystal, v, cell), 1.0 - cobalt[cell]});
      sum += losses.back().amount;
      squares += losses.back().amount * losses.back().amount;
    }
  }
  Halo out{.radius_nm = particle.radius_nm};
  const double metal_nm3 = 4.0 / 3.0 * std::numbers::pi * std::pow(particle.radius_nm, 3);
  if (!(sum > 0.0) || !(metal_nm3 > 0.0)) {
    return out;
  }
  out.oxide_volumes = sum * crystal.pixel_nm * crystal.pixel_nm * foil_nm / metal_nm3;
  out.mean_thinning = squares / sum;
  std::sort(losses.begin(), losses.end(), [](const Loss& a, const Loss& b) { return a.distance < b.distance; });
  constexpr double most = 0.9;
  double inside = 0.0;
  for (const Loss& loss : losses) {
    inside += loss.amount;
    if (inside >= most * sum) {
      out.reach_nm = loss.distance;
      break;
    }
  }
  return out;
}

}  // namespace hotstage::meso
