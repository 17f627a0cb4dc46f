// SPDX-License-Identifier: GPL-3.0-or-later

#include "radial.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace gos {

namespace {

constexpr double gauss_offset = 0.28867513459481288;  // √3/6

double radius_of(double x, double linear) {
  double r = x < 0.0 ? std::exp(x) : linear * x / (1.0 + linear);
  for (int i = 0; i < 60; ++i) {
    const double change = (std::log(r) + r / linear - x) / (1.0 / r + 1.0 / linear);
    const double next = r - change > 0.0 ? r - change : 0.5 * r;
    if (std::abs(next - r) < 1e-15 * r) {
      break;
    }
    r = next;
  }
  return r;
}

// Six-point Lagrange weights for offset t in the interval of the points 2 and 3 of 0 … 5.
std::array<double, 6> lagrange(double at) {
  std::array<double, 6> out{};
  for (int i = 0; i < 6; ++i) {
    double w = 1.0;
    for (int j = 0; j < 6; ++j) {
      if (j != i) {
        w *= (at - j) / static_cast<double>(i - j);
      }
    }
    out[static_cast<std::size_t>(i)] = w;
  }
  return out;
}

std::vector<double> between(const std::vector<double>& f, double fraction) {
  std::vector<double> out(f.size(), 0.0);
  const std::size_t n = f.size();
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const std::size_t first = std::min(i < 2 ? 0 : i - 2, n - 6);
    const auto w = lagrange(static_cast<double>(i - first) + fraction);
    for (std::size_t k = 0; k < 6; ++k) {
      out[i] += w[k] * f[first + k];
    }
  }
  return out;
}

}  // namespace

Mesh::Mesh(double first, double last, double linear, double step_of_x) : step(step_of_x) {
  const double x0 = std::log(first) + first / linear;
  const double x1 = std::log(last) + last / linear;
  const auto n = static_cast<std::size_t>((x1 - x0) / step) + 1;
  const auto slope_of = [linear](double radius) { return radius / (1.0 + radius / linear); };
  for (std::size_t i = 0; i < n; ++i) {
    const double x = x0 + step * static_cast<double>(i);
    r.push_back(radius_of(x, linear));
    gauss1.push_back(radius_of(x + step * (0.5 - gauss_offset), linear));
    gauss2.push_back(radius_of(x + step * (0.5 + gauss_offset), linear));
    slope.push_back(slope_of(r.back()));
    slope1.push_back(slope_of(gauss1.back()));
    slope2.push_back(slope_of(gauss2.back()));
  }
}

double Mesh::integral(const std::vector<double>& f) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < std::min(f.size(), size()); ++i) {
    sum += f[i] * slope[i];
  }
  return sum * step;
}

std::vector<double> Mesh::running_integral(const std::vector<double>& f) const {
  const std::size_t n = size();
  std::vector<double> g(n);
  for (std::size_t i = 0; i < n; ++i) {
    g[i] = f[i] * slope[i] * step;
  }
  std::vector<double> out(n, 0.0);
  const auto at = [&](std::ptrdiff_t i) {
    return i < 0 || i >= static_cast<std::ptrdiff_t>(n) ? 0.0 : g[static_cast<std::size_t>(i)];
  };
  for (std::size_t i = 1; i < n; ++i) {
    const auto k = static_cast<std::ptrdiff_t>(i);
    out[i] = out[i - 1] +
             (11.0 * (at(k - 3) + at(k + 2)) - 93.0 * (at(k - 2) + at(k + 1)) + 802.0 * (at(k - 1) + at(k))) / 1440.0;
  }
  return out;
}

std::size_t Mesh::index(double radius) const {
  return std::min(static_cast<std::size_t>(std::ranges::lower_bound(r, radius) - r.begin()), size() - 1);
}

Potential::Potential(const Mesh& mesh, std::vector<double> r_times_v, double nuclear_charge)
    : rv(std::move(r_times_v)), charge(nuclear_charge) {
  rv.resize(mesh.size(), rv.back());
  rv1 = between(rv, 0.5 - gauss_offset);
  rv2 = between(rv, 0.5 + gauss_offset);
}

int orbital_number(int kappa) {
  return kappa > 0 ? kappa : -kappa - 1;
}

// exp(Ω) of a traceless 2 × 2 matrix Ω = [[a, b], [c, −a]]: C + S Ω.
struct Dirac::Step {
  double a, b, c, cosine, sine;

  void forward(double& p, double& q) const {
    const double next = cosine * p + sine * (a * p + b * q);
    q = cosine * q + sine * (c * p - a * q);
    p = next;
  }

  void backward(double& p, double& q) const {
    const double next = cosine * p - sine * (a * p + b * q);
    q = cosine * q - sine * (c * p - a * q);
    p = next;
  }
};

