// SPDX-License-Identifier: GPL-3.0-or-later
// Columns of the linear model of a core-loss spectrum: power laws, cross-sections and fine structure ⊗ low loss.

#pragma once

#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/num/fft.hpp"

#include <Eigen/Core>

#include <complex>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::eels::detail {

/// An edge of the model on the common axis.
struct ModelEdge {
  double onset_eV = 0.0;
  std::function<double(double distance_eV)> density;  ///< single scattering per eV, by distance behind the onset; ≥ 0
  std::optional<Window> fine;                         ///< where the shape may differ from that
};

struct ModelLayout {
  EnergyAxis axis;                ///< common axis of the core loss
  std::optional<EnergyAxis> low;  ///< none: nothing is convolved
  Window range;                   ///< of the fit
  std::vector<double> exponents;  ///< of fixed power laws, ascending
  bool tangent = false;           ///< instead: one power law of an exponent given per item, and its derivative by r
  double hat_eV = 5.0;            ///< distance of the knots of fine structure
  bool conserved = false;         ///< differences of neighbouring hats instead of hats: fine structure of zero area
  std::vector<ModelEdge> edges;
};

/// Which columns belong to what, in this order: background, edges, fine structure of the first edge, of the second, …
struct ModelColumns {
  std::size_t background = 0;
  std::size_t edges = 0;
  std::vector<std::size_t> hats;  ///< per edge

  [[nodiscard]] std::size_t edge(std::size_t e) const { return background + e; }

  [[nodiscard]] std::size_t first_hat(std::size_t e) const;

  [[nodiscard]] std::size_t total() const { return first_hat(edges); }
};

/// Single scattering on a uniform grid, transformed once; per item one transform of its low loss and one back per edge,
/// and one for the hats: they are copies of each other, a whole number of channels apart. Thread-safe with one Scratch
/// per thread.
class SpectrumModel {
 public:
  struct Scratch {
    std::vector<float> real;
    std::vector<std::complex<float>> low;
    std::vector<std::complex<float>> product;
    Eigen::MatrixXd X;  ///< channels of the range × columns
    Eigen::VectorXd next;
    std::vector<std::size_t> first;  ///< per column: row before which it is zero
    ChannelRange range;              ///< channels of the item the rows stand for
  };

  explicit SpectrumModel(const ModelLayout& layout);

  [[nodiscard]] const ModelColumns& columns() const { return columns_; }

  /// Fills X, first and range for an item: its axis, and its low loss with the place of the zero-loss peak. `r` is the
  /// exponent of a tangent background.
  void fill(const RawItem& item, double r, Scratch& scratch) const;

  /// Single scattering of edge e per eV on the common axis for given amplitude and parameters of its fine structure.
  [[nodiscard]] std::vector<double> single_scattering(std::size_t e, double amplitude,
                                                      std::span<const double> fine) const;

 private:
  void sample(std::size_t e);
  void extend_low(std::span<float> values, std::size_t n, double zero_channel) const;
  void transform_low(const RawItem& item, Scratch& scratch) const;
  void convolved(const std::vector<std::complex<float>>& shape, Scratch& scratch) const;
  void background(const RawItem& item, double r, Scratch& scratch) const;

  ModelLayout layout_;
  ModelColumns columns_;
  EnergyAxis grid_;           // channels of the common axis, continued on both sides
  std::size_t left_ = 0;      // grid channels before the axis
  std::size_t low_used_ = 0;  // channels of the (continued) low loss that can reach the range
  double low_ratio_ = 1.0;    // step of the low loss over that of the core loss
  std::size_t hat_half_ = 1;  // channels between knots
  std::size_t hat_centre_ = 0;
  std::vector<std::size_t> hat_start_;  // grid channel of the first knot, per edge
  std::vector<std::vector<float>> shapes_;
  std::vector<float> hat_;
  std::optional<num::RealFft<float>> fft_;
  std::vector<std::vector<std::complex<float>>> shape_spectra_;
  std::vector<std::complex<float>> hat_spectrum_;
};

}  // namespace hotstage::eels::detail
