// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/hdf5.hpp"

#include "hotstage/io/detail/hdf5_handle.hpp"
#include "hotstage/io/detail/hdf5_probe.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hotstage::io {

using detail::Hdf5Handle;
using detail::Hdf5Object;
using detail::Id;
using detail::lock_hdf5;

namespace {

/// Deflate packs at most 1032:1 (RFC 1951); a dataset that claims more than that for the whole file is a lie.
constexpr std::size_t most_packed = 1100;
/// Attributes and metadata are small; more elements than this are not a label.
constexpr std::size_t most_attribute_elements = std::size_t{1} << 20;

struct Names {
  std::vector<std::string> list;
};

herr_t add_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
  if (info->type == H5L_TYPE_HARD) {
    static_cast<Names*>(data)->list.emplace_back(name);
  }
  return 0;
}

herr_t add_attribute(hid_t, const char* name, const H5A_info_t*, void* data) {
  static_cast<Names*>(data)->list.emplace_back(name);
  return 0;
}

Id open_object(const Hdf5Handle& file, const std::string& path) {
  return file.own(H5Oopen(file.file.get(), path.c_str(), H5P_DEFAULT), H5Oclose, path, "open");
}

Value note(const std::string& what) {
  return Value(fmt::format("({})", what));
}

Value read_attribute(const Hdf5Handle& file, hid_t object, const std::string& name, const std::string& label) {
  const Id attribute = file.own(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, label, "open the attribute");
  const Id type = file.own(H5Aget_type(attribute.get()), H5Tclose, label, "read the type of");
  const Id space = file.own(H5Aget_space(attribute.get()), H5Sclose, label, "read the extent of");
  const auto shape = detail::extents(space.get());
  if (!shape) {
    return {};
  }
  const detail::TypeInfo info = detail::describe(type.get());
  const auto count = detail::checked_product(*shape, 1);
  const auto stored = detail::checked_product(*shape, std::max<std::size_t>(1, H5Tget_size(type.get())));
  if (!count || !stored || *count > most_attribute_elements || (!file.writing && *stored > file.bytes)) {
    throw file.bad(label, "an attribute larger than the file");
  }
  if (info.is_text) {
    const auto texts = detail::read_texts(type.get(), space.get(), *count, [&](hid_t memory, void* out) {
      return H5Aread(attribute.get(), memory, out);
    });
    if (!texts) {
      throw file.failure(label, "read the attribute");
    }
    return detail::nest(Value::Array(texts->begin(), texts->end()), *shape);
  }
  if (!info.type || info.type == NumberType::c64 || info.type == NumberType::c128) {
    return note(info.name + ", not shown");
  }
  std::vector<std::byte> bytes(*count * size_of(*info.type));
  const Id memory = info.is_bool ? Id(H5Tcopy(type.get()), H5Tclose) : detail::memory_type(*info.type, info.members);
  if (H5Aread(attribute.get(), memory.get(), bytes.data()) < 0) {
    throw file.failure(label, "read the attribute");
  }
  return detail::nest(detail::to_values(*info.type, bytes, info.is_bool), *shape);
}

/// Storage that this reader does not follow, and filters that are not installed.
void check_storage(const Hdf5Object& object, hid_t plist) {
  const Hdf5Handle& file = *object.file;
  if (H5Pget_layout(plist) == H5D_VIRTUAL || H5Pget_external_count(plist) > 0) {
    throw Error(Errc::unsupported, Location{.file = file.name},
                fmt::format("{}: the numbers lie in other files", object.path),
                "Copy them into one file, for example with h5repack");
  }
  const int filters = std::max(H5Pget_nfilters(plist), 0);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t values = 0;
    std::array<char, 80> label{};
    const H5Z_filter_t id = H5Pget_filter2(plist, static_cast<unsigned>(i), &flags, &values, nullptr, label.size() - 1,
                                           label.data(), &config);
    if (id >= 0 && H5Zfilter_avail(id) <= 0) {
      throw Error(Errc::unsupported, Location{.file = file.name},
                  fmt::format("{}: packed with the filter \"{}\" (number {}), which is not installed", object.path,
                              label.data(), id),
                  "Install the HDF5 plugin, or save the file again with gzip");
    }
  }
}

