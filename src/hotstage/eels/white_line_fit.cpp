// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/white_line_fit.hpp"

#include "hotstage/core/error.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels {

namespace {

constexpr std::size_t shapes = 4;  // positions and widths
constexpr std::size_t most = LineFit::count;
constexpr double fwhm_per_sigma = 2.3548200450309493;
constexpr double position_reach_eV = 4.0;
constexpr double least_sigma_eV = 0.2;
constexpr double most_sigma_eV = 5.0;

using Shapes = std::array<double, shapes>;
using Amplitudes = Eigen::Matrix<double, most - shapes, 1>;  // the last one 0 when the steps are tied
using Gram = Eigen::Matrix<double, most + 1, most + 1>;      // columns of the Jacobian, then the data
using Full = Eigen::Matrix<double, most, most>;
using Direction = Eigen::Matrix<double, most, 1>;

/// atan to 1e-7, without the call far from the step, where most channels lie.
double arctan(double x) {
  constexpr double far = 16.0;
  if (std::abs(x) < far) {
    return std::atan(x);
  }
  const double y = 1.0 / x;
  return std::copysign(0.5 * std::numbers::pi, x) - y * (1.0 - y * y * (1.0 / 3.0));
}

/// A Gaussian of unit area per channel with its derivatives.
struct Bell {
  double value = 0.0;
  double by_at = 0.0;
  double by_sigma = 0.0;
};

Bell bell(double energy_eV, double at_eV, double sigma_eV, double step_eV) {
  constexpr double far = 7.0;
  const double u = (energy_eV - at_eV) / sigma_eV;
  if (std::abs(u) > far) {
    return {};
  }
  const double g = step_eV * std::exp(-0.5 * u * u) / (sigma_eV * std::sqrt(2.0 * std::numbers::pi));
  return {g, g * u / sigma_eV, g * (u * u - 1.0) / sigma_eV};
}

class Problem {
 public:
  Problem(std::span<const float> signal, std::span<const double> variance, const EnergyAxis& axis, ChannelRange range,
          const LineFitOptions& options)
      : options_(options), axis_(axis), n_(range.size()), linear_(options.free_steps ? 4 : 3) {
    rows_.resize(n_ * width());
    energy_.resize(n_);
    decay_.resize(n_);
    weight_.resize(n_);
    data_.resize(n_);
    const double middle = axis.value(0.5 * static_cast<double>(range.first + range.last));
    for (std::size_t i = 0; i < n_; ++i) {
      energy_[i] = axis.value(static_cast<double>(range.first + i));
      decay_[i] = std::pow(energy_[i] / middle, -options.decay);
      weight_[i] = 1.0 / variance[range.first + i];
      data_[i] = static_cast<double>(signal[range.first + i]);
    }
  }

  [[nodiscard]] std::size_t linear() const { return linear_; }

  [[nodiscard]] std::size_t parameters() const { return shapes + linear_; }

  /// Amplitudes that are best for given shapes, and their χ².
  double project(const Shapes& q, Amplitudes& amplitudes) {
    fill(q, Amplitudes::Zero());
    const Gram gram = accumulate(shapes);
    const Eigen::Matrix<double, most - shapes, most - shapes> normal =
        gram.block<most - shapes, most - shapes>(shapes, shapes);
    const Amplitudes right = gram.block<most - shapes, 1>(shapes, most);
    amplitudes = normal.ldlt().solve(right);
    return gram(most, most) - amplitudes.dot(right);
  }

  /// JᵀWJ of all parameters (shapes first) bordered by JᵀWy and yᵀWy. A parameter that is not used has the row of the
  /// unit matrix.
  Gram normal(const Shapes& q, const Amplitudes& amplitudes) {
    fill(q, amplitudes);
    return accumulate(0);
  }

  /// Σ over channels of ∂/∂signal: response(i) = Σ_j c_j·W_i·J_ij for the rows of the last `normal`.
  [[nodiscard]] std::vector<double> response(const Direction& c) const {
    std::vector<double> out(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      double sum = 0.0;
      for (std::size_t j = 0; j < parameters(); ++j) {
        sum += c[static_cast<Eigen::Index>(j)] * rows_[i * width() + j];
      }
      out[i] = weight_[i] * sum;
    }
    return out;
  }

  [[nodiscard]] Estimate with_sigma(double value, std::span<const double> response) const {
    double variance = 0.0;
    for (std::size_t i = 0; i < n_; ++i) {
      variance += response[i] * response[i] / weight_[i];
    }
    return {value, std::sqrt(variance)};
  }

  [[nodiscard]] std::size_t channels() const { return n_; }

 private:
  [[nodiscard]] std::size_t width() const { return parameters(); }

