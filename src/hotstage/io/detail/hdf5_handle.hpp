// SPDX-License-Identifier: GPL-3.0-or-later
// Ownership of HDF5 identifiers, the library's lock, and its errors as hotstage::Error.

#pragma once

#include "hotstage/io/hdf5.hpp"

#include <hdf5.h>

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

namespace hotstage::io::detail {

/// Debian's HDF5 is not thread-safe: every public function holds this lock. Also silences the library's own printing.
[[nodiscard]] std::unique_lock<std::recursive_mutex> lock_hdf5();

/// Owns one identifier of any kind.
class Id {
 public:
  using Close = herr_t (*)(hid_t);

  Id() = default;

  Id(hid_t id, Close close) : id_(id), close_(close) {}

  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}

  Id& operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }

  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;

  ~Id() {
    if (id_ >= 0) {
      close_(id_);
    }
  }

  [[nodiscard]] hid_t get() const { return id_; }

  [[nodiscard]] bool valid() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

struct Hdf5Handle {
  Id file;
  std::string name;
  std::uintmax_t bytes = 0;  ///< length of a file opened for reading
  bool writing = false;

  Hdf5Handle() = default;
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  ~Hdf5Handle();

  /// The Error for the call that has just failed, with the library's own reason.
  [[nodiscard]] Error failure(const std::string& object, std::string_view doing) const;
  [[nodiscard]] Error bad(const std::string& object, std::string_view what) const;

  /// Takes over an identifier; throws the Error above when it is not valid.
  [[nodiscard]] Id own(hid_t id, Id::Close close, const std::string& object, std::string_view doing) const;
};

struct Hdf5Object {
  std::shared_ptr<Hdf5Handle> file;
  std::string path;
  Id id;
  std::vector<std::size_t> shape;
  std::vector<std::size_t> chunk;
  std::size_t size = 0;
  std::optional<NumberType> type;
  bool is_text = false;
  std::string type_name;
  Id memory_type;

  Hdf5Object() = default;
  Hdf5Object(const Hdf5Object&) = delete;
  Hdf5Object& operator=(const Hdf5Object&) = delete;
  ~Hdf5Object();
};

/// What a stored type is in memory. `type` is empty for texts and records.
struct TypeInfo {
  std::optional<NumberType> type;
  bool is_text = false;
  bool is_bool = false;
  std::string name;
  std::array<std::string, 2> members{"r", "i"};  ///< of a complex number: HDF5 matches them by name
};

[[nodiscard]] TypeInfo describe(hid_t type);
[[nodiscard]] Id memory_type(NumberType type, const std::array<std::string, 2>& members = {"r", "i"});
[[nodiscard]] Id utf8_type();
[[nodiscard]] Id bool_type();

/// Reads `count` texts with `read(memory type, buffer)`; `type` is the stored type, `space` its extent.
using ReadCall = std::function<herr_t(hid_t memory, void* buffer)>;
[[nodiscard]] std::optional<std::vector<std::string>> read_texts(hid_t type, hid_t space, std::size_t count,
                                                                 const ReadCall& read);

/// Flat list → nested lists of the given shape; a scalar for rank 0.
[[nodiscard]] Value nest(Value::Array flat, std::span<const std::size_t> shape);

/// Numbers of one type as values.
[[nodiscard]] Value::Array to_values(NumberType type, std::span<const std::byte> bytes, bool is_bool);

/// Extents of a simple or scalar data space; nothing for an empty one.
[[nodiscard]] std::optional<std::vector<std::size_t>> extents(hid_t space);

/// Product of sizes times `bytes`; nothing on overflow.
[[nodiscard]] std::optional<std::size_t> checked_product(std::span<const std::size_t> sizes, std::size_t bytes);

}  // namespace hotstage::io::detail
