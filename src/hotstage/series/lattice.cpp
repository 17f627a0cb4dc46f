// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/lattice.hpp"

#include "hotstage/num/fft.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/lock_in.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <optional>

namespace hotstage::series {

double length(const Planar& v) {
  return std::hypot(v.y, v.x);
}

double dot(const Planar& a, const Planar& b) {
  return a.y * b.y + a.x * b.x;
}

double cross(const Planar& a, const Planar& b) {
  return a.x * b.y - a.y * b.x;
}

Planar combine(double i, const Planar& a, double j, const Planar& b) {
  return {i * a.y + j * b.y, i * a.x + j * b.x};
}

std::array<Planar, 2> ImageLattice::direct() const {
  const double area = cross(reciprocal[0], reciprocal[1]);
  const auto& [g, f] = reciprocal;
  return {Planar{-f.x / area, f.y / area}, Planar{g.x / area, -g.y / area}};
}

namespace {

constexpr std::size_t padding = 2;

/// Power of the windowed, padded image; index (l, k) with l taken modulo the rows.
class Spectrum {
 public:
  explicit Spectrum(View<const float, 2> image)
      : rows_(num::good_size(padding * image.extent(0))),
        columns_(num::good_size(padding * image.extent(1))),
        power_({rows_, columns_ / 2 + 1}) {
    double mean = 0.0;
    for (std::size_t y = 0; y < image.extent(0); ++y) {
      for (std::size_t x = 0; x < image.extent(1); ++x) {
        mean += static_cast<double>(image(y, x));
      }
    }
    mean /= static_cast<double>(image.size());
    const std::vector<double> wy = detail::hann_window(image.extent(0));
    const std::vector<double> wx = detail::hann_window(image.extent(1));
    Buffer<float, 2> padded({rows_, columns_});
    for (std::size_t y = 0; y < image.extent(0); ++y) {
      for (std::size_t x = 0; x < image.extent(1); ++x) {
        padded.view()(y, x) = static_cast<float>(wy[y] * wx[x] * (static_cast<double>(image(y, x)) - mean));
      }
    }
    const num::RealFft2 fft(rows_, columns_);
    Buffer<std::complex<float>, 2> out({rows_, fft.bins()});
    fft.forward(padded.view(), out.view());
    for (std::size_t i = 0; i < out.size(); ++i) {
      power_.data()[i] = std::norm(std::complex<double>(out.data()[i]));
    }
  }

  [[nodiscard]] std::ptrdiff_t half_rows() const { return static_cast<std::ptrdiff_t>(rows_ / 2); }

  [[nodiscard]] std::ptrdiff_t bins() const { return static_cast<std::ptrdiff_t>(power_.extent(1)); }

  [[nodiscard]] double at(std::ptrdiff_t l, std::ptrdiff_t k) const {
    if (k < 0) {
      k = -k;
      l = -l;
    }
    const auto n = static_cast<std::ptrdiff_t>(rows_);
    k = std::min(k, bins() - 1);
    return power_.view()(static_cast<std::size_t>(((l % n) + n) % n), static_cast<std::size_t>(k));
  }

  [[nodiscard]] Planar frequency(double l, double k) const {
    return {l / static_cast<double>(rows_), k / static_cast<double>(columns_)};
  }

  /// Mean noise power around a place. Medians of exponentially distributed power are ln 2 of its mean.
  [[nodiscard]] double background(std::ptrdiff_t l, std::ptrdiff_t k) const {
    constexpr std::ptrdiff_t inner = 6;
    constexpr std::ptrdiff_t outer = 14;
    std::vector<double> ring;
    std::vector<double> line;
    for (std::ptrdiff_t i = -outer; i <= outer; ++i) {
      for (std::ptrdiff_t j = -outer; j <= outer; ++j) {
        const std::ptrdiff_t squared = i * i + j * j;
        if (squared >= inner * inner && squared <= outer * outer) {
          ring.push_back(at(l + i, k + j));
        }
      }
      if (std::abs(i) >= inner) {
        line.push_back(at(l + i, k));
        line.push_back(at(l + i, k + 1));
        line.push_back(at(l + i, k - 1));
      }
    }
    return std::max(num::median(ring), num::median(line)) / std::numbers::ln2;
  }

  /// Σ over all, for the coarse threshold.
  [[nodiscard]] double median() const {
    std::vector<double> sample;
    for (std::size_t i = 0; i < power_.size(); i += 7) {
      sample.push_back(power_.data()[i]);
    }
    return num::median(sample);
  }

