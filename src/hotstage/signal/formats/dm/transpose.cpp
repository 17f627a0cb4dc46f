// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/transpose.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

namespace hotstage::signal::dm {

namespace {

/// Sixteen bytes of equal elements: one register of every x86-64 and of every 64-bit ARM.
template <class T>
struct Lanes {
  static constexpr std::size_t count = 16 / sizeof(T);
  using type __attribute__((vector_size(16))) = T;
};

/// Bytes of a source run and of a target run within a block: whole cache lines on both sides, and both sides of a block
/// (16 KiB) fit the first-level cache.
constexpr std::size_t run_bytes = 256;

template <class V, std::size_t... I>
V interleave_low(V a, V b, std::index_sequence<I...>) {
  constexpr int n = sizeof...(I);
  return __builtin_shufflevector(a, b, (static_cast<int>(I / 2) + (I % 2 == 0 ? 0 : n))...);
}

template <class V, std::size_t... I>
V interleave_high(V a, V b, std::index_sequence<I...>) {
  constexpr int n = sizeof...(I);
  return __builtin_shufflevector(a, b, (n / 2 + static_cast<int>(I / 2) + (I % 2 == 0 ? 0 : n))...);
}

/// Transposes a square of Lanes<T>::count² elements: log2(count) rounds that interleave row i with row i + count/2.
template <class T>
void transpose_square(const std::byte* source, std::size_t source_stride, std::byte* target,
                      std::size_t target_stride) {
  constexpr std::size_t n = Lanes<T>::count;
  using V = typename Lanes<T>::type;
  constexpr auto lanes = std::make_index_sequence<n>{};
  std::array<V, n> rows{};
  for (std::size_t i = 0; i < n; ++i) {
    std::memcpy(&rows[i], source + i * source_stride, sizeof(V));
  }
  for (std::size_t round = 1; round < n; round *= 2) {
    std::array<V, n> mixed{};
    for (std::size_t i = 0; i < n / 2; ++i) {
      mixed[2 * i] = interleave_low(rows[i], rows[i + n / 2], lanes);
      mixed[2 * i + 1] = interleave_high(rows[i], rows[i + n / 2], lanes);
    }
    rows = mixed;
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::memcpy(target + i * target_stride, &rows[i], sizeof(V));
  }
}

template <class T>
void transpose_plainly(const std::byte* source, std::byte* target, const Transposition& shape) {
  for (std::size_t c = 0; c < shape.columns; ++c) {
    for (std::size_t r = 0; r < shape.rows; ++r) {
      std::memcpy(target + c * shape.target_stride + r * sizeof(T), source + r * shape.source_stride + c * sizeof(T),
                  sizeof(T));
    }
  }
}

/// One block of `rows` × `columns` elements, both up to run_bytes long: the source runs are gathered into the
/// first-level cache, because lines that are a power of two apart would evict each other before they are used up.
template <class T>
void transpose_block(const std::byte* source, std::byte* target, const Transposition& shape) {
  constexpr std::size_t n = Lanes<T>::count;
  constexpr std::size_t run = run_bytes / sizeof(T);
  alignas(64) std::byte block[run * run_bytes];
  if (shape.rows % n != 0 || shape.columns % n != 0) {
    transpose_plainly<T>(source, target, shape);
    return;
  }
  for (std::size_t r = 0; r < shape.rows; ++r) {
    std::memcpy(block + r * run_bytes, source + r * shape.source_stride, shape.columns * sizeof(T));
  }
  for (std::size_t c = 0; c < shape.columns; c += n) {
    for (std::size_t r = 0; r < shape.rows; r += n) {
      transpose_square<T>(block + r * run_bytes + c * sizeof(T), run_bytes,
                          target + c * shape.target_stride + r * sizeof(T), shape.target_stride);
    }
  }
}

template <class T>
void transpose_blocks(const std::byte* source, std::byte* target, const Transposition& shape) {
  constexpr std::size_t n = Lanes<T>::count;
  constexpr std::size_t run = run_bytes / sizeof(T);
  const auto step = [](std::size_t left) { return left >= run ? run : left >= n ? left - left % n : left; };
  for (std::size_t c = 0; c < shape.columns;) {
    const std::size_t columns = step(shape.columns - c);
    for (std::size_t r = 0; r < shape.rows;) {
      Transposition block = shape;
      block.rows = step(shape.rows - r);
      block.columns = columns;
      transpose_block<T>(source + r * shape.source_stride + c * sizeof(T),
                         target + c * shape.target_stride + r * sizeof(T), block);
      r += block.rows;
    }
    c += columns;
  }
}

struct Wide {
  std::uint64_t halves[2];
};

}  // namespace

void transpose(const std::byte* source, std::byte* target, const Transposition& shape) {
  switch (shape.width) {
    case 1:
      return transpose_blocks<std::uint8_t>(source, target, shape);
    case 2:
      return transpose_blocks<std::uint16_t>(source, target, shape);
    case 4:
      return transpose_blocks<std::uint32_t>(source, target, shape);
    case 8:
      return transpose_blocks<std::uint64_t>(source, target, shape);
    default:
      plain_transpose(source, target, shape);
  }
}

void plain_transpose(const std::byte* source, std::byte* target, const Transposition& shape) {
  switch (shape.width) {
    case 1:
      return transpose_plainly<std::uint8_t>(source, target, shape);
    case 2:
      return transpose_plainly<std::uint16_t>(source, target, shape);
    case 4:
      return transpose_plainly<std::uint32_t>(source, target, shape);
    case 8:
      return transpose_plainly<std::uint64_t>(source, target, shape);
    default:
      HOTSTAGE_EXPECTS(shape.width == sizeof(Wide));
      return transpose_plainly<Wide>(source, target, shape);
  }
}

}  // namespace hotstage::signal::dm
