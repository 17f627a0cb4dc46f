// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/quantify.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/eels/detail/common_errors.hpp"
#include "hotstage/eels/detail/item_ratio.hpp"
#include "hotstage/eels/k_factor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace hotstage::eels {

namespace {

constexpr double significant = 3.0;  // σ the reference signal of an item must reach

struct Plan {
  std::vector<Edge> edges;
  std::size_t reference = 0;
  std::optional<Illumination> illumination;
  std::shared_ptr<const Gos> gos;  // nullptr: hydrogenic
  std::vector<char> standard;      // per item; empty: none
  std::vector<std::string> assumed;

  [[nodiscard]] bool has_standard() const { return !standard.empty(); }
};

Plan check(const ChainInput& input, const QuantifyOptions& options) {
  Plan out;
  if (options.edges.empty()) {
    throw Error(Errc::bad_input, "no edges to measure", R"(Pass edges = ["Ti L3", "O K"])");
  }
  std::vector<std::string> names;
  for (const std::string& name : options.edges) {
    out.edges.push_back(find_edge(name));
    names.push_back(out.edges.back().name());
    if (std::ranges::count(names, names.back()) > 1) {
      throw Error(Errc::bad_input, fmt::format("{} is asked for twice", names.back()));
    }
  }
  out.reference = out.edges.size() - 1;
  if (!options.reference.empty()) {
    const std::string wanted = find_edge(options.reference).name();
    const auto found = std::ranges::find(names, wanted);
    if (found == names.end()) {
      throw Error(Errc::bad_input, fmt::format("reference {} is not among the edges", wanted),
                  nearest_hint(wanted, names));
    }
    out.reference = static_cast<std::size_t>(found - names.begin());
  }
  check_standard(options.standard, names);
  if (options.standard.given()) {
    if (!options.k.empty()) {
      throw Error(Errc::bad_input, "both k factors and a standard are given",
                  "The standard makes the k factors: leave k out");
    }
    out.standard = items_of(options.standard.region, input.core);
    return out;
  }
  if (!options.k.empty()) {
    if (options.k.size() != out.edges.size() || std::ranges::any_of(options.k, [](double k) { return k <= 0.0; })) {
      throw Error(Errc::bad_input,
                  fmt::format("k needs one positive factor for each of the {} edges", out.edges.size()));
    }
    out.assumed.emplace_back("atomic ratios by the k factors given: valid for the same windows, angles and method");
    return out;
  }
  out.illumination = illumination_of(input.core, options.chain);
  out.gos = tables_of(options.chain.model, options.chain.gosh);
  for (const Edge& edge : out.edges) {
    if (!has_cross_section(edge, out.gos.get())) {
      throw Error(Errc::unsupported, fmt::format("no cross-section model for {}", edge.name()),
                  "Give k factors from a standard (k = [...]), or use another edge of the element");
    }
  }
  const auto origin = [](bool given) { return given ? "as an option" : "with the data"; };
  out.assumed.push_back(
      fmt::format("beam energy {:g} keV {}, convergence {:g} mrad {}, collection {:g} mrad {}",
                  out.illumination->beam.in(units::keV), origin(options.chain.beam_energy.has_value()),
                  out.illumination->convergence.in(units::mrad), origin(options.chain.convergence.has_value()),
                  out.illumination->collection.in(units::mrad), origin(options.chain.collection.has_value())));
  out.assumed.emplace_back(
      "atomic ratios by cross-sections of free atoms; amorphous or random orientation (no "
      "channelling), elastic scattering outside the aperture equal for all edges");
  return out;
}

struct Numbers {
  // σ of the window as covered, and its slope dσ/dE at the upper end: windows follow the channels of each item.
  double area = 1.0;
  double slope = 0.0;
  double end_eV = 0.0;

  [[nodiscard]] double at(double end) const { return area + slope * (end - end_eV); }
};

class Quantifier {
 public:
  Quantifier(const ChainInput& input, const QuantifyOptions& options, Run& run)
      : options_(options),
        plan_(check(input, options)),
        chain_(lean(input), plan_.edges, with_low_loss_noise(options.chain), run) {
    prepare(run);
  }

