// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/deconvolve_methods.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {
namespace {

constexpr double same_step = 1e-6;  // what RichardsonLucy asks for

/// Window sums of one draw; 0 where a method was refused.
struct Sums {
  double net = 0.0;
  double fourier_ratio = 0.0;
  double richardson_lucy = 0.0;
};

class Comparer {
 public:
  Comparer(const SpectrumPair& pair, const MethodsOptions& options)
      : pair_(pair),
        options_(options),
        fitter_(pair.core_axis, options.background, options.law),
        plan_(pair.core_axis, pair.low_axis, options.fourier_ratio),
        range_(channels_in(pair.core_axis, options.window)) {
    if (std::abs(pair.core_axis.step_eV / pair.low_axis.step_eV - 1.0) <= same_step) {
      iteration_.emplace(pair.core_axis, pair.low_axis, options.richardson_lucy);
    }
  }

  /// Both methods on one pair of summed counts. Signals are per item.
  [[nodiscard]] MethodComparison once(std::span<const float> core, std::span<const float> low) const {
    MethodComparison out;
    const PowerLaw law = fitter_.fit(core);
    const ZeroLoss peak = find_zero_loss(low, pair_.low_axis, options_.zero_loss);
    out.net.resize(core.size());
    subtract(core, pair_.core_axis, law, out.net);
    FourierRatio::Scratch scratch = plan_.make_scratch();
    out.fourier_ratio.signal.resize(core.size());
    out.fourier_ratio.status =
        plan_.apply(out.net, plan_.transform(low, peak, scratch), scratch, out.fourier_ratio.signal).status;
    finish(out.fourier_ratio);
    if (iteration_) {
      std::vector<double> background(core.size(), 0.0);
      const std::size_t first = std::min(law.window.last, core.size());
      if (law.usable()) {
        predict(law, pair_.core_axis, {first, core.size()}, std::span(background).subspan(first));
      }
      out.richardson_lucy.emplace();
      out.richardson_lucy->signal.resize(core.size());
      out.iteration = iteration_->apply(core, background, low, peak, out.richardson_lucy->signal);
      out.richardson_lucy->status = out.iteration.status;
      finish(*out.richardson_lucy);
    }
    per_item(out.net);
    out.net_sum.value = integrate(out.net, range_);
    return out;
  }

  [[nodiscard]] static Sums sums(const MethodComparison& comparison) {
    return {comparison.net_sum.value, comparison.fourier_ratio.sum.value,
            comparison.richardson_lucy ? comparison.richardson_lucy->sum.value : 0.0};
  }

 private:
  void per_item(std::span<float> values) const {
    for (float& value : values) {
      value /= static_cast<float>(pair_.items);
    }
  }

  void finish(MethodSpectrum& method) const {
    if (!was_done(method.status)) {
      method.signal.clear();
      return;
    }
    per_item(method.signal);
    method.sum.value = integrate(method.signal, range_);
  }

  const SpectrumPair& pair_;
  const MethodsOptions& options_;
  PowerLawFitter fitter_;
  FourierRatio plan_;
  std::optional<RichardsonLucy> iteration_;
  ChannelRange range_;
};

std::vector<float> summed(std::span<const double> mean, std::size_t items) {
  std::vector<float> out(mean.size());
  std::transform(mean.begin(), mean.end(), out.begin(),
                 [&](double v) { return static_cast<float>(v * static_cast<double>(items)); });
  return out;
}

/// Counts drawn again: φ·Poisson(y/φ).
std::vector<float> drawn(std::span<const float> counts, double noise_factor, Rng& rng) {
  std::vector<float> out(counts.size());
  std::transform(counts.begin(), counts.end(), out.begin(), [&](float y) {
    const double mean = std::max(static_cast<double>(y), 0.0) / noise_factor;
    return static_cast<float>(noise_factor * static_cast<double>(rng.poisson(mean)));
  });
  return out;
}

}  // namespace

MethodComparison compare_methods(const SpectrumPair& pair, const MethodsOptions& options, const Run& run) {
  HOTSTAGE_EXPECTS(pair.core.size() == pair.core_axis.size && pair.low.size() == pair.low_axis.size && pair.items > 0 &&
                   pair.low_items > 0 && pair.core_noise_factor > 0.0 && pair.low_noise_factor > 0.0);
  const Comparer comparer(pair, options);
  const std::vector<float> core = summed(pair.core, pair.items);
  const std::vector<float> low = summed(pair.low, pair.low_items);
  MethodComparison out = comparer.once(core, low);
  out.replicates = options.bootstrap.replicates;
  std::vector<Sums> draws(static_cast<std::size_t>(out.replicates));
  parallel_chunks(run, draws.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      Rng rng(static_cast<std::uint64_t>(options.bootstrap.seed), 0, r);
      const std::vector<float> new_core = drawn(core, pair.core_noise_factor, rng);
      draws[r] = Comparer::sums(comparer.once(new_core, drawn(low, pair.low_noise_factor, rng)));
    }
  });
  const auto sigma = [&](double Sums::*member) {
    std::vector<double> values;
    for (const Sums& draw : draws) {
      values.push_back(draw.*member);
    }
    return values.size() > 1 ? num::standard_deviation(values) : 0.0;
  };
  out.net_sum.sigma = sigma(&Sums::net);
  out.fourier_ratio.sum.sigma = sigma(&Sums::fourier_ratio);
  if (out.richardson_lucy) {
    out.richardson_lucy->sum.sigma = sigma(&Sums::richardson_lucy);
  }
  return out;
}

}  // namespace hotstage::eels
