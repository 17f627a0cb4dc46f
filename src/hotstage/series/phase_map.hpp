// SPDX-License-Identifier: GPL-3.0-or-later
// Which phase lies where: layered, spinel, rock salt or Co metal from local spectra along <110>cub ∥ [100]hex.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/series/strain.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace hotstage::series {

enum class CathodePhase { layered, spinel, rock_salt, metal, not_told };

constexpr std::size_t n_cathode_phases = 4;

[[nodiscard]] std::string_view name(CathodePhase phase) noexcept;

struct PhaseMapOptions {
  Length window = 3.0 * units::nm;
  double step = 0.5;
  double min_snr = 12.0;
  double sure = 0.95;
  double spread = 0.35;
  double leak = 0.06;
  double size_tolerance = 0.025;
  Length column_width = 0.05 * units::nm;

  template <class V>
  void fields(V& v) {
    v("window", window, {.help = "edge of the sliding Hann window", .unit = "nm", .min = 0.5});
    v("step", step, {.help = "distance of windows over their edge", .min = 0.05, .max = 1.0});
    v("spot_snr", min_snr,
      {.help = "power over noise that both {111} spots of the metal sublattice need, or nothing is told", .min = 4.0});
    v("sure", sure, {.help = "probability from which a phase is told", .min = 0.5, .max = 0.9999});
    v("spread", spread,
      {.help = "how well amplitudes of superlattice spots are foreseen (thickness, tilt), log scale", .min = 0.05});
    v("leak", leak,
      {.help = "amplitude that an absent spot may show, over that of {111}: distortion, window, neighbours",
       .min = 0.0});
    v("size_tolerance", size_tolerance,
      {.help = "relative uncertainty of lattice constants and pixel size", .min = 0.001});
    v("column_width", column_width,
      {.help = "σ of a column in the image: high spots fade by it", .unit = "nm", .min = 0.01});
  }
};

/// One window. a and angles are those of the cubic (for layered: pseudo-cubic, √2 a_hex) metal sublattice.
struct PhaseCell {
  CathodePhase phase = CathodePhase::not_told;
  std::array<double, n_cathode_phases> probability{};  ///< in the order of CathodePhase; zeros without a lattice
  double snr = 0.0;                                    ///< weaker of the two {111} spots, power over noise
  bool has_lattice = false;
  std::array<Planar, 2> base{};  ///< the two {111} spots, cycles/px
  double a_A = 0.0;
  double sigma_a_A = 0.0;
  double orientation_deg = 0.0;    ///< of [1-10] against +x towards +y, in [0, 180)
  std::array<double, 2> d111_A{};  ///< spacings of both {111}; a layered cell's 003 spacing is twice one of them
  double d002_A = 0.0;
  std::array<double, 5> superlattice{};     ///< amplitudes over {111}: ½{111} twice, {220} of spinel, ½{311} twice
  int layers = 0;                           ///< layered: which of the two {111} the layers follow, 1 or 2
  std::optional<LocalStrain> strain;        ///< against the reference
  std::optional<LocalStrain> phase_strain;  ///< by geometric phase analysis
};

struct PhaseMap {
  detail::WindowGrid grid;
  std::vector<PhaseCell> cells;  ///< row-major
  std::array<Planar, 2> reference{};
  bool has_reference = false;
};

/// Classifies windows of an image with pixel size `pixel_A` (y, x).
///
/// In every window the two {111} spots and {002} of the metal sublattice are searched over orientation and size. With
/// the lattice refined, amplitudes at ½{111} (4.7 Å), {220} of the spinel cell (2.86 Å) and ½{311} (2.4 Å) are
/// measured. Their Rice likelihoods under layered (one ½{111} and its ½{311}), spinel (all), rock salt (none; larger
/// cell) and metal (none; small cell), times a normal likelihood of ln a, give probabilities with equal priors.
/// Amplitudes expected are those of metal columns of equal atoms. Below `sure`, with weak {111} spots, or when no
/// hypothesis fits, the answer is not_told. `reference_region` (first row, first column, rows, columns) sets the zero
/// of strain; all zeros: the median of the most frequent phase. Throws Error{bad_input} when the window holds fewer
/// than 24 px or the sampling does not reach 1/1.9 Å.
[[nodiscard]] PhaseMap map_phases(View<const float, 2> image, const std::array<double, 2>& pixel_A,
                                  const PhaseMapOptions& options, const std::array<std::size_t, 4>& reference_region,
                                  Run& run);

}  // namespace hotstage::series
