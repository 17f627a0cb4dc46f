// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/matcher.hpp"

#include "hotstage/num/fft.hpp"

#include <algorithm>
#include <cmath>

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

Matcher::Matcher(Band band, const Spectra& spectra, double noise_a, double noise_b, double lowest)
    : band_(band),
      noise_(spectra.noise),
      weights_(make_weights(band, spectra, noise_a, noise_b, lowest)),
      fft_(map_size(band.height()), map_size(2 * band.width())) {}

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
    const double expected = noise_ * c.shift.curvature;
    const double excess = expected > 0.0 ? c.shift.scatter / expected : 1.0;
    c.log_likelihood = noise_ > 0.0 ? c.shift.value / (noise_ * std::max(1.0, excess)) : 0.0;
    out.push_back(c);
  }
  // One excess for all, that of the highest: a ratio of likelihoods needs one model.
  std::stable_sort(out.begin(), out.end(),
                   [](const Candidate& x, const Candidate& y) { return x.shift.value > y.shift.value; });
  if (!out.empty() && out.front().shift.value > 0.0) {
    const double scale_of_best = out.front().log_likelihood / out.front().shift.value;
    for (Candidate& c : out) {
      c.log_likelihood = scale_of_best * c.shift.value;
    }
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