/// No allocation may follow from a size that the file cannot hold.
void check_sizes(const Hdf5Object& object, std::size_t element, bool filtered) {
  const Hdf5Handle& file = *object.file;
  const auto bytes = detail::checked_product(object.shape, element);
  const auto chunk_bytes = detail::checked_product(object.chunk, element);
  const std::size_t factor = filtered ? most_packed : 1;
  const auto most = detail::checked_product(std::array{static_cast<std::size_t>(file.bytes)}, factor);
  if (!bytes || !chunk_bytes) {
    throw file.bad(object.path, "the extents overflow");
  }
  if (!file.writing && most && (*bytes > *most || (!object.chunk.empty() && *chunk_bytes > *most + (1U << 20U)))) {
    throw file.bad(
        object.path,
        fmt::format("claims {} bytes in a file of {} bytes: it is damaged or was never finished", *bytes, file.bytes));
  }
}

/// Fills shape, chunk and type of an open dataset.
void inspect(Hdf5Object& object) {
  const Hdf5Handle& file = *object.file;
  const Id space = file.own(H5Dget_space(object.id.get()), H5Sclose, object.path, "read the extent of");
  const Id type = file.own(H5Dget_type(object.id.get()), H5Tclose, object.path, "read the type of");
  const Id plist = file.own(H5Dget_create_plist(object.id.get()), H5Pclose, object.path, "read the layout of");
  check_storage(object, plist.get());
  const auto shape = detail::extents(space.get());
  object.shape = shape.value_or(std::vector<std::size_t>{0});
  if (H5Pget_layout(plist.get()) == H5D_CHUNKED) {
    std::array<hsize_t, H5S_MAX_RANK> sizes{};
    const int rank = H5Pget_chunk(plist.get(), static_cast<int>(sizes.size()), sizes.data());
    object.chunk.assign(sizes.begin(), sizes.begin() + std::max(rank, 0));
  }
  const detail::TypeInfo info = detail::describe(type.get());
  object.type = info.type;
  object.is_text = info.is_text;
  object.type_name = info.name;
  check_sizes(object, std::max<std::size_t>(1, H5Tget_size(type.get())), H5Pget_nfilters(plist.get()) > 0);
  object.size = *detail::checked_product(object.shape, 1);
  if (info.type) {
    object.memory_type =
        info.is_bool ? Id(H5Tcopy(type.get()), H5Tclose) : detail::memory_type(*info.type, info.members);
  }
}

/// The default cache of 1 MiB holds no chunk larger than itself: every small read would unpack the chunk again.
Id cache_for(const std::vector<std::size_t>& chunk, std::size_t element) {
  constexpr std::size_t smallest = std::size_t{1} << 20;
  constexpr std::size_t largest = std::size_t{128} << 20;
  const std::size_t chunk_bytes = detail::checked_product(chunk, element).value_or(smallest);
  Id plist(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  H5Pset_chunk_cache(plist.get(), 1009, std::clamp(2 * std::min(chunk_bytes, largest), smallest, largest), 1.0);
  return plist;
}

std::vector<hsize_t> sizes_of(std::span<const std::size_t> values) {
  return {values.begin(), values.end()};
}

/// Selects the box in the file and makes the matching space in memory.
std::pair<Id, Id> select(const Hdf5Object& object, std::span<const std::size_t> start,
                         std::span<const std::size_t> count) {
  const Hdf5Handle& file = *object.file;
  HOTSTAGE_EXPECTS(start.size() == object.shape.size() && count.size() == object.shape.size());
  for (std::size_t i = 0; i < start.size(); ++i) {
    HOTSTAGE_EXPECTS(start[i] <= object.shape[i] && count[i] <= object.shape[i] - start[i]);
  }
  Id stored = file.own(H5Dget_space(object.id.get()), H5Sclose, object.path, "read the extent of");
  if (start.empty()) {
    return {std::move(stored), Id(H5Screate(H5S_SCALAR), H5Sclose)};
  }
  const std::vector<hsize_t> first = sizes_of(start);
  const std::vector<hsize_t> extent = sizes_of(count);
  Id memory = file.own(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose, object.path,
                       "read");
  if (H5Sselect_hyperslab(stored.get(), H5S_SELECT_SET, first.data(), nullptr, extent.data(), nullptr) < 0) {
    throw file.failure(object.path, "read");
  }
  return {std::move(stored), std::move(memory)};
}

}  // namespace

