// SPDX-License-Identifier: GPL-3.0-or-later
// Zero-loss peak: where it is, how wide, how much it holds, and the relative thickness t/λ that follows.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace hotstage::eels {

/// What is wrong with a zero-loss peak; bits may be combined.
enum class ZeroLossFlag : std::uint8_t {
  not_found = 1,     ///< no peak stands out of the noise: nothing else is valid
  vacuum = 2,        ///< t/λ below ZeroLossOptions::vacuum
  saturated = 4,     ///< flat top or counts at the detector's limit: I0 too small, t/λ too large
  split = 8,         ///< two maxima: the energy moved during the exposure
  cut = 16,          ///< the axis begins inside the peak: I0 too small
  short_range = 32,  ///< the axis ends before ZeroLossOptions::required_range: too short to deconvolve with
};

[[nodiscard]] constexpr bool has(std::uint8_t flags, ZeroLossFlag flag) {
  return (flags & static_cast<std::uint8_t>(flag)) != 0;
}

/// "saturated, cut"; empty when nothing is wrong.
[[nodiscard]] std::string flags_text(std::uint8_t flags);

struct ZeroLossOptions {
  Energy search_low = -1000.0 * units::eV;
  Energy search_high = 1000.0 * units::eV;
  double noise_factor = 1.0;         ///< variance/mean of the counts
  std::optional<double> saturation;  ///< counts
  double vacuum = 0.02;              ///< t/λ
  Energy required_range = 100.0 * units::eV;
  Energy max_fwhm = 8.0 * units::eV;
  std::optional<Energy> end;  ///< above the centre; unset: the first minimum

  template <class V>
  void fields(V& v) {
    v("search_low", search_low,
      {.help = "look for the zero-loss peak above this energy on the file's axis", .unit = "eV"});
    v("search_high", search_high,
      {.help = "look for the zero-loss peak below this energy on the file's axis", .unit = "eV"});
    v("noise_factor", noise_factor,
      {.help = "variance divided by mean of the counts (1: electrons counted one by one)", .min = 1e-9});
    v("saturation", saturation, {.help = "counts per channel at which the detector saturates"});
    v("vacuum", vacuum, {.help = "t/lambda below which a spectrum counts as vacuum", .min = 0.0});
    v("required_range", required_range,
      {.help = "energy loss the low-loss spectrum must reach for deconvolution (about five plasmons)",
       .unit = "eV",
       .min = 0.0});
    v("max_fwhm", max_fwhm, {.help = "a wider peak is not the zero-loss peak", .unit = "eV", .min = 0.0});
    v("end", end,
      {.help = "where the zero-loss peak ends above its centre; at the first minimum when unset",
       .unit = "eV",
       .min = 0.0});
  }
};

/// The zero-loss peak of one spectrum. I0 is given twice: up to the first minimum (`I0`, `thickness`), and with the
/// part of the tail above it that mirrors the measured left side, less the inelastic counts below it (`I0_mirror`,
/// `thickness_mirror`).
struct ZeroLoss {
  double centre_eV = 0.0;     ///< on the axis given; the energy offset of the item is −centre_eV
  double centre_sigma = 0.0;  ///< counting noise only
  double centre_channel = 0.0;
  double fwhm_eV = 0.0;  ///< as measured, channel width included
  double height = 0.0;   ///< counts per channel
  double I0 = 0.0;
  double I0_mirror = 0.0;
  double It = 0.0;     ///< all channels of the axis
  Estimate thickness;  ///< t/λ = ln(It/I0); σ² = noise_factor·(It − I0)/(It·I0)
  Estimate thickness_mirror;
  std::size_t minimum = 0;  ///< first channel that no longer belongs to the peak
  std::uint8_t flags = 0;

  [[nodiscard]] bool found() const { return !has(flags, ZeroLossFlag::not_found); }
};

/// What is kept of the peak of every item of a large measurement.
struct ZeroLossSummary {
  float thickness = 0.0F;  ///< t/λ; 0 when not found
  float thickness_sigma = 0.0F;
  float fwhm_eV = 0.0F;
  std::uint8_t flags = static_cast<std::uint8_t>(ZeroLossFlag::not_found);

  [[nodiscard]] bool found() const { return !has(flags, ZeroLossFlag::not_found); }
};

[[nodiscard]] ZeroLossSummary summary_of(const ZeroLoss& peak);
[[nodiscard]] std::vector<ZeroLossSummary> summaries_of(std::span<const ZeroLoss> peaks);

/// Egerton, EELS in the Electron Microscope, 3rd ed. (2011), §5.1 (doi:10.1007/978-1-4419-9583-4).
///
/// The peak is the first of a tenth or more of the tallest: in thick areas the plasmon may be taller. The centre solves
/// Σ g((E−c)/s)·(E−c)·J = 0 with a Gaussian g of the peak's own width: the maximum of the correlation with it, which
/// has no sub-channel steps. No peak is a flag, not an error.
[[nodiscard]] ZeroLoss find_zero_loss(std::span<const float> counts, const EnergyAxis& axis,
                                      const ZeroLossOptions& options = {});

/// One result per item of the tile. `tile.shift_eV` is not used.
void find_zero_loss(const SpectrumTile& tile, const EnergyAxis& axis, const ZeroLossOptions& options,
                    std::span<ZeroLoss> out);

/// Which counts of a low-loss spectrum are the zero-loss peak.
enum class ZeroLossTail { first_minimum, mirror };

constexpr auto enum_names(ZeroLossTail) {
  return std::array{EnumName<ZeroLossTail>{ZeroLossTail::first_minimum, "first_minimum"},
                    EnumName<ZeroLossTail>{ZeroLossTail::mirror, "mirror"}};
}

/// Writes the zero-loss peak alone, channel by channel, into `out`; its sum is I0 (or I0_mirror). `peak` was found.
void extract_zero_loss(std::span<const float> counts, const EnergyAxis& axis, const ZeroLoss& peak, ZeroLossTail tail,
                       std::span<float> out);

}  // namespace hotstage::eels
