// SPDX-License-Identifier: GPL-3.0-or-later
// The extended headers of FEI / Thermo Fisher: one record per section with what the microscope was doing.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/io/bytes.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hotstage::signal::mrc {

/// Bytes of one record of the kind "FEI1" or "FEI2"; 0 for other kinds.
[[nodiscard]] std::size_t record_bytes(std::string_view kind);

/// Named fields of a record; those that are not finite are left out.
[[nodiscard]] Value read_record(std::span<const std::byte> record, io::ByteOrder order);

/// Unix seconds of the acquisition: the time stamp in microseconds (FEI2), else the date in days since 1899-12-30.
[[nodiscard]] std::optional<double> recorded_s(const Value& record);

}  // namespace hotstage::signal::mrc
