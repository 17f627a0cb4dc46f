// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/damage.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/contrast.hpp"
#include "hotstage/eels/detail/item_list.hpp"
#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/eels/white_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace hotstage::eels {
namespace {

/// One quantity of all spectra, before and after together; nothing where it was not measured.
using Values = std::vector<std::optional<Estimate>>;

struct Quantity {
  std::string id;
  std::string label;
  std::string unit;
  bool relative = true;
};

std::vector<Estimate> measured(const Values& values, std::size_t first, std::size_t last) {
  std::vector<Estimate> out;
  for (std::size_t i = first; i < last; ++i) {
    if (values[i]) {
      out.push_back(*values[i]);
    }
  }
  return out;
}

/// Means, and the mean of differences of the same places.
DamageMeasure compared(const Quantity& quantity, const Values& values, std::size_t n_before,
                       const DamageOptions& options, double exposed) {
  DamageMeasure out{.id = quantity.id, .label = quantity.label, .unit = quantity.unit, .relative = quantity.relative};
  const std::vector<Estimate> before = measured(values, 0, n_before);
  const std::vector<Estimate> after = measured(values, n_before, values.size());
  out.n_before = before.size();
  out.n_after = after.size();
  if (before.empty() || after.empty()) {
    out.reason = fmt::format("measured in {} spectra before and {} after", before.size(), after.size());
    return out;
  }
  out.before = region_mean(before);
  out.after = region_mean(after);
  std::optional<Estimate> difference;
  if (options.same_places) {
    std::vector<Estimate> differences;
    for (std::size_t i = 0; i < n_before; ++i) {
      if (values[i] && values[n_before + i]) {
        differences.push_back({values[n_before + i]->value - values[i]->value,
                               std::hypot(values[n_before + i]->sigma, values[i]->sigma)});
      }
    }
    if (!differences.empty()) {
      difference = region_mean(differences);
    }
  }
  judge(out, options.limit, exposed, difference);
  return out;
}

/// What cannot be measured at all gives its reason instead of ending the comparison.
void attempt(const std::vector<Quantity>& quantities, const std::function<std::vector<Values>()>& work,
             std::size_t n_before, const DamageOptions& options, DamageResult& out) {
  std::vector<Values> values;
  std::string reason;
  try {
    values = work();
  } catch (const Error& error) {
    const bool of_data =
        error.code() == Errc::bad_input || error.code() == Errc::refused || error.code() == Errc::unsupported;
    if (!of_data) {
      throw;
    }
    reason = error.message();
  }
  for (std::size_t q = 0; q < quantities.size(); ++q) {
    if (values.empty()) {
      out.measures.push_back({.id = quantities[q].id,
                              .label = quantities[q].label,
                              .unit = quantities[q].unit,
                              .relative = quantities[q].relative,
                              .reason = reason});
    } else {
      out.measures.push_back(compared(quantities[q], values[q], n_before, options, out.exposed_per_A2));
    }
  }
}

void keep(const std::vector<Warning>& warnings, DamageResult& out) {
  for (const Warning& warning : warnings) {
    const bool known = std::ranges::any_of(out.warnings, [&](const Warning& w) { return w.text == warning.text; });
    if (!known) {
      out.warnings.push_back(warning);
    }
  }
}

std::vector<Values> pre_peak(const ChainInput& input, const DamageOptions& options, DamageResult& out, Run& run) {
  PrePeakOptions peak;
  peak.edge = options.oxygen;
  peak.low = options.peak_low;
  peak.high = options.peak_high;
  peak.main_low = options.main_low;
  peak.main_high = options.main_high;
  peak.post_low = options.post_low;
  peak.post_high = options.post_high;
  peak.fit = false;
  peak.chain = options.chain;
  if (peak.chain.placement == Placement::observed) {
    peak.chain.placement = Placement::tabulated;  // the onset itself moves with the pre-peak
  }
  const PrePeakResult result = measure_pre_peaks(input, peak, run);
  keep(result.warnings, out);
  std::vector<Values> values(1);
  for (const PrePeak& item : result.items) {
    const bool valid = item.status == PrePeakStatus::ok || item.status == PrePeakStatus::below_noise;
    values[0].push_back(valid && item.to_post.sigma > 0.0 ? std::optional(item.to_post) : std::nullopt);
  }
  return values;
}

std::vector<Values> amount(const ChainInput& input, const DamageOptions& options, DamageResult& out, Run& run) {
  QuantifyOptions quantify_options;
  quantify_options.edges = {options.oxygen, options.metal};
  quantify_options.reference = options.metal;
  quantify_options.k = {1.0, 1.0};  // only the change of the ratio is used
  quantify_options.chain = options.chain;
  const QuantifyResult result = quantify(input, quantify_options, run);
  keep(result.warnings, out);
  std::vector<Values> values(1);
  for (std::size_t i = 0; i < result.status.size(); ++i) {
    const bool valid = result.status[i] == ItemStatus::ok;
    values[0].push_back(valid ? std::optional(Estimate{result.ratios[0].value[i], result.ratios[0].sigma[i]})
                              : std::nullopt);
  }
  return values;
}

std::vector<Values> lines(const ChainInput& input, const DamageOptions& options, DamageResult& out, Run& run) {
  WhiteLineOptions line_options;
  line_options.edge = options.metal;
  line_options.oxygen = false;
  line_options.chain = options.chain;
  const WhiteLineResult result = measure_white_lines(input, line_options, run);
  keep(result.warnings, out);
  std::vector<Values> values(2);
  for (const WhiteLines& item : result.items) {
    const Estimate& position = item.l3_eV[static_cast<std::size_t>(LinePositionMethod::fit)];
    values[0].push_back(item.status == WhiteLineStatus::ok ? std::optional(item.ratio) : std::nullopt);
    values[1].push_back(position.sigma > 0.0 ? std::optional(position) : std::nullopt);
  }
  if (measured(values[0], 0, values[0].size()).empty() && !result.items.empty()) {
    throw Error(Errc::refused, fmt::format("no spectrum gives L3/L2: {}", name(result.items.front().status)));
  }
  return values;
}

std::vector<Values> thickness(const signal::Signal& low, const DamageOptions& options) {
  const EnergyAxis axis = energy_axis_of(low);
  std::vector<Values> values(1);
  Buffer<float, 2> counts({1, axis.size});
  for (std::size_t i = 0; i < low.items(); ++i) {
    signal::read(low, {i, 1, 0, axis.size}, counts.view());
    const ZeroLoss peak = find_zero_loss(counts.row(0), axis, options.chain.zero_loss);
    values[0].push_back(peak.found() ? std::optional(peak.thickness) : std::nullopt);
  }
  return values;
}

void check(const DamageInput& input, const DamageOptions& options) {
  const EnergyAxis before = energy_axis_of(input.before);
  const EnergyAxis after = energy_axis_of(input.after);
  constexpr double same = 1e-6;
  if (before.size != after.size || std::abs(before.step_eV - after.step_eV) > same * before.step_eV) {
    throw Error(Errc::bad_input, Location{.file = input.after.file},
                fmt::format("the axes differ: {} channels of {:g} eV before, {} of {:g} eV after", before.size,
                            before.step_eV, after.size, after.step_eV),
                "Record both with one setting, or cut them to the same channels");
  }
  if ((input.before_low == nullptr) != (input.after_low == nullptr)) {
    throw Error(Errc::bad_input, "a low loss was given for one of the two measurements only",
                "Give both or none: plural scattering must be treated alike");
  }
  if (options.same_places && input.before.items() != input.after.items()) {
    throw Error(Errc::bad_input,
                fmt::format("same_places: {} spectra before, {} after", input.before.items(), input.after.items()),
                "Both scans must have the same pixels");
  }
}

void find_dose(const DamageInput& input, const DamageOptions& options, DamageResult& out) {
  try {
    out.dose = electron_dose(input.scan != nullptr ? *input.scan : input.before, options.dose);
    const double second =
        input.scan != nullptr ? out.dose->electrons_per_A2 : electron_dose(input.after, options.dose).electrons_per_A2;
    out.exposed_per_A2 = 0.5 * input.exposures * (out.dose->electrons_per_A2 + second) + options.dose_between;
  } catch (const Error& error) {
    if (options.dose.any() || error.code() != Errc::refused) {
      throw;
    }
    out.dose_missing = error.message();
    out.exposed_per_A2 = options.dose_between;
  }
}

}  // namespace

