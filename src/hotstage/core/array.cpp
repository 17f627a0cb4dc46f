// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/array.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hotstage::detail {

namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t large = std::size_t{4} << 20;  // two huge pages: below, the gain is not worth a system call

}  // namespace

void* allocate_zeroed(std::size_t bytes) {
  if (bytes >= large) {
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      throw std::bad_alloc();
    }
    (void)::madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: without it the memory is the same, only slower
    return memory;
  }
  const std::size_t rounded = std::max(alignment, (bytes + alignment - 1) / alignment * alignment);
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  std::memset(memory, 0, bytes);
  return memory;
}

void release(void* memory, std::size_t bytes) noexcept {
  if (bytes >= large) {
    (void)::munmap(memory, bytes);
  } else {
    std::free(memory);
  }
}

}  // namespace hotstage::detail
