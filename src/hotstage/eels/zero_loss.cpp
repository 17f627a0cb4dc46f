// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/zero_loss.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {
namespace {

constexpr double gaussian_fwhm = 2.3548200450309493;  // 2·√(2 ln 2), FWHM of a Gaussian in σ
constexpr double stands_out = 3.0;         // height over the mean of the spectrum; flat noise has 1 + a few σ
constexpr double fewest_counts = 10.0;     // at the maximum, in units of the noise factor
constexpr double narrowest_kernel = 1.2;   // channels; a narrower kernel sees the channel grid
constexpr double kernel_reach = 4.0;       // σ
constexpr double minimum_reach_eV = 50.0;  // the first minimum lies below the plasmon
constexpr double significance = 3.0;       // σ by which counts must rise again after the minimum

void set(std::uint8_t& flags, ZeroLossFlag flag) {
  flags = static_cast<std::uint8_t>(flags | static_cast<std::uint8_t>(flag));
}

/// Position and height of the vertex of a parabola through three values, in logarithms where all are positive.
struct Vertex {
  double shift = 0.0;
  double height = 0.0;
};

Vertex vertex(double left, double middle, double right) {
  const bool logarithmic = left > 0.0 && right > 0.0;
  const double a = logarithmic ? std::log(left) : left;
  const double b = logarithmic ? std::log(middle) : middle;
  const double c = logarithmic ? std::log(right) : right;
  const double curvature = a - 2.0 * b + c;
  if (!(curvature < 0.0)) {
    return {0.0, middle};
  }
  const double shift = std::clamp(0.5 * (a - c) / curvature, -0.5, 0.5);
  const double top = b - 0.25 * (a - c) * shift;
  return {shift, logarithmic ? std::exp(top) : top};
}

/// Distance in channels from `from` in direction ±1 to where the counts cross `level`; negative when the axis ends
/// before.
double crossing(std::span<const float> counts, std::size_t from, int direction, double level) {
  auto inside = static_cast<double>(counts[from]);
  for (std::size_t n = 1;; ++n) {
    const auto at = static_cast<std::ptrdiff_t>(from) + direction * static_cast<std::ptrdiff_t>(n);
    if (at < 0 || at >= static_cast<std::ptrdiff_t>(counts.size())) {
      return -1.0;
    }
    const auto outside = static_cast<double>(counts[static_cast<std::size_t>(at)]);
    if (outside < level) {
      const double fraction =
          outside > 0.0 ? std::log(inside / level) / std::log(inside / outside) : (inside - level) / (inside - outside);
      return static_cast<double>(n - 1) + fraction;
    }
    inside = outside;
  }
}

struct Centre {
  double channel = 0.0;
  double sigma = 0.0;
};

/// Maximum of the correlation with a Gaussian of standard deviation `s` channels, by Newton from `start`.
Centre correlate(std::span<const float> counts, double start, double s, double noise_factor) {
  Centre best{start, 0.0};
  double c = start;
  for (int iteration = 0; iteration < 15; ++iteration) {
    const double low = std::max(0.0, std::ceil(c - kernel_reach * s));
    const double high = std::min(static_cast<double>(counts.size()) - 1.0, std::floor(c + kernel_reach * s));
    double score = 0.0;
    double slope = 0.0;
    double noise = 0.0;
    for (double x = low; x <= high; x += 1.0) {
      const double d = (x - c) / s;
      const double g = std::exp(-0.5 * d * d);
      const auto y = static_cast<double>(counts[static_cast<std::size_t>(x)]);
      score += g * d * y;
      slope += g * (d * d - 1.0) * y / s;
      noise += g * g * d * d * std::max(y, 0.0);
    }
    if (!(slope < 0.0)) {
      return best;
    }
    const double step = std::clamp(-score / slope, -s, s);
    c = std::clamp(c + step, 0.0, static_cast<double>(counts.size()) - 1.0);
    best.sigma = std::sqrt(noise_factor * noise) / -slope;
    if (std::abs(step) < 1e-7) {
      best.channel = c;
      return best;
    }
  }
  return best;
}

/// First channel after the peak's first minimum: boxes of `width` channels fall, then rise again significantly.
std::size_t first_minimum(std::span<const float> counts, double start, std::size_t width,
                          const ZeroLossOptions& options, double step_eV) {
  const auto first = static_cast<std::size_t>(std::max(start, 0.0));
  const std::size_t reach = first + static_cast<std::size_t>(minimum_reach_eV / step_eV);
  const std::size_t last = std::min(counts.size(), reach);
  if (first + width > last) {
    return counts.size();
  }
  double box = 0.0;
  for (std::size_t i = first; i < first + width; ++i) {
    box += static_cast<double>(counts[i]);
  }
  double lowest = box;
  std::size_t position = first;
  for (std::size_t i = first + 1; i + width <= last; ++i) {
    box += static_cast<double>(counts[i + width - 1]) - static_cast<double>(counts[i - 1]);
    const double scatter = options.noise_factor * std::max(box + lowest, 1.0);
    const double rise = box - lowest;
    if (rise < 0.0 && rise * rise > 0.25 * scatter) {  // half σ: noise alone does not move the minimum outwards
      lowest = box;
      position = i;
    } else if (rise > 0.0 && rise * rise > significance * significance * scatter) {
      break;
    }
  }
  return std::min(position + width / 2 + 1, counts.size());
}

/// The first maximum on the axis of at least a tenth of the largest value, told from noise on its flank by a drop
/// behind it.
std::size_t first_peak(std::span<const float> counts, const ChannelRange& search, const detail::Extremum& top,
                       double noise_factor) {
  constexpr float share = 0.1F;
  constexpr double drop = 0.7;
  std::size_t best = search.first + top.index;
  double highest = 0.0;
  for (std::size_t i = search.first; i < search.first + top.index; ++i) {
    if (highest == 0.0 && counts[i] < share * top.value) {
      continue;
    }
    const auto y = static_cast<double>(counts[i]);
    if (y > highest) {
      highest = y;
      best = i;
    } else if (y < drop * highest && (highest - y) * (highest - y) > 25.0 * noise_factor * highest) {
      return best;
    }
  }
  return search.first + top.index;
}

bool is_flat_topped(std::span<const float> counts, std::size_t top) {
  constexpr std::size_t plateau = 3;
  constexpr float by_chance = 1000.0F;  // counts below which three equal neighbours are not rare
  const float limit = counts[top] * (1.0F - 1e-6F);
  std::size_t n = 0;
  for (std::size_t i = top; i < counts.size() && counts[i] >= limit; ++i) {
    ++n;
  }
  return n >= plateau && counts[top] >= by_chance;
}

/// A second maximum of at least 30 % within five widths, behind a significant dip.
bool is_split(std::span<const float> counts, std::size_t top, double width, double noise_factor) {
  constexpr double second_height = 0.3;
  constexpr double dip_depth = 0.9;
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(5.0 * width));
  const auto height = static_cast<double>(counts[top]);
  for (const int direction : {-1, 1}) {
    double lowest = height;
    for (std::ptrdiff_t n = 1; n <= reach; ++n) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(top) + direction * n;
      if (at < 0 || at >= static_cast<std::ptrdiff_t>(counts.size())) {
        break;
      }
      const auto y = static_cast<double>(counts[static_cast<std::size_t>(at)]);
      lowest = std::min(lowest, y);
      const double rise = y - lowest;
      if (y > second_height * height && lowest < dip_depth * y && rise * rise > 25.0 * noise_factor * y) {
        return true;
      }
    }
  }
  return false;
}

