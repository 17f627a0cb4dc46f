// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/velox/stream.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

namespace hotstage::signal::velox {

namespace {

/// "The beam moves to the next pixel."
constexpr std::uint16_t next_pixel = 65535;
constexpr std::size_t block_events = std::size_t{1} << 16;
constexpr std::size_t most_places = std::size_t{1} << 20;

/// Calls visit(position, event) for events [first, last) until it returns false.
template <class F>
void each_event(const io::Hdf5Dataset& data, std::size_t first, std::size_t last, F&& visit) {
  std::vector<std::uint16_t> block;
  while (first < last) {
    block.resize(std::min(block_events, last - first));
    const std::vector<std::size_t> start{first, 0};
    const std::vector<std::size_t> count{block.size(), 1};
    const std::size_t rank = data.shape().size();
    data.read(std::span(start).first(rank), std::span(count).first(rank), std::as_writable_bytes(std::span(block)));
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (!visit(first + i, block[i])) {
        return;
      }
    }
    first += block.size();
  }
}

std::size_t frame_end(const Stream& stream, std::size_t frame) {
  return frame + 1 < stream.frame_start.size() ? stream.frame_start[frame + 1] : stream.events.shape()[0];
}

}  // namespace

StreamSource::StreamSource(std::vector<Stream> streams, std::size_t items, std::size_t channels)
    : streams_(std::move(streams)), items_(items), channels_(channels) {
  std::size_t frames = 1;
  for (const Stream& stream : streams_) {
    frames = std::max(frames, stream.frame_start.size());
  }
  stride_ = std::max<std::size_t>(1, items_ / std::max<std::size_t>(1, most_places / frames));
}

StreamSource::Index StreamSource::index_of(const Stream& stream) const {
  const std::size_t per_frame = (items_ + stride_ - 1) / stride_;
  Index index;
  for (std::size_t frame = 0; frame < stream.frame_start.size(); ++frame) {
    const std::size_t end = frame_end(stream, frame);
    std::size_t pixel = 0;
    std::size_t marks = 0;
    index.push_back(stream.frame_start[frame]);
    each_event(stream.events, stream.frame_start[frame], end, [&](std::size_t at, std::uint16_t event) {
      if (event == next_pixel) {
        ++marks;
        ++pixel;
        if (pixel < items_ && pixel % stride_ == 0) {
          index.push_back(at + 1);
        }
      } else if (event >= channels_ || pixel >= items_) {
        throw Error(Errc::bad_input,
                    pixel >= items_
                        ? fmt::format("a stream of X-ray events goes on after the last of {} pixels", items_)
                        : fmt::format("a stream of X-ray events holds channel {} of {}", event, channels_),
                    "The file is damaged, or its scan area does not belong to it");
      }
      return true;
    });
    // The mark after the last pixel is written by some versions only.
    if (marks + 1 < items_ || marks > items_) {
      throw Error(Errc::bad_input,
                  fmt::format("a stream of X-ray events has {} pixels, the scan has {}", marks, items_),
                  "The acquisition was cut off, or the scan area does not belong to the stream");
    }
    index.resize(per_frame * (frame + 1), end);
  }
  return index;
}

void StreamSource::build() const {
  const std::lock_guard lock(mutex_);
  if (!index_.empty()) {
    return;
  }
  std::vector<Index> index;
  for (const Stream& stream : streams_) {
    index.push_back(index_of(stream));
  }
  index_ = std::move(index);
}

void StreamSource::read(const Region& region, std::span<std::byte> out) const {
  build();
  std::ranges::fill(out, std::byte{0});
  if (region.items == 0 || region.channels == 0) {
    return;
  }
  const std::size_t per_frame = (items_ + stride_ - 1) / stride_;
  const std::size_t place = region.first_item / stride_;
  const std::size_t last_item = region.first_item + region.items;
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    const Stream& stream = streams_[s];
    for (std::size_t frame = 0; frame < stream.frame_start.size(); ++frame) {
      std::size_t item = place * stride_;
      each_event(stream.events, index_[s][frame * per_frame + place], frame_end(stream, frame),
                 [&](std::size_t, std::uint16_t event) {
                   if (event == next_pixel) {
                     return ++item < last_item;
                   }
                   if (item >= region.first_item && event >= region.first_channel &&
                       event - region.first_channel < region.channels) {
                     const std::size_t cell =
                         (item - region.first_item) * region.channels + event - region.first_channel;
                     std::uint32_t count = 0;
                     std::memcpy(&count, out.data() + cell * sizeof count, sizeof count);
                     ++count;
                     std::memcpy(out.data() + cell * sizeof count, &count, sizeof count);
                   }
                   return true;
                 });
    }
  }
}

}  // namespace hotstage::signal::velox
