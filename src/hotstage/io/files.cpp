// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <span>
#include <system_error>

namespace hotstage::io {

namespace fs = std::filesystem;

namespace {

/// A POSIX file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, std::string_view doing)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) {
      throw os_error(errno, path, doing);
    }
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

  [[nodiscard]] int get() const { return fd_; }

  /// Closes now; network file systems report a full disk only here.
  void close(const fs::path& path) {
    const int result = ::close(fd_);
    fd_ = -1;
    if (result != 0) {
      throw os_error(errno, path, "write");
    }
  }

 private:
  int fd_;
};

/// Reads until `out` is full or the file ends; gives the number of bytes read.
std::size_t read_fully(const Descriptor& file, const fs::path& path, std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::read(file.get(), out.data() + done, out.size() - done);
    if (got < 0 && errno != EINTR) {
      throw os_error(errno, path, "read");
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return done;
}

void write_fully(const Descriptor& file, const fs::path& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file.get(), text.data(), text.size());
    if (put < 0 && errno != EINTR) {
      throw os_error(errno, path, "write");
    }
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
  }
}

}  // namespace

Error os_error(int number, const fs::path& path, std::string_view doing) {
  const std::string reason = std::generic_category().message(number);
  if (number == ENOSPC || number == EDQUOT) {
    return Error(Errc::no_space, Location{.file = path.string()}, fmt::format("cannot {}: {}", doing, reason),
                 "Free some space or choose another folder");
  }
  return Error(Errc::io, Location{.file = path.string()}, fmt::format("cannot {}: {}", doing, reason));
}

void require_readable_file(const fs::path& path) {
  std::error_code status;
  const fs::file_status found = fs::status(path, status);
  if (found.type() == fs::file_type::not_found) {
    throw Error(Errc::io, Location{.file = path.string()}, "no such file");
  }
  if (fs::is_directory(found)) {
    throw Error(Errc::io, Location{.file = path.string()}, "this is a folder, not a file", "Name a file in it");
  }
  const Descriptor file(path, O_RDONLY, "open for reading");
}

std::string read_text(const fs::path& path, std::size_t limit) {
  require_readable_file(path);
  const Descriptor file(path, O_RDONLY, "open for reading");
  std::string text;
  // Read in blocks: pipes and files in /proc do not know their size.
  constexpr std::size_t block = std::size_t{1} << 16;
  std::error_code status;
  const std::uintmax_t size = fs::file_size(path, status);
  if (!status && size <= limit) {
    text.reserve(static_cast<std::size_t>(size) + 1);
  }
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + block);
    const std::size_t got = read_fully(file, path, std::span(text).subspan(before));
    text.resize(before + got);
    if (text.size() > limit) {
      throw Error(
          Errc::no_space, Location{.file = path.string()},
          fmt::format("the file is longer than the {:.0f} MB allowed for a text", 1e-6 * static_cast<double>(limit)));
    }
    if (got < block) {
      return text;
    }
  }
}

std::vector<std::byte> read_head(const fs::path& path, std::size_t count) {
  require_readable_file(path);
  const Descriptor file(path, O_RDONLY, "open for reading");
  std::vector<std::byte> head(count);
  head.resize(read_fully(file, path, {reinterpret_cast<char*>(head.data()), head.size()}));
  return head;
}

std::string extension(const fs::path& path) {
  std::string text = path.extension().string();
  text.erase(0, std::min<std::size_t>(text.size(), 1));
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)) {
  static std::atomic<unsigned> counter{0};
  if (target_.filename().empty()) {
    throw Error(Errc::io, Location{.file = target_.string()}, "this is a folder, not a file", "Name the file to write");
  }
  std::error_code status;
  if (fs::is_directory(target_, status)) {
    throw Error(Errc::io, Location{.file = target_.string()}, "this is a folder, not a file", "Name the file to write");
  }
  // File names have at most 255 bytes; the longest suffix here has 30.
  const std::string name = target_.filename().string().substr(0, 200);
  temporary_ = target_.parent_path() / fmt::format(".{}.{}-{}.part", name, ::getpid(), counter++);
  try {
    const Descriptor file(temporary_, O_WRONLY | O_CREAT | O_EXCL, "write in this folder");
  } catch (Error& error) {
    throw Error(error.code(), Location{.file = target_.string()}, error.message(), error.hint());
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) {
    std::error_code ignored;
    fs::remove(temporary_, ignored);
  }
}

void AtomicFile::commit() {
  HOTSTAGE_EXPECTS(!temporary_.empty());
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) {
    throw os_error(errno, target_, "replace the file");
  }
  temporary_.clear();
}

void write_text(const fs::path& path, std::string_view text) {
  AtomicFile target(path);
  Descriptor file(target.temporary(), O_WRONLY | O_TRUNC, "write");
  write_fully(file, path, text);
  file.close(path);
  target.commit();
}

}  // namespace hotstage::io
