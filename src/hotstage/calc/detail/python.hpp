// SPDX-License-Identifier: GPL-3.0-or-later
// What engines behind a Python client share: finding the interpreter, and atoms as a script.

#pragma once

#include "hotstage/calc/engine.hpp"

#include <string>

namespace hotstage::calc::detail {

/// The first python (HOTSTAGE_PYTHON, /usr/bin/python3, python3) in which `probe` prints its version; `status` gives
/// id, title and hint.
[[nodiscard]] EngineStatus python_engine(EngineStatus status, const std::string& probe);

/// `atoms = Atoms(…)` with cell, places and starting moments, ten decimals; Å and Bohr magnetons.
[[nodiscard]] std::string atoms_in_python(const atoms::Structure& structure);

}  // namespace hotstage::calc::detail
