// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/detail/band.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hotstage::calc::detail {

namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double length(std::span<const double> a) {
  return std::sqrt(dot(a, a));
}

std::vector<double> combined(std::span<const double> a, double p, std::span<const double> b, double q) {
  std::vector<double> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    out[i] = p * a[i] + q * b[i];
  }
  return out;
}

std::vector<double> unit(std::vector<double> a) {
  const double n = length(a);
  if (n > 0.0) {
    for (double& x : a) {
      x /= n;
    }
  }
  return a;
}

std::vector<double> free_forces(const BandImage& image) {
  const atoms::Structure& s = image.structure;
  std::vector<double> out(3 * s.size(), 0.0);
  for (std::size_t i = 0; i < s.size(); ++i) {
    for (std::size_t k = 0; k < 3 && (s.fixed.empty() || s.fixed[i] == 0); ++k) {
      out[3 * i + k] = image.evaluation.forces_eV_A[i][k];
    }
  }
  return out;
}

struct Energies {
  double before = 0.0;
  double here = 0.0;
  double after = 0.0;
};

/// Along the neighbour that lies higher; at an extremum the mean of both, weighted so that it turns smoothly.
std::vector<double> improved_tangent(std::span<const double> back, std::span<const double> ahead, const Energies& e) {
  if (e.after > e.here && e.here > e.before) {
    return unit({ahead.begin(), ahead.end()});
  }
  if (e.after < e.here && e.here < e.before) {
    return unit({back.begin(), back.end()});
  }
  const double up = std::abs(e.after - e.here);
  const double down = std::abs(e.before - e.here);
  const double most = std::max(up, down);
  const double least = std::min(up, down);
  if (most <= 0.0) {
    return unit(combined(ahead, 1.0, back, 1.0));
  }
  return unit(e.after > e.before ? combined(ahead, most, back, least) : combined(ahead, least, back, most));
}

double largest(std::span<const double> force) {
  double most = 0.0;
  for (std::size_t i = 0; i + 2 < force.size(); i += 3) {
    most = std::max(most, std::hypot(force[i], force[i + 1], force[i + 2]));
  }
  return most;
}

}  // namespace

void require_same_atoms(const atoms::Structure& a, const atoms::Structure& b, std::size_t image) {
  if (a.size() != b.size()) {
    throw Error(Errc::bad_input, fmt::format("image {} has {} atoms, the first image {}", image, b.size(), a.size()));
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a.elements[i] == b.elements[i])) {
      throw Error(Errc::bad_input,
                  fmt::format("atom {} is {} in the first image and {} in image {}", i + 1, a.elements[i].symbol,
                              b.elements[i].symbol, image),
                  "write both ends with their atoms in the same order");
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      if (std::abs(a.cell_A[i][k] - b.cell_A[i][k]) > 1e-6) {
        throw Error(Errc::bad_input, fmt::format("the cell of image {} is not that of the first image", image),
                    "a band lives in one cell: relax both ends in the same cell");
      }
    }
  }
}

std::vector<double> displacement(const atoms::Structure& from, const atoms::Structure& to) {
  const atoms::Lattice lattice(from.cell_A);
  std::vector<double> out;
  out.reserve(3 * from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const atoms::Vector d =
        lattice.nearest_image(atoms::subtract(to.positions_A[i], from.positions_A[i]), from.periodic);
    out.insert(out.end(), d.begin(), d.end());
  }
  return out;
}

std::vector<BandPoint> band_forces(std::span<const BandImage> images, const BandRules& rules) {
  HOTSTAGE_EXPECTS(images.size() >= 3);
  std::vector<BandPoint> out(images.size());
  std::vector<double> back = displacement(images[0].structure, images[1].structure);
  out[0].ahead_A = length(back);
  out[0].tangent_force_eV_A = dot(free_forces(images[0]), unit(back));
  for (std::size_t n = 1; n + 1 < images.size(); ++n) {
    const std::vector<double> ahead = displacement(images[n].structure, images[n + 1].structure);
    BandPoint& point = out[n];
    point.ahead_A = length(ahead);
    point.tangent = improved_tangent(
        back, ahead,
        {images[n - 1].evaluation.energy_eV, images[n].evaluation.energy_eV, images[n + 1].evaluation.energy_eV});
    const std::vector<double> force = free_forces(images[n]);
    point.tangent_force_eV_A = dot(force, point.tangent);
    const bool climbs = rules.climbing == n;
    const double along = climbs ? -2.0 * point.tangent_force_eV_A
                                : rules.spring_eV_A2 * (point.ahead_A - length(back)) - point.tangent_force_eV_A;
    point.force = combined(force, 1.0, point.tangent, along);
    point.largest_eV_A = largest(point.force);
    back = ahead;
  }
  out.back().tangent_force_eV_A = dot(free_forces(images.back()), unit(back));
  return out;
}

std::size_t highest_inner(std::span<const BandImage> images) {
  std::size_t top = 1;
  for (std::size_t n = 2; n + 1 < images.size(); ++n) {
    if (images[n].evaluation.energy_eV > images[top].evaluation.energy_eV) {
      top = n;
    }
  }
  return top;
}

PathMaximum cubic_maximum(std::span<const BandImage> images) {
  const double zero = images.front().evaluation.energy_eV;
  PathMaximum out;
  const auto offer = [&](double energy, double path, std::size_t segment) {
    if (energy - zero > out.energy_eV) {
      out = {energy - zero, path, segment};
    }
  };
  for (std::size_t n = 0; n + 1 < images.size(); ++n) {
    const double h = images[n + 1].path_A - images[n].path_A;
    const double e0 = images[n].evaluation.energy_eV;
    const double e1 = images[n + 1].evaluation.energy_eV;
    offer(e1, images[n + 1].path_A, n);
    if (h <= 0.0) {
      continue;
    }
    // e(t) = e0 + b t + c t² + d t³ on t in [0, 1] with slopes −force·h at both ends.
    const double b = -images[n].tangent_force_eV_A * h;
    const double end = -images[n + 1].tangent_force_eV_A * h;
    const double c = 3.0 * (e1 - e0) - 2.0 * b - end;
    const double d = b + end - 2.0 * (e1 - e0);
    const double discriminant = c * c - 3.0 * b * d;
    if (discriminant < 0.0) {
      continue;
    }
    for (const double sign : {-1.0, 1.0}) {
      const double below = c + sign * std::sqrt(discriminant);  // t = −b/below is stable where d vanishes
      const double t = std::abs(below) > 0.0 ? -b / below : -1.0;
      if (t > 0.0 && t < 1.0) {
        offer(e0 + t * (b + t * (c + t * d)), images[n].path_A + t * h, n);
      }
    }
  }
  return out;
}

std::vector<std::size_t> inner_minima(std::span<const BandImage> images, double depth_eV) {
  std::vector<std::size_t> out;
  std::size_t lowest = 0;                               // candidate since the last maximum
  double before = images.front().evaluation.energy_eV;  // highest energy before the candidate
  bool falling = false;
  for (std::size_t n = 1; n < images.size(); ++n) {
    const double e = images[n].evaluation.energy_eV;
    if (!falling) {
      before = std::max(before, e);
      falling = e < before - depth_eV;
      lowest = n;
      continue;
    }
    if (e < images[lowest].evaluation.energy_eV) {
      lowest = n;
    } else if (e > images[lowest].evaluation.energy_eV + depth_eV) {
      if (lowest + 1 < images.size()) {
        out.push_back(lowest);
      }
      before = e;
      falling = false;
    }
  }
  return out;
}

}  // namespace hotstage::calc::detail
