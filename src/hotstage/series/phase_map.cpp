// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/phase_map.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/fft.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/phase_likelihood.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace hotstage::series {

std::string_view name(CathodePhase phase) noexcept {
  switch (phase) {
    case CathodePhase::layered:
      return "layered";
    case CathodePhase::spinel:
      return "spinel";
    case CathodePhase::rock_salt:
      return "rock salt";
    case CathodePhase::metal:
      return "metal";
    case CathodePhase::not_told:
      break;
  }
  return "not told";
}

namespace {

constexpr double smallest_a_A = 3.35;  // Co 3.545 less 5 %
constexpr double largest_a_A = 4.48;   // CoO 4.261 and 5 %

/// One window: its pixels times the Hann window, and the padded power spectrum.
struct Window {
  Buffer<float, 2> pixels;
  Buffer<double, 2> power;  ///< rows × bins
  double weight = 0.0;      ///< Σ w
  double noise = 0.0;       ///< E|noise|² of a windowed sum

  [[nodiscard]] double at(std::ptrdiff_t l, std::ptrdiff_t k) const {
    if (k < 0) {
      k = -k;
      l = -l;
    }
    const auto rows = static_cast<std::ptrdiff_t>(power.extent(0));
    const auto bins = static_cast<std::ptrdiff_t>(power.extent(1));
    return power.view()(static_cast<std::size_t>(((l % rows) + rows) % rows),
                        static_cast<std::size_t>(std::min(k, bins - 1)));
  }
};

struct Plan {
  std::size_t n_y;
  std::size_t n_x;
  num::RealFft2 fft;
  std::vector<double> w_y;
  std::vector<double> w_x;
  std::array<double, 2> pixel_A;

  Plan(std::size_t y, std::size_t x, const std::array<double, 2>& pixel)
      : n_y(y),
        n_x(x),
        fft(num::good_size(2 * y), num::good_size(2 * x)),
        w_y(detail::hann_window(y)),
        w_x(detail::hann_window(x)),
        pixel_A(pixel) {}

  /// Padded bins of a frequency in 1/Å.
  [[nodiscard]] Planar bins(const Planar& g) const {
    return {g.y * pixel_A[0] * static_cast<double>(fft.rows()), g.x * pixel_A[1] * static_cast<double>(fft.columns())};
  }
};

Window cut(View<const float, 2> image, std::size_t y0, std::size_t x0, const Plan& plan) {
  Window out{.pixels = Buffer<float, 2>({plan.n_y, plan.n_x})};
  double mean = 0.0;
  for (std::size_t y = 0; y < plan.n_y; ++y) {
    for (std::size_t x = 0; x < plan.n_x; ++x) {
      const double w = plan.w_y[y] * plan.w_x[x];
      out.weight += w;
      mean += w * static_cast<double>(image(y0 + y, x0 + x));
    }
  }
  mean /= out.weight;
  Buffer<float, 2> padded({plan.fft.rows(), plan.fft.columns()});
  for (std::size_t y = 0; y < plan.n_y; ++y) {
    for (std::size_t x = 0; x < plan.n_x; ++x) {
      const auto value =
          static_cast<float>(plan.w_y[y] * plan.w_x[x] * (static_cast<double>(image(y0 + y, x0 + x)) - mean));
      out.pixels.view()(y, x) = value;
      padded.view()(y, x) = value;
    }
  }
  Buffer<std::complex<float>, 2> spectrum({plan.fft.rows(), plan.fft.bins()});
  plan.fft.forward(padded.view(), spectrum.view());
  out.power = Buffer<double, 2>({plan.fft.rows(), plan.fft.bins()});
  for (std::size_t i = 0; i < spectrum.size(); ++i) {
    out.power.data()[i] = std::norm(std::complex<double>(spectrum.data()[i]));
  }
  // Spots are few: the median of the power where they may lie is that of the noise. Its mean is median/ln 2.
  std::vector<double> band;
  const auto half = static_cast<std::ptrdiff_t>(plan.fft.rows() / 2);
  for (std::ptrdiff_t l = -half; l < half; l += 2) {
    for (std::size_t k = 0; k < plan.fft.bins(); k += 2) {
      const double gy = static_cast<double>(l) / static_cast<double>(plan.fft.rows()) / plan.pixel_A[0];
      const double gx = static_cast<double>(k) / static_cast<double>(plan.fft.columns()) / plan.pixel_A[1];
      const double g = std::hypot(gy, gx);
      if (g > 0.15 && g < 0.8) {
        band.push_back(out.at(l, static_cast<std::ptrdiff_t>(k)));
      }
    }
  }
  out.noise = std::max(num::median(band) / std::numbers::ln2, 1e-30);
  return out;
}

/// {111} spots of the metal sublattice of size a, [1-10] at the angle.
std::array<Planar, 2> sublattice(double a_A, double angle) {
  const Planar u{std::sin(angle), std::cos(angle)};
  const Planar v{std::cos(angle), -std::sin(angle)};
  return {combine(std::numbers::sqrt2 / a_A, u, 1.0 / a_A, v), combine(-std::numbers::sqrt2 / a_A, u, 1.0 / a_A, v)};
}

/// Largest power within `reach` padded bins of a place.
double peak(const Window& w, const Planar& bins, std::ptrdiff_t reach) {
  double most = 0.0;
  const auto l = static_cast<std::ptrdiff_t>(std::lround(bins.y));
  const auto k = static_cast<std::ptrdiff_t>(std::lround(bins.x));
  for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
    for (std::ptrdiff_t j = -reach; j <= reach; ++j) {
      most = std::max(most, w.at(l + i, k + j));
    }
  }
  return most;
}

