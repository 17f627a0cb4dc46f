// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/void_shape.hpp"

#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/spot_patch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr std::size_t models = 3;
constexpr std::size_t widths = 18;
constexpr double narrowest_px = 0.5;
constexpr double widest_px = 5.0;
constexpr double cell_px = 0.1;
constexpr double deepest_cut = -0.8;
constexpr double smallest_px = 3.0;
constexpr double most_uneven = 0.3;  // measured: a hexagon of 12 px has 0.08, an ellipse of 7 × 16 px 0.32
constexpr double most_misfit = 0.05;
constexpr double most_left_over = 0.15;
constexpr double clear_bic = 6.0;  // Kass & Raftery 1995: strong evidence

/// At a place on the grid of blurs, 0 … widths − 1.
double width_px(double place) {
  return narrowest_px * std::pow(widest_px / narrowest_px, place / (widths - 1));
}

/// e^{-x} I₀(x) (Abramowitz & Stegun 9.8.1, 9.8.2; 2e-7).
double scaled_bessel_i0(double x) {
  if (x < 3.75) {
    const double t = x * x / (3.75 * 3.75);
    const double sum =
        1.0 + t * (3.5156229 + t * (3.0899424 + t * (1.2067492 + t * (0.2659732 + t * (0.0360768 + t * 0.0045813)))));
    return sum * std::exp(-x);
  }
  const double t = 3.75 / x;
  const double sum =
      0.39894228 +
      t * (0.01328592 +
           t * (0.00225319 +
                t * (-0.00157565 +
                     t * (0.00916281 + t * (-0.02057706 + t * (0.02635537 + t * (-0.01647633 + t * 0.00392377)))))));
  return sum / std::sqrt(x);
}

/// Missing share at distance d (model of depth 1 in the centre), mean over a cell.
double sharp(VoidModel model, double d, double radius, double cut) {
  if (model == VoidModel::disc) {
    return std::clamp((radius - d) / cell_px + 0.5, 0.0, 1.0);
  }
  // ∫√(R² − x²) dx: the mean over the cell stays smooth in R, which the square root at the rim is not.
  const auto area = [radius](double x) {
    const double to = std::min(x, radius);
    return 0.5 * (to * std::sqrt(radius * radius - to * to) + radius * radius * std::asin(to / radius));
  };
  const double half = (area(d + 0.5 * cell_px) - area(d - 0.5 * cell_px)) / cell_px;
  if (model == VoidModel::sphere) {
    return half / radius;
  }
  const double below = cut * radius;
  return std::max(0.0, half + std::min(half, below)) / (radius * (1.0 + cut));
}

struct Profile {
  std::vector<double> distance;
  std::vector<double> share;
  std::vector<double> counts;  ///< electrons without a void, over the ring
  double guess_px = 0.0;
  double uneven = 0.0;  ///< rms of the share about its ring's mean beyond counting, inside 1.3 radii
};

/// Rings × cells: what a cell's share gives to a ring after a two-dimensional Gaussian.
Buffer<double, 2> blur_matrix(const Profile& p, double width) {
  const double last = 2.0 * p.guess_px + 4.0;
  const auto cells = static_cast<std::size_t>(last / cell_px);
  Buffer<double, 2> out({p.distance.size(), cells});
  for (std::size_t i = 0; i < p.distance.size(); ++i) {
    for (std::size_t j = 0; j < cells; ++j) {
      const double r = (static_cast<double>(j) + 0.5) * cell_px;
      const double z = (p.distance[i] - r) / width;
      out.view()(i, j) = r * cell_px / (width * width) * std::exp(-0.5 * z * z) *
                         scaled_bessel_i0(p.distance[i] * r / (width * width));
    }
  }
  return out;
}

std::vector<double> blurred(const Buffer<double, 2>& blur, VoidModel model, double radius, double cut) {
  std::vector<double> cells(blur.extent(1));
  for (std::size_t j = 0; j < cells.size(); ++j) {
    cells[j] = sharp(model, (static_cast<double>(j) + 0.5) * cell_px, radius, cut);
  }
  const std::size_t last = std::min(cells.size(), static_cast<std::size_t>(radius / cell_px) + 2);
  std::vector<double> out(blur.extent(0), 0.0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t j = 0; j < last; ++j) {
      out[i] += blur.view()(i, j) * cells[j];
    }
  }
  return out;
}

struct Trial {
  double radius = 0.0;
  double cut = 1.0;
  double depth = 0.0;
  double chi2 = std::numeric_limits<double>::infinity();
};

