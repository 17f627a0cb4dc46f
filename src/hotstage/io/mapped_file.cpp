// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/mapped_file.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace hotstage::io {

namespace {

/// Closes the descriptor; the mapping does not need it.
struct Descriptor {
  int number = -1;

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  explicit Descriptor(int opened) : number(opened) {}

  ~Descriptor() {
    if (number >= 0) {
      ::close(number);
    }
  }
};

int advice(Access access) {
  switch (access) {
    case Access::sequential:
      return MADV_SEQUENTIAL;
    case Access::random:
      return MADV_RANDOM;
    case Access::normal:
      break;
  }
  return MADV_NORMAL;
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& file, Access access) {
  // O_NONBLOCK: a named pipe without a writer must not block here.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.number < 0) {
    throw os_error(errno, file, "open");
  }

  struct stat status {};

  if (::fstat(descriptor.number, &status) != 0) {
    throw os_error(errno, file, "open");
  }
  if (S_ISDIR(status.st_mode)) {
    throw Error(Errc::io, Location{.file = file.string()}, "is a folder, not a file");
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(Errc::io, Location{.file = file.string()}, "is not a regular file, so it has no size to map");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  const std::byte* data = nullptr;
  if (size > 0) {  // mmap refuses an empty range
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor.number, 0);
    if (mapped == MAP_FAILED) {
      throw os_error(errno, file, "open");
    }
    data = static_cast<const std::byte*>(mapped);
  }
  const std::shared_ptr<const MappedFile> opened(new MappedFile(file, data, size));
  opened->advise(access);
  return opened;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_);
  }
}

void MappedFile::advise(Access access) const {
  if (data_ != nullptr) {
    ::madvise(const_cast<std::byte*>(data_), size_, advice(access));  // a hint: failure changes nothing
  }
}

}  // namespace hotstage::io
