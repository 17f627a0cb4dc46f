// SPDX-License-Identifier: GPL-3.0-or-later
// Atomic ratios from a model of the whole core-loss spectrum, one convex fit per item; plural scattering stays in.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/k_factor.hpp"
#include "hotstage/eels/quantify.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// The smooth part of the model.
enum class ModelBackground {
  exponents,  ///< fixed power laws with non-negative amplitudes
  power_law,  ///< one power law: the exponent found in front of the first edge, amplitude and a change of it (first
              ///< order) free
};

constexpr auto enum_names(ModelBackground) {
  return std::array{EnumName<ModelBackground>{ModelBackground::exponents, "exponents"},
                    EnumName<ModelBackground>{ModelBackground::power_law, "power_law"}};
}

/// What stands for near-edge structure.
enum class FineStructure {
  free,       ///< a piecewise linear curve is added to the cross-section; it is zero at both ends of its window
  conserved,  ///< the same, but its area is zero: strength is moved within the window, not added
  none,       ///< the cross-section from the onset on
};

constexpr auto enum_names(FineStructure) {
  return std::array{EnumName<FineStructure>{FineStructure::free, "free"},
                    EnumName<FineStructure>{FineStructure::conserved, "conserved"},
                    EnumName<FineStructure>{FineStructure::none, "none"}};
}

struct ModelFitOptions {
  std::vector<std::string> edges;
  std::string reference;
  Energy fit_start = -55.0 * units::eV;
  Energy fit_end = 200.0 * units::eV;
  ModelBackground model_background = ModelBackground::power_law;
  std::vector<double> exponents{2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0};
  FineStructure fine_structure = FineStructure::free;
  Energy fine_start = -5.0 * units::eV;
  Energy fine_end = 50.0 * units::eV;
  Energy fine_step = 2.0 * units::eV;
  Strength strength = Strength::photo_absorption;
  Interaction interaction = Interaction::full;
  StandardOptions standard;
  ChainOptions chain;

  template <class V>
  void fields(V& v) {
    v("edges", edges, {.help = R"(edges to measure, for example ["Ti L3", "O K"])", .required = true});
    v("reference", reference,
      {.help = "edge whose element is the denominator of the ratios; the last edge when empty"});
    v("fit_start", fit_start, {.help = "start of the fit, from the first onset", .unit = "eV", .max = -10.0});
    v("fit_end", fit_end, {.help = "end of the fit, from the last onset", .unit = "eV", .min = 20.0});
    v("model_background", model_background,
      {.help = "power_law: one, amplitude and exponent (to first order about the one in front of the first edge) free; "
               "exponents: fixed power laws, amplitudes not negative"});
    v("exponents", exponents, {.help = "exponents of the fixed power laws, ascending", .min = 0.0, .max = 20.0});
    v("fine_structure", fine_structure,
      {.help =
           "near-edge structure on top of the cross-section: a piecewise linear curve that is free, one of zero area "
           "(strength is conserved), or none"});
    v("fine_start", fine_start, {.help = "start of the fine structure, from the onset", .unit = "eV", .max = 0.0});
    v("fine_end", fine_end,
      {.help = "where the fine structure has run into the cross-section, from the onset", .unit = "eV", .min = 5.0});
    v("fine_step", fine_step, {.help = "distance of the knots of the fine structure", .unit = "eV", .min = 0.5});
    v("strength", strength,
      {.help = "absolute scale of the cross-sections: photo-absorption (NIST FFAST) or the hydrogenic model alone"});
    v("interaction", interaction,
      {.help = "cross-sections with the transverse relativistic term (full), or as SIGMAK3/SIGMAL3 (longitudinal)"});
    v("standard", standard, {.help = "items of known composition that calibrate the ratios (k factors)"});
    chain.fields(v);
  }
};

/// Why an item has no result.
enum class ModelStatus {
  ok,
  no_zero_loss,      ///< its low loss has no usable zero-loss peak
  too_thick,         ///< t/λ above `deconvolution.max_thickness`
  too_few_counts,    ///< less than one count per channel on average
  no_background,     ///< no power law fits the counts in front of the first edge
  did_not_converge,  ///< the data do not determine the parameters
  no_signal,         ///< the reference edge is below 3 σ
};

[[nodiscard]] std::string_view name(ModelStatus status) noexcept;

/// One edge over all items.
struct ModelEdgeResult {
  PlacedEdge placed;
  std::optional<Window> fine;         ///< on the aligned axis; none when its shape is not free
  double relative_uncertainty = 0.0;  ///< of the cross-section; 0 with a k factor
  Estimate k{1.0, 0.0};               ///< factor on the ratio to the reference, from the standard; {1, 0} without
  std::vector<double> amplitude;      ///< per item: counts per barn of cross-section, ∝ atoms; 0 without a result
  std::vector<double> sigma;          ///< per item, counting
};

/// Means over the items used, on the common axis (interpolated; for figures, never for numbers).
struct ModelMeans {
  EnergyAxis axis;
  std::vector<double> core;                        ///< counts
  std::vector<double> fit;                         ///< model, counts; 0 outside the range
  std::vector<double> background;                  ///< counts
  std::vector<std::vector<double>> edges;          ///< per edge, plural scattering in, counts
  std::vector<double> residual;                    ///< core − fit inside the range
  std::vector<double> residual_sigma;              ///< expected from counting
  std::vector<std::vector<double>> single;         ///< per edge: single scattering as fitted, barn/eV per atom
  std::vector<std::vector<double>> cross_section;  ///< per edge: that of a free atom, barn/eV
};

struct ModelFitResult {
  std::vector<ModelEdgeResult> edges;  ///< in the order asked for
  std::vector<RatioResult> ratios;
  std::vector<ModelStatus> status;   ///< per item
  std::vector<double> chi2_per_dof;  ///< per item, against Poisson counts times the noise factor
  std::vector<double> thickness;     ///< per item, t/λ; 0 without low loss
  std::vector<double> thickness_sigma;
  std::vector<ZeroLoss> zero_loss;  ///< per low-loss item
  std::size_t used = 0;
  Window range;                ///< of the fit
  std::size_t parameters = 0;  ///< per item
  bool convolved = false;      ///< a low loss was in the model
  bool relative = false;       ///< no collection angle and no standard: ratios are relative to the mean of all items
  std::optional<Illumination> illumination;
  ModelMeans means;
  MeanSpectra spectra;  ///< core and low loss of all items
  std::vector<Warning> warnings;
  std::vector<std::string> assumed;
};

/// Counts = Σ b_r E^−r + Σ_k a_k (σ_k + fine structure_k) ⊗ J/It per item, by Poisson quasi-likelihood: linear in all
/// parameters, so there is one minimum and no start value (Verbeeck & Van Aert 2004,
/// doi:10.1016/j.ultramic.2004.06.004, with free and bounded parameters as in README.md). σ are Cramér–Rao bounds of
/// the parameters in use times the noise factor of the chain. a_k is not bounded, so that noise averages to zero where
/// an element is absent.
///
/// Throws Error{bad_input} for unknown edges and a standard that does not fit, Error{unsupported} for edges without a
/// cross-section, Error{refused} when the range holds too few channels. Without a collection angle and a standard only
/// ratios relative to the mean of all items are given.
[[nodiscard]] ModelFitResult fit_model(const ChainInput& input, const ModelFitOptions& options, Run& run);

}  // namespace hotstage::eels
