// SPDX-License-Identifier: GPL-3.0-or-later
// Formal valence of Co, Mn, Fe, Ni from L3/L2 or from the shift of L3, by interpolation in a sourced table; and the
// rule that tells metal from oxide first.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/io/delimited.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// One row of data/white_lines/calibration.csv, or of a file like it.
struct ValenceStandard {
  std::string set;
  std::string element;
  std::string compound;
  double valence = 0.0;
  std::string method;
  std::optional<Estimate> ratio;  ///< L3/L2
  std::optional<Estimate> l3_eV;
  std::string checked;  ///< yes, part, no
  std::string source;
};

/// Throws Error{bad_input} when a column is missing or a value comes without a positive σ.
[[nodiscard]] std::vector<ValenceStandard> valence_standards_in(const io::Table& table);

/// The table that comes with the program.
[[nodiscard]] std::vector<ValenceStandard> valence_standards();

/// A quantity (L3/L2, or L3 less that of the reference compound, eV) as a function of valence.
struct ValenceCurve {
  struct Point {
    double valence = 0.0;
    Estimate quantity;
    std::string compound;
  };

  std::string set;
  std::string method;
  bool shift = false;
  bool checked = true;        ///< every row was read in its source
  std::vector<Point> points;  ///< by valence, quantity strictly monotonic
};

/// The curve of an element for one method. Throws Error{bad_input} when no set (or not the named one) was measured with
/// that method, when a set has fewer than two compounds, or when the quantity does not rise or fall throughout: a ratio
/// must be read with the method it was calibrated with.
[[nodiscard]] ValenceCurve ratio_curve(const std::vector<ValenceStandard>& table, std::string_view element,
                                       std::string_view method, std::string_view set = {});
[[nodiscard]] ValenceCurve shift_curve(const std::vector<ValenceStandard>& table, std::string_view element,
                                       std::string_view method, std::string_view reference_compound,
                                       std::string_view set = {});

/// Atoms of O per atom of metal at a position, and the share of L3 in its high-energy tail over that of an oxide of the
/// same scan.
struct MetalEvidence {
  Estimate oxygen_per_metal;            ///< σ: counting and cross-section together; ≤ 0: not measured
  std::optional<Estimate> tail_excess;  ///< tail share less that of the reference oxide
};

enum class MetalCall { oxide, metal, undecided };

[[nodiscard]] std::string_view name(MetalCall call) noexcept;

/// Metallic Co has the L3/L2 of partly reduced Co3O4 (Zhao et al., J. Appl. Phys. 108, 063704, 2010), so the ratio
/// cannot tell. Rule: oxide when O per metal is above 0.5 by 2σ (CoO has 1); metal when it is below 0.25 by 2σ and the
/// tail of L3, where a reference exists, is not weaker than the oxide's by 2σ; else undecided. No O K measured:
/// undecided.
[[nodiscard]] MetalCall call_metal(const MetalEvidence& evidence);

enum class ValenceStatus {
  ok,
  outside,       ///< beyond the calibrated compounds by more than 2σ
  metal,         ///< O K is missing: valence 0, not interpolated
  undecided,     ///< metal and oxide cannot be told apart
  not_measured,  ///< no ratio or position
};

[[nodiscard]] std::string_view name(ValenceStatus status) noexcept;

struct Valence {
  ValenceStatus status = ValenceStatus::not_measured;
  Estimate value;            ///< counting σ; {0, 0} for a metal, and when there is none
  double calibration = 0.0;  ///< σ from the standards, common to all items
};

/// Piecewise linear inverse of the curve; beyond its ends by up to 2σ the last piece is continued.
[[nodiscard]] Valence valence_of(const ValenceCurve& curve, const Estimate& measured, MetalCall metal);

}  // namespace hotstage::eels
