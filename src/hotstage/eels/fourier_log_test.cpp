// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/fourier_log.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace hotstage::eels {
namespace {

double gaussian(double e, double centre, double fwhm) {
  const double x = (e - centre) * 2.3548200450309493 / fwhm;
  return std::exp(-0.5 * x * x);
}

/// A low loss of known single scattering, all orders summed in closed form: S is Gaussian, so that S ⊗ S ⊗ … are too.
struct Exact {
  EnergyAxis axis;
  std::vector<float> low;
  std::vector<double> single;  ///< I0·t/λ·s ⊗ Z, unit sum of s and Z
};

constexpr double plasmon_eV = 20.0;

Exact exact(double step, double thickness, double zlp_fwhm, double plasmon_fwhm, double I0 = 3e6) {
  Exact out;
  out.axis = {-32.0, step, static_cast<std::size_t>(512.0 / step)};
  out.low.resize(out.axis.size);
  out.single.resize(out.axis.size);
  for (std::size_t i = 0; i < out.axis.size; ++i) {
    const double e = out.axis.value(static_cast<double>(i));
    const auto unit = [&](double centre, double fwhm) {
      return step * gaussian(e, centre, fwhm) / (1.0644670194 * fwhm);
    };
    double sum = unit(0.0, zlp_fwhm);
    double weight = 1.0;
    for (int n = 1; n <= 40; ++n) {
      weight *= thickness / n;
      const double term = weight * unit(plasmon_eV * n, std::hypot(zlp_fwhm, plasmon_fwhm * std::sqrt(n)));
      sum += term;
      out.single[i] = n == 1 ? I0 * term : out.single[i];
    }
    out.low[i] = static_cast<float>(I0 * sum);
  }
  return out;
}

struct Outcome {
  std::vector<float> out;
  std::vector<float> sigma;
  FourierLogResult result;
};

Outcome run_log(std::span<const float> low, const EnergyAxis& axis, const FourierLogOptions& options = {}) {
  Outcome outcome;
  outcome.out.resize(axis.size);
  outcome.sigma.resize(axis.size);
  const FourierLog plan(axis, options);
  auto scratch = plan.make_scratch();
  outcome.result = plan.apply(low, find_zero_loss(low, axis), scratch, outcome.out, outcome.sigma);
  return outcome;
}

double worst(const std::vector<float>& out, const std::vector<double>& truth) {
  double difference = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    difference = std::max(difference, std::abs(static_cast<double>(out[i]) - truth[i]));
    largest = std::max(largest, truth[i]);
  }
  return difference / largest;
}

TEST(FourierLog, recovers_single_scattering_at_every_dispersion) {
  constexpr double recovery = 2e-4;  // of the maximum; the noise floor of 3e6 counts at the ends of the resolution
  for (const double step : {1.0, 0.5, 0.25}) {
    for (const double thickness : {0.3, 1.0, 2.0}) {
      const Exact data = exact(step, thickness, 2.0, 4.0);
      const Outcome outcome = run_log(data.low, data.axis);
      EXPECT_EQ(outcome.result.status, DeconvolutionStatus::ok);
      EXPECT_LT(worst(outcome.out, data.single), recovery) << step << ' ' << thickness;
      EXPECT_NEAR(outcome.result.thickness.value / thickness, 1.0, 1e-4) << step << ' ' << thickness;
      EXPECT_LT(std::abs(outcome.result.sum_rule), 1e-6);
    }
  }
}

/// The same with the principal branch, as peers do it; noise-free data of few frequencies, no floor.
std::vector<float> principal_branch(const Exact& data) {
  const std::size_t n = data.axis.size;
  const auto zero = static_cast<double>(n);
  std::vector<float> out(n);
  std::vector<std::complex<double>> S(n);
  const auto last = static_cast<std::ptrdiff_t>(data.axis.channel(plasmon_eV / 2.0));
  for (std::size_t k = 0; k < n; ++k) {
    std::complex<double> J, Z;
    for (std::size_t i = 0; i < n; ++i) {
      const auto turn =
          std::polar(static_cast<double>(data.low[i]), -2.0 * std::numbers::pi * static_cast<double>(k * i % n) / zero);
      J += turn;
      Z += static_cast<std::ptrdiff_t>(i) < last ? turn : 0.0;
    }
    S[k] = std::abs(Z) > 1e-3 * 3e8 ? Z * std::log(J / Z) : 0.0;
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::complex<double> sum;
    for (std::size_t k = 0; k < n; ++k) {
      sum += S[k] * std::polar(1.0 / zero, 2.0 * std::numbers::pi * static_cast<double>(k * i % n) / zero);
    }
    out[i] = static_cast<float>(sum.real());
  }
  return out;
}

