// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/columns.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

namespace hotstage::series {

namespace {

std::vector<double> gaussian(double sigma) {
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(3.5 * sigma));
  std::vector<double> out;
  double sum = 0.0;
  for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
    out.push_back(std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma)));
    sum += out.back();
  }
  for (double& v : out) {
    v /= sum;
  }
  return out;
}

/// Separable convolution, edges repeated.
Buffer<double, 2> smooth(View<const float, 2> image, double sigma) {
  const std::vector<double> k = gaussian(sigma);
  const auto reach = static_cast<std::ptrdiff_t>(k.size() / 2);
  const auto rows = static_cast<std::ptrdiff_t>(image.extent(0));
  const auto columns = static_cast<std::ptrdiff_t>(image.extent(1));
  Buffer<double, 2> along({image.extent(0), image.extent(1)});
  Buffer<double, 2> out({image.extent(0), image.extent(1)});
  for (std::ptrdiff_t y = 0; y < rows; ++y) {
    for (std::ptrdiff_t x = 0; x < columns; ++x) {
      double sum = 0.0;
      for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
        const auto at = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(x + i, 0, columns - 1));
        sum += k[static_cast<std::size_t>(i + reach)] * static_cast<double>(image(static_cast<std::size_t>(y), at));
      }
      along.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = sum;
    }
  }
  for (std::ptrdiff_t y = 0; y < rows; ++y) {
    for (std::ptrdiff_t x = 0; x < columns; ++x) {
      double sum = 0.0;
      for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
        const auto at = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(y + i, 0, rows - 1));
        sum += k[static_cast<std::size_t>(i + reach)] * along.view()(at, static_cast<std::size_t>(x));
      }
      out.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = sum;
    }
  }
  return out;
}

/// Maxima of the difference of two Gaussians, at least `snr` of its robust noise, `spacing` apart.
std::vector<Planar> maxima(View<const float, 2> image, double spacing, double snr) {
  const double inner = std::max(0.8, 0.25 * spacing);
  const Buffer<double, 2> narrow = smooth(image, inner);
  const Buffer<double, 2> wide = smooth(image, 2.0 * inner);
  // Noise of the filter from neighbouring pixels: second differences along x hold little of the columns' own shape.
  std::vector<double> noise;
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (std::size_t x = 1; x + 1 < image.extent(1); x += 2) {
      noise.push_back((static_cast<double>(image(y, x - 1)) - 2.0 * static_cast<double>(image(y, x)) +
                       static_cast<double>(image(y, x + 1))) /
                      std::sqrt(6.0));
    }
  }
  // Σk² of a Gaussian is 1/(4πσ²); the wide one takes a little off.
  const double filtered = num::median_deviation(noise) / (2.0 * std::sqrt(std::numbers::pi) * inner);
  const auto rows = static_cast<std::ptrdiff_t>(image.extent(0));
  const auto columns = static_cast<std::ptrdiff_t>(image.extent(1));
  const auto reach = static_cast<std::ptrdiff_t>(std::max(1.0, std::floor(0.6 * spacing)));
  const auto value = [&](std::ptrdiff_t y, std::ptrdiff_t x) {
    const auto i = static_cast<std::size_t>(y);
    const auto j = static_cast<std::size_t>(x);
    return narrow.view()(i, j) - wide.view()(i, j);
  };
  const auto margin = static_cast<std::ptrdiff_t>(std::ceil(0.5 * spacing));
  std::vector<Planar> out;
  for (std::ptrdiff_t y = margin; y < rows - margin; ++y) {
    for (std::ptrdiff_t x = margin; x < columns - margin; ++x) {
      const double here = value(y, x);
      bool highest = here > snr * filtered;
      for (std::ptrdiff_t i = -reach; highest && i <= reach; ++i) {
        for (std::ptrdiff_t j = -reach; highest && j <= reach; ++j) {
          const std::ptrdiff_t v = std::clamp<std::ptrdiff_t>(y + i, 0, rows - 1);
          const std::ptrdiff_t u = std::clamp<std::ptrdiff_t>(x + j, 0, columns - 1);
          highest = i * i + j * j > reach * reach || value(v, u) <= here;
        }
      }
      if (highest) {
        out.push_back({static_cast<double>(y), static_cast<double>(x)});
      }
    }
  }
  return out;
}

