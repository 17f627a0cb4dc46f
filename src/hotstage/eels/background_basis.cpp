// SPDX-License-Identifier: GPL-3.0-or-later
// Non-negative sum of power laws with fixed exponents: a convex background fit.

#include "hotstage/core/clones.hpp"
#include "hotstage/eels/detail/background_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace hotstage::eels::detail {
namespace {

constexpr std::size_t terms = basis_terms;
constexpr double settled = 1e-9;  // relative change of the weights

using Vector = std::array<double, terms>;
using Matrix = std::array<Vector, terms>;
using Members = std::array<bool, terms>;

/// Solves the rows and columns of the members by Cholesky; nothing when they are not independent to rounding.
std::optional<Vector> solve(const Matrix& matrix, const Vector& right, const Members& members) {
  constexpr double dependent = 1e-13;  // of the diagonal
  std::array<std::size_t, terms> index{};
  std::size_t n = 0;
  for (std::size_t k = 0; k < terms; ++k) {
    if (members[k]) {
      index[n++] = k;
    }
  }
  Matrix lower{};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = matrix[index[i]][index[j]];
      for (std::size_t k = 0; k < j; ++k) {
        sum -= lower[i][k] * lower[j][k];
      }
      if (i == j && !(sum > dependent * matrix[index[i]][index[i]])) {
        return std::nullopt;
      }
      lower[i][j] = i == j ? std::sqrt(sum) : sum / lower[j][j];
    }
  }
  Vector y{};
  for (std::size_t i = 0; i < n; ++i) {
    double sum = right[index[i]];
    for (std::size_t k = 0; k < i; ++k) {
      sum -= lower[i][k] * y[k];
    }
    y[i] = sum / lower[i][i];
  }
  Vector out{};
  for (std::size_t i = n; i-- > 0;) {
    double sum = y[i];
    for (std::size_t k = i + 1; k < n; ++k) {
      sum -= lower[k][i] * out[index[k]];
    }
    out[index[i]] = sum / lower[i][i];
  }
  return out;
}

/// min ½ xᵀ·matrix·x − rightᵀx over x ≥ 0 (Lawson & Hanson, Solving Least Squares Problems, ch. 23).
Vector non_negative(const Matrix& matrix, const Vector& right, Members& members) {
  constexpr double tolerance = 1e-10;
  Vector x{};
  members = {};
  Members barred{};
  for (int round = 0; round < 4 * static_cast<int>(terms); ++round) {
    std::size_t best = terms;
    double steepest = 0.0;
    for (std::size_t k = 0; k < terms; ++k) {
      double gradient = right[k];
      double scale = std::abs(right[k]);
      for (std::size_t l = 0; l < terms; ++l) {
        gradient -= matrix[k][l] * x[l];
        scale += std::abs(matrix[k][l] * x[l]);
      }
      if (!members[k] && !barred[k] && gradient > tolerance * scale && gradient > steepest) {
        steepest = gradient;
        best = k;
      }
    }
    if (best == terms) {
      break;
    }
    members[best] = true;
    for (int inner = 0; inner < static_cast<int>(terms) + 1; ++inner) {
      const std::optional<Vector> wanted = solve(matrix, right, members);
      if (!wanted) {
        members[best] = false;
        barred[best] = true;
        break;
      }
      double step = 1.0;
      for (std::size_t k = 0; k < terms; ++k) {
        if (members[k] && (*wanted)[k] <= 0.0) {
          step = std::min(step, x[k] / std::max(x[k] - (*wanted)[k], 1e-300));
        }
      }
      for (std::size_t k = 0; k < terms; ++k) {
        x[k] += members[k] ? step * ((*wanted)[k] - x[k]) : 0.0;
        if (members[k] && step < 1.0 && x[k] <= 1e-14 * std::abs(right[k] / matrix[k][k])) {
          x[k] = 0.0;
          members[k] = false;
        }
      }
      if (step >= 1.0) {
        break;
      }
    }
  }
  return x;
}

/// Weighted normal equations with weights 1/model.
struct Normal {
  Matrix matrix{};
  Vector right{};
};

using Basis = std::array<std::vector<double>, terms>;

constexpr std::size_t lanes = 8;  // partial sums in a fixed order, the same for every instruction set
constexpr std::size_t products = terms * (terms + 1) / 2;

struct Sums {
  double right[terms][lanes] = {};
  double matrix[products][lanes] = {};
};

double total(const double (&partial)[lanes]) {
  return ((partial[0] + partial[4]) + (partial[1] + partial[5])) +
         ((partial[2] + partial[6]) + (partial[3] + partial[7]));
}

/// Adds channels first … first + count − 1, count ≤ lanes.
inline void add(const double* const* basis, const double* model, const float* counts, std::size_t first,
                std::size_t count, Sums& sums) {
  double values[terms][lanes] = {};
  double weight[lanes] = {};
  double data[lanes] = {};
  for (std::size_t j = 0; j < count; ++j) {
    weight[j] = 1.0 / model[first + j];
    data[j] = static_cast<double>(counts[first + j]);
  }
  for (std::size_t k = 0; k < terms; ++k) {
    for (std::size_t j = 0; j < count; ++j) {
      values[k][j] = basis[k][first + j];
    }
  }
  std::size_t product = 0;
  for (std::size_t k = 0; k < terms; ++k) {
    double scaled[lanes];
    for (std::size_t j = 0; j < lanes; ++j) {
      scaled[j] = values[k][j] * weight[j];
      sums.right[k][j] += scaled[j] * data[j];
    }
    for (std::size_t l = 0; l <= k; ++l, ++product) {
      for (std::size_t j = 0; j < lanes; ++j) {
        sums.matrix[product][j] += scaled[j] * values[l][j];
      }
    }
  }
}

