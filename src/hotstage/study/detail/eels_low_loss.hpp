// SPDX-License-Identifier: GPL-3.0-or-later
// Low-loss passes shared by steps: zero-loss peaks of all items, thickness maps, signals with their offsets as data.

#pragma once

#include "hotstage/eels/alignment.hpp"
#include "hotstage/eels/fourier_log.hpp"
#include "hotstage/eels/thickness.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/study/detail/eels_pages.hpp"
#include "hotstage/study/step.hpp"

#include <string>
#include <vector>

namespace hotstage::study::detail {

/// The zero-loss peak of every item, in tiles, on run.threads; `centre_eV` on the item's own axis (offset included).
[[nodiscard]] std::vector<eels::ZeroLoss> find_peaks(const signal::Signal& low, const eels::ZeroLossOptions& options,
                                                     Run& run);

/// Single scattering of every item by Fourier-log, and the means over the items that were done.
struct SingleScattering {
  std::vector<eels::FourierLogResult> items;
  eels::EnergyAxis axis;         ///< zero-loss peak of the mean at 0
  std::vector<double> single;    ///< counts per item; empty when nothing was done
  std::vector<double> measured;  ///< low loss of the same items
};

/// `peaks` as find_peaks gave them.
[[nodiscard]] SingleScattering single_scattering(const signal::Signal& low, std::span<const eels::ZeroLoss> peaks,
                                                 const eels::FourierLogOptions& options, Run& run);

/// Mean spectrum of the items on the common axis: item i is moved up by shift_eV[i] (linear; to look at, and for
/// onsets).
[[nodiscard]] std::vector<double> mean_spectrum(const signal::Signal& signal, const std::vector<double>& shift_eV,
                                                Run& run);

/// The signal with `shift_eV` added to the offsets of its items: data, nothing is resampled.
[[nodiscard]] signal::Signal with_offsets(const signal::Signal& signal, const std::vector<double>& shift_eV);

/// All items on one axis: each moved once by its offset in Fourier space, offsets then gone. Throws Error{no_space}
/// when it does not fit --memory.
[[nodiscard]] signal::Signal resampled(const signal::Signal& signal, Run& run);

/// A map with scale bar and colour bar for a scan of two axes, a profile for one, nothing for a single item.
[[nodiscard]] std::vector<report::Figure> scaled_maps(const signal::Signal& scan,
                                                      std::span<const ItemQuantity> quantities);

/// How often values occur: about √n bins over the range of the valid items; nothing below 8 of them.
[[nodiscard]] std::vector<report::Figure> histogram(const ItemQuantity& quantity);

}  // namespace hotstage::study::detail
