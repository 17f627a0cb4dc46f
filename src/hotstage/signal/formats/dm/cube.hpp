// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers of one DM image as a Source over the memory map: spectra are contiguous in it or spread over planes.

#pragma once

#include "hotstage/io/bytes.hpp"
#include "hotstage/io/mapped_file.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hotstage::signal::dm {

/// Element [outer][channel][inner] lies at ((outer · channels + channel) · inner_count + inner); item = outer ·
/// inner_count + inner. A spectrum image with the energy slowest has outer 1 and inner y·x; images and energy-fastest
/// spectra have inner 1.
struct CubeLayout {
  DType dtype = DType::f32;
  std::uint64_t offset = 0;  ///< byte in the file
  std::size_t outer = 1;
  std::size_t channels = 1;
  std::size_t inner = 1;
  io::ByteOrder order = io::ByteOrder::little;
};

/// The caller has checked that the file holds all the elements.
[[nodiscard]] std::shared_ptr<const Source> cube_source(std::shared_ptr<const io::MappedFile> file,
                                                        const CubeLayout& layout);

}  // namespace hotstage::signal::dm