  QuantifyResult go(Run& run) {
    Pass pass = chain_.run([this](const ChainItem& item, std::span<double> sum) { measure(item, sum); }, common_.size(),
                           run, kept());
    out_.means = std::move(pass.means);
    take_common(std::move(pass.sum));
    ItemRecords records = chain_.release();
    out_.shift_eV = std::move(records.shift_eV);
    out_.zero_loss = std::move(records.zero_loss);
    finish(run);
    return std::move(out_);
  }

 private:
  static ChainInput lean(ChainInput input) {
    input.keep_zero_loss = false;
    return input;
  }

  static ChainOptions with_low_loss_noise(ChainOptions options) {
    if (options.low_loss_noise == LowLossNoise::automatic) {
      options.low_loss_noise = LowLossNoise::propagate;
    }
    return options;
  }

  void prepare(Run& run);
  void prepare_edge(std::size_t e, Run& run);
  void check_overlap(Run& run);
  void measure(const ChainItem& item, std::span<double> sum);
  void add_common(const ChainItem& item, std::span<const WindowSum> sums, std::span<double> sum);
  void take_common(std::vector<double> sums);
  [[nodiscard]] KeptRows kept();
  void finish(Run& run);
  void total(std::size_t e);
  [[nodiscard]] double scale(std::size_t e, double shift_eV) const;
  [[nodiscard]] detail::AmountPair amounts(std::size_t e, std::size_t item) const;
  [[nodiscard]] std::vector<char> used() const;
  [[nodiscard]] std::vector<char> items(detail::Group group) const;
  [[nodiscard]] detail::CommonErrors::Ratio ratio_of(const RatioResult& ratio, detail::Group group) const;
  [[nodiscard]] RatioResult ratio(std::size_t e);
  void warn_about_items(Run& run);

  void warn(Run& run, std::string kind, std::string text) {
    run.warn(kind, text);
    out_.warnings.push_back({std::move(kind), std::move(text)});
  }