std::string_view name(DamageVerdict verdict) noexcept {
  switch (verdict) {
    case DamageVerdict::changed:
      return "changed";
    case DamageVerdict::unchanged:
      return "unchanged";
    case DamageVerdict::no_power:
      return "no power";
    case DamageVerdict::not_measured:
      break;
  }
  return "not measured";
}

void judge(DamageMeasure& measure, double limit, double exposed_per_A2, const std::optional<Estimate>& difference) {
  Estimate change = difference.value_or(
      Estimate{measure.after.value - measure.before.value, std::hypot(measure.after.sigma, measure.before.sigma)});
  constexpr double stands_out = 3.0;
  if (measure.relative) {
    if (measure.before.value < stands_out * measure.before.sigma) {
      measure.reason = fmt::format("before, it is {} and within {:g} σ of zero: there is nothing that could be lost",
                                   text(measure.before), stands_out);
      return;
    }
    // after/before − 1; of paired differences the error of the denominator is of second order.
    const double b = measure.before.value;
    const double share = measure.after.value / b;
    change.sigma = difference ? change.sigma / b : std::hypot(measure.after.sigma, share * measure.before.sigma) / b;
    change.value /= b;
  }
  measure.change = change;
  if (change.sigma <= 0.0) {
    measure.reason = "no uncertainty is known";
    return;
  }
  measure.significance = change.value / change.sigma;
  measure.detectable = limit * change.sigma;
  measure.upper_limit = std::abs(change.value) + limit * change.sigma;
  constexpr double dose_unit = 1e4;
  if (exposed_per_A2 > 0.0) {
    const double per = dose_unit / exposed_per_A2;
    measure.per_dose = Estimate{change.value * per, change.sigma * per};
  }
  const bool blind = measure.relative && measure.detectable >= 1.0;  // even its complete loss would not be seen
  measure.verdict = std::abs(measure.significance) >= limit ? DamageVerdict::changed
                    : blind                                 ? DamageVerdict::no_power
                                                            : DamageVerdict::unchanged;
}

