// SPDX-License-Identifier: GPL-3.0-or-later
// What a long pass over items must keep to go on after an interruption, and who keeps it.

#pragma once

#include "hotstage/core/array.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hotstage {

/// The arrays a pass fills, one row per item. A pass that names them all can be interrupted and resumed; one that names
/// none (default) is computed again from its beginning.
class KeptRows {
 public:
  /// Bytes of one array; row i belongs to item i.
  struct Rows {
    std::byte* data = nullptr;
    std::size_t row_bytes = 0;
    std::size_t count = 0;
  };

  KeptRows() = default;

  [[nodiscard]] bool resumable() const { return resumable_; }

  [[nodiscard]] std::span<const Rows> arrays() const { return arrays_; }

  template <class T>
  KeptRows& add(std::vector<T>& rows) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool>);
    arrays_.push_back({reinterpret_cast<std::byte*>(rows.data()), sizeof(T), rows.size()});
    resumable_ = true;
    return *this;
  }

  template <class T>
  KeptRows& add(Buffer<T, 2>& rows) {
    arrays_.push_back({reinterpret_cast<std::byte*>(rows.data()), rows.extent(1) * sizeof(T), rows.extent(0)});
    resumable_ = true;
    return *this;
  }

  /// Nothing but the sums of the pass.
  [[nodiscard]] static KeptRows sums_only() {
    KeptRows out;
    out.resumable_ = true;
    return out;
  }

 private:
  std::vector<Rows> arrays_;
  bool resumable_ = false;
};

/// keep(a, b, …): all that the pass writes is a, b, …: vectors or two-dimensional buffers that live through the pass.
template <class... Arrays>
[[nodiscard]] KeptRows keep(Arrays&... arrays) {
  KeptRows out;
  (out.add(arrays), ...);
  return out;
}

/// Keeps what passes have done so far. Passes are told apart by their order, which must not depend on chance: one
/// thread opens them, one after the other.
class PassJournal {
 public:
  /// One pass: `sums` are its running totals.
  struct Pass {
    std::string_view phase;
    std::size_t items = 0;
    const KeptRows* kept = nullptr;
    std::span<double> sums;
  };

  enum class Urgency { when_due, now };

  PassJournal() = default;
  PassJournal(const PassJournal&) = delete;
  PassJournal& operator=(const PassJournal&) = delete;
  virtual ~PassJournal() = default;

  /// Opens the next pass. Rows and sums of what an earlier process did are put in place; returns how many items that
  /// is.
  [[nodiscard]] virtual std::size_t open(const Pass& pass) = 0;

  /// Items below `done` are finished and `pass.sums` are theirs.
  virtual void commit(const Pass& pass, std::size_t done, Urgency urgency) = 0;

  /// Where results too large for memory may lie until they are stored; empty: anywhere.
  [[nodiscard]] virtual std::filesystem::path scratch_folder() const { return {}; }
};

}  // namespace hotstage
