// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/eels/background_local.hpp"
#include "hotstage/eels/denoise.hpp"
#include "hotstage/eels/detail/chain_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::eels {

using detail::BlockSums;

namespace {

/// Counts of the stray spectrum on the channels of the core axis.
std::vector<double> stray_counts(const signal::Signal* stray, const EnergyAxis& core) {
  if (stray == nullptr) {
    return {};
  }
  const EnergyAxis axis = energy_axis_of(*stray);
  if (stray->items() != 1) {
    throw Error(Errc::bad_input, Location{.file = stray->file},
                fmt::format("the stray background must be one spectrum, this has {}", stray->items()));
  }
  const Buffer<float, 2> data = signal::read_all(*stray);
  std::vector<double> out(core.size);
  for (std::size_t i = 0; i < core.size; ++i) {
    out[i] = detail::interpolate(std::span<const float>(data.row(0)), axis.channel(core.value(static_cast<double>(i))));
  }
  return out;
}

}  // namespace

void Chain::State::open(const ChainInput& input, Run& run) {
  core = input.core;
  keep_zero_loss = input.keep_zero_loss;
  core_axis = energy_axis_of(core);
  core_axis.offset_eV += options.shift.in(units::eV);
  if (core.items() == 0) {
    throw Error(Errc::bad_input, Location{.file = core.file}, "the core-loss signal is empty");
  }
  if (is_denoised(core)) {
    warn(run, "denoised_input",
         "PCA-denoised spectra: their noise is not that of counting, so no sigma here is a "
         "counting sigma; weak local signals may be gone");
  }
  if (input.low != nullptr && options.plural_scattering != PluralScattering::keep) {
    low = *input.low;
    low_axis = energy_axis_of(*low);
  }
  if (options.plural_scattering == PluralScattering::fourier_ratio && !low) {
    throw Error(Errc::bad_input, Location{.file = core.file}, "deconvolution needs a low-loss signal",
                "Give the low loss, or set plural_scattering = \"keep\"");
  }
  if (!low) {
    assumed.emplace_back("plural scattering is part of every edge: no low loss was used");
    warn(run, "plural_scattering_kept", "no low loss: plural scattering moves part of each edge out of its window");
  }
  stray = stray_counts(input.stray, core_axis);
  if (low && low->items() != core.items() && low->items() != 1) {
    warn(run, "item_counts_differ",
         fmt::format("{} core-loss and {} low-loss spectra: the mean low loss serves all", core.items(), low->items()));
  }
}

