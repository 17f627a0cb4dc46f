// SPDX-License-Identifier: GPL-3.0-or-later
// The pass over all items: where the lines are, O K beside them, and what the shift of L3 is measured against.

#include "hotstage/core/error.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/overlaps.hpp"
#include "hotstage/eels/white_lines.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hotstage::eels {

namespace {

ChainOptions chain_options(const WhiteLineOptions& options, const Edge& edge) {
  ChainOptions out = options.chain;
  const ChainOptions general;
  if (edge.name() == cobalt_edge && out.background_start == general.background_start &&
      out.background_end == general.background_end) {
    out.background_start = cobalt_background.low_eV * units::eV - edge.onset;
    out.background_end = cobalt_background.high_eV * units::eV - edge.onset;
  }
  return out;
}

bool knows_angles(const ChainInput& input, const WhiteLineOptions& options) {
  const signal::Metadata& known = input.core.metadata;
  return (options.chain.collection || known.collection) && (options.chain.convergence || known.convergence) &&
         (options.chain.beam_energy || known.beam_energy);
}

std::optional<WhiteLineContinuum> cross_section_continuum(const ChainInput& input, const Edge& edge,
                                                          const WhiteLineOptions& options,
                                                          std::span<const ZeroLoss> peaks) {
  double fwhm = 0.0;
  for (const ZeroLoss& peak : peaks) {
    fwhm += peak.found() ? peak.fwhm_eV / static_cast<double>(peaks.size()) : 0.0;
  }
  if (!knows_angles(input, options) || !has_cross_section(edge)) {
    return std::nullopt;
  }
  return WhiteLineContinuum(edge, illumination_of(input.core, options.chain), fwhm);
}

/// O per metal of an item from 20 … 80 eV behind O K and 30 … 80 eV behind L3; k factors from the cross-sections.
class OxygenPerMetal {
 public:
  OxygenPerMetal(const PlacedEdge& oxygen, const PlacedEdge& metal, const Illumination& light)
      : oxygen_(window_of(oxygen)), metal_(window_of(metal)) {
    const double o = sigma_of(oxygen, oxygen_, light);
    const double m = sigma_of(metal, metal_, light);
    factor_ = m / o;
    model_ = std::hypot(model_uncertainty(oxygen.edge), model_uncertainty(metal.edge));
  }

  /// Counting σ. {0, 0} when an edge could not be measured or there is no metal.
  [[nodiscard]] Estimate of(const EdgeSignal& oxygen, const EdgeSignal& metal) const {
    if (oxygen.status != ItemStatus::ok || metal.status != ItemStatus::ok) {
      return {};
    }
    const WindowSum o = oxygen.isolated(oxygen_);
    const WindowSum m = metal.isolated(metal_);
    const Estimate amount = estimate(m, metal.noise());
    constexpr double significant = 3.0;
    if (amount.value <= significant * amount.sigma) {
      return {};
    }
    const Estimate r = ratio(o, m, metal.noise());
    return {factor_ * r.value, factor_ * r.sigma};
  }

  [[nodiscard]] double model() const { return model_; }

 private:
  /// Behind the fine structure: white lines and pre-peak change with valence, the continuum does not.
  static Window window_of(const PlacedEdge& edge) {
    const double start = edge.edge.shell == "K" ? 20.0 : 30.0;
    return {edge.onset_eV + start, edge.onset_eV + 80.0};
  }

  static double sigma_of(const PlacedEdge& edge, const Window& window, const Illumination& light) {
    const double moved = edge.onset_eV - edge.edge.onset.in(units::eV);
    return strength_correction(edge.edge) *
           partial_cross_section(edge.edge, {window.low_eV - moved, window.high_eV - moved}, light).value.base();
  }

  Window oxygen_;
  Window metal_;
  double factor_ = 0.0;
  double model_ = 0.0;
};

/// Where O K stands among the edges; added when it is far enough in front to have a background of its own.
std::optional<std::size_t> oxygen_among(std::vector<Edge>& edges, const Edge& metal, const ChainInput& input,
                                        const ChainOptions& options) {
  constexpr double own_background_eV = 150.0;
  constexpr double reach_eV = 5.0;  // the chain clips a background window that an axis error pushes off the file
  const Edge oxygen = find_edge("O K");
  for (std::size_t k = 0; k < edges.size(); ++k) {
    if (edges[k] == oxygen) {
      return k;
    }
  }
  const double onset = oxygen.onset.in(units::eV);
  const EnergyAxis axis = energy_axis_of(input.core);
  const double start = onset + options.background_start.in(units::eV)-reach_eV;
  if ((metal.onset - oxygen.onset).in(units::eV) <= own_background_eV || !covers(axis, {start, onset + 95.0}, 8)) {
    return std::nullopt;
  }
  edges.push_back(oxygen);
  return edges.size() - 1;
}

/// With a reference region of known composition the factor of the cross-sections is replaced by that of the region.
void calibrate_oxygen(WhiteLineResult& out, const WhiteLineOptions& options) {
  if (!options.reference_oxygen) {
    return;
  }
  const auto from = static_cast<std::size_t>(options.reference_first.value_or(0));
  const auto last =
      static_cast<std::size_t>(options.reference_last.value_or(static_cast<std::int64_t>(out.items.size()) - 1));
  std::vector<Estimate> members;
  for (std::size_t i = from; i <= last; ++i) {
    members.push_back(out.items[i].oxygen_per_metal);
  }
  const Estimate mean = num::weighted_mean(members);
  if (mean.value <= 0.0) {
    return;
  }
  const double factor = *options.reference_oxygen / mean.value;
  out.oxygen_model = mean.sigma / mean.value;
  for (WhiteLines& item : out.items) {
    item.oxygen_per_metal.value *= factor;
    item.oxygen_per_metal.sigma *= factor;
  }
}

}  // namespace

