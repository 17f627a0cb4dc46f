// SPDX-License-Identifier: GPL-3.0-or-later
// Atomic ratios from a dual EELS measurement, with counting and cross-section uncertainty apart.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/standard.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotstage::eels {

struct QuantifyOptions {
  std::vector<std::string> edges;
  std::string reference;
  Energy signal_start = -5.0 * units::eV;
  Energy signal_width = 50.0 * units::eV;
  std::vector<double> k;
  StandardOptions standard;
  Strength strength = Strength::photo_absorption;
  Interaction interaction = Interaction::full;
  ChainOptions chain;

  template <class V>
  void fields(V& v) {
    v("edges", edges, {.help = R"(edges to measure, for example ["Ti L3", "O K"])", .required = true});
    v("reference", reference,
      {.help = "edge whose element is the denominator of the ratios; the last edge when empty"});
    v("signal_start", signal_start, {.help = "start of the signal windows, from the onset", .unit = "eV"});
    v("signal_width", signal_width, {.help = "width of the signal windows", .unit = "eV", .min = 1.0});
    v("k", k,
      {.help = "k factors from a standard, one per edge (atoms are proportional to k times intensity); cross-sections "
               "are not used then"});
    v("standard", standard,
      {.help = "items of known composition in this measurement give the k factors; cross-sections and angles are not "
               "used then. A pristine part, never the aged lamella"});
    v("strength", strength,
      {.help = "absolute scale of the cross-sections: photo-absorption (NIST FFAST) or the model alone"});
    v("interaction", interaction,
      {.help = "cross-sections with the transverse relativistic term (full), or as SIGMAK3/SIGMAL3 (longitudinal)"});
    chain.fields(v);
  }
};

/// One edge over all items.
struct EdgeResult {
  PlacedEdge placed;
  Window signal;                              ///< on the aligned axis, as far as the channels cover it
  std::optional<CrossSection> cross_section;  ///< none with k factors
  Estimate k;                                 ///< k factor; {0, 0}: none. From a standard: relative to the reference
  double relative_uncertainty = 0.0;          ///< of the cross-section; 0 with a k factor
  Estimate total;                             ///< intensity summed over the items used, counts
  // one entry per item
  std::vector<float> intensity;  ///< counts in the signal window
  std::vector<float> sigma;      ///< counting
  std::vector<float> exponent;   ///< r of the background
  std::vector<float> chi2_per_dof;
  std::vector<BackgroundStatus> background_status;
  std::vector<float> sum_rule;  ///< of the deconvolution; 0 when not done
};

/// Atoms of one element per atom of the reference element.
struct RatioResult {
  std::string name;           ///< "Ti/O"
  std::size_t numerator = 0;  ///< index into QuantifyResult::edges
  std::size_t denominator = 0;
  std::size_t used = 0;            ///< items in the numbers below
  Estimate mean;                   ///< of the items, with the standard error of the mean (counting σ for one item)
  double scatter = 0.0;            ///< standard deviation between items; 0 for one item
  double propagated = 0.0;         ///< root mean square counting σ of one item
  Estimate of_sums;                ///< from summed intensities, with counting σ
  double model_uncertainty = 0.0;  ///< relative, of the cross-sections or the k factor; apart from every σ above
  std::vector<double> value;       ///< per item; 0 where status is not ok
  std::vector<double> sigma;       ///< per item, counting
};

struct QuantifyResult {
  std::vector<EdgeResult> edges;  ///< in the order asked for
  std::vector<RatioResult> ratios;
  std::vector<ItemStatus> status;  ///< per item
  std::vector<double> shift_eV;    ///< per item, added to the file's axis
  std::vector<float> thickness;    ///< per item, t/λ; 0 without low loss
  std::vector<float> thickness_sigma;
  std::vector<ZeroLossSummary> zero_loss;  ///< per low-loss item; empty without low loss
  std::size_t used = 0;
  std::size_t standard_items = 0;  ///< of `used`; not in the means of ratios when others are left
  bool deconvolved = false;
  bool shared_low_loss = false;  ///< its error is common to all items and not averaged down in means and sums
  std::optional<Illumination> illumination;  ///< none with k factors
  MeanSpectra means;                         ///< signal and background per edge in the order of `edges`
  std::vector<Warning> warnings;
  std::vector<std::string> assumed;
};

/// The whole pass: offsets → background → deconvolution → window integrals → ratios (README.md).
///
/// σ holds the counting noise of the low loss too (low_loss_noise).
/// Throws Error{bad_input} for unknown edges, missing angles and windows off the axis, Error{unsupported} for edges
/// without a cross-section and without k. Items that cannot be measured carry a status; with none left `used` is 0 and
/// ratios are {0, 0}.
[[nodiscard]] QuantifyResult quantify(const ChainInput& input, const QuantifyOptions& options, Run& run);
[[nodiscard]] QuantifyResult quantify(const signal::Signal& core, const signal::Signal* low,
                                      const QuantifyOptions& options, Run& run);

}  // namespace hotstage::eels