  const QuantifyOptions& options_;
  Plan plan_;
  Chain chain_;
  QuantifyResult out_;
  std::vector<Window> windows_;
  std::vector<Numbers> numbers_;
  std::vector<std::vector<float>> covariance_;  // edge × item: of the intensities of edge and reference, counts²
  // With a shared low loss, edge × item: what of σ² and covariance comes from it, counts².
  std::vector<std::vector<float>> low_variance_;
  std::vector<std::vector<float>> low_covariance_;
  detail::CommonErrors common_;
  std::vector<unsigned char> pre_edge_offset_;
};

void Quantifier::prepare(Run& run) {
  const std::size_t n = chain_.items();
  out_.warnings = chain_.warnings();
  out_.assumed = plan_.assumed;
  out_.assumed.insert(out_.assumed.end(), chain_.assumed().begin(), chain_.assumed().end());
  out_.illumination = plan_.illumination;
  out_.deconvolved = chain_.deconvolves();
  out_.status.assign(n, ItemStatus::ok);
  out_.thickness.assign(n, 0.0F);
  out_.thickness_sigma.assign(n, 0.0F);
  pre_edge_offset_.assign(n, 0);
  out_.shared_low_loss = chain_.shares_low_loss();
  if (out_.shared_low_loss && options_.chain.low_loss_noise != LowLossNoise::ignore) {
    common_ = {plan_.edges.size(), plan_.reference, chain_.shared_low().size()};
    low_variance_.assign(plan_.edges.size(), std::vector<float>(n, 0.0F));
    low_covariance_ = low_variance_;
  }
  covariance_.resize(plan_.edges.size());
  for (std::size_t e = 0; e < plan_.edges.size(); ++e) {
    covariance_[e].assign(e == plan_.reference ? 0 : n, 0.0F);
    prepare_edge(e, run);
  }
  check_overlap(run);
}

void Quantifier::prepare_edge(std::size_t e, Run& run) {
  const PlacedEdge& placed = chain_.edges()[e];
  const EnergyAxis& axis = chain_.axis();
  EdgeResult edge;
  edge.placed = placed;
  const double low = placed.onset_eV + options_.signal_start.in(units::eV);
  const Window wanted{low, low + options_.signal_width.in(units::eV)};
  const ChannelRange range = channels_in(axis, wanted);
  if (range.empty() || wanted.high_eV <= placed.onset_eV) {
    throw Error(
        Errc::bad_input,
        fmt::format("the signal window of {}, {:.1f}–{:.1f} eV, lies outside the axis ({:.1f}–{:.1f} eV) or before "
                    "the onset",
                    placed.edge.name(), wanted.low_eV, wanted.high_eV, axis.low_edge(), axis.high_edge()));
  }
  edge.signal = edges_of(axis, range);
  if (edge.signal.high_eV < wanted.high_eV - axis.step_eV) {
    warn(run, "window_off_axis",
         fmt::format("{}: the signal window ends with the axis at {:.1f} eV instead of {:.1f} eV", placed.edge.name(),
                     edge.signal.high_eV, wanted.high_eV));
  }
  windows_.push_back(wanted);
  Numbers numbers;
  if (plan_.illumination) {
    // The window keeps its distance from the onset as the model knows it: tabulated threshold + (end − observed onset).
    const double moved = placed.edge.onset.in(units::eV)-placed.onset_eV;
    const Window model{edge.signal.low_eV + moved, edge.signal.high_eV + moved};
    const Gos* gos = plan_.gos.get();
    edge.cross_section = partial_cross_section(placed.edge, model, *plan_.illumination, options_.interaction, gos);
    edge.cross_section->model_uncertainty = model_uncertainty(placed.edge, gos, options_.strength);
    edge.relative_uncertainty = edge.cross_section->model_uncertainty;
    double scale = 1.0;
    if (options_.strength == Strength::photo_absorption) {
      scale = strength_correction(placed.edge, gos);
      edge.cross_section->value = edge.cross_section->value * scale;
      edge.cross_section->oscillator_strength *= scale;
      edge.cross_section->model += " × NIST FFAST strength";
    }
    numbers.area = edge.cross_section->value.base() / constants::barn_nm2;
    numbers.slope = scale * differential_cross_section(placed.edge, model.high_eV * units::eV, *plan_.illumination,
                                                       options_.interaction, gos);
    numbers.end_eV = edge.signal.high_eV;
  } else {
    edge.k.value = plan_.has_standard() ? 1.0 : options_.k[e];
    numbers.area = 1.0 / edge.k.value;
  }
  numbers_.push_back(numbers);
  const std::size_t n = chain_.items();
  for (auto* column : {&edge.intensity, &edge.sigma, &edge.exponent, &edge.chi2_per_dof, &edge.sum_rule}) {
    column->assign(n, 0.0F);
  }
  edge.background_status.assign(n, BackgroundStatus::no_counts);
  out_.edges.push_back(std::move(edge));
}

void Quantifier::check_overlap(Run& run) {
  constexpr double foot_eV = 3.0;  // resolution moves the foot of an edge this far below its onset
  for (std::size_t a = 0; a < windows_.size(); ++a) {
    const PlacedEdge& placed = chain_.edges()[a];
    for (std::size_t b = 0; b < windows_.size(); ++b) {
      const PlacedEdge& other = chain_.edges()[b];
      for (const Edge& edge : element_edges(other.edge.element)) {
        const double onset = edge.onset.in(units::eV) + other.onset_eV - other.edge.onset.in(units::eV);
        if (edge.element != placed.edge.element && onset - foot_eV < windows_[a].high_eV &&
            onset > windows_[a].low_eV) {
          warn(run, "window_overlap",
               fmt::format("{} (about {:.0f} eV) lies in the signal window of {}", edge.name(), onset,
                           placed.edge.name()));
        }
        if (onset > placed.background.low_eV - foot_eV && onset - foot_eV < placed.background.high_eV &&
            edge.shell != "L2" && edge.shell != "M4" && edge.element != placed.edge.element) {
          warn(run, "background_overlap",
               fmt::format("{} (about {:.0f} eV) lies in the background window of {}", edge.name(), onset,
                           placed.edge.name()));
        }
      }
    }
  }
}

/// All that `measure` writes.
KeptRows Quantifier::kept() {
  KeptRows out = keep(out_.status, out_.thickness, out_.thickness_sigma, pre_edge_offset_);
  for (std::size_t e = 0; e < out_.edges.size(); ++e) {
    EdgeResult& edge = out_.edges[e];
    out.add(edge.intensity).add(edge.sigma).add(edge.exponent).add(edge.chi2_per_dof).add(edge.sum_rule);
    out.add(edge.background_status);
    if (e != plan_.reference) {
      out.add(covariance_[e]);
    }
    if (common_.any()) {
      out.add(low_variance_[e]).add(low_covariance_[e]);
    }
  }
  return out;
}

void Quantifier::measure(const ChainItem& item, std::span<double> sum) {
  const std::size_t i = item.item;
  out_.thickness[i] = static_cast<float>(item.thickness.value);
  out_.thickness_sigma[i] = static_cast<float>(item.thickness.sigma);
  std::vector<WindowSum> sums;
  Estimate reference;
  for (std::size_t e = 0; e < item.edges.size(); ++e) {
    const EdgeSignal& edge = item.edges[e];
    EdgeResult& result = out_.edges[e];
    result.exponent[i] = static_cast<float>(edge.background.r);
    result.chi2_per_dof[i] =
        edge.background.dof > 0 ? static_cast<float>(edge.background.chi2 / edge.background.dof) : 0.0F;
    result.background_status[i] = edge.background.status;
    result.sum_rule[i] = static_cast<float>(edge.deconvolution.sum_rule);
    if (edge.deconvolution.status == DeconvolutionStatus::pre_edge_offset) {
      pre_edge_offset_[i] = 1;
    }
    if (edge.status != ItemStatus::ok) {
      out_.status[i] = edge.status;
    }
    sums.push_back(edge.isolated(windows_[e]));
    const Estimate intensity = estimate(sums.back(), edge.noise());
    result.intensity[i] = static_cast<float>(intensity.value);
    result.sigma[i] = static_cast<float>(intensity.sigma);
    if (e == plan_.reference) {
      reference = intensity;
    }
  }
  if (out_.status[i] == ItemStatus::ok && reference.value <= significant * reference.sigma) {
    out_.status[i] = ItemStatus::no_signal;
  }
  for (std::size_t e = 0; e < sums.size(); ++e) {
    if (e != plan_.reference) {
      covariance_[e][i] = static_cast<float>(covariance(sums[e], sums[plan_.reference], item.edges[e].noise()));
    }
  }
  if (common_.any() && out_.status[i] == ItemStatus::ok) {
    add_common(item, sums, sum);
  }
}

void Quantifier::add_common(const ChainItem& item, std::span<const WindowSum> sums, std::span<double> sum) {
  const std::size_t i = item.item;
  std::vector<double> atoms;
  for (std::size_t e = 0; e < sums.size(); ++e) {
    atoms.push_back(scale(e, item.shift_eV));
    const SpectrumNoise noise = item.edges[e].noise();
    low_variance_[e][i] = static_cast<float>(low_covariance(sums[e], sums[e], noise));
    low_covariance_[e][i] = static_cast<float>(low_covariance(sums[e], sums[plan_.reference], noise));
  }
  const bool standard = plan_.has_standard() && plan_.standard[i] != 0;
  common_.add(standard ? detail::Group::standard : detail::Group::sample, sums, atoms, sum);
}

void Quantifier::take_common(std::vector<double> sums) {
  if (!common_.any()) {
    return;
  }
  std::vector<double> variance;
  for (const float counts : chain_.shared_low()) {
    variance.push_back(options_.chain.deconvolution.noise_factor * std::max(static_cast<double>(counts), 0.0));
  }
  common_.take(std::move(sums), variance);
}

/// Atoms per count of an edge: windows follow the channels of the item.
double Quantifier::scale(std::size_t e, double shift_eV) const {
  const EnergyAxis axis = chain_.axis().shifted(shift_eV);
  const ChannelRange range = channels_in(axis, windows_[e]);
  return 1.0 / numbers_[e].at(range.empty() ? 0.0 : edges_of(axis, range).high_eV);
}

/// Errors of the item itself; those of a low loss that others share are in `common`.
detail::AmountPair Quantifier::amounts(std::size_t e, std::size_t item) const {
  const std::size_t r = plan_.reference;
  const double top = scale(e, out_.shift_eV[item]);
  const double bottom = scale(r, out_.shift_eV[item]);
  const auto shared = [&](const std::vector<std::vector<float>>& table, std::size_t edge) {
    return common_.any() ? static_cast<double>(table[edge][item]) : 0.0;
  };
  const auto amount = [&](std::size_t edge, double atoms) {
    const auto sigma = static_cast<double>(out_.edges[edge].sigma[item]);
    const double own = std::max(sigma * sigma - shared(low_variance_, edge), 0.0);
    return Estimate{atoms * static_cast<double>(out_.edges[edge].intensity[item]), atoms * std::sqrt(own)};
  };
  detail::AmountPair out{amount(e, top), amount(r, bottom),
                         top * bottom * (static_cast<double>(covariance_[e][item]) - shared(low_covariance_, e))};
  if (common_.any() && out.bottom.value != 0.0) {
    const double ratio = out.top.value / out.bottom.value;
    const double variance = top * top * shared(low_variance_, e) -
                            2.0 * ratio * top * bottom * shared(low_covariance_, e) +
                            ratio * ratio * bottom * bottom * shared(low_variance_, r);
    out.common = std::max(variance, 0.0) / (out.bottom.value * out.bottom.value);
  }
  return out;
}

std::vector<char> Quantifier::used() const {
  std::vector<char> out;
  out.reserve(out_.status.size());
  for (const ItemStatus status : out_.status) {
    out.push_back(status == ItemStatus::ok ? 1 : 0);
  }
  return out;
}

/// The items that count: those of the standard calibrate, the others are the sample. Without others the standard is.
std::vector<char> Quantifier::items(detail::Group group) const {
  std::vector<char> standard(out_.status.size(), 0);
  for (std::size_t i = 0; i < standard.size(); ++i) {
    standard[i] = plan_.has_standard() && plan_.standard[i] != 0 && out_.status[i] == ItemStatus::ok ? 1 : 0;
  }
  return group == detail::Group::standard ? standard : detail::sample_items(used(), standard);
}

detail::CommonErrors::Ratio Quantifier::ratio_of(const RatioResult& ratio, detail::Group group) const {
  detail::CommonErrors::Ratio out{ratio.used, ratio.mean.value, ratio.of_sums.value, 0.0};
  const std::vector<char> counted = items(group);
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (counted[i] != 0) {
      out.reference +=
          scale(plan_.reference, out_.shift_eV[i]) * static_cast<double>(out_.edges[plan_.reference].intensity[i]);
    }
  }
  return out;
}

