// SPDX-License-Identifier: GPL-3.0-or-later
// Long calls from Python: computed on a thread of their own without the interpreter's lock, stopped by Ctrl-C between
// tiles.

#pragma once

#include "hotstage/core/run.hpp"

#include <pybind11/pybind11.h>

#include <functional>
#include <optional>
#include <utility>

namespace hotstage::python {

namespace py = pybind11;

/// Calls `work` while the calling thread serves signals, progress, log and, at the end, warnings. `how` may hold
/// threads, memory_MiB and progress(fraction, phase); `work` must not touch Python.
void call_without_lock(const py::dict& how, const std::function<void(Run&)>& work);

template <class F>
auto long_call(const py::dict& how, F&& work) {
  std::optional<decltype(work(std::declval<Run&>()))> out;
  call_without_lock(how, [&](Run& run) { out.emplace(work(run)); });
  return std::move(*out);
}

}  // namespace hotstage::python
