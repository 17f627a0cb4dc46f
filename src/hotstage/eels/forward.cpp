// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/forward.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/num/fft.hpp"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <utility>

namespace hotstage::eels {
namespace {

using Complex = std::complex<double>;

constexpr double finest_step_eV = 0.125;  // the continuum is sampled at least this finely, then summed into channels
constexpr double gaussian_fwhm = 2.3548200450309493;
constexpr double below_axis_eV = 60.0;  // core-loss signal is followed this far below the core axis
constexpr std::uint64_t low_stream = 0x10;
constexpr std::uint64_t core_stream = 0x20;
constexpr std::uint64_t jitter_stream = 0x30;

/// Points at (j + ½)·step above `start_eV`, split so that every detector channel holds `per_channel` of them.
struct FineGrid {
  double start_eV = 0.0;
  double step_eV = 0.0;
  std::size_t size = 0;
  std::size_t per_channel = 1;

  [[nodiscard]] double energy(std::size_t j) const { return start_eV + (static_cast<double>(j) + 0.5) * step_eV; }
};

FineGrid fine_grid(const EnergyAxis& axis, double low_eV, double extra_eV) {
  FineGrid grid;
  grid.per_channel = static_cast<std::size_t>(std::max(2.0, std::ceil(axis.step_eV / finest_step_eV)));
  grid.step_eV = axis.step_eV / static_cast<double>(grid.per_channel);
  const double below = std::max(axis.low_edge() - low_eV, 0.0);
  grid.start_eV = axis.low_edge() - std::ceil(below / axis.step_eV) * axis.step_eV;
  grid.size =
      num::good_size(static_cast<std::size_t>(std::ceil((axis.high_edge() + extra_eV - grid.start_eV) / grid.step_eV)));
  return grid;
}

/// Scattering described on one grid, as transforms of densities: zero-loss peak Z (unit sum, at 0 eV) and single
/// plasmon S.
struct Scattering {
  FineGrid grid;
  num::RealFft<double> fft;
  std::vector<Complex> zero_loss;
  std::vector<Complex> plasmon;

  explicit Scattering(const FineGrid& fine) : grid(fine), fft(fine.size), zero_loss(fft.bins()), plasmon(fft.bins()) {}

