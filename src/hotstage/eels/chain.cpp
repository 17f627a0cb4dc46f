// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/chain.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/chain_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

void keep_edge(MeanSpectra& means, std::size_t edge) {
  for (auto* spectra : {&means.signal, &means.background, &means.tail}) {
    *spectra = {(*spectra)[edge]};
  }
}

std::string_view name(ItemStatus status) noexcept {
  switch (status) {
    case ItemStatus::ok:
      return "ok";
    case ItemStatus::no_zero_loss:
      return "no zero-loss peak";
    case ItemStatus::not_deconvolved:
      return "not deconvolved";
    case ItemStatus::no_background:
      return "no background";
    case ItemStatus::no_signal:
      return "no signal";
  }
  return "unknown";
}

void Chain::State::item_signals(std::size_t item, std::span<const float> counts, const LowLossTransform* transform,
                                FourierRatio::Scratch* scratch, View<float, 2> work,
                                std::vector<EdgeSignal>& out) const {
  out.resize(edges.size());
  for (const std::size_t e : order) {
    EdgeSignal& edge = out[e];
    if (edges[e].base != e) {
      edge = out[edges[e].base];
      edge.placed = &edges[e];
      edge.tails_.clear();
    } else {
      edge = {};
      edge.placed = &edges[e];
      edge.axis = core_axis.shifted(shift[item]);
      edge.common_ = core_axis;
      edge.counts = counts;
      const std::vector<Estimate>& exponent = exponents[fitter_of[e]];
      edge.background = exponent.empty() || exponent[item].value <= 0.0
                            ? fitters[fitter_of[e]].fit(counts, shift[item])
                            : fitters[fitter_of[e]].fit_amplitude(counts, exponent[item], shift[item]);
      edge.status = edge.background.usable() ? ItemStatus::ok : ItemStatus::no_background;
      const std::span<float> net = work.row(2 * e);
      subtract(counts, edge.axis, edge.background, net);
      edge.signal = net;
      if (plan != nullptr) {
        edge.plan_ = plan.get();
        edge.low_ = transform;
        edge.scratch_ = scratch;
        edge.net_ = net;
        edge.low_noise_ = options.low_loss_noise == LowLossNoise::propagate && was_done(transform->status);
        edge.deconvolution = plan->apply(net, *transform, *scratch, work.row(2 * e + 1));
        edge.signal = work.row(2 * e + 1);
        if (edge.status == ItemStatus::ok && !was_done(edge.deconvolution.status)) {
          edge.status = edge.deconvolution.status == DeconvolutionStatus::refused_zero_loss
                            ? ItemStatus::no_zero_loss
                            : ItemStatus::not_deconvolved;
        }
      }
    }
    add_tails(e, out);
  }
}

/// Earlier edges of the same base, each as strong as the 50 eV from 5 eV before its onset say.
void Chain::State::add_tails(std::size_t e, std::vector<EdgeSignal>& out) const {
  EdgeSignal& edge = out[e];
  for (const std::size_t other : order) {
    if (other == e) {
      break;
    }
    if (edges[other].base != edges[e].base || cumulative[other].empty()) {
      continue;
    }
    const EdgeSignal& earlier = out[other];
    const Window window{edges[other].onset_eV - 5.0, edges[other].onset_eV + 45.0};
    const ChannelRange range = channels_in(earlier.axis, window);
    const Window covered = edges_of(earlier.axis, range);
    const double strength = detail::cumulative_at(cumulative[other], core_axis, covered.high_eV);
    const double found = integrate(earlier.signal, range) - earlier.tail_scale() * earlier.tail_model(covered);
    edge.tails_.push_back({&cumulative[other], strength > 0.0 ? std::max(found / strength, 0.0) : 0.0});
  }
  double sum = 0.0;
  for (const EdgeSignal::Earlier& earlier : edge.tails_) {
    sum += earlier.amount;
  }
  if (sum <= 0.0 && !edge.tails_.empty()) {
    edge.tails_.back().amount = 1.0;  // the scale is found in front of the edge: only the shape matters
  }
}

Chain::Chain(const ChainInput& input, const std::vector<Edge>& wanted, const ChainOptions& options, Run& run)
    : state_(std::make_unique<State>()) {
  HOTSTAGE_EXPECTS(!wanted.empty());
  State& s = *state_;
  s.options = options;
  s.gos = tables_of(options.model, options.gosh);
  if (options.background_end <= options.background_start) {
    throw Error(Errc::bad_input, "background_end must lie above background_start");
  }
  s.open(input, run);
  s.find_zero_losses(run);
  s.average_core(run);
  s.anchor(wanted);
  s.plan_deconvolution();
  s.place(wanted, run);
  s.pool_exponents(run);
  s.measure_noise(run);
  s.warn_about_zero_loss(run);
}

Chain::~Chain() = default;
Chain::Chain(Chain&&) noexcept = default;