RatioResult Quantifier::ratio(std::size_t e) {
  const std::size_t r = plan_.reference;
  RatioResult out;
  out.name = plan_.edges[e].element + '/' + plan_.edges[r].element;
  out.numerator = e;
  out.denominator = r;
  out.model_uncertainty = std::hypot(out_.edges[e].relative_uncertainty, out_.edges[r].relative_uncertainty);
  const auto pair = [&](std::size_t i) { return amounts(e, i); };
  RatioResult calibration = out;
  detail::fill_ratio(used(), items(detail::Group::sample), pair, out);
  std::optional<KFactor> factor;
  if (plan_.has_standard()) {
    const std::vector<char> standard = items(detail::Group::standard);
    detail::fill_ratio(standard, standard, pair, calibration);
    factor = k_factor(calibration, options_.standard);
  }
  // With the standard as the sample nothing is left to carry: the ratio is the one stated.
  if (common_.any() && out.used > 0 && (!factor || out_.standard_items < out_.used)) {
    const auto sample = ratio_of(out, detail::Group::sample);
    const auto standard = ratio_of(calibration, detail::Group::standard);
    const auto shared = common_.sigma(e, sample, factor ? &standard : nullptr);
    out.of_sums.sigma = std::hypot(out.of_sums.sigma, shared.of_sums);
    out.mean.sigma = out.used > 1 ? std::hypot(out.mean.sigma, shared.mean) : out.of_sums.sigma;
  }
  if (factor) {
    eels::apply(*factor, out);
    out_.edges[e].k = factor->k;
    out_.assumed.push_back(
        fmt::format("{} by k = {} from {} items of stated composition (counting {:.2g}, composition {:.2g}): holds for "
                    "the same windows, angles and method, if that part has not changed",
                    out.name, text(factor->k), factor->items, factor->counting, factor->composition));
  }
  return out;
}

