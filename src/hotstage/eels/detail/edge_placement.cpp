// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/detail/chain_state.hpp"
#include "hotstage/eels/detail/onset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hotstage::eels {

namespace {

BackgroundOptions unit_noise(const ChainOptions& options) {
  BackgroundOptions out = options.background;
  out.noise_factor = 1.0;  // σ is scaled by the pooled factor afterwards
  return out;
}

}  // namespace

void Chain::State::anchor(const std::vector<Edge>& wanted) {
  if (options.placement != Placement::anchor) {
    return;
  }
  const Edge edge = options.anchor.empty() ? wanted.front() : find_edge(options.anchor);
  const double tabulated = edge.onset.in(units::eV);
  const auto onset = detail::observe_onset(means.core, core_axis, tabulated, options.search.in(units::eV));
  if (!onset) {
    throw Error(Errc::refused, Location{.file = core.file}, fmt::format("the anchor edge {} is not seen", edge.name()),
                "Choose another anchor or placement = \"tabulated\"");
  }
  core_axis.offset_eV += tabulated - *onset;
  means.core_axis = core_axis;
  assumed.push_back(fmt::format("energy axis shifted by {:+.2f} eV so that {} begins at {:g} eV", tabulated - *onset,
                                edge.name(), tabulated));
}

void Chain::State::plan_deconvolution() {
  if (!low) {
    return;
  }
  plan = std::make_unique<FourierRatio>(core_axis, low_axis, options.deconvolution);
  FourierRatio::Scratch scratch = plan->make_scratch();
  shared_transform =
      plan->transform(shared_low, find_zero_loss(shared_low, low_axis, options.zero_loss), scratch, keep_low_loss());
}

/// Mean net signal, deconvolved when possible: what the onsets of later edges are searched in.
std::vector<double> Chain::State::mean_signal(const PowerLawFitter& fitter) const {
  const std::vector<float> counts(means.core.begin(), means.core.end());
  std::vector<float> net(counts.size());
  subtract(counts, core_axis, fitter.fit(counts), net);
  if (plan && was_done(shared_transform.status)) {
    FourierRatio::Scratch scratch = plan->make_scratch();
    const std::vector<float> raw = net;
    (void)plan->apply(raw, shared_transform, scratch, net);
  }
  return {net.begin(), net.end()};
}

void Chain::State::tabulate(std::size_t e) {
  const PlacedEdge& placed = edges[e];
  if (!has_cross_section(placed.edge, gos.get())) {
    return;
  }
  // The shape behind an edge hardly depends on the angles: what the file does not say may be typical here.
  const auto or_else = [](const auto& a, const auto& b, auto typical) { return a ? *a : (b ? *b : typical); };
  Illumination illumination;
  illumination.beam = or_else(options.beam_energy, core.metadata.beam_energy, 200.0 * units::keV);
  illumination.convergence = or_else(options.convergence, core.metadata.convergence, 0.0 * units::mrad);
  illumination.collection = or_else(options.collection, core.metadata.collection, 10.0 * units::mrad);
  const double moved = placed.edge.onset.in(units::eV)-placed.onset_eV;
  std::vector<double>& table = cumulative[e];
  table.assign(core_axis.size + 1, 0.0);
  for (std::size_t c = 0; c < core_axis.size; ++c) {
    const double energy = core_axis.value(static_cast<double>(c)) + moved;
    table[c + 1] =
        table[c] + core_axis.step_eV * differential_cross_section(placed.edge, energy * units::eV, illumination,
                                                                  Interaction::full, gos.get());
  }
}

/// The edge whose power law lies under the one at `position` in the order of onsets.
std::size_t Chain::State::base_of(std::size_t position, const std::vector<Edge>& wanted) const {
  // Extended fine structure has died out 100 eV behind an edge, and a background window begins 55 eV before the next.
  constexpr double reach_eV = 150.0;
  const std::size_t self = order[position];
  if (position == 0 || options.tail == Tail::power_law) {
    return self;
  }
  const std::size_t before = order[position - 1];
  const double gap = wanted[self].onset.in(units::eV)-wanted[before].onset.in(units::eV);
  return gap < reach_eV && has_cross_section(wanted[before], gos.get()) ? edges[before].base : self;
}

