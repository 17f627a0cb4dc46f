// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/study/detail/eels_pages.hpp"
#include "hotstage/study/detail/eels_scan_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

void add(StepOutput& out, Result result) {
  out.results.push_back(std::move(result));
}

void add_void_results(const eels::ProductReading& r, StepOutput& out) {
  const std::string own =
      "amounts behind the fine structure, Fourier-ratio, calibrated on the scan's own LiCoO2; counting and model";
  if (r.co_per_o.sigma > 0.0) {
    add(out, {.id = "co_o_atoms",
              .value = r.co_per_o.value,
              .sigma = r.co_per_o.sigma,
              .method = own,
              .label = "Co/O in the void, atoms",
              .headline = true});
  }
  if (r.cobalt_fraction.sigma > 0.0) {
    add(out, {.id = "co_fraction",
              .value = r.cobalt_fraction.value,
              .sigma = r.cobalt_fraction.sigma,
              .method = own,
              .label = "Co/(Co+O) in the void"});
  }
  if (r.raw_ratio.sigma > 0.0) {
    add(out, {.id = "co_o_raw",
              .value = r.raw_ratio.value,
              .sigma = r.raw_ratio.sigma,
              .method = "background-free intensities of 50 eV, plural scattering left in; counting only",
              .label = "Co/O in the void, raw intensities"});
  }
  add(out, {.id = "metal_fraction",
            .value = r.balance.metal_fraction.value,
            .sigma = r.balance.metal_fraction.sigma,
            .method = "mass balance: all excess Co taken as metal over LiCoO2",
            .label = "Metal, share of the volume in the beam",
            .headline = true});
  if (r.balance.oxide_fraction.sigma > 0.0) {
    add(out, {.id = "oxide_fraction",
              .value = r.balance.oxide_fraction.value,
              .sigma = r.balance.oxide_fraction.sigma,
              .method = "mass balance: all excess Co taken as CoO over LiCoO2",
              .label = "CoO instead, share of the volume"});
  } else {
    out.checks.push_back({"CoO alone", CheckStatus::ok, "impossible", "", "The void holds more Co per O than CoO can"});
  }
  const auto best = static_cast<std::size_t>(r.call.best);
  add(out, {.id = "call_probability",
            .value = r.call.probability[best],
            .method = "Bayes over none, metal, CoO, mixture, unidentified from O, Co, pre-peak and t/lambda",
            .label = fmt::format("Probability of \"{}\"", eels::name(r.call.best)),
            .headline = true});
}

void add_wall_results(const eels::ProductReading& r, StepOutput& out) {
  if (r.pre_peak_contrast.sigma > 0.0) {
    add(out, {.id = "prepeak_contrast",
              .value = r.pre_peak_contrast.value / r.pre_peak_contrast.sigma,
              .method = "O signal in the pre-peak window per O, reference minus walls of the void, over its counting σ",
              .label = "Weaker pre-peak at the walls, in σ"});
    add(out,
        {.id = "prepeak_drop",
         .value = r.pre_peak_contrast.value,
         .sigma = r.pre_peak_contrast.sigma,
         .method = "O signal in the pre-peak window per O, reference minus walls, over the reference; counting only",
         .label = "Drop of the pre-peak at the walls"});
  }
  const eels::ValenceDifference& v = r.valence;
  if (v.least_significance > 0.0) {
    add(out, {.id = "c12_significance",
              .value = v.same_sign ? v.least_significance : 0.0,
              .method = v.same_sign ? "smallest |difference|/σ of L3 centroid, L3/L2 and L3 shape, void minus walls"
                                    : "L3 centroid, L3/L2 and L3 shape do not agree in sign: 0",
              .label = "Co L differs between void and walls, in σ"});
    add(out, {.id = "l3_shift",
              .value = v.l3_centroid.value,
              .sigma = v.l3_centroid.sigma,
              .unit = "eV",
              .method = "centroid above the double step, void minus walls; counting only",
              .label = "L3 centroid, void minus walls"});
  }
}

std::string probabilities(const eels::ProductCall& call) {
  std::string out;
  for (std::size_t k = 0; k < eels::product_count; ++k) {
    out +=
        fmt::format("{}{} {:.2f}", k == 0 ? "" : ", ", eels::name(static_cast<eels::Product>(k)), call.probability[k]);
  }
  return out;
}

}  // namespace

void add_product_results(const eels::ProductReading& reading, StepOutput& out) {
  if (reading.status == eels::ReadingStatus::ok && !reading.core.empty()) {
    add_void_results(reading, out);
    add_wall_results(reading, out);
  }
  if (reading.pre_peak_eV.sigma > 0.0) {
    add(out, {.id = "prepeak_position",
              .value = reading.pre_peak_eV.value,
              .sigma = reading.pre_peak_eV.sigma,
              .unit = "eV",
              .method = "Gaussian beside the main edge in the reference; axis anchored on Co L3 of LiCoO2",
              .label = "O K pre-peak",
              .headline = true});
  }
}

