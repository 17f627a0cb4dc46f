// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/hdf5_source.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cstring>

namespace hotstage::signal::detail {

namespace {

/// By position: io::NumberType and DType list the same types in the same order, colours last.
constexpr std::size_t number_types = 12;

void split(std::size_t first, std::size_t count, std::span<const std::size_t> shape, std::vector<std::size_t>& prefix,
           std::vector<Box>& out) {
  if (count == 0) {
    return;
  }
  const auto emit = [&](std::size_t start, std::size_t length) {
    Box box;
    box.start = prefix;
    box.count.assign(prefix.size(), 1);
    if (!shape.empty()) {
      box.start.push_back(start);
      box.count.push_back(length);
      for (const std::size_t size : shape.subspan(1)) {
        box.start.push_back(0);
        box.count.push_back(size);
      }
    }
    for (const std::size_t size : box.count) {
      box.size *= size;
    }
    out.push_back(std::move(box));
  };
  if (shape.empty()) {
    emit(0, 1);
    return;
  }
  std::size_t inner = 1;
  for (const std::size_t size : shape.subspan(1)) {
    inner *= size;
  }
  const auto descend = [&](std::size_t index, std::size_t from, std::size_t length) {
    prefix.push_back(index);
    split(from, length, shape.subspan(1), prefix, out);
    prefix.pop_back();
  };
  if (const std::size_t offset = first % inner; offset != 0) {
    const std::size_t head = std::min(inner - offset, count);
    descend(first / inner, offset, head);
    first += head;
    count -= head;
  }
  if (count >= inner) {
    emit(first / inner, count / inner);
    first += count / inner * inner;
    count %= inner;
  }
  if (count > 0) {
    descend(first / inner, 0, count);
  }
}

std::size_t product(std::span<const std::size_t> sizes) {
  std::size_t out = 1;
  for (const std::size_t size : sizes) {
    out *= size;
  }
  return out;
}

/// Copies a packed box in file order to a packed box in the order of `axes` (file axes, slowest first).
void permute(std::span<const std::byte> in, std::span<const std::size_t> file_count, std::span<const std::size_t> axes,
             std::size_t width, std::span<std::byte> out) {
  std::vector<std::size_t> strides(file_count.size());
  std::size_t stride = width;
  for (std::size_t i = file_count.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= file_count[i];
  }
  const std::size_t inner = axes.back();
  std::vector<std::size_t> index(axes.size(), 0);
  for (std::byte* to = out.data(); to != out.data() + out.size();) {
    const std::byte* from = in.data();
    for (std::size_t i = 0; i < axes.size(); ++i) {
      from += index[i] * strides[axes[i]];
    }
    for (std::size_t i = 0; i < file_count[inner]; ++i, to += width, from += strides[inner]) {
      std::memcpy(to, from, width);
    }
    for (std::size_t i = axes.size() - 1; i-- > 0;) {
      if (++index[i] < file_count[axes[i]]) {
        break;
      }
      index[i] = 0;
    }
  }
}

}  // namespace

DType to_dtype(io::NumberType type) {
  return static_cast<DType>(static_cast<std::size_t>(type));
}

static_assert(static_cast<std::size_t>(DType::c128) == number_types - 1 &&
              static_cast<std::size_t>(io::NumberType::c128) == number_types - 1);
static_assert(static_cast<std::size_t>(DType::f32) == static_cast<std::size_t>(io::NumberType::f32));

std::optional<io::NumberType> to_number_type(DType type) {
  const auto position = static_cast<std::size_t>(type);
  return position < number_types ? std::optional(static_cast<io::NumberType>(position)) : std::nullopt;
}

std::vector<Box> boxes(std::size_t first, std::size_t count, std::span<const std::size_t> shape) {
  std::vector<Box> out;
  std::vector<std::size_t> prefix;
  split(first, count, shape, prefix, out);
  return out;
}

Hdf5Source::Hdf5Source(io::Hdf5Dataset data, AxisRoles roles) : data_(std::move(data)), axes_(roles.navigation) {
  axes_.insert(axes_.end(), roles.signal.begin(), roles.signal.end());
  const std::vector<std::size_t>& shape = data_.shape();
  std::vector<bool> used(shape.size(), false);
  for (const std::size_t axis : axes_) {
    HOTSTAGE_EXPECTS(axis < shape.size() && !used[axis]);
    used[axis] = true;
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    HOTSTAGE_EXPECTS(used[i] || shape[i] == 1);
  }
  for (const std::size_t axis : roles.navigation) {
    navigation_.push_back(shape[axis]);
  }
  for (const std::size_t axis : roles.signal) {
    signal_.push_back(shape[axis]);
  }
}

std::size_t Hdf5Source::items() const {
  return product(navigation_);
}

std::size_t Hdf5Source::channels() const {
  return product(signal_);
}

void Hdf5Source::read(const Region& region, std::span<std::byte> out) const {
  const std::size_t width = size_of(dtype());
  const std::size_t stride = region.channels * width;
  const std::vector<Box> columns = boxes(region.first_channel, region.channels, signal_);
  std::vector<std::byte> packed;
  std::size_t item = 0;
  for (const Box& rows : boxes(region.first_item, region.items, navigation_)) {
    std::size_t channel = 0;
    for (const Box& column : columns) {
      std::vector<std::size_t> start = rows.start;
      std::vector<std::size_t> count = rows.count;
      start.insert(start.end(), column.start.begin(), column.start.end());
      count.insert(count.end(), column.count.begin(), column.count.end());
      const std::size_t length = column.size * width;
      const std::span<std::byte> target = out.subspan(item * stride, rows.size * stride);
      if (length == stride) {
        read_packed(start, count, target);
      } else {
        packed.resize(rows.size * length);
        read_packed(start, count, packed);
        for (std::size_t i = 0; i < rows.size; ++i) {
          std::memcpy(target.data() + i * stride + channel * width, packed.data() + i * length, length);
        }
      }
      channel += column.size;
    }
    item += rows.size;
  }
}

void Hdf5Source::read_packed(const std::vector<std::size_t>& start, const std::vector<std::size_t>& count,
                             std::span<std::byte> out) const {
  const std::size_t rank = data_.shape().size();
  std::vector<std::size_t> file_start(rank, 0);
  std::vector<std::size_t> file_count(rank, 1);
  std::size_t last = 0;
  std::size_t slowest = axes_.size();  // the first axis of the order wanted that is longer than one
  bool in_order = true;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    file_start[axes_[i]] = start[i];
    file_count[axes_[i]] = count[i];
    if (count[i] > 1) {
      in_order = in_order && (slowest == axes_.size() || axes_[i] > last);
      slowest = std::min(slowest, i);
      last = axes_[i];
    }
  }
  if (in_order) {
    data_.read(file_start, file_count, out);
    return;
  }
  const std::vector<std::size_t>& chunk = data_.chunk();
  if (!chunk.empty() && chunk[axes_[slowest]] == 1) {
    // One chunk after the other needs no turning of axes: the rows of Velox, (x, E) each.
    std::vector<std::size_t> one_start = start;
    std::vector<std::size_t> one_count = count;
    one_count[slowest] = 1;
    const std::size_t bytes = out.size() / count[slowest];
    for (std::size_t i = 0; i < count[slowest]; ++i) {
      one_start[slowest] = start[slowest] + i;
      read_packed(one_start, one_count, out.subspan(i * bytes, bytes));
    }
    return;
  }
  std::vector<std::byte> packed(out.size());
  data_.read(file_start, file_count, packed);
  permute(packed, file_count, axes_, size_of(dtype()), out);
}

std::size_t Hdf5Source::preferred_items() const {
  std::size_t items = 1;
  const std::vector<std::size_t>& chunk = data_.chunk();
  for (std::size_t i = navigation_.size(); i-- > 0 && !chunk.empty();) {
    const std::size_t length = std::min(chunk[axes_[i]], navigation_[i]);
    items *= length;
    if (length < navigation_[i]) {
      break;
    }
  }
  return std::max<std::size_t>(items, 1);
}

}  // namespace hotstage::signal::detail
