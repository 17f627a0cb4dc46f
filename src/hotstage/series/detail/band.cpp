// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/band.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series::detail {

namespace {

constexpr double two_pi = 2.0 * std::numbers::pi;

/// exp(2πi f d) along one axis.
struct Phases {
  std::vector<float> re;
  std::vector<float> im;

  Phases(std::size_t count, double first, double step, double d) : re(count), im(count) {
    for (std::size_t i = 0; i < count; ++i) {
      const double angle = two_pi * (first + step * static_cast<double>(i)) * d;
      re[i] = static_cast<float>(std::cos(angle));
      im[i] = static_cast<float>(std::sin(angle));
    }
  }
};

/// Sums over the band of w·(re, im) of the aligned cross spectrum with powers of the frequencies.
struct Moments {
  double value = 0.0;
  double gy = 0.0, gx = 0.0;
  double hyy = 0.0, hxx = 0.0, hxy = 0.0;
  double vyy = 0.0, vxx = 0.0, vxy = 0.0;
};

/// Multiplies the values (re, im) of a row by exp(2πi f·d).
void turn(const Phases& ey, const Phases& ex, std::size_t row, const float* re, const float* im, float* turned_re,
          float* turned_im) {
  const float yr = ey.re[row], yi = ey.im[row];
  const float* const xr = ex.re.data();
  const float* const xi = ex.im.data();
  for (std::size_t k = 0; k < ex.re.size(); ++k) {
    const float pr = yr * xr[k] - yi * xi[k];
    const float pi = yr * xi[k] + yi * xr[k];
    turned_re[k] = re[k] * pr - im[k] * pi;
    turned_im[k] = re[k] * pi + im[k] * pr;
  }
}

/// Adds values times 1, w and w² to three sums.
void add_powers(const float* values, std::size_t count, double w, double* sum, double* sum_w, double* sum_ww) {
  for (std::size_t k = 0; k < count; ++k) {
    const auto v = static_cast<double>(values[k]);
    sum[k] += v;
    sum_w[k] += w * v;
    sum_ww[k] += w * w * v;
  }
}

Moments moments(const Band& band, const Cross& cross, std::array<double, 2> d) {
  const Phases ey(band.height(), band.fy(0), 1.0 / static_cast<double>(band.rows), d[0]);
  const Phases ex(band.width(), 0.0, 1.0 / static_cast<double>(band.columns), d[1]);
  const std::size_t width = band.width();
  // Sums over the rows, one per kx: they run along a row side by side, and the powers of kx follow once.
  std::vector<double> sums(9 * width);
  const auto at = [&](std::size_t i) { return sums.data() + i * width; };
  std::vector<float> re(width), im(width);
  for (std::size_t row = 0; row < band.height(); ++row) {
    turn(ey, ex, row, cross.re.data() + row * width, cross.im.data() + row * width, re.data(), im.data());
    const double wy = two_pi * band.fy(row);
    add_powers(re.data(), width, wy, at(0), at(1), at(2));
    add_powers(im.data(), width, wy, at(3), at(4), at(5));
    float* const square = im.data();
    for (std::size_t k = 0; k < width; ++k) {
      square[k] *= square[k];
    }
    add_powers(square, width, wy, at(6), at(7), at(8));
  }
  Moments m;
  for (std::size_t k = 0; k < width; ++k) {
    const double wx = two_pi * band.fx(k);
    m.value += at(0)[k];
    m.gy -= at(4)[k];
    m.gx -= wx * at(3)[k];
    m.hyy -= at(2)[k];
    m.hxy -= wx * at(1)[k];
    m.hxx -= wx * wx * at(0)[k];
    m.vyy += at(8)[k];
    m.vxy += wx * at(7)[k];
    m.vxx += wx * wx * at(6)[k];
  }
  return m;
}

/// H⁻¹ V H⁻¹ of 2 × 2 symmetric matrices, diagonal only.
void sandwich(const Moments& m, double determinant, Alignment& out) {
  const double iyy = m.hxx / determinant;
  const double ixx = m.hyy / determinant;
  const double ixy = -m.hxy / determinant;
  out.var_y = iyy * iyy * m.vyy + 2.0 * iyy * ixy * m.vxy + ixy * ixy * m.vxx;
  out.var_x = ixy * ixy * m.vyy + 2.0 * ixy * ixx * m.vxy + ixx * ixx * m.vxx;
}

}  // namespace