TEST(FourierLog, follows_the_phase_where_the_principal_branch_is_wrong) {
  // |Im ln(F(J)/F(Z))| ≤ t/λ: the principal branch holds up to π, whatever peers warn of below.
  constexpr double recovery = 2e-3;
  for (const double thickness : {2.9, 3.6, 4.5}) {
    const Exact data = exact(1.0, thickness, 2.0, 1.5, 3e8);
    const Outcome outcome = run_log(data.low, data.axis);
    ASSERT_EQ(outcome.result.status, DeconvolutionStatus::ok) << thickness;
    EXPECT_LT(worst(outcome.out, data.single), recovery) << thickness;
    const double of_principal = worst(principal_branch(data), data.single);
    if (outcome.result.largest_phase > std::numbers::pi) {
      EXPECT_GT(of_principal, 0.1) << thickness;
    } else {
      EXPECT_LT(of_principal, 0.02) << thickness;
    }
    EXPECT_EQ(outcome.result.largest_phase > std::numbers::pi, thickness > 3.3) << thickness;
  }
}

TEST(FourierLog, gaussian_modifier_gives_its_resolution_and_the_same_sum) {
  const Exact data = exact(0.5, 0.8, 1.5, 4.0);
  const Outcome outcome =
      run_log(data.low, data.axis, {.modifier = Modifier::gaussian, .gaussian_fwhm = 3.0 * units::eV});
  std::vector<double> truth(data.axis.size);
  const double width = std::hypot(3.0, 4.0);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    truth[i] =
        0.5 * 3e6 * 0.8 * gaussian(data.axis.value(static_cast<double>(i)), plasmon_eV, width) / (1.0644670194 * width);
  }
  EXPECT_LT(worst(outcome.out, truth), 1e-3);
  EXPECT_NEAR(outcome.result.sum_rule, 0.0, 1e-6);
}

DualPairModel low_model(double thickness, std::size_t items, double electrons) {
  DualPairModel model;
  model.columns = items;
  model.thickness = {thickness};
  model.core = {450.0, 1.0, 64};
  model.low = {-20.0, 0.25, 1024};
  model.low_electrons = electrons;
  model.jitter_eV = 0.4;
  return model;
}

TEST(FourierLog, finds_the_plasmon_alone_and_sigma_covers_its_scatter) {
  for (const double thickness : {0.5, 1.5}) {
    const DualPairModel model = low_model(thickness, 200, 1e6);
    hotstage::Run run;
    const DualPair pair = simulate_dual_pair(model, run);
    const Buffer<float, 2> low = signal::read_all(pair.low);
    std::vector<double> thickness_pulls;
    std::vector<std::vector<double>> values(4);
    std::vector<double> sigmas(4, 0.0);
    const std::array<double, 4> probes{15.0, 25.0, 50.0, 75.0};
    for (std::size_t i = 0; i < low.extent(0); ++i) {
      const Outcome outcome = run_log(low.row(i), model.low);
      ASSERT_EQ(outcome.result.status, DeconvolutionStatus::ok);
      const Estimate& t = outcome.result.thickness;
      thickness_pulls.push_back((t.value - thickness) / t.sigma);
      for (std::size_t p = 0; p < probes.size(); ++p) {
        const auto c = static_cast<std::size_t>(std::llround(model.low.channel(probes[p] + pair.jitter_eV[i])));
        values[p].push_back(outcome.out[c]);
        sigmas[p] += static_cast<double>(outcome.sigma[c]) / static_cast<double>(low.extent(0));
      }
    }
    EXPECT_NEAR(num::standard_deviation(thickness_pulls), 1.0, 0.16) << thickness;  // 200 spectra: ± 5 %
    for (std::size_t p = 0; p < probes.size(); ++p) {
      EXPECT_NEAR(num::standard_deviation(values[p]) / sigmas[p], 1.0, 0.16) << thickness << ' ' << probes[p];
    }
    // Nothing is left of the second and third plasmon but the Drude tail of the first.
    const double peak = num::mean(values[1]);
    const auto drude = [](double e) { return e * 10.0 / (std::pow(e * e - 625.0, 2) + e * e * 100.0); };
    constexpr double elsewhere = 0.02;  // of the peak: what lies below the first minimum, extension of the tail
    for (const std::size_t p : {2U, 3U}) {
      EXPECT_NEAR(num::mean(values[p]) / peak, drude(probes[p]) / drude(25.0), elsewhere) << thickness;
    }
  }
}