/// The left side of the peak seen in a mirror at its centre, scaled to match just right of half maximum.
class Mirror {
 public:
  Mirror(std::span<const float> counts, double centre, double fwhm) : counts_(counts), centre_(centre) {
    first_ = std::min(static_cast<std::size_t>(std::ceil(centre + fwhm)), counts.size());
    double measured = 0.0;
    double mirrored = 0.0;
    for (auto i = static_cast<std::size_t>(std::ceil(centre + 0.5 * fwhm)); i <= first_ && i < counts.size(); ++i) {
      measured += static_cast<double>(counts[i]);
      mirrored += raw(i);
    }
    scale_ = measured > 0.0 && mirrored > 0.0 ? std::clamp(measured / mirrored, 0.5, 2.0) : 1.0;
  }

  /// Channels below this are wholly zero loss.
  [[nodiscard]] std::size_t first() const { return first_; }

  [[nodiscard]] double zero_loss(std::size_t i) const {
    const auto y = static_cast<double>(counts_[i]);
    return i < first_ ? y : std::min(y, scale_ * std::max(raw(i), 0.0));
  }

  /// First channel whose mirror image lies off the axis.
  [[nodiscard]] std::size_t end() const {
    return std::min(counts_.size(),
                    static_cast<std::size_t>(std::max(std::floor(2.0 * centre_) + 1.0, static_cast<double>(first_))));
  }

