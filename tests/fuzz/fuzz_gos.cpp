// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of oscillator strengths fed with arbitrary bytes, as text and as a .gosh file: strengths or Error, nothing
// else.

#include "hotstage/core/error.hpp"
#include "hotstage/eels/gos.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5_probe.hpp"
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace hotstage::eels {
namespace {

void use(const GosTable* table) {
  if (table == nullptr) {
    return;
  }
  for (const double energy : {0.0, 1.0, 1e4}) {
    const GosSlice slice(*table, energy, 100.0 + energy);
    for (const double q2 : {0.0, 1e-2, 1e6}) {
      if (std::isnan(slice.at(q2))) {
        std::abort();
      }
    }
  }
}

template <class F>
void expect_strengths_or_error(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    if (std::string(error.what()).empty()) {
      std::abort();
    }
  }
}

void feed(std::string_view bytes) {
  expect_strengths_or_error([&] { use(parse_gos(bytes, "K", "fuzz").get()); });
  const int fd = ::memfd_create("fuzz", 0);
  if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
  expect_strengths_or_error([&] { use(Gos::gosh(fmt::format("/proc/self/fd/{}", fd)).find("O", "K")); });
  ::close(fd);
}

}  // namespace
}  // namespace hotstage::eels

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hotstage::eels::feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