Band make_band(std::size_t rows, std::size_t columns, double cutoff_cycles_per_px) {
  const auto limit = [&](std::size_t size) {
    const auto wanted = static_cast<std::size_t>(std::ceil(cutoff_cycles_per_px * static_cast<double>(size)));
    return std::clamp<std::size_t>(wanted, 1, (size - 1) / 2);
  };
  return {rows, columns, limit(rows), limit(columns)};
}

Spectrum cut(const Band& band, View<const std::complex<float>, 2> full) {
  HOTSTAGE_EXPECTS(full.extent(0) == band.rows && full.extent(1) == band.columns / 2 + 1);
  Spectrum out(band.size());
  for (std::size_t row = 0; row < band.height(); ++row) {
    const std::size_t from = row >= band.ky_max ? row - band.ky_max : row + band.rows - band.ky_max;
    std::copy_n(full.row(from).data(), band.width(), out.data() + row * band.width());
  }
  return out;
}

void add_moved_back(const Band& band, const Spectrum& spectrum, std::array<double, 2> d_px, double scale,
                    std::span<std::complex<float>> sum) {
  HOTSTAGE_EXPECTS(sum.size() == band.size() && spectrum.size() == band.size());
  const Phases ey(band.height(), band.fy(0), 1.0 / static_cast<double>(band.rows), d_px[0]);
  const Phases ex(band.width(), 0.0, 1.0 / static_cast<double>(band.columns), d_px[1]);
  const auto factor = static_cast<float>(scale);
  const float* const xr = ex.re.data();
  const float* const xi = ex.im.data();
  for (std::size_t row = 0; row < band.height(); ++row) {
    const float yr = factor * ey.re[row], yi = factor * ey.im[row];
    // Pairs of real and imaginary part, as std::complex guarantees.
    const auto* const from = reinterpret_cast<const float*>(spectrum.data() + row * band.width());
    auto* const to = reinterpret_cast<float*>(sum.data() + row * band.width());
    for (std::size_t k = 0; k < band.width(); ++k) {
      const float pr = yr * xr[k] - yi * xi[k];
      const float pi = yr * xi[k] + yi * xr[k];
      const float re = from[2 * k], im = from[2 * k + 1];
      to[2 * k] += re * pr - im * pi;
      to[2 * k + 1] += re * pi + im * pr;
    }
  }
}

std::vector<float> common_power(const Band& band, const Spectrum& a, const Spectrum& b, std::array<double, 2> d_px) {
  HOTSTAGE_EXPECTS(a.size() == band.size() && b.size() == band.size());
  const Phases ey(band.height(), band.fy(0), 1.0 / static_cast<double>(band.rows), d_px[0]);
  const Phases ex(band.width(), 0.0, 1.0 / static_cast<double>(band.columns), d_px[1]);
  std::vector<float> out(band.size());
  const float* const xr = ex.re.data();
  const float* const xi = ex.im.data();
  for (std::size_t row = 0; row < band.height(); ++row) {
    const float yr = ey.re[row], yi = ey.im[row];
    const std::complex<float>* const of_a = a.data() + row * band.width();
    const std::complex<float>* const of_b = b.data() + row * band.width();
    float* const to = out.data() + row * band.width();
    for (std::size_t k = 0; k < band.width(); ++k) {
      const float re = of_a[k].real() * of_b[k].real() + of_a[k].imag() * of_b[k].imag();
      const float im = of_a[k].imag() * of_b[k].real() - of_a[k].real() * of_b[k].imag();
      to[k] = re * (yr * xr[k] - yi * xi[k]) - im * (yr * xi[k] + yi * xr[k]);
    }
  }
  return out;
}