/// Depth and constant by weighted least squares: depth and χ², infinity for a depth below zero.
std::pair<double, double> linear_chi2(const std::vector<double>& f, const Profile& p,
                                      const std::vector<double>& weight) {
  double w = 0.0, wf = 0.0, wy = 0.0, wff = 0.0, wfy = 0.0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    w += weight[i];
    wf += weight[i] * f[i];
    wy += weight[i] * p.share[i];
    wff += weight[i] * f[i] * f[i];
    wfy += weight[i] * f[i] * p.share[i];
  }
  const double determinant = w * wff - wf * wf;
  const double s = determinant > 0.0 ? (w * wfy - wf * wy) / determinant : -1.0;
  if (s <= 0.0) {
    return {0.0, std::numeric_limits<double>::infinity()};
  }
  const double b = (wy - s * wf) / w;
  double chi2 = 0.0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double r = p.share[i] - b - s * f[i];
    chi2 += weight[i] * r * r;
  }
  return {s, chi2};
}

/// Least χ² over R at one blur and cut: a scan, then golden sections.
Trial best_radius(const Buffer<double, 2>& blur, VoidModel model, double cut, const Profile& p,
                  const std::vector<double>& weight) {
  Trial best{.cut = cut};
  const auto chi2 = [&](double r) {
    const auto [depth, value] = linear_chi2(blurred(blur, model, r, cut), p, weight);
    if (value < best.chi2) {
      best = {.radius = r, .cut = cut, .depth = depth, .chi2 = value};
    }
    return value;
  };
  const double low = 0.6 * p.guess_px;
  const double high = 1.9 * p.guess_px;
  constexpr int steps = 24;
  for (int i = 0; i <= steps; ++i) {
    chi2(low + (high - low) * i / steps);
  }
  double a = std::max(low, best.radius - (high - low) / steps);
  double b = std::min(high, best.radius + (high - low) / steps);
  constexpr int sections = 18;
  const double golden = 0.5 * (std::sqrt(5.0) - 1.0);
  double c = b - golden * (b - a);
  double d = a + golden * (b - a);
  double at_c = chi2(c);
  double at_d = chi2(d);
  for (int i = 0; i < sections; ++i) {
    if (at_c < at_d) {
      b = d;
      d = c;
      at_d = at_c;
      c = b - golden * (b - a);
      at_c = chi2(c);
    } else {
      a = c;
      c = d;
      at_c = at_d;
      d = a + golden * (b - a);
      at_d = chi2(d);
    }
  }
  return best;
}

struct Tested {
  Profile profile;
  std::vector<double> weight;
  std::array<std::array<Trial, widths>, models> trial{};
  double scatter = 1.0;
  int dof = 1;

  [[nodiscard]] double least(std::size_t width) const {
    double out = std::numeric_limits<double>::infinity();
    for (const auto& of_model : trial) {
      out = std::min(out, of_model[width].chi2);
    }
    return out;
  }
};

Profile profile_of(const detail::SpotPatch& patch, const DarkSpot& spot) {
  Profile out;
  out.guess_px = spot.radius_px;
  const auto rings = static_cast<std::size_t>(patch.reach + 2.0);
  std::vector<double> n(rings, 0.0), distance(rings, 0.0), share(rings, 0.0), counts(rings, 0.0);
  for (std::size_t y = 0; y < patch.share.extent(0); ++y) {
    for (std::size_t x = 0; x < patch.share.extent(1); ++x) {
      const double d = std::hypot(static_cast<double>(y) - patch.y, static_cast<double>(x) - patch.x);
      const auto ring = static_cast<std::size_t>(d + 0.5);
      if (ring < rings && patch.use.view()(y, x) != 0) {
        const auto c = static_cast<double>(patch.counts.view()(y, x));
        n[ring] += 1.0;
        distance[ring] += d;
        share[ring] += c * static_cast<double>(patch.share.view()(y, x));
        counts[ring] += c;
      }
    }
  }
  double squares = 0.0;
  double electrons = 0.0;
  for (std::size_t y = 0; y < patch.share.extent(0); ++y) {
    for (std::size_t x = 0; x < patch.share.extent(1); ++x) {
      const double d = std::hypot(static_cast<double>(y) - patch.y, static_cast<double>(x) - patch.x);
      const auto ring = static_cast<std::size_t>(d + 0.5);
      if (ring < rings && d < 1.3 * spot.radius_px && patch.use.view()(y, x) != 0) {
        const auto c = static_cast<double>(patch.counts.view()(y, x));
        const double mean = share[ring] / counts[ring];
        const double off = static_cast<double>(patch.share.view()(y, x)) - mean;
        squares += c * off * off - std::max(0.0, 1.0 - mean) * patch.texture * (1.0 - 1.0 / n[ring]);
        electrons += c;
      }
    }
  }
  out.uneven = electrons > 0.0 ? std::sqrt(std::max(0.0, squares / electrons)) : 0.0;
  for (std::size_t i = 0; i < rings; ++i) {
    if (n[i] > 0.0) {
      out.distance.push_back(distance[i] / n[i]);
      out.share.push_back(share[i] / counts[i]);
      out.counts.push_back(counts[i]);
    }
  }
  return out;
}