HOTSTAGE_CLONES void add_channels(const double* const* basis, const double* model, const float* counts, std::size_t n,
                                  Sums& sums) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    add(basis, model, counts, i, lanes, sums);
  }
  add(basis, model, counts, i, n - i, sums);
}

Normal normal_equations_of(const Basis& basis, const std::vector<double>& model, const float* counts) {
  const double* columns[terms];
  for (std::size_t k = 0; k < terms; ++k) {
    columns[k] = basis[k].data();
  }
  Sums sums;
  add_channels(columns, model.data(), counts, model.size(), sums);
  Normal out;
  std::size_t product = 0;
  for (std::size_t k = 0; k < terms; ++k) {
    out.right[k] = total(sums.right[k]);
    for (std::size_t l = 0; l <= k; ++l, ++product) {
      out.matrix[k][l] = total(sums.matrix[product]);
      out.matrix[l][k] = out.matrix[k][l];
    }
  }
  return out;
}

/// Inverse of the members' information; where one exponent alone is left, its neighbours lend the slope.
Matrix covariance_of(const Matrix& information, Members members) {
  std::size_t n = 0;
  std::size_t last = 0;
  for (std::size_t k = 0; k < terms; ++k) {
    n += members[k] ? 1 : 0;
    last = members[k] ? k : last;
  }
  if (n == 1) {
    members[last + 1 < terms ? last + 1 : last - 1] = true;
  }
  Matrix out{};
  for (std::size_t k = 0; k < terms; ++k) {
    Vector unit{};
    unit[k] = 1.0;
    if (const auto column = members[k] ? solve(information, unit, members) : std::nullopt) {
      out[k] = *column;
    }
  }
  return out;
}

}  // namespace

PowerLaw basis_term(const PowerLaw& background, std::size_t k) {
  PowerLaw term;
  term.A = background.weights[k];
  term.r = static_cast<double>(k + 1);
  term.reference_eV = background.reference_eV;
  return term;
}

PowerLaw fit_basis(const FitWindow& w, std::span<const float> counts, const BackgroundOptions& options) {
  PowerLaw law = empty_law(w, BackgroundStatus::no_counts);
  law.shape = BackgroundShape::basis;
  const float* const data = counts.data() + w.range.first;
  const double sum = integrate(counts, w.range);
  if (!(sum > 0.0)) {
    return law;
  }
  const std::size_t n = w.range.size();
  Basis basis;
  for (std::size_t k = 0; k < terms; ++k) {
    basis[k].resize(n);
    power_law(w.grid(), {1.0, static_cast<double>(k + 1), w.reference}, basis[k].data());
  }
  // Start: the middle exponent holds everything.
  std::vector<double> model(n, 0.0);
  const double area = integrate(std::span<const double>(basis[2]), {0, n});
  std::transform(basis[2].begin(), basis[2].end(), model.begin(), [&](double b) { return b * sum / area; });
  law.status = BackgroundStatus::did_not_converge;
  Vector weights{};
  Members members{};
  Normal normal;
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    normal = normal_equations_of(basis, model, data);
    const Vector before = weights;
    weights = non_negative(normal.matrix, normal.right, members);
    double moved = 0.0;
    double total = 0.0;
    for (std::size_t k = 0; k < terms; ++k) {
      moved += std::abs(weights[k] - before[k]);
      total += weights[k];
    }
    if (!(total > 0.0)) {
      law.status = BackgroundStatus::not_decreasing;
      return law;
    }
    std::fill(model.begin(), model.end(), 0.0);
    for (std::size_t k = 0; k < terms; ++k) {
      if (weights[k] > 0.0) {
        std::transform(model.begin(), model.end(), basis[k].begin(), model.begin(),
                       [&](double sum_so_far, double b) { return sum_so_far + weights[k] * b; });
      }
    }
    if (moved < settled * total) {
      law.status = BackgroundStatus::ok;
      break;
    }
  }
  law.weights = weights;
  law.dof = static_cast<int>(n);
  for (std::size_t k = 0; k < terms; ++k) {
    law.A += weights[k];
    law.r += weights[k] * static_cast<double>(k + 1);
    law.dof -= members[k] ? 1 : 0;
  }
  law.r /= law.A;
  if (members[0] && law.r < 1.0 + 1e-9) {
    law.status = BackgroundStatus::at_bound;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double residual = static_cast<double>(data[i]) - model[i];
    law.chi2 += residual * residual / model[i];
  }
  law.noise_factor = options.noise_factor.value_or(law.chi2 / law.dof);
  law.spread = covariance_of(normal_equations_of(basis, model, data).matrix, members);
  for (std::size_t k = 0; k < terms; ++k) {
    for (std::size_t l = 0; l < terms; ++l) {
      law.spread[k][l] *= law.noise_factor;
      const double rk = (static_cast<double>(k + 1) - law.r) / law.A;
      const double rl = (static_cast<double>(l + 1) - law.r) / law.A;
      law.var_lnA += law.spread[k][l] / (law.A * law.A);
      law.cov_lnA_r += law.spread[k][l] * rl / law.A;
      law.var_r += law.spread[k][l] * rk * rl;
    }
  }
  return law;
}

}  // namespace hotstage::eels::detail