/// What one fit sees: pixels within a radius, the neighbours' light taken off.
struct Patch {
  std::vector<double> y;
  std::vector<double> x;
  std::vector<double> counts;
  std::vector<double> weights;
};

double bump(double y, double x, const AtomColumn& c, double width) {
  const double dy = y - c.place.y;
  const double dx = x - c.place.x;
  return c.amplitude.value * std::exp(-0.5 * (dy * dy + dx * dx) / (width * width));
}

/// Neighbours within reach of each place: indices.
std::vector<std::vector<std::size_t>> neighbours(const std::vector<AtomColumn>& columns, double reach) {
  std::vector<std::size_t> order(columns.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return columns[a].place.y < columns[b].place.y; });
  std::vector<std::vector<std::size_t>> out(columns.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      const Planar& a = columns[order[i]].place;
      const Planar& b = columns[order[j]].place;
      if (b.y - a.y > reach) {
        break;
      }
      if (std::hypot(b.y - a.y, b.x - a.x) < reach) {
        out[order[i]].push_back(order[j]);
        out[order[j]].push_back(order[i]);
      }
    }
  }
  return out;
}

Patch patch_of(View<const float, 2> image, const std::vector<AtomColumn>& columns, std::size_t self,
               const std::vector<std::size_t>& near, double width, double radius) {
  const AtomColumn& c = columns[self];
  Patch out;
  const auto low = [&](double v) { return static_cast<std::ptrdiff_t>(std::max(0.0, std::ceil(v - radius))); };
  const auto high = [&](double v, std::size_t n) {
    return std::min(static_cast<std::ptrdiff_t>(n) - 1, static_cast<std::ptrdiff_t>(std::floor(v + radius)));
  };
  for (std::ptrdiff_t y = low(c.place.y); y <= high(c.place.y, image.extent(0)); ++y) {
    for (std::ptrdiff_t x = low(c.place.x); x <= high(c.place.x, image.extent(1)); ++x) {
      const auto py = static_cast<double>(y);
      const auto px = static_cast<double>(x);
      if (std::hypot(py - c.place.y, px - c.place.x) > radius) {
        continue;
      }
      double others = 0.0;
      for (const std::size_t n : near) {
        others += bump(py, px, columns[n], width);
      }
      const double model = c.background + others + bump(py, px, c, width);
      out.y.push_back(py);
      out.x.push_back(px);
      out.counts.push_back(static_cast<double>(image(static_cast<std::size_t>(y), static_cast<std::size_t>(x))) -
                           others);
      // Weights from the model, not from the counts, which would favour low ones.
      out.weights.push_back(1.0 / std::max(model, 0.05 * std::max(1e-12, std::abs(c.background) + 1e-12)));
    }
  }
  return out;
}

/// Amplitude, y, x, background, and the width when it is free.
num::Fit fit_column(const Patch& patch, const AtomColumn& start, double width, bool free_width, double radius) {
  const auto model = [&](std::span<const double> p, std::span<double> out) {
    const double w = free_width ? p[4] : width;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double dy = patch.y[i] - p[1];
      const double dx = patch.x[i] - p[2];
      out[i] = p[3] + p[0] * std::exp(-0.5 * (dy * dy + dx * dx) / (w * w));
    }
  };
  std::vector<double> p{start.amplitude.value, start.place.y, start.place.x, start.background};
  num::IterationOptions options{.max_iterations = 40, .step_tolerance = 1e-6};
  const double huge = 1e30;
  options.lower = {-huge, start.place.y - radius, start.place.x - radius, -huge};
  options.upper = {huge, start.place.y + radius, start.place.x + radius, huge};
  options.scale = {std::abs(start.amplitude.value) + 1e-12, 1.0, 1.0, std::abs(start.background) + 1e-12};
  if (free_width) {
    p.push_back(width);
    options.lower.push_back(0.3 * width);
    options.upper.push_back(3.0 * width);
    options.scale.push_back(width);
  }
  return num::fit_nonlinear(model, patch.counts, patch.weights, p, options);
}

