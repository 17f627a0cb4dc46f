// SPDX-License-Identifier: GPL-3.0-or-later
// HyperSpy's way of keeping nested dictionaries in HDF5 groups, attributes and small datasets.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/io/hdf5.hpp"

#include <string>
#include <string_view>

namespace hotstage::signal::hspy {

/// Longer datasets in metadata are noted, not read.
inline constexpr std::size_t most_metadata_elements = std::size_t{1} << 16;

/// Group → object. Lists and tuples become lists, "_None_" null. Throws Error{bad_input} when the tree is endless.
[[nodiscard]] Value read_tree(const io::Hdf5File& file, const std::string& group);

/// Object → a new group, readable by HyperSpy.
void write_tree(const io::Hdf5File& file, const std::string& group, const Value& tree);

/// A name that HDF5 takes as one link: no slash, not empty, not "." or "..".
[[nodiscard]] std::string link_name(std::string_view key);

}  // namespace hotstage::signal::hspy