Cross cross_spectrum(std::span<const float> weights, const Spectrum& a, const Spectrum& b) {
  HOTSTAGE_EXPECTS(weights.size() == a.size() && a.size() == b.size());
  const std::size_t size = a.size();
  Cross out{std::vector<float>(size), std::vector<float>(size)};
  float* const re = out.re.data();
  float* const im = out.im.data();
  const float* const w = weights.data();
  const std::complex<float>* const of_a = a.data();
  const std::complex<float>* const of_b = b.data();
  double power_a = 0.0, power_b = 0.0;
  for (std::size_t i = 0; i < size; ++i) {
    const float ar = of_a[i].real(), ai = of_a[i].imag();
    const float br = of_b[i].real(), bi = of_b[i].imag();
    re[i] = w[i] * (ar * br + ai * bi);
    im[i] = w[i] * (ai * br - ar * bi);
    power_a += static_cast<double>(w[i] * (ar * ar + ai * ai));
    power_b += static_cast<double>(w[i] * (br * br + bi * bi));
  }
  out.norm = std::sqrt(power_a * power_b);
  return out;
}

Alignment align(const Band& band, std::span<const float> weights, const Spectrum& a, const Spectrum& b,
                std::array<double, 2> start, double reach) {
  return align(band, cross_spectrum(weights, a, b), start, reach);
}

Alignment align(const Band& band, const Cross& cross, std::array<double, 2> start, double reach) {
  HOTSTAGE_EXPECTS(cross.re.size() == band.size());
  constexpr int iterations = 20;
  constexpr double tolerance_px = 1e-4;
  constexpr double longest_step_px = 1.0;
  std::array<double, 2> d = start;
  Alignment out{.dy = d[0], .dx = d[1]};
  for (int i = 0; i < iterations; ++i) {
    const Moments m = moments(band, cross, d);
    const double determinant = m.hyy * m.hxx - m.hxy * m.hxy;
    if (!(determinant > 0.0) || !(m.hyy < 0.0)) {
      return out;
    }
    const double step_y = -(m.hxx * m.gy - m.hxy * m.gx) / determinant;
    const double step_x = -(m.hyy * m.gx - m.hxy * m.gy) / determinant;
    const double length = std::hypot(step_y, step_x);
    const double shorten = length > longest_step_px ? longest_step_px / length : 1.0;
    d[0] += shorten * step_y;
    d[1] += shorten * step_x;
    if (std::hypot(d[0] - start[0], d[1] - start[1]) > reach) {
      return out;
    }
    out.dy = d[0];
    out.dx = d[1];
    if (length < tolerance_px) {
      sandwich(m, determinant, out);
      out.correlation = cross.norm > 0.0 ? m.value / cross.norm : 0.0;
      out.value = m.value;
      out.converged = true;
      return out;
    }
  }
  return out;
}

std::vector<float> taper_window(std::size_t size, double taper) {
  std::vector<float> window(size, 1.0F);
  const double edge = std::max(1.0, taper * static_cast<double>(size));
  for (std::size_t i = 0; i < size; ++i) {
    const double inside = static_cast<double>(std::min(i, size - 1 - i)) + 0.5;
    if (inside < edge) {
      window[i] = static_cast<float>(0.5 - 0.5 * std::cos(std::numbers::pi * inside / edge));
    }
  }
  return window;
}

double Spectra::signal_at(double f) const {
  const double position = f / 0.5 * static_cast<double>(signal.size()) - 0.5;
  if (position <= 0.0) {
    return signal.front();
  }
  const auto below = static_cast<std::size_t>(position);
  if (below + 1 >= signal.size()) {
    return signal.back();
  }
  const double part = position - static_cast<double>(below);
  return (1.0 - part) * signal[below] + part * signal[below + 1];
}

