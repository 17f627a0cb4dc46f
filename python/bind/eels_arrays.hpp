// SPDX-License-Identifier: GPL-3.0-or-later
// Spectra and their energies as Python gives them, and columns of results.

#pragma once

#include "hotstage/core/error.hpp"
#include "hotstage/core/estimate.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "convert.hpp"
#include <string>
#include <utility>
#include <vector>

namespace hotstage::python {

/// Spectra computed between two looks at the stop button.
constexpr std::size_t tile = 32;

/// What Python knows of the energies of an array: offset and step in eV, and the shift of each item (empty: none).
struct Calibration {
  eels::EnergyAxis axis;
  std::vector<double> shift_eV;

  [[nodiscard]] std::span<const double> shifts(std::size_t first, std::size_t count) const {
    return shift_eV.empty() ? std::span<const double>{} : std::span(shift_eV).subspan(first, count);
  }
};

inline Calibration calibration_of(const py::dict& given, const View<const float, 2>& counts) {
  Calibration out{{given["offset_eV"].cast<double>(), given["step_eV"].cast<double>(), counts.extent(1)}, {}};
  if (!(out.axis.step_eV > 0.0)) {
    throw Error(Errc::bad_input, fmt::format("the energy axis has the step {} eV", out.axis.step_eV),
                "It must be positive");
  }
  if (!given["shift_eV"].is_none()) {
    const auto shifts = Doubles(given["shift_eV"]);
    out.shift_eV.assign(span_of(shifts).begin(), span_of(shifts).end());
    if (out.shift_eV.size() != counts.extent(0)) {
      throw Error(Errc::bad_input,
                  fmt::format("{} energy shifts for {} spectra", out.shift_eV.size(), counts.extent(0)));
    }
  }
  return out;
}

inline eels::SpectrumTile tile_of(const View<const float, 2>& counts, const Calibration& energies, std::size_t first,
                                  std::size_t last) {
  return {counts.rows(first, last - first), energies.shifts(first, last - first)};
}

inline eels::Window window_of(const std::pair<double, double>& energies) {
  if (!(energies.first < energies.second)) {
    throw Error(Errc::bad_input, fmt::format("the window {} … {} eV is empty", energies.first, energies.second),
                "Give (low, high)");
  }
  return {energies.first, energies.second};
}

template <class Record, class F>
py::list texts(const std::vector<Record>& records, F&& text) {
  py::list out;
  for (const Record& record : records) {
    out.append(std::string(text(record)));
  }
  return out;
}

inline std::vector<eels::ZeroLoss> zero_loss_peaks(const View<const float, 2>& counts, const eels::EnergyAxis& axis,
                                                   const eels::ZeroLossOptions& options, const Run& run) {
  std::vector<eels::ZeroLoss> out(counts.extent(0));
  parallel_chunks(run, out.size(), tile, [&](std::size_t begin, std::size_t end) {
    eels::find_zero_loss({counts.rows(begin, end - begin)}, axis, options, std::span(out).subspan(begin, end - begin));
  });
  return out;
}

struct Pair {
  View<const float, 2> core;
  View<const float, 2> low;
};

inline Pair pair_of(const Floats& core, const Floats& low) {
  const Pair pair{view(core), view(low)};
  if (pair.low.extent(0) != 1 && pair.low.extent(0) != pair.core.extent(0)) {
    throw Error(Errc::bad_input,
                fmt::format("{} core-loss and {} low-loss spectra do not belong together", pair.core.extent(0),
                            pair.low.extent(0)),
                "Give one low loss per core loss, or one for all");
  }
  return pair;
}

/// `name` and `name`_sigma.
template <class Record, class F>
void add_estimate(py::dict& out, const std::string& name, const std::vector<Record>& records, F&& estimate) {
  out[name.c_str()] = column(records, [&](const Record& r) { return Estimate(estimate(r)).value; });
  out[(name + "_sigma").c_str()] = column(records, [&](const Record& r) { return Estimate(estimate(r)).sigma; });
}

template <class Options>
py::list describe_struct() {
  Options options;
  return describe_options(describe(options));
}

}  // namespace hotstage::python
