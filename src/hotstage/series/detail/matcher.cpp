// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/matcher.hpp"

#include "hotstage/num/fft.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series::detail {

namespace {

constexpr double oversampling = 1.5;  // of the map against the band
constexpr double apart_px = 1.5;      // maxima nearer than this many map pixels are one

std::size_t map_size(std::size_t modes) {
  std::size_t size = num::good_size(static_cast<std::size_t>(oversampling * static_cast<double>(modes)) + 1);
  while (size % 2 != 0) {
    size = num::good_size(size + 1);
  }
  return size;
}

/// A local maximum of the map.
struct Peak {
  double dy = 0.0;  ///< px of the image
  double dx = 0.0;
  double height = 0.0;
  double distance = 0.0;  ///< from the centre
};

/// Vertex of the parabola through three values, −0.5 … 0.5.
double vertex(float before, float here, float after) {
  const double bend = static_cast<double>(before) - 2.0 * static_cast<double>(here) + static_cast<double>(after);
  return bend < 0.0 ? std::clamp(0.5 * static_cast<double>(before - after) / bend, -0.5, 0.5) : 0.0;
}

std::vector<Peak> peaks(View<const float, 2> map, std::array<double, 2> scale, std::array<double, 2> centre,
                        std::array<double, 2> radius) {
  const auto rows = static_cast<long>(map.extent(0));
  const auto columns = static_cast<long>(map.extent(1));
  const auto at = [&](long y, long x) {
    return map(static_cast<std::size_t>((y % rows + rows) % rows),
               static_cast<std::size_t>((x % columns + columns) % columns));
  };
  const std::array<long, 2> middle{std::lround(centre[0] / scale[0]), std::lround(centre[1] / scale[1])};
  const std::array<long, 2> reach{
      std::clamp(static_cast<long>(std::ceil(radius[0] / scale[0])), 1L, (rows - 1) / 2),
      std::clamp(static_cast<long>(std::ceil(radius[1] / scale[1])), 1L, (columns - 1) / 2)};
  std::vector<Peak> out;
  for (long y = middle[0] - reach[0]; y <= middle[0] + reach[0]; ++y) {
    for (long x = middle[1] - reach[1]; x <= middle[1] + reach[1]; ++x) {
      const float here = at(y, x);
      bool highest = here > 0.0F;
      for (long j = -1; j <= 1 && highest; ++j) {
        for (long i = -1; i <= 1; ++i) {
          // Of equal neighbours the first counts.
          const bool earlier = j < 0 || (j == 0 && i < 0);
          highest = highest && ((i == 0 && j == 0) || (earlier ? at(y + j, x + i) < here : at(y + j, x + i) <= here));
        }
      }
      if (highest) {
        const double dy = scale[0] * (static_cast<double>(y) + vertex(at(y - 1, x), here, at(y + 1, x)));
        const double dx = scale[1] * (static_cast<double>(x) + vertex(at(y, x - 1), here, at(y, x + 1)));
        out.push_back({dy, dx, static_cast<double>(here), std::hypot(dy - centre[0], dx - centre[1])});
      }
    }
  }
  return out;
}

/// The highest half of `most`, then the nearest of those that are not much lower than the highest.
std::vector<Peak> chosen(std::vector<Peak> all, std::size_t most) {
  constexpr double not_much_lower = 0.5;
  std::stable_sort(all.begin(), all.end(), [](const Peak& a, const Peak& b) { return a.height > b.height; });
  if (all.size() <= most) {
    return all;
  }
  const double least = not_much_lower * all.front().height;
  std::vector<Peak> out(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most / 2));
  std::vector<Peak> rest(all.begin() + static_cast<std::ptrdiff_t>(most / 2), all.end());
  std::stable_sort(rest.begin(), rest.end(), [](const Peak& a, const Peak& b) { return a.distance < b.distance; });
  for (const Peak& peak : rest) {
    if (out.size() < most && peak.height >= least) {
      out.push_back(peak);
    }
  }
  return out;
}

}  // namespace

Box Box::intersection(const Box& other) const {
  return {std::max(top, other.top), std::min(bottom, other.bottom), std::max(left, other.left),
          std::min(right, other.right)};
}

Matcher::Matcher(Band band, const Spectra& spectra, double noise_a, double noise_b, double lowest, double taper)
    : band_(band),
      noise_(spectra.noise * (noise_a + noise_b)),
      noise_a_(spectra.noise * noise_a),
      taper_(taper),
      weights_(make_weights(band, spectra, noise_a, noise_b, lowest)),
      filter_(weights_.size()),
      fft_(map_size(band.height()), map_size(2 * band.width())) {
  // Slow intensity is no landmark for a shift of a fraction of a pixel, but it tells lattice vectors apart.
  constexpr double slower = 4.0;
  const std::vector<float> wide = make_weights(band, spectra, noise_a, noise_b, lowest / slower);
  double sum = 0.0;
  for (std::size_t row = 0; row < band_.height(); ++row) {
    for (std::size_t k = 0; k < band_.width(); ++k) {
      const std::size_t i = row * band_.width() + k;
      const double once = static_cast<double>(wide[i]) / (k == 0 ? 1.0 : 2.0);
      const double share = std::min(1.0, once * (noise_a + noise_b));
      filter_[i] = static_cast<float>(std::sqrt(share));
      sum += (k == 0 ? 1.0 : 2.0) * share;
    }
  }
  noise_share_ = sum / static_cast<double>(fft_.rows() * fft_.columns());
}

