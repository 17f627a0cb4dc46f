// SPDX-License-Identifier: GPL-3.0-or-later
// Is a void a sphere, a hole with steep walls, or a sphere cut by the surface? Its profile of missing thickness says.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/segment.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::series {

enum class VoidModel { sphere, disc, truncated };
enum class VoidVerdict { refused, cannot_tell, sphere, disc, truncated };

[[nodiscard]] std::string_view name(VoidModel model);
[[nodiscard]] std::string_view name(VoidVerdict verdict);

/// One model fitted: missing share at distance d from the centre, blurred by a Gaussian.
struct VoidFit {
  Estimate radius_px;       ///< R; σ holds the blur's
  Estimate depth;           ///< s: missing share of the sharp model in the centre
  double covariance = 0.0;  ///< of R and s
  double cut = 1.0;         ///< truncated: centre below the surface in R; 1 is a whole sphere, 0 a half, below 0 a cap
  double left_over = 0.0;   ///< constant share that stays outside the void
  double blur_px = 0.0;
  double chi2 = 0.0;  ///< over the rings, scaled by `VoidShape::scatter`, with the penalty of the shared blur
  double bic = 0.0;
  std::vector<double> share;  ///< per ring
};

struct VoidShape {
  std::size_t spot = 0;  ///< index into the spots
  VoidVerdict verdict = VoidVerdict::refused;
  std::string why;                  ///< when refused, or no model describes the void
  std::vector<double> distance_px;  ///< mean of the pixels of each ring
  std::vector<double> share;        ///< missing, mean over the ring
  std::vector<double> sigma;        ///< from counting
  double scatter = 1.0;  ///< χ² of the best model per degree of freedom, at least 1: texture, other outlines
  double uneven = 0.0;   ///< rms of the share along rings beyond counting, over the depth: large when not round
  double misfit = 0.0;   ///< rms of the best model's residuals beyond counting, over the depth
  std::array<VoidFit, 3> fits{};  ///< sphere, disc, truncated
  double bic_gain = 0.0;          ///< BIC of the disc − BIC of the sphere: positive speaks for the sphere
  /// Foil in which a sphere of this R leaves this share missing: 2 R/s, px.
  std::optional<Estimate> foil_for_sphere_px;

  [[nodiscard]] const VoidFit& fit(VoidModel m) const { return fits[static_cast<std::size_t>(m)]; }
};

/// Tests round voids of one image. Cracks and spots of fewer than 3 px radius are refused with the reason.
///
/// Profile: means over rings of 1 px about the centre of the missing signal, against the plane of the ring outside.
/// Models: sphere s √(1 − d²/R²); disc s; truncated: what is left of a sphere below the surface; each with a constant
/// left over from the level, blurred by a Gaussian. Poisson weights from the expectation. The blur is one number for
/// all voids of the image: each void is judged with what the others know about it (alone: free for each model).
/// Verdict: the model with the lowest BIC when it is lower by more than 6 than sphere and disc, cannot_tell otherwise;
/// truncated must also be so with a blur of its own. σ are those of counting times √scatter. Needs missing share ∝
/// missing thickness. Throws Error{bad_input} when shapes differ.
[[nodiscard]] std::vector<VoidShape> test_void_shapes(const GrainImage& image, View<const std::int32_t, 2> labels,
                                                      std::span<const DarkSpot> spots);

/// How far the foil that a sphere needs lies from the foil that there is, in σ: positive, the void is flatter than a
/// sphere (or the foil thinner there); negative, it is longer along the beam. Both in the same unit.
[[nodiscard]] double foil_pull(const Estimate& foil_for_sphere, const Estimate& foil);

}  // namespace hotstage::series
