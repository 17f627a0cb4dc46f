// SPDX-License-Identifier: GPL-3.0-or-later
// One reader fed with arbitrary bytes: it must give signals or throw Error, and never crash, leak or allocate without
// bound.

#include "hotstage/core/error.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5_probe.hpp"
#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace hotstage::signal {

namespace HOTSTAGE_FORMAT {
extern const Format format;
}

namespace {

/// Larger signals are opened, not read: reading them is bounded work, but slow.
constexpr std::size_t most_numbers = std::size_t{1} << 20;

/// The bytes as a file in memory, readable by name as often as a reader likes.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : fd_(::memfd_create("fuzz", 0)) {
    if (fd_ < 0) {
      std::abort();
    }
    while (!bytes.empty()) {
      const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
      if (put <= 0) {
        std::abort();
      }
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }

  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  ~MemoryFile() { ::close(fd_); }

  [[nodiscard]] std::filesystem::path path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

void read_some(const Signal& signal) {
  if (signal.channels() == 0 || signal.channels() > most_numbers) {
    return;
  }
  const std::size_t items = std::min(signal.items(), most_numbers / signal.channels());
  Buffer<float, 2> out({items, signal.channels()});
  signal::read(signal, {signal.items() - items, items, 0, signal.channels()}, out.view());
}

void feed(std::span<const std::byte> bytes) {
  (void)HOTSTAGE_FORMAT::format.sniff(bytes.first(std::min<std::size_t>(bytes.size(), 4096)));
  const MemoryFile file(bytes);
  Run run;
  try {
    for (const Signal& signal : HOTSTAGE_FORMAT::format.read(file.path(), run)) {
      read_some(signal);
    }
  } catch (const Error& error) {
    if (std::string(error.what()).empty()) {
      std::abort();
    }
  }
}

}  // namespace

}  // namespace hotstage::signal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hotstage::signal::feed(std::as_bytes(std::span(data, size)));
  return 0;
}