Tested test_one(Profile profile) {
  Tested out{.profile = std::move(profile)};
  const Profile& p = out.profile;
  // Weights from the expectation, not from the counts themselves, which would pull towards low ones.
  const Buffer<double, 2> first = blur_matrix(p, 1.0);
  const std::vector<double> shape = blurred(first, VoidModel::disc, p.guess_px, 1.0);
  const double depth = std::clamp(p.share.front(), 0.05, 0.95);
  for (std::size_t i = 0; i < p.share.size(); ++i) {
    out.weight.push_back(p.counts[i] / std::max(0.03, 1.0 - depth * shape[i]));
  }
  for (std::size_t w = 0; w < widths; ++w) {
    const Buffer<double, 2> blur = blur_matrix(p, width_px(static_cast<double>(w)));
    out.trial[0][w] = best_radius(blur, VoidModel::sphere, 1.0, p, out.weight);
    out.trial[1][w] = best_radius(blur, VoidModel::disc, 1.0, p, out.weight);
    constexpr int cuts = 7;
    for (int c = 0; c < cuts; ++c) {
      const double cut = deepest_cut + (0.85 - deepest_cut) * c / (cuts - 1);
      const Trial t = best_radius(blur, VoidModel::truncated, cut, p, out.weight);
      if (t.chi2 < out.trial[2][w].chi2) {
        out.trial[2][w] = t;
      }
    }
  }
  constexpr int parameters = 5;
  out.dof = std::max(1, static_cast<int>(p.share.size()) - parameters);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t w = 0; w < widths; ++w) {
    least = std::min(least, out.least(w));
  }
  out.scatter = std::max(1.0, least / out.dof);
  return out;
}

/// R, depth and constant at one blur with their covariance.
num::Fit refine(const Tested& t, VoidModel model, double width, const Trial& start) {
  const Buffer<double, 2> blur = blur_matrix(t.profile, width);
  const num::Separable shape{.basis =
                                 [&](std::span<const double> q, View<double, 2> out) {
                                   const std::vector<double> f = blurred(blur, model, q[0], start.cut);
                                   for (std::size_t i = 0; i < f.size(); ++i) {
                                     out(i, 0) = f[i];
                                     out(i, 1) = 1.0;
                                   }
                                 },
                             .linear = 2};
  const std::array<double, 1> from{start.radius};
  return num::fit_separable(shape, t.profile.share, t.weight, from,
                            {.lower = {0.5 * t.profile.guess_px}, .upper = {2.0 * t.profile.guess_px}, .scale = {0.5}});
}

/// Value between the nodes of the grid of blurs: the parabola through the three nearest.
double between(const std::array<double, widths>& nodes, double at) {
  const auto middle = static_cast<std::size_t>(std::clamp(std::lround(at), 1L, static_cast<long>(widths) - 2));
  const double t = at - static_cast<double>(middle);
  const double low = nodes[middle - 1];
  const double high = nodes[middle + 1];
  return nodes[middle] + 0.5 * t * (high - low) + 0.5 * t * t * (high + low - 2.0 * nodes[middle]);
}

/// Means and covariance of R and depth over the likelihood of the blur.
struct OverBlur {
  double best = 0.0;  ///< place on the grid of blurs
  double chi2 = 0.0;
  double radius_shift = 0.0;  ///< mean − at the best blur
  double depth_shift = 0.0;
  double rr = 0.0;
  double ss = 0.0;
  double rs = 0.0;
};