/// Maximum near a place to a fraction of a bin, in 1/Å.
Planar refine(const Window& w, const Plan& plan, const Planar& g) {
  const Planar bins = plan.bins(g);
  auto l = static_cast<std::ptrdiff_t>(std::lround(bins.y));
  auto k = static_cast<std::ptrdiff_t>(std::lround(bins.x));
  constexpr int climbs = 4;
  for (int step = 0; step < climbs; ++step) {
    std::ptrdiff_t best_l = l;
    std::ptrdiff_t best_k = k;
    for (std::ptrdiff_t i = -1; i <= 1; ++i) {
      for (std::ptrdiff_t j = -1; j <= 1; ++j) {
        if (w.at(l + i, k + j) > w.at(best_l, best_k)) {
          best_l = l + i;
          best_k = k + j;
        }
      }
    }
    if (best_l == l && best_k == k) {
      break;
    }
    l = best_l;
    k = best_k;
  }
  const auto vertex = [](double a, double b, double c) {
    const double curvature = std::log(a + 1e-300) - 2.0 * std::log(b + 1e-300) + std::log(c + 1e-300);
    return curvature < 0.0 ? std::clamp(0.5 * (std::log(a + 1e-300) - std::log(c + 1e-300)) / curvature, -0.5, 0.5)
                           : 0.0;
  };
  const double y = static_cast<double>(l) + vertex(w.at(l - 1, k), w.at(l, k), w.at(l + 1, k));
  const double x = static_cast<double>(k) + vertex(w.at(l, k - 1), w.at(l, k), w.at(l, k + 1));
  return {y / static_cast<double>(plan.fft.rows()) / plan.pixel_A[0],
          x / static_cast<double>(plan.fft.columns()) / plan.pixel_A[1]};
}

/// Complex amplitude of a frequency in 1/Å over Σw.
double amplitude(const Window& w, const Plan& plan, const Planar& g) {
  const double fy = g.y * plan.pixel_A[0];
  const double fx = g.x * plan.pixel_A[1];
  std::complex<double> sum{};
  const std::complex<double> turn_x = std::polar(1.0, -2.0 * std::numbers::pi * fx);
  for (std::size_t y = 0; y < plan.n_y; ++y) {
    std::complex<double> turn = std::polar(1.0, -2.0 * std::numbers::pi * fy * static_cast<double>(y));
    for (std::size_t x = 0; x < plan.n_x; ++x) {
      sum += turn * static_cast<double>(w.pixels.view()(y, x));
      turn *= turn_x;
    }
  }
  return std::abs(sum) / w.weight;
}