TEST(FourierLog, refuses_what_it_cannot_do_and_says_why) {
  Exact data = exact(1.0, 1.0, 2.0, 4.0);
  EXPECT_EQ(run_log(data.low, data.axis, {.max_thickness = 0.9}).result.status, DeconvolutionStatus::refused_thick);
  EnergyAxis brief = data.axis;
  brief.size = 112;  // to 80 eV
  EXPECT_EQ(run_log(std::span(data.low).first(112), brief).result.status, DeconvolutionStatus::short_low_loss);
  brief.size = 72;
  EXPECT_EQ(run_log(std::span(data.low).first(72), brief).result.status, DeconvolutionStatus::refused_short);
  const std::vector<float> nothing(data.axis.size, 0.0F);
  const Outcome outcome = run_log(nothing, data.axis);
  EXPECT_EQ(outcome.result.status, DeconvolutionStatus::refused_zero_loss);
  EXPECT_EQ(outcome.out, nothing);
  const EnergyAxis cut{-0.5, 1.0, data.axis.size - 32};
  EXPECT_EQ(run_log(std::span(data.low).subspan(32), cut).result.status, DeconvolutionStatus::refused_zero_loss);
  EXPECT_THROW(FourierLog({0.0, 1.0, 8}), Error);
  EXPECT_EQ(name(DeconvolutionStatus::refused_noise), "refused: too thick for its noise");
}

TEST(FourierLog, a_thick_spectrum_of_few_electrons_is_refused_for_its_noise_and_one_of_many_is_not) {
  for (const double electrons : {2e4, 1e9}) {
    DualPairModel model = low_model(4.2, 1, electrons);
    model.low_loss = {.zlp_fwhm_eV = 1.0, .plasmon_eV = 20.0, .plasmon_width_eV = 3.0};
    hotstage::Run run;
    const Buffer<float, 2> low = signal::read_all(simulate_dual_pair(model, run).low);
    const ZeroLoss peak = find_zero_loss(low.row(0), model.low);
    ASSERT_TRUE(peak.found());
    const Outcome outcome = run_log(low.row(0), model.low);
    EXPECT_EQ(outcome.result.status, electrons < 1e6 ? DeconvolutionStatus::refused_noise : DeconvolutionStatus::ok);
  }
}

TEST(FourierLogFiles, thickness_of_the_simulated_line_scan_is_found_to_one_percent) {
  const auto folder = shared_data_folder();
  const char* file = "exspy/EELS_LL_linescan_simulated_thickness_variation.hspy";
  if (!folder || !std::filesystem::exists(*folder / "eels" / file)) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const signal::Signal signal = signal::load(*folder / "eels" / file, run);
  const Buffer<float, 2> counts = signal::read_all(signal);
  ASSERT_EQ(signal.items(), 17U);
  for (std::size_t i = 0; i < signal.items(); ++i) {
    const double truth = 0.3 + 0.1 * static_cast<double>(i);
    const Outcome outcome = run_log(counts.row(i), energy_axis_of(signal));
    EXPECT_EQ(outcome.result.status, DeconvolutionStatus::ok) << i;
    constexpr double required = 0.01;
    EXPECT_NEAR(outcome.result.thickness.value / truth, 1.0, required) << i;
  }
}

}  // namespace
}  // namespace hotstage::eels
