// SPDX-License-Identifier: GPL-3.0-or-later
// Array views and buffers: View does not own and may be strided; Buffer owns, 64-byte aligned, move-only.

#pragma once

#include "hotstage/core/error.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace hotstage {

/// N-dimensional view, row-major by default; strides count elements.
template <class T, std::size_t N>
class View {
 public:
  constexpr View() = default;

  constexpr View(T* data, std::array<std::size_t, N> extents) : data_(data), extents_(extents) {
    std::size_t stride = 1;
    for (std::size_t i = N; i-- > 0;) {
      strides_[i] = static_cast<std::ptrdiff_t>(stride);
      stride *= extents_[i];
    }
  }

  constexpr View(T* data, std::array<std::size_t, N> extents, std::array<std::ptrdiff_t, N> strides)
      : data_(data), extents_(extents), strides_(strides) {}

  /// A view of mutable elements reads as a view of const ones.
  template <class U, class = std::enable_if_t<std::is_same_v<const U, T>>>
  constexpr View(const View<U, N>& other)  // NOLINT(google-explicit-constructor)
      : data_(other.data()), extents_(other.extents()), strides_(other.strides()) {}

  [[nodiscard]] constexpr T* data() const { return data_; }

  [[nodiscard]] constexpr const std::array<std::size_t, N>& extents() const { return extents_; }

  [[nodiscard]] constexpr const std::array<std::ptrdiff_t, N>& strides() const { return strides_; }

  [[nodiscard]] constexpr std::size_t extent(std::size_t axis) const { return extents_[axis]; }

  [[nodiscard]] constexpr std::size_t size() const {
    std::size_t count = 1;
    for (const std::size_t extent : extents_) {
      count *= extent;
    }
    return count;
  }

  template <class... I>

  requires(sizeof...(I) == N) constexpr T& operator()(I... index) const {
    std::size_t axis = 0;
    std::ptrdiff_t offset = 0;
    ((offset += static_cast<std::ptrdiff_t>(index) * strides_[axis++]), ...);
    return data_[offset];
  }

  /// Row i of a 2-D view whose rows are contiguous.
  [[nodiscard]] constexpr std::span<T> row(std::size_t i) const requires(N == 2) {
    HOTSTAGE_ASSERT(strides_[1] == 1 && i < extents_[0]);
    return {data_ + static_cast<std::ptrdiff_t>(i) * strides_[0], extents_[1]};
  }

  /// Rows [first, first + count) of a 2-D view.
  [[nodiscard]] constexpr View rows(std::size_t first, std::size_t count) const requires(N == 2) {
    HOTSTAGE_ASSERT(first + count <= extents_[0]);
    return View(data_ + static_cast<std::ptrdiff_t>(first) * strides_[0], {count, extents_[1]}, strides_);
  }

 private:
  T* data_ = nullptr;
  std::array<std::size_t, N> extents_{};
  std::array<std::ptrdiff_t, N> strides_{};
};

namespace detail {

/// Zeroed memory, 64-byte aligned; large blocks come from the system in huge pages, which it hands out zeroed and which
/// cost 512 times fewer page faults. Throws std::bad_alloc.
[[nodiscard]] void* allocate_zeroed(std::size_t bytes);
void release(void* memory, std::size_t bytes) noexcept;

}  // namespace detail

/// N-dimensional array that owns its elements; zero-initialised.
template <class T, std::size_t N>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;

  explicit Buffer(std::array<std::size_t, N> extents) : extents_(extents) {
    const std::size_t bytes = size() * sizeof(T);
    data_ = std::unique_ptr<T[], Release>(static_cast<T*>(detail::allocate_zeroed(bytes)), Release{bytes});
  }

  [[nodiscard]] std::size_t size() const { return View<T, N>(nullptr, extents_).size(); }

  [[nodiscard]] std::size_t extent(std::size_t axis) const { return extents_[axis]; }

  [[nodiscard]] const std::array<std::size_t, N>& extents() const { return extents_; }

  [[nodiscard]] T* data() { return data_.get(); }

  [[nodiscard]] const T* data() const { return data_.get(); }

  [[nodiscard]] View<T, N> view() { return View<T, N>(data_.get(), extents_); }

  [[nodiscard]] View<const T, N> view() const { return View<const T, N>(data_.get(), extents_); }

  [[nodiscard]] std::span<T> row(std::size_t i) requires(N == 2) { return view().row(i); }

  [[nodiscard]] std::span<const T> row(std::size_t i) const requires(N == 2) { return view().row(i); }

 private:
  struct Release {
    std::size_t bytes = 0;

    void operator()(T* data) const { detail::release(data, bytes); }
  };

  std::array<std::size_t, N> extents_{};
  std::unique_ptr<T[], Release> data_;
};

}  // namespace hotstage
