// SPDX-License-Identifier: GPL-3.0-or-later
// HDF5 files: groups, attributes and chunked datasets, checked against the file's length; calls are serialised by one
// lock.

#pragma once

#include "hotstage/core/value.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::io {

/// Element types of datasets, little-endian in memory. Complex numbers are pairs (real, imaginary).
enum class NumberType { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, c64, c128 };

[[nodiscard]] std::size_t size_of(NumberType type) noexcept;

enum class Hdf5Kind { missing, group, dataset, other };

namespace detail {
struct Hdf5Handle;
struct Hdf5Object;
}  // namespace detail

/// An open dataset. Copies share the handle; thread-safe.
class Hdf5Dataset {
 public:
  explicit Hdf5Dataset(std::shared_ptr<detail::Hdf5Object> object) : object_(std::move(object)) {}

  [[nodiscard]] const std::vector<std::size_t>& shape() const;
  /// Chunk shape; empty when the numbers lie in one piece.
  [[nodiscard]] const std::vector<std::size_t>& chunk() const;
  /// Type in memory: half floats widen to f32, long doubles narrow to f64, booleans are u8. Nothing for texts and
  /// records.
  [[nodiscard]] std::optional<NumberType> type() const;
  [[nodiscard]] bool is_text() const;
  /// "text", "float32", "compound", … for messages.
  [[nodiscard]] std::string type_name() const;
  /// Number of elements.
  [[nodiscard]] std::size_t size() const;

  /// Copies the box [start, start + count) in C order into `out` (count elements of type()). Throws
  /// Error{bad_input|unsupported}.
  void read(std::span<const std::size_t> start, std::span<const std::size_t> count, std::span<std::byte> out) const;
  void write(std::span<const std::size_t> start, std::span<const std::size_t> count,
             std::span<const std::byte> data) const;

  /// Contents as a tree: nested lists of numbers or texts; a one-line note when there are more than `limit` elements or
  /// the type has no counterpart.
  [[nodiscard]] Value value(std::size_t limit) const;

 private:
  std::shared_ptr<detail::Hdf5Object> object_;
};

struct Hdf5DatasetOptions {
  NumberType type = NumberType::f32;
  std::vector<std::size_t> shape;
  std::vector<std::size_t> chunk{};  ///< empty: one piece, not compressed
  int gzip = 0;                      ///< deflate level 1 to 9 with byte shuffling; 0: not compressed
};

/// An open file. Copies share the handle; thread-safe. Paths are absolute: "/Experiments/name/data".
///
/// Links to other files are not followed; external and virtual storage is refused.
class Hdf5File {
 public:
  /// Throws Error{io|bad_input}.
  [[nodiscard]] static Hdf5File open(const std::filesystem::path& path);
  [[nodiscard]] static Hdf5File create(const std::filesystem::path& path);

  [[nodiscard]] Hdf5Kind kind(const std::string& path) const;
  /// Names in a group: in order of creation when the file tells, else by name.
  [[nodiscard]] std::vector<std::string> members(const std::string& group) const;
  /// Attributes as an object; what has no counterpart becomes a one-line note.
  [[nodiscard]] Value attributes(const std::string& path) const;
  [[nodiscard]] Hdf5Dataset dataset(const std::string& path) const;

  void make_group(const std::string& path) const;
  /// Scalars and lists of numbers; texts are UTF-8 of variable length; booleans as NumPy stores them.
  void write_attribute(const std::string& path, const std::string& name, const Value& value) const;
  [[nodiscard]] Hdf5Dataset make_dataset(const std::string& path, const Hdf5DatasetOptions& options) const;
  void make_text_dataset(const std::string& path, const std::vector<std::string>& texts) const;

  /// Writes what is buffered. Throws Error{io|no_space}.
  void flush() const;

 private:
  explicit Hdf5File(std::shared_ptr<detail::Hdf5Handle> file) : file_(std::move(file)) {}

  std::shared_ptr<detail::Hdf5Handle> file_;
};

}  // namespace hotstage::io
