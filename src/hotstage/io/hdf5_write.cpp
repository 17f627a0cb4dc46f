// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/detail/hdf5_handle.hpp"
#include "hotstage/io/hdf5.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::io {

using detail::Hdf5Handle;
using detail::Hdf5Object;
using detail::Id;
using detail::lock_hdf5;

namespace {

/// What is written for an attribute: HDF5's type and the bytes in memory.
struct Payload {
  Id type;
  Id space;
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;
  std::vector<std::int8_t> flags;
  std::vector<std::string> texts;
  std::vector<const char*> pointers;
  const void* data = nullptr;
};

void fill(Payload& out, std::span<const Value> values) {
  const auto all = [&](bool (Value::*is)() const) {
    return std::ranges::all_of(values, [is](const Value& v) { return (v.*is)(); });
  };
  if (all(&Value::is_bool)) {
    for (const Value& value : values) {
      out.flags.push_back(value.as_bool() ? 1 : 0);
    }
    out.type = detail::bool_type();
    out.data = out.flags.data();
  } else if (all(&Value::is_integer)) {
    for (const Value& value : values) {
      out.integers.push_back(value.as_integer());
    }
    out.type = Id(H5Tcopy(H5T_NATIVE_INT64), H5Tclose);
    out.data = out.integers.data();
  } else if (all(&Value::is_number)) {
    for (const Value& value : values) {
      out.numbers.push_back(value.as_number());
    }
    out.type = Id(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose);
    out.data = out.numbers.data();
  } else {
    HOTSTAGE_EXPECTS(all(&Value::is_text));
    for (const Value& value : values) {
      // HDF5's texts of variable length end at the first zero byte.
      out.texts.push_back(value.as_text().substr(0, value.as_text().find('\0')));
    }
    for (const std::string& text : out.texts) {
      out.pointers.push_back(text.c_str());
    }
    out.type = detail::utf8_type();
    out.data = out.pointers.data();
  }
}

Id group_options() {
  Id plist(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_link_creation_order(plist.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  return plist;
}

}  // namespace

void Hdf5File::make_group(const std::string& path) const {
  const auto lock = lock_hdf5();
  const Id options = group_options();
  const Id group = file_->own(H5Gcreate2(file_->file.get(), path.c_str(), H5P_DEFAULT, options.get(), H5P_DEFAULT),
                              H5Gclose, path, "make the group");
}

void Hdf5File::write_attribute(const std::string& path, const std::string& name, const Value& value) const {
  const auto lock = lock_hdf5();
  const std::string label = path + "@" + name;
  const Id object = file_->own(H5Oopen(file_->file.get(), path.c_str(), H5P_DEFAULT), H5Oclose, path, "open");
  Payload payload;
  if (value.is_array()) {
    const hsize_t count = value.as_array().size();
    payload.space = Id(H5Screate_simple(1, &count, nullptr), H5Sclose);
    fill(payload, value.as_array());
  } else {
    payload.space = Id(H5Screate(H5S_SCALAR), H5Sclose);
    fill(payload, {&value, 1});
  }
  const Id attribute = file_->own(
      H5Acreate2(object.get(), name.c_str(), payload.type.get(), payload.space.get(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose, label, "write");
  if (H5Awrite(attribute.get(), payload.type.get(), payload.data) < 0) {
    throw file_->failure(label, "write");
  }
}

Hdf5Dataset Hdf5File::make_dataset(const std::string& path, const Hdf5DatasetOptions& options) const {
  const auto lock = lock_hdf5();
  auto object = std::make_shared<Hdf5Object>();
  object->file = file_;
  object->path = path;
  object->shape = options.shape;
  object->chunk = options.chunk;
  object->type = options.type;
  object->size = detail::checked_product(options.shape, 1).value_or(0);
  object->memory_type = detail::memory_type(options.type);
  const std::vector<hsize_t> sizes(options.shape.begin(), options.shape.end());
  const Id space(options.shape.empty() ? H5Screate(H5S_SCALAR)
                                       : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
                 H5Sclose);
  const Id plist(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(plist.get(), 0);
  if (!options.chunk.empty()) {
    HOTSTAGE_EXPECTS(options.chunk.size() == options.shape.size());
    const std::vector<hsize_t> chunk(options.chunk.begin(), options.chunk.end());
    H5Pset_chunk(plist.get(), static_cast<int>(chunk.size()), chunk.data());
    if (options.gzip > 0) {
      H5Pset_shuffle(plist.get());
      H5Pset_deflate(plist.get(), static_cast<unsigned>(options.gzip));
    }
  }
  object->id = file_->own(H5Dcreate2(file_->file.get(), path.c_str(), object->memory_type.get(), space.get(),
                                     H5P_DEFAULT, plist.get(), H5P_DEFAULT),
                          H5Dclose, path, "make the dataset");
  return Hdf5Dataset(std::move(object));
}

void Hdf5File::make_text_dataset(const std::string& path, const std::vector<std::string>& texts) const {
  const auto lock = lock_hdf5();
  const hsize_t count = texts.size();
  const Id space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Id type = detail::utf8_type();
  const Id plist(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(plist.get(), 0);
  const Id dataset = file_->own(
      H5Dcreate2(file_->file.get(), path.c_str(), type.get(), space.get(), H5P_DEFAULT, plist.get(), H5P_DEFAULT),
      H5Dclose, path, "make the dataset");
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) {
    pointers.push_back(text.c_str());
  }
  if (!texts.empty() && H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0) {
    throw file_->failure(path, "write");
  }
}

void Hdf5File::flush() const {
  const auto lock = lock_hdf5();
  if (H5Fflush(file_->file.get(), H5F_SCOPE_GLOBAL) < 0) {
    throw file_->failure("", "write");
  }
}

}  // namespace hotstage::io