OverBlur over_blur(const std::array<Trial, widths>& trials, const std::array<double, widths>& total) {
  std::array<double, widths> radius{}, depth{};
  for (std::size_t w = 0; w < widths; ++w) {
    radius[w] = trials[w].radius;
    depth[w] = trials[w].depth;
  }
  constexpr int fine = 16;
  constexpr int points = static_cast<int>(widths - 1) * fine;
  OverBlur out{.chi2 = std::numeric_limits<double>::infinity()};
  for (int i = 0; i <= points; ++i) {
    const double c = between(total, static_cast<double>(i) / fine);
    if (c < out.chi2) {
      out.chi2 = c;
      out.best = static_cast<double>(i) / fine;
    }
  }
  const double r0 = between(radius, out.best);
  const double s0 = between(depth, out.best);
  double sum = 0.0;
  for (int i = 0; i <= points; ++i) {
    const double at = static_cast<double>(i) / fine;
    const double p = std::exp(-0.5 * (between(total, at) - out.chi2));
    const double r = between(radius, at) - r0;
    const double s = between(depth, at) - s0;
    sum += p;
    out.radius_shift += p * r;
    out.depth_shift += p * s;
    out.rr += p * r * r;
    out.ss += p * s * s;
    out.rs += p * r * s;
  }
  out.radius_shift /= sum;
  out.depth_shift /= sum;
  out.rr = out.rr / sum - out.radius_shift * out.radius_shift;
  out.ss = out.ss / sum - out.depth_shift * out.depth_shift;
  out.rs = out.rs / sum - out.radius_shift * out.depth_shift;
  return out;
}

/// `others`: χ² of all other voids by blur, least 0.
VoidFit fit_model(const Tested& t, VoidModel model, const std::array<double, widths>& others) {
  const auto& trials = t.trial[static_cast<std::size_t>(model)];
  std::array<double, widths> total{};
  constexpr double out_of_reach = 1e6;  // of blurs that no depth above zero fits
  for (std::size_t w = 0; w < widths; ++w) {
    total[w] = std::min(out_of_reach, trials[w].chi2 / t.scatter + others[w]);
  }
  const OverBlur over = over_blur(trials, total);
  const Trial& nearest = trials[static_cast<std::size_t>(std::lround(over.best))];
  VoidFit out{.cut = nearest.cut, .blur_px = width_px(over.best), .chi2 = over.chi2};
  const num::Fit fit = refine(t, model, out.blur_px, nearest);
  if (fit.ok()) {
    const auto c = fit.covariance.view();
    out.radius_px = {fit.parameters[0] + over.radius_shift, std::sqrt(c(0, 0) * t.scatter + over.rr)};
    out.depth = {fit.parameters[1] + over.depth_shift, std::sqrt(c(1, 1) * t.scatter + over.ss)};
    out.left_over = fit.parameters[2];
    out.covariance = c(0, 1) * t.scatter + over.rs;
    out.share = blurred(blur_matrix(t.profile, out.blur_px), model, fit.parameters[0], out.cut);
    for (double& v : out.share) {
      v = fit.parameters[2] + fit.parameters[1] * v;
    }
  } else {
    out.radius_px.value = nearest.radius;
    out.depth.value = nearest.depth;
  }
  // R, depth, constant, blur; the cut on top.
  const double parameters = model == VoidModel::truncated ? 5.0 : 4.0;
  out.bic = out.chi2 + parameters * std::log(static_cast<double>(t.profile.share.size()));
  return out;
}