std::size_t size_of(NumberType type) noexcept {
  static constexpr std::array<std::size_t, 12> sizes{1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 8, 16};
  return sizes[static_cast<std::size_t>(type)];
}

const std::vector<std::size_t>& Hdf5Dataset::shape() const {
  return object_->shape;
}

const std::vector<std::size_t>& Hdf5Dataset::chunk() const {
  return object_->chunk;
}

std::optional<NumberType> Hdf5Dataset::type() const {
  return object_->type;
}

bool Hdf5Dataset::is_text() const {
  return object_->is_text;
}

std::string Hdf5Dataset::type_name() const {
  return object_->type_name;
}

std::size_t Hdf5Dataset::size() const {
  return object_->size;
}

void Hdf5Dataset::read(std::span<const std::size_t> start, std::span<const std::size_t> count,
                       std::span<std::byte> out) const {
  const auto lock = lock_hdf5();
  const Hdf5Object& object = *object_;
  HOTSTAGE_EXPECTS(object.type.has_value());
  const auto bytes = detail::checked_product(count, size_of(*object.type));
  HOTSTAGE_EXPECTS(bytes && out.size() == *bytes);
  if (out.empty()) {
    return;
  }
  const auto [stored, memory] = select(object, start, count);
  if (H5Dread(object.id.get(), object.memory_type.get(), memory.get(), stored.get(), H5P_DEFAULT, out.data()) < 0) {
    throw object.file->failure(object.path, "read");
  }
}

void Hdf5Dataset::write(std::span<const std::size_t> start, std::span<const std::size_t> count,
                        std::span<const std::byte> data) const {
  const auto lock = lock_hdf5();
  const Hdf5Object& object = *object_;
  HOTSTAGE_EXPECTS(object.type.has_value());
  const auto bytes = detail::checked_product(count, size_of(*object.type));
  HOTSTAGE_EXPECTS(bytes && data.size() == *bytes);
  if (data.empty()) {
    return;
  }
  const auto [stored, memory] = select(object, start, count);
  if (H5Dwrite(object.id.get(), object.memory_type.get(), memory.get(), stored.get(), H5P_DEFAULT, data.data()) < 0) {
    throw object.file->failure(object.path, "write");
  }
}

Value Hdf5Dataset::value(std::size_t limit) const {
  const auto lock = lock_hdf5();
  const Hdf5Object& object = *object_;
  const bool is_complex = object.type == NumberType::c64 || object.type == NumberType::c128;
  if (object.size > limit || (!object.is_text && (!object.type || is_complex))) {
    return note(fmt::format("{} × {}, not shown", object.size, object.type_name));
  }
  if (object.is_text) {
    const Id type = object.file->own(H5Dget_type(object.id.get()), H5Tclose, object.path, "read the type of");
    const Id space = object.file->own(H5Dget_space(object.id.get()), H5Sclose, object.path, "read the extent of");
    const auto texts = detail::read_texts(type.get(), space.get(), object.size, [&](hid_t memory, void* out) {
      return H5Dread(object.id.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    });
    if (!texts) {
      throw object.file->failure(object.path, "read");
    }
    return detail::nest(Value::Array(texts->begin(), texts->end()), object.shape);
  }
  std::vector<std::byte> bytes(object.size * size_of(*object.type));
  const std::vector<std::size_t> origin(object.shape.size(), 0);
  read(origin, object.shape, bytes);
  return detail::nest(detail::to_values(*object.type, bytes, object.type_name == "bool"), object.shape);
}

Hdf5File Hdf5File::open(const std::filesystem::path& path) {
  require_readable_file(path);
  if (!detail::inside_probe()) {
    detail::probe_hdf5(path);
  }
  const auto lock = lock_hdf5();
  auto handle = std::make_shared<Hdf5Handle>();
  handle->name = path.string();
  handle->bytes = std::filesystem::file_size(path);
  // A microscope may still hold the file, and network folders often cannot lock.
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access.get(), 0, 1);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_WEAK);
  handle->file = handle->own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, "", "open as HDF5");
  return Hdf5File(std::move(handle));
}