void Quantifier::total(std::size_t e) {
  EdgeResult& edge = out_.edges[e];
  double variance = 0.0;
  double amount = 0.0;
  for (std::size_t i = 0; i < out_.status.size(); ++i) {
    if (out_.status[i] == ItemStatus::ok) {
      const auto sigma = static_cast<double>(edge.sigma[i]);
      variance += sigma * sigma - (common_.any() ? static_cast<double>(low_variance_[e][i]) : 0.0);
      edge.total.value += static_cast<double>(edge.intensity[i]);
      amount += scale(e, out_.shift_eV[i]) * static_cast<double>(edge.intensity[i]);
    }
  }
  // The common part is that of the amounts: the same but for windows that follow the channels.
  const double common = common_.any() && amount != 0.0 ? common_.amount(e) * edge.total.value / amount : 0.0;
  edge.total.sigma = std::hypot(std::sqrt(std::max(variance, 0.0)), common);
}

void Quantifier::finish(Run& run) {
  out_.used = static_cast<std::size_t>(std::ranges::count(out_.status, ItemStatus::ok));
  out_.standard_items = static_cast<std::size_t>(std::ranges::count(items(detail::Group::standard), 1));
  for (std::size_t e = 0; e < out_.edges.size(); ++e) {
    total(e);
    if (e != plan_.reference) {
      out_.ratios.push_back(ratio(e));
    }
  }
  warn_about_items(run);
}

