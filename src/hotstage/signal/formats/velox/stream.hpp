// SPDX-License-Identifier: GPL-3.0-or-later
// X-ray events as Velox streams them: the channel of every photon in the order of arrival, a mark at each step of the
// beam; made into spectra on demand.

#pragma once

#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/signal.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace hotstage::signal::velox {

/// The events of one detector. `frame_start` are the places in `events` where the frames begin.
struct Stream {
  io::Hdf5Dataset events;
  std::vector<std::size_t> frame_start;
};

/// Sum over detectors and frames as items × channels of uint32.
///
/// Memory: one place per few pixels, at most 8 MiB a stream, and one block of events. The streams are passed once
/// before the first region is read; Error{bad_input} when they do not hold the pixels.
class StreamSource final : public Source {
 public:
  StreamSource(std::vector<Stream> streams, std::size_t items, std::size_t channels);

  [[nodiscard]] DType dtype() const override { return DType::u32; }

  [[nodiscard]] std::size_t items() const override { return items_; }

  [[nodiscard]] std::size_t channels() const override { return channels_; }

  void read(const Region& region, std::span<std::byte> out) const override;

  [[nodiscard]] std::size_t preferred_items() const override { return stride_; }

 private:
  /// Where every `stride_`-th pixel of every frame begins.
  using Index = std::vector<std::size_t>;

  void build() const;
  [[nodiscard]] Index index_of(const Stream& stream) const;

  std::vector<Stream> streams_;
  std::size_t items_;
  std::size_t channels_;
  std::size_t stride_;
  mutable std::mutex mutex_;  ///< guards `index_`, empty until the first read
  mutable std::vector<Index> index_;
};

}  // namespace hotstage::signal::velox
