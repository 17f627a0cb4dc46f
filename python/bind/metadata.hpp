// SPDX-License-Identifier: GPL-3.0-or-later
// Axes and metadata of a signal as plain dictionaries, the unit of every number in its key.

#pragma once

#include "hotstage/signal/signal.hpp"

#include <pybind11/pybind11.h>

#include <vector>

namespace hotstage::python {

namespace py = pybind11;

/// Absent entries are left out.
[[nodiscard]] py::dict metadata_dict(const signal::Metadata& metadata);

/// `metadata` with the entries of `changes`; None clears one. Throws Error{bad_input} with the nearest key.
[[nodiscard]] signal::Metadata changed(signal::Metadata metadata, const py::dict& changes);

/// name, size, offset, scale, unit, navigate; points when the axis is not uniform.
[[nodiscard]] py::list axes_list(const signal::Signal& signal);

struct Axes {
  std::vector<signal::Axis> navigation;
  std::vector<signal::Axis> signal;
};

/// Reads axes_list() back for an array of that shape; missing members are those of a bare index axis. Without
/// `navigate` the last `signal_dimension` axes are signal axes. Throws Error{bad_input}.
[[nodiscard]] Axes read_axes(const py::object& axes, const std::vector<std::size_t>& shape,
                             std::size_t signal_dimension);

}  // namespace hotstage::python
