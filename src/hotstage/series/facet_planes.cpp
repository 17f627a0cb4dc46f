// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/facet_planes.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/series/detail/survival.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr double deg = 180.0 / std::numbers::pi;
constexpr double two_sigma = 0.0455;

double inner(const Direction& a, const Direction& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

Direction outer(const Direction& a, const Direction& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

Direction unit(const Direction& a, const char* what) {
  const double length = std::sqrt(inner(a, a));
  if (!(length > 1e-9)) {
    throw Error(Errc::bad_input, fmt::format("{} has no length in the image", what),
                "Give a zone axis other than 0 0 0 and a reflection of that zone");
  }
  return {a[0] / length, a[1] / length, a[2] / length};
}

double turn(double angle_deg) {
  return std::remainder(angle_deg, 360.0);
}

struct Frame {
  Direction zone{}, x{}, y{};
};

/// x along the known vector's projection, y 90° further as rows count downwards, seen against the zone.
Frame frame_of(const CrystalView& view) {
  Frame out{.zone = unit(view.zone, "the zone axis")};
  Direction along = view.known ? view.known->vector : Direction{0.0, 0.0, 1.0};
  if (!view.known && std::abs(out.zone[2]) > 0.9) {
    along = {1.0, 0.0, 0.0};
  }
  const double part = inner(along, out.zone);
  for (std::size_t i = 0; i < 3; ++i) {
    along[i] -= part * out.zone[i];
  }
  out.x = unit(along, "the known direction");
  out.y = outer(out.x, out.zone);
  return out;
}

double two_sided(double misfit) {
  return std::erfc(std::abs(misfit) / std::numbers::sqrt2);
}

double expected(const PlaneCandidate& c, int sense, double rotation_deg) {
  return turn(rotation_deg + sense * c.angle_deg);
}

const PlaneCandidate& nearest(const std::vector<PlaneCandidate>& of, const Facet& f, int sense, double rotation_deg) {
  return *std::min_element(of.begin(), of.end(), [&](const PlaneCandidate& a, const PlaneCandidate& b) {
    return std::abs(turn(f.normal_deg.value - expected(a, sense, rotation_deg))) <
           std::abs(turn(f.normal_deg.value - expected(b, sense, rotation_deg)));
  });
}

/// χ² of all facets at the best rotation near `start_deg`; a known one pulls it back with its σ.
FamilyFit fit_near(std::span<const Facet> facets, const std::vector<PlaneCandidate>& of, int sense, double start_deg,
                   const std::optional<KnownDirection>& known) {
  FamilyFit out{.family = of.front().family, .sense = sense, .rotation_deg = start_deg};
  const double held = known ? 1.0 / std::max(1e-6, known->angle_deg.sigma * known->angle_deg.sigma) : 0.0;
  constexpr int rounds = 4;
  for (int round = 0; round < rounds; ++round) {
    double sum = known ? held * turn(known->angle_deg.value - out.rotation_deg) : 0.0;
    double weight = held;
    for (const Facet& f : facets) {
      const double w = 1.0 / (f.normal_deg.sigma * f.normal_deg.sigma);
      const PlaneCandidate& c = nearest(of, f, sense, out.rotation_deg);
      sum += w * turn(f.normal_deg.value - expected(c, sense, out.rotation_deg));
      weight += w;
    }
    out.rotation_deg = turn(out.rotation_deg + sum / weight);
  }
  out.chi2 = known ? held * std::pow(turn(known->angle_deg.value - out.rotation_deg), 2) : 0.0;
  for (const Facet& f : facets) {
    const PlaneCandidate& c = nearest(of, f, sense, out.rotation_deg);
    out.chi2 += std::pow(turn(f.normal_deg.value - expected(c, sense, out.rotation_deg)) / f.normal_deg.sigma, 2);
  }
  out.dof = static_cast<int>(facets.size()) - (known ? 0 : 1);
  out.probability = out.dof > 0 ? detail::chi2_survival(out.chi2, out.dof) : 1.0;
  return out;
}

FamilyFit fit_family(std::span<const Facet> facets, const std::vector<PlaneCandidate>& of, const CrystalView& view) {
  FamilyFit best{.chi2 = std::numeric_limits<double>::infinity()};
  for (const int sense : {1, -1}) {
    if (sense < 0 && view.sense == CrystalView::Sense::known) {
      continue;
    }
    std::vector<double> starts;
    if (view.known) {
      starts.push_back(view.known->angle_deg.value);
    } else {
      for (const PlaneCandidate& c : of) {
        starts.push_back(facets.front().normal_deg.value - sense * c.angle_deg);
      }
    }
    for (const double start : starts) {
      const FamilyFit fit = fit_near(facets, of, sense, start, view.known);
      best = fit.chi2 < best.chi2 ? fit : best;
    }
  }
  return best;
}

void list(std::span<const Facet> facets, const std::vector<PlaneCandidate>& of, int sense, double rotation_deg,
          double rotation_sigma, std::vector<PlaneAssignment>& out) {
  for (std::size_t k = 0; k < facets.size(); ++k) {
    for (const PlaneCandidate& c : of) {
      const double at = expected(c, sense, rotation_deg);
      const double misfit =
          turn(facets[k].normal_deg.value - at) / std::hypot(facets[k].normal_deg.sigma, rotation_sigma);
      if (std::abs(misfit) <= 2.0) {
        out.push_back({.facet = k,
                       .plane = c,
                       .sense = sense,
                       .expected_deg = at,
                       .misfit = misfit,
                       .probability = two_sided(misfit)});
      }
    }
  }
}

}  // namespace

std::vector<PlaneCandidate> plane_candidates(const CrystalView& view) {
  const Frame frame = frame_of(view);
  const auto angle = [&](const Direction& n) { return std::atan2(inner(n, frame.y), inner(n, frame.x)) * deg; };
  constexpr double level = 0.0087;  // sin 0.5°
  std::vector<PlaneCandidate> out;
  for (std::size_t f = 0; f < view.families.size(); ++f) {
    const PlaneFamily& family = view.families[f];
    std::vector<Direction> n;
    for (const Direction& normal : family.normals) {
      n.push_back(unit(normal, "a plane normal"));
    }
    for (std::size_t i = 0; i < n.size(); ++i) {
      const double up = inner(n[i], frame.zone);
      if (std::abs(up) < level) {
        out.push_back({.family = f, .indices = family.indices[i], .angle_deg = angle(n[i])});
        continue;
      }
      for (std::size_t j = 0; up > 0.0 && j < n.size(); ++j) {
        if (inner(n[j], frame.zone) > -level) {
          continue;
        }
        const Direction rim = outer(n[i], n[j]);
        const Direction across = outer(rim, frame.zone);
        const double length = std::sqrt(inner(across, across));
        const double a = inner(across, n[i]);
        const double b = inner(across, n[j]);
        if (length < level || a * b <= 1e-9) {
          continue;
        }
        const double sign = a > 0.0 ? 1.0 : -1.0;
        const double at = angle({sign * across[0], sign * across[1], sign * across[2]});
        const bool there = std::any_of(out.begin(), out.end(), [&](const PlaneCandidate& c) {
          return c.family == f && std::abs(turn(c.angle_deg - at)) < 0.01;
        });
        if (!there) {
          out.push_back({.family = f, .indices = family.indices[i], .edge_on = false, .angle_deg = at});
        }
      }
    }
  }
  return out;
}

FacetIndexing index_facets(std::span<const Facet> facets, const CrystalView& view) {
  FacetIndexing out;
  const std::vector<PlaneCandidate> all = plane_candidates(view);
  if (facets.empty() || (facets.size() < 2 && !view.known)) {
    out.verdict = facets.empty() ? "no facets" : "not indexed: one facet without a known direction";
    return out;
  }
  std::vector<std::string> fitting;
  for (std::size_t f = 0; f < view.families.size(); ++f) {
    std::vector<PlaneCandidate> of;
    std::copy_if(all.begin(), all.end(), std::back_inserter(of), [f](const auto& c) { return c.family == f; });
    if (of.empty()) {
      continue;
    }
    const FamilyFit fit = fit_family(facets, of, view);
    if (fit.probability > two_sigma) {
      fitting.push_back(view.families[f].name);
      if (!view.known) {
        list(facets, of, fit.sense, fit.rotation_deg, 0.0, out.assignments);
      }
    }
    if (view.known) {
      list(facets, of, 1, view.known->angle_deg.value, view.known->angle_deg.sigma, out.assignments);
      if (view.sense == CrystalView::Sense::either) {
        list(facets, of, -1, view.known->angle_deg.value, view.known->angle_deg.sigma, out.assignments);
      }
    }
    out.families.push_back(fit);
  }
  std::sort(out.families.begin(), out.families.end(),
            [](const FamilyFit& a, const FamilyFit& b) { return a.probability > b.probability; });
  out.families_that_fit = fitting.size();
  out.verdict = fitting.empty() ? "no single family fits"
                : fitting.size() == 1
                    ? fmt::format("indexed: {}", fitting.front())
                    : fmt::format("not indexed: {} families fit ({})", fitting.size(), fmt::join(fitting, ", "));
  return out;
}

}  // namespace hotstage::series