std::vector<double> Chain::State::work_on(std::size_t first, const detail::PairBlock& counts,
                                          const detail::SummingWork& work, std::size_t size) const {
  const std::size_t channels = core_axis.size;
  const std::size_t means_size = 3 * edges.size() * channels;
  std::vector<double> sum(means_size + size, 0.0);
  Buffer<float, 2> arrays({2 * edges.size(), channels});
  Buffer<float, 2> clean({counts.core.extent(0), channels});
  std::copy(counts.core.data(), counts.core.data() + counts.core.size(), clean.data());
  remove_stray(clean.view());
  std::optional<FourierRatio::Scratch> scratch;
  if (plan) {
    scratch.emplace(plan->make_scratch());
  }
  std::vector<EdgeSignal> signals;
  for (std::size_t i = 0; i < counts.core.extent(0); ++i) {
    const std::size_t item = first + i;
    LowLossTransform own;
    ChainItem view;
    view.item = item;
    view.shift_eV = shift[item];
    if (paired()) {
      view.low = counts.low.row(i);
      view.zero_loss = own_peak(item, view.low);
      own = plan->transform(view.low, view.zero_loss, *scratch, keep_low_loss());
    } else if (!zero_loss.empty()) {
      view.low = shared_low;
      view.zero_loss = zero_loss.front();
    }
    item_signals(item, clean.row(i), paired() ? &own : &shared_transform, scratch ? &*scratch : nullptr, arrays.view(),
                 signals);
    add_to_means(signals, shift[item] / core_axis.step_eV, std::span(sum).first(means_size));
    view.thickness = !view.low.empty() && view.zero_loss.found() ? view.zero_loss.thickness : Estimate{};
    view.edges = signals;
    work(view, std::span(sum).subspan(means_size));
  }
  return sum;
}

void Chain::State::add_to_means(std::span<const EdgeSignal> signals, double shift_channels,
                                std::span<double> sum) const {
  const std::size_t channels = core_axis.size;
  std::vector<double> law(channels);
  for (std::size_t e = 0; e < signals.size(); ++e) {
    const EdgeSignal& edge = signals[e];
    detail::add_shifted(edge.signal, shift_channels, sum.subspan(3 * e * channels, channels));
    std::fill(law.begin(), law.end(), 0.0);
    const std::size_t start = edge.background.window.first;
    if (edge.background.usable()) {
      predict(edge.background, edge.axis, {start, channels}, std::span(law).subspan(start));
    }
    detail::add_shifted(std::span<const double>(law), shift_channels, sum.subspan((3 * e + 1) * channels, channels));
    edge.tail(law);
    detail::add_shifted(std::span<const double>(law), shift_channels, sum.subspan((3 * e + 2) * channels, channels));
  }
}

MeanSpectra Chain::run(const std::function<void(const ChainItem&)>& work, Run& run, const KeptRows& kept) const {
  return this->run([&](const ChainItem& item, std::span<double>) { work(item); }, 0, run, kept).means;
}

Pass Chain::run(const std::function<void(const ChainItem&, std::span<double> sum)>& work, std::size_t size, Run& run,
                const KeptRows& kept) const {
  const State& s = *state_;
  const std::size_t channels = s.core_axis.size;
  const std::size_t means_size = 3 * s.edges.size() * channels;
  detail::BlockSums sums(means_size + size);
  const detail::PairWork block = [&](std::size_t first, View<const float, 2> core, View<const float, 2> low) {
    return s.work_on(first, {core, low}, work, size);
  };
  detail::for_each_block(s.core, s.paired() ? &*s.low : nullptr, run, "items", block, sums, kept);
  Pass out{s.means, {sums.total().begin() + static_cast<std::ptrdiff_t>(means_size), sums.total().end()}};
  for (std::size_t e = 0; e < s.edges.size(); ++e) {
    std::size_t part = 3 * e;
    for (auto* table : {&out.means.signal, &out.means.background, &out.means.tail}) {
      const std::span<const double> total = std::span(sums.total()).subspan(channels * part++, channels);
      table->emplace_back(total.begin(), total.end());
      for (double& value : table->back()) {
        value /= static_cast<double>(s.core.items());
      }
    }
  }
  return out;
}

std::size_t Chain::items() const {
  return state_->core.items();
}

const EnergyAxis& Chain::axis() const {
  return state_->core_axis;
}

bool Chain::deconvolves() const {
  return state_->plan != nullptr;
}

bool Chain::shares_low_loss() const {
  return state_->low && !state_->paired();
}

std::span<const float> Chain::shared_low() const {
  return state_->shared_low;
}

std::span<const PlacedEdge> Chain::edges() const {
  return state_->edges;
}

std::span<const ZeroLoss> Chain::zero_loss() const {
  return state_->zero_loss;
}

ItemRecords Chain::release() {
  return {std::move(state_->shift), std::move(state_->zero_loss_summary)};
}

const std::vector<Warning>& Chain::warnings() const {
  return state_->warnings;
}

const std::vector<std::string>& Chain::assumed() const {
  return state_->assumed;
}

Illumination illumination_of(const signal::Signal& core, const ChainOptions& options) {
  const auto missing = [&](const char* what, const char* hint) {
    return Error(Errc::bad_input, Location{.file = core.file}, fmt::format("{} missing in the file", what), hint);
  };
  Illumination out;
  const auto beam = options.beam_energy ? options.beam_energy : core.metadata.beam_energy;
  const auto alpha = options.convergence ? options.convergence : core.metadata.convergence;
  const auto beta = options.collection ? options.collection : core.metadata.collection;
  if (!beam || beam->base() <= 0.0) {
    throw missing("beam energy", "Pass beam_energy = \"200 keV\" (it is never assumed)");
  }
  if (!beta || beta->base() <= 0.0) {
    throw missing("collection angle", "Pass collection = \"33 mrad\" (it is never assumed)");
  }
  if (!alpha || alpha->base() < 0.0) {
    throw missing("convergence angle",
                  R"(Pass convergence = "20 mrad", or "0 mrad" for a parallel beam (it is never assumed))");
  }
  out.beam = *beam;
  out.convergence = *alpha;
  out.collection = *beta;
  return out;
}

}  // namespace hotstage::eels
