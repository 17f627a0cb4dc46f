// SPDX-License-Identifier: GPL-3.0-or-later
// How many microseconds per spectrum of 2048 channels do the EELS kernels take on one core? (HyperSpy 1.7.3: background
// 106–155, Fourier-ratio 542–570, zero-loss alignment 604–717.)

#include "hotstage/eels/alignment.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/eels/fourier_log.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/richardson_lucy.hpp"
#include "hotstage/eels/spikes.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

namespace {

using namespace hotstage;
using namespace hotstage::eels;

constexpr std::size_t items = 64;

/// Data of one tile: 64 spectra of 2048 + 2048 channels at 0.25 eV with energy jitter.
struct Fixture {
  EnergyAxis low_axis{-20.0, 0.25, 2048};
  EnergyAxis core_axis{450.0, 0.25, 2048};
  Buffer<float, 2> low;
  Buffer<float, 2> core;
  Buffer<float, 2> out{{items, 2048}};
  std::vector<double> shift;
  std::vector<ZeroLoss> peaks{items};

  Fixture() {
    DualPairModel model;
    model.columns = items;
    model.low = low_axis;
    model.core = core_axis;
    model.jitter_eV = 0.6;
    model.components = {{"edge", sawtooth_edge(532.0, 1e-6, 3.0)}};
    hotstage::Run run;
    const DualPair pair = simulate_dual_pair(model, run);
    low = signal::read_all(pair.low);
    core = signal::read_all(pair.core);
    find_zero_loss({low.view()}, low_axis, {}, peaks);
    for (const ZeroLoss& peak : peaks) {
      shift.push_back(-peak.centre_eV);
    }
  }
};

Fixture& fixture() {
  static Fixture data;
  return data;
}

void report(benchmark::State& state) {
  const auto spectra = static_cast<double>(state.iterations() * items);
  state.counters["s_per_spectrum"] =
      benchmark::Counter(spectra, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void background(benchmark::State& state, BackgroundMethod method) {
  Fixture& f = fixture();
  const PowerLawFitter fitter(f.core_axis, {470.0, 525.0}, {.method = method});
  std::vector<PowerLaw> fits(items);
  for (auto _ : state) {
    subtract_background({f.core.view(), f.shift}, fitter, f.out.view(), fits);
    benchmark::DoNotOptimize(f.out.data());
  }
  report(state);
}

void zero_loss(benchmark::State& state) {
  Fixture& f = fixture();
  for (auto _ : state) {
    find_zero_loss({f.low.view()}, f.low_axis, {}, f.peaks);
    benchmark::DoNotOptimize(f.peaks.data());
  }
  report(state);
}

void fourier_ratio_own_low_loss(benchmark::State& state) {
  Fixture& f = fixture();
  const FourierRatio plan(f.core_axis, f.low_axis);
  auto scratch = plan.make_scratch();
  std::vector<Deconvolution> results(items);
  for (auto _ : state) {
    deconvolve(plan, {f.core.view(), f.low.view(), f.peaks}, scratch, f.out.view(), results);
    benchmark::DoNotOptimize(f.out.data());
  }
  report(state);
}

void fourier_ratio_shared_low_loss(benchmark::State& state) {
  Fixture& f = fixture();
  const FourierRatio plan(f.core_axis, f.low_axis);
  auto scratch = plan.make_scratch();
  const LowLossTransform low = plan.transform(f.low.row(0), f.peaks[0], scratch);
  for (auto _ : state) {
    for (std::size_t i = 0; i < items; ++i) {
      plan.apply(f.core.row(i), low, scratch, f.out.row(i));
    }
    benchmark::DoNotOptimize(f.out.data());
  }
  report(state);
}

void fourier_log(benchmark::State& state) {
  Fixture& f = fixture();
  const FourierLog plan(f.low_axis);
  auto scratch = plan.make_scratch();
  for (auto _ : state) {
    for (std::size_t i = 0; i < items; ++i) {
      benchmark::DoNotOptimize(plan.apply(f.low.row(i), f.peaks[i], scratch, f.out.row(i)));
    }
  }
  report(state);
}

void richardson_lucy(benchmark::State& state) {
  Fixture& f = fixture();
  const RichardsonLucy plan(f.core_axis, f.low_axis);
  const PowerLaw law = PowerLawFitter(f.core_axis, {470.0, 525.0}).fit(f.core.row(0));
  std::vector<double> background(f.core_axis.size, 0.0);
  predict(law, f.core_axis, {law.window.last, f.core_axis.size}, std::span(background).subspan(law.window.last));
  for (auto _ : state) {
    for (std::size_t i = 0; i < items; ++i) {
      benchmark::DoNotOptimize(plan.apply(f.core.row(i), background, f.low.row(i), f.peaks[i], f.out.row(i)));
    }
  }
  report(state);
}

void fourier_shift(benchmark::State& state) {
  Fixture& f = fixture();
  const FourierShift plan(2048);
  const std::vector<double> shift(items, 0.3);
  for (auto _ : state) {
    plan.apply(std::as_const(f.core).view(), shift, f.out.view());
    benchmark::DoNotOptimize(f.out.data());
  }
  report(state);
}

void spikes(benchmark::State& state) {
  Fixture& f = fixture();
  for (auto _ : state) {
    std::copy(f.core.data(), f.core.data() + f.core.size(), f.out.data());
    benchmark::DoNotOptimize(remove_spikes(f.out.view(), 0));
  }
  report(state);
}

}  // namespace

BENCHMARK_CAPTURE(background, two_area, BackgroundMethod::two_area);
BENCHMARK_CAPTURE(background, poisson, BackgroundMethod::poisson);
BENCHMARK_CAPTURE(background, least_squares, BackgroundMethod::least_squares);
BENCHMARK_CAPTURE(background, two_window, BackgroundMethod::two_window);
BENCHMARK_CAPTURE(background, exponential, BackgroundMethod::exponential);
BENCHMARK_CAPTURE(background, basis, BackgroundMethod::basis);
BENCHMARK(zero_loss);
BENCHMARK(fourier_ratio_own_low_loss);
BENCHMARK(fourier_ratio_shared_low_loss);
BENCHMARK(fourier_log);
BENCHMARK(richardson_lucy);
BENCHMARK(fourier_shift);
BENCHMARK(spikes);
