// SPDX-License-Identifier: GPL-3.0-or-later

#include <pybind11/pybind11.h>

#include "bind.hpp"

PYBIND11_MODULE(_hotstage, module) {
  module.doc() = "Compiled part of hotstage; use the package.";
  hotstage::python::bind_core(module);
  hotstage::python::bind_signal(module);
  hotstage::python::bind_eels(module);
  hotstage::python::bind_atoms(module);
  hotstage::python::bind_study(module);
}
