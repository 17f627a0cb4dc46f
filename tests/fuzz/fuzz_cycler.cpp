// SPDX-License-Identifier: GPL-3.0-or-later
// One reader of cycler files fed with arbitrary text: it must give a table as CyclerData promises or throw Error; its
// cycles can be analysed, and what our writer makes of it is read or refused in turn.

#include "hotstage/core/error.hpp"
#include "hotstage/echem/cycles.hpp"
#include "hotstage/echem/format.hpp"
#include "hotstage/io/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

namespace hotstage::echem {

namespace HOTSTAGE_FORMAT {
extern const Format format;
}

namespace {

void require(bool promise) {
  if (!promise) {
    std::abort();
  }
}

/// Nothing when the work was refused with a reason.
template <class Work>
auto attempt(const Work& work) -> std::optional<decltype(work())> {
  try {
    return work();
  } catch (const Error& error) {
    require(!std::string(error.what()).empty());
    return std::nullopt;
  }
}

template <class T>
bool fits(const std::vector<T>& column, const CyclerData& data) {
  return column.empty() || column.size() == data.rows();
}

bool is_finite(const std::vector<double>& column) {
  return std::ranges::all_of(column, [](double value) { return std::isfinite(value); });
}

void check(const CyclerData& data) {
  require(data.rows() > 0 && data.voltage_V.size() == data.rows() && data.current_A.size() == data.rows());
  for (const std::vector<double>* column : {&data.time_s, &data.voltage_V, &data.current_A, &data.charge_Ah,
                                            &data.discharge_Ah, &data.charge_Wh, &data.discharge_Wh}) {
    require(fits(*column, data) && is_finite(*column));
  }
  for (const std::vector<int>* column : {&data.cycle, &data.step, &data.record, &data.line}) {
    require(fits(*column, data));
  }
  require(fits(data.step_name, data) && fits(data.after_gap, data));
  require(std::ranges::is_sorted(data.time_s) && std::ranges::is_sorted(data.cycle) &&
          std::ranges::is_sorted(data.line));
}

void feed(std::string_view text) {
  (void)HOTSTAGE_FORMAT::format.sniff(text.substr(0, 4096));
  const auto data = attempt([&] { return HOTSTAGE_FORMAT::format.read(io::to_utf8(text), "fuzz"); });
  if (const auto sniffed = attempt([&] { return parse_cycler(text, "fuzz"); })) {
    check(*sniffed);
  }
  if (!data) {
    return;
  }
  check(*data);
  (void)attempt([&] { return analyse_cycles(*data, {}); });
  if (HOTSTAGE_FORMAT::format.write != nullptr) {
    if (const auto written = attempt([&] { return HOTSTAGE_FORMAT::format.write(*data); })) {
      if (const auto again = attempt([&] { return parse_cycler(*written, "again"); })) {
        check(*again);
      }
    }
  }
}

}  // namespace

}  // namespace hotstage::echem

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hotstage::echem::feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