AtomColumn first_guess(View<const float, 2> image, const Planar& at, double radius) {
  std::vector<double> values;
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(radius));
  for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
    for (std::ptrdiff_t j = -reach; j <= reach; ++j) {
      const auto y = static_cast<std::ptrdiff_t>(at.y) + i;
      const auto x = static_cast<std::ptrdiff_t>(at.x) + j;
      if (y >= 0 && x >= 0 && y < static_cast<std::ptrdiff_t>(image.extent(0)) &&
          x < static_cast<std::ptrdiff_t>(image.extent(1))) {
        values.push_back(static_cast<double>(image(static_cast<std::size_t>(y), static_cast<std::size_t>(x))));
      }
    }
  }
  const double low = num::quantile(values, 0.2);
  return {.place = at, .amplitude = {num::quantile(values, 0.95) - low, 0.0}, .background = low};
}

/// One round of fits of all columns against the same neighbours (Jacobi), so that the order does not matter.
void sweep(View<const float, 2> image, ColumnSet& set, double spacing, bool last, Run& run) {
  const double radius = 0.6 * spacing;
  const auto near = neighbours(set.columns, radius + 4.0 * set.width_px);
  std::vector<AtomColumn> next = set.columns;
  std::vector<double> chi2(set.columns.size());
  std::vector<char> bad(set.columns.size());
  parallel_chunks(run, set.columns.size(), 32, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Patch patch = patch_of(image, set.columns, i, near[i], set.width_px, radius);
      const num::Fit fit = fit_column(patch, set.columns[i], set.width_px, false, 0.5 * spacing);
      if (!fit.ok() || fit.dof < 3) {
        bad[i] = 1;
        continue;
      }
      next[i].amplitude = {fit.parameters[0], fit.sigma(0)};
      next[i].place = {fit.parameters[1], fit.parameters[2]};
      next[i].sigma_y = fit.sigma(1);
      next[i].sigma_x = fit.sigma(2);
      next[i].background = fit.parameters[3];
      chi2[i] = fit.chi2 / fit.dof;
    }
  });
  set.columns = std::move(next);
  if (!last) {
    return;
  }
  std::vector<double> good;
  std::vector<AtomColumn> kept;
  for (std::size_t i = 0; i < set.columns.size(); ++i) {
    if (bad[i] == 0 && set.columns[i].amplitude.value > 0.0) {
      kept.push_back(set.columns[i]);
      good.push_back(chi2[i]);
    }
  }
  set.failed = set.columns.size() - kept.size();
  set.noise_factor = num::median(good);
  const double scale = std::sqrt(std::max(set.noise_factor, 0.0));
  for (AtomColumn& c : kept) {
    c.amplitude.sigma *= scale;
    c.sigma_y *= scale;
    c.sigma_x *= scale;
  }
  set.columns = std::move(kept);
}

double common_width(View<const float, 2> image, const ColumnSet& set, double spacing) {
  const double radius = 0.6 * spacing;
  const auto near = neighbours(set.columns, radius + 4.0 * set.width_px);
  constexpr std::size_t enough = 400;
  const std::size_t step = std::max<std::size_t>(1, set.columns.size() / enough);
  std::vector<double> widths;
  for (std::size_t i = 0; i < set.columns.size(); i += step) {
    const Patch patch = patch_of(image, set.columns, i, near[i], set.width_px, radius);
    const num::Fit fit = fit_column(patch, set.columns[i], set.width_px, true, 0.5 * spacing);
    if (fit.ok() && fit.parameters[0] > 0.0) {
      widths.push_back(fit.parameters[4]);
    }
  }
  return widths.empty() ? set.width_px : num::median(widths);
}

}  // namespace

