// SPDX-License-Identifier: GPL-3.0-or-later
// What each topic adds to the extension module.

#pragma once

#include <pybind11/pybind11.h>

namespace hotstage::python {

void bind_core(pybind11::module_& module);
void bind_signal(pybind11::module_& module);
void bind_eels(pybind11::module_& module);
void bind_eels_methods(pybind11::module_& eels);
void bind_eels_passes(pybind11::module_& eels);
void bind_atoms(pybind11::module_& module);
void bind_study(pybind11::module_& module);

}  // namespace hotstage::python
