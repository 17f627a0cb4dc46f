// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/pre_peak_fit.hpp"

#include "hotstage/num/least_squares.hpp"

#include <Eigen/Dense>

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace hotstage::eels {

namespace {

constexpr double fwhm_per_sigma = 2.3548200450309493;

}  // namespace

std::optional<PrePeakFit> fit_pre_peak_line(const EdgeSignal& edge, const Window& window, double foot_eV,
                                            double valley_eV) {
  constexpr std::size_t least_channels = 10;
  const ChannelRange range = channels_in(edge.axis, {window.low_eV - foot_eV, window.high_eV + 0.5 * valley_eV});
  if (range.size() < least_channels) {
    return std::nullopt;
  }
  const double middle = 0.5 * (window.low_eV + window.high_eV);
  const double step = edge.axis.step_eV;
  std::vector<double> tail(edge.axis.size);
  edge.tail(tail);
  std::vector<double> data(range.size());
  std::vector<double> x(range.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<double>(edge.signal[range.first + i]) - tail[range.first + i];
    x[i] = edge.axis.value(static_cast<double>(range.first + i)) - middle;
  }
  const auto bell = [&](double at, double sigma, double e) {
    const double u = (e - at) / sigma;
    return step * std::exp(-0.5 * u * u) / (sigma * std::sqrt(2.0 * std::numbers::pi));
  };
  const num::Separable model{[&](std::span<const double> q, View<double, 2> basis) {
                               for (std::size_t i = 0; i < x.size(); ++i) {
                                 auto row = basis.row(i);
                                 row[0] = bell(q[0], q[1], x[i]);
                                 row[1] = 1.0;
                                 row[2] = x[i];
                               }
                             },
                             3};
  num::IterationOptions options;
  const double half = 0.5 * window.width();
  options.lower = {-half, 0.7 / fwhm_per_sigma};
  options.upper = {half, 6.0 / fwhm_per_sigma};
  options.step_tolerance = 1e-4;
  const std::array start{0.0, 1.5 / fwhm_per_sigma};
  const num::Fit fit = num::fit_separable(model, data, {}, start, options);
  if (!fit.ok()) {
    return std::nullopt;
  }
  const double at = fit.parameters[0];
  const double sigma = fit.parameters[1];
  const double area = fit.parameters[2];
  constexpr double near = 1e-3;
  if (area <= 0.0 || std::abs(at) > half - near || sigma < options.lower[1] + near || sigma > options.upper[1] - near) {
    return std::nullopt;
  }
  Eigen::Matrix<double, Eigen::Dynamic, 5> jacobian(static_cast<Eigen::Index>(x.size()), 5);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double g = bell(at, sigma, x[i]);
    const double u = (x[i] - at) / sigma;
    jacobian.row(static_cast<Eigen::Index>(i)) << area * g * u / sigma, area * g * (u * u - 1.0) / sigma, g, 1.0, x[i];
  }
  const Eigen::Matrix<double, 5, 5> normal = jacobian.transpose() * jacobian;
  const Eigen::MatrixXd response = normal.ldlt().solve(Eigen::MatrixXd(jacobian.transpose()));
  const auto functional = [&](Eigen::Index parameter) {
    std::vector<double> weights(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      weights[i] = response(parameter, static_cast<Eigen::Index>(i));
    }
    return edge.functional(range.first, weights);
  };
  PrePeakFit out;
  out.area = functional(2);
  out.area.value = area;
  out.position = {middle + at, estimate(functional(0), edge.noise()).sigma};
  out.fwhm = {sigma * fwhm_per_sigma, fwhm_per_sigma * estimate(functional(1), edge.noise()).sigma};
  return out;
}

}  // namespace hotstage::eels
