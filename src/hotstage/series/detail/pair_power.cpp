// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/pair_power.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/series/detail/matcher.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t most_pairs = 16;
constexpr std::size_t fewest_pairs = 8;
constexpr std::size_t pixels_wanted = std::size_t{1} << 22;  // of all pairs: rings are known to a per cent
constexpr double pair_band = 0.25;                           // cycles/px: enough to align a pair for its power spectrum
constexpr double reach_px = 16.0;                            // the coarse positions are better than this

/// Ring of every mode; radial_bins: none.
std::vector<std::uint8_t> rings_of(const Band& band) {
  std::vector<std::uint8_t> out(band.size());
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      const double f = std::sqrt(band.fy(row) * band.fy(row) + band.fx(k) * band.fx(k));
      const auto at = static_cast<std::size_t>(f / 0.5 * static_cast<double>(radial_bins));
      out[row * band.width() + k] = static_cast<std::uint8_t>(std::min(at, radial_bins));
    }
  }
  return out;
}

struct PairPower {
  std::vector<double> power = std::vector<double>(radial_bins + 1, 0.0);
  std::vector<double> cross = std::vector<double>(radial_bins + 1, 0.0);
  std::vector<float> each;
};

Matcher matcher_of(const Work& w, const Band& band, const Spectrum& a, const Spectrum& b) {
  std::vector<float> power(band.size());
  for (std::size_t i = 0; i < power.size(); ++i) {
    power[i] = 0.5F * (std::norm(a[i]) + std::norm(b[i]));
  }
  return {band, spectra_of_power(band, power), 1.0, 1.0, w.lowest(), w.options.taper};
}

struct Pairs {
  const Work& w;
  const num::RealFft2& fft;
  Band whole;
  Band low;
  std::vector<std::uint8_t> rings;
  std::optional<Matcher> matcher{};  ///< of the first pair that could be aligned

  Pairs(const Work& work, const num::RealFft2& transforms)
      : w(work),
        fft(transforms),
        whole(make_band(w.field.rows, w.field.columns, 0.5)),
        low(make_band(w.field.rows, w.field.columns, pair_band)),
        rings(rings_of(whole)) {}

  [[nodiscard]] std::array<double, 2> displacement(std::size_t frame, const Spectrum& a, const Spectrum& b,
                                                   std::optional<Matcher>* own) const {
    const std::array<double, 2> d{w.position[frame][0] - w.position[frame + 1][0],
                                  w.position[frame][1] - w.position[frame + 1][1]};
    if (matcher) {
      const auto fits = matcher->candidates(a, b, d, {reach_px, reach_px}, 1);
      if (!fits.empty()) {
        return {fits.front().shift.dy, fits.front().shift.dx};
      }
    }
    Matcher of_pair = matcher_of(w, low, a, b);
    const auto fits = of_pair.candidates(a, b, d, {reach_px, reach_px}, 1);
    if (fits.empty()) {
      return d;
    }
    if (own != nullptr) {
      own->emplace(std::move(of_pair));
    }
    return {fits.front().shift.dy, fits.front().shift.dx};
  }

  [[nodiscard]] PairPower measure(std::size_t frame, std::optional<Matcher>* own = nullptr) const {
    const auto full_a = transform(w, fft, frame, read_frame(w.series, frame).view());
    const auto full_b = transform(w, fft, frame + 1, read_frame(w.series, frame + 1).view());
    const std::array<double, 2> d = displacement(frame, cut(low, full_a.view()), cut(low, full_b.view()), own);
    const Spectrum a = cut(whole, full_a.view());
    const Spectrum b = cut(whole, full_b.view());
    PairPower out;
    out.each.resize(whole.size());
    const std::vector<float> common = common_power(whole, a, b, d);
    float* const each = out.each.data();
    const std::complex<float>* const of_a = a.data();
    const std::complex<float>* const of_b = b.data();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      each[i] = 0.5F * (std::norm(of_a[i]) + std::norm(of_b[i]));
    }
    const std::uint8_t* const ring = rings.data();
    double* const power = out.power.data();
    double* const cross = out.cross.data();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      power[ring[i]] += static_cast<double>(each[i]);
      cross[ring[i]] += static_cast<double>(common.data()[i]);
    }
    return out;
  }
};

}  // namespace

MeanPower mean_pair_power(const Work& w, const num::RealFft2& fft) {
  Pairs measured(w, fft);
  const std::size_t enough = std::clamp(pixels_wanted / (w.field.rows * w.field.columns), fewest_pairs, most_pairs);
  MeanPower out{.band = measured.whole, .pairs = std::min(enough, w.shape.frames - 1)};
  out.each.assign(measured.whole.size(), 0.0F);
  const auto add = [&](const PairPower& pair) {
    for (std::size_t r = 0; r < radial_bins; ++r) {
      out.power[r] += pair.power[r];
      out.cross[r] += pair.cross[r];
    }
    const float share = 1.0F / static_cast<float>(out.pairs);
    std::transform(out.each.begin(), out.each.end(), pair.each.begin(), out.each.begin(),
                   [share](float sum, float one) { return sum + share * one; });
  };
  const auto frame_of = [&](std::size_t pair) { return pair * (w.shape.frames - 1) / out.pairs; };
  std::optional<Matcher> of_first;
  add(measured.measure(frame_of(0), &of_first));
  measured.matcher = std::move(of_first);
  constexpr std::size_t at_once = 2;  // memory
  for (std::size_t first = 1; first < out.pairs; first += at_once) {
    std::vector<PairPower> some(std::min(at_once, out.pairs - first));
    parallel_chunks(w.run, some.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        some[i] = measured.measure(frame_of(first + i));
      }
    });
    std::for_each(some.begin(), some.end(), add);
  }
  for (const std::uint8_t ring : measured.rings) {
    if (ring < radial_bins) {
      out.modes[ring] += static_cast<double>(out.pairs);
    }
  }
  for (std::size_t r = 0; r < radial_bins; ++r) {
    out.power[r] /= std::max(out.modes[r], 1.0);
    out.cross[r] /= std::max(out.modes[r], 1.0);
  }
  return out;
}

}  // namespace hotstage::series::detail
