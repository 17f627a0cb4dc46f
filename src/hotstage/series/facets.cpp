// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/facets.hpp"

#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/spot_patch.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

namespace hotstage::series {

namespace {

constexpr double pi = std::numbers::pi;
constexpr double smooth_px = 1.0;
constexpr double spacing_px = 2.0;  // of points along the outline
constexpr double smallest_px = 4.0;
constexpr double clear_bic = 10.0;
constexpr double shortest = 2.5;  // facet, in σ of the edge
// Points 2 px apart share exp(−d²/4) = 0.37 of their noise, 4 px apart 0.02.
constexpr double neighbour_noise = 1.0 + 2.0 * (0.368 + 0.018);

struct Rays {
  std::vector<double> angle;
  std::vector<double> radius;
  double sigma = 0.0;
  double edge = 0.0;
};

double at(const cv::Mat& image, double y, double x) {
  const double cy = std::clamp(y, 0.0, static_cast<double>(image.rows) - 1.001);
  const double cx = std::clamp(x, 0.0, static_cast<double>(image.cols) - 1.001);
  const int y0 = static_cast<int>(cy);
  const int x0 = static_cast<int>(cx);
  const double fy = cy - y0;
  const double fx = cx - x0;
  const auto v = [&](int dy, int dx) { return static_cast<double>(image.at<float>(y0 + dy, x0 + dx)); };
  return (1.0 - fy) * ((1.0 - fx) * v(0, 0) + fx * v(0, 1)) + fy * ((1.0 - fx) * v(1, 0) + fx * v(1, 1));
}

/// Falls through the level along a ray that lie nearest to `expected`.
std::optional<double> crossing(const std::vector<double>& along, double step, double level, double expected) {
  std::optional<double> out;
  for (std::size_t i = 0; i + 1 < along.size(); ++i) {
    if (along[i] >= level && along[i + 1] < level) {
      const double r = step * (static_cast<double>(i) + (along[i] - level) / (along[i] - along[i + 1]));
      if (!out || std::abs(r - expected) < std::abs(*out - expected)) {
        out = r;
      }
    }
  }
  return out;
}

/// Empty when more than a tenth of the rays finds no edge.
std::optional<Rays> outline_of(const detail::SpotPatch& patch, const DarkSpot& spot) {
  cv::Mat share(static_cast<int>(patch.share.extent(0)), static_cast<int>(patch.share.extent(1)), CV_32F);
  for (std::size_t y = 0; y < patch.share.extent(0); ++y) {
    for (std::size_t x = 0; x < patch.share.extent(1); ++x) {
      share.at<float>(static_cast<int>(y), static_cast<int>(x)) =
          patch.use.view()(y, x) != 0 ? patch.share.view()(y, x) : 0.0F;
    }
  }
  cv::Mat smooth;
  cv::GaussianBlur(share, smooth, {0, 0}, smooth_px);
  std::vector<double> core;
  for (int y = 0; y < smooth.rows; ++y) {
    for (int x = 0; x < smooth.cols; ++x) {
      if (std::hypot(y - patch.y, x - patch.x) < std::max(1.5, 0.5 * spot.radius_px)) {
        core.push_back(static_cast<double>(smooth.at<float>(y, x)));
      }
    }
  }
  const double half = 0.5 * num::median(core);
  const auto count = static_cast<std::size_t>(std::clamp(2.0 * pi * spot.radius_px / spacing_px, 16.0, 120.0));
  constexpr double step = 0.25;
  std::vector<std::vector<double>> along(count);
  std::vector<double> mean(static_cast<std::size_t>(1.9 * spot.radius_px / step) + 8, 0.0);
  Rays out;
  for (std::size_t i = 0; i < count; ++i) {
    out.angle.push_back(2.0 * pi * static_cast<double>(i) / static_cast<double>(count));
    for (std::size_t k = 0; k < mean.size(); ++k) {
      const double r = step * static_cast<double>(k);
      along[i].push_back(at(smooth, patch.y + r * std::sin(out.angle[i]), patch.x + r * std::cos(out.angle[i])));
    }
  }
  std::vector<double> first(count, spot.radius_px);
  for (int pass = 0; pass < 2; ++pass) {
    std::size_t lost = 0;
    out.radius.assign(count, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<double> around;
      for (std::size_t k = 0; k < 5; ++k) {
        around.push_back(first[(i + count + k - 2) % count]);
      }
      const double expected = num::median(around);
      const auto r = crossing(along[i], step, half, expected);
      lost += r ? 0U : 1U;
      out.radius[i] = r.value_or(expected);
    }
    if (10 * lost > count) {
      return std::nullopt;
    }
    first = out.radius;
  }
  // Mean slope where the edge is: one number for all points, so that it does not follow their noise.
  std::vector<double> slope;
  double electrons = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto k = static_cast<std::size_t>(out.radius[i] / step);
    const std::size_t a = k >= 2 ? k - 2 : 0;
    const std::size_t b = std::min(k + 2, mean.size() - 1);
    slope.push_back((along[i][a] - along[i][b]) / (step * static_cast<double>(b - a)));
    const auto y = static_cast<std::size_t>(
        std::clamp(patch.y + out.radius[i] * std::sin(out.angle[i]), 0.0, static_cast<double>(smooth.rows - 1)));
    const auto x = static_cast<std::size_t>(
        std::clamp(patch.x + out.radius[i] * std::cos(out.angle[i]), 0.0, static_cast<double>(smooth.cols - 1)));
    electrons += static_cast<double>(patch.counts.view()(y, x)) / static_cast<double>(count);
  }
  const double steep = num::mean(slope);
  if (!(steep > 0.0) || !(electrons > 0.0) || !(half > 0.0)) {
    return std::nullopt;
  }
  const double noise = std::sqrt((1.0 - half) / electrons * patch.texture) / (2.0 * std::sqrt(pi) * smooth_px);
  out.sigma = noise / steep;
  out.edge = 2.0 * half / (std::sqrt(2.0 * pi) * steep);
  return out;
}

/// Radius of a polygon along a ray; its corners are those of a half plane product blurred: Σ exp((n·p − c)/τ) = 1.
double polygon_radius(std::span<const double> p, double angle, double tau) {
  const std::size_t sides = p.size() / 2;
  double r = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < sides; ++k) {
    const double cosine = std::cos(angle - p[k]);
    if (cosine > 1e-3) {
      r = std::min(r, p[sides + k] / cosine);
    }
  }
  if (!(r < 1e6)) {
    return 1e6;
  }
  constexpr int rounds = 5;
  for (int i = 0; i < rounds; ++i) {
    double sum = 0.0;
    double slope = 0.0;
    for (std::size_t k = 0; k < sides; ++k) {
      const double cosine = std::cos(angle - p[k]);
      const double e = std::exp(std::min(50.0, (r * cosine - p[sides + k]) / tau));
      sum += e;
      slope += e * cosine;
    }
    if (slope <= 0.0) {
      break;
    }
    r -= std::clamp(tau * std::log(sum) * sum / slope, -2.0, 2.0);
  }
  return r;
}

