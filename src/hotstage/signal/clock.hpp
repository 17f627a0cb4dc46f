// SPDX-License-Identifier: GPL-3.0-or-later
// Dates and times of day as instruments spell them, and the seconds between the files of a series.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/signal/signal.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::signal {

/// What a date such as 03/04/2021 means; no file says it.
enum class DayOrder { month_first, day_first };

constexpr auto enum_names(DayOrder) {
  return std::array{EnumName<DayOrder>{DayOrder::month_first, "month_first"},
                    EnumName<DayOrder>{DayOrder::day_first, "day_first"}};
}

/// A reading of a clock, without its time zone.
struct ClockReading {
  std::optional<long long> day;  ///< since 1970-01-01; nothing when the text is a time of day only
  double second = 0.0;           ///< since midnight

  friend bool operator==(const ClockReading&, const ClockReading&) = default;
};

/// Understands "2021-03-04T05:06:07.8Z", "2021:03:04 05:06:07", "3/4/2021 5:06:07 PM", "16/04/'15 13:53", "Sun Feb 21
/// 17:52:51 2016", "04.03.2021", "13:40:25.811" and the like. Nothing for other texts and for dates that do not exist.
[[nodiscard]] std::optional<ClockReading> read_clock(std::string_view text, DayOrder order = DayOrder::month_first);

/// Seconds since the first reading. The order of day and month is the one for which time does not run backwards and the
/// series is the shorter one. Times of day pass midnight when they fall by more than half a day. Empty when a text
/// cannot be read, some have a date and some not, or time runs backwards.
[[nodiscard]] std::vector<double> elapsed_s(std::span<const std::string> readings);

/// As precisely as the file says it: DigitalMicrograph's tick count (100 ns) where there is one, else
/// `metadata.acquired`. Text for `elapsed_s`; empty: not said.
[[nodiscard]] std::string acquisition_clock(const Signal& signal);

}  // namespace hotstage::signal
