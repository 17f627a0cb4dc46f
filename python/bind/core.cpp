// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/core/version.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bind.hpp"
#include "convert.hpp"
#include "long_call.hpp"
#include <chrono>
#include <exception>
#include <string>
#include <thread>

namespace hotstage::python {

namespace {

void raise(const Error& error) {
  if (error.code() == Errc::stopped) {
    PyErr_SetString(PyExc_KeyboardInterrupt, error.what());
    return;
  }
  const py::module_ errors = py::module_::import("hotstage.errors");
  const py::object kind = errors.attr("by_exit_code").attr("get")(static_cast<int>(error.code()), errors.attr("Error"));
  const py::object exception = kind(to_python(Value(std::string(error.what()))));  // file names may be any bytes
  exception.attr("message") = to_python(Value(error.message()));
  exception.attr("hint") = to_python(Value(error.hint()));
  if (const auto& where = error.where()) {
    exception.attr("file") = where->file.empty() ? py::object(py::none()) : to_python(Value(where->file));
    exception.attr("offset") = py::cast(where->offset);
    exception.attr("line") = where->line > 0 ? py::object(py::int_(where->line)) : py::none();
    exception.attr("column") = where->column > 0 ? py::object(py::int_(where->column)) : py::none();
  }
  PyErr_SetObject(kind.ptr(), exception.ptr());
}

void translate(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    raise(error);
  } catch (const Bug& bug) {
    const py::object kind = py::module_::import("hotstage.errors").attr("Bug");
    PyErr_SetString(kind.ptr(), bug.what());
  }
}

py::dict error_codes() {
  py::dict out;
  for (const Errc code : {Errc::usage, Errc::bad_input, Errc::unsupported, Errc::io, Errc::missing_tool, Errc::no_space,
                          Errc::refused, Errc::engine_failed, Errc::stopped}) {
    out[py::str(std::string(name(code)))] = static_cast<int>(code);
  }
  return out;
}

/// Counts to `tiles`, one per `seconds`: what a long call looks like from Python.
std::size_t count_slowly(std::size_t tiles, double seconds, const py::dict& how) {
  return long_call(how, [&](Run& run) {
    for (std::size_t i = 0; i < tiles; ++i) {
      run.check_stop();
      run.progress(static_cast<double>(i) / static_cast<double>(tiles), "counting");
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    }
    run.info("counted");
    run.warn("count", "this computes nothing");
    return tiles;
  });
}

}  // namespace

void bind_core(py::module_& module) {
  py::register_exception_translator(&translate);
  module.attr("version") = std::string(version());
  module.def("error_codes", &error_codes);
  module.def("count_slowly", &count_slowly, py::arg("tiles"), py::arg("seconds"), py::arg("how"));
  module.def("fail_contract", [] { HOTSTAGE_EXPECTS(false); });
  module.def(
      "convert_unit",
      [](const std::string& measured, const std::string& unit) {
        return convert(parse_measured(measured), parse_unit(unit));
      },
      py::arg("measured"), py::arg("unit"));
}

}  // namespace hotstage::python
