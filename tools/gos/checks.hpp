// SPDX-License-Identifier: GPL-3.0-or-later
// Checks of the maker against exact and published numbers.

#pragma once

namespace gos {

/// Prints measured, expected, error and tolerance of everything; false when one is missed.
[[nodiscard]] bool run_checks();

}  // namespace gos