  /// Rows: derivatives by the shapes at these amplitudes, then the basis functions.
  void fill(const Shapes& q, const Amplitudes& amplitudes) {
    const double gamma = 0.5 * options_.step_width_eV;
    const double a3 = amplitudes[0];
    const double a2 = amplitudes[1];
    const double h3 = options_.free_steps ? amplitudes[2] : amplitudes[2] * 2.0 / 3.0;
    const double h2 = options_.free_steps ? amplitudes[3] : amplitudes[2] / 3.0;
    for (std::size_t i = 0; i < n_; ++i) {
      double* row = rows_.data() + i * width();
      const Bell b3 = bell(energy_[i], q[0], q[2], axis_.step_eV);
      const Bell b2 = bell(energy_[i], q[1], q[3], axis_.step_eV);
      const double x3 = (energy_[i] - q[0] - options_.step_behind_eV) / gamma;
      const double x2 = (energy_[i] - q[1] - options_.step_behind_eV) / gamma;
      const double d = decay_[i] / std::numbers::pi;
      const double s3 = 0.5 * decay_[i] + d * arctan(x3);
      const double s2 = 0.5 * decay_[i] + d * arctan(x2);
      row[0] = a3 * b3.by_at - h3 * d / (gamma * (1.0 + x3 * x3));
      row[1] = a2 * b2.by_at - h2 * d / (gamma * (1.0 + x2 * x2));
      row[2] = a3 * b3.by_sigma;
      row[3] = a2 * b2.by_sigma;
      row[4] = b3.value;
      row[5] = b2.value;
      if (options_.free_steps) {
        row[6] = s3;
        row[7] = s2;
      } else {
        row[6] = (2.0 * s3 + s2) / 3.0;
      }
    }
  }

  /// Gram matrix of the columns from `first` on and the data.
  [[nodiscard]] Gram accumulate(std::size_t first) const {
    const std::size_t count = parameters();
    std::array<double, (most + 1) * (most + 1)> sum{};
    for (std::size_t i = 0; i < n_; ++i) {
      const double* row = rows_.data() + i * width();
      for (std::size_t j = first; j < count; ++j) {
        const double wj = weight_[i] * row[j];
        for (std::size_t k = j; k < count; ++k) {
          sum[j * (most + 1) + k] += wj * row[k];
        }
        sum[j * (most + 1) + most] += wj * data_[i];
      }
      sum[most * (most + 1) + most] += weight_[i] * data_[i] * data_[i];
    }
    Gram gram = Gram::Identity();
    for (std::size_t j = first; j <= most; ++j) {
      for (std::size_t k = j; k <= most; ++k) {
        const double value = sum[j * (most + 1) + k];
        const bool used = j < count || j == most;
        gram(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(k)) = used || j != k ? value : 1.0;
        gram(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(j)) = used || j != k ? value : 1.0;
      }
    }
    return gram;
  }

  const LineFitOptions& options_;
  const EnergyAxis& axis_;
  std::size_t n_;
  std::size_t linear_;
  std::vector<double> rows_, energy_, decay_, weight_, data_;
};

struct Bounds {
  Shapes low;
  Shapes high;

  [[nodiscard]] bool touched(const Shapes& q) const {
    constexpr double near = 1e-6;
    for (std::size_t k = 0; k < shapes; ++k) {
      if (q[k] <= low[k] + near || q[k] >= high[k] - near) {
        return true;
      }
    }
    return false;
  }
};

/// One damped Gauss–Newton step. The amplitudes solve along: undamped, they are eliminated exactly.
Shapes step_from(const Gram& gram, const Shapes& q, const Bounds& bounds, double damping) {
  Full full = gram.topLeftCorner<most, most>();
  for (std::size_t k = 0; k < shapes; ++k) {
    const auto at = static_cast<Eigen::Index>(k);
    full(at, at) += std::max(damping * full(at, at), 1e-12);
  }
  const Direction right = gram.topRightCorner<most, 1>();
  const Direction move = full.ldlt().solve(right);
  Shapes out{};
  for (std::size_t k = 0; k < shapes; ++k) {
    out[k] = std::clamp(q[k] + move[static_cast<Eigen::Index>(k)], bounds.low[k], bounds.high[k]);
  }
  return out;
}

bool finite(const Shapes& q) {
  return std::ranges::all_of(q, [](double v) { return std::isfinite(v); });
}

}  // namespace

