// SPDX-License-Identifier: GPL-3.0-or-later
// From a heater log to its programme: change points, ramp rate, end temperature, pauses, each with its uncertainty.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/heater/heater_log.hpp"
#include "hotstage/kinetics/programme.hpp"

#include <optional>
#include <vector>

namespace hotstage::heater {

struct FitOptions {
  TemperatureDifference resolution =
      0.1 * units::K;                     ///< bends smaller than this (or than the noise) are not looked for
  Time shortest = 3.0 * units::s;         ///< shortest piece
  HeatingRate still = HeatingRate(0.02);  ///< slower pieces are pauses, also those that rise by less than 5 σ

  template <class V>
  void fields(V& v) {
    v("resolution", resolution, {.help = "bends smaller than this are not looked for", .unit = "K", .min = 1e-4});
    v("shortest", shortest, {.help = "shortest piece of the programme", .unit = "s", .min = 0.1});
    v("still", still, {.help = "slower pieces count as pauses", .unit = "K/s", .min = 1e-6});
  }
};

enum class PieceKind { ramp, hold };

/// A straight piece. Temperatures are those of the fitted line at its ends.
struct Piece {
  PieceKind kind = PieceKind::ramp;
  double begin_s = 0.0;  ///< on the log's clock
  double end_s = 0.0;
  Estimate begin_degC;
  Estimate end_degC;
  Estimate middle_degC;
  Estimate rate_K_per_s;
};

struct ProgrammeFit {
  kinetics::Programme programme;  ///< time 0 is the start of the ramp
  std::vector<Piece> pieces;
  double ramp_start_s = 0.0;  ///< on the log's clock: where time 0 of the programme lies
  double ramp_start_sigma_s = 0.0;
  Estimate ramp_rate_K_per_s;  ///< weighted mean over the rising pieces of the ramp
  Estimate end_degC;           ///< reached at the end of the ramp: the mean of the pause there, if there is one
  Estimate duration_s;         ///< from the start of the ramp to its end, pauses included
  double rate_misfit = 0.0;    ///< χ²/dof of the rising pieces against one common rate; 0 for one piece
  double residual_K = 0.0;     ///< standard deviation of log − fit
  double largest_residual_K = 0.0;
  double noise_K = 0.0;             ///< of a reading, from second differences
  std::vector<double> fitted_degC;  ///< at the times of the log

  /// Piece at a time of the log's clock; the first or last one beyond its ends.
  [[nodiscard]] const Piece& piece_at(double log_s) const;
};

/// Straight pieces by optimal partitioning (penalised least squares with pruning, doi:10.1080/01621459.2012.737745;
/// penalty 5 ln n), then one least-squares fit of a continuous broken line with free corners. Standard uncertainties
/// are scaled to the residuals and hold for the reading, not for the specimen.
///
/// Nothing when the log never rises by more than ten times the resolution. Throws Error{bad_input} below 10 rows.
[[nodiscard]] std::optional<ProgrammeFit> programme_of(const HeaterLog& log, const FitOptions& options = {});

}  // namespace hotstage::heater
