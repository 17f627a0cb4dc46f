// SPDX-License-Identifier: GPL-3.0-or-later
// Forward model of a dual EELS measurement (low loss and core loss of the same items) with known truth.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::eels {

enum class CountingNoise { poisson, none };

/// Zero-loss peak and a single Drude plasmon, doi:10.1007/978-1-4419-9583-4 §3.3.
struct LowLossModel {
  double zlp_fwhm_eV = 1.0;       ///< Gaussian
  double zlp_tail_eV = 0.0;       ///< FWHM of an additional Lorentzian broadening (Voigt); 0: none
  double zlp_asymmetry_eV = 0.0;  ///< mean of an additional exponential tail towards loss, centroid kept at 0
  double plasmon_eV = 25.0;
  double plasmon_width_eV = 10.0;
};

/// One core-loss signal: single scattering, counts per eV per incident electron on the core exposure. E in eV.
struct CoreLossComponent {
  std::string label;
  std::function<double(double energy_eV)> density;
  std::vector<double> weight{1.0};  ///< per item; one value: all items alike
};

struct DualPairModel {
  std::size_t rows = 1;
  std::size_t columns = 1;
  double pixel_nm = 1.0;
  EnergyAxis low{-20.0, 0.25, 2048};
  EnergyAxis core{450.0, 0.25, 2048};
  LowLossModel low_loss;
  std::vector<double> thickness{0.5};  ///< t/λ per item; one value: all items alike
  double low_electrons = 1e6;          ///< mean electrons recorded per low-loss spectrum (It, before the axis cuts it)
  double core_electrons = 1e9;         ///< incident electrons (It) of one core-loss exposure
  double background_per_eV = 1e-6;     ///< per electron of core_electrons at background_reference_eV
  double background_reference_eV = 500.0;
  double background_r = 3.0;
  std::vector<CoreLossComponent> components;
  double low_gain = 1.0;  ///< counts per electron: variance/mean of the counts
  double core_gain = 1.0;
  double jitter_eV = 0.0;           ///< standard deviation of an energy shift common to both members
  double core_axis_error_eV = 0.0;  ///< constant drift-tube error: the core axis reads this much too high
  CountingNoise noise = CountingNoise::poisson;
  double beam_energy_keV = 200.0;
  double convergence_mrad = 10.0;
  double collection_mrad = 20.0;
  std::uint64_t stream = 0x65656c73;  ///< key of the random stream; with Run::seed it fixes every number
};

/// What the files say, and what is true.
struct DualPair {
  signal::Signal low;
  signal::Signal core;
  std::vector<double> jitter_eV;        ///< true shift of item i: a loss E is found at E + jitter on both file axes
  Buffer<double, 2> single_scattering;  ///< items × core channels: Σ weight·density ⊗ ZLP/I0·I0 share, expected counts
  Buffer<double, 2> background;         ///< items × core channels, expected counts
  Buffer<double, 2> expected_low;       ///< items × low channels
  Buffer<double, 2> expected_core;  ///< items × core channels
  std::vector<double> thickness;    ///< items
};

/// core = gain·Poisson(background + (Σ weight·density) ⊗ J/It·core_electrons), low = gain·Poisson(J), with
/// J = It·e^{−t/λ}·Z ⊗ Σ_n (t/λ)ⁿ/n!·S⊗…⊗S. The single-scattering truth is what deconvolution must find: the density ⊗
/// Z times core_electrons·e^{−t/λ}. Items are simulated in parallel; numbers do not depend on the thread count.
[[nodiscard]] DualPair simulate_dual_pair(const DualPairModel& model, Run& run);

/// A saw-tooth edge for tests: 0 below onset, density·(E/onset)^−r above.
[[nodiscard]] std::function<double(double)> sawtooth_edge(double onset_eV, double density_per_eV, double r);

/// Gaussian line of given area (per electron), centre and FWHM.
[[nodiscard]] std::function<double(double)> gaussian_line(double centre_eV, double area, double fwhm_eV);

}  // namespace hotstage::eels