void Chain::State::find_zero_losses(Run& run) {
  shift.assign(core.items(), 0.0);
  if (core.item_offset) {
    for (std::size_t i = 0; i < shift.size(); ++i) {
      shift[i] = (*core.item_offset)[i];
    }
  }
  if (!low) {
    return;
  }
  const std::size_t peaks = low->items();
  const bool keep = keep_zero_loss || !paired();
  zero_loss.resize(keep ? peaks : 0);
  zero_loss_summary.resize(peaks);
  std::vector<double> centre_eV(peaks);
  KeptRows kept = hotstage::keep(zero_loss_summary, centre_eV);
  if (keep) {
    kept.add(zero_loss);
  }
  BlockSums raw_sum(low_axis.size);
  detail::for_each_block(
      *low, run, "zero-loss peaks",
      [&](std::size_t first, View<const float, 2> counts) {
        std::vector<double> sum(low_axis.size, 0.0);
        for (std::size_t i = 0; i < counts.extent(0); ++i) {
          const ZeroLoss peak = find_zero_loss(counts.row(i), low_axis, options.zero_loss);
          if (keep) {
            zero_loss[first + i] = peak;
          }
          zero_loss_summary[first + i] = summary_of(peak);
          centre_eV[first + i] = peak.centre_eV;
          detail::add(counts.row(i), sum);
        }
        return sum;
      },
      raw_sum, kept);
  shared_low.resize(low_axis.size);
  for (std::size_t c = 0; c < low_axis.size; ++c) {
    shared_low[c] = static_cast<float>(raw_sum.total()[c] / static_cast<double>(low->items()));
  }
  // Aligned low losses carry offsets of their own: what is left of the wander moves the core loss.
  const auto position = [&](std::size_t i) { return centre_eV[i] + (low->item_offset ? (*low->item_offset)[i] : 0.0); };
  double mean = 0.0;
  double found = 0.0;
  for (std::size_t i = 0; i < peaks; ++i) {
    mean += zero_loss_summary[i].found() ? position(i) : 0.0;
    found += zero_loss_summary[i].found() ? 1.0 : 0.0;
  }
  mean = found > 0.0 ? mean / found : 0.0;
  for (std::size_t i = 0; i < shift.size() && options.align != Align::none; ++i) {
    const double centre = paired() && zero_loss_summary[i].found() ? position(i) : mean;
    shift[i] -= options.align == Align::absolute ? centre : centre - mean;
  }
  means.low_axis = low_axis.shifted(-mean);
  means.low.assign(shared_low.begin(), shared_low.end());
  if (options.align == Align::jitter && std::abs(mean) > 1.0) {
    assumed.push_back(
        fmt::format("core-loss axis keeps its own calibration although the zero-loss peak lies at {:+.2f} eV", mean));
  }
}

void Chain::State::average_core(Run& run) {
  BlockSums sums(core_axis.size);
  detail::for_each_block(
      core, run, "mean spectrum",
      [&](std::size_t first, View<const float, 2> counts) {
        std::vector<double> sum(core_axis.size, 0.0);
        for (std::size_t i = 0; i < counts.extent(0); ++i) {
          detail::add_shifted(counts.row(i), shift[first + i] / core_axis.step_eV, sum);
        }
        return sum;
      },
      sums, KeptRows::sums_only());
  means.core_axis = core_axis;
  means.core = sums.total();
  for (std::size_t c = 0; c < means.core.size(); ++c) {
    means.core[c] = means.core[c] / static_cast<double>(core.items()) - (stray.empty() ? 0.0 : stray[c]);
  }
}

/// Local background averaging: a pass for the sums that fix the exponent, then neighbourhoods of the scan.
void Chain::State::pool_exponents(Run& run) {
  exponents.assign(fitters.size(), {});
  if (options.background.method != BackgroundMethod::local) {
    return;
  }
  std::vector<std::vector<WindowMoments>> moments(fitters.size(), std::vector<WindowMoments>(core.items()));
  BlockSums none(0);
  detail::for_each_block(
      core, run, "local backgrounds",
      [&](std::size_t first, View<const float, 2> counts) {
        Buffer<float, 2> clean({counts.extent(0), core_axis.size});
        std::copy(counts.data(), counts.data() + counts.size(), clean.data());
        remove_stray(clean.view());
        for (std::size_t i = 0; i < counts.extent(0); ++i) {
          for (std::size_t f = 0; f < fitters.size(); ++f) {
            moments[f][first + i] = fitters[f].moments(clean.row(i), shift[first + i]);
          }
        }
        return std::vector<double>();
      },
      none);
  const bool image = core.navigation.size() == 2;
  const ScanShape shape{image ? core.navigation[0].size : 1, image ? core.navigation[1].size : core.items()};
  for (std::size_t f = 0; f < fitters.size(); ++f) {
    exponents[f] = local_exponents(fitters[f], moments[f], shape);
  }
}