struct Candidate {
  num::Fit fit;
  double chi2 = std::numeric_limits<double>::infinity();
};

Candidate fit_polygon(const Rays& rays, std::vector<double> start, double tau) {
  const std::vector<double> weight(rays.angle.size(), 1.0 / (rays.sigma * rays.sigma));
  std::vector<double> scale(start.size(), 0.05);
  std::fill(scale.begin() + static_cast<long>(start.size() / 2), scale.end(), 0.3);
  Candidate out;
  out.fit = num::fit_nonlinear(
      [&](std::span<const double> p, std::span<double> r) {
        for (std::size_t i = 0; i < r.size(); ++i) {
          r[i] = polygon_radius(p, rays.angle[i], tau);
        }
      },
      rays.radius, weight, start, {.max_iterations = 40, .step_tolerance = 1e-5, .scale = scale});
  if (out.fit.status == num::FitStatus::converged) {
    out.chi2 = out.fit.chi2;
  }
  return out;
}

struct Sides {
  std::vector<std::size_t> order;  ///< by angle
  std::vector<double> length;
};

/// Lengths between the corners; a negative one says that the side does not take part.
Sides sides_of(std::span<const double> p) {
  const std::size_t sides = p.size() / 2;
  Sides out;
  for (std::size_t k = 0; k < sides; ++k) {
    out.order.push_back(k);
  }
  const auto turn = [&](std::size_t k) { return std::remainder(p[k], 2.0 * pi); };
  std::sort(out.order.begin(), out.order.end(), [&](std::size_t a, std::size_t b) { return turn(a) < turn(b); });
  for (std::size_t i = 0; i < sides; ++i) {
    const std::size_t k = out.order[i];
    // Corner with a neighbour, along the side: (c' − c cos Δ)/sin Δ.
    double length = 0.0;
    for (const std::size_t n : {out.order[(i + 1) % sides], out.order[(i + sides - 1) % sides]}) {
      const double delta = std::abs(std::remainder(p[n] - p[k], 2.0 * pi));
      length += std::sin(delta) > 1e-6 ? (p[sides + n] - p[sides + k] * std::cos(delta)) / std::sin(delta) : -1e6;
    }
    out.length.push_back(length);
  }
  return out;
}