Box Matcher::flat() const {
  constexpr double margin = 0.03;  // of the field: the high pass smears the edge of the window
  const double share = taper_ + margin;
  const auto rows = static_cast<double>(band_.rows);
  const auto columns = static_cast<double>(band_.columns);
  return {share * rows, (1.0 - share) * rows, share * columns, (1.0 - share) * columns};
}

Buffer<float, 2> Matcher::image(const Spectrum& spectrum, std::array<double, 2> back) const {
  Spectrum moved(band_.size());
  add_moved_back(band_, spectrum, back, 1.0, moved);
  Buffer<std::complex<float>, 2> full({fft_.rows(), fft_.bins()});
  for (std::size_t row = 0; row < band_.height(); ++row) {
    const std::size_t to = row >= band_.ky_max ? row - band_.ky_max : row + fft_.rows() - band_.ky_max;
    for (std::size_t k = 0; k < band_.width(); ++k) {
      const std::size_t i = row * band_.width() + k;
      full.view()(to, k) = filter_[i] * moved[i];
    }
  }
  Buffer<float, 2> out({fft_.rows(), fft_.columns()});
  fft_.inverse(full.view(), out.view());
  return out;
}

double Matcher::difference_of_noise(double dy, double dx) const {
  double sum = 0.0;
  for (std::size_t row = 0; row < band_.height(); ++row) {
    for (std::size_t k = 0; k < band_.width(); ++k) {
      const auto filter = static_cast<double>(filter_[row * band_.width() + k]);
      if (filter > 0.0) {
        const double phase = 2.0 * std::numbers::pi * (band_.fy(row) * dy + band_.fx(k) * dx);
        sum += (k == 0 ? 1.0 : 2.0) * filter * filter * (2.0 - 2.0 * std::cos(phase));
      }
    }
  }
  return noise_a_ * sum / static_cast<double>(fft_.rows() * fft_.columns());
}

void Matcher::weigh(const Spectrum& a, const Spectrum& b, const Box& flat_of_a, const Box& flat_of_b,
                    std::vector<Candidate>& candidates) const {
  if (candidates.size() < 2) {
    for (Candidate& c : candidates) {
      c.log_likelihood = 0.0;
    }
    return;
  }
  // One area for all, or they could not be compared.
  Box box = flat_of_b;
  for (const Candidate& c : candidates) {
    box = box.intersection(flat_of_a.moved(-c.shift.dy, -c.shift.dx));
  }
  const std::array<double, 2> scale{static_cast<double>(band_.rows) / static_cast<double>(fft_.rows()),
                                    static_cast<double>(band_.columns) / static_cast<double>(fft_.columns())};
  const auto index = [](double px, double step) { return static_cast<long>(std::ceil(px / step)); };
  const long y0 = index(box.top, scale[0]), y1 = index(box.bottom, scale[0]);
  const long x0 = index(box.left, scale[1]), x1 = index(box.right, scale[1]);
  const auto wrap = [](long i, std::size_t size) {
    const auto n = static_cast<long>(size);
    return static_cast<std::size_t>((i % n + n) % n);
  };
  if (y1 <= y0 || x1 <= x0) {
    return;
  }
  const Buffer<float, 2> image_b = image(b, {0.0, 0.0});
  std::vector<double> misfit;
  for (const Candidate& c : candidates) {
    const Buffer<float, 2> image_a = image(a, {c.shift.dy, c.shift.dx});
    double aa = 0.0, ab = 0.0, bb = 0.0;
    for (long y = y0; y < y1; ++y) {
      const std::size_t row = wrap(y, fft_.rows());
      for (long x = x0; x < x1; ++x) {
        const std::size_t column = wrap(x, fft_.columns());
        const auto va = static_cast<double>(image_a.view()(row, column));
        const auto vb = static_cast<double>(image_b.view()(row, column));
        aa += va * va;
        ab += va * vb;
        bb += vb * vb;
      }
    }
    misfit.push_back(aa - (bb > 0.0 ? ab * ab / bb : 0.0));
  }
  const auto at_best = static_cast<std::size_t>(std::min_element(misfit.begin(), misfit.end()) - misfit.begin());
  const double best = misfit[at_best];
  const auto map_points = static_cast<double>(fft_.rows() * fft_.columns());
  const double area = static_cast<double>((y1 - y0) * (x1 - x0)) / map_points;
  constexpr double taper_power = 1.25;  // a cosine edge holds 3/8 of the power
  const double window = std::pow(1.0 - taper_power * taper_, 2);
  const double expected = area / window * noise_share_ * noise_;
  const double noise = noise_ * std::max(1.0, best / std::max(expected, 1e-30));
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].log_likelihood = 0.0;
    if (i == at_best) {
      continue;
    }
    // What the noise of a makes of it where b has structure. Where b has none but noise it is √(Nb/(Na + Nb)) of that,
    // and the best of many lies 6 of them off. Lattices without a feature reach 2.6 where Nb is small, as their windows
    // differ; a feature starts at 3: a ratio in between counts in part.
    constexpr double noise_alone = 6.0;
    const double by_noise = area / window * noise / noise_ *
                            difference_of_noise(candidates[i].shift.dy - candidates[at_best].shift.dy,
                                                candidates[i].shift.dx - candidates[at_best].shift.dx);
    const double ratio = 0.5 * map_points * window * (misfit[i] - best) / noise;
    const double scatter = std::sqrt(0.5 * map_points * window * by_noise / noise);
    const double silent = std::max(2.0, noise_alone * std::sqrt(1.0 - noise_a_ / noise_));
    constexpr double until_clear = 1.5;
    const double share = scatter > 0.0 ? std::clamp((ratio / scatter - silent) / until_clear, 0.0, 1.0) : 1.0;
    candidates[i].log_likelihood = -share * std::max(0.0, ratio);
  }
}