 private:
  std::size_t rows_;
  std::size_t columns_;
  Buffer<double, 2> power_;
};

bool is_maximum(const Spectrum& spectrum, std::ptrdiff_t l, std::ptrdiff_t k) {
  constexpr std::ptrdiff_t reach = 3;
  const double here = spectrum.at(l, k);
  for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
    for (std::ptrdiff_t j = -reach; j <= reach; ++j) {
      if ((i != 0 || j != 0) && spectrum.at(l + i, k + j) > here) {
        return false;
      }
    }
  }
  return true;
}

/// Vertex of the parabola through three logarithms, within half a step.
double vertex(double before, double here, double after) {
  const double a = std::log(std::max(before, 1e-300));
  const double b = std::log(std::max(here, 1e-300));
  const double c = std::log(std::max(after, 1e-300));
  const double curvature = a - 2.0 * b + c;
  return curvature < 0.0 ? std::clamp(0.5 * (a - c) / curvature, -0.5, 0.5) : 0.0;
}

/// σ of a frequency component: noise power n per window energy Σw², amplitude power p = (|a| Σw)²:
/// var = n Σw²x² (Σw)² / (2 (2π)² p (Σw x²)² Σw²); Hann window of `size` samples.
double frequency_sigma(double power, double noise, std::size_t size) {
  const std::vector<double> w = detail::hann_window(size);
  double sum = 0.0;
  double squares = 0.0;
  double moment = 0.0;
  double square_moment = 0.0;
  for (std::size_t i = 0; i < size; ++i) {
    const double x = static_cast<double>(i) - 0.5 * static_cast<double>(size - 1);
    sum += w[i];
    squares += w[i] * w[i];
    moment += w[i] * x * x;
    square_moment += w[i] * w[i] * x * x;
  }
  const double two_pi = 2.0 * std::numbers::pi;
  return std::sqrt(noise / power * square_moment * sum * sum / (2.0 * two_pi * two_pi * moment * moment * squares));
}

}  // namespace

std::vector<Spot> find_spots(View<const float, 2> image, const LatticeOptions& options) {
  constexpr std::size_t smallest = 32;
  if (image.extent(0) < smallest || image.extent(1) < smallest) {
    throw Error(Errc::bad_input, fmt::format("{} × {} px are too few for a lattice", image.extent(0), image.extent(1)),
                "At least 32 × 32 px are needed");
  }
  const Spectrum spectrum(image);
  const double field = static_cast<double>(std::min(image.extent(0), image.extent(1)));
  const double lowest = 1.0 / (options.longest * field);
  const double highest = 1.0 / options.shortest;
  const double coarse = 3.0 * spectrum.median();
  std::vector<Spot> spots;
  for (std::ptrdiff_t k = 0; k < spectrum.bins(); ++k) {
    for (std::ptrdiff_t l = k == 0 ? 1 : -spectrum.half_rows(); l < spectrum.half_rows(); ++l) {
      const double power = spectrum.at(l, k);
      const double f = length(spectrum.frequency(static_cast<double>(l), static_cast<double>(k)));
      if (power < coarse || f < lowest || f > highest || !is_maximum(spectrum, l, k)) {
        continue;
      }
      const double noise = spectrum.background(l, k);
      if (power < options.min_snr * noise) {
        continue;
      }
      const double dl = vertex(spectrum.at(l - 1, k), power, spectrum.at(l + 1, k));
      const double dk = vertex(spectrum.at(l, k - 1), power, spectrum.at(l, k + 1));
      // Mean of the Hann window is ½ along each axis; a cosine of amplitude A has half of it on either side.
      spots.push_back({.frequency = spectrum.frequency(static_cast<double>(l) + dl, static_cast<double>(k) + dk),
                       .sigma = std::max(frequency_sigma(power, noise, image.extent(0)),
                                         frequency_sigma(power, noise, image.extent(1))),
                       .amplitude = 8.0 * std::sqrt(power) / static_cast<double>(image.size()),
                       .snr = power / noise});
    }
  }
  // A filtered image has bands without noise, where anything stands out.
  constexpr double faint = 0.005;
  double strongest = 0.0;
  for (const Spot& spot : spots) {
    strongest = std::max(strongest, spot.amplitude);
  }
  std::erase_if(spots, [&](const Spot& spot) { return spot.amplitude < faint * strongest; });
  std::stable_sort(spots.begin(), spots.end(), [](const Spot& a, const Spot& b) { return a.snr > b.snr; });
  if (spots.size() > static_cast<std::size_t>(options.max_spots)) {
    spots.resize(static_cast<std::size_t>(options.max_spots));
  }
  return spots;
}