Hdf5File Hdf5File::create(const std::filesystem::path& path) {
  const auto lock = lock_hdf5();
  auto handle = std::make_shared<Hdf5Handle>();
  handle->name = path.string();
  handle->writing = true;
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access.get(), 0, 1);
  handle->file =
      handle->own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose, "", "create as HDF5");
  return Hdf5File(std::move(handle));
}

Hdf5Kind Hdf5File::kind(const std::string& path) const {
  const auto lock = lock_hdf5();
  for (std::size_t at = path.find('/', 1); path != "/"; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    H5L_info_t link{};
    if (H5Lexists(file_->file.get(), part.c_str(), H5P_DEFAULT) <= 0 ||
        H5Lget_info(file_->file.get(), part.c_str(), &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD) {
      H5Eclear2(H5E_DEFAULT);
      return Hdf5Kind::missing;
    }
    if (at == std::string::npos) {
      break;
    }
  }
  const Id object(H5Oopen(file_->file.get(), path.c_str(), H5P_DEFAULT), H5Oclose);
  switch (object.valid() ? H5Iget_type(object.get()) : H5I_BADID) {
    case H5I_GROUP:
      return Hdf5Kind::group;
    case H5I_DATASET:
      return Hdf5Kind::dataset;
    default:
      return Hdf5Kind::other;
  }
}

std::vector<std::string> Hdf5File::members(const std::string& group) const {
  const auto lock = lock_hdf5();
  const Id object =
      file_->own(H5Gopen2(file_->file.get(), group.c_str(), H5P_DEFAULT), H5Gclose, group, "open the group");
  const Id plist = file_->own(H5Gget_create_plist(object.get()), H5Pclose, group, "open the group");
  unsigned order = 0;
  H5Pget_link_creation_order(plist.get(), &order);
  const H5_index_t index = (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  Names names;
  if (H5Literate(object.get(), index, H5_ITER_INC, nullptr, &add_link, &names) < 0) {
    throw file_->failure(group, "list the group");
  }
  return names.list;
}

Value Hdf5File::attributes(const std::string& path) const {
  const auto lock = lock_hdf5();
  const Id object = open_object(*file_, path);
  Names names;
  if (H5Aiterate2(object.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, &add_attribute, &names) < 0) {
    throw file_->failure(path, "list the attributes of");
  }
  Value::Object out;
  for (const std::string& name : names.list) {
    out.push_back({name, read_attribute(*file_, object.get(), name, path + "@" + name)});
  }
  return Value(std::move(out));
}

Hdf5Dataset Hdf5File::dataset(const std::string& path) const {
  const auto lock = lock_hdf5();
  auto object = std::make_shared<Hdf5Object>();
  object->file = file_;
  object->path = path;
  object->id = file_->own(H5Dopen2(file_->file.get(), path.c_str(), H5P_DEFAULT), H5Dclose, path, "open the dataset");
  inspect(*object);
  if (!object->chunk.empty() && object->type) {
    const Id access = cache_for(object->chunk, size_of(*object->type));
    object->id = Id();
    object->id =
        file_->own(H5Dopen2(file_->file.get(), path.c_str(), access.get()), H5Dclose, path, "open the dataset");
  }
  return Hdf5Dataset(std::move(object));
}

}  // namespace hotstage::io
