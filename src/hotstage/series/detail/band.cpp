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

Moments moments(const Band& band, const Cross& cross, std::array<double, 2> d) {
  const Phases ey(band.height(), band.fy(0), 1.0 / static_cast<double>(band.rows), d[0]);
  const Phases ex(band.width(), 0.0, 1.0 / static_cast<double>(band.columns), d[1]);
  Moments m;
  for (std::size_t row = 0; row < band.height(); ++row) {
    const float* const cr = cross.re.data() + row * band.width();
    const float* const ci = cross.im.data() + row * band.width();
    // Sums along a row with kx as an integer; the factors 2π/columns follow once per row.
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, i0 = 0.0, i1 = 0.0, q0 = 0.0, q1 = 0.0, q2 = 0.0;
    for (std::size_t k = 0; k < band.width(); ++k) {
      const float pr = ey.re[row] * ex.re[k] - ey.im[row] * ex.im[k];
      const float pi = ey.re[row] * ex.im[k] + ey.im[row] * ex.re[k];
      const auto re = static_cast<double>(cr[k] * pr - ci[k] * pi);
      const auto im = static_cast<double>(cr[k] * pi + ci[k] * pr);
      const auto kx = static_cast<double>(k);
      s0 += re;
      s1 += re * kx;
      s2 += re * kx * kx;
      i0 += im;
      i1 += im * kx;
      q0 += im * im;
      q1 += im * im * kx;
      q2 += im * im * kx * kx;
    }
    const double wy = two_pi * band.fy(row);
    const double wx = two_pi / static_cast<double>(band.columns);
    m.value += s0;
    m.gy -= wy * i0;
    m.gx -= wx * i1;
    m.hyy -= wy * wy * s0;
    m.hxy -= wy * wx * s1;
    m.hxx -= wx * wx * s2;
    m.vyy += wy * wy * q0;
    m.vxy += wy * wx * q1;
    m.vxx += wx * wx * q2;
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
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      const std::size_t i = row * band.width() + k;
      const float pr = factor * (ey.re[row] * ex.re[k] - ey.im[row] * ex.im[k]);
      const float pi = factor * (ey.re[row] * ex.im[k] + ey.im[row] * ex.re[k]);
      const std::complex<float> s = spectrum[i];
      sum[i] += std::complex<float>(s.real() * pr - s.imag() * pi, s.real() * pi + s.imag() * pr);
    }
  }
}

Cross cross_spectrum(std::span<const float> weights, const Spectrum& a, const Spectrum& b) {
  HOTSTAGE_EXPECTS(weights.size() == a.size() && a.size() == b.size());
  const std::size_t size = a.size();
  Cross out{std::vector<float>(size), std::vector<float>(size)};
  double power_a = 0.0, power_b = 0.0;
  for (std::size_t i = 0; i < size; ++i) {
    const float ar = a[i].real();
    const float ai = a[i].imag();
    const float br = b[i].real();
    const float bi = b[i].imag();
    const float w = weights[i];
    out.re[i] = w * (ar * br + ai * bi);
    out.im[i] = w * (ai * br - ar * bi);
    power_a += static_cast<double>(w * (ar * ar + ai * ai));
    power_b += static_cast<double>(w * (br * br + bi * bi));
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
      out.curvature = -(m.hyy + m.hxx);
      out.scatter = m.vyy + m.vxx;
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

constexpr std::size_t rings = 64;  // of a power spectrum over 0 … 0.5 cycles/px
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

void add_spots(const Band& band, std::span<const float> power, double frames, Spectra& spectra) {
  HOTSTAGE_EXPECTS(power.size() == band.size());
  constexpr double far_above = 25.0;  // one mode of speckle in 10¹⁰ is
  constexpr std::size_t first_ring = 3;  // those below are steep
  const std::vector<double> median = ring_medians(band, power);
  const double clear = spectra.noise * (1.0 + 8.0 / std::sqrt(std::max(1.0, frames)));
  std::vector<float> modes(band.size(), 0.0F);
  std::size_t spots = 0;
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      const std::size_t i = row * band.width() + k;
      const std::size_t ring = ring_of(band, row, k);
      const auto here = static_cast<double>(power[i]);
      if (ring >= rings) {
        continue;
      }
      const double background = std::max(0.0, median[ring] - spectra.noise) / median_of_speckle;
      const bool spot = ring >= first_ring && here > far_above * median[ring] && here > clear;
      spots += spot ? 1U : 0U;
      modes[i] = static_cast<float>(spot ? here - spectra.noise : background);
    }
  }
  if (spots > 0) {
    spectra.modes = std::move(modes);
  }
}

Spectra spectra_of_power(const Band& band, std::span<const float> power) {
  const std::vector<double> median = ring_medians(band, power);
  Spectra out{.signal = std::vector<double>(rings, 0.0)};
  out.noise = 0.0;
  for (const double m : median) {
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
  for (std::size_t row = 0; row < band.height(); ++row) {
    for (std::size_t k = 0; k < band.width(); ++k) {
      const double f = std::sqrt(band.fy(row) * band.fy(row) + band.fx(k) * band.fx(k));
      const std::size_t i = row * band.width() + k;
      const double s = spectra.modes.empty() ? spectra.signal_at(f) : static_cast<double>(spectra.modes[i]);
      const double denominator = na * nb + s * (na + nb);
      const double ratio = f / lowest;
      const double pass = 1.0 - std::exp(-ratio * ratio);
      const double multiplicity = k == 0 ? 1.0 : 2.0;
      const double weight = denominator > 0.0 ? spectra.noise * s / denominator : (s > 0.0 ? 1.0 : 0.0);
      weights[i] = static_cast<float>(multiplicity * weight * pass);
    }
  }
  return weights;
}

}  // namespace hotstage::series::detail