LineFit fit_white_lines(std::span<const float> signal, std::span<const double> variance, const EnergyAxis& axis,
                        double l3_start_eV, double l2_start_eV, const LineFitOptions& options) {
  HOTSTAGE_EXPECTS(signal.size() == axis.size && variance.size() == axis.size);
  constexpr std::size_t least_channels = 24;
  constexpr double tolerance_eV = 1e-4;
  constexpr double hopeless = 1e8;  // damping
  LineFit out;
  out.range = channels_in(axis, {l3_start_eV - options.reach_below_eV, l2_start_eV + options.reach_above_eV});
  if (out.range.size() < least_channels || out.range.size() <= most) {
    return out;
  }
  Problem problem(signal, variance, axis, out.range, options);
  const double start_sigma = options.start_fwhm_eV / fwhm_per_sigma;
  Shapes q{l3_start_eV, l2_start_eV, start_sigma, start_sigma};
  const Bounds bounds{{q[0] - position_reach_eV, q[1] - position_reach_eV, least_sigma_eV, least_sigma_eV},
                      {q[0] + position_reach_eV, q[1] + position_reach_eV, most_sigma_eV, most_sigma_eV}};
  Amplitudes amplitudes;
  double chi2 = problem.project(q, amplitudes);
  double damping = 1e-3;
  out.status = LineFitStatus::iterations_exhausted;
  while (out.iterations < options.max_iterations && out.status == LineFitStatus::iterations_exhausted) {
    const Gram gram = problem.normal(q, amplitudes);
    bool better = false;
    while (!better && damping < hopeless) {
      ++out.iterations;
      const Shapes next = step_from(gram, q, bounds, damping);
      Amplitudes next_amplitudes;
      const double next_chi2 = finite(next) ? problem.project(next, next_amplitudes) : chi2 + 1.0;
      double largest = 0.0;
      for (std::size_t k = 0; k < shapes && finite(next); ++k) {
        largest = std::max(largest, std::abs(next[k] - q[k]));
      }
      better = next_chi2 <= chi2;
      if (better) {
        q = next;
        amplitudes = next_amplitudes;
        chi2 = next_chi2;
      }
      damping = better ? 0.1 * damping : 10.0 * damping;
      if (finite(next) && largest < tolerance_eV) {
        out.status = LineFitStatus::converged;
        better = true;
      }
    }
    if (!better) {
      break;
    }
  }
  const Gram gram = problem.normal(q, amplitudes);
  // Scaled to a unit diagonal before it is judged: areas and positions differ by orders of magnitude.
  const Direction scale = gram.diagonal().head<most>().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
  const Full scaled_normal = scale.asDiagonal() * gram.topLeftCorner<most, most>() * scale.asDiagonal();
  const Eigen::FullPivLU<Full> solver(scaled_normal);
  std::copy(q.begin(), q.end(), out.value.begin());
  for (std::size_t k = 0; k < problem.linear(); ++k) {
    out.value[shapes + k] = amplitudes[static_cast<Eigen::Index>(k)];
  }
  if (!options.free_steps) {
    out.value[LineFit::step_2] = out.value[LineFit::step_3] / 3.0;
    out.value[LineFit::step_3] *= 2.0 / 3.0;
  }
  out.chi2_per_dof = chi2 / static_cast<double>(problem.channels() - problem.parameters());
  if (!solver.isInvertible() || !std::isfinite(chi2)) {
    out.status = LineFitStatus::singular;
    return out;
  }
  if (bounds.touched(q)) {
    out.status = LineFitStatus::at_a_bound;
    return out;
  }
  const Full inverse = scale.asDiagonal() * solver.inverse() * scale.asDiagonal();
  const auto response = [&](std::size_t parameter) {
    const Direction row = inverse.row(static_cast<Eigen::Index>(parameter)).transpose();
    return problem.response(row);
  };
  out.l3_at_response = response(LineFit::l3_at);
  out.l3_response = response(LineFit::l3_area);
  out.l2_response = response(LineFit::l2_area);
  const auto scaled = [](Estimate e, double factor) { return Estimate{e.value * factor, e.sigma * factor}; };
  out.l3_eV = problem.with_sigma(q[0], out.l3_at_response);
  out.l2_eV = problem.with_sigma(q[1], response(LineFit::l2_at));
  out.l3_fwhm_eV = scaled(problem.with_sigma(q[2], response(LineFit::l3_sigma)), fwhm_per_sigma);
  out.l2_fwhm_eV = scaled(problem.with_sigma(q[3], response(LineFit::l2_sigma)), fwhm_per_sigma);
  out.l3 = problem.with_sigma(out.value[LineFit::l3_area], out.l3_response);
  out.l2 = problem.with_sigma(out.value[LineFit::l2_area], out.l2_response);
  if (out.l2.value != 0.0) {
    const double r = out.l3.value / out.l2.value;
    std::vector<double> both(out.range.size());
    for (std::size_t i = 0; i < both.size(); ++i) {
      both[i] = (out.l3_response[i] - r * out.l2_response[i]) / out.l2.value;
    }
    out.ratio = problem.with_sigma(r, both);
  }
  return out;
}

}  // namespace hotstage::eels
