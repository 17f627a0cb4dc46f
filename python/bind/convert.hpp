// SPDX-License-Identifier: GPL-3.0-or-later
// Between Python objects and documents: trees of Value, and keyword arguments read by the description of an options
// struct.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/value.hpp"

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <vector>

namespace hotstage::python {

namespace py = pybind11;

/// dict, list, tuple, NumPy arrays and scalars, text, numbers, None; paths and anything else as their text.
/// Throws Error{bad_input} when nested deeper than documents may be.
[[nodiscard]] Value from_python(py::handle object);

[[nodiscard]] py::object to_python(const Value& value);

/// A unit as the end of a keyword: "eV" → "eV", "g/cm^3" → "g_per_cm3", "1/nm" → "per_nm".
[[nodiscard]] std::string keyword_unit(std::string_view unit);

/// The table that keyword arguments mean. A quantity is text with its unit, or a number under `<name>_<unit>`; None is
/// the default. Unknown keys are left for set_fields() to refuse.
[[nodiscard]] Value options_table(const py::dict& keywords, const std::vector<Field>& fields);

/// What a notebook shows of the options: name, keyword, type, default and help of each.
[[nodiscard]] py::list describe_options(const std::vector<Field>& fields);

/// Options from keyword arguments. Throws Error{bad_input}.
template <class Options>
[[nodiscard]] Options options_from(const py::dict& keywords) {
  Options options;
  std::vector<Field> fields = describe(options);
  set_fields(fields, options_table(keywords, fields));
  return options;
}

}  // namespace hotstage::python