ColumnSet find_columns(View<const float, 2> image, double spacing_px, const ColumnOptions& options, Run& run) {
  constexpr double least = 3.0;
  if (spacing_px < least) {
    throw Error(Errc::bad_input, fmt::format("columns {:.2g} px apart are not resolved", spacing_px),
                "At least 3 px from column to column are needed");
  }
  ColumnSet out;
  for (const Planar& p : maxima(image, spacing_px, options.min_snr)) {
    out.columns.push_back(first_guess(image, p, 0.6 * spacing_px));
  }
  if (out.columns.empty()) {
    throw Error(Errc::refused, "no atomic columns stand out of the noise",
                "More counts, another spacing, or a lower column_snr");
  }
  out.width_px = 0.25 * spacing_px;
  for (int i = 0; i < options.sweeps; ++i) {
    if (i <= 2) {
      out.width_px = common_width(image, out, spacing_px);
    }
    sweep(image, out, spacing_px, i + 1 == options.sweeps, run);
  }
  return out;
}

void assign_sublattices(ColumnSet& set, const ImageLattice& lattice, double spacing_px) {
  struct Group {
    double u;
    double v;
    std::vector<std::size_t> members;
    double amplitude = 0.0;
  };

  const std::array<Planar, 2> direct = lattice.direct();
  std::vector<Group> groups;
  for (std::size_t i = 0; i < set.columns.size(); ++i) {
    AtomColumn& c = set.columns[i];
    c.sublattice = 0;
    const double u = dot(c.place, lattice.reciprocal[0]);
    const double v = dot(c.place, lattice.reciprocal[1]);
    Group* nearest = nullptr;
    double least = 0.35 * spacing_px;
    for (Group& g : groups) {
      const double du = u - g.u - std::round(u - g.u);
      const double dv = v - g.v - std::round(v - g.v);
      const double away = length(combine(du, direct[0], dv, direct[1]));
      if (away < least) {
        least = away;
        nearest = &g;
      }
    }
    if (nearest == nullptr) {
      groups.push_back({u, v, {}, 0.0});
      nearest = &groups.back();
    }
    // The centre follows its members slowly, so that distortion over the field is followed too.
    constexpr double follow = 0.1;
    nearest->u += follow * (u - nearest->u - std::round(u - nearest->u));
    nearest->v += follow * (v - nearest->v - std::round(v - nearest->v));
    nearest->members.push_back(i);
    nearest->amplitude += c.amplitude.value;
  }
  std::erase_if(groups, [&](const Group& g) { return g.members.size() * 50 < set.columns.size(); });
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.amplitude / static_cast<double>(a.members.size()) > b.amplitude / static_cast<double>(b.members.size());
  });
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::size_t i : groups[g].members) {
      set.columns[i].sublattice = static_cast<int>(g) + 1;
    }
  }
}

