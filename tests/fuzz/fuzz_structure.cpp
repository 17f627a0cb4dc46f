// SPDX-License-Identifier: GPL-3.0-or-later
// One reader of structures fed with arbitrary text: it must give frames or throw Error; what it gives, our writer and
// the reader again must turn into the same text.

#include "hotstage/atoms/format.hpp"
#include "hotstage/core/error.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace hotstage::atoms {

namespace HOTSTAGE_FORMAT {
extern const Format format;
}

namespace {

/// Nothing when the writer cannot hold the frames (a POSCAR without atoms): an Error, never anything else.
std::string written(const std::vector<Frame>& frames) {
  try {
    return HOTSTAGE_FORMAT::format.write(frames);
  } catch (const Error&) {
    return {};
  }
}

void feed(std::string_view text) {
  (void)HOTSTAGE_FORMAT::format.sniff(text.substr(0, 4096), "fuzz");
  std::vector<Frame> frames;
  try {
    frames = HOTSTAGE_FORMAT::format.read(text, "fuzz");
  } catch (const Error& error) {
    if (std::string(error.what()).empty()) {
      std::abort();
    }
    return;
  }
  const std::string once = written(frames);
  if (!once.empty() && written(HOTSTAGE_FORMAT::format.read(once, "again")) != once) {
    std::abort();
  }
}

}  // namespace

}  // namespace hotstage::atoms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hotstage::atoms::feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