  /// Transform of J/It for t/λ, moved up by `shift_eV`.
  [[nodiscard]] Complex low_loss(std::size_t k, double thickness, double shift_eV) const {
    const double turn =
        -2.0 * std::numbers::pi * static_cast<double>(k) * shift_eV / (grid.step_eV * static_cast<double>(grid.size));
    return zero_loss[k] * std::exp(thickness * (plasmon[k] - 1.0)) * std::polar(1.0, turn);
  }
};

Scattering make_scattering(const FineGrid& grid, const LowLossModel& model) {
  Scattering s(grid);
  const auto n = static_cast<double>(grid.size);
  const double sigma = model.zlp_fwhm_eV / gaussian_fwhm;
  for (std::size_t k = 0; k < s.fft.bins(); ++k) {
    const double f = static_cast<double>(k) / (n * grid.step_eV);  // cycles per eV
    const double x = 2.0 * std::numbers::pi * f;
    s.zero_loss[k] = std::exp(-0.5 * x * x * sigma * sigma - 0.5 * x * model.zlp_tail_eV);
    if (model.zlp_asymmetry_eV > 0.0) {
      const double turn = x * model.zlp_asymmetry_eV;
      s.zero_loss[k] *= std::polar(1.0, turn) / Complex(1.0, turn);
    }
  }
  std::vector<double> drude(grid.size);
  double total = 0.0;
  const double square = model.plasmon_eV * model.plasmon_eV;
  for (std::size_t j = 0; j < grid.size; ++j) {
    const double e = static_cast<double>(j) * grid.step_eV;
    const double detuning = e * e - square;
    drude[j] = e * model.plasmon_width_eV * square /
               (detuning * detuning + e * e * model.plasmon_width_eV * model.plasmon_width_eV);
    total += drude[j];
  }
  for (double& value : drude) {
    value /= total;
  }
  s.fft.forward(drude, s.plasmon);
  return s;
}

double of_item(const std::vector<double>& values, std::size_t item) {
  return values.size() == 1 ? values.front() : values[item];
}

void check(const DualPairModel& model, std::size_t items) {
  const auto fits = [&](const std::vector<double>& values) { return values.size() == 1 || values.size() == items; };
  bool good = fits(model.thickness) && items > 0;
  for (const CoreLossComponent& component : model.components) {
    good = good && fits(component.weight) && component.density;
  }
  if (!good) {
    throw Error(Errc::bad_input,
                fmt::format("dual pair of {} items: thickness and weights need one value or one per item", items));
  }
}

/// Sums fine points into channels of the axis.
void bin(const FineGrid& grid, std::span<const double> fine, const EnergyAxis& axis, std::span<double> out) {
  const auto first = static_cast<std::size_t>(std::llround((axis.low_edge() - grid.start_eV) / grid.step_eV));
  for (std::size_t i = 0; i < axis.size; ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < grid.per_channel; ++j) {
      sum += fine[first + i * grid.per_channel + j];
    }
    out[i] = sum;
  }
}

signal::Signal make_signal(const DualPairModel& model, const EnergyAxis& axis, const char* title,
                           Buffer<float, 2> data) {
  signal::Signal result;
  result.navigation = {{"y", model.rows, 0.0, model.pixel_nm, "nm"}, {"x", model.columns, 0.0, model.pixel_nm, "nm"}};
  if (model.rows * model.columns == 1) {
    result.navigation.clear();
  }
  result.axes = {{"Energy loss", axis.size, axis.offset_eV, axis.step_eV, "eV"}};
  result.metadata.title = title;
  result.metadata.signal_type = "EELS";
  result.metadata.beam_energy = model.beam_energy_keV * units::keV;
  result.metadata.convergence = model.convergence_mrad * units::mrad;
  result.metadata.collection = model.collection_mrad * units::mrad;
  result.original = Value::object();
  result.source = signal::memory_source(std::move(data));
  result.intensity_unit = "counts";
  return result;
}

class Simulation {
 public:
  Simulation(const DualPairModel& model, Run& run)
      : model_(model),
        run_(run),
        items_(model.rows * model.columns),
        low_(make_scattering(fine_grid(model.low, model.low.low_edge(), model.low.size * model.low.step_eV),
                             model.low_loss)),
        core_(make_scattering(
            fine_grid(model.core, model.core.low_edge() - below_axis_eV, model.core.size * model.core.step_eV),
            model.low_loss)),
        low_counts_({items_, model.low.size}),
        core_counts_({items_, model.core.size}) {
    check(model, items_);
    for (const CoreLossComponent& component : model.components) {
      std::vector<double> density(core_.grid.size);
      // Only the part below the padding is physical: the padding takes what convolution moves up.
      const double last = model.core.high_edge() + 10.0 * model.low_loss.zlp_fwhm_eV +
                          std::abs(model.core_axis_error_eV) + 5.0 * model.jitter_eV;
      for (std::size_t j = 0; j < density.size() && core_.grid.energy(j) < last; ++j) {
        density[j] = component.density(core_.grid.energy(j)) * core_.grid.step_eV;
      }
      spectra_.emplace_back(core_.fft.bins());
      core_.fft.forward(density, spectra_.back());
    }
  }

  DualPair simulate() {
    pair_.jitter_eV.resize(items_);
    pair_.thickness.resize(items_);
    pair_.single_scattering = Buffer<double, 2>({items_, model_.core.size});
    pair_.background = Buffer<double, 2>({items_, model_.core.size});
    pair_.expected_low = Buffer<double, 2>({items_, model_.low.size});
    pair_.expected_core = Buffer<double, 2>({items_, model_.core.size});
    parallel_chunks(run_, items_, 16, [&](std::size_t begin, std::size_t end) {
      std::vector<double> fine;
      std::vector<Complex> spectrum;
      for (std::size_t i = begin; i < end; ++i) {
        simulate_low(i, spectrum, fine);
        simulate_core(i, spectrum, fine);
      }
    });
    pair_.low = make_signal(model_, model_.low, "simulated low loss", std::move(low_counts_));
    pair_.core = make_signal(model_, model_.core, "simulated core loss", std::move(core_counts_));
    return std::move(pair_);
  }

