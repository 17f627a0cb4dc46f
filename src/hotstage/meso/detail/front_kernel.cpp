// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/front_kernel.hpp"

#include "hotstage/core/clones.hpp"

namespace hotstage::meso::detail {

HOTSTAGE_CLONES
void react_row(double* __restrict eta, const double* __restrict factor, double growth, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const double g = growth * factor[i];
    const double rise = g * (1.0 + g * (0.5 + g * (1.0 / 6.0 + g * (1.0 / 24.0))));
    eta[i] = eta[i] * (1.0 + rise) / (1.0 + eta[i] * rise);
  }
}

HOTSTAGE_CLONES
void diffuse_row(double* __restrict out, const double* __restrict eta, const FaceRow& face, double r, std::size_t n) {
  const double* left = face.left;
  const double* right = face.right;
  const double* up = face.up;
  const double* down = face.down;
  const double* above = eta - n;
  const double* below = eta + n;
  for (std::size_t i = 0; i < n; ++i) {
    const double here = eta[i];
    const double horizontal = left[i] * (*(eta + i - 1) - here) + right[i] * (eta[i + 1] - here);
    const double vertical = up[i] * (above[i] - here) + down[i] * (below[i] - here);
    out[i] = here + r * (horizontal + vertical);
  }
}

}  // namespace hotstage::meso::detail