Dirac::Dirac(const Mesh& mesh, const Potential& potential, double speed)
    : mesh_(mesh), potential_(potential), c_(speed) {}

// Fourth-order Magnus step: exact for constant coefficients, so neither powers r^l nor oscillations need small steps.
Dirac::Step Dirac::step(std::size_t i, double energy, int kappa) const {
  const double h = mesh_.step;
  const double t1 = mesh_.slope1[i];
  const double t2 = mesh_.slope2[i];
  const double r1 = mesh_.gauss1[i];
  const double r2 = mesh_.gauss2[i];
  const double e1 = (energy - potential_.rv1[i] / r1) / c_;
  const double e2 = (energy - potential_.rv2[i] / r2) / c_;
  const double a1 = -kappa * t1 / r1;
  const double a2 = -kappa * t2 / r2;
  const double b1 = (e1 + 2.0 * c_) * t1;
  const double b2 = (e2 + 2.0 * c_) * t2;
  const double c1 = -e1 * t1;
  const double c2 = -e2 * t2;
  const double w = h * h * 0.14433756729740643;  // √3/12
  Step out{};
  out.a = 0.5 * h * (a1 + a2) - w * (b1 * c2 - b2 * c1);
  out.b = 0.5 * h * (b1 + b2) - w * 2.0 * (a1 * b2 - b1 * a2);
  out.c = 0.5 * h * (c1 + c2) - w * 2.0 * (c1 * a2 - a1 * c2);
  const double s2 = out.a * out.a + out.b * out.c;
  const double s = std::sqrt(std::abs(s2));
  if (s < 1e-3) {
    out.cosine = 1.0 + s2 * (0.5 + s2 / 24.0);
    out.sine = 1.0 + s2 * (1.0 / 6.0 + s2 / 120.0);
  } else if (s2 > 0.0) {
    const double up = std::exp(s);
    out.cosine = 0.5 * (up + 1.0 / up);
    out.sine = 0.5 * (up - 1.0 / up) / s;
  } else {
    out.cosine = std::cos(s);
    out.sine = std::sin(s) / s;
  }
  return out;
}

void Dirac::start(std::size_t i, double energy, int kappa, double& p, double& q) const {
  const double r = mesh_.r[i];
  const double z = potential_.charge / c_;
  const double gamma = std::sqrt(kappa * kappa - z * z);
  const double e = (energy - potential_.rv[i] / r) / c_;
  p = 1e-30;
  q = kappa < 0 ? -e * r * p / (gamma - kappa) : p * (gamma + kappa) / (r * (e + 2.0 * c_));
}

Wave Dirac::bound(int n, int kappa, double guess) const {
  const std::size_t size = mesh_.size();
  const int l = orbital_number(kappa);
  const int nodes_wanted = n - l - 1;
  double low = -0.6 * potential_.charge * potential_.charge / (n * n) - 1.0;
  double high = -1e-7;
  double energy = guess < 0.0 ? guess : 0.5 * low;
  Wave out{.kappa = kappa, .energy = energy, .p = std::vector<double>(size), .q = std::vector<double>(size)};
  for (int iteration = 0; iteration < 200; ++iteration) {
    // Classical turning point and the point where the orbital has died out.
    const double centrifugal = 0.5 * l * (l + 1);
    std::size_t match = size - 2;
    while (match > 10) {
      const double r = mesh_.r[match];
      if (energy > potential_.rv[match] / r + centrifugal / (r * r)) {
        break;
      }
      --match;
    }
    if (match <= 10) {  // energy below the bottom of the well
      low = energy;
      energy = 0.5 * (low + high);
      continue;
    }
    match = std::min(match, size - 3);
    std::size_t last = match;
    for (double decay = 0.0; last + 1 < size && decay < 45.0; ++last) {
      const double r = mesh_.r[last];
      const double k2 = 2.0 * (potential_.rv[last] / r + centrifugal / (r * r) - energy);
      decay += std::sqrt(std::max(k2, 0.0)) * mesh_.slope[last] * mesh_.step;
    }
    double p = 0.0;
    double q = 0.0;
    start(0, energy, kappa, p, q);
    int nodes = 0;
    for (std::size_t i = 0;; ++i) {
      out.p[i] = p;
      out.q[i] = q;
      if (i == match) {
        break;
      }
      step(i, energy, kappa).forward(p, q);
      nodes += (p > 0.0) != (out.p[i] > 0.0) ? 1 : 0;
    }
    const double p_out = out.p[match];
    const double q_out = out.q[match];
    p = 1e-30;
    {
      const double r = mesh_.r[last];
      const double e = (energy - potential_.rv[last] / r) / c_;
      const double b = e + 2.0 * c_;
      const double k2 = std::max(kappa * kappa / (r * r) - e * b, 1e-12);
      q = p * (kappa / r - std::sqrt(k2)) / b;
    }
    for (std::size_t i = last;; --i) {
      if (i != match) {
        out.p[i] = p;
        out.q[i] = q;
      } else {
        break;
      }
      step(i - 1, energy, kappa).backward(p, q);
      nodes += i - 1 > match && (p > 0.0) != (out.p[i] > 0.0) ? 1 : 0;
    }
    const double scale = p_out / p;
    const double q_in = q * scale;
    for (std::size_t i = match + 1; i < size; ++i) {
      out.p[i] = i <= last ? out.p[i] * scale : 0.0;
      out.q[i] = i <= last ? out.q[i] * scale : 0.0;
    }
    double norm = 0.0;
    for (std::size_t i = 0; i <= last; ++i) {
      norm += (out.p[i] * out.p[i] + out.q[i] * out.q[i]) * mesh_.slope[i];
    }
    norm *= mesh_.step;
    if (nodes != nodes_wanted) {
      (nodes > nodes_wanted ? high : low) = energy;
      energy = 0.5 * (low + high);
      if (high - low < 1e-10 * std::abs(low)) {
        break;
      }
      continue;
    }
    const double change = c_ * p_out * (q_out - q_in) / norm;
    (change > 0.0 ? low : high) = energy;
    double next = energy + change;
    if (next <= low || next >= high) {
      next = 0.5 * (low + high);
    }
    if (std::abs(change) < 1e-12 * (1.0 + std::abs(energy))) {
      out.energy = energy + change;
      const double unit = (out.p[match / 2] < 0.0 ? -1.0 : 1.0) / std::sqrt(norm);
      for (std::size_t i = 0; i < size; ++i) {
        out.p[i] *= unit;
        out.q[i] *= unit;
      }
      return out;
    }
    energy = next;
  }
  throw std::runtime_error("orbital n = " + std::to_string(n) + ", kappa = " + std::to_string(kappa) + " is not bound");
}