 private:
  void simulate_low(std::size_t i, std::vector<Complex>& spectrum, std::vector<double>& fine) {
    Rng rng = run_.rng(model_.stream + jitter_stream, i);
    pair_.jitter_eV[i] = model_.jitter_eV > 0.0 ? model_.jitter_eV * rng.normal() : 0.0;
    pair_.thickness[i] = of_item(model_.thickness, i);
    spectrum.resize(low_.fft.bins());
    fine.resize(low_.grid.size);
    // The peak is put at 0 eV: index of 0 eV on points (j + ½).
    const double shift = pair_.jitter_eV[i] - low_.grid.energy(0);
    for (std::size_t k = 0; k < spectrum.size(); ++k) {
      spectrum[k] = model_.low_electrons * low_.low_loss(k, pair_.thickness[i], shift);
    }
    low_.fft.inverse(spectrum, fine);
    bin(low_.grid, fine, model_.low, pair_.expected_low.row(i));
    record(pair_.expected_low.row(i), model_.low_gain, low_stream, i, low_counts_.row(i));
  }

  void simulate_core(std::size_t i, std::vector<Complex>& spectrum, std::vector<double>& fine) {
    const double thickness = pair_.thickness[i];
    const double shift = pair_.jitter_eV[i] + model_.core_axis_error_eV;
    std::vector<Complex> sum(core_.fft.bins());
    for (std::size_t c = 0; c < spectra_.size(); ++c) {
      const double weight = model_.core_electrons * of_item(model_.components[c].weight, i);
      for (std::size_t k = 0; k < sum.size(); ++k) {
        sum[k] += weight * spectra_[c][k];
      }
    }
    spectrum.resize(core_.fft.bins());
    fine.resize(core_.grid.size);
    for (std::size_t k = 0; k < sum.size(); ++k) {
      spectrum[k] = sum[k] * std::exp(-thickness) * core_.low_loss(k, 0.0, shift);
    }
    core_.fft.inverse(spectrum, fine);
    bin(core_.grid, fine, model_.core, pair_.single_scattering.row(i));
    for (std::size_t k = 0; k < sum.size(); ++k) {
      spectrum[k] = sum[k] * core_.low_loss(k, thickness, shift);
    }
    core_.fft.inverse(spectrum, fine);
    bin(core_.grid, fine, model_.core, pair_.expected_core.row(i));
    PowerLaw law;
    law.A = model_.core_electrons * model_.background_per_eV;
    law.r = model_.background_r;
    law.reference_eV = model_.background_reference_eV;
    predict(law, model_.core.shifted(-shift), {0, model_.core.size}, pair_.background.row(i));
    const std::span<double> expected = pair_.expected_core.row(i);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      expected[k] += pair_.background.row(i)[k];
    }
    record(expected, model_.core_gain, core_stream, i, core_counts_.row(i));
  }

  void record(std::span<const double> expected, double gain, std::uint64_t stream, std::size_t item,
              std::span<float> out) const {
    Rng rng = run_.rng(model_.stream + stream, item);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double mean = std::max(expected[i], 0.0);
      const double electrons =
          model_.noise == CountingNoise::poisson ? static_cast<double>(rng.poisson(mean)) : expected[i];
      out[i] = static_cast<float>(gain * electrons);
    }
  }

  const DualPairModel& model_;
  Run& run_;
  std::size_t items_;
  Scattering low_;
  Scattering core_;
  std::vector<std::vector<Complex>> spectra_;
  Buffer<float, 2> low_counts_;
  Buffer<float, 2> core_counts_;
  DualPair pair_;
};

}  // namespace

DualPair simulate_dual_pair(const DualPairModel& model, Run& run) {
  return Simulation(model, run).simulate();
}

std::function<double(double)> sawtooth_edge(double onset_eV, double density_per_eV, double r) {
  return [=](double energy_eV) {
    return energy_eV < onset_eV ? 0.0 : density_per_eV * std::pow(energy_eV / onset_eV, -r);
  };
}

std::function<double(double)> gaussian_line(double centre_eV, double area, double fwhm_eV) {
  const double sigma = fwhm_eV / gaussian_fwhm;
  const double height = area / (sigma * std::sqrt(2.0 * std::numbers::pi));
  return [=](double energy_eV) {
    const double x = (energy_eV - centre_eV) / sigma;
    return height * std::exp(-0.5 * x * x);
  };
}

}  // namespace hotstage::eels
