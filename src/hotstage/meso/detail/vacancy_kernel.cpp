// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/vacancy_kernel.hpp"

#include "hotstage/core/clones.hpp"

#include <algorithm>

namespace hotstage::meso::detail {

namespace {

struct Row {
  const double* conductance;
  double* inverse;
  double* slack;
};

HOTSTAGE_CLONES
void eliminate_row(double* __restrict here, double* __restrict below, const Row& row, double c, std::size_t n) {
  const double* __restrict conductance = row.conductance;
  double* __restrict inverse = row.inverse;
  double* __restrict slack = row.slack;
  for (std::size_t x = 0; x < n; ++x) {
    const double k = c * conductance[x];
    inverse[x] = 1.0 / (slack[x] + k);
    const double passed = k * inverse[x];
    below[x] += passed * here[x];
    slack[x] = 1.0 + passed * slack[x];
  }
}

HOTSTAGE_CLONES
void substitute_row(double* __restrict here, const double* __restrict below, const Row& row, double c, std::size_t n) {
  const double* __restrict conductance = row.conductance;
  const double* __restrict inverse = row.inverse;
  for (std::size_t x = 0; x < n; ++x) {
    here[x] = (here[x] + c * conductance[x] * below[x]) * inverse[x];
  }
}

}  // namespace

void solve_columns(double* d, const ColumnSystem& system) {
  const std::size_t n = system.n;
  std::fill_n(system.slack, n, 1.0);
  for (std::size_t row = 0; row + 1 < n; ++row) {
    const std::size_t at = row * n;
    eliminate_row(d + at, d + at + n, {system.conductance + at, system.inverse + at, system.slack}, system.c, n);
  }
  double* last = d + (n - 1) * n;
  for (std::size_t x = 0; x < n; ++x) {
    last[x] /= system.slack[x];
  }
  for (std::size_t row = n - 1; row-- > 0;) {
    const std::size_t at = row * n;
    substitute_row(d + at, d + at + n, {system.conductance + at, system.inverse + at, system.slack}, system.c, n);
  }
}

}  // namespace hotstage::meso::detail