namespace {

constexpr std::size_t rings = 64;            // of a power spectrum over 0 … 0.5 cycles/px
constexpr double median_of_speckle = 0.693;  // median over mean of an exponential distribution

std::size_t ring_of(const Band& band, std::size_t row, std::size_t k) {
  const double f = std::sqrt(band.fy(row) * band.fy(row) + band.fx(k) * band.fx(k));
  return static_cast<std::size_t>(f / 0.5 * static_cast<double>(rings));
}

std::vector<double> ring_medians(const Band& band, std::span<const float> power) {
  std::vector<std::vector<float>> values(rings);
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      if (const std::size_t ring = ring_of(band, row, k); ring < rings) {
        values[ring].push_back(power[row * band.width() + k]);
      }
    }
  }
  std::vector<double> out;
  for (std::vector<float>& v : values) {
    const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
    std::nth_element(v.begin(), middle, v.end());
    out.push_back(v.empty() ? 0.0 : static_cast<double>(*middle));
  }
  return out;
}

}  // namespace

namespace {

/// Modes whose power is far above the median of their ring.
std::vector<char> spots_of(const Band& band, std::span<const float> power, double least) {
  constexpr double far_above = 25.0;     // one mode of speckle in 10¹⁰ is
  constexpr std::size_t first_ring = 3;  // those below are steep
  const std::vector<double> median = ring_medians(band, power);
  std::vector<char> out(band.size(), 0);
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      const std::size_t i = row * band.width() + k;
      const std::size_t ring = ring_of(band, row, k);
      const auto here = static_cast<double>(power[i]);
      out[i] = ring >= first_ring && ring < rings && here > far_above * median[ring] && here > least ? 1 : 0;
    }
  }
  return out;
}

/// Means over the modes of each ring that are no spots, and how many there are.
struct Rings {
  std::vector<double> mean = std::vector<double>(rings, 0.0);
  std::vector<double> modes = std::vector<double>(rings, 0.0);
};

Rings ring_means(const Band& band, std::span<const float> values, std::span<const char> spots) {
  Rings out;
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      const std::size_t i = row * band.width() + k;
      if (const std::size_t ring = ring_of(band, row, k); ring < rings && spots[i] == 0) {
        out.mean[ring] += static_cast<double>(values[i]);
        out.modes[ring] += 1.0;
      }
    }
  }
  for (std::size_t r = 0; r < rings; ++r) {
    out.mean[r] /= std::max(1.0, out.modes[r]);
  }
  return out;
}

/// Signal mode by mode: means of `values` (signal, `scatter` each, spots left out) over 5 × 5 modes where they are
/// clear of zero, a spot's own. A lattice leaves most modes empty, and what noise has in common there must not count.
std::vector<float> modes_of(const Band& band, std::span<const float> values, double scatter,
                            std::span<const char> spots) {
  constexpr long radius = 2;
  constexpr double clear = 4.0;
  std::vector<float> out(band.size(), 0.0F);
  const auto height = static_cast<long>(band.height());
  const auto width = static_cast<long>(band.width());
  for (long row = 0; row < height; ++row) {
    for (long k = 0; k < width; ++k) {
      const auto i = static_cast<std::size_t>(row * width + k);
      if (spots[i] != 0) {
        out[i] = std::max(0.0F, values[i]);
        continue;
      }
      double sum = 0.0, n = 0.0;
      for (long y = std::max(0L, row - radius); y <= std::min(height - 1, row + radius); ++y) {
        for (long x = std::max(0L, k - radius); x <= std::min(width - 1, k + radius); ++x) {
          const auto j = static_cast<std::size_t>(y * width + x);
          if (spots[j] == 0) {
            sum += static_cast<double>(values[j]);
            n += 1.0;
          }
        }
      }
      if (n > 0.0 && sum / n > clear * scatter / std::sqrt(n)) {
        out[i] = static_cast<float>(sum / n);
      }
    }
  }
  return out;
}

bool any(std::span<const char> spots) {
  return std::find(spots.begin(), spots.end(), 1) != spots.end();
}

}  // namespace

