// SPDX-License-Identifier: GPL-3.0-or-later
// Putting spectra on one energy axis: calibration by one known line, kept in the metadata, and, when asked for, one
// band-limited shift in Fourier space.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace hotstage::eels {

/// What is known about the axis.
struct KnownLine {
  std::string name;      ///< an edge of the table ("O K"), or what the user calls the line
  Energy energy{};       ///< where it must lie
  bool maximum = false;  ///< true: the maximum of a peak; false: the onset of an edge
  Energy search = 15.0 * units::eV;
};

/// A constant shift of an axis and where it comes from.
struct Calibration {
  double shift_eV = 0.0;  ///< to be added to the axis
  double sigma_eV = 0.0;  ///< of a maximum: counting; of an onset: one channel/√12
  KnownLine line;
  double found_eV = 0.0;  ///< on the axis as it was
};

/// Finds the line in a (mean) spectrum. An onset is that of the windows: 20 % of the maximum behind it; a maximum is
/// the vertex of a parabola through the channels within 1 eV of the highest one above the straight line between the
/// ends of the search. Throws Error{refused} when nothing stands out.
[[nodiscard]] Calibration calibrate(std::span<const double> counts, const EnergyAxis& axis, const KnownLine& line);

/// The signal with the shift in its energy axis and its origin in its tags ("hotstage_calibration"). Nothing is
/// resampled.
[[nodiscard]] signal::Signal calibrated(const signal::Signal& signal, const Calibration& calibration);

/// Shifts spectra by fractions of a channel: a phase ramp on the transform, so that counts and every frequency below
/// Nyquist are kept (linear interpolation halves the noise at half a channel and widens lines).
///
/// Both ends are continued by their point reflection, faded into each other, so that the periodic continuation has no
/// step. What moves off the axis is lost, what moves in is the continuation. Features narrower than two channels ring.
/// Transforms are in single precision: rounding, rms over rms of the spectrum, below 4e-7. Thread-safe; every spectrum
/// is worked on alone, so that results do not depend on tiles or threads.
class FourierShift {
 public:
  /// Throws Error{bad_input} below 16 channels.
  explicit FourierShift(std::size_t channels);
  ~FourierShift();
  FourierShift(FourierShift&&) noexcept;
  FourierShift& operator=(FourierShift&&) noexcept;
  FourierShift(const FourierShift&) = delete;
  FourierShift& operator=(const FourierShift&) = delete;

  /// out(E) = counts(E − shift): features move up by `shift` channels. `out` may be `counts`.
  void apply(std::span<const float> counts, double shift, std::span<float> out) const;
  /// The same row by row, with the work arrays made once; one shift per row.
  void apply(View<const float, 2> counts, std::span<const double> shift, View<float, 2> out) const;

 private:
  struct Plan;
  std::unique_ptr<const Plan> plan_;
};

}  // namespace hotstage::eels