void relate_positions(std::vector<WhiteLines>& items, std::optional<std::int64_t> first,
                      std::optional<std::int64_t> last) {
  const auto from = static_cast<std::size_t>(first.value_or(0));
  const std::size_t to = last ? std::min(static_cast<std::size_t>(*last) + 1, items.size()) : items.size();
  for (std::size_t m = 0; m < 2; ++m) {
    double sum = 0.0;
    double squares = 0.0;
    double n = 0.0;
    for (std::size_t i = from; i < to; ++i) {
      const Estimate& at = items[i].l3_eV[m];
      if (at.sigma > 0.0) {
        sum += at.value;
        squares += at.sigma * at.sigma;
        n += 1.0;
      }
    }
    if (n == 0.0) {
      continue;
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Estimate& at = items[i].l3_eV[m];
      if (at.sigma > 0.0) {
        // An item of the reference is part of its mean: their covariance is σ²/n.
        const double shared = i >= from && i < to ? 2.0 * at.sigma * at.sigma / n : 0.0;
        items[i].l3_shift[m] = {at.value - sum / n,
                                std::sqrt(std::max(at.sigma * at.sigma - shared + squares / (n * n), 0.0))};
      }
    }
  }
}

WhiteLineResult measure_white_lines(const ChainInput& input, const WhiteLineOptions& options, Run& run) {
  const Edge edge = find_edge(options.edge);
  if (edge.shell != "L3") {
    throw Error(Errc::bad_input, fmt::format("{} is not an L3 edge", edge.name()),
                "White lines are measured at L3 edges, for example \"Mn L3\"");
  }
  const auto size = static_cast<std::int64_t>(input.core.items());
  if (options.reference_first.value_or(0) >= size || options.reference_last.value_or(size - 1) >= size ||
      options.reference_last.value_or(size - 1) < options.reference_first.value_or(0)) {
    throw Error(Errc::bad_input, fmt::format("the reference region is not within the {} items", size),
                "Give reference_first and reference_last as item numbers from 0, as in the table of results");
  }
  std::vector<Edge> edges;
  for (const std::string& other : options.behind) {
    edges.push_back(find_edge(other));
  }
  const ChainOptions chain_with_window = chain_options(options, edge);
  const bool angles = knows_angles(input, options);
  std::optional<std::size_t> oxygen;
  if (options.oxygen && angles && has_cross_section(edge)) {
    oxygen = oxygen_among(edges, edge, input, chain_with_window);
  }
  edges.push_back(edge);
  const std::size_t self = edges.size() - 1;
  const Chain chain(input, edges, chain_with_window, run);
  WhiteLineResult out;
  out.placed = chain.edges()[self];
  out.zero_loss.assign(chain.zero_loss().begin(), chain.zero_loss().end());
  out.means = chain.run([](const ChainItem&) {}, run, KeptRows::sums_only());
  std::vector<double> net = out.means.signal[self];
  for (std::size_t c = 0; c < net.size(); ++c) {
    net[c] -= out.means.tail[self][c];
  }
  out.lines = find_white_lines(net, out.means.core_axis, out.placed);
  keep_edge(out.means, self);
  out.items.resize(chain.items());
  out.thickness.resize(chain.items());
  WhiteLineModels models = white_line_models(options);
  models.cross_section = cross_section_continuum(input, edge, options, chain.zero_loss());
  std::optional<OxygenPerMetal> per_metal;
  if (oxygen) {
    per_metal.emplace(chain.edges()[*oxygen], chain.edges()[self], illumination_of(input.core, options.chain));
    out.oxygen_model = per_metal->model();
  }
  (void)chain.run(
      [&](const ChainItem& item) {
        out.items[item.item] = measure_white_lines(item.edges[self], out.lines, item.thickness, models, options);
        out.thickness[item.item] = item.thickness.value;
        if (per_metal) {
          out.items[item.item].oxygen_per_metal = per_metal->of(item.edges[*oxygen], item.edges[self]);
        }
      },
      run, keep(out.items, out.thickness));
  relate_positions(out.items, options.reference_first, options.reference_last);
  calibrate_oxygen(out, options);
  out.warnings = chain.warnings();
  if (edge.name() == cobalt_edge) {
    for (Warning& warning : cobalt_overlaps(out.means, chain.items(), out.placed)) {
      out.warnings.push_back(std::move(warning));
    }
  }
  out.assumed = chain.assumed();
  return out;
}

}  // namespace hotstage::eels