void Chain::State::place_edge(std::size_t e, std::span<const double> spectrum, Run& run) {
  PlacedEdge& placed = edges[e];
  const double tabulated = placed.edge.onset.in(units::eV);
  const double range = options.search.in(units::eV);
  const auto seen = detail::observe_onset(spectrum, core_axis, tabulated, range);
  placed.observed = seen.has_value();
  placed.displacement_eV = seen ? *seen - tabulated : 0.0;
  placed.onset_eV = options.placement == Placement::observed ? tabulated + placed.displacement_eV : tabulated;
  if (!seen && options.placement == Placement::observed) {
    warn(run, "onset_not_seen",
         fmt::format("{}: no onset within {:g} eV of {:g} eV; the tabulated one is used", placed.edge.name(), range,
                     tabulated));
  }
  place_background(e, run);
}

void Chain::State::place_background(std::size_t e, Run& run) {
  // Fine structure (white lines, shape resonances) of an earlier edge has no cross-section shape.
  constexpr double fine_structure_eV = 25.0;
  constexpr double narrowest_eV = 10.0;
  PlacedEdge& placed = edges[e];
  placed.background = {placed.onset_eV + options.background_start.in(units::eV),
                       placed.onset_eV + options.background_end.in(units::eV)};
  for (const std::size_t other : order) {
    if (other == e) {
      break;
    }
    const double clear = edges[other].onset_eV + fine_structure_eV;
    placed.background.low_eV =
        std::min(std::max(placed.background.low_eV, clear), placed.background.high_eV - narrowest_eV);
    if (clear > placed.background.high_eV - narrowest_eV) {
      warn(run, "background_overlap",
           fmt::format("the background window of {} lies in the fine structure of {}", placed.edge.name(),
                       edges[other].edge.name()));
    }
  }
  if (placed.background.low_eV < core_axis.low_edge()) {
    warn(run, "window_off_axis",
         fmt::format("{}: the background window would begin at {:.1f} eV, the axis begins at {:.1f} eV",
                     placed.edge.name(), placed.background.low_eV, core_axis.low_edge()));
    placed.background.low_eV = core_axis.low_edge();
  }
}

void Chain::State::place(const std::vector<Edge>& wanted, Run& run) {
  edges.resize(wanted.size());
  cumulative.resize(wanted.size());
  fitter_of.resize(wanted.size());
  order.resize(wanted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t e) { return wanted[e].onset; });
  std::vector<double> signal;
  for (std::size_t position = 0; position < order.size(); ++position) {
    const std::size_t e = order[position];
    edges[e].edge = wanted[e];
    edges[e].base = base_of(position, wanted);
    if (edges[e].base == e) {
      place_edge(e, means.core, run);
      fitter_of[e] = fitters.size();
      fitters.emplace_back(core_axis, edges[e].background, unit_noise(options));
      signal = mean_signal(fitters.back());
    } else {
      place_edge(e, signal, run);
      fitter_of[e] = fitter_of[edges[e].base];
    }
    tabulate(e);
  }
  warn_about_axis(run);
}

void Chain::State::warn_about_axis(Run& run) {
  constexpr double suspicious_eV = 3.0;
  double least = 1e9;
  double most = -1e9;
  for (const PlacedEdge& placed : edges) {
    if (!placed.observed) {
      continue;
    }
    least = std::min(least, placed.displacement_eV);
    most = std::max(most, placed.displacement_eV);
    if (std::abs(placed.displacement_eV) > suspicious_eV) {
      warn(run, "axis_off",
           fmt::format("{} begins at {:.1f} eV, {:+.1f} eV from the table: energy axis off or chemical shift",
                       placed.edge.name(), placed.edge.onset.in(units::eV) + placed.displacement_eV,
                       placed.displacement_eV));
    }
  }
  if (most - least > suspicious_eV) {
    warn(run, "dispersion_off",
         fmt::format("the edges are displaced by {:+.1f} to {:+.1f} eV: the dispersion may be wrong", least, most));
  }
}

}  // namespace hotstage::eels