namespace {

struct LayerGeometry {
  Planar normal;  ///< cycles/px: one per step from Co layer to Co layer
  Planar half;    ///< px: from a Co site to a Li site
  Planar along;   ///< px: from a site to the next of its layer
  double spacing_A = 0.0;
};

double spacing_of(const Planar& g, const std::array<double, 2>& pixel_A) {
  return 1.0 / std::hypot(g.y / pixel_A[0], g.x / pixel_A[1]);
}

/// Strongest spot whose spacing lies in [low, high] Å.
std::optional<Planar> strongest(const ImageLattice& lattice, const std::array<double, 2>& pixel_A, double low,
                                double high) {
  std::optional<Planar> out;
  double most = 0.0;
  for (const Spot& spot : lattice.spots) {
    if (spot.h == 0 && spot.k == 0) {
      continue;
    }
    const Planar g = combine(spot.h, lattice.reciprocal[0], spot.k, lattice.reciprocal[1]);
    const double d = spacing_of(g, pixel_A);
    if (d > low && d < high && spot.amplitude > most) {
      most = spot.amplitude;
      out = g;
    }
  }
  return out;
}

std::optional<LayerGeometry> geometry_of(const ImageLattice& lattice, const std::array<double, 2>& pixel_A) {
  LayerGeometry out;
  const std::array<Planar, 2> a = lattice.direct();
  double step = 1.0;  // of the layer normal from one lattice row to the next
  if (const auto seen = strongest(lattice, pixel_A, 4.4, 5.0)) {
    out.normal = *seen;
  } else if (const auto close = strongest(lattice, pixel_A, 2.2, 2.55)) {
    out.normal = combine(0.5, *close, 0.0, *close);
    step = 0.5;
  } else {
    return std::nullopt;
  }
  out.spacing_A = spacing_of(out.normal, pixel_A);
  Planar along;
  Planar next;
  double shortest = 1e300;
  double least = 1e300;
  constexpr int reach = 4;
  std::vector<std::pair<Planar, double>> vectors;
  for (int i = -reach; i <= reach; ++i) {
    for (int j = -reach; j <= reach; ++j) {
      const Planar v = combine(i, a[0], j, a[1]);
      vectors.emplace_back(v, dot(v, out.normal));
    }
  }
  for (const auto& [v, n] : vectors) {
    if (std::abs(n) < 1e-6 && length(v) > 1e-9 && length(v) < shortest) {
      shortest = length(v);
      along = v;
    }
  }
  for (const auto& [v, n] : vectors) {
    if (std::abs(n - step) < 1e-6 && length(v) < least) {
      least = length(v);
      next = v;
    }
  }
  if (shortest > 1e299 || least > 1e299) {
    return std::nullopt;
  }
  out.along = along;
  // O3 stacking: Li stands half way to the next Co layer and half a step along it.
  out.half = step < 1.0 ? next : combine(0.5, next, 0.5, along);
  return out;
}

/// Amplitude and background at a fixed place, weighted least squares.
std::optional<Estimate> amplitude_at(View<const float, 2> image, const ColumnSet& set, const Planar& at, double radius,
                                     double background) {
  std::vector<AtomColumn> all = set.columns;
  all.push_back({.place = at, .background = background});
  std::vector<std::size_t> near;
  for (std::size_t i = 0; i < set.columns.size(); ++i) {
    if (std::hypot(all[i].place.y - at.y, all[i].place.x - at.x) < radius + 4.0 * set.width_px) {
      near.push_back(i);
    }
  }
  const Patch patch = patch_of(image, all, all.size() - 1, near, set.width_px, radius);
  Buffer<double, 2> design({patch.counts.size(), 2});
  for (std::size_t i = 0; i < patch.counts.size(); ++i) {
    const double dy = patch.y[i] - at.y;
    const double dx = patch.x[i] - at.x;
    design.view()(i, 0) = std::exp(-0.5 * (dy * dy + dx * dx) / (set.width_px * set.width_px));
    design.view()(i, 1) = 1.0;
  }
  const num::Fit fit = num::fit_linear(design.view(), patch.counts, patch.weights);
  if (!fit.ok()) {
    return std::nullopt;
  }
  return Estimate{fit.parameters[0], fit.sigma(0) * std::sqrt(set.noise_factor)};
}

struct Site {
  Planar place;
  Estimate amplitude;
};

/// Columns found, and expected sites without one.
std::vector<Site> all_sites(View<const float, 2> image, const ColumnSet& set, const LayerGeometry& g,
                            std::size_t& predicted) {
  std::vector<Site> out;
  std::vector<double> amplitudes;
  std::vector<double> backgrounds;
  for (const AtomColumn& c : set.columns) {
    out.push_back({c.place, c.amplitude});
    amplitudes.push_back(c.amplitude.value);
    backgrounds.push_back(c.background);
  }
  const double bright = 0.5 * num::median(amplitudes);
  const double background = num::median(backgrounds);
  const double radius = 0.35 * length(g.half);
  const double margin = 2.0 * set.width_px;
  const std::size_t found = out.size();
  for (std::size_t i = 0; i < found; ++i) {
    if (out[i].amplitude.value < bright) {
      continue;
    }
    for (const Planar& step :
         {g.half, combine(-1.0, g.half, 0.0, g.half), g.along, combine(-1.0, g.along, 0.0, g.along)}) {
      const Planar at = combine(1.0, out[i].place, 1.0, step);
      const bool inside = at.y > margin && at.x > margin &&
                          at.y < static_cast<double>(image.extent(0)) - 1.0 - margin &&
                          at.x < static_cast<double>(image.extent(1)) - 1.0 - margin;
      const bool taken = std::any_of(out.begin(), out.end(), [&](const Site& s) {
        return std::hypot(s.place.y - at.y, s.place.x - at.x) < radius;
      });
      if (!inside || taken) {
        continue;
      }
      if (const auto amplitude = amplitude_at(image, set, at, 1.5 * radius, background)) {
        out.push_back({at, *amplitude});
        ++predicted;
      }
    }
  }
  return out;
}

Estimate mean_of(const std::vector<Estimate>& values) {
  double sum = 0.0;
  double squares = 0.0;
  double counting = 0.0;
  const auto n = static_cast<double>(values.size());
  for (const Estimate& e : values) {
    sum += e.value / n;
    counting += e.sigma * e.sigma / (n * n);
  }
  for (const Estimate& e : values) {
    squares += (e.value - sum) * (e.value - sum);
  }
  const double scatter = n > 1.0 ? squares / (n * (n - 1.0)) : 0.0;
  return {sum, std::sqrt(std::max(counting, scatter))};
}

}  // namespace