Wave Dirac::continuum(double energy, int kappa, std::size_t keep) const {
  const int l = orbital_number(kappa);
  Wave out{.kappa = kappa, .energy = energy, .p = std::vector<double>(keep, 0.0), .q = std::vector<double>(keep, 0.0)};
  // High l: begin where r^(l+1) is e^-60 of its value at the turning point or at 1 bohr.
  const double reach = std::min(1.0, (l + 1) / std::sqrt(2.0 * energy + 1.0));
  std::size_t first = mesh_.index(reach * std::exp(-60.0 / (l + 1)));
  double p = 0.0;
  double q = 0.0;
  start(first, energy, kappa, p, q);
  const std::size_t last = mesh_.size() - 2;
  for (std::size_t i = first; i < last; ++i) {
    if (i < keep) {
      out.p[i] = p;
      out.q[i] = q;
    }
    step(i, energy, kappa).forward(p, q);
  }
  // Amplitude of P/√(B c/…): u'' + K²u = 0 where r·V is constant; u = ζ^(−1/2) sin φ with ζ from the WKB series.
  const double r = mesh_.r[last];
  const double z = potential_.rv[last];
  const auto k2 = [&](double x) {
    const double e = energy - z / x;
    return e * (2.0 + e / (c_ * c_)) - l * (l + 1) / (x * x);
  };
  const auto corrected = [&](const auto& zeta, double x) {
    const double d = 1e-3 * x;
    const double f0 = zeta(x);
    const double up = zeta(x + d);
    const double down = zeta(x - d);
    const double first_derivative = (up - down) / (2.0 * d);
    const double second = (up - 2.0 * f0 + down) / (d * d);
    const double ratio = first_derivative / f0;
    return std::sqrt(std::max(k2(x) + 0.75 * ratio * ratio - 0.5 * second / f0, 1e-12));
  };
  const auto zeta0 = [&](double x) { return std::sqrt(std::max(k2(x), 1e-12)); };
  const auto zeta1 = [&](double x) { return corrected(zeta0, x); };
  const auto zeta2 = [&](double x) { return corrected(zeta1, x); };
  const double zeta = zeta2(r);
  const double d = 1e-3 * r;
  const double zeta_slope = (zeta2(r + d) - zeta2(r - d)) / (2.0 * d);
  const double b = (energy - z / r) / c_ + 2.0 * c_;
  const double root = std::sqrt(b / (2.0 * c_));
  const double u = p / root;
  const double u_slope = (-kappa * p / r + b * q) / root;
  const double turned = u_slope + 0.5 * zeta_slope / zeta * u;
  const double amplitude = std::sqrt(zeta * u * u + turned * turned / zeta);
  const double scale = std::sqrt(2.0 / std::numbers::pi) / amplitude;
  for (std::size_t i = 0; i < keep; ++i) {
    out.p[i] *= scale;
    out.q[i] *= scale;
  }
  return out;
}

}  // namespace gos