Residuals Chain::State::background_residuals(std::size_t e, View<const float, 2> counts, std::size_t first_item) const {
  constexpr std::size_t width = Residuals::width;
  Residuals out;
  for (std::size_t i = 0; i < counts.extent(0); ++i) {
    const PowerLaw law = fitters[fitter_of[e]].fit(counts.row(i), shift[first_item + i]);
    if (!law.usable() || law.window.size() < 4 * width) {
      continue;
    }
    out.chi2 += law.chi2;
    out.dof += law.dof;
    std::vector<double> model(law.window.size());
    predict(law, core_axis.shifted(shift[first_item + i]), law.window, model);
    const std::size_t blocks = model.size() / width;
    for (std::size_t b = 0; b < blocks; ++b) {
      double residual = 0.0;
      double expected = 0.0;
      for (std::size_t c = b * width; c < (b + 1) * width; ++c) {
        residual += static_cast<double>(counts(i, law.window.first + c)) - model[c];
        expected += model[c];
      }
      out.block_chi2 += residual * residual / expected;
    }
    out.block_dof += static_cast<double>(blocks) - 2.0;
  }
  return out;
}

/// Variance/mean from sums of 8 channels, which contain the correlation of neighbours that a phosphor or a point spread
/// makes; pooled over up to 256 items from the middle. The smallest of the edges: misfit only raises it.
void Chain::State::measure_noise(Run& run) {
  constexpr std::size_t sample = 256;
  const std::size_t items = std::min(core.items(), sample);
  const std::size_t first = (core.items() - items) / 2;
  Buffer<float, 2> counts({items, core_axis.size});
  signal::read(core, {first, items, 0, core_axis.size}, counts.view());
  remove_stray(counts.view());
  std::optional<double> least;
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (edges[e].base != e) {
      continue;
    }
    const Residuals residuals = background_residuals(e, counts.view(), first);
    const double factor = residuals.in_sums();
    edges[e].chi2_per_dof = residuals.per_channel();
    least = least ? std::min(*least, factor) : factor;
    constexpr double poor_fit = 3.0;
    if (factor > poor_fit * residuals.per_channel() && factor > poor_fit) {
      warn(run, "background_misfit",
           fmt::format(
               "{}: the residuals before the edge are not noise (variance/mean {:.1f} per channel, {:.1f} in sums "
               "of {}): the power law does not describe the background",
               edges[e].edge.name(), residuals.per_channel(), factor, Residuals::width));
    }
  }
  double used = options.noise == Noise::poisson ? 1.0 : least.value_or(1.0);
  if (options.background.noise_factor) {
    used = *options.background.noise_factor;
  }
  for (PlacedEdge& edge : edges) {
    edge.noise_factor = used;
  }
  if (used < 0.7 || used > 1.5) {
    warn(run, "noise_factor",
         fmt::format("variance/mean of the counts is {:.2f}, not 1: counts are not single electrons, "
                     "or the background is not a power law; σ is scaled by it",
                     used));
  }
}

void Chain::State::warn_about_zero_loss(Run& run) {
  struct Kind {
    ZeroLossFlag flag;
    const char* kind;
    const char* text;
  };

  constexpr std::array kinds{
      Kind{ZeroLossFlag::not_found, "zero_loss_not_found", "have no zero-loss peak"},
      Kind{ZeroLossFlag::saturated, "saturated", "have a saturated zero-loss peak: t/λ too large"},
      Kind{ZeroLossFlag::split, "zero_loss_split", "have a split zero-loss peak"},
      Kind{ZeroLossFlag::cut, "zero_loss_cut", "begin inside the zero-loss peak"},
      Kind{ZeroLossFlag::vacuum, "vacuum", "are vacuum"},
      Kind{ZeroLossFlag::short_range, "low_loss_short", "end early: plural scattering is removed in part"}};
  for (const Kind& k : kinds) {
    const auto count =
        std::ranges::count_if(zero_loss_summary, [&](const ZeroLossSummary& p) { return has(p.flags, k.flag); });
    if (count > 0) {
      warn(run, k.kind, fmt::format("{} of {} low-loss spectra {}", count, zero_loss_summary.size(), k.text));
    }
  }
}

}  // namespace hotstage::eels
