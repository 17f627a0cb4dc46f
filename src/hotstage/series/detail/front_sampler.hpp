// SPDX-License-Identifier: GPL-3.0-or-later
// Fronts drawn from their posterior: plane, radial, and handed on by a neighbour, given what every block saw.

#pragma once

#include "hotstage/series/detail/step_curves.hpp"
#include "hotstage/series/events_front.hpp"

#include <Eigen/Dense>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace hotstage::series::detail {

struct FrontPoint {
  double y = 0.0;
  double x = 0.0;
};

/// One block of a grain: where its pixels lie and what it saw.
struct FrontBlock {
  std::vector<FrontPoint> points;  ///< middles of the quadrants' own pixels
  FrontPoint middle;
  double side = 8.0;  ///< of the square of equal area, px
  StepCurve curve;
  std::optional<double> dated_s;  ///< onset of this block alone
};

/// A grain as the fits see it.
struct FrontField {
  std::vector<FrontBlock> blocks;
  double y = 0.0;  ///< middle of the blocks
  double x = 0.0;
  double extent_px = 1.0;  ///< √area
  double first_s = 0.0;    ///< of the series
  double duration_s = 1.0;
  double frame_s = 1.0;
};

/// Samples of one kind of front and what the data say for the kind.
struct FrontFamily {
  FrontShape shape = FrontShape::radial;
  int from = 0;          ///< neighbour that hands the front on
  bool growing = false;  ///< its speed may change
  bool held = false;     ///< of a plane: the first part of the grain starts at once
  FrontModel best;
  double log_evidence = -1e300;  ///< Laplace, from the covariance of the samples
  double misfit = 1.0;           ///< mean 2 (highest − log L) of the blocks that obey the best front
  std::vector<FrontModel> samples;
  std::array<double, 6> peak{};  ///< parameters of the best
};

class FrontSampler {
 public:
  /// `sources` of a relay: places of the boundary with the neighbour and when its front was there, ± `sigma_s`.
  FrontSampler(const FrontField& field, FrontShape shape, bool growing, int from = 0,
               std::shared_ptr<const std::vector<FrontSource>> sources = nullptr, double sigma_s = 0.0,
               bool held = false);

  /// Differential-evolution chains (ter Braak 2006, doi:10.1007/s11222-006-8769-1), cooled down from broad starts.
  [[nodiscard]] FrontFamily search(Rng& rng) const;
  /// Samples with all log L divided by `temper`: what the shape does not explain counts as noise.
  void sample(FrontFamily& family, double temper, Rng& rng) const;

  [[nodiscard]] FrontModel model_of(const std::array<double, 6>& p) const;

 private:
  [[nodiscard]] double log_prior(const std::array<double, 6>& p) const;
  /// `slack` makes blocks with a reason of their own rarer, so that a search feels those far off.
  [[nodiscard]] double log_likelihood(const std::array<double, 6>& p, double slack = 0.0) const;
  [[nodiscard]] double log_posterior(const std::array<double, 6>& p, double slack = 0.0) const;
  [[nodiscard]] std::array<double, 6> scale() const;
  double climb(std::array<double, 6>& from, double size, double slack) const;
  [[nodiscard]] Eigen::MatrixXd spread_at(const std::array<double, 6>& peak, double temper) const;
  [[nodiscard]] std::array<double, 6> start(Rng& rng) const;
  /// Log L of a block under a model, and with the chance that it changed for a reason of its own.
  [[nodiscard]] double seen(const FrontBlock& block, std::size_t index, const FrontModel& m, double width_s) const;

  const FrontField& field_;
  FrontShape shape_;
  bool growing_ = false;
  bool held_ = false;
  int from_ = 0;
  std::shared_ptr<const std::vector<FrontSource>> sources_;
  double sigma_s_ = 0.0;
  std::vector<std::size_t> free_;  ///< parameters that vary
  std::vector<float> distance_;    ///< blocks × sources
  std::vector<double> dated_;      ///< sorted onsets of the blocks
};

}  // namespace hotstage::series::detail
