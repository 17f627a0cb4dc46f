// SPDX-License-Identifier: GPL-3.0-or-later
// The same edges thin and thick, of one record without a low loss: plural scattering of another BN specimen, scaled to
// the difference of thickness, must turn the thick spectrum into the thin one.

#include "hotstage/core/data_folders.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/fourier_log.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

struct Spectrum {
  EnergyAxis axis;
  std::vector<float> counts;
};

Spectrum mean_of(const std::filesystem::path& file) {
  hotstage::Run run;
  const signal::Signal signal = signal::load(file, run);
  const Buffer<float, 2> items = signal::read_all(signal);
  Spectrum out{energy_axis_of(signal), std::vector<float>(signal.channels())};
  for (std::size_t i = 0; i < signal.items(); ++i) {
    for (std::size_t j = 0; j < out.counts.size(); ++j) {
      out.counts[j] += items.view()(i, j) / static_cast<float>(signal.items());
    }
  }
  return out;
}

/// Low losses of any thickness from the single scattering of one: Z + Σ_n (t/λ)^n/n!·(Z ⊗ s^n).
class Thickness {
 public:
  explicit Thickness(const Spectrum& low) : axis_(low.axis), single_(low.axis.size), zero_(low.counts) {
    const ZeroLoss peak = find_zero_loss(low.counts, axis_);
    const FourierLog plan(axis_);
    auto scratch = plan.make_scratch();
    std::vector<float> s(axis_.size);
    thickness_ = plan.apply(low.counts, peak, scratch, s).thickness.value;
    centre_ = static_cast<std::size_t>(std::lround(peak.centre_channel));
    const std::size_t end = centre_ + static_cast<std::size_t>(3.0 / axis_.step_eV);
    for (std::size_t i = 0; i < axis_.size; ++i) {
      single_[i] = static_cast<double>(s[i]);
      zero_[i] = i < end ? zero_[i] : 0.0F;
      I0_ += static_cast<double>(zero_[i]);
    }
  }

  [[nodiscard]] std::vector<float> low_loss(double thickness) const {
    std::vector<float> out = zero_;
    std::vector<double> order = single_;
    double weight = 1.0;
    for (int n = 1; n <= 6; ++n) {
      weight *= thickness / thickness_ / n;
      std::vector<double> next(axis_.size);
      for (std::size_t i = 0; i < axis_.size; ++i) {
        out[i] += static_cast<float>(weight * order[i]);
        for (std::size_t j = centre_; j < axis_.size && j - centre_ <= i; ++j) {
          next[i] += order[i - (j - centre_)] * single_[j] / I0_;
        }
      }
      order = next;
    }
    return out;
  }

  [[nodiscard]] const EnergyAxis& axis() const { return axis_; }

 private:
  EnergyAxis axis_;
  std::vector<double> single_;
  std::vector<float> zero_;
  std::size_t centre_ = 0;
  double thickness_ = 0.0;
  double I0_ = 0.0;
};

Spectrum without_background(const Spectrum& spectrum, const Window& window) {
  Spectrum out = spectrum;
  subtract(spectrum.counts, spectrum.axis, PowerLawFitter(spectrum.axis, window).fit(spectrum.counts), out.counts);
  return out;
}

double sum(const Spectrum& spectrum, const Window& window) {
  const ChannelRange range = channels_in(spectrum.axis, window);
  double total = 0.0;
  for (std::size_t i = range.first; i < range.last; ++i) {
    total += static_cast<double>(spectrum.counts[i]);
  }
  return total;
}

/// Near-edge counts per counts behind them: plural scattering moves the one into the other.
struct Shares {
  double boron;
  double nitrogen;
  double ratio;  ///< B/N signal of 50 eV
};

constexpr Window before_boron{140.0, 180.0};
constexpr Window before_nitrogen{345.0, 395.0};

Shares shares_of(const Spectrum& boron) {
  const Spectrum nitrogen = without_background(boron, before_nitrogen);
  return {sum(boron, {196.0, 222.0}) / sum(boron, {222.0, 278.0}),
          sum(nitrogen, {406.0, 424.0}) / sum(nitrogen, {424.0, 480.0}),
          sum(boron, {187.0, 237.0}) / sum(nitrogen, {398.0, 448.0})};
}

Spectrum deconvolved(const Spectrum& net, const Thickness& scattering, double thickness) {
  const FourierRatio plan(net.axis, scattering.axis());
  auto scratch = plan.make_scratch();
  const std::vector<float> low = scattering.low_loss(thickness);
  Spectrum out = net;
  plan.apply(net.counts, plan.transform(low, find_zero_loss(low, scattering.axis()), scratch), scratch, out.counts);
  return out;
}

TEST(ThinAndThick, boron_nitride_agrees_when_the_difference_of_thickness_is_removed) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  const auto folder = *shared / "eels";
  const Spectrum thin = without_background(mean_of(folder / "nion/EELS_Thin.csv"), before_boron);
  const Spectrum thick = without_background(mean_of(folder / "nion/EELS_Thick.csv"), before_boron);
  const Thickness scattering(mean_of(folder / "roundrobin_emat/BN_A3r3_SI_LL_cal.dm3"));
  const Shares target = shares_of(thin);
  const Shares raw = shares_of(thick);
  EXPECT_GT(target.boron / raw.boron, 1.4);  // thick: half of the near-edge counts have moved up by a plasmon
  EXPECT_GT(target.nitrogen / raw.nitrogen, 1.4);

  double low = 0.0;  // B K alone fixes the difference of t/λ …
  double high = 0.8;
  for (int i = 0; i < 20; ++i) {
    const double middle = 0.5 * (low + high);
    (shares_of(deconvolved(thick, scattering, middle)).boron < target.boron ? low : high) = middle;
  }
  EXPECT_NEAR(low, 0.38, 0.05);

  // … N K and B/N are then predictions. The specimens differ in orientation (π* of B twice as strong in the thin one)
  // and the thin one holds carbon.
  const Shares result = shares_of(deconvolved(thick, scattering, low));
  EXPECT_NEAR(target.nitrogen / result.nitrogen, 1.0, 0.06);
  EXPECT_NEAR(target.ratio / result.ratio, 1.0, 0.08);
}

}  // namespace
}  // namespace hotstage::eels
