// SPDX-License-Identifier: GPL-3.0-or-later
// One reader of heater logs fed with arbitrary text: it must give a log as HeaterLog promises or throw Error; what our
// writer makes of that must be read again.

#include "hotstage/core/error.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/io/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

namespace hotstage::heater {

namespace HOTSTAGE_FORMAT {
extern const LogFormat format;
}

namespace {

void require(bool promise) {
  if (!promise) {
    std::abort();
  }
}

/// Nothing when the log was refused with a reason.
template <class Work>
std::optional<HeaterLog> attempt(const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    require(!std::string(error.what()).empty());
    return std::nullopt;
  }
}

bool is_finite(const std::vector<double>& column) {
  return std::ranges::all_of(column, [](double value) { return std::isfinite(value); });
}

void check(const HeaterLog& log) {
  require(log.size() > 0 && log.temperature_degC.size() == log.size());
  require(log.wall_s.empty() || log.wall_s.size() == log.size());
  require(is_finite(log.time_s) && is_finite(log.temperature_degC) && is_finite(log.wall_s));
  require(std::ranges::adjacent_find(log.time_s, std::greater_equal<>()) == log.time_s.end());
  (void)sampling_s(log);
  (void)gaps(log);
  (void)reading_noise(log);
}

void feed(std::string_view text) {
  (void)HOTSTAGE_FORMAT::format.sniff(text.substr(0, 4096));
  for (const BackStep back : {BackStep::refuse, BackStep::drop}) {
    if (const auto sniffed = attempt([&] { return parse_log(text, "fuzz", {.on_backstep = back}); })) {
      check(*sniffed);
    }
  }
  // The columns of the corpus of tables; other formats do not look at them.
  const ReadOptions options{.on_backstep = BackStep::drop,
                            .columns = {.time = "t", .temperature = "T", .time_format = TimeFormat::clock}};
  const auto log = attempt([&] { return HOTSTAGE_FORMAT::format.read(io::to_utf8(text), "fuzz", options); });
  if (log) {
    check(*log);
  }
  if (log && HOTSTAGE_FORMAT::format.write != nullptr) {
    check(HOTSTAGE_FORMAT::format.read(HOTSTAGE_FORMAT::format.write(*log), "again", options));
  }
}

}  // namespace

}  // namespace hotstage::heater

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hotstage::heater::feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