 private:
  [[nodiscard]] double raw(std::size_t i) const {
    const double x = 2.0 * centre_ - static_cast<double>(i);
    if (x < 0.0) {
      return 0.0;
    }
    const auto below = static_cast<std::size_t>(x);
    const double fraction = x - static_cast<double>(below);
    const std::size_t above = std::min(below + 1, counts_.size() - 1);
    return (1.0 - fraction) * static_cast<double>(counts_[below]) + fraction * static_cast<double>(counts_[above]);
  }

  std::span<const float> counts_;
  double centre_;
  std::size_t first_ = 0;
  double scale_ = 1.0;
};

double mirror_sum(std::span<const float> counts, double centre, double fwhm) {
  const Mirror mirror(counts, centre, fwhm);
  double sum = integrate(counts, {0, mirror.first()});
  for (std::size_t i = mirror.first(); i < mirror.end(); ++i) {
    sum += mirror.zero_loss(i);
  }
  return sum;
}

Estimate thickness(double I0, double It, double noise_factor) {
  if (!(I0 > 0.0) || !(It > 0.0)) {
    return {};
  }
  return {std::log(It / I0), std::sqrt(noise_factor * std::max(It - I0, 0.0) / (It * I0))};
}

/// I0 in both variants and t/λ of a peak whose centre and width are known.
void integrate_peak(std::span<const float> counts, const EnergyAxis& axis, const ZeroLossOptions& options,
                    ZeroLoss& peak) {
  const double fwhm = peak.fwhm_eV / axis.step_eV;
  if (options.end) {
    peak.minimum = channels_in(axis, {axis.low_edge(), peak.centre_eV + options.end->base()}).last;
  } else {
    const auto box = static_cast<std::size_t>(std::max(3.0, std::round(fwhm)));
    peak.minimum = first_minimum(counts, std::ceil(peak.centre_channel + fwhm), box, options, axis.step_eV);
  }
  peak.I0 = integrate(counts, {0, peak.minimum});
  peak.I0_mirror = mirror_sum(counts, peak.centre_channel, fwhm);
  peak.thickness = thickness(peak.I0, peak.It, options.noise_factor);
  peak.thickness_mirror = thickness(peak.I0_mirror, peak.It, options.noise_factor);
}

}  // namespace

std::string flags_text(std::uint8_t flags) {
  struct Entry {
    ZeroLossFlag flag;
    const char* text;
  };

  constexpr std::array<Entry, 6> entries{{{ZeroLossFlag::not_found, "not found"},
                                          {ZeroLossFlag::vacuum, "vacuum"},
                                          {ZeroLossFlag::saturated, "saturated"},
                                          {ZeroLossFlag::split, "split"},
                                          {ZeroLossFlag::cut, "cut by the start of the axis"},
                                          {ZeroLossFlag::short_range, "range too short for deconvolution"}}};
  std::string text;
  for (const Entry& entry : entries) {
    if (has(flags, entry.flag)) {
      text += text.empty() ? "" : ", ";
      text += entry.text;
    }
  }
  return text;
}