std::optional<LayerRatio> layer_ratio(View<const float, 2> image, const ColumnSet& set, const ImageLattice& lattice,
                                      const std::array<double, 2>& pixel_A) {
  const std::optional<LayerGeometry> geometry = geometry_of(lattice, pixel_A);
  if (!geometry || set.columns.empty()) {
    return std::nullopt;
  }
  LayerRatio out{.spacing_A = geometry->spacing_A};
  const std::vector<Site> sites = all_sites(image, set, *geometry, out.predicted);
  // Phase of the half layers, from all columns found: e^{2πi 2 n}.
  double cosine = 0.0;
  double sine = 0.0;
  for (const AtomColumn& c : set.columns) {
    const double angle = 4.0 * std::numbers::pi * dot(c.place, geometry->normal);
    cosine += c.amplitude.value * std::cos(angle);
    sine += c.amplitude.value * std::sin(angle);
  }
  const double origin = std::atan2(sine, cosine) / (2.0 * std::numbers::pi);
  std::map<int, std::vector<Estimate>> layers;
  std::array<std::vector<Estimate>, 2> kinds;
  for (const Site& s : sites) {
    const int n = static_cast<int>(std::lround(2.0 * dot(s.place, geometry->normal) - origin));
    layers[n].push_back(s.amplitude);
    kinds[static_cast<std::size_t>(((n % 2) + 2) % 2)].push_back(s.amplitude);
  }
  if (kinds[0].size() < 3 || kinds[1].size() < 3) {
    return std::nullopt;
  }
  std::array<Estimate, 2> mean{mean_of(kinds[0]), mean_of(kinds[1])};
  const int co = mean[0].value >= mean[1].value ? 0 : 1;
  out.ratio = num::ratio(mean[static_cast<std::size_t>(1 - co)], mean[static_cast<std::size_t>(co)]);
  for (const auto& [n, values] : layers) {
    out.layers.push_back({.number = n - co, .sites = values.size(), .amplitude = mean_of(values)});
  }
  return out;
}

}  // namespace hotstage::series
