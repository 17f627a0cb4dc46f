// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/quantify.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/eels/detail/item_ratio.hpp"

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
  std::vector<std::string> assumed;
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
      : options_(options), plan_(check(input, options)), chain_(lean(input), plan_.edges, options.chain, run) {
    prepare(run);
  }

  QuantifyResult go(Run& run) {
    out_.means = chain_.run([this](const ChainItem& item) { measure(item); }, run, kept());
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

  void prepare(Run& run);
  void prepare_edge(std::size_t e, Run& run);
  void check_overlap(Run& run);
  void measure(const ChainItem& item);
  [[nodiscard]] KeptRows kept();
  void finish(Run& run);
  [[nodiscard]] double scale(std::size_t e, std::size_t item) const;
  [[nodiscard]] RatioResult ratio(std::size_t e) const;
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
  if (options_.k.empty()) {
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
    edge.k = options_.k[e];
    numbers.area = 1.0 / edge.k;
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
  }
  return out;
}

void Quantifier::measure(const ChainItem& item) {
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
}

/// Atoms per count of an edge: windows follow the channels of the item.
double Quantifier::scale(std::size_t e, std::size_t item) const {
  const EnergyAxis axis = chain_.axis().shifted(out_.shift_eV[item]);
  const ChannelRange range = channels_in(axis, windows_[e]);
  return 1.0 / numbers_[e].at(range.empty() ? 0.0 : edges_of(axis, range).high_eV);
}

RatioResult Quantifier::ratio(std::size_t e) const {
  const std::size_t r = plan_.reference;
  RatioResult out;
  out.name = plan_.edges[e].element + '/' + plan_.edges[r].element;
  out.numerator = e;
  out.denominator = r;
  out.model_uncertainty = std::hypot(out_.edges[e].relative_uncertainty, out_.edges[r].relative_uncertainty);
  std::vector<char> used;
  used.reserve(out_.status.size());
  for (const ItemStatus status : out_.status) {
    used.push_back(status == ItemStatus::ok ? 1 : 0);
  }
  const auto amounts = [&](std::size_t i) {
    const double top = scale(e, i);
    const double bottom = scale(r, i);
    const auto amount = [&](std::size_t edge, double atoms) {
      return Estimate{atoms * static_cast<double>(out_.edges[edge].intensity[i]),
                      atoms * static_cast<double>(out_.edges[edge].sigma[i])};
    };
    return detail::AmountPair{amount(e, top), amount(r, bottom), top * bottom * static_cast<double>(covariance_[e][i])};
  };
  detail::fill_ratio(used, amounts, out);
  return out;
}

void Quantifier::finish(Run& run) {
  out_.used = static_cast<std::size_t>(std::ranges::count(out_.status, ItemStatus::ok));
  for (std::size_t e = 0; e < out_.edges.size(); ++e) {
    EdgeResult& edge = out_.edges[e];
    for (std::size_t i = 0; i < out_.status.size(); ++i) {
      if (out_.status[i] == ItemStatus::ok) {
        edge.total.value += static_cast<double>(edge.intensity[i]);
        edge.total.sigma = std::hypot(edge.total.sigma, static_cast<double>(edge.sigma[i]));
      }
    }
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