Buffer<float, 2> Matcher::map(const Cross& cross) const {
  Buffer<std::complex<float>, 2> full({fft_.rows(), fft_.bins()});
  for (std::size_t row = 0; row < band_.height(); ++row) {
    const std::size_t to = row >= band_.ky_max ? row - band_.ky_max : row + fft_.rows() - band_.ky_max;
    for (std::size_t k = 0; k < band_.width(); ++k) {
      const std::size_t i = row * band_.width() + k;
      const float half = k == 0 ? 1.0F : 0.5F;
      full.view()(to, k) = half * std::complex<float>(cross.re[i], cross.im[i]);
    }
  }
  Buffer<float, 2> out({fft_.rows(), fft_.columns()});
  fft_.inverse(full.view(), out.view());
  return out;
}

std::vector<Candidate> Matcher::candidates(const Spectrum& a, const Spectrum& b, std::array<double, 2> centre,
                                           std::array<double, 2> radius, std::size_t most) const {
  const Cross cross = cross_spectrum(weights_, a, b);
  const Buffer<float, 2> heights = map(cross);
  const std::array<double, 2> scale{static_cast<double>(band_.rows) / static_cast<double>(fft_.rows()),
                                    static_cast<double>(band_.columns) / static_cast<double>(fft_.columns())};
  const double same = apart_px * std::max(scale[0], scale[1]);
  std::vector<Candidate> out;
  for (const Peak& peak : chosen(peaks(heights.view(), scale, centre, radius), most)) {
    Candidate c{align(band_, cross, {peak.dy, peak.dx}, 2.0 * same)};
    const bool known = std::any_of(out.begin(), out.end(), [&](const Candidate& o) {
      return std::hypot(o.shift.dy - c.shift.dy, o.shift.dx - c.shift.dx) < same;
    });
    if (!c.shift.converged || known) {
      continue;
    }
    out.push_back(c);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Candidate& x, const Candidate& y) { return x.shift.value > y.shift.value; });
  constexpr double not_much_lower = 0.5;
  while (out.size() > 1 && out.back().shift.value < not_much_lower * out.front().shift.value) {
    out.pop_back();
  }
  return out;
}

Matcher::Repeat Matcher::repeat(const std::vector<float>& modes, double radius_px) const {
  HOTSTAGE_EXPECTS(modes.size() == band_.size());
  Cross power{std::vector<float>(band_.size()), std::vector<float>(band_.size(), 0.0F)};
  for (std::size_t i = 0; i < band_.size(); ++i) {
    power.re[i] = weights_[i] * modes[i];
  }
  const Buffer<float, 2> heights = map(power);
  const std::array<double, 2> scale{static_cast<double>(band_.rows) / static_cast<double>(fft_.rows()),
                                    static_cast<double>(band_.columns) / static_cast<double>(fft_.columns())};
  Repeat out;
  for (const Peak& peak : peaks(heights.view(), scale, {0.0, 0.0}, {radius_px, radius_px})) {
    const double share = peak.height / static_cast<double>(heights.view()(0, 0));
    if (peak.distance > apart_px * scale[0] && share > out.share) {
      out = {share, peak.distance};
    }
  }
  return out;
}

}  // namespace hotstage::series::detail
