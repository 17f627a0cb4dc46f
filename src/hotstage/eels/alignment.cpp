// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/alignment.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/low_loss_parts.hpp"
#include "hotstage/eels/detail/onset.hpp"
#include "hotstage/eels/detail/shift_kernel.hpp"
#include "hotstage/num/fft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <optional>
#include <vector>

namespace hotstage::eels {
namespace {

constexpr std::size_t fewest_added = 128;  // channels in which the ends of a spectrum are joined

struct Found {
  double energy_eV = 0.0;
  double sigma_eV = 0.0;
};

/// Vertex of the least-squares parabola through the top of a peak, heights above the chord of the search range.
std::optional<Found> find_maximum(std::span<const double> counts, const EnergyAxis& axis, const KnownLine& line) {
  constexpr double half_width_eV = 1.0;
  constexpr double stands_out = 5.0;  // σ of counting above the chord
  const double centre = line.energy.in(units::eV);
  const double reach = line.search.in(units::eV);
  const ChannelRange range = channels_in(axis, {centre - reach, centre + reach});
  if (range.size() < 8) {
    return std::nullopt;
  }
  const auto last = static_cast<double>(range.size() - 1);
  const auto chord = [&](std::size_t i) {
    const double share = static_cast<double>(i - range.first) / last;
    return (1.0 - share) * counts[range.first] + share * counts[range.last - 1];
  };
  std::size_t top = range.first;
  for (std::size_t i = range.first; i < range.last; ++i) {
    top = counts[i] - chord(i) > counts[top] - chord(top) ? i : top;
  }
  const double height = counts[top] - chord(top);
  if (top == range.first || top + 1 == range.last || height < stands_out * std::sqrt(std::max(counts[top], 1.0))) {
    return std::nullopt;
  }
  const auto half = std::max<std::size_t>(1, static_cast<std::size_t>(half_width_eV / axis.step_eV));
  const std::size_t n = std::min({half, top - range.first, range.last - 1 - top});
  // Orthogonal polynomials on −n … n: slope Σxy/Σx², curvature Σ(x² − ⟨x²⟩)y/Σ(x² − ⟨x²⟩)x².
  double xx = 0.0;
  double quartic = 0.0;
  const auto reach_n = static_cast<std::ptrdiff_t>(n);
  for (std::ptrdiff_t x = -reach_n; x <= reach_n; ++x) {
    const auto square = static_cast<double>(x * x);
    xx += square;
    quartic += square * square;
  }
  const double count = 2.0 * static_cast<double>(n) + 1.0;
  double slope = 0.0;
  double curvature = 0.0;
  for (std::ptrdiff_t x = -reach_n; x <= reach_n; ++x) {
    const auto i = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(top) + x);
    const double y = counts[i] - chord(i);
    slope += static_cast<double>(x) * y / xx;
    curvature += (static_cast<double>(x * x) - xx / count) * y / (quartic - xx * xx / count);
  }
  if (!(curvature < 0.0)) {
    return std::nullopt;
  }
  const double vertex = std::clamp(-0.5 * slope / curvature, -count, count);
  const double noise = std::sqrt(std::max(counts[top], 0.0) / xx);
  return Found{axis.value(static_cast<double>(top) + vertex), axis.step_eV * noise / (-2.0 * curvature)};
}

}  // namespace

Calibration calibrate(std::span<const double> counts, const EnergyAxis& axis, const KnownLine& line) {
  HOTSTAGE_EXPECTS(counts.size() == axis.size);
  std::optional<Found> found;
  if (line.maximum) {
    found = find_maximum(counts, axis, line);
  } else if (const auto onset =
                 detail::observe_onset(counts, axis, line.energy.in(units::eV), line.search.in(units::eV))) {
    found = Found{*onset, axis.step_eV / std::sqrt(12.0)};
  }
  if (!found) {
    throw Error(Errc::refused,
                fmt::format("the line {} is not seen within {:g} eV of {:g} eV", line.name, line.search.in(units::eV),
                            line.energy.in(units::eV)),
                "Choose another line, or a wider search");
  }
  return {line.energy.in(units::eV)-found->energy_eV, found->sigma_eV, line, found->energy_eV};
}

signal::Signal calibrated(const signal::Signal& signal, const Calibration& calibration) {
  signal::Signal out = signal;
  (void)energy_axis_of(signal);
  out.axes.front().offset += calibration.shift_eV;
  Value note = Value::object();
  note["line"] = Value(calibration.line.name);
  note["kind"] = Value(calibration.line.maximum ? "maximum" : "onset");
  note["energy_eV"] = Value(calibration.line.energy.in(units::eV));
  note["found_eV"] = Value(calibration.found_eV);
  note["shift_eV"] = Value(calibration.shift_eV);
  note["sigma_eV"] = Value(calibration.sigma_eV);
  if (!out.original.is_object()) {
    out.original = Value::object();
  }
  // Of a file that HyperSpy wrote, only this member is written again.
  const Value* own = out.original.find("original_metadata");
  const bool nested = own != nullptr && own->is_object() && out.original.find("metadata") != nullptr;
  Value& tags = nested ? out.original["original_metadata"] : out.original;
  tags["hotstage_calibration"] = std::move(note);
  return out;
}

struct FourierShift::Plan {
  std::size_t channels = 0;
  num::RealFft<float> fft;
  std::vector<float> fade;

  explicit Plan(std::size_t n)
      : channels(n),
        fft(num::fast_size(n + std::min<std::size_t>(n - 1, fewest_added))),
        fade(detail::cosine_bell(fft.size() - n)) {}
};

FourierShift::FourierShift(std::size_t channels) {
  constexpr std::size_t fewest = 16;
  if (channels < fewest) {
    throw Error(Errc::bad_input, fmt::format("a spectrum of {} channels is too short to be resampled", channels),
                "Leave resample = false: the shift is kept as data");
  }
  plan_ = std::make_unique<const Plan>(channels);
}

FourierShift::~FourierShift() = default;
FourierShift::FourierShift(FourierShift&&) noexcept = default;
FourierShift& FourierShift::operator=(FourierShift&&) noexcept = default;

void FourierShift::apply(std::span<const float> counts, double shift, std::span<float> out) const {
  const std::array<std::size_t, 2> one{1, plan_->channels};
  HOTSTAGE_EXPECTS(counts.size() == one[1] && out.size() == one[1]);
  apply(View<const float, 2>(counts.data(), one), std::span(&shift, 1), View<float, 2>(out.data(), one));
}

void FourierShift::apply(View<const float, 2> counts, std::span<const double> shift, View<float, 2> out) const {
  const std::size_t n = plan_->channels;
  const num::RealFft<float>& fft = plan_->fft;
  HOTSTAGE_EXPECTS(counts.extent(1) == n && shift.size() == counts.extent(0) && out.extents() == counts.extents());
  Buffer<float, 1> values({fft.size()});
  Buffer<std::complex<float>, 1> spectrum({fft.bins()});
  const std::span<float> real(values.data(), values.size());
  const std::span<std::complex<float>> bins(spectrum.data(), spectrum.size());
  for (std::size_t i = 0; i < shift.size(); ++i) {
    detail::join_ends(counts.row(i).data(), n, plan_->fade.data(), real.data(), real.size());
    fft.forward(real, bins);
    detail::phase_ramp(bins.data(), fft.size(), shift[i], 1.0 / static_cast<double>(fft.size()));
    fft.inverse_unscaled(bins, real);
    std::copy_n(real.begin(), n, out.row(i).begin());
  }
}

}  // namespace hotstage::eels
