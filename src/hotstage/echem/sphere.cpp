// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/sphere.hpp"

#include "hotstage/core/error.hpp"

#include <cmath>
#include <numbers>

namespace hotstage::echem {

namespace {

// TR-BDF2 with equal matrices in both stages.
constexpr double gamma_stage = 2.0 - std::numbers::sqrt2;
constexpr double implicit_part = 0.5 * gamma_stage;
constexpr double stage_weight = 1.0 / (gamma_stage * (2.0 - gamma_stage));

}  // namespace

double Diffusivity::at(double x) const {
  const double x2 = x * x;
  const double x8 = x2 * x2 * x2 * x2;
  return value_m2_per_s * (1.0 + (factor_at_full - 1.0) * x8);
}

Sphere::Sphere(double radius_m, std::size_t shells, double x)
    : radius_m_(radius_m), dr_m_(radius_m / static_cast<double>(shells)), x_(shells, x) {
  HOTSTAGE_EXPECTS(radius_m > 0.0 && shells >= 2);
  const auto n = static_cast<double>(shells);
  for (std::size_t i = 0; i < shells; ++i) {
    const double inner = static_cast<double>(i) / n;
    const double outer = static_cast<double>(i + 1) / n;
    volume_.push_back(outer * outer * outer - inner * inner * inner);
    if (i + 1 < shells) {
      area_.push_back(3.0 * outer * outer / radius_m);
    }
  }
  couple_.resize(shells - 1);
  diagonal_.resize(shells);
  upper_.resize(shells);
  stage_.resize(shells);
}

/// Factors volume − implicit_part·dt·L: Thomas' elimination, kept for both stages.
void Sphere::assemble(double dt_s, const Diffusivity& diffusivity) {
  const std::size_t n = x_.size();
  for (std::size_t i = 0; i + 1 < n; ++i) {
    couple_[i] = area_[i] * diffusivity.at(0.5 * (x_[i] + x_[i + 1])) / dr_m_;
  }
  const double factor = implicit_part * dt_s;
  for (std::size_t i = 0; i < n; ++i) {
    const double left = i > 0 ? factor * couple_[i - 1] : 0.0;
    const double right = i + 1 < n ? factor * couple_[i] : 0.0;
    diagonal_[i] = volume_[i] + left + right - (i > 0 ? left * upper_[i - 1] : 0.0);
    upper_[i] = right / diagonal_[i];
  }
}

/// out += factor·(L x + source at the surface), times volume.
void Sphere::apply(const std::vector<double>& x, double source, double factor, std::vector<double>& out) const {
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double flow = factor * couple_[i] * (x[i + 1] - x[i]);
    out[i] += flow;
    out[i + 1] -= flow;
  }
  out.back() += factor * source;
}

void Sphere::solve(std::vector<double>& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) {
    const double left = i > 0 ? upper_[i - 1] * diagonal_[i - 1] * x[i - 1] : 0.0;  // implicit_part·dt·couple
    x[i] = (x[i] + left) / diagonal_[i];
  }
  for (std::size_t i = n - 1; i-- > 0;) {
    x[i] += upper_[i] * x[i + 1];
  }
}

void Sphere::step(double dt_s, double flux_m_per_s, const Diffusivity& diffusivity) {
  assemble(dt_s, diffusivity);
  const std::size_t n = x_.size();
  const double source = -3.0 * flux_m_per_s / radius_m_;
  for (std::size_t i = 0; i < n; ++i) {
    stage_[i] = volume_[i] * x_[i];
  }
  apply(x_, source, implicit_part * dt_s, stage_);
  stage_.back() += implicit_part * dt_s * source;
  solve(stage_);
  for (std::size_t i = 0; i < n; ++i) {
    // The weights of both states sum to one; written so that rounding of the weight touches the change only.
    stage_[i] = volume_[i] * (x_[i] + stage_weight * (stage_[i] - x_[i]));
  }
  stage_.back() += implicit_part * dt_s * source;
  solve(stage_);
  x_.swap(stage_);
}

double Sphere::surface(double flux_m_per_s, const Diffusivity& diffusivity) const {
  return x_.back() - 0.5 * dr_m_ * flux_m_per_s / diffusivity.at(x_.back());
}

double Sphere::mean() const {
  double sum = 0.0;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    sum += volume_[i] * x_[i];
  }
  return sum;
}

}  // namespace hotstage::echem
