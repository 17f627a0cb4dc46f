// SPDX-License-Identifier: GPL-3.0-or-later
// The document beside TIA's series: XML about every SER file, in the order of their numbers.

#pragma once

#include "hotstage/signal/detail/xml.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::signal::tia {

/// Every ObjectInfo of a document; XML that is not well formed counts as an empty element.
[[nodiscard]] std::vector<detail::XmlNode> read_objects(std::span<const std::byte> document);

/// "scan_2.ser" → 2; nothing for other names.
[[nodiscard]] std::optional<std::size_t> series_number(const std::filesystem::path& ser);

/// The document of a series, if it lies beside it: "scan_2.ser" → "scan.emi".
[[nodiscard]] std::optional<std::filesystem::path> document_of(const std::filesystem::path& ser);

/// Series of a document by number: "scan.emi" → "scan_1.ser", "scan_2.ser", ….
[[nodiscard]] std::vector<std::filesystem::path> series_of(const std::filesystem::path& emi);

/// Beam energy, magnification, date, and the time of a frame (or of a spectrum).
void read_metadata(const detail::XmlNode& object, Metadata& metadata);

}  // namespace hotstage::signal::tia
