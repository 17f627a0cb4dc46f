// SPDX-License-Identifier: GPL-3.0-or-later
// One JSON file per image of a band: where its atoms are and what was computed there, so that a stopped search goes on.

#pragma once

#include "hotstage/calc/neb.hpp"

#include <filesystem>
#include <optional>

namespace hotstage::calc::detail {

[[nodiscard]] std::filesystem::path image_file(const std::filesystem::path& folder, std::size_t image);

void write_image(const std::filesystem::path& file, const BandImage& image, const Settings& settings);

/// What the file holds, if it exists. Throws Error{bad_input} when it is broken or of other atoms, Error{refused} when
/// it was computed with other settings.
[[nodiscard]] std::optional<BandImage> read_image(const std::filesystem::path& file, const atoms::Structure& expected,
                                                  const Settings& settings);

}  // namespace hotstage::calc::detail