std::vector<double> regular(const Rays& rays, std::size_t sides, double turn) {
  double re = 0.0;
  double im = 0.0;
  for (std::size_t i = 0; i < rays.angle.size(); ++i) {
    re += rays.radius[i] * std::cos(static_cast<double>(sides) * rays.angle[i]);
    im += rays.radius[i] * std::sin(static_cast<double>(sides) * rays.angle[i]);
  }
  // The radius is largest at the corners, half a side away from the normals.
  const double corner = std::atan2(im, re) / static_cast<double>(sides);
  std::vector<double> out;
  for (std::size_t k = 0; k < sides; ++k) {
    out.push_back(corner + 2.0 * pi * (static_cast<double>(k) + 0.5 + turn) / static_cast<double>(sides));
  }
  const double distance = num::mean(rays.radius) * std::sqrt(std::cos(pi / static_cast<double>(sides)));
  out.insert(out.end(), sides, distance);
  return out;
}

/// χ² and number of parameters of a smooth outline.
double harmonic_chi2(const Rays& rays, int harmonics) {
  Buffer<double, 2> design({rays.angle.size(), static_cast<std::size_t>(1 + 2 * harmonics)});
  for (std::size_t i = 0; i < rays.angle.size(); ++i) {
    design.view()(i, 0) = 1.0;
    for (int m = 1; m <= harmonics; ++m) {
      design.view()(i, static_cast<std::size_t>(2 * m - 1)) = std::cos(m * rays.angle[i]);
      design.view()(i, static_cast<std::size_t>(2 * m)) = std::sin(m * rays.angle[i]);
    }
  }
  const std::vector<double> weight(rays.angle.size(), 1.0 / (rays.sigma * rays.sigma));
  return num::fit_linear(design.view(), rays.radius, weight).chi2;
}

double ellipse_chi2(const Rays& rays) {
  const std::vector<double> weight(rays.angle.size(), 1.0 / (rays.sigma * rays.sigma));
  const double r = num::mean(rays.radius);
  double best = std::numeric_limits<double>::infinity();
  for (const double tilt : {0.0, pi / 3.0, 2.0 * pi / 3.0}) {
    // Centre, half axes, direction.
    const std::array<double, 5> start{0.0, 0.0, 1.05 * r, 0.95 * r, tilt};
    const num::Fit fit = num::fit_nonlinear(
        [&](std::span<const double> p, std::span<double> out) {
          for (std::size_t i = 0; i < out.size(); ++i) {
            const double ux = std::cos(rays.angle[i] - p[4]) / p[2];
            const double uy = std::sin(rays.angle[i] - p[4]) / p[3];
            const double vx = (p[0] * std::cos(p[4]) + p[1] * std::sin(p[4])) / p[2];
            const double vy = (p[1] * std::cos(p[4]) - p[0] * std::sin(p[4])) / p[3];
            const double a = ux * ux + uy * uy;
            const double b = ux * vx + uy * vy;
            out[i] = (b + std::sqrt(std::max(0.0, b * b - a * (vx * vx + vy * vy - 1.0)))) / a;
          }
        },
        rays.radius, weight, start,
        {.lower = {-r, -r, 0.3 * r, 0.3 * r, -10.0},
         .upper = {r, r, 3.0 * r, 3.0 * r, 10.0},
         .scale = {0.3, 0.3, 0.3, 0.3, 0.1}});
    best = std::min(best, fit.chi2);
  }
  return best;
}

void take_facets(const Rays& rays, const num::Fit& fit, VoidOutline& out) {
  const std::size_t sides = fit.parameters.size() / 2;
  const Sides order = sides_of(fit.parameters);
  const double factor = out.scatter * neighbour_noise;
  const auto c = fit.covariance.view();
  const double deg = 180.0 / pi;
  for (std::size_t i = 0; i < sides; ++i) {
    const std::size_t k = order.order[i];
    const std::size_t n = order.order[(i + 1) % sides];
    out.facets.push_back(
        {.normal_deg = {std::remainder(fit.parameters[k], 2.0 * pi) * deg, std::sqrt(c(k, k) * factor) * deg},
         .distance_px = {fit.parameters[sides + k], std::sqrt(c(sides + k, sides + k) * factor)},
         .length_px = order.length[i]});
    const double turn = std::remainder(fit.parameters[n] - fit.parameters[k], 2.0 * pi);
    const double variance = std::max(0.0, c(k, k) + c(n, n) - 2.0 * c(k, n)) * factor;
    out.angles_deg.push_back({(turn < 0.0 ? turn + 2.0 * pi : turn) * deg, std::sqrt(variance) * deg});
  }
  (void)rays;
}