struct Match {
  std::array<Planar, 2> base;  ///< 1/Å
  double score = 0.0;
};

/// Best orientation and size of the metal sublattice; each spot's power counts up to a limit, so that all must be
/// there.
Match search(const Window& w, const Plan& plan) {
  Match best;
  const double widest = static_cast<double>(std::min(plan.n_y, plan.n_x)) * std::min(plan.pixel_A[0], plan.pixel_A[1]);
  // Steps of half a resolution element at the {111} spots.
  const double turn = 0.5 * 2.2 / widest;
  const double growth = 1.0 + 0.5 * 2.2 / widest;
  for (double a = smallest_a_A; a <= largest_a_A; a *= growth) {
    for (double angle = 0.0; angle < std::numbers::pi; angle += turn) {
      const std::array<Planar, 2> base = sublattice(a, angle);
      const Planar both = combine(1.0, base[0], 1.0, base[1]);
      const auto strength = [&](const Planar& g) {
        // Neighbouring bins let a coarse step see a spot, the bin itself tells the better of two steps.
        const Planar bins = plan.bins(g);
        return std::log1p((peak(w, bins, 1) + 0.1 * peak(w, bins, 0)) / w.noise);
      };
      const double one = strength(base[0]);
      const double two = strength(base[1]);
      // The weaker {111} decides.
      const double score = 2.0 * std::min(one, two) + 0.5 * (strength(both) + std::max(one, two));
      if (score > best.score) {
        best = {base, score};
      }
    }
  }
  return best;
}

/// Least squares of the two {111} and their sum {002}, weights by power.
std::array<Planar, 2> fit_base(const Window& w, const Plan& plan, const std::array<Planar, 2>& start) {
  std::array<Planar, 2> base = start;
  constexpr int rounds = 2;
  for (int i = 0; i < rounds; ++i) {
    const std::array<Planar, 3> guess{base[0], base[1], combine(1.0, base[0], 1.0, base[1])};
    std::array<Planar, 3> seen;
    std::array<double, 3> weight{};
    for (std::size_t s = 0; s < 3; ++s) {
      seen[s] = refine(w, plan, guess[s]);
      const double snr = peak(w, plan.bins(seen[s]), 0) / w.noise;
      const double away = length(combine(1.0, seen[s], -1.0, guess[s]));
      // {002} may be weak, or a neighbour's side lobe.
      weight[s] = s == 2 && (snr < 12.0 || away > 0.04) ? 0.0 : snr;
    }
    const double a = weight[0] + weight[2];
    const double b = weight[2];
    const double c = weight[1] + weight[2];
    const double det = a * c - b * b;
    const Planar r0 = combine(weight[0], seen[0], weight[2], seen[2]);
    const Planar r1 = combine(weight[1], seen[1], weight[2], seen[2]);
    if (det <= 0.0) {
      return base;
    }
    base = {combine(c / det, r0, -b / det, r1), combine(-b / det, r0, a / det, r1)};
  }
  return base;
}