namespace {

using Base = std::array<Planar, 2>;

/// Coordinates of f in the base.
Planar coordinates(const Base& g, const Planar& f) {
  const double area = cross(g[0], g[1]);
  return {cross(f, g[1]) / area, cross(g[0], f) / area};
}

/// Distance in cycles/px from the nearest lattice point; its indices in h and k.
double misfit(const Base& g, const Planar& f, int& h, int& k) {
  const Planar c = coordinates(g, f);
  h = static_cast<int>(std::lround(c.y));
  k = static_cast<int>(std::lround(c.x));
  const Planar at = combine(h, g[0], k, g[1]);
  return std::hypot(f.y - at.y, f.x - at.x);
}

/// A spot may miss its place by a third of a resolution element, by its σ, and by a little distortion.
double tolerance(const Spot& spot, double bin) {
  return std::hypot(0.35 * bin, 3.0 * spot.sigma) + 0.004 * length(spot.frequency);
}

/// How surprising it is that the lattice explains these spots: Σ over those it indexes of −log(share of the plane
/// within the tolerance of a lattice point), weighted by log(snr) · amplitude, so that one strong spot does not decide
/// alone and sidebands of periodic jitter hardly count. Dense lattices gain little, so a second grain's spots do not
/// pull a base down to one that explains anything.
double explained(const Base& g, const std::vector<Spot>& spots, double bin) {
  const double area = std::abs(cross(g[0], g[1]));
  double sum = 0.0;
  for (const Spot& spot : spots) {
    int h = 0;
    int k = 0;
    const double near = tolerance(spot, bin);
    const double chance = std::numbers::pi * near * near / area;
    if (chance < 1.0 && misfit(g, spot.frequency, h, k) < near && (h != 0 || k != 0)) {
      sum -= std::log(chance) * std::log(spot.snr) * spot.amplitude;
    }
  }
  return sum;
}

/// Shortest base of the same lattice (Gauss), angle between 60° and 120°, both in the half plane of the spots.
Base reduced(Base g) {
  for (int i = 0; i < 64; ++i) {
    if (length(g[1]) < length(g[0])) {
      std::swap(g[0], g[1]);
    }
    const double n = std::round(dot(g[0], g[1]) / dot(g[0], g[0]));
    if (n == 0.0) {
      break;
    }
    g[1] = combine(1.0, g[1], -n, g[0]);
  }
  for (Planar& v : g) {
    if (v.x < 0.0 || (v.x == 0.0 && v.y < 0.0)) {
      v = {-v.y, -v.x};
    }
  }
  return g;
}

std::vector<Planar> candidates(const std::vector<Spot>& spots) {
  constexpr std::size_t most = 12;
  std::vector<Planar> out;
  const std::size_t n = std::min(most, spots.size());
  for (std::size_t i = 0; i < n; ++i) {
    out.push_back(spots[i].frequency);
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      out.push_back(combine(1.0, spots[i].frequency, -1.0, spots[j].frequency));
      out.push_back(combine(1.0, spots[i].frequency, 1.0, spots[j].frequency));
    }
  }
  return out;
}

std::optional<Base> best_base(const std::vector<Spot>& spots, double bin) {
  const std::vector<Planar> vectors = candidates(spots);
  std::optional<Base> out;
  double most = 0.0;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      // Base vectors shorter than four resolution elements explain anything.
      if (length(vectors[i]) < 4.0 * bin || length(vectors[j]) < 4.0 * bin) {
        continue;
      }
      const double sine = std::abs(cross(vectors[i], vectors[j])) / (length(vectors[i]) * length(vectors[j]));
      constexpr double flat = 0.25;
      if (sine < flat) {
        continue;
      }
      const Base base{vectors[i], vectors[j]};
      const double score = explained(base, spots, bin);
      if (score > most * (1.0 + 1e-9)) {
        most = score;
        out = reduced(base);
      }
    }
  }
  return out;
}

/// Probability of at least m hits among n with chance p each.
double at_least(std::size_t m, std::size_t n, double p) {
  double below = 0.0;
  double term = std::pow(1.0 - p, static_cast<double>(n));
  for (std::size_t i = 0; i < m; ++i) {
    below += term;
    term *= static_cast<double>(n - i) / static_cast<double>(i + 1) * p / (1.0 - p);
  }
  return std::max(0.0, 1.0 - below);
}