void Quantifier::warn_about_items(Run& run) {
  const std::size_t n = out_.status.size();
  for (const ItemStatus status :
       {ItemStatus::no_zero_loss, ItemStatus::not_deconvolved, ItemStatus::no_background, ItemStatus::no_signal}) {
    const auto count = std::ranges::count(out_.status, status);
    if (count > 0) {
      warn(run, "items_left_out", fmt::format("{} of {} items left out: {}", count, n, name(status)));
    }
  }
  const auto offsets = std::ranges::count(pre_edge_offset_, 1);
  if (offsets > 0) {
    warn(run, "pre_edge_offset",
         fmt::format("{} of {} items: the signal in front of an edge is not zero within noise", offsets, n));
  }
  for (const EdgeResult& edge : out_.edges) {
    const auto bound = std::ranges::count(edge.background_status, BackgroundStatus::at_bound) +
                       std::ranges::count(edge.background_status, BackgroundStatus::not_decreasing);
    if (bound > 0) {
      warn(run, "background_at_bound",
           fmt::format("{}: the background exponent of {} of {} items sits at its limit", edge.placed.edge.name(),
                       bound, n));
    }
    const auto negative = std::ranges::count_if(edge.intensity, [](float v) { return v < 0.0F; });
    if (negative > 0) {
      warn(run, "over_subtracted",
           fmt::format("{}: {} of {} items have a negative signal: background over-subtracted", edge.placed.edge.name(),
                       negative, n));
    }
    constexpr float sum_rule_tolerance = 1e-3F;
    const auto off = std::ranges::count_if(edge.sum_rule, [](float v) { return std::abs(v) > sum_rule_tolerance; });
    if (off > 0) {
      warn(run, "sum_rule",
           fmt::format("{}: the sum rule of the deconvolution is off by more than {:g} in {} of {} items",
                       edge.placed.edge.name(), sum_rule_tolerance, off, n));
    }
  }
  for (const RatioResult& ratio : out_.ratios) {
    constexpr double excess = 2.0;
    if (ratio.used > 2 && ratio.scatter > excess * ratio.propagated) {
      warn(run, "scatter",
           fmt::format("{}: items scatter by {:.3g}, counting explains {:.3g}: composition varies, or the "
                       "systematic errors do",
                       ratio.name, ratio.scatter, ratio.propagated));
    }
  }
}

}  // namespace

QuantifyResult quantify(const ChainInput& input, const QuantifyOptions& options, Run& run) {
  return Quantifier(input, options, run).go(run);
}

QuantifyResult quantify(const signal::Signal& core, const signal::Signal* low, const QuantifyOptions& options,
                        Run& run) {
  return quantify(ChainInput{.core = core, .low = low}, options, run);
}

}  // namespace hotstage::eels