PhaseCell examine(View<const float, 2> image, std::size_t y0, std::size_t x0, const Plan& plan,
                  const PhaseMapOptions& options) {
  const Window w = cut(image, y0, x0, plan);
  PhaseCell out;
  const Match match = search(w, plan);
  if (match.score <= 0.0) {
    return out;
  }
  const std::array<Planar, 2> g = fit_base(w, plan, match.base);
  const Planar sum = combine(1.0, g[0], 1.0, g[1]);
  const std::array<double, 2> strong{amplitude(w, plan, g[0]), amplitude(w, plan, g[1])};
  const double noise = w.noise / (w.weight * w.weight);  // of |amplitude|²
  out.snr = std::pow(std::min(strong[0], strong[1]), 2) / noise;
  const double area = std::abs(cross(g[0], g[1]));
  out.a_A = std::sqrt(2.0 * std::numbers::sqrt2 / area);
  if (out.snr < options.min_snr || out.a_A < smallest_a_A || out.a_A > largest_a_A) {
    return out;
  }
  // The angle between the {111} is 109.5° (70.5°); more than 6° off is another zone axis or two grains.
  const double between = std::acos(std::clamp(dot(g[0], g[1]) / (length(g[0]) * length(g[1])), -1.0, 1.0));
  constexpr double tetrahedral = 109.47 * std::numbers::pi / 180.0;
  constexpr double most_off = 6.0 * std::numbers::pi / 180.0;
  if (std::abs(between - tetrahedral) > most_off) {
    return out;
  }
  out.has_lattice = true;
  out.base = {Planar{g[0].y * plan.pixel_A[0], g[0].x * plan.pixel_A[1]},
              Planar{g[1].y * plan.pixel_A[0], g[1].x * plan.pixel_A[1]}};
  const double extent = static_cast<double>(plan.n_x) * plan.pixel_A[1];
  // Hann window: σ_f ≈ 0.39/(extent √snr) per spot; two spots fix the area.
  out.sigma_a_A = out.a_A * 0.5 * 0.39 / (extent * std::sqrt(out.snr)) / length(g[0]);
  const Planar along = combine(1.0, g[0], -1.0, g[1]);
  out.orientation_deg = std::fmod(std::atan2(along.y, along.x) * 180.0 / std::numbers::pi + 360.0, 180.0);
  out.d111_A = {1.0 / length(g[0]), 1.0 / length(g[1])};
  out.d002_A = 1.0 / length(sum);
  const double unit = std::sqrt(std::max(noise, 0.5 * (strong[0] * strong[0] + strong[1] * strong[1]) - noise));
  const std::array<Planar, 5> extra{combine(0.5, g[0], 0.0, g[1]), combine(0.0, g[0], 0.5, g[1]),
                                    combine(0.5, g[0], -0.5, g[1]), combine(0.5, g[0], 1.0, g[1]),
                                    combine(1.0, g[0], 0.5, g[1])};
  detail::SpotEvidence evidence{.noise = noise, .unit = unit, .a_A = out.a_A};
  for (std::size_t s = 0; s < 5; ++s) {
    evidence.amplitude[s] = amplitude(w, plan, extra[s]);
    evidence.frequency[s] = length(extra[s]);
    out.superlattice[s] = evidence.amplitude[s] / unit;
  }
  evidence.frequency_111 = 0.5 * (length(g[0]) + length(g[1]));
  const detail::Verdict verdict = detail::judge(evidence, options);
  out.phase = verdict.phase;
  out.probability = verdict.probability;
  out.layers = verdict.layers;
  return out;
}

/// Median base of the reference: cells of the most frequent phase, or of the region.
void find_reference(PhaseMap& map, const std::array<std::size_t, 4>& region) {
  const bool everywhere = region[2] == 0 || region[3] == 0;
  std::array<std::size_t, n_cathode_phases> count{};
  for (const PhaseCell& cell : map.cells) {
    if (cell.phase != CathodePhase::not_told) {
      ++count[static_cast<std::size_t>(cell.phase)];
    }
  }
  const auto frequent = static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin());
  std::array<std::vector<double>, 4> parts;
  for (std::size_t i = 0; i < map.cells.size(); ++i) {
    const PhaseCell& cell = map.cells[i];
    const Planar p = map.grid.centre(i / map.grid.columns, i % map.grid.columns);
    const bool inside = p.y >= static_cast<double>(region[0]) && p.x >= static_cast<double>(region[1]) &&
                        p.y < static_cast<double>(region[0] + region[2]) &&
                        p.x < static_cast<double>(region[1] + region[3]);
    if (cell.has_lattice && (everywhere ? static_cast<std::size_t>(cell.phase) == frequent : inside)) {
      // Base and opposite base are the same lattice.
      const double sign =
          !parts[0].empty() && cell.base[0].y * parts[0].front() + cell.base[0].x * parts[1].front() < 0.0 ? -1.0 : 1.0;
      for (std::size_t j = 0; j < 2; ++j) {
        parts[2 * j].push_back(sign * cell.base[j].y);
        parts[2 * j + 1].push_back(sign * cell.base[j].x);
      }
    }
  }
  if (parts[0].empty()) {
    return;
  }
  map.has_reference = true;
  map.reference = {Planar{num::median(parts[0]), num::median(parts[1])},
                   Planar{num::median(parts[2]), num::median(parts[3])}};
}