void add_spots(const Band& band, std::span<const float> power, double frames, Spectra& spectra) {
  HOTSTAGE_EXPECTS(power.size() == band.size() && spectra.signal.size() == rings);
  constexpr double clear = 4.0;
  const std::vector<char> spots =
      spots_of(band, power, spectra.noise * (1.0 + 2.0 * clear / std::sqrt(std::max(1.0, frames))));
  if (!any(spots)) {
    return;
  }
  std::vector<float> signal(power.begin(), power.end());
  for (float& value : signal) {
    value -= static_cast<float>(spectra.noise);
  }
  // The noise itself is known to a few per cent.
  constexpr double noise_known = 0.15;
  spectra.modes =
      modes_of(band, signal, spectra.noise * std::max(noise_known, 1.0 / std::sqrt(std::max(1.0, frames))), spots);
}

Spectra spectra_of_aligned(const Band& band, std::span<const Spectrum> frames) {
  HOTSTAGE_EXPECTS(frames.size() > 1);
  const auto n = static_cast<float>(frames.size());
  std::vector<float> power(band.size()), cross(band.size());
  for (std::size_t i = 0; i < band.size(); ++i) {
    std::complex<float> sum;
    float squares = 0.0F;
    for (const Spectrum& frame : frames) {
      sum += frame[i];
      squares += std::norm(frame[i]);
    }
    power[i] = squares / n;
    cross[i] = (std::norm(sum) - squares) / (n * (n - 1.0F));
  }
  const std::vector<char> spots = spots_of(band, power, 0.0);
  const Rings common = ring_means(band, cross, spots);
  const Rings total = ring_means(band, power, spots);
  Spectra out{.signal = std::vector<double>(rings, 0.0)};
  double weight = 0.0;
  for (std::size_t r = 0; r < rings; ++r) {
    out.noise += total.modes[r] * (total.mean[r] - common.mean[r]);
    weight += total.modes[r];
  }
  out.noise /= std::max(1.0, weight);
  for (std::size_t r = 0; r < rings; ++r) {
    constexpr double clear = 4.0;
    const double scatter = total.mean[r] / (static_cast<double>(n) * std::sqrt(std::max(1.0, common.modes[r])));
    out.signal[r] = common.mean[r] > clear * scatter ? common.mean[r] : 0.0;
  }
  if (any(spots)) {
    out.modes = modes_of(band, cross, out.noise / static_cast<double>(n - 1.0F), spots);
  }
  return out;
}

Spectra spectra_of_power(const Band& band, std::span<const float> power) {
  const std::vector<double> median = ring_medians(band, power);
  Spectra out{.signal = std::vector<double>(rings, 0.0)};
  out.noise = 0.0;
  constexpr std::size_t first_ring = 3;  // the mean was taken off
  for (std::size_t r = first_ring; r < rings; ++r) {
    const double m = median[r];
    out.noise = m > 0.0 && (out.noise == 0.0 || m < out.noise) ? m : out.noise;
  }
  for (std::size_t r = 0; r < rings; ++r) {
    constexpr double clear = 1.3;  // eight frames scatter by less
    out.signal[r] = median[r] > clear * out.noise ? (median[r] - out.noise) / median_of_speckle : 0.0;
  }
  return out;
}

std::vector<float> make_weights(const Band& band, const Spectra& spectra, double noise_a, double noise_b,
                                double lowest) {
  std::vector<float> weights(band.size());
  const double na = spectra.noise * noise_a;
  const double nb = spectra.noise * noise_b;
  constexpr double all_passes = 40.0;  // e⁻⁴⁰ is below the rounding of 1
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      const double f = std::sqrt(band.fy(row) * band.fy(row) + band.fx(k) * band.fx(k));
      const std::size_t i = row * band.width() + k;
      const double s = spectra.modes.empty() ? spectra.signal_at(f) : static_cast<double>(spectra.modes[i]);
      const double denominator = na * nb + s * (na + nb);
      const double ratio = f / lowest;
      const double pass = ratio * ratio < all_passes ? 1.0 - std::exp(-ratio * ratio) : 1.0;
      const double multiplicity = k == 0 ? 1.0 : 2.0;
      const double weight = denominator > 0.0 ? spectra.noise * s / denominator : (s > 0.0 ? 1.0 : 0.0);
      weights[i] = static_cast<float>(multiplicity * weight * pass);
    }
  }
  return weights;
}

}  // namespace hotstage::series::detail
