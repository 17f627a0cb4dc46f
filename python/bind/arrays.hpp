// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy arrays as views and columns of results as NumPy arrays.

#pragma once

#include "hotstage/core/array.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace hotstage::python {

namespace py = pybind11;

/// Items × channels, contiguous; other types and layouts are converted.
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;

[[nodiscard]] inline View<const float, 2> view(const Floats& array) {
  HOTSTAGE_EXPECTS(array.ndim() == 2);
  return {array.data(), {static_cast<std::size_t>(array.shape(0)), static_cast<std::size_t>(array.shape(1))}};
}

/// A new array, made by NumPy itself: this pybind11 knows the layout of NumPy 1's types only, that of arrays is the
/// same in NumPy 2.
[[nodiscard]] inline py::array make_array(const py::dtype& type, const std::vector<std::size_t>& shape) {
  return py::module_::import("numpy").attr("empty")(py::tuple(py::cast(shape)), type);
}

template <class T>
[[nodiscard]] py::array_t<T> make_array(const std::vector<std::size_t>& shape) {
  return make_array(py::dtype::of<T>(), shape).template cast<py::array_t<T>>();
}

template <class T>
[[nodiscard]] py::array_t<T> copied(std::span<const T> numbers) {
  auto out = make_array<T>({numbers.size()});
  std::copy(numbers.begin(), numbers.end(), out.mutable_data());
  return out;
}

[[nodiscard]] inline Floats make_floats(std::size_t items, std::size_t channels) {
  return make_array(py::dtype::of<float>(), {items, channels}).cast<Floats>();
}

[[nodiscard]] inline View<float, 2> mutable_view(Floats& array) {
  return {array.mutable_data(), {static_cast<std::size_t>(array.shape(0)), static_cast<std::size_t>(array.shape(1))}};
}

[[nodiscard]] inline std::span<const double> span_of(const Doubles& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

/// One number of every record.
template <class Record, class F>
[[nodiscard]] auto column(const std::vector<Record>& records, F&& number) {
  using T = std::decay_t<decltype(number(records.front()))>;
  auto out = make_array<T>({records.size()});
  T* to = out.mutable_data();
  for (const Record& record : records) {
    *to++ = number(record);
  }
  return out;
}

}  // namespace hotstage::python
