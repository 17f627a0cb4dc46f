// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/detail/hdf5_handle.hpp"

#include "hotstage/io/detail/hdf5_probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace hotstage::io::detail {

static_assert(std::endian::native == std::endian::little, "numbers are handed out little-endian");

namespace {

struct Reasons {
  std::string innermost;
  bool no_space = false;
};

herr_t collect(unsigned position, const H5E_error2_t* entry, void* data) {
  auto& reasons = *static_cast<Reasons*>(data);
  const std::string_view text = entry->desc == nullptr ? "" : entry->desc;
  if (position == 0) {
    reasons.innermost = text;
  }
  reasons.no_space = reasons.no_space || text.find("No space left") != std::string_view::npos;
  return 0;
}

hid_t native(NumberType type) {
  switch (type) {
    case NumberType::u8:
      return H5T_NATIVE_UINT8;
    case NumberType::i8:
      return H5T_NATIVE_INT8;
    case NumberType::u16:
      return H5T_NATIVE_UINT16;
    case NumberType::i16:
      return H5T_NATIVE_INT16;
    case NumberType::u32:
      return H5T_NATIVE_UINT32;
    case NumberType::i32:
      return H5T_NATIVE_INT32;
    case NumberType::u64:
      return H5T_NATIVE_UINT64;
    case NumberType::i64:
      return H5T_NATIVE_INT64;
    case NumberType::f32:
    case NumberType::c64:
      return H5T_NATIVE_FLOAT;
    case NumberType::f64:
    case NumberType::c128:
      return H5T_NATIVE_DOUBLE;
  }
  return -1;
}

TypeInfo describe_integer(hid_t type) {
  static constexpr std::array<std::array<NumberType, 4>, 2> table{
      {{NumberType::u8, NumberType::u16, NumberType::u32, NumberType::u64},
       {NumberType::i8, NumberType::i16, NumberType::i32, NumberType::i64}}};
  const std::size_t size = H5Tget_size(type);
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  TypeInfo info;
  info.name = fmt::format("{}int{}", is_signed ? "" : "u", 8 * size);
  if (size == 1 || size == 2 || size == 4 || size == 8) {
    info.type = table[is_signed ? 1 : 0][static_cast<std::size_t>(std::countr_zero(size))];
  }
  return info;
}

/// Pairs of floats named r and i: complex numbers as NumPy stores them.
std::string member_name(hid_t type, unsigned number) {
  char* name = H5Tget_member_name(type, number);
  std::string out = name == nullptr ? "" : name;
  H5free_memory(name);
  return out;
}

/// h5py writes r and i, Velox realFloat and imagFloat.
bool is_real_and_imaginary(const std::array<std::string, 2>& members) {
  return (members[0] == "r" && members[1] == "i") || (members[0].starts_with("real") && members[1].starts_with("imag"));
}

TypeInfo describe_compound(hid_t type) {
  TypeInfo info;
  info.name = "compound";
  if (H5Tget_nmembers(type) != 2) {
    return info;
  }
  std::array<std::size_t, 2> sizes{};
  for (unsigned i = 0; i < 2; ++i) {
    const Id member(H5Tget_member_type(type, i), H5Tclose);
    if (!member.valid() || H5Tget_class(member.get()) != H5T_FLOAT) {
      return info;
    }
    sizes[i] = H5Tget_size(member.get());
  }
  info.members = {member_name(type, 0), member_name(type, 1)};
  if (is_real_and_imaginary(info.members) && sizes[0] == sizes[1] && (sizes[0] == 4 || sizes[0] == 8)) {
    info.type = sizes[0] == 4 ? NumberType::c64 : NumberType::c128;
    info.name = sizes[0] == 4 ? "complex64" : "complex128";
  }
  return info;
}

/// NumPy's bool: a one-byte enumeration FALSE, TRUE.
bool is_numpy_bool(hid_t type) {
  return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 && H5Tget_member_index(type, "FALSE") >= 0 &&
         H5Tget_member_index(type, "TRUE") >= 0;
}

template <class T>
void append_values(Value::Array& out, std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    if constexpr (std::is_floating_point_v<T>) {
      out.emplace_back(static_cast<double>(value));
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      out.push_back(fits ? Value(static_cast<std::int64_t>(value)) : Value(static_cast<double>(value)));
    } else {
      out.emplace_back(static_cast<std::int64_t>(value));
    }
  }
}

}  // namespace

std::unique_lock<std::recursive_mutex> lock_hdf5() {
  static std::recursive_mutex mutex;
  std::unique_lock lock(mutex, std::defer_lock);
  if (!inside_probe()) {
    lock.lock();
  }
  static const bool silenced = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  HOTSTAGE_ENSURES(silenced);
  return lock;
}

Hdf5Handle::~Hdf5Handle() {
  const auto lock = lock_hdf5();
  file = Id();
}

Hdf5Object::~Hdf5Object() {
  const auto lock = lock_hdf5();
  memory_type = Id();
  id = Id();
  file.reset();
}

Error Hdf5Handle::failure(const std::string& object, std::string_view doing) const {
  Reasons reasons;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &collect, &reasons);
  H5Eclear2(H5E_DEFAULT);
  const Errc code = reasons.no_space ? Errc::no_space : writing ? Errc::io : Errc::bad_input;
  return Error(code, Location{.file = name},
               fmt::format("cannot {}{}{}{}", doing, object.empty() ? "" : " " + object,
                           reasons.innermost.empty() ? "" : ": ", reasons.innermost),
               writing ? "" : "The file is damaged or not complete");
}

Error Hdf5Handle::bad(const std::string& object, std::string_view what) const {
  return Error(Errc::bad_input, Location{.file = name}, fmt::format("{}: {}", object, what));
}