void add_strain(PhaseMap& map, View<const float, 2> image) {
  const std::vector<std::optional<LocalStrain>> gpa = phase_strain(image, map.reference, map.grid);
  for (std::size_t i = 0; i < map.cells.size(); ++i) {
    PhaseCell& cell = map.cells[i];
    if (!cell.has_lattice) {
      continue;
    }
    std::array<Planar, 2> base = cell.base;
    if (dot(base[0], map.reference[0]) < 0.0) {
      base = {combine(-1.0, base[0], 0.0, base[1]), combine(0.0, base[0], -1.0, base[1])};
    }
    const LocalStrain strain = strain_between(base, map.reference);
    // Beyond that it is another grain or phase, not strain.
    constexpr double elastic = 0.12;
    constexpr double tilt_deg = 8.0;
    if (std::max({std::abs(strain.xx), std::abs(strain.yy), std::abs(strain.xy)}) < elastic &&
        std::abs(strain.rotation_deg) < tilt_deg) {
      cell.strain = strain;
      cell.phase_strain = gpa[i];
    }
  }
}

}  // namespace

PhaseMap map_phases(View<const float, 2> image, const std::array<double, 2>& pixel_A, const PhaseMapOptions& options,
                    const std::array<std::size_t, 4>& reference_region, Run& run) {
  constexpr double finest_A = 1.9;
  const double coarsest = std::max(pixel_A[0], pixel_A[1]);
  if (2.0 * coarsest > finest_A) {
    throw Error(Errc::bad_input, fmt::format("pixels of {:.3g} Å do not resolve 1.9 Å", coarsest),
                "Phases are told from spacings of 4.7 to 2.0 Å: pixels below 0.9 Å are needed");
  }
  const double edge_A = options.window.in(units::angstrom);
  const auto window = static_cast<std::size_t>(std::lround(edge_A / std::sqrt(pixel_A[0] * pixel_A[1])));
  constexpr std::size_t least_px = 24;
  constexpr double least_A = 14.0;
  if (window < least_px || edge_A < least_A || window > std::min(image.extent(0), image.extent(1))) {
    throw Error(Errc::bad_input,
                fmt::format("a window of {:.3g} nm is {} px of an image of {} × {} px", 0.1 * edge_A, window,
                            image.extent(0), image.extent(1)),
                "It must hold at least 24 px and 1.4 nm (three layers) and fit into the image");
  }
  const auto step = std::max<std::size_t>(1, static_cast<std::size_t>(options.step * static_cast<double>(window)));
  PhaseMap out{.grid = detail::window_grid({image.extent(0), image.extent(1)}, window, step)};
  out.cells.resize(out.grid.size());
  const Plan plan(out.grid.size_y, out.grid.size_x, pixel_A);
  parallel_chunks(run, out.cells.size(), 8, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      out.cells[i] = examine(image, i / out.grid.columns * step, i % out.grid.columns * step, plan, options);
    }
  });
  find_reference(out, reference_region);
  if (out.has_reference) {
    add_strain(out, image);
  }
  return out;
}

}  // namespace hotstage::series
