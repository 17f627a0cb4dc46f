// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/scan_path.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::eels {

namespace {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

/// Nearest pixel outside `clear_nm` of the void whose right or lower neighbour belongs to another grain.
std::optional<Point> nearest_boundary(const SpecimenMaps& maps, const VoidSite& site, double clear_nm) {
  const std::size_t rows = maps.labels.extent(0);
  const std::size_t columns = maps.labels.extent(1);
  std::optional<Point> best;
  double least = 1e300;
  for (std::size_t r = 0; r + 1 < rows; ++r) {
    for (std::size_t c = 0; c + 1 < columns; ++c) {
      const float own = maps.labels.row(r)[c];
      const auto other = [&](float label) { return own > 0.0F && label > 0.0F && label != own; };
      if (!other(maps.labels.row(r)[c + 1]) && !other(maps.labels.row(r + 1)[c])) {
        continue;
      }
      const Point p{static_cast<double>(c) * maps.pixel_nm, static_cast<double>(r) * maps.pixel_nm};
      const double distance = std::hypot(p.x - site.x_nm, p.y - site.y_nm);
      if (distance > clear_nm && distance < least) {
        least = distance;
        best = p;
      }
    }
  }
  return best;
}

/// How far one can go from `from` along (ux, uy) inside the maps, at most `wanted`.
double room(const SpecimenMaps& maps, Point from, Point u, double wanted) {
  const double width = static_cast<double>(maps.labels.extent(1) - 1) * maps.pixel_nm;
  const double height = static_cast<double>(maps.labels.extent(0) - 1) * maps.pixel_nm;
  double out = wanted;
  const auto cut = [&out](double at, double slope, double high) {
    if (slope > 0.0) {
      out = std::min(out, (high - at) / slope);
    } else if (slope < 0.0) {
      out = std::min(out, -at / slope);
    }
  };
  cut(from.x, u.x, width);
  cut(from.y, u.y, height);
  return std::max(out, 0.0);
}

std::optional<std::size_t> find_material_index(const ScanScene& scene, std::string_view name) {
  for (std::size_t m = 0; m < scene.materials.size(); ++m) {
    if (scene.materials[m].name == name) {
      return m;
    }
  }
  return std::nullopt;
}

}  // namespace

ScanPath plan_path(const SpecimenMaps& maps, const VoidSite& site, std::size_t positions) {
  const double width = static_cast<double>(maps.labels.extent(1)) * maps.pixel_nm;
  const double height = static_cast<double>(maps.labels.extent(0)) * maps.pixel_nm;
  if (site.x_nm < 0.0 || site.y_nm < 0.0 || site.x_nm >= width || site.y_nm >= height || positions < 8) {
    throw Error(Errc::bad_input,
                fmt::format("a line of {} positions through a void at ({:.1f}, {:.1f}) nm of maps of "
                            "{:.1f} × {:.1f} nm",
                            positions, site.x_nm, site.y_nm, width, height),
                "The void must lie inside the maps, and a line needs at least 8 positions");
  }
  const auto boundary = nearest_boundary(maps, site, 1.3 * site.radius_nm);
  Point u{1.0, 0.0};
  double distance = 0.0;
  if (boundary) {
    distance = std::hypot(boundary->x - site.x_nm, boundary->y - site.y_nm);
    u = {(boundary->x - site.x_nm) / distance, (boundary->y - site.y_nm) / distance};
  }
  constexpr double least_run_nm = 15.0;
  const double run = std::max(3.0 * site.radius_nm, least_run_nm);
  const Point centre{site.x_nm, site.y_nm};
  const double before = room(maps, centre, {-u.x, -u.y}, run);
  const double after = room(maps, centre, u, distance + run);
  ScanPath out;
  out.step_nm = (before + after) / static_cast<double>(positions - 1);
  out.void_at_nm = before;
  out.boundary_at_nm = before + distance;
  out.has_boundary = boundary.has_value();
  for (std::size_t i = 0; i < positions; ++i) {
    const double s = out.step_nm * static_cast<double>(i) - before;
    out.x_nm.push_back(site.x_nm + s * u.x);
    out.y_nm.push_back(site.y_nm + s * u.y);
  }
  return out;
}

ScanScene sample(const SpecimenMaps& maps, const ScanPath& path) {
  ScanScene out;
  out.materials = maps.materials;
  out.thickness_nm = Buffer<double, 2>({path.x_nm.size(), maps.materials.size()});
  const auto pixel = [&](double at, std::size_t size) {
    const double index = std::clamp(std::round(at / maps.pixel_nm), 0.0, static_cast<double>(size - 1));
    return static_cast<std::size_t>(index);
  };
  for (std::size_t i = 0; i < path.x_nm.size(); ++i) {
    out.position_nm.push_back(path.step_nm * static_cast<double>(i));
    const std::size_t c = pixel(path.x_nm[i], maps.labels.extent(1));
    const std::size_t r = pixel(path.y_nm[i], maps.labels.extent(0));
    for (std::size_t m = 0; m < maps.materials.size(); ++m) {
      out.thickness_nm.row(i)[m] = std::max(static_cast<double>(maps.thickness_nm(m, r, c)), 0.0);
    }
  }
  return out;
}

LineVoid void_on(const ScanScene& scene, const ScanPath& path, const VoidSite& site, double foil_nm) {
  constexpr double between_circles = 0.93;  // mean of the circles in and around a hexagon
  const std::size_t n = scene.position_nm.size();
  const auto metal = find_material_index(scene, "Co");
  LineVoid out{n, 0, {}};
  for (std::size_t i = 0; i < n; ++i) {
    if (std::abs(scene.position_nm[i] - path.void_at_nm) > between_circles * site.radius_nm) {
      continue;
    }
    out.first = std::min(out.first, i);
    out.last = i;
    double there = 0.0;
    for (std::size_t m = 0; m < scene.materials.size(); ++m) {
      there += metal == m ? 0.0 : scene.thickness_nm.row(i)[m];
    }
    out.depth_nm.push_back(std::max(foil_nm - there, 0.0));
  }
  if (out.depth_nm.empty()) {
    throw Error(Errc::bad_input,
                fmt::format("no position of the line (step {:.2f} nm) lies in the void of radius {:.2f} nm",
                            path.step_nm, site.radius_nm),
                "Use more positions");
  }
  return out;
}

void empty_void(ScanScene& scene, const LineVoid& hole) {
  if (const auto metal = find_material_index(scene, "Co")) {
    for (std::size_t i = hole.first; i <= hole.last; ++i) {
      scene.thickness_nm.row(i)[*metal] = 0.0;
    }
  }
}

}  // namespace hotstage::eels
