// SPDX-License-Identifier: GPL-3.0-or-later
// Feeds every file of the given folders to the reader, with any compiler.

#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
  std::size_t files = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[i])) {
      if (entry.is_regular_file()) {
        fmt::print("{}\n", entry.path().string());
        const std::string bytes = hotstage::io::read_text(entry.path());
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        ++files;
      }
    }
  }
  fmt::print("{} files\n", files);
  return files > 0 ? 0 : 1;  // an empty corpus proves nothing
}