void judge(const Tested& t, const std::array<double, widths>& others, VoidShape& out) {
  out.distance_px = t.profile.distance;
  out.share = t.profile.share;
  out.scatter = t.scatter;
  for (const double w : t.weight) {
    out.sigma.push_back(1.0 / std::sqrt(w));
  }
  for (std::size_t m = 0; m < models; ++m) {
    out.fits[m] = fit_model(t, static_cast<VoidModel>(m), others);
  }
  const VoidFit& sphere = out.fit(VoidModel::sphere);
  const VoidFit& disc = out.fit(VoidModel::disc);
  const VoidFit& truncated = out.fit(VoidModel::truncated);
  out.bic_gain = disc.bic - sphere.bic;
  out.verdict = VoidVerdict::cannot_tell;
  // A cut sphere differs from a whole one by little more than another blur does: it must win with its own blur, too.
  const auto free = [&](VoidModel m) {
    double least = std::numeric_limits<double>::infinity();
    for (const Trial& of_blur : t.trial[static_cast<std::size_t>(m)]) {
      least = std::min(least, of_blur.chi2 / t.scatter);
    }
    return least + (m == VoidModel::truncated ? 5.0 : 4.0) * std::log(static_cast<double>(t.profile.share.size()));
  };
  const bool cut_alone =
      free(VoidModel::truncated) + clear_bic < std::min(free(VoidModel::sphere), free(VoidModel::disc));
  if (cut_alone && truncated.bic + clear_bic < std::min(sphere.bic, disc.bic)) {
    out.verdict = VoidVerdict::truncated;
  } else if (sphere.bic + clear_bic < disc.bic) {
    out.verdict = VoidVerdict::sphere;
  } else if (disc.bic + clear_bic < sphere.bic) {
    // A cut sphere can look like a hole: the disc must not lose against it.
    out.verdict = disc.bic < truncated.bic ? VoidVerdict::disc : VoidVerdict::cannot_tell;
  }
  const VoidFit& best = *std::min_element(out.fits.begin(), out.fits.end(),
                                          [](const VoidFit& a, const VoidFit& b) { return a.bic < b.bic; });
  double electrons = 0.0;
  for (const double w : t.weight) {
    electrons += w;
  }
  out.uneven = best.depth.value > 0.0 ? t.profile.uneven / best.depth.value : 0.0;
  out.misfit =
      best.depth.value > 0.0 ? std::sqrt(std::max(0.0, (t.scatter - 1.0) * t.dof / electrons)) / best.depth.value : 0.0;
  const double left = std::abs(best.left_over);
  const double constant_sigma = 3.0 / std::sqrt(electrons);
  if (left > most_left_over * best.depth.value + constant_sigma) {
    out.why = "brightness still changes where the void should have ended: no level to compare with";
  } else if (out.uneven > most_uneven) {
    out.why = "not round: the share varies along rings";
  } else if (out.misfit > most_misfit) {
    out.why = "no model follows the profile";
  }
  out.verdict = out.why.empty() ? out.verdict : VoidVerdict::cannot_tell;
  if (sphere.depth.value > 0.0 && sphere.radius_px.sigma > 0.0) {
    const Estimate foil = num::ratio(sphere.radius_px, sphere.depth, sphere.covariance);
    out.foil_for_sphere_px = Estimate{2.0 * foil.value, 2.0 * foil.sigma};
  }
}

}  // namespace

std::string_view name(VoidModel model) {
  constexpr std::array<std::string_view, models> names{"sphere", "disc", "truncated"};
  return names[static_cast<std::size_t>(model)];
}

std::string_view name(VoidVerdict verdict) {
  constexpr std::array<std::string_view, 5> names{"refused", "cannot tell", "sphere", "disc", "truncated"};
  return names[static_cast<std::size_t>(verdict)];
}

std::vector<VoidShape> test_void_shapes(const GrainImage& image, View<const std::int32_t, 2> labels,
                                        std::span<const DarkSpot> spots) {
  if (image.mean.extents() != labels.extents() || image.n_averaged.extents() != labels.extents()) {
    throw Error(Errc::bad_input, "image, number of frames and labels have different shapes",
                "Give labels that were made of this image");
  }
  std::vector<VoidShape> out(spots.size());
  std::vector<std::optional<Tested>> tested(spots.size());
  std::array<double, widths> sum{};
  for (std::size_t i = 0; i < spots.size(); ++i) {
    out[i].spot = i;
    if (spots[i].kind == DarkKind::crack || spots[i].radius_px < smallest_px) {
      out[i].why = spots[i].kind == DarkKind::crack ? "a crack" : "fewer than 3 px of radius";
      continue;
    }
    const auto patch = detail::cut_spot(image, labels, spots[i]);
    if (!patch) {
      out[i].why = patch.error().what();
      continue;
    }
    tested[i] = test_one(profile_of(*patch, spots[i]));
    for (std::size_t w = 0; w < widths; ++w) {
      sum[w] += tested[i]->least(w) / tested[i]->scatter;
    }
  }
  for (std::size_t i = 0; i < spots.size(); ++i) {
    if (!tested[i]) {
      continue;
    }
    std::array<double, widths> others = sum;
    for (std::size_t w = 0; w < widths; ++w) {
      others[w] -= tested[i]->least(w) / tested[i]->scatter;
    }
    const double least = *std::min_element(others.begin(), others.end());
    for (double& v : others) {
      v -= least;
    }
    judge(*tested[i], others, out[i]);
  }
  return out;
}

double foil_pull(const Estimate& foil_for_sphere, const Estimate& foil) {
  return (foil_for_sphere.value - foil.value) / std::hypot(foil_for_sphere.sigma, foil.sigma);
}

}  // namespace hotstage::series
