// SPDX-License-Identifier: GPL-3.0-or-later
// Counts to numbers of unit variance and back without bias.

#pragma once

namespace hotstage::series {

/// 2 √(e + 3/8): variance 1 within 2 % for Poisson counts with a mean above 3 (Anscombe 1948,
/// doi:10.1093/biomet/35.3-4.246). Electrons; below −3/8 (readout noise) taken for −3/8.
[[nodiscard]] float anscombe(double electrons);

/// Mean number of electrons whose transformed counts have the mean `value`: the exact unbiased inverse in closed form,
/// good to 0.02 e from 0.3 e on (Mäkitalo & Foi 2011, doi:10.1109/TIP.2011.2121085). Squaring instead is wrong by 1/4 e
/// and more.
[[nodiscard]] double inverse_anscombe(double value);

}  // namespace hotstage::series
