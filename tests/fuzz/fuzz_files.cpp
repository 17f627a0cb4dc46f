// SPDX-License-Identifier: GPL-3.0-or-later
// A folder of two files cut out of arbitrary bytes: one series whose numbers can be read, or Error. Byte 0 chooses the
// extension, bytes 1 and 2 the length of the first file.

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include "hdf5_probe.hpp"
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace hotstage::signal {

namespace files {
extern const Format format;
}

namespace {

constexpr std::size_t most_numbers = std::size_t{1} << 20;
constexpr std::array<const char*, 4> extensions{"png", "mrc", "tif", "ser"};

void feed(std::string_view bytes) {
  constexpr std::size_t head = 3;
  if (bytes.size() < head) {
    return;
  }
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const char* extension = extensions[byte(0) % extensions.size()];
  const std::string_view body = bytes.substr(head);
  const std::size_t first = std::min(body.size(), byte(1) + 256 * byte(2));
  const io::TemporaryFolder folder;
  io::write_text(folder / fmt::format("a_2.{}", extension), body.substr(0, first));
  io::write_text(folder / fmt::format("a_10.{}", extension), body.substr(first));
  Run run;
  try {
    for (const Signal& signal : files::format.read(folder.path(), run)) {
      if (signal.items() % 2 != 0) {
        std::abort();
      }
      if (signal.channels() > 0 && signal.items() * signal.channels() <= most_numbers) {
        Buffer<float, 2> out({signal.items(), signal.channels()});
        signal::read(signal, {0, signal.items(), 0, signal.channels()}, out.view());
      }
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
  hotstage::signal::feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