/// A base of half or a third of the reciprocal cell, when it explains so many of the spots left over that chance is no
/// explanation: weak superlattice spots.
Base with_superlattice(Base g, const std::vector<Spot>& spots, double bin) {
  constexpr double surprising = 1e-3;
  std::vector<Base> finer;
  for (const double n : {2.0, 3.0}) {
    finer.push_back({combine(1.0 / n, g[0], 0.0, g[1]), g[1]});
    finer.push_back({g[0], combine(0.0, g[0], 1.0 / n, g[1])});
    finer.push_back({combine(1.0 / n, g[0], 1.0 / n, g[1]), g[1]});
    if (n > 2.0) {
      finer.push_back({combine(1.0 / n, g[0], -1.0 / n, g[1]), g[1]});
    }
  }
  double least = surprising;
  Base out = g;
  double strongest = 0.0;
  for (const Spot& spot : spots) {
    strongest = std::max(strongest, spot.amplitude);
  }
  for (const Base& base : finer) {
    std::size_t left = 0;
    std::size_t hit = 0;
    double chance = 0.0;
    for (const Spot& spot : spots) {
      int h = 0;
      int k = 0;
      const double near = tolerance(spot, bin);
      constexpr double sideband = 0.1;
      if (spot.amplitude < sideband * strongest || misfit(g, spot.frequency, h, k) < near) {
        continue;
      }
      ++left;
      chance += std::numbers::pi * near * near / std::abs(cross(base[0], base[1]));
      hit += misfit(base, spot.frequency, h, k) < near && (h != 0 || k != 0) ? 1U : 0U;
    }
    if (left == 0 || hit == 0) {
      continue;
    }
    const double p = at_least(hit, left, std::min(0.999, chance / static_cast<double>(left)));
    if (p < least) {
      least = p;
      out = reduced(base);
    }
  }
  return out;
}

/// Weighted least squares of f = h g₁ + k g₂ over the indexed spots; both components have the same normal matrix.
bool refit(Base& g, std::vector<Spot>& spots, double bin, ImageLattice& out) {
  double hh = 0.0;
  double hk = 0.0;
  double kk = 0.0;
  std::array<Planar, 2> right{};
  out.indexed = 0;
  double power = 0.0;
  double all = 0.0;
  for (Spot& spot : spots) {
    int h = 0;
    int k = 0;
    const double miss = misfit(g, spot.frequency, h, k);
    all += spot.amplitude * spot.amplitude;
    spot.h = spot.k = 0;
    if (miss > tolerance(spot, bin)) {
      continue;
    }
    spot.h = h;
    spot.k = k;
    if (h == 0 && k == 0) {
      continue;
    }
    ++out.indexed;
    power += spot.amplitude * spot.amplitude;
    const double floor = 0.03 * bin + 0.001 * length(spot.frequency);
    const double w = 1.0 / (spot.sigma * spot.sigma + floor * floor);
    hh += w * h * h;
    hk += w * h * k;
    kk += w * k * k;
    right[0] = combine(1.0, right[0], w * h, spot.frequency);
    right[1] = combine(1.0, right[1], w * k, spot.frequency);
  }
  const double determinant = hh * kk - hk * hk;
  if (out.indexed < 2 || determinant <= 1e-9 * hh * kk) {
    return false;
  }
  g[0] = combine(kk / determinant, right[0], -hk / determinant, right[1]);
  g[1] = combine(-hk / determinant, right[0], hh / determinant, right[1]);
  out.indexed_power = power / all;
  out.covariance = {};
  for (std::size_t c = 0; c < 2; ++c) {
    out.covariance[c][c] = kk / determinant;
    out.covariance[2 + c][2 + c] = hh / determinant;
    out.covariance[c][2 + c] = out.covariance[2 + c][c] = -hk / determinant;
  }
  return true;
}

}  // namespace

ImageLattice index_spots(std::vector<Spot> spots, std::array<std::size_t, 2> shape) {
  const double bin = 1.0 / static_cast<double>(std::min(shape[0], shape[1]));
  const std::optional<Base> start = best_base(spots, bin);
  ImageLattice out;
  const std::string advice =
      "More counts (mean of registered frames), a smaller or larger region, a lower min_snr; fringes of one family "
      "give "
      "no lattice";
  if (!start) {
    throw Error(Errc::refused, fmt::format("no lattice: {} spots, none two of them off one line", spots.size()),
                advice);
  }
  Base g = *start;
  constexpr int rounds = 4;
  for (int i = 0; i < rounds; ++i) {
    if (i == 1 || i == 2) {
      g = with_superlattice(g, spots, bin);
    }
    if (!refit(g, spots, bin, out)) {
      throw Error(Errc::refused, fmt::format("no lattice fits the {} spots found", spots.size()), advice);
    }
  }
  out.reciprocal = g;
  out.spots = std::move(spots);
  for (std::size_t i = 0; i < 4; ++i) {
    out.counting_sigma = std::max(out.counting_sigma, std::sqrt(out.covariance[i][i]));
  }
  return out;
}

}  // namespace hotstage::series