void add_product_checks(const eels::ProductReading& r, StepOutput& out) {
  const bool read = r.status == eels::ReadingStatus::ok;
  out.checks.push_back({"Reading", read ? CheckStatus::ok : CheckStatus::failed, std::string(eels::name(r.status)),
                        "ok", "Without an undamaged stretch, or on thick and noisy scans, no number is given"});
  if (!read) {
    return;
  }
  constexpr double lowest = 0.4;
  constexpr double highest = 1.2;
  const bool likely = r.calibration.value > lowest && r.calibration.value < highest;
  out.checks.push_back(
      {"Reference", likely ? CheckStatus::ok : CheckStatus::attention,
       fmt::format("{} positions, k {} of the hydrogenic one", r.reference.size(), text(r.calibration)), "0.4 … 1.2",
       "The stretch with most pre-peak and least Co per O is taken as LiCoO2. Models of the Co continuum "
       "differ by 1.7: this cannot tell LiCoO2 from Co3O4, and a scan without LiCoO2 reads too little Co"});
  if (r.core.empty()) {
    out.checks.push_back({"Void", CheckStatus::attention, "none found", "a stretch that differs by 8 % and 4σ", ""});
    return;
  }
  const auto best = static_cast<std::size_t>(r.call.best);
  out.checks.push_back({"Product in the void",
                        r.call.probability[best] > 0.9 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} ({})", eels::name(r.call.best), probabilities(r.call)), "one above 0.9",
                        "Unidentified scatters without O K and Co L: Pt, Ga or C can only be told by EDS, and nothing "
                        "bright is called Co without its edge"});
}

void add_bright_phase(const StepInputs& inputs, const eels::ProductReading& r, StepOutput& out) {
  if (r.status != eels::ReadingStatus::ok || r.core.empty()) {
    return;
  }
  std::vector<eels::ElementCheck> checks = r.suspects;
  const auto eds = inputs.records.find("eds");
  if (eds != inputs.records.end()) {
    if (eds->second.find("elements") == nullptr) {
      throw Error(Errc::bad_input, "the EDS record holds no \"elements\"",
                  R"(It should read {"elements": {"Pt": {"value": 0.1, "sigma": 0.2}, …}})");
    }
    const Value& elements = eds->second.at("elements");
    constexpr double significant = 3.0;
    for (eels::ElementCheck& check : checks) {
      if (const Value* found = elements.find(check.element); found != nullptr && !check.found) {
        const double sigma = found->at("sigma").as_number();
        const double ratio = sigma > 0.0 ? found->at("value").as_number() / sigma : 0.0;
        check.looked = check.looked || sigma > 0.0;
        check.found = ratio > significant;
        check.how = fmt::format("EDS, {:.1f} σ", ratio);
      }
    }
  }
  const eels::BrightPhase phase = eels::name_bright_phase(r.call.best, checks);
  std::string text;
  for (const eels::ElementCheck& check : checks) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", check.element, check.how);
  }
  out.records["record"]["bright_phase"] = phase.name;
  out.checks.push_back({"Bright phase", phase.reason.empty() ? CheckStatus::ok : CheckStatus::attention, phase.name,
                        "Pt, Ga and C looked for and absent",
                        phase.reason.empty() ? text : fmt::format("{} ({})", phase.reason, text)});
}

void add_product_figures(const StepInputs& inputs, const eels::ProductReading& r, StepOutput& out) {
  std::vector<ItemQuantity> quantities(5);
  const std::array names{"Co/(Co+O)", "O over the reference", "Co over the reference", "Pre-peak over the reference",
                         "t/λ"};
  for (std::size_t k = 0; k < names.size(); ++k) {
    quantities[k].name = names[k];
  }
  for (std::size_t i = 0; i < r.positions.size(); ++i) {
    const eels::PositionReading& p = r.positions[i];
    const std::array values{p.cobalt_fraction, p.amounts.oxygen, p.amounts.cobalt, p.amounts.pre_peak,
                            r.profile.positions[i].thickness};
    for (std::size_t k = 0; k < values.size(); ++k) {
      quantities[k].value.push_back(values[k].value);
      quantities[k].sigma.push_back(values[k].sigma);
      quantities[k].valid.push_back(p.usable && values[k].sigma > 0.0 ? 1 : 0);
    }
  }
  const std::vector<eels::Window> windows{r.profile.oxygen_window, r.profile.cobalt_window};
  add_page({.inputs = inputs,
            .means = r.profile.means,
            .edges = r.profile.edges,
            .windows = windows,
            .quantities = quantities,
            .zero_loss = eels::summaries_of(r.profile.zero_loss),
            .warnings = r.warnings,
            .assumed = r.profile.assumed,
            .deconvolved = true},
           out);
}

}  // namespace hotstage::study::detail