signal::Signal some_items(const signal::Signal& signal, std::size_t first, std::size_t count) {
  HOTSTAGE_EXPECTS(first + count <= signal.items());
  return detail::item_list({{signal, first, count}});
}

DamageResult compare_damage(const DamageInput& input, const DamageOptions& options, Run& run) {
  check(input, options);
  DamageResult out;
  find_dose(input, options, out);
  const std::size_t n = input.before.items();
  const signal::Signal core = detail::item_list({{input.before, 0, n}, {input.after, 0, input.after.items()}});
  std::optional<signal::Signal> low;
  if (input.before_low != nullptr) {
    low = detail::item_list({{*input.before_low, 0, n},
                             {*input.after_low, 0, input.after.items()}});  // one low loss serves all of its side
  }
  const ChainInput chain{.core = core, .low = low ? &*low : nullptr};
  attempt(
      {{"pre_peak", "O K pre-peak / post-edge", ""}}, [&] { return pre_peak(chain, options, out, run); }, n, options,
      out);
  if (!options.metal.empty()) {
    attempt(
        {{"oxygen_per_metal", options.oxygen + " / " + options.metal + " intensity", ""}},
        [&] { return amount(chain, options, out, run); }, n, options, out);
    attempt(
        {{"l3_l2", options.metal + " L3/L2", ""}, {"l3_position", "L3 position", "eV", false}},
        [&] { return lines(chain, options, out, run); }, n, options, out);
  }
  if (low) {
    attempt(
        {{"thickness", "t/λ", "", false}}, [&] { return std::vector<Values>{thickness(*low, options)}; }, n, options,
        out);
    if (input.before_low->items() == 1 && n > 1) {
      out.warnings.push_back(
          {"one_low_loss", "one low loss serves all spectra of a side: its noise is in all of them"});
    }
  } else {
    out.warnings.push_back(
        {"axis_not_anchored", "no low loss: a shift of L3 may be a drift of the spectrometer, and L3/L2 is refused"});
  }
  const auto judged = std::ranges::count_if(out.measures, [](const DamageMeasure& m) {
    return m.verdict == DamageVerdict::changed || m.verdict == DamageVerdict::unchanged;
  });
  out.expected_by_chance = static_cast<double>(judged) * std::erfc(options.limit / std::sqrt(2.0));
  return out;
}

}  // namespace hotstage::eels
