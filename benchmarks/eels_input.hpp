// SPDX-License-Identifier: GPL-3.0-or-later
// What the EELS cases of hotstage_bench do with their input before and after the clock.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/eels/spectrum.hpp"

#include "cases.hpp"
#include <algorithm>
#include <string>

namespace hotstage::bench {

inline View<const float, 2> first_items(View<const float, 2> cube, std::size_t items) {
  return items == 0 ? cube : cube.rows(0, std::min(items, cube.extent(0)));
}

inline eels::EnergyAxis axis_of(double offset_eV, const Job& job, const View<const float, 2>& cube) {
  return {offset_eV, job.step_eV, cube.extent(1)};
}

/// Pages of a mapped input come from the page cache; touching them once keeps the faults out of the kernel's time.
inline double touch(const View<const float, 2>& cube) {
  double sum = 0.0;
  constexpr std::size_t page = 4096 / sizeof(float);
  for (std::size_t i = 0; i < cube.size(); i += page) {
    sum += static_cast<double>(cube.data()[i]);
  }
  return sum;
}

inline Report report_of(const std::string& name, const View<const float, 2>& cube, const Timing& timing) {
  Report report;
  report.text("case", name);
  report.number("spectra", static_cast<double>(cube.extent(0)));
  report.number("bytes", static_cast<double>(cube.size() * sizeof(float)));
  report.timing("", timing);
  report.number("peak_rss", peak_resident());
  return report;
}

}  // namespace hotstage::bench
