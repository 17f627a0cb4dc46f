// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/white_line_continuum.hpp"

#include "hotstage/eels/cross_section.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels {

namespace {

constexpr double table_low_eV = -20.0;
constexpr double table_high_eV = 140.0;
constexpr double table_step_eV = 0.1;
constexpr double near_eV = 21.0;
constexpr double far_eV = 80.0;

}  // namespace

WhiteLineContinuum::WhiteLineContinuum(StepShape shape, double step_width_eV)
    : shape_(shape), gamma_(0.5 * step_width_eV) {}

WhiteLineContinuum::WhiteLineContinuum(const Edge& l3_edge, const Illumination& illumination, double zero_loss_fwhm_eV)
    : shape_(StepShape::cross_section) {
  const double onset = l3_edge.onset.in(units::eV);
  const auto n = static_cast<std::size_t>(std::lround((table_high_eV - table_low_eV) / table_step_eV));
  const auto zero = static_cast<std::size_t>(std::lround(-table_low_eV / table_step_eV));
  const auto cross_section = [&](double behind_eV) {
    return differential_cross_section(l3_edge, (onset + behind_eV) * units::eV, illumination);
  };
  // Nearer than 20 eV the hydrogenic model of Ar … Ni stands for continuum and white lines together: its power law
  // behind them is continued to the onset.
  const double slope =
      std::log(cross_section(far_eV) / cross_section(near_eV)) / std::log((onset + far_eV) / (onset + near_eV));
  std::vector<double> height(n, 0.0);
  for (std::size_t i = zero; i < n; ++i) {
    const double behind = (static_cast<double>(i - zero) + 0.5) * table_step_eV;
    height[i] = behind < near_eV ? cross_section(near_eV) * std::pow((onset + behind) / (onset + near_eV), slope)
                                 : cross_section(behind);
  }
  const double top = height[zero];
  const double sigma = std::max(zero_loss_fwhm_eV / 2.3548200450309493, table_step_eV) / table_step_eV;
  const auto reach = static_cast<std::size_t>(std::ceil(4.0 * sigma));
  std::vector<double> kernel(2 * reach + 1);
  double norm = 0.0;
  for (std::size_t k = 0; k < kernel.size(); ++k) {
    const double x = (static_cast<double>(k) - static_cast<double>(reach)) / sigma;
    kernel[k] = std::exp(-0.5 * x * x);
    norm += kernel[k];
  }
  table_.assign(n + 1, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    double folded = 0.0;
    for (std::size_t k = 0; k < kernel.size(); ++k) {
      const std::size_t from = std::clamp(i + reach, k, n - 1 + k) - k;
      folded += kernel[k] * height[from];
    }
    table_[i + 1] = table_[i] + folded / (norm * top) * table_step_eV;
  }
}

double WhiteLineContinuum::primitive(double behind_eV) const {
  switch (shape_) {
    case StepShape::sharp:
      return std::max(behind_eV, 0.0);
    case StepShape::arctan: {
      const double x = behind_eV / gamma_;
      return gamma_ * (0.5 * x + (x * std::atan(x) - 0.5 * std::log1p(x * x)) / std::numbers::pi);
    }
    case StepShape::cross_section:
      break;
  }
  const double at = std::clamp((behind_eV - table_low_eV) / table_step_eV, 0.0, static_cast<double>(table_.size() - 1));
  const auto left = std::min(static_cast<std::size_t>(at), table_.size() - 2);
  return table_[left] + (at - static_cast<double>(left)) * (table_[left + 1] - table_[left]);
}

double WhiteLineContinuum::integral(const LinePositions& lines, const Window& window) const {
  const auto step = [&](double at) { return primitive(window.high_eV - at) - primitive(window.low_eV - at); };
  return (2.0 * step(lines.l3_eV) + step(lines.l2_eV)) / 3.0;
}

}  // namespace hotstage::eels