ZeroLoss find_zero_loss(std::span<const float> counts, const EnergyAxis& axis, const ZeroLossOptions& options) {
  HOTSTAGE_EXPECTS(counts.size() == axis.size);
  ZeroLoss peak;
  const ChannelRange search = channels_in(axis, {options.search_low.base(), options.search_high.base()});
  peak.It = integrate(counts, {0, counts.size()});
  if (search.size() < 3) {
    set(peak.flags, ZeroLossFlag::not_found);
    return peak;
  }
  const detail::Extremum top = detail::largest(counts.data() + search.first, search.size());
  const double mean = peak.It / static_cast<double>(counts.size());
  const auto tallest = static_cast<double>(top.value);
  if (!std::isfinite(peak.It) || !(tallest >= fewest_counts * options.noise_factor) || !(tallest > stands_out * mean)) {
    set(peak.flags, ZeroLossFlag::not_found);
    return peak;
  }
  const std::size_t m = first_peak(counts, search, top, options.noise_factor);
  const auto height = static_cast<double>(counts[m]);
  const bool interior = m > 0 && m + 1 < counts.size();
  const Vertex v = interior ? vertex(static_cast<double>(counts[m - 1]), height, static_cast<double>(counts[m + 1]))
                            : Vertex{0.0, height};
  peak.height = v.height;
  const double left = crossing(counts, m, -1, 0.5 * v.height);
  const double right = crossing(counts, m, +1, 0.5 * v.height);
  const double fwhm = left >= 0.0 && right >= 0.0 ? left + right : 2.0 * std::max({left, right, 0.5});
  if (fwhm * axis.step_eV > options.max_fwhm.base()) {
    set(peak.flags, ZeroLossFlag::not_found);
    return peak;
  }
  const Centre centre = correlate(counts, static_cast<double>(m) + v.shift,
                                  std::max(fwhm / gaussian_fwhm, narrowest_kernel), options.noise_factor);
  peak.centre_channel = centre.channel;
  peak.centre_eV = axis.value(centre.channel);
  peak.centre_sigma = centre.sigma * axis.step_eV;
  peak.fwhm_eV = fwhm * axis.step_eV;

  integrate_peak(counts, axis, options, peak);
  if (left < 0.0 || centre.channel < 1.5 * fwhm) {
    set(peak.flags, ZeroLossFlag::cut);
  }
  if ((options.saturation && height >= *options.saturation) || is_flat_topped(counts, m)) {
    set(peak.flags, ZeroLossFlag::saturated);
  }
  if (is_split(counts, m, fwhm, options.noise_factor)) {
    set(peak.flags, ZeroLossFlag::split);
  }
  if (peak.thickness.value < options.vacuum) {
    set(peak.flags, ZeroLossFlag::vacuum);
  }
  if (axis.high_edge() - peak.centre_eV < options.required_range.base()) {
    set(peak.flags, ZeroLossFlag::short_range);
  }
  return peak;
}

ZeroLossSummary summary_of(const ZeroLoss& peak) {
  const Estimate thickness = peak.found() ? peak.thickness : Estimate{};
  return {static_cast<float>(thickness.value), static_cast<float>(thickness.sigma), static_cast<float>(peak.fwhm_eV),
          peak.flags};
}

std::vector<ZeroLossSummary> summaries_of(std::span<const ZeroLoss> peaks) {
  std::vector<ZeroLossSummary> out;
  out.reserve(peaks.size());
  for (const ZeroLoss& peak : peaks) {
    out.push_back(summary_of(peak));
  }
  return out;
}

void find_zero_loss(const SpectrumTile& tile, const EnergyAxis& axis, const ZeroLossOptions& options,
                    std::span<ZeroLoss> out) {
  HOTSTAGE_EXPECTS(out.size() == tile.items());
  for (std::size_t i = 0; i < tile.items(); ++i) {
    out[i] = find_zero_loss(tile.counts.row(i), axis, options);
  }
}

void extract_zero_loss(std::span<const float> counts, const EnergyAxis& axis, const ZeroLoss& peak, ZeroLossTail tail,
                       std::span<float> out) {
  HOTSTAGE_EXPECTS(out.size() == counts.size() && counts.size() == axis.size && peak.found());
  std::size_t end = peak.minimum;
  if (tail == ZeroLossTail::first_minimum) {
    std::copy_n(counts.begin(), end, out.begin());
  } else {
    const Mirror mirror(counts, peak.centre_channel, peak.fwhm_eV / axis.step_eV);
    end = mirror.end();
    std::copy_n(counts.begin(), mirror.first(), out.begin());
    for (std::size_t i = mirror.first(); i < end; ++i) {
      out[i] = static_cast<float>(mirror.zero_loss(i));
    }
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(end), out.end(), 0.0F);
}

}  // namespace hotstage::eels
