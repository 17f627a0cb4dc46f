// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/sites.hpp"

#include "hotstage/core/rng.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::meso {

namespace {

constexpr std::uint64_t core_stream = 0x6d65736f'00000010ULL;
constexpr std::uint64_t boundary_stream = 0x6d65736f'00000011ULL;
constexpr std::uint64_t interior_stream = 0x6d65736f'00000012ULL;
constexpr std::uint64_t crossing_stream = 0x6d65736f'00000013ULL;
constexpr std::uint64_t cobalt_stream = 0x6d65736f'00000014ULL;

double unit_exponential(Rng& rng) {
  return -std::log(rng.uniform());
}

std::size_t pick(Rng& rng, std::size_t count) {
  return std::min(count - 1, static_cast<std::size_t>(rng.uniform() * static_cast<double>(count)));
}

/// A cell of class junction, boundary or interior.
std::uint32_t draw_place(const Polycrystal& crystal, Rng& rng) {
  constexpr double at_junction = 0.35;
  constexpr double at_boundary = 0.60;
  const double u = rng.uniform();
  if (u < at_junction && !crystal.junctions.empty()) {
    return crystal.junctions[pick(rng, crystal.junctions.size())];
  }
  if (u < at_junction + at_boundary && !crystal.faces.empty()) {
    const BoundaryFace& face = crystal.faces[pick(rng, crystal.faces.size())];
    return rng.uniform() < 0.5 ? face.a : face.b;
  }
  for (;;) {
    const auto cell = static_cast<std::uint32_t>(pick(rng, crystal.label.size()));
    if (crystal.label[cell] > 0) {
      return cell;
    }
  }
}

/// Cells of the core's grain within its radius; at least the one it sits on.
std::vector<std::uint32_t> cells_within(const Polycrystal& crystal, const Core& core, std::uint32_t seat) {
  std::vector<std::uint32_t> cells;
  const auto reach = static_cast<std::ptrdiff_t>(core.radius_nm / crystal.pixel_nm) + 1;
  const auto n = static_cast<std::ptrdiff_t>(crystal.cells);
  const auto row = static_cast<std::ptrdiff_t>(seat) / n;
  const auto column = static_cast<std::ptrdiff_t>(seat) % n;
  for (std::ptrdiff_t r = std::max<std::ptrdiff_t>(0, row - reach); r <= std::min(n - 1, row + reach); ++r) {
    for (std::ptrdiff_t c = std::max<std::ptrdiff_t>(0, column - reach); c <= std::min(n - 1, column + reach); ++c) {
      const auto cell = static_cast<std::uint32_t>(r * n + c);
      const Point p = crystal.position(cell);
      const double distance = std::hypot(p.x_nm - core.centre.x_nm, p.y_nm - core.centre.y_nm);
      if (crystal.label[cell] == core.grain && (distance <= core.radius_nm || cell == seat)) {
        cells.push_back(cell);
      }
    }
  }
  return cells;
}

/// Poisson numbers of sites on `count` places that hold `mean` each; keyed by the place.
template <class Place>
std::vector<Site> draw_sites(std::size_t count, double mean, std::uint64_t seed, std::uint64_t stream, Place place) {
  std::vector<Site> sites;
  if (!(mean > 0.0)) {
    return sites;
  }
  for (std::size_t i = 0; i < count; ++i) {
    Rng rng(seed, stream, i);
    const auto here = static_cast<double>(rng.poisson(mean));
    if (here > 0.0) {
      Site site = place(i, rng);
      site.threshold = unit_exponential(rng) / here;
      sites.push_back(site);
    }
  }
  return sites;
}

std::vector<Site> draw_face_sites(const Polycrystal& crystal, double mean, std::uint64_t seed, std::uint64_t stream) {
  return draw_sites(crystal.faces.size(), mean, seed, stream, [&](std::size_t i, Rng& rng) {
    const BoundaryFace& face = crystal.faces[i];
    return rng.uniform() < 0.5 ? Site{.a = face.a, .b = face.b} : Site{.a = face.b, .b = face.a};
  });
}

double face_area_nm2(const Polycrystal& crystal, const Parameters& parameters) {
  return crystal.pixel_nm * std::numbers::pi / 4.0 * parameters.foil_nm;
}

}  // namespace

std::vector<Core> draw_cores(const Polycrystal& crystal, const Parameters& parameters, const Dose& dose,
                             std::uint64_t seed) {
  std::vector<Core> cores;
  if (!(dose.mean > 0.0)) {
    return cores;
  }
  Rng rng(seed, core_stream, 0);
  const double mean = dose.mean * crystal.boundary_nm() / parameters.core_spacing_nm;
  const std::uint64_t count = std::max<std::uint64_t>(1, rng.poisson(mean));
  for (std::uint64_t i = 0; i < count; ++i) {
    Rng own(seed, core_stream, i + 1);
    const std::uint32_t seat = draw_place(crystal, own);
    const auto around = std::max(1, crystal.label[seat]);
    Core core{.centre = crystal.position(seat), .grain = around};
    core.dose = std::exp(dose.log_sigma * own.normal());
    core.radius_nm = parameters.core_radius_nm * std::sqrt(core.dose);
    core.cells = cells_within(crystal, core, seat);
    if (!core.cells.empty()) {
      cores.push_back(std::move(core));
    }
  }
  return cores;
}

std::vector<Site> draw_boundary_sites(const Polycrystal& crystal, const Parameters& parameters, std::uint64_t seed) {
  const double mean = parameters.boundary_sites_per_nm2 * face_area_nm2(crystal, parameters);
  return draw_face_sites(crystal, mean, seed, boundary_stream);
}

std::vector<Site> draw_interior_sites(const Polycrystal& crystal, const Parameters& parameters, std::uint64_t seed) {
  const double mean = parameters.interior_sites_per_nm3 * crystal.pixel_nm * crystal.pixel_nm * parameters.foil_nm;
  std::vector<Site> sites = draw_sites(crystal.label.size(), mean, seed, interior_stream, [](std::size_t i, Rng&) {
    return Site{.a = static_cast<std::uint32_t>(i), .b = static_cast<std::uint32_t>(i)};
  });
  std::erase_if(sites, [&](const Site& site) { return crystal.label[site.a] == 0; });
  return sites;
}

std::vector<Site> draw_crossing_sites(const Polycrystal& crystal, const Parameters& parameters, std::uint64_t seed) {
  const double mean = parameters.crossing_sites_per_nm2 * face_area_nm2(crystal, parameters);
  return draw_face_sites(crystal, mean, seed, crossing_stream);
}

double cobalt_threshold(std::uint64_t seed, std::size_t index) {
  Rng rng(seed, cobalt_stream, index);
  return unit_exponential(rng);
}

}  // namespace hotstage::meso
