// SPDX-License-Identifier: GPL-3.0-or-later
// How many microseconds does the non-linear fit of L3 and L2 take on one core? (HyperSpy 1.7.3, power law + 2 arctan +
// 2 Gaussians on the same spectrum of 2048 channels: 99 000–111 000.)

#include "hotstage/core/rng.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/white_line_fit.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace {

using namespace hotstage;
using namespace hotstage::eels;

constexpr std::size_t items = 64;

/// Noisy spectra with Co L2,3 on the tail of O K, as in the peer's benchmark.
struct Fixture {
  EnergyAxis axis{450.0, 0.25, 2048};
  Buffer<float, 2> counts{{items, 2048}};
  Buffer<float, 2> net{{items, 2048}};
  std::vector<double> variance = std::vector<double>(2048);

  Fixture() {
    Rng random(1, 2, 3);
    const auto step = [](double e, double at, double h) {
      return e > at - 20.0
                 ? h * (0.5 + std::atan((e - at) / 0.7) / std::numbers::pi) * std::pow(std::max(e, at) / at, -3.0)
                 : 0.0;
    };
    const auto gauss = [](double e, double at, double s) { return std::exp(-0.5 * (e - at) * (e - at) / (s * s)); };
    for (std::size_t k = 0; k < items; ++k) {
      for (std::size_t i = 0; i < axis.size; ++i) {
        const double e = axis.value(static_cast<double>(i));
        variance[i] = 4000.0 * std::pow(e / 500.0, -3.2) + step(e, 535.0, 260.0) + 200.0 * gauss(e, 532.0, 1.0) +
                      step(e, 782.0, 90.0) + step(e, 797.0, 45.0) + 420.0 * gauss(e, 781.0, 1.1) +
                      170.0 * gauss(e, 796.0, 1.3);
        counts.row(k)[i] = static_cast<float>(random.poisson(variance[i]));
      }
    }
  }
};

/// Background and fit together, from 100 eV of 2048 channels.
void white_line_fit(benchmark::State& state, bool free_steps) {
  static Fixture f;
  const PowerLawFitter fitter(f.axis, {730.0, 772.0}, {});
  std::vector<PowerLaw> laws(items);
  LineFitOptions options;
  options.step_width_eV = 1.4;
  options.step_behind_eV = 1.0;
  options.free_steps = free_steps;
  double sum = 0.0;
  for (auto _ : state) {
    subtract_background({f.counts.view()}, fitter, f.net.view(), laws);
    for (std::size_t k = 0; k < items; ++k) {
      sum += fit_white_lines(f.net.row(k), f.variance, f.axis, 781.0, 796.0, options).ratio.value;
    }
    benchmark::DoNotOptimize(sum);
  }
  state.counters["s_per_spectrum"] = benchmark::Counter(static_cast<double>(state.iterations() * items),
                                                        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(white_line_fit, tied_steps, false);
BENCHMARK_CAPTURE(white_line_fit, free_steps, true);

}  // namespace
