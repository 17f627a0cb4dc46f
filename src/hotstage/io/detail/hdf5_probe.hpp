// SPDX-License-Identifier: GPL-3.0-or-later
// Walks an HDF5 file in a child process first: libhdf5 1.10 crashes on some damaged files, and a crash must stay an
// Error.

#pragma once

#include <filesystem>

namespace hotstage::io::detail {

/// Throws Error{bad_input} when a child process that looks at every object of the file dies or runs too long.
/// What the child merely reports as an error is left to the caller, who meets it again.
void probe_hdf5(const std::filesystem::path& path);

/// Inside the child the lock has no owner and no meaning.
[[nodiscard]] bool inside_probe() noexcept;

}  // namespace hotstage::io::detail