void judge(const Rays& rays, VoidOutline& out) {
  const auto n = static_cast<double>(rays.angle.size());
  out.sigma_px = rays.sigma;
  out.edge_px = rays.edge;
  out.chi2_circle = harmonic_chi2(rays, 1);
  out.chi2_ellipse = ellipse_chi2(rays);
  constexpr int smooth_harmonics = 4;
  out.chi2_smooth = n > 2 * smooth_harmonics + 2 ? harmonic_chi2(rays, smooth_harmonics) : out.chi2_ellipse;
  constexpr double corner = 0.6;  // τ over σ of the edge: 0.56 rounds 120° as a Gaussian does, 0.79 a right angle
  const double tau = corner * rays.edge;
  Candidate best;
  double best_bic = std::numeric_limits<double>::infinity();
  double least =
      std::min({out.chi2_circle / (n - 3.0), out.chi2_ellipse / (n - 5.0), out.chi2_smooth / std::max(1.0, n - 9.0)});
  std::vector<Candidate> polygons;
  for (const std::size_t sides : {3U, 4U, 5U, 6U, 7U, 8U}) {
    if (2.0 * static_cast<double>(sides) + 2.0 > n) {
      break;
    }
    Candidate of_sides;
    for (const double turn : {0.0, 0.25}) {
      Candidate c = fit_polygon(rays, regular(rays, sides, turn), tau);
      if (c.chi2 < of_sides.chi2) {
        const Sides s = sides_of(c.fit.parameters);
        if (*std::min_element(s.length.begin(), s.length.end()) > shortest * rays.edge) {
          of_sides = std::move(c);
        }
      }
    }
    if (of_sides.chi2 < 1e300) {
      least = std::min(least, of_sides.chi2 / std::max(1.0, n - 2.0 * static_cast<double>(sides)));
      polygons.push_back(std::move(of_sides));
    }
  }
  out.scatter = std::max(1.0, least);
  const auto bic = [&](double chi2, double parameters) { return chi2 / out.scatter + parameters * std::log(n); };
  const double round = std::min({bic(out.chi2_circle, 3.0), bic(out.chi2_ellipse, 5.0), bic(out.chi2_smooth, 9.0)});
  for (Candidate& c : polygons) {
    const double b = bic(c.chi2, static_cast<double>(c.fit.parameters.size()));
    if (b < best_bic) {
      best_bic = b;
      best = std::move(c);
    }
  }
  out.kind = OutlineKind::round;
  if (best_bic < 1e300) {
    out.chi2_polygon = best.chi2;
    out.bic_gain = round - best_bic;
    out.kind = out.bic_gain > clear_bic ? OutlineKind::polygon
               : out.bic_gain > 0.0     ? OutlineKind::open
                                        : OutlineKind::round;
  }
  if (out.kind == OutlineKind::polygon) {
    take_facets(rays, best.fit, out);
  }
}

}  // namespace

std::string_view name(OutlineKind kind) {
  constexpr std::array<std::string_view, 4> names{"refused", "round", "cannot tell", "polygon"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<VoidOutline> fit_outlines(const GrainImage& image, View<const std::int32_t, 2> labels,
                                      std::span<const DarkSpot> spots) {
  if (image.mean.extents() != labels.extents() || image.n_averaged.extents() != labels.extents()) {
    throw Error(Errc::bad_input, "image, number of frames and labels have different shapes",
                "Give labels that were made of this image");
  }
  std::vector<VoidOutline> out(spots.size());
  for (std::size_t i = 0; i < spots.size(); ++i) {
    out[i].spot = i;
    if (spots[i].kind == DarkKind::crack || spots[i].radius_px < smallest_px) {
      out[i].why = spots[i].kind == DarkKind::crack ? "a crack" : "fewer than 4 px of radius";
      continue;
    }
    const auto patch = detail::cut_spot(image, labels, spots[i]);
    if (!patch) {
      out[i].why = patch.error().what();
      continue;
    }
    const auto rays = outline_of(*patch, spots[i]);
    if (!rays) {
      out[i].why = "rays from the centre find no edge at half depth";
      continue;
    }
    out[i].y_px = patch->y + static_cast<double>(patch->first_y);
    out[i].x_px = patch->x + static_cast<double>(patch->first_x);
    for (std::size_t k = 0; k < rays->angle.size(); ++k) {
      out[i].points.push_back({out[i].y_px + rays->radius[k] * std::sin(rays->angle[k]),
                               out[i].x_px + rays->radius[k] * std::cos(rays->angle[k])});
    }
    judge(*rays, out[i]);
  }
  return out;
}

}  // namespace hotstage::series