Id Hdf5Handle::own(hid_t id, Id::Close close, const std::string& object, std::string_view doing) const {
  if (id < 0) {
    throw failure(object, doing);
  }
  return {id, close};
}

TypeInfo describe(hid_t type) {
  TypeInfo info;
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return describe_integer(type);
    case H5T_FLOAT: {
      const std::size_t size = H5Tget_size(type);
      info.name = fmt::format("float{}", 8 * size);
      info.type = size <= 4 ? NumberType::f32 : NumberType::f64;
      return info;
    }
    case H5T_STRING:
      info.is_text = true;
      info.name = "text";
      return info;
    case H5T_ENUM:
      info.name = "enumeration";
      if (is_numpy_bool(type)) {
        info = {.type = NumberType::u8, .is_bool = true, .name = "bool"};
      }
      return info;
    case H5T_COMPOUND:
      return describe_compound(type);
    case H5T_VLEN:
      info.name = "lists of varying length";
      return info;
    case H5T_REFERENCE:
      info.name = "reference";
      return info;
    default:
      info.name = "unknown type";
      return info;
  }
}

Id memory_type(NumberType type, const std::array<std::string, 2>& members) {
  if (type != NumberType::c64 && type != NumberType::c128) {
    return {H5Tcopy(native(type)), H5Tclose};
  }
  const std::size_t half = size_of(type) / 2;
  Id pair(H5Tcreate(H5T_COMPOUND, 2 * half), H5Tclose);
  HOTSTAGE_ENSURES(H5Tinsert(pair.get(), members[0].c_str(), 0, native(type)) >= 0 &&
                   H5Tinsert(pair.get(), members[1].c_str(), half, native(type)) >= 0);
  return pair;
}

Id utf8_type() {
  Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  HOTSTAGE_ENSURES(H5Tset_size(type.get(), H5T_VARIABLE) >= 0 && H5Tset_cset(type.get(), H5T_CSET_UTF8) >= 0);
  return type;
}

Id bool_type() {
  Id type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  HOTSTAGE_ENSURES(H5Tenum_insert(type.get(), "FALSE", &no) >= 0 && H5Tenum_insert(type.get(), "TRUE", &yes) >= 0);
  return type;
}

std::optional<std::vector<std::string>> read_texts(hid_t type, hid_t space, std::size_t count, const ReadCall& read) {
  std::vector<std::string> out;
  if (H5Tis_variable_str(type) > 0) {
    Id memory(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(memory.get(), H5T_VARIABLE);
    H5Tset_cset(memory.get(), H5Tget_cset(type));
    std::vector<char*> pointers(count, nullptr);
    const herr_t status = read(memory.get(), pointers.data());
    for (const char* text : pointers) {
      out.emplace_back(text == nullptr ? "" : text);
    }
    H5Dvlen_reclaim(memory.get(), space, H5P_DEFAULT, pointers.data());
    return status < 0 ? std::nullopt : std::optional(std::move(out));
  }
  const std::size_t width = H5Tget_size(type);
  std::vector<char> buffer(count * width);
  if (read(type, buffer.data()) < 0) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const char* text = buffer.data() + i * width;
    out.emplace_back(text, ::strnlen(text, width));
  }
  return out;
}

Value nest(Value::Array flat, std::span<const std::size_t> shape) {
  if (shape.empty()) {
    return flat.empty() ? Value() : std::move(flat.front());
  }
  if (shape.size() == 1) {
    return Value(std::move(flat));
  }
  Value out = Value::array();
  const std::size_t inner = shape[0] == 0 ? 0 : flat.size() / shape[0];
  for (std::size_t i = 0; i < shape[0]; ++i) {
    const auto from = flat.begin() + static_cast<std::ptrdiff_t>(i * inner);
    out.push_back(nest(Value::Array(from, from + static_cast<std::ptrdiff_t>(inner)), shape.subspan(1)));
  }
  return out;
}

Value::Array to_values(NumberType type, std::span<const std::byte> bytes, bool is_bool) {
  Value::Array out;
  switch (type) {
    case NumberType::u8:
      append_values<std::uint8_t>(out, bytes);
      break;
    case NumberType::i8:
      append_values<std::int8_t>(out, bytes);
      break;
    case NumberType::u16:
      append_values<std::uint16_t>(out, bytes);
      break;
    case NumberType::i16:
      append_values<std::int16_t>(out, bytes);
      break;
    case NumberType::u32:
      append_values<std::uint32_t>(out, bytes);
      break;
    case NumberType::i32:
      append_values<std::int32_t>(out, bytes);
      break;
    case NumberType::u64:
      append_values<std::uint64_t>(out, bytes);
      break;
    case NumberType::i64:
      append_values<std::int64_t>(out, bytes);
      break;
    case NumberType::f32:
    case NumberType::c64:
      append_values<float>(out, bytes);
      break;
    case NumberType::f64:
    case NumberType::c128:
      append_values<double>(out, bytes);
      break;
  }
  if (is_bool) {
    for (Value& value : out) {
      value = Value(value.as_integer() != 0);
    }
  }
  return out;
}

std::optional<std::vector<std::size_t>> extents(hid_t space) {
  if (H5Sget_simple_extent_type(space) == H5S_NULL) {
    return std::nullopt;
  }
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0) {
    return std::nullopt;
  }
  std::array<hsize_t, H5S_MAX_RANK> sizes{};
  H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  return std::vector<std::size_t>(sizes.begin(), sizes.begin() + rank);
}

std::optional<std::size_t> checked_product(std::span<const std::size_t> sizes, std::size_t bytes) {
  std::size_t product = bytes;
  for (const std::size_t size : sizes) {
    if (__builtin_mul_overflow(product, size, &product)) {
      return std::nullopt;
    }
  }
  return product;
}

}  // namespace hotstage::io::detail
